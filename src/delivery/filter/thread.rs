//! The thread on which `--filter`, `--dedup` and `--jq` run: a program may take its time, the loop may not.

use crate::alarm::Bell;
use crate::error::{Failure, Kind, reason};
use crate::jq::{EventId, Excess, NoId, Program, STACKS, TIME, Watch};
use crate::render::ResultsRenderer;
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A program that does not stop when it is told to is left behind after that long.
const GRACE: Duration = Duration::from_millis(500);

/// Threads that may be left behind at once: each keeps a core busy.
const MOST_LEFT: usize = 4;

/// Of these, those that stand still: they keep their memory for good.
const MOST_STANDING: usize = 2;

/// The loop is told of verdicts when there are so many, or when that long has passed: each time costs it a turn.
const TOGETHER: usize = 256;
const LONGEST_WAIT: Duration = Duration::from_millis(10);

/// Between two looks that are further apart than that the process stood still, and with it the program.
const STOOD_STILL: Duration = Duration::from_secs(1);

/// A longer event id stands for itself by its hash: the store and the memory hold many of them.
const LONGEST_ID: usize = 1024;

/// How such an id starts; one that starts so by itself is hashed, too, and none is taken for another.
const HASHED: &str = "kcons:sha256:";

const NAME: &str = "expressions";

/// What the programs say of a record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilterVerdict {
    pub is_left_out: bool,
    pub event_id: Option<Arc<str>>,
    pub no_id: Option<NoId>,
    /// What `--jq` yields: lines to be printed.
    pub results: Option<Vec<u8>>,
    /// A program failed: which option's, and why.
    pub failure: Option<String>,
}

/// The programs of a run.
#[derive(Clone, Debug)]
pub struct Programs {
    pub filter: Option<Program>,
    pub id: Option<Program>,
    pub results: Option<ResultProgram>,
}

/// The program whose results are printed, and how.
#[derive(Clone, Debug)]
pub struct ResultProgram {
    pub program: Program,
    pub renderer: ResultsRenderer,
}

/// The options that programs come from.
const FILTER: usize = 0;
const DEDUP: usize = 1;
const JQ: usize = 2;
const OPTIONS: [&str; 3] = ["--filter", "--dedup", "--jq"];

/// Envelopes of records that are handed over together.
#[derive(Debug, Default)]
pub struct Portion {
    /// The number of the first; numbers go up by one, from 1.
    pub first: u64,
    pub envelopes: Vec<u8>,
    pub records: Vec<Looked>,
}

/// A record of a portion.
#[derive(Clone, Copy, Debug)]
pub struct Looked {
    /// Where its envelope ends.
    pub end: usize,
    /// It is known that the filter keeps it.
    pub is_kept: bool,
}

/// The poller's side: hands portions over, collects verdicts, and leaves a thread behind that is stuck.
pub struct Thread {
    programs: Programs,
    bell: Bell,
    worker: Option<Worker>,
    portion: Arc<Portion>,
    verdicts: VecDeque<(u64, FilterVerdict)>,
    /// The record that was at work when it was looked at, and since when.
    seen: (u64, Instant),
    /// When that was looked at last.
    looked_at: Instant,
    left_behind: Vec<(JoinHandle<()>, Excess)>,
}

struct Worker {
    portions: Sender<(Arc<Portion>, usize)>,
    shared: Arc<Shared>,
    handle: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    verdicts: Mutex<VecDeque<(u64, FilterVerdict)>>,
    /// There are enough of them, or they have waited for long enough.
    is_told: AtomicBool,
    watch: Watch,
    /// Which of the `OPTIONS` the program at work comes from.
    option: AtomicUsize,
    /// Records of lower numbers are of no use any more.
    wanted: AtomicU64,
    /// Nobody waits for this thread any more.
    is_left: AtomicBool,
}

impl Portion {
    fn envelope(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.records[before].end);
        &self.envelopes[start..self.records[index].end]
    }
}

impl Thread {
    pub fn new(programs: Programs, bell: Bell, now: Instant) -> Thread {
        Thread {
            programs,
            bell,
            worker: None,
            portion: Arc::default(),
            verdicts: VecDeque::new(),
            seen: (0, now),
            looked_at: now,
            left_behind: Vec::new(),
        }
    }

