//! What goes into a delivery, and what it answers.

use super::Checked;
use crate::commits::AssignmentId;
use crate::error::Failure;
use crate::record::TopicPartition;
use crate::talk::Notice;

/// Where a record is from.
#[derive(Clone, Copy, Debug)]
pub struct PartitionPlace<'a> {
    pub id: AssignmentId,
    pub partition: &'a TopicPartition,
}

/// What is decided about a record before it is taken.
pub enum Decision {
    /// It may be taken, with what is known of it.
    Known(Option<Checked>),
    /// Nobody wants it.
    LeftOut,
    /// Not known yet: the record stays where it is, and a ring tells when to ask again.
    Waiting,
    /// jq has to look at it, and at those behind it: `Delivery::hand_over`.
    NeedsJq,
}

/// Which records have their headers read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderUse {
    None,
    /// Those that are not left out.
    Kept,
    All,
}

/// What became of a record that was submitted.
#[derive(Debug)]
pub struct Submitted {
    pub fate: Fate,
    pub notices: Vec<Notice>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The record is on its way; `Progress::settled` tells when it is processed.
    Taken,
    /// The record is on its way, and the run ends with it: `-n` is reached.
    Last,
    /// The record is in hand and cannot be decoded yet: `Delivery::take_ready` gives it back when it can.
    Waiting,
    /// A copy of the record is kept: `Delivery::take_ready` gives it if it is among the newest.
    Kept,
    /// Nobody wants the record: it counts as processed.
    LeftOut,
}

/// The run ends with a record.
#[derive(Debug)]
pub struct Ended {
    pub notices: Vec<Notice>,
    pub failure: Failure,
}

/// Records that are processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// One record, in any order. Duplicates are not counted.
    Record { id: AssignmentId, offset: i64, is_counted: bool },
    /// All records of a partition below this offset.
    Before { id: AssignmentId, next: i64 },
}

/// What has happened to records since somebody last asked.
#[derive(Debug, Default)]
pub struct Progress {
    pub settled: Vec<Settled>,
    pub notices: Vec<Notice>,
    /// The run ends with this.
    pub failure: Option<Failure>,
    /// Nothing more can be written to stdout.
    pub is_unwritable: bool,
}
