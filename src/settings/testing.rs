//! What the tests of settings share: the table of this build and a world that stands still.

use super::known::KnownProperties;
use super::{Environment, Surroundings};
use crate::position::Clock;
use jiff::tz::TimeZone;
use std::sync::LazyLock;

static KNOWN: LazyLock<KnownProperties> =
    LazyLock::new(|| crate::kafka::properties::known().expect("memory for the table"));

type Variables = Box<dyn Fn(&str) -> Option<String>>;

/// No terminals, and only these variables.
pub struct TestWorld {
    pub variables: Variables,
}

impl TestWorld {
    pub fn new(variables: &[(&'static str, &str)]) -> TestWorld {
        let variables: Vec<(&str, String)> =
            variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let environment = move |wanted: &str| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.clone())
        };
        TestWorld { variables: Box::new(environment) }
    }

    pub fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            environment: Environment { variables: &*self.variables, is_stdout_terminal: false },
            is_stderr_terminal: false,
            clock: Clock { now: "2026-11-23T09:00:00Z".parse().expect("a time"), zone: || TimeZone::UTC },
            known: &KNOWN,
            check: &crate::kafka::properties::check,
        }
    }
}