    /// Has the programs look at records; the ones before them are done with.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn look_at(&mut self, portion: Portion) -> Result<(), Failure> {
        self.portion = Arc::new(portion);
        self.hand_over(0)
    }

    fn hand_over(&mut self, start: usize) -> Result<(), Failure> {
        if self.worker.is_none() {
            let worker = Worker::start(self.programs.clone(), self.bell.clone()).map_err(|error| {
                Failure::new(Kind::Run, "cannot start the thread of jq programs").caused_by(reason(&error))
            })?;
            self.worker = Some(worker);
        }
        if let Some(worker) = &self.worker {
            worker.shared.wanted.store(self.portion.first, Ordering::Release);
            // It ends when this sender is dropped.
            let _ = worker.portions.send((Arc::clone(&self.portion), start));
        }
        Ok(())
    }

    /// The verdict on the record of this number, if it is there; earlier ones are forgotten.
    pub fn verdict(&mut self, number: u64) -> Option<FilterVerdict> {
        if self.verdicts.is_empty() {
            self.collect();
        }
        while self.verdicts.front().is_some_and(|(other, _)| *other < number) {
            self.verdicts.pop_front();
            if self.verdicts.is_empty() {
                self.collect();
            }
        }
        let is_it = self.verdicts.front().is_some_and(|(other, _)| *other == number);
        if is_it { self.verdicts.pop_front().map(|(_, verdict)| verdict) } else { None }
    }

    fn collect(&mut self) {
        if let Some(worker) = &self.worker
            && worker.shared.is_told.swap(false, Ordering::AcqRel)
        {
            std::mem::swap(&mut self.verdicts, &mut *lock(&worker.shared.verdicts));
        }
    }

    /// Ends what takes too long.
    ///
    /// # Errors
    /// Too many threads were left behind.
    pub fn watch(&mut self, now: Instant) -> Result<(), Failure> {
        let stood_still = now.duration_since(self.looked_at) >= STOOD_STILL;
        self.looked_at = now;
        let Some(worker) = &self.worker else { return Ok(()) };
        let watch = &worker.shared.watch;
        let running = watch.running();
        if running != 0 && running < self.portion.first {
            watch.stop(running);
        }
        if running == 0 || running != self.seen.0 || stood_still {
            self.seen = (running, now);
            return Ok(());
        }
        let time = now.duration_since(self.seen.1);
        if time >= LONGEST_WAIT {
            // It is at work on one record: what it has decided before waits for nothing.
            worker.shared.is_told.store(true, Ordering::Release);
        }
        if time >= TIME {
            watch.stop(running);
        }
        let excess = if watch.stands_still() { Excess::Memory } else { Excess::Time };
        if excess == Excess::Time && time < TIME + GRACE {
            return Ok(());
        }
        self.leave(running, excess)
    }

    /// Leaves the thread behind with the record it is stuck with, and goes on with another.
    fn leave(&mut self, number: u64, excess: Excess) -> Result<(), Failure> {
        let Some(Worker { portions, shared, handle }) = self.worker.take() else { return Ok(()) };
        shared.is_left.store(true, Ordering::Release);
        drop(portions);
        self.verdicts.append(&mut lock(&shared.verdicts));
        let option = shared.option.load(Ordering::Relaxed);
        self.verdicts.push_back((number, FilterVerdict::failed(option, &excess.to_string())));
        self.seen.0 = 0;
        self.left_behind.retain(|(thread, _)| !thread.is_finished());
        self.left_behind.push((handle, excess));
        let standing = self.left_behind.iter().filter(|(_, excess)| *excess == Excess::Memory).count();
        if self.left_behind.len() > MOST_LEFT || standing > MOST_STANDING {
            return Err(stuck(OPTIONS[option], self.left_behind.len(), excess));
        }
        let next = usize::try_from((number + 1).saturating_sub(self.portion.first)).unwrap_or(usize::MAX);
        if next < self.portion.records.len() { self.hand_over(next) } else { Ok(()) }
    }
}

/// Too many programs go on by themselves.
fn stuck(option: &str, count: usize, excess: Excess) -> Failure {
    let message = format!("`{option}` got stuck on {count} records at once");
    let hint = match excess {
        Excess::Time => "a regular expression can take that long on a long text: test the length first",
        Excess::Memory | Excess::Depth => "test the length of what it works on first",
    };
    let cause = format!("the last time {excess}, and it cannot be stopped");
    Failure::new(Kind::Record, message).caused_by(cause).hint(hint)
}

