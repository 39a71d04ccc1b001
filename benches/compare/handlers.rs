//! Records handed to programs: processes a second against `xargs -P`, and records a second through workers.

use crate::measure;
use crate::table::thousands;
use crate::tools::Bench;
use std::io::{Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::{env, io};

const ANSWER: &str = "--answer";

/// Processes that are started in each measurement.
const PROCESSES: usize = 5_000;

/// Answers `ok` to every line if this process is to be a worker.
pub fn as_worker() -> Option<ExitCode> {
    if env::args().nth(1).as_deref() != Some(ANSWER) {
        return None;
    }
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let mut buffer = vec![0; 256 * 1024];
    while let Ok(count) = stdin.read(&mut buffer)
        && count > 0
    {
        let answers = "ok\n".repeat(memchr::memchr_iter(b'\n', &buffer[..count]).count());
        if stdout.write_all(answers.as_bytes()).and_then(|()| stdout.flush()).is_err() {
            break;
        }
    }
    Some(ExitCode::SUCCESS)
}

/// Prints both tables.
pub fn print(bench: &Bench<'_>) {
    println!(
        "| a process for each record (`sh -c true`) | kcons `--exec`, processes/s | `xargs -P`, processes/s |"
    );
    println!("| --- | ---: | ---: |");
    for parallel in [1, 2, 4] {
        let [ours, theirs] = rates([&exec(bench, parallel), &xargs(parallel)], PROCESSES, bench.runs);
        println!("| {parallel} at once | {ours} | {theirs} |");
    }
    println!();
    println!("| a worker that stays, in flight 64 | records/s |");
    println!("| --- | ---: |");
    let own = env::current_exe().expect("we are running");
    let python = "python3 -c 'import json, sys\nfor line in sys.stdin:\n    json.loads(line)\n    print(\"ok\", flush=True)'";
    for (name, command, parallel) in [
        ("answers only, 1 worker", format!("'{}' {ANSWER}", own.display()), 1),
        ("answers only, 4 workers", format!("'{}' {ANSWER}", own.display()), 4),
        ("Python: `json.loads` and a flush each, 1 worker", python.to_owned(), 1),
        ("Python: the same, 2 workers", python.to_owned(), 2),
    ] {
        let records = bench.topics.keyed_records;
        let [rate] = rates([&worker(bench, &command, parallel)], records, bench.runs);
        println!("| {name} | {rate} |");
    }
}

/// The best rate of each command, which take turns.
fn rates<const N: usize>(commands: [&Command; N], count: usize, runs: usize) -> [String; N] {
    let mut best = commands.map(measure::run);
    for _ in 1..runs {
        for (best, command) in best.iter_mut().zip(commands) {
            *best = best.best(measure::run(command));
        }
    }
    best.map(|cost| thousands((count as f64 / cost.time.as_secs_f64()) as u64))
}

fn exec(bench: &Bench<'_>, parallel: usize) -> Command {
    let mut command = bench.kcons(&bench.topics.keyed, None);
    command.args(["-q", "-n", &PROCESSES.to_string(), "--parallel", &parallel.to_string(), "--exec", "true"]);
    command
}

fn xargs(parallel: usize) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("seq {PROCESSES} | xargs -P {parallel} -I NUMBER sh -c true")]);
    command.stdin(Stdio::null());
    command
}

fn worker(bench: &Bench<'_>, worker: &str, parallel: usize) -> Command {
    let mut command = bench.kcons(&bench.topics.keyed, None);
    command.args(["-q", "-e", "--parallel", &parallel.to_string(), "--worker", worker]);
    command
}
