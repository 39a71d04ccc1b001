//! What was settled before anything is connected: arguments, environment, files and terminal.

mod options;
pub mod profile;
mod properties;
#[cfg(test)]
pub mod testing;

use crate::position::Clock;
use known::KnownProperties;

pub use options::admin::{Aim, Delete, Lag, Names, Reset, Scope};
pub use options::consume::Consume;
pub use options::demo::{DEMO_TOPIC, Demo};
pub use options::filter::FilterFailure;
pub use options::group::Mode;
pub use options::handler::{Backoff, Exec, Handler, Handling, OnFailure, StoreChoice};
pub use options::output::{Format, Output, Pretty};
pub use options::talk::{Talk, has_color};
pub use options::topics::TopicSelector;
pub use properties::connection::Connection;
pub use properties::values::Value;
pub use properties::{known, print};

/// The process as it was started: its environment and its terminal.
#[derive(Clone, Copy)]
pub struct Process<'a> {
    /// Looks a variable of the environment up.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    pub is_stdout_terminal: bool,
}

impl Process<'_> {
    /// A variable of the environment; an empty one counts as absent.
    fn variable(&self, name: &str) -> Option<String> {
        (self.environment)(name).filter(|value| !value.is_empty())
    }
}

/// The world around the arguments, read once by the caller.
pub struct Surroundings<'a> {
    /// Looks a variable of the environment up.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    pub is_stdout_terminal: bool,
    pub is_stderr_terminal: bool,
    pub clock: Clock,
    pub known: &'a KnownProperties,
    /// Asks the library whether a property takes a value; its own words if not.
    pub check: &'a dyn Fn(&str, &str) -> Result<(), String>,
}

impl Surroundings<'_> {
    /// A variable of the environment; an empty one counts as absent.
    fn variable(&self, name: &str) -> Option<String> {
        self.process().variable(name)
    }

    /// What was known before the properties were: the environment and the terminal.
    fn process(&self) -> Process<'_> {
        Process { environment: self.environment, is_stdout_terminal: self.is_stdout_terminal }
    }
}
