//! What the tests of settings share: the table of this build and a world that stands still.

use super::Surroundings;
use super::known::KnownProperties;
use crate::position::Clock;
use jiff::tz::TimeZone;
use std::sync::LazyLock;

static KNOWN: LazyLock<KnownProperties> =
    LazyLock::new(|| crate::kafka::properties::known().expect("memory for the table"));

type Environment = Box<dyn Fn(&str) -> Option<String>>;

/// No terminals, and only these variables.
pub struct World {
    pub environment: Environment,
}

impl World {
    pub fn new(variables: &[(&'static str, &str)]) -> World {
        let variables: Vec<(&str, String)> =
            variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let environment = move |wanted: &str| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone())
        };
        World { environment: Box::new(environment) }
    }

    pub fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            environment: &*self.environment,
            is_stdout_terminal: false,
            is_stderr_terminal: false,
            clock: Clock { now: "2026-11-23T09:00:00Z".parse().expect("a time"), zone: || TimeZone::UTC },
            known: &KNOWN,
            check: &crate::kafka::properties::check,
        }
    }
}
