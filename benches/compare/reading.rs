//! What is picked out of records, compared with the same by a pipe into jq; and records that schemas describe.

use crate::encoded;
use crate::measure::{self, Cost};
use crate::table::{count_lines, thousands};
use crate::tools::Bench;
use std::process::Command;

/// One row: options of kcons, and how jq would do the same.
struct Reading {
    options: &'static [&'static str],
    /// What kcons prints then, and what jq does with it.
    piped: Option<[&'static str; 2]>,
}

const READINGS: [Reading; 8] = [
    Reading { options: &["-o", "raw"], piped: None },
    Reading { options: &["--key", "task-0000777", "-o", "raw"], piped: None },
    Reading { options: &["--grep", "0777777", "-o", "raw"], piped: None },
    Reading {
        options: &["--filter", ".value.priority == 3", "-o", "raw"],
        piped: Some(["raw", "-c 'select(.priority == 3)'"]),
    },
    Reading {
        options: &["--filter", ".value.owner == \"user7\"", "-o", "raw"],
        piped: Some(["raw", "-c 'select(.owner == \"user7\")'"]),
    },
    Reading {
        options: &["--filter", ".value.title | test(\"7777\")", "-o", "raw"],
        piped: Some(["raw", "-c 'select(.title | test(\"7777\"))'"]),
    },
    Reading { options: &["--jq", ".value.title", "-r"], piped: Some(["json", "-r .value.title"]) },
    Reading {
        options: &["--jq", "{id: .value.id, p: .value.priority}"],
        piped: Some(["json", "-c '{id: .value.id, p: .value.priority}'"]),
    },
];

/// Prints the rows.
pub fn print(bench: &Bench<'_>) {
    println!("| kcons | seconds | records/s | peak memory | seconds with jq | times as fast |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for reading in &READINGS {
        let topic = &bench.topics.one_partition;
        let ours = || with(bench, topic, reading.options);
        let theirs = || reading.piped.map(|[format, jq]| through_jq(bench, format, jq));
        let mut best: Option<(Cost, Option<Cost>)> = None;
        if let Some(mut theirs) = theirs() {
            assert_eq!(count_lines(&mut ours()), count_lines(&mut theirs), "{:?}", reading.options);
        }
        for _ in 0..bench.runs {
            let cost = (measure::run(&ours()), theirs().map(|command| measure::run(&command)));
            best = Some(match best {
                None => cost,
                Some((a, b)) => (a.best(cost.0), b.zip(cost.1).map(|(b, other)| b.best(other))),
            });
        }
        let Some((ours, theirs)) = best else { continue };
        row(bench, &words(reading.options), ours, theirs);
    }
    for format in encoded::ALL {
        let options = format.options();
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let command = || with(bench, format.topic, &options);
        assert_eq!(count_lines(&mut command()), bench.topics.records, "{}", format.name);
        let best = (0..bench.runs).map(|_| measure::run(&command())).reduce(Cost::best);
        let Some(best) = best else { continue };
        row(bench, &format!("{} of 10 fields to JSON", format.name), best, None);
    }
}

fn row(bench: &Bench<'_>, name: &str, ours: Cost, theirs: Option<Cost>) {
    let seconds = ours.time.as_secs_f64();
    let rate = thousands((bench.topics.records as f64 / seconds) as u64);
    let memory = ours.memory.div_ceil(1_000_000);
    let compared = theirs.map_or_else(
        || " | ".to_owned(),
        |theirs| {
            let theirs = theirs.time.as_secs_f64();
            format!("{theirs:.2} | {:.1}", theirs / seconds)
        },
    );
    println!("| {name} | {seconds:.2} | {rate} | {memory} MB | {compared} |");
}

/// The options as they are typed, in a cell of a table.
fn words(options: &[&str]) -> String {
    let quoted = options.iter().map(|word| match word.contains([' ', '"']) {
        true => format!("'{word}'"),
        false => (*word).to_owned(),
    });
    format!("`{}`", quoted.collect::<Vec<_>>().join(" ").replace('|', "\\|"))
}

fn with(bench: &Bench<'_>, topic: &str, options: &[&str]) -> Command {
    let mut command = bench.kcons(topic, None);
    command.args(["-e", "-q"]).args(options);
    command
}

fn through_jq(bench: &Bench<'_>, format: &str, jq: &str) -> Command {
    let kcons = with(bench, &bench.topics.one_partition, &["-o", format]);
    let words: Vec<_> = [kcons.get_program()].into_iter().chain(kcons.get_args()).collect();
    let kcons: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{} | jq {jq}", kcons.join(" ")));
    command
}
