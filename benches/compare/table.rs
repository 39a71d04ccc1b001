//! The measurements as Markdown, a line as soon as it is known.

use crate::live;
use crate::measure::{self, Cost};
use crate::tools::{Bench, Task, Tool};
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Prints what tasks cost that are run to their end.
pub fn print_runs(bench: &Bench<'_>, tasks: &[Task]) {
    println!("| task | tool | seconds | records/s | CPU seconds | peak memory |");
    println!("| --- | --- | ---: | ---: | ---: | ---: |");
    for task in tasks {
        for (tool, cost) in measured(bench, *task) {
            let figures = cost.map_or_else(|why| format!("{why} | | |"), |cost| figures(bench, *task, cost));
            println!("| {} | {} | {figures} |", task.name(), tool.name());
        }
    }
}

/// Prints what happens at single moments.
pub fn print_moments(bench: &Bench<'_>) {
    let names: Vec<_> = Tool::AT_ONCE.iter().map(|tool| tool.name()).collect();
    println!("| moment | {} |", names.join(" | "));
    println!("| --- |{}", " ---: |".repeat(names.len()));
    let row = |name: &str, one: &dyn Fn(Tool) -> Duration| {
        let cells: Vec<String> = Tool::AT_ONCE
            .iter()
            .map(|tool| match bench.tools.contains(tool) {
                true => milliseconds(one(*tool)),
                false => "not there".to_owned(),
            })
            .collect();
        println!("| {name} | {} |", cells.join(" | "));
    };
    let fastest = |one: &dyn Fn() -> Duration| (0..bench.runs).map(|_| one()).min().unwrap_or_default();
    row("first record of a new group", &|tool| fastest(&|| live::moments(bench, tool).first_record));
    row("SIGTERM under load in a group, to its end", &|tool| fastest(&|| live::moments(bench, tool).end));
    row("produced to line in a pipe, median", &|tool| live::produce_to_line(bench, tool));
}

/// The best of the runs of each tool, which take turns; or why there is none.
fn measured(bench: &Bench<'_>, task: Task) -> Vec<(Tool, Result<Cost, &'static str>)> {
    let mut best: Vec<(Tool, Result<Cost, &'static str>)> = Vec::new();
    for tool in Tool::ALL {
        let cost = match bench.command(tool, task) {
            _ if !bench.tools.contains(&tool) => Err("not there"),
            None => Err("cannot"),
            Some(command) => {
                check(command, tool, if task == Task::End { 1 } else { bench.topics.records });
                Ok(measure_once(bench, tool, task))
            }
        };
        best.push((tool, cost));
    }
    for _ in 1..bench.runs_of(task) {
        for (tool, cost) in &mut best {
            *cost = cost.map(|cost| cost.best(measure_once(bench, *tool, task)));
        }
    }
    best
}

fn measure_once(bench: &Bench<'_>, tool: Tool, task: Task) -> Cost {
    measure::run(&bench.command(tool, task).expect("it was asked before"))
}

/// Looks what a program prints once, so that no figure is of one that stops early.
fn check(mut command: Command, tool: Tool, expected: usize) {
    assert_eq!(count_lines(&mut command), expected, "lines of {}: {command:?}", tool.name());
}

/// Counts the lines that a program prints.
pub fn count_lines(command: &mut Command) -> usize {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program is there");
    let mut stdout = child.stdout.take().expect("it is a pipe");
    let (mut buffer, mut lines) = (vec![0; 64 * 1024], 0);
    loop {
        let count = stdout.read(&mut buffer).expect("a pipe can be read");
        if count == 0 {
            break;
        }
        lines += memchr::memchr_iter(b'\n', &buffer[..count]).count();
    }
    assert!(child.wait().expect("the child is ours").success(), "{command:?}");
    lines
}

fn figures(bench: &Bench<'_>, task: Task, cost: Cost) -> String {
    let records = if task == Task::End { 1 } else { bench.topics.records };
    let rate = match task {
        Task::End => String::new(),
        Task::Raw | Task::Json | Task::Template | Task::Raw4 | Task::Json4 | Task::Group => {
            thousands((records as f64 / cost.time.as_secs_f64()) as u64)
        }
    };
    let digits = if task == Task::End { 4 } else { 2 };
    format!(
        "{:.digits$} | {rate} | {:.digits$} | {} MB",
        cost.time.as_secs_f64(),
        cost.processor.as_secs_f64(),
        cost.memory.div_ceil(1_000_000)
    )
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

/// `1,234,567`, in three significant figures.
pub fn thousands(number: u64) -> String {
    let digits = number.checked_ilog10().map_or(1, |log| log + 1);
    let unit = 10u64.pow(digits.saturating_sub(3));
    let text = (number / unit * unit).to_string();
    let groups: Vec<&str> =
        text.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}
