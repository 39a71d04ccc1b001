//! Resolves which records are kept: `--key`, `--grep` and `--filter`, and what happens to a record on which that fails.

use super::given::GivenOptions;
use super::group::Mode;
use crate::cli::{OnFailure, ReadingOptions};
use crate::error::Failure;
use crate::jq::Program;

/// What happens to a record on which `--filter` fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilterFailure {
    /// The record is skipped with a warning; the run goes on and ends with exit code 5.
    Remembered,
    /// The run ends at the record (exit code 5), which is not committed.
    Stop,
    /// The record is skipped with a warning.
    Skip,
}

/// The bytes that records must have to be kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// The whole key.
    pub key: Option<Vec<u8>>,
    /// What the key, the value or the value of a header has in it; not empty.
    pub text: Option<Vec<u8>>,
}

/// Resolves `--key` and `--grep`.
pub fn selection(reading: &ReadingOptions) -> Result<Selection, Failure> {
    if reading.selection.grep.as_ref().is_some_and(String::is_empty) {
        return Err(Failure::usage("`--grep` must not be empty"));
    }
    let bytes = |text: &String| text.clone().into_bytes();
    Ok(Selection {
        key: reading.selection.key.as_ref().map(bytes),
        text: reading.selection.grep.as_ref().map(bytes),
    })
}

/// Compiles the expression of `--filter`, if there is one.
pub fn resolve(reading: &ReadingOptions) -> Result<Option<Program>, Failure> {
    reading.selection.filter.as_ref().map(|text| compile("--filter", text)).transpose()
}

/// Decides what happens to a record on which the filter fails.
pub fn failure(given: &GivenOptions<'_>, mode: &Mode) -> FilterFailure {
    if given.handler().is_some() {
        // Not used: the failure policy of the handler decides.
        return FilterFailure::Stop;
    }
    match (given.on_failure(), mode) {
        (Some(OnFailure::Skip), _) => FilterFailure::Skip,
        (Some(OnFailure::Stop | OnFailure::DeadLetter), _) => FilterFailure::Stop,
        (None, Mode::Standalone(_)) if !given.reading.decoding.strict => FilterFailure::Remembered,
        (None, Mode::Standalone(_) | Mode::Group(_)) => FilterFailure::Stop,
    }
}

/// Compiles the jq expression of an option.
pub fn compile(option: &str, text: &str) -> Result<Program, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::usage(format!("`{option}` must not be empty")));
    }
    Program::compile(text)
        .map_err(|words| Failure::usage(format!("invalid value `{text}` for `{option}`")).caused_by(words))
}
