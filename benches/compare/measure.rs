//! Runs a program to its end and tells what it cost.
//!
//! The system counts the memory of the process that starts a program as the program's own first peak. So each is
//! started by a small helper, which is this executable itself, and not by the one that filled the topics.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const HELPER: &str = "--measure";

/// What one run cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub time: Duration,
    /// User and system time of all its threads.
    pub processor: Duration,
    /// The most memory it held at once, in bytes.
    pub memory: u64,
}

impl Cost {
    /// The best of both, each figure for itself: what disturbs a run only adds.
    pub fn best(self, other: Cost) -> Cost {
        Cost {
            time: self.time.min(other.time),
            processor: self.processor.min(other.processor),
            // Of memory the most is what a user has to have.
            memory: self.memory.max(other.memory),
        }
    }
}

/// Runs a command to its end, its output going nowhere.
pub fn run(command: &Command) -> Cost {
    let mut helper = Command::new(env::current_exe().expect("we are running"));
    helper.arg(HELPER).arg(command.get_program()).args(command.get_args());
    let output = helper.stdin(Stdio::null()).stderr(Stdio::inherit()).output().expect("we can run ourselves");
    assert!(output.status.success(), "{command:?} failed");
    let text = String::from_utf8(output.stdout).expect("the helper writes numbers");
    let numbers: Vec<u64> =
        text.split_whitespace().map(|word| word.parse().expect("the helper writes numbers")).collect();
    let [time, processor, memory] = numbers[..] else { panic!("three numbers, not {text:?}") };
    Cost { time: Duration::from_nanos(time), processor: Duration::from_micros(processor), memory }
}

/// Does the helper's part if this process is one.
pub fn as_helper() -> Option<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    if arguments.next()? != HELPER {
        return None;
    }
    Some(help(&arguments.next()?, arguments))
}

fn help(program: &OsString, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    #[expect(clippy::zombie_processes, reason = "`wait4` below waits for it, and tells what it cost")]
    let child = command.spawn().expect("the program is there");
    let mut status = 0;
    // SAFETY: all zero is a valid value of this plain structure.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the child is ours and not waited for elsewhere; both pointers are valid during the call.
    let waited = unsafe { libc::wait4(child.id() as i32, &raw mut status, 0, &raw mut usage) };
    let time = start.elapsed();
    if waited < 0 || status != 0 {
        return ExitCode::FAILURE;
    }
    let microseconds = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    let processor = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    println!("{} {processor} {}", time.as_nanos(), usage.ru_maxrss as u64 * unit);
    ExitCode::SUCCESS
}
