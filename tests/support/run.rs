//! Runs the program: a builder, a running process whose streams are collected, and its outcome.

use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, io, thread};

use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::unistd::Pid;

use super::folder;
use super::outcome::{Outcome, report};
use super::process::starting;
use super::stream::Stream;
use super::waiting::try_until;

/// A command line to be run, in a clean environment and with a home of its own.
pub struct Kcons {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    home: Arc<tempfile::TempDir>,
    stdin: Option<Vec<u8>>,
    stdout: Reader,
    deadline: Duration,
    adopts_orphans: bool,
}

/// What happens to the program's standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A pipe that is read all the time.
    Collects,
    /// A pipe that nobody reads until [`Running::go_on_reading`].
    Waits,
    /// A pipe whose other end is closed from the start.
    IsGone,
    /// This file instead of a pipe, for example `/dev/full`; it is made or emptied.
    File(PathBuf),
}

impl Kcons {
    /// Runs kcons with these arguments.
    pub fn new<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Kcons {
        Kcons::other(env!("CARGO_BIN_EXE_kcons"), arguments)
    }

    /// Runs another program the same way.
    pub fn other<S: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = S>) -> Kcons {
        Kcons {
            program: program.into(),
            arguments: arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect(),
            environment: Vec::new(),
            home: Arc::new(folder::own_folder()),
            stdin: None,
            stdout: Reader::Collects,
            deadline: Duration::from_secs(180),
            adopts_orphans: false,
        }
    }

    /// Adds an argument.
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Kcons {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Kcons {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable; without it there are only `PATH` and `HOME`.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Kcons {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// The home folder of this command, its working directory too; a test can put files there.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Gives it these bytes to read; without it standard input is empty.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Kcons {
        self.stdin = Some(bytes.as_ref().to_vec());
        self
    }

    /// Says what happens to its standard output.
    pub fn stdout(mut self, reader: Reader) -> Kcons {
        self.stdout = reader;
        self
    }

    /// Sets how long it may run before it is killed and the test fails; 180 s if not set.
    pub fn deadline(mut self, deadline: Duration) -> Kcons {
        self.deadline = deadline;
        self
    }

    /// Makes it the parent of processes whose own parents are gone, as PID 1 of a container is.
    #[cfg(target_os = "linux")]
    pub fn adopts_orphans(mut self) -> Kcons {
        self.adopts_orphans = true;
        self
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Outcome {
        self.spawn().finish()
    }

    /// Starts it.
    #[track_caller]
    pub fn spawn(self) -> Running {
        let (stdout, read) = self.output();
        let mut command = self.command();
        command.stdout(stdout).stderr(Stdio::piped());
        let mut child = self.start(&mut command);
        let stderr = child.stderr.take().map(OwnedFd::from).expect("it is a pipe");
        Running::new(self, child, read, Some(Stream::collect(stderr)))
    }

    /// The command with everything but its outputs.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env_clear().current_dir(self.home());
        command.env("PATH", env::var_os("PATH").unwrap_or_default()).env("HOME", self.home());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command
    }

    #[track_caller]
    pub(super) fn start(&self, command: &mut Command) -> Child {
        // SAFETY: signal is allowed between fork and exec and touches no memory.
        unsafe { command.pre_exec(listen_to_signals) };
        #[cfg(target_os = "linux")]
        if self.adopts_orphans {
            // SAFETY: a plain system call.
            unsafe { command.pre_exec(|| Ok(nix::sys::prctl::set_child_subreaper(true)?)) };
        }
        let child = {
            let _starting = starting();
            command.spawn()
        };
        let mut child = child.unwrap_or_else(|error| panic!("cannot start {}: {error}", self.line()));
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), self.stdin.clone()) {
            // A program that does not read its input must not hang the test.
            thread::spawn(move || io::Write::write_all(&mut pipe, &bytes));
        }
        child
    }

    fn output(&self) -> (Stdio, Stream) {
        if let Reader::File(path) = &self.stdout {
            let file =
                File::create(path).unwrap_or_else(|error| panic!("cannot make {}: {error}", path.display()));
            return (file.into(), Stream::absent());
        }
        let (read, write) = io::pipe().expect("pipes can be made");
        let stream = match self.stdout {
            Reader::Collects => Stream::collect(read.into()),
            Reader::Waits => Stream::waiting(read.into()),
            Reader::IsGone | Reader::File(_) => Stream::absent(),
        };
        (write.into(), stream)
    }

    /// The command as one would type it.
    fn line(&self) -> String {
        let mut line = Path::new(&self.program).file_name().unwrap_or(&self.program).display().to_string();
        for (name, value) in &self.environment {
            line.insert_str(0, &format!("{}={} ", name.display(), value.display()));
        }
        for argument in &self.arguments {
            let text = argument.display().to_string();
            let is_plain =
                !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || "'\"$*\\".contains(c));
            let _ = if is_plain { write!(line, " {text}") } else { write!(line, " '{text}'") };
        }
        line
    }
}

/// Gives the signals that end a program back their meaning: a shell's background jobs ignore SIGINT, a child
/// inherits that, and the program under test rightly keeps it.
fn listen_to_signals() -> io::Result<()> {
    for which in [Signal::SIGINT, Signal::SIGHUP, Signal::SIGTERM] {
        // SAFETY: no handler is installed, one is taken away.
        unsafe { signal(which, SigHandler::SigDfl) }?;
    }
    Ok(())
}

/// A program that runs; killed when the value is dropped.
pub struct Running {
    command: Kcons,
    child: Child,
    started: Instant,
    ended: Option<(ExitStatus, Instant)>,
    stdout: Stream,
    stderr: Option<Stream>,
}

