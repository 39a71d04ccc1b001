//! What a program left when it ended, and assertions that show all of it when they fail.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

use super::stream::Arrivals;

/// Status, both streams, and how long it took.
pub struct Outcome {
    /// The command as one would type it.
    pub command: String,
    /// What its process id was.
    pub pid: u32,
    pub status: ExitStatus,
    pub elapsed: Duration,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub(super) stdout_arrivals: Arrivals,
    pub(super) stderr_arrivals: Arrivals,
    // Kept so that the folder is there as long as somebody may look at what the program left in it.
    pub(super) home: Arc<tempfile::TempDir>,
}

impl Outcome {
    /// The exit code; nothing if a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The signal that ended it.
    pub fn signal(&self) -> Option<Signal> {
        self.status.signal().and_then(|number| Signal::try_from(number).ok())
    }

    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// The folder it ran in.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// The lines of standard output.
    pub fn lines(&self) -> Vec<String> {
        self.stdout_text().lines().map(str::to_owned).collect()
    }

    /// The lines of standard output, each one JSON text; a last line without its end is left out.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        self.timed_lines().into_iter().map(|(_, line)| self.json(line)).collect()
    }

    /// The JSON objects on standard error (`--log json`).
    #[track_caller]
    pub fn events(&self) -> Vec<Value> {
        self.timed_events().into_iter().map(|(_, event)| event).collect()
    }

    /// The events with this name.
    #[track_caller]
    pub fn events_named(&self, name: &str) -> Vec<Value> {
        self.events().into_iter().filter(|event| event["event"] == name).collect()
    }

    /// Fails unless it exited with this code.
    #[track_caller]
    pub fn has_code(&self, code: i32) -> &Outcome {
        self.check(self.code() == Some(code), &format!("the exit code is not {code}"))
    }

    /// Fails unless this signal ended it.
    #[track_caller]
    pub fn was_ended_by(&self, signal: Signal) -> &Outcome {
        self.check(self.signal() == Some(signal), &format!("{signal} did not end it"))
    }

    /// Fails unless this is all of standard output.
    #[track_caller]
    pub fn has_stdout(&self, expected: impl AsRef<[u8]>) -> &Outcome {
        let expected = expected.as_ref();
        self.check(self.stdout == expected, &format!("standard output is not\n{}", shown(expected)))
    }

    /// Fails unless this is all of standard error.
    #[track_caller]
    pub fn has_stderr(&self, expected: &str) -> &Outcome {
        self.check(self.stderr == expected.as_bytes(), &format!("standard error is not\n{expected}"))
    }

    /// The summary of a run with handlers is this, without its first word and its time: `2 records: 2 ok, 1 retry`.
    #[track_caller]
    pub fn has_summary(&self, expected: &str) -> &Outcome {
        let text = self.stderr_text();
        // In an event, too.
        let line = text.lines().rev().find_map(|line| Some(line.split_once("Processed ")?.1));
        let line = line.map(|line| line.trim_end_matches("\"}"));
        let summary = line.and_then(|line| {
            let (records, rest) = line.split_once(" in ")?;
            let (time, counts) = rest.split_once(": ")?;
            time.starts_with(|first: char| first.is_ascii_digit()).then(|| format!("{records}: {counts}"))
        });
        let is_it = summary.as_deref() == Some(expected);
        self.check(is_it, &format!("the summary does not say {expected:?}"))
    }

    /// It succeeded, and the summary has these counts and no others.
    #[track_caller]
    pub fn has_counts(&self, ok: usize, skipped: usize, duplicates: usize) -> &Outcome {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let records = ok + skipped;
        let mut counts = format!("{records} record{}: {ok} ok", plural(records));
        if skipped > 0 {
            counts.push_str(&format!(", {skipped} skipped"));
        }
        if duplicates > 0 {
            counts.push_str(&format!(", {duplicates} duplicate{}", plural(duplicates)));
        }
        self.has_code(0).has_summary(&counts)
    }

    #[track_caller]
    pub fn stdout_contains(&self, part: &str) -> &Outcome {
        self.check(self.stdout_text().contains(part), &format!("{part:?} is not on standard output"))
    }

    #[track_caller]
    pub fn stderr_contains(&self, part: &str) -> &Outcome {
        self.check(self.stderr_text().contains(part), &format!("{part:?} is not on standard error"))
    }

    #[track_caller]
    pub fn stdout_lacks(&self, part: &str) -> &Outcome {
        self.check(!self.stdout_text().contains(part), &format!("{part:?} is on standard output"))
    }

    #[track_caller]
    pub fn stderr_lacks(&self, part: &str) -> &Outcome {
        self.check(!self.stderr_text().contains(part), &format!("{part:?} is on standard error"))
    }

    /// Fails unless it took less than this.
    #[track_caller]
    pub fn took_less_than(&self, limit: Duration) -> &Outcome {
        self.check(self.elapsed < limit, &format!("it took {limit:?} or more"))
    }

    /// Fails with these words and everything known about the run, unless `is_fine`.
    #[track_caller]
    pub fn check(&self, is_fine: bool, otherwise: &str) -> &Outcome {
        if !is_fine {
            panic!("{otherwise}\n{self}");
        }
        self
    }

    /// The whole lines of standard output, with the time they came.
    pub fn timed_lines(&self) -> Vec<(Instant, &[u8])> {
        timed_lines(&self.stdout, &self.stdout_arrivals)
    }

    /// The events on standard error, with the time they came.
    #[track_caller]
    pub fn timed_events(&self) -> Vec<(Instant, Value)> {
        let lines = timed_lines(&self.stderr, &self.stderr_arrivals).into_iter();
        lines.filter(|(_, line)| line.starts_with(b"{")).map(|(at, line)| (at, self.json(line))).collect()
    }

    #[track_caller]
    fn json(&self, line: &[u8]) -> Value {
        match serde_json::from_slice(line) {
            Ok(value) => value,
            Err(error) => panic!("not JSON ({error}): {}\n{self}", shown(line)),
        }
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = self.status.to_string();
        formatter.write_str(&report(&self.command, &status, self.elapsed, [&self.stdout, &self.stderr]))
    }
}

/// Everything known about a run, for a failed test.
pub fn report(command: &str, status: &str, elapsed: Duration, streams: [&[u8]; 2]) -> String {
    const LINE: &str = "------------------------------------------------------------";
    let [stdout, stderr] = streams.map(shown);
    format!(
        "{LINE}\ncommand: {command}\nstatus:  {status}, {elapsed:.3?}\n\
         stdout ({} bytes):\n{stdout}\nstderr ({} bytes):\n{stderr}\n{LINE}",
        streams[0].len(),
        streams[1].len(),
    )
}

/// Both ends of a long text are enough to see what went wrong.
fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 6_000;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if bytes.len() <= MOST {
        return text(bytes);
    }
    let (head, tail) = (&bytes[..MOST / 2], &bytes[bytes.len() - MOST / 2..]);
    format!("{}\n[… {} bytes …]\n{}", text(head), bytes.len() - MOST, text(tail))
}

fn timed_lines<'a>(bytes: &'a [u8], arrivals: &Arrivals) -> Vec<(Instant, &'a [u8])> {
    let mut arrivals = arrivals.iter();
    let mut arrival = arrivals.next();
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        while arrival.is_some_and(|(length, _)| *length <= end) {
            arrival = arrivals.next();
        }
        let (_, at) = arrival.expect("each byte came in a read");
        lines.push((*at, &bytes[start..end]));
        start = end + 1;
    }
    lines
}
