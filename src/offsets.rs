//! Which offset of a partition is safe to commit, and when it is due. Pure: time is passed in.

pub mod schedule;
pub mod tracker;

pub use schedule::Schedule;
pub use tracker::{Claim, Tracker};
