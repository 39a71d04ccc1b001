//! Resolves what is written to stdout, and in which format.

use super::escapes::escapes;
use super::given::GivenOptions;
use super::talk::has_color;
use crate::choices::DataFormat;
use crate::cli::{OutputFormat, ReadingOptions};
use crate::error::Failure;
use crate::settings::Surroundings;

/// What is written to stdout, or given to handlers as decoded records.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputSettings {
    pub format: Format,
    pub value_format: DataFormat,
    pub key_format: DataFormat,
    /// Whether the run ends at a record that cannot be decoded.
    pub is_strict: bool,
    /// Whether `Subscribed to …`, `Reached end of …` and the like are printed on stderr.
    pub says_progress: bool,
}

impl OutputSettings {
    /// Whether decoding can fail: some formats are those of every record.
    pub fn can_fail(&self) -> bool {
        [self.value_format, self.key_format].into_iter().any(|format| match format {
            DataFormat::Auto | DataFormat::Base64 | DataFormat::Hex => false,
            DataFormat::Json | DataFormat::Text => true,
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    Pretty(Pretty),
    Json {
        /// Whether stdout is a terminal: characters that would control it are escaped, which loses nothing in JSON.
        is_terminal: bool,
    },
    Raw {
        delimiter: Vec<u8>,
        /// Whether stdout is a terminal: characters that would control it are escaped.
        is_terminal: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pretty {
    /// What a record is called; `None` stands for the first word of its topic.
    pub label: Option<String>,
    pub title_field: String,
    /// Whether a line `  Topic: …` follows the key.
    pub has_topic: bool,
    /// Whether timestamp and headers are printed too (`-v`).
    pub is_verbose: bool,
    /// Whether stdout is a terminal: characters that would control it are escaped.
    pub is_terminal: bool,
    pub has_color: bool,
}

/// Resolves the output; `has_topic` says whether it names the topic of each record. With a handler, it is the JSON
/// that the handler gets.
pub fn resolve(
    given: &GivenOptions<'_>,
    has_topic: bool,
    surroundings: &Surroundings<'_>,
) -> Result<OutputSettings, Failure> {
    let GivenOptions { reading, connection, .. } = given;
    let format = match given.format() {
        OutputFormat::Pretty => Format::Pretty(Pretty {
            label: named("--label", reading.label.as_ref())?,
            title_field: named("--title-field", reading.title_field.as_ref())?.unwrap_or("title".to_owned()),
            has_topic,
            is_verbose: connection.verbose > 0,
            is_terminal: surroundings.environment.is_stdout_terminal,
            // Scripts rely on the documented bytes of records, on a terminal too: `auto` does not color them.
            has_color: has_color(
                connection.color.unwrap_or_default(),
                false,
                surroundings.environment.variables,
            ),
        }),
        OutputFormat::Raw => Format::Raw {
            delimiter: delimiter(reading)?,
            is_terminal: surroundings.environment.is_stdout_terminal,
        },
        // Handlers get their records through a pipe.
        OutputFormat::Json | OutputFormat::Auto => Format::Json {
            is_terminal: surroundings.environment.is_stdout_terminal && given.handler().is_none(),
        },
    };
    let is_pretty = matches!(format, Format::Pretty(_));
    Ok(OutputSettings {
        value_format: reading.value_format.unwrap_or_default(),
        key_format: reading.key_format.unwrap_or_default(),
        is_strict: reading.strict,
        says_progress: !connection.quiet
            && (is_pretty || surroundings.is_stderr_terminal || connection.verbose > 0),
        format,
    })
}

fn named(option: &str, text: Option<&String>) -> Result<Option<String>, Failure> {
    match text {
        Some(text) if text.is_empty() => Err(Failure::usage(format!("`{option}` must not be empty"))),
        Some(text) => Ok(Some(text.clone())),
        None => Ok(None),
    }
}

fn delimiter(reading: &ReadingOptions) -> Result<Vec<u8>, Failure> {
    let Some(text) = &reading.delimiter else { return Ok(b"\n".to_vec()) };
    escapes(text).map_err(|cause| {
        Failure::usage(format!("invalid value `{text}` for `--delimiter`"))
            .caused_by(cause)
            .hint(r"escapes are \n \t \r \\ \0 \xHH (hexadecimal) \NNN (decimal, octal with a leading 0)")
    })
}
