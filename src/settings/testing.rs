//! What tests of settings share: the properties of this build, and surroundings that do not change.

use super::known::KnownProperties;
use super::{Consume, Environment, Surroundings};
use crate::cli::{Arguments, Command};
use crate::error::Failure;
use crate::position::Clock;
use clap::Parser;
use jiff::tz::TimeZone;
use std::sync::LazyLock;

static KNOWN: LazyLock<KnownProperties> =
    LazyLock::new(|| crate::kafka::properties::known().expect("memory for the table"));

type VariableLookup = Box<dyn Fn(&str) -> Option<String>>;

/// Surroundings with the given variables, without terminals, at a fixed time.
pub struct TestWorld {
    pub variables: VariableLookup,
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
            clock: Clock { now: "2026-11-23T09:00:00Z".parse().expect("a time"), zone: || TimeZone::UTC },
            known: &KNOWN,
            check: &crate::kafka::properties::check,
        }
    }

    /// Resolves `kcons consume` and these words.
    ///
    /// # Errors
    /// They make no sense.
    pub fn consume(&self, words: &str) -> Result<Consume, Failure> {
        let words = ["kcons", "consume"].into_iter().chain(words.split_whitespace());
        let arguments = Arguments::try_parse_from(words).expect("words that the declaration takes");
        let Command::Consume(consume) = arguments.command else { panic!("consume was typed") };
        Consume::resolve(&consume, &arguments.connection, &self.surroundings())
    }
}
