//! Records that are handled, on a real Kafka: what the tests have in common.

pub mod crashes;
pub mod ends;
pub mod lanes;
pub mod letters;
pub mod members;
pub mod patience;
pub mod stuck;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::scene::{LONG, Scene};
use crate::support::kafka::Kafka;
use crate::support::oracle::{Mark, Note, Oracle, Partition, Printed, Recorder};
use crate::support::run::Kcons;
use crate::support::{Outcome, wait_until};

/// A scene whose records are handled, and what the handlers noted.
pub struct Work<'a> {
    pub scene: Scene<'a>,
    pub recorder: Recorder,
    /// The process id of each run.
    runs: Vec<u32>,
}

/// Work of 0 to 40 ms that goes by the offset.
pub const BRIEF: &str = "sleep 0.0$((KCONS_OFFSET * 7 % 5))";

impl<'a> Work<'a> {
    pub fn new(kafka: &'a Kafka, partitions: i32) -> Work<'a> {
        let mut scene = Scene::new(kafka, partitions);
        // Handlers look at the clock themselves: only what the machine takes between a look and a line is left.
        scene.history.slack = Duration::from_millis(200);
        scene.pace = Duration::from_millis(60);
        Work { scene, recorder: Recorder::new(), runs: Vec::new() }
    }

    /// A topic whose records have so many keys.
    pub fn with_keys(kafka: &'a Kafka, partitions: i32, keys: usize) -> Work<'a> {
        let mut work = Work::new(kafka, partitions);
        work.scene.keys = Some(keys);
        work
    }

    /// A member whose handlers note what they do.
    pub fn member(&self, options: &[&str], script: &str) -> Kcons {
        self.scene.short_member().args(options).args(["--exec", &self.recorder.script(script)])
    }

    #[track_caller]
    pub fn add(&mut self, name: &str, outcome: &Outcome) {
        self.scene.add(name, outcome);
        self.runs.push(outcome.pid);
    }

    /// Waits until handlers have finished so many records more.
    #[track_caller]
    pub fn wait_for_more(&self, more: usize) {
        self.wait_for_ends(self.recorder.ends() + more);
    }

    /// Waits until the handlers of one process have finished so many records more.
    #[track_caller]
    pub fn wait_for_more_of(&self, pid: u32, more: usize) {
        let is_its = |note: &&Note| note.parent == pid && note.mark == Mark::End;
        let count = || self.recorder.notes().iter().filter(is_its).count();
        let before = count();
        wait_until("records to be handled by one member", LONG, || (count() >= before + more).then_some(()));
    }

    #[track_caller]
    pub fn wait_for_ends(&self, count: usize) {
        wait_until("records to be handled", LONG, || (self.recorder.ends() >= count).then_some(()));
    }

    /// Handles what is left to the end, and gives the notes to those who made them.
    #[track_caller]
    pub fn handle_the_rest(&mut self) {
        let rest = self.member(&["-e", "--parallel", "16"], "").deadline(LONG * 6).run();
        rest.has_code(0);
        self.add("the rest", &rest);
        self.close();
    }

    /// Stops looking at the committed offsets, and gives the notes to those who made them.
    pub fn close(&mut self) {
        self.scene.close();
        let mut notes: HashMap<u32, Vec<Note>> = HashMap::new();
        for note in self.recorder.notes() {
            notes.entry(note.parent).or_default().push(note);
        }
        for (run, pid) in self.scene.history.runs.iter_mut().zip(&self.runs) {
            run.notes = notes.remove(pid).unwrap_or_default();
            let ends = run.notes.iter().filter(|note| note.mark == Mark::End);
            run.printed = ends.map(finished).collect();
        }
        assert!(notes.is_empty(), "nobody's handlers: {notes:?}");
    }

    /// Fails if anything is broken that must hold whatever happens once everything was handled.
    #[track_caller]
    pub fn must_be_whole(&self) {
        self.scene.history.must_satisfy(Oracle::ALWAYS_HANDLED.into_iter().chain(Oracle::AT_THE_END));
    }

    /// Fails if anything is broken that must hold after clean ends.
    #[track_caller]
    pub fn must_be_clean(&self) {
        let all = Oracle::ALWAYS_HANDLED.into_iter().chain(Oracle::AT_THE_END);
        self.scene.history.must_satisfy(all.chain([Oracle::NothingIsRepeated]));
    }

    /// Fails if a run repeats what another run had done, unless that one had ended by then.
    ///
    /// A run that ends gives up what waits for its key, and what ran behind it comes again.
    #[track_caller]
    pub fn repeats_only_after_ends(&self) {
        let runs = &self.scene.history.runs;
        let mut done: HashMap<(&Partition, i64), Vec<(Instant, usize)>> = HashMap::new();
        for (number, run) in runs.iter().enumerate() {
            for one in &run.printed {
                done.entry((&one.partition, one.offset)).or_default().push((one.at, number));
            }
        }
        for (place, mut times) in done {
            times.sort_unstable();
            for pair in times.windows(2) {
                let [(_, earlier), (again, later)] = [pair[0], pair[1]];
                let last = runs[earlier].notes.iter().map(|note| note.at).max();
                let is_after = earlier != later && last.is_some_and(|last| again >= last);
                assert!(is_after, "{} and {} both handled {place:?}", runs[earlier].name, runs[later].name);
            }
        }
    }

    /// Fails if a handler of this process goes on.
    #[track_caller]
    pub fn leaves_nobody(&self, outcome: &Outcome) {
        wait_until("the end of all handlers", LONG, || {
            self.recorder.left_behind(outcome.pid).is_empty().then_some(())
        });
    }
}

fn finished(note: &Note) -> Printed {
    Printed { at: note.at, partition: note.partition.clone(), offset: note.offset, id: None }
}
