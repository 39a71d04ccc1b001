//! kcons against kcat and Kafka's console consumer, on a real Kafka that is started here.
//!
//! `cargo bench` prints Markdown tables; `cargo bench -- --records 200000 --runs 1` is a quick look.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark talks to people itself")]

mod encoded;
mod handlers;
mod live;
mod machine;
mod measure;
mod reading;
mod table;
mod tools;
mod topics;

#[path = "../../tests/support/mod.rs"]
mod support;

use clap::Parser;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use support::kafka::{Kafka, Kind};
use tools::{Task, Tool};

#[derive(Parser)]
#[command(about = "Compares kcons with kcat and Kafka's console consumer", version = None::<&str>)]
struct Options {
    /// Records in each of the two large topics
    #[arg(long, value_name = "N", default_value = "2000000")]
    records: NonZeroUsize,
    /// Runs of each measurement; the fastest counts
    #[arg(long, value_name = "N", default_value = "5")]
    runs: NonZeroUsize,
    /// Only tasks whose name contains TEXT, and nothing else
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,
    /// Only kcons: for finding out what a change is worth
    #[arg(long)]
    alone: bool,
    /// Only what is picked out of records, and records that schemas describe
    #[arg(long)]
    reading: bool,
    /// `cargo bench` adds this
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    if let Some(code) = measure::as_helper().or_else(handlers::as_worker) {
        return code;
    }
    let options = Options::parse();
    if let Some(missing) = support::missing_for_kafka() {
        eprintln!("the comparison needs {missing}");
        return ExitCode::FAILURE;
    }
    let kafka = Kafka::start(Kind::Plain, &[]);
    let topics = topics::fill(&kafka, options.records.get());
    let tools: Vec<Tool> = match options.alone {
        true => vec![Tool::Kcons],
        false => Tool::ALL.into_iter().filter(|tool| tool.is_there()).collect(),
    };
    let bench = tools::Bench { kafka: &kafka, topics: &topics, tools, runs: options.runs.get() };
    println!("{}\n", machine::line(options.records.get(), options.runs.get()));
    if options.reading {
        reading::print(&bench);
        return ExitCode::SUCCESS;
    }
    if let Some(text) = &options.task {
        let tasks: Vec<Task> = Task::ALL.into_iter().filter(|task| task.name().contains(text)).collect();
        table::print_runs(&bench, &tasks);
        return ExitCode::SUCCESS;
    }
    table::print_runs(&bench, &Task::ALL);
    println!();
    reading::print(&bench);
    println!();
    table::print_moments(&bench);
    println!();
    handlers::print(&bench);
    ExitCode::SUCCESS
}
