//! What was measured on what.

use crate::tools::{RUNS_OF_ONE_RECORD, TUNING};
use std::fs;
use std::process::{Command, Stdio};
use std::thread;

/// One line about the machine, the versions and the data.
pub fn line(records: usize, runs: usize) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kcat = first_match(&said("kcat", &["-V"]), "Version ").unwrap_or_else(|| "not there".to_owned());
    let model = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let kilobytes: u64 = first_match(&text, "MemTotal:")?.parse().ok()?;
        Some(format!(", {} GB of memory", kilobytes.div_ceil(1_000_000)))
    });
    format!(
        "{}: {cores} cores ({}){}, {}, Apache Kafka {} on the same machine; kcons {}, kcat {kcat}. \
         {records} records of about 125 bytes of JSON with keys, uncompressed; output to /dev/null; \
         best of {runs} runs ({} of one record), tools in turn; \"kcat, tuned\" is kcat with `{}`.",
        jiff::Zoned::now().date(),
        model.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        memory.unwrap_or_default(),
        std::env::consts::OS,
        crate::support::KAFKA_VERSION,
        env!("CARGO_PKG_VERSION"),
        runs.max(RUNS_OF_ONE_RECORD),
        TUNING.join(" "),
    )
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    output.map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The word behind `before`, as in `Version 1.7.1 (JSON, …`.
fn first_match(text: &str, before: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_whitespace().next()?.to_owned())
}
