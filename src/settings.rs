//! What a run is to do, resolved before anything is connected: from arguments, environment, files and terminal.

mod options;
pub mod profile;
mod properties;
#[cfg(test)]
pub mod testing;

use crate::position::Clock;
use known::KnownProperties;

pub use options::admin::{connection_before_the_run, is_for_members};
pub use options::consume::Consume;
pub use options::delete::Delete;
pub use options::demo::{DEMO_TOPIC, Demo, unsupported as unsupported_by_demo};
pub use options::filter::{FilterFailure, ResultSettings, Selection};
pub use options::group::Mode;
#[cfg(test)]
pub use options::group::start;
pub use options::handler::{Backoff, Exec, FailurePolicy, Handler, HandlerSettings, StoreChoice};
pub use options::inspection::TopicInspection;
pub use options::lag::{GroupInspection, Lag, LagOutput};
pub use options::lists::{GroupList, TopicList};
pub use options::output::{Format, LineSettings, OutputSettings, Pretty, Screen, TemplateSettings};
pub use options::reset::{Reset, ResetScope, ResetTarget};
pub use options::rules::refused_by_demo;
pub use options::talk::{TalkSettings, has_color};
pub use options::template::{Field, Shape, Template, TemplatePart, TimeShape};
pub use options::topics::TopicSelector;
pub use properties::connection::Connection;
pub use properties::values::Value;
pub use properties::{known, offered, print};

/// The environment in which kcons was started: its variables and its terminal.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// Looks a variable up.
    pub variables: &'a dyn Fn(&str) -> Option<String>,
    pub is_stdout_terminal: bool,
}

impl Environment<'_> {
    /// The value of a variable; an empty one counts as absent.
    fn variable(&self, name: &str) -> Option<String> {
        (self.variables)(name).filter(|value| !value.is_empty())
    }
}

/// What settings depend on besides the arguments, read once by the caller.
pub struct Surroundings<'a> {
    pub environment: Environment<'a>,
    pub clock: Clock,
    pub known: &'a KnownProperties,
    /// Asks librdkafka whether a property takes a value; what it says if it does not.
    pub check: &'a dyn Fn(&str, &str) -> Result<(), String>,
}
