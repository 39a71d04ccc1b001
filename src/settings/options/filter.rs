//! Resolves `--filter`, and what becomes of a record on which it fails.

use super::given::GivenOptions;
use super::group::Mode;
use crate::cli::{OnFailure, ReadingOptions};
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
pub fn resolve(reading: &ReadingOptions) -> Result<Option<Program>, Failure> {
    reading.filter.as_ref().map(|text| compile("--filter", text)).transpose()
}

/// What becomes of a record on which the filter fails.
pub fn failure(given: &GivenOptions<'_>, mode: &Mode) -> FilterFailure {
    if given.handler().is_some() {
        // The policy of the handler decides.
        return FilterFailure::Stop;
    }
    match (given.on_failure(), mode) {
        (Some(OnFailure::Skip), _) => FilterFailure::Skip,
        (Some(OnFailure::Stop | OnFailure::DeadLetter), _) => FilterFailure::Stop,
        (None, Mode::Standalone(_)) if !given.reading.strict => FilterFailure::Remembered,
        (None, Mode::Standalone(_) | Mode::Group(_)) => FilterFailure::Stop,
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
