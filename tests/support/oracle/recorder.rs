//! What handlers note about themselves: a line when they start and one when they end, in the order in which it happened.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, process};

use super::judge::{Mark, Note};
use crate::support::folder;

/// A file that handlers add lines to.
pub struct Recorder {
    folder: tempfile::TempDir,
    made_at: Instant,
    /// The kernel's clock that handlers read without starting a process, when this was made.
    uptime: Duration,
}

impl Recorder {
    pub fn new() -> Recorder {
        Recorder { folder: folder::own_folder(), made_at: Instant::now(), uptime: uptime() }
    }

    /// A file beside the recorder's, for what handlers wait for.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A shell script that notes its start, does `work`, and notes its end. In `work`, `note fail` is to come before
    /// any exit but 0.
    ///
    /// A line is one write to a file opened for appending: lines are in order, and none stands within another.
    pub fn script(&self, work: &str) -> String {
        let file = self.file("notes");
        let fields =
            "$1 $KCONS_TOPIC $KCONS_PARTITION $KCONS_OFFSET $KCONS_ATTEMPT $$ $PPID $now ${KCONS_KEY-}";
        format!(
            "note() {{ read -r now rest < /proc/uptime; echo \"{fields}\" >> '{}'; }}\nnote start\n{work}\nnote end\n",
            file.display()
        )
    }

    /// All lines so far.
    pub fn notes(&self) -> Vec<Note> {
        self.whole_lines().lines().map(|line| self.note(line)).collect()
    }

    /// How many records have been finished so far, each time counted.
    pub fn ends(&self) -> usize {
        self.whole_lines().lines().filter(|line| line.starts_with("end ")).count()
    }

    /// The handlers of a process that are still there.
    pub fn left_behind(&self, parent: u32) -> Vec<u32> {
        let mut handlers: Vec<u32> =
            self.notes().iter().filter(|note| note.parent == parent).map(|note| note.pid).collect();
        handlers.sort_unstable();
        handlers.dedup();
        // Numbers come again, for threads as well: a process is one of ours if this file is in its script, and one of
        // another member if it is a thread of that, or was started by it or by what it has started.
        let ours = self.file("notes").display().to_string();
        let is_there = |pid: &u32| {
            if *pid == process::id() || !command_line(*pid).contains(&ours) {
                return false;
            }
            let mut line = std::iter::successors(Some(*pid), |pid| parent_of(*pid));
            let member = line.find(|pid| command_line(*pid).contains("consume"));
            member.is_none_or(|member| member == parent)
        };
        handlers.retain(is_there);
        handlers
    }

    /// Without a last line that is still being written: a reader sees a write that reaches into another page by halves.
    fn whole_lines(&self) -> String {
        let mut text = fs::read_to_string(self.file("notes")).unwrap_or_default();
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        text
    }

    fn note(&self, line: &str) -> Note {
        let fields: Vec<&str> = line.splitn(9, ' ').collect();
        let [mark, topic, partition, offset, attempt, pid, parent, now, key] = fields[..] else {
            panic!("not a line of a handler: {line:?}");
        };
        let mark = match mark {
            "start" => Mark::Start,
            "end" => Mark::End,
            "fail" => Mark::Fail,
            other => panic!("a handler noted {other:?}"),
        };
        let number = |text: &str| text.parse::<u32>().expect("a number");
        let now = Duration::from_secs_f64(now.parse().expect("seconds"));
        Note {
            mark,
            partition: (topic.to_owned(), number(partition) as i32),
            offset: offset.parse().expect("an offset"),
            key: key.to_owned(),
            attempt: number(attempt),
            pid: number(pid),
            parent: number(parent),
            at: self.made_at + now.saturating_sub(self.uptime),
        }
    }
}

fn uptime() -> Duration {
    let text = fs::read_to_string("/proc/uptime").expect("it is a Linux");
    let seconds = text.split(' ').next().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs_f64(seconds.expect("its first word is a number of seconds"))
}

fn command_line(pid: u32) -> String {
    let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).into_owned()
}

fn parent_of(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
}