impl FilterVerdict {
    fn failed(option: usize, words: &str) -> FilterVerdict {
        let failure = Some(format!("`{}` failed: {words}", OPTIONS[option]));
        FilterVerdict { failure, ..FilterVerdict::default() }
    }
}

impl Worker {
    fn start(programs: Programs, bell: Bell) -> io::Result<Worker> {
        let mut refused = None;
        for stack in STACKS {
            let (portions, to_do) = mpsc::channel();
            let shared = Arc::new(Shared::default());
            let (of_thread, mut programs, bell) = (Arc::clone(&shared), programs.clone(), bell.clone());
            let work = move || work(&mut programs, &to_do, &of_thread, &bell);
            match std::thread::Builder::new().name(NAME.to_owned()).stack_size(stack).spawn(work) {
                Ok(handle) => return Ok(Worker { portions, shared, handle }),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| io::Error::other("no stack")))
    }
}

fn work(programs: &mut Programs, to_do: &Receiver<(Arc<Portion>, usize)>, shared: &Shared, bell: &Bell) {
    shared.watch.enter();
    let tell = || {
        shared.is_told.store(true, Ordering::Release);
        bell.ring();
    };
    for (portion, start) in to_do {
        let mut told_at = Instant::now();
        for index in start..portion.records.len() {
            let envelope = portion.envelope(index);
            let number = portion.first + index as u64;
            if number < shared.wanted.load(Ordering::Acquire) {
                break;
            }
            let verdict = shared.watch.run(number, envelope.len(), || {
                programs.judge(envelope, portion.records[index].is_kept, shared)
            });
            if shared.is_left.load(Ordering::Acquire) {
                return;
            }
            let mut verdicts = lock(&shared.verdicts);
            verdicts.push_back((number, verdict));
            let count = verdicts.len();
            drop(verdicts);
            if count >= TOGETHER || told_at.elapsed() >= LONGEST_WAIT {
                told_at = Instant::now();
                tell();
            }
        }
        tell();
    }
}

impl Programs {
    fn judge(&mut self, envelope: &[u8], is_kept: bool, shared: &Shared) -> FilterVerdict {
        if let Some(filter) = self.filter.as_ref().filter(|_| !is_kept) {
            shared.option.store(FILTER, Ordering::Relaxed);
            match filter.is_true(envelope, &shared.watch) {
                Ok(true) => {}
                Ok(false) => return FilterVerdict { is_left_out: true, ..FilterVerdict::default() },
                Err(words) => return FilterVerdict::failed(FILTER, &words),
            }
        }
        if let Some(results) = &mut self.results {
            shared.option.store(JQ, Ordering::Relaxed);
            // Records are printed, so there is no event id.
            return results.of(envelope, shared);
        }
        let Some(id) = &self.id else { return FilterVerdict::default() };
        shared.option.store(DEDUP, Ordering::Relaxed);
        match id.id(envelope, &shared.watch) {
            Ok(EventId::One(id)) => FilterVerdict { event_id: Some(bounded(id)), ..FilterVerdict::default() },
            Ok(EventId::None(why)) => FilterVerdict { no_id: Some(why), ..FilterVerdict::default() },
            Err(words) => FilterVerdict::failed(DEDUP, &words),
        }
    }
}

impl ResultProgram {
    /// What is printed of a record. One that yields nothing is left out.
    fn of(&mut self, envelope: &[u8], shared: &Shared) -> FilterVerdict {
        let ResultProgram { program, renderer } = self;
        let (mut lines, mut is_left_out) = (Vec::new(), true);
        let outcome = program.results(envelope, &shared.watch, |result| {
            renderer.add_yield(result, &mut lines);
            is_left_out = false;
        });
        match outcome {
            Ok(()) => FilterVerdict { is_left_out, results: Some(lines), ..FilterVerdict::default() },
            Err(words) => FilterVerdict::failed(JQ, &words),
        }
    }
}

/// The id itself, or what stands for a long one.
pub fn bounded(id: String) -> Arc<str> {
    if id.len() <= LONGEST_ID && !id.starts_with(HASHED) {
        return Arc::from(id);
    }
    let hash = Sha256::digest(id.as_bytes());
    let digits = hash.iter().map(|byte| format!("{byte:02x}"));
    Arc::from(digits.fold(HASHED.to_owned(), |id, digits| id + &digits))
}

/// A lock of which the other side never panics while it holds it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