impl Running {
    pub(super) fn new(command: Kcons, child: Child, stdout: Stream, stderr: Option<Stream>) -> Running {
        Running { command, child, started: Instant::now(), ended: None, stdout, stderr }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.as_ref().map(Stream::text).unwrap_or_default()
    }

    /// The whole lines it has written to standard output so far.
    pub fn stdout_lines(&self) -> Vec<String> {
        let text = self.stdout();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(str::to_owned).collect()
    }

    /// Waits until standard output is as `fact` wants it; fails when the program ends before or the deadline is over.
    #[track_caller]
    pub fn wait_for_stdout(&mut self, fact: impl Fn(&str) -> bool) -> String {
        self.wait("standard output is not as expected", |running| {
            Some(running.stdout()).filter(|text| fact(text))
        })
    }

    /// Waits until there are this many whole lines on standard output.
    #[track_caller]
    pub fn wait_for_lines(&mut self, count: usize) -> Vec<String> {
        self.wait(&format!("fewer than {count} lines on standard output"), |running| {
            (running.stdout.line_count() >= count).then(|| running.stdout_lines())
        })
    }

    /// Waits until standard error has this text in it.
    #[track_caller]
    pub fn wait_for_stderr(&mut self, part: &str) -> String {
        self.wait(&format!("{part:?} is not on standard error"), |running| {
            Some(running.stderr()).filter(|text| text.contains(part))
        })
    }

    /// Sends it a signal.
    #[track_caller]
    pub fn signal(&mut self, signal: Signal) {
        if self.has_ended() {
            panic!("no {signal} for a program that has ended\n{}", self.report());
        }
        kill(Pid::from_raw(self.child.id() as i32), signal).expect("it is not waited for yet");
    }

    /// Sends it a signal again and again until it ends, for a program that takes two within a moment as one.
    #[track_caller]
    pub fn signal_until_it_ends(&mut self, signal: Signal) {
        let left = self.command.deadline.saturating_sub(self.started.elapsed());
        let ended = try_until(left, || {
            if self.has_ended() {
                return Some(());
            }
            kill(Pid::from_raw(self.child.id() as i32), signal).expect("it is not waited for yet");
            None
        });
        assert!(ended.is_some(), "it does not end after {signal}\n{}", self.report());
    }

    /// Kills it with SIGKILL and gives what it left.
    pub fn kill(mut self) -> Outcome {
        let _ = self.child.kill();
        self.finish()
    }

    /// Stops reading its standard output, so that the pipe fills up.
    pub fn stop_reading(&self) {
        self.stdout.wait();
    }

    /// Whether one of its threads waits for the reader of a pipe.
    pub fn is_writing(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid())).into_iter().flatten().flatten();
        let mut places = threads.filter_map(|thread| fs::read_to_string(thread.path().join("wchan")).ok());
        places.any(|place| place.contains("pipe_write"))
    }

    /// Reads its standard output again.
    pub fn go_on_reading(&self) {
        self.stdout.go_on();
    }

    /// Closes the reading end of its standard output, as `head` does when it has enough.
    pub fn close_stdout(&self) {
        self.stdout.close();
    }

    pub fn has_ended(&mut self) -> bool {
        if self.ended.is_none() {
            let status = self.child.try_wait().expect("the child is ours");
            self.ended = status.map(|status| (status, Instant::now()));
        }
        self.ended.is_some()
    }

    /// How long it has been running, or ran.
    pub fn elapsed(&self) -> Duration {
        self.ended.map_or_else(|| self.started.elapsed(), |(_, end)| end - self.started)
    }

    /// Ends it with SIGTERM, which has to be a clean end, and gives the outcome.
    #[track_caller]
    pub fn end(mut self) -> Outcome {
        self.signal(Signal::SIGTERM);
        let outcome = self.finish();
        outcome.has_code(0);
        outcome
    }

    /// Waits for its end and gives the outcome; kills it and fails when the deadline is over.
    #[track_caller]
    pub fn finish(mut self) -> Outcome {
        let left = self.command.deadline.saturating_sub(self.started.elapsed());
        if try_until(left, || self.has_ended().then_some(())).is_none() {
            let _ = self.child.kill();
            panic!("still running after {:?}\n{}", self.command.deadline, self.report());
        }
        let (status, _) = self.ended.expect("it has ended");
        let (stdout, stdout_arrivals) = self.stdout.finish();
        let (stderr, stderr_arrivals) = self.stderr.as_ref().map(Stream::finish).unwrap_or_default();
        let (command, elapsed) = (self.command.line(), self.elapsed());
        let home = Arc::clone(&self.command.home);
        let pid = self.pid();
        Outcome { command, pid, status, elapsed, stdout, stderr, stdout_arrivals, stderr_arrivals, home }
    }

    #[track_caller]
    fn wait<T>(&mut self, what: &str, fact: impl Fn(&Running) -> Option<T>) -> T {
        let left = self.command.deadline.saturating_sub(self.started.elapsed());
        let found = try_until(left, || {
            // The end is looked at first: what came just before it is then still seen.
            let has_ended =
                self.has_ended() && self.stdout.is_done() && self.stderr.as_ref().is_none_or(Stream::is_done);
            let found = fact(self);
            (found.is_some() || has_ended).then_some(found)
        });
        match found.flatten() {
            Some(found) => found,
            None => panic!("{what}\n{}", self.report()),
        }
    }

    fn report(&self) -> String {
        let status = match self.ended {
            Some((status, _)) => status.to_string(),
            None => "still running".to_owned(),
        };
        let stderr = self.stderr.as_ref().map(Stream::bytes).unwrap_or_default();
        report(&self.command.line(), &status, self.elapsed(), [&self.stdout.bytes(), &stderr])
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
