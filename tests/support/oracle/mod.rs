//! The delivery guarantee, checked: histories of tests are collected, and judged.

mod collect;
mod judge;
mod log;
mod recorder;
mod sampler;

pub use judge::{Event, EventKind, History, Mark, Note, Oracle, Partition, Printed, Run, Sample};
pub use judge::{commits_are_of_printed, commits_go_forward, nothing_lags, watermarks_go_forward};
pub use judge::{everything_is_printed, nothing_is_repeated, only_owned_partitions, order_is_kept};
pub use judge::{lanes_are_kept, only_owned_starts};
pub use log::log_violations;
pub use recorder::Recorder;
pub use sampler::Sampler;
