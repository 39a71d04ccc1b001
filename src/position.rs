//! The grammar of POS: where in a partition to start or to stop.

use std::collections::BTreeMap;

/// A place in one partition, before it is resolved to an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    Beginning,
    End,
    /// This offset, at least 0.
    Offset(i64),
    /// That many offsets before the end, at most to the beginning.
    BeforeEnd(i64),
    /// That many offsets after the beginning; in `--to` after where the run starts.
    After(i64),
    /// The first record at or after this time, in milliseconds since 1970.
    Time(i64),
}

/// Where to start or stop in the partitions of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Positions {
    All(Position),
    /// Partition to position; the others as if the option were absent.
    Some(BTreeMap<i32, Position>),
}
