//! Settles `--filter`, and what becomes of a record on which it fails.

use super::group::Mode;
use crate::cli::{OnFailure, Reading};
use crate::error::Failure;
use crate::jq::Program;

/// What becomes of a record on which `--filter` fails, where records are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterFailure {
    /// A warning; the run goes on and ends with exit code 5.
    Remembered,
    /// The run ends there (exit code 5), the record uncommitted.
    Stop,
    /// A warning.
    Skip,
}

/// Compiles the filter, if there is one.
///
/// # Errors
/// An expression that is none.
pub fn settle(reading: &Reading) -> Result<Option<Program>, Failure> {
    reading.filter.as_ref().map(|text| compile("--filter", text)).transpose()
}

/// What becomes of a record on which the filter fails, where records are printed.
///
/// # Errors
/// A policy for failed records where no record can fail.
pub fn failure(reading: &Reading, mode: &Mode) -> Result<FilterFailure, Failure> {
    let Some(policy) = reading.handling.on_failure else {
        return Ok(match mode {
            Mode::Standalone(_) if !reading.strict => FilterFailure::Remembered,
            Mode::Standalone(_) | Mode::Group(_) => FilterFailure::Stop,
        });
    };
    match policy {
        OnFailure::DeadLetter => Err(needs_handler("--on-failure dead-letter")),
        OnFailure::Stop | OnFailure::Skip if reading.filter.is_none() => {
            Err(Failure::usage("`--on-failure` needs a handler or `--filter`")
                .hint("`--exec CMD` runs a command for each record"))
        }
        OnFailure::Skip if reading.strict => {
            Err(Failure::usage("`--on-failure skip` cannot be used with `--strict`"))
        }
        OnFailure::Skip => Ok(FilterFailure::Skip),
        OnFailure::Stop => Ok(FilterFailure::Stop),
    }
}

/// Compiles an expression.
///
/// # Errors
/// What is wrong with it.
pub fn compile(option: &str, text: &str) -> Result<Program, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::usage(format!("`{option}` must not be empty")));
    }
    Program::compile(text)
        .map_err(|words| Failure::usage(format!("invalid value `{text}` for `{option}`")).caused_by(words))
}

/// An option of handlers where there is none.
pub fn needs_handler(option: &str) -> Failure {
    Failure::usage(format!("`{option}` needs a handler"))
        .caused_by("records are printed, not handled")
        .hint("`--exec CMD` runs a command for each record; others are `--worker`, `--forward` and `-- CMD`")
}
