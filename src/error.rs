//! What a run can fail with: the kind decides the exit code, the report has one form.

use std::fmt;
use std::io;

/// Why a run ended early. Each kind has one exit code (the table in docs/reference.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Failed while running: stdout, an offset outside the log, an unconfirmed final commit.
    Run,
    /// Wrong usage: bad arguments, properties or files.
    Usage,
    /// No broker could be reached, or it refused us.
    Connection,
    /// The topic, partition or group does not exist.
    Missing,
    /// A record could not be processed or decoded and the policy is to stop.
    Record,
    /// A group is further behind than `--max-lag` allows.
    Lag,
    /// The number of records is not what `--expect` says.
    Expectation,
}

impl Kind {
    /// The exit code that scripts see.
    pub fn exit_code(self) -> u8 {
        match self {
            Kind::Run => 1,
            Kind::Usage => 2,
            Kind::Connection => 3,
            Kind::Missing => 4,
            Kind::Record => 5,
            Kind::Lag => 6,
            Kind::Expectation => 7,
        }
    }
}

/// A failure as it is told to a person: what failed, why, and what to do.
///
/// `message` and `causes` are lower case without a full stop, values in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: Kind,
    pub message: String,
    pub causes: Vec<String>,
    pub hint: Option<String>,
    /// What the hint announces, an item a line.
    pub list: Vec<&'static str>,
    /// A failure that was said as a warning when it happened: only the exit code is left.
    pub is_told: bool,
}

impl Failure {
    pub fn new(kind: Kind, message: impl Into<String>) -> Failure {
        let (message, causes, list) = (message.into(), Vec::new(), Vec::new());
        Failure { kind, message, causes, hint: None, list, is_told: false }
    }

    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Usage, message)
    }

    /// A failure of the run that was told as a warning already.
    pub fn already_told(message: impl Into<String>) -> Failure {
        Failure { is_told: true, ..Failure::new(Kind::Run, message) }
    }

    /// Adds what lies under the failure; an empty text adds nothing.
    pub fn caused_by(mut self, cause: impl Into<String>) -> Failure {
        let cause = cause.into();
        if !cause.is_empty() {
            self.causes.push(cause);
        }
        self
    }

    /// Adds something to type or to check.
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }

    /// The message and its causes on one line, for a warning.
    pub fn line(&self) -> String {
        let parts: Vec<&str> =
            std::iter::once(&self.message).chain(&self.causes).map(String::as_str).collect();
        parts.join(": ")
    }

    /// Adds what the hint announces.
    pub fn list(mut self, items: impl IntoIterator<Item = &'static str>) -> Failure {
        self.list.extend(items);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// The system's own words for an I/O error, without Rust's `(os error N)`.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_fits_on_one_line() {
        let failure = Failure::usage("cannot read `f`").caused_by("it is a folder");
        assert_eq!(failure.line(), "cannot read `f`: it is a folder");
        assert_eq!(Failure::usage("`x` is unknown").line(), "`x` is unknown");
    }

    #[test]
    fn a_reason_is_the_systems_words_alone() {
        assert_eq!(reason(&io::Error::from_raw_os_error(28)), "No space left on device");
        assert_eq!(reason(&io::Error::other("own words")), "own words");
    }
}
