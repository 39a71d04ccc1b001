//! Whether the cluster answers: what is a failure at the start and passes by itself later, and the words for it.
//! Pure, but for `local`.

pub mod explain;
mod local;
mod state;
pub mod unknown;

pub use explain::FailureText;
pub use state::{Reachability, Verdict};
