//! Tables side by side: those of kcons, and those of Kafka's own tools.

use std::collections::BTreeSet;

use crate::support::Outcome;
use crate::support::kafka::kafka;
use crate::support::run::Kcons;

/// A row as its cells.
pub type Row = Vec<String>;

/// A command on the shared Kafka.
pub fn kcons(arguments: &[&str]) -> Kcons {
    Kcons::new(arguments).args(["--brokers", &kafka().brokers()])
}

pub fn cells(line: &str) -> Row {
    line.split_whitespace().map(str::to_owned).collect()
}

/// The rows below the head of a table, and below what may stand above that.
#[track_caller]
pub fn rows(outcome: &Outcome) -> Vec<Row> {
    let lines = outcome.lines();
    let start = lines.iter().rposition(String::is_empty).map_or(0, |blank| blank + 1);
    lines[start..].iter().skip(1).map(|line| cells(line)).collect()
}

/// The lines of a text that start with this name.
pub fn rows_of(text: &str, name: &str) -> BTreeSet<Row> {
    text.lines().map(cells).filter(|row| row.first().is_some_and(|first| first == name)).collect()
}
