//! Programs that process records: one process for each, or workers that stay.

mod attempt;
mod child;
mod environment;
mod exec;
mod lines;
mod pipes;
mod printed;
mod protocol;
#[cfg(test)]
mod testing;
mod worker;

pub use attempt::{Attempt, Done, FailureReason, HandlerContext, Outcome, Unrunnable};
pub use child::{Child, are_all_killed, kill_all, reap_orphans, withhold};
pub use exec::{ExecPool, check, what_to_check};
pub use lines::StderrLines;
pub use printed::Printed;
pub use worker::{WorkerPool, Workers};
