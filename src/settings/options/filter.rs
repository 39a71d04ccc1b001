//! Resolves which records are kept (`--key`, `--grep`, `--filter`), what `--jq` makes of them, and what happens to a
//! record on which a program fails.

use super::given::GivenOptions;
use super::group::Mode;
use crate::cli::{OnFailure, ReadingOptions};
use crate::error::Failure;
use crate::jq::{self, Program};
use crate::settings::{Format, OutputSettings, Screen};

/// What is printed of each record: what a program yields for it.
#[derive(Clone, Debug)]
pub struct ResultSettings {
    pub program: Program,
    /// Whether strings are printed without quotes.
    pub is_raw: bool,
    pub screen: Screen,
}

/// What happens to a record on which `--filter` or `--jq` fails.
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
    let Some(text) = &reading.selection.filter else { return Ok(None) };
    let program = compile("--filter", text)?;
    match jq::assignment(text) {
        Some(operator) => Err(invalid("--filter", text)
            .caused_by(format!("`{operator}` assigns, and the result is true for every record"))
            .hint("`==` compares")),
        None => Ok(Some(program)),
    }
}

/// Compiles the expression of `--jq`, if there is one. Its results look as JSON output does.
pub fn results(reading: &ReadingOptions, output: &OutputSettings) -> Result<Option<ResultSettings>, Failure> {
    let Some(text) = &reading.results.jq else { return Ok(None) };
    let screen = match &output.format {
        Format::Json(screen) => *screen,
        Format::Pretty(_) | Format::Line(_) | Format::Raw { .. } | Format::Template(_) => Screen::default(),
    };
    Ok(Some(ResultSettings { program: compile("--jq", text)?, is_raw: reading.results.raw_output, screen }))
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
        .map_err(|error| Failure { hint: error.hint, ..invalid(option, text).caused_by(error.words) })
}

fn invalid(option: &str, text: &str) -> Failure {
    Failure::usage(format!("invalid value `{text}` for `{option}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(filter: &str) -> Failure {
        let mut reading = ReadingOptions::default();
        reading.selection.filter = Some(filter.to_owned());
        resolve(&reading).expect_err(filter)
    }

    #[test]
    fn a_filter_that_assigns_is_refused() {
        let failure = refused(".value.id = 5");
        assert_eq!(failure.message, "invalid value `.value.id = 5` for `--filter`");
        assert_eq!(failure.causes, ["`=` assigns, and the result is true for every record"]);
        assert_eq!(failure.hint.as_deref(), Some("`==` compares"));
        assert!(compile("--jq", ".value.id = 5").is_ok(), "another record may be wanted");
    }

    #[test]
    fn what_a_program_most_likely_means_is_a_hint() {
        let failure = refused(".value.name == 'x'");
        assert_eq!(failure.causes, ["unexpected `'x'` at character 16"]);
        assert_eq!(failure.hint.as_deref(), Some("a string has double quotes: `\"x\"`"));
    }
}
