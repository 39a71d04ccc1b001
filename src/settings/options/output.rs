//! Resolves what is written to stdout, and in which format.

mod token_names;

use super::decoding;
use super::escapes::escapes;
use super::given::GivenOptions;
use super::talk::has_color;
use super::template::Template;
use crate::cli::{ColorChoice, OutputFormat, ReadingOptions};
use crate::decode::DataFormats;
use crate::error::Failure;
use crate::jq;
use crate::settings::Surroundings;
use clap::ValueEnum;

/// What is written to stdout, or given to handlers as decoded records.
#[derive(Clone, Debug)]
pub struct OutputSettings {
    pub format: Format,
    pub formats: DataFormats,
    /// Whether the run ends at a record that cannot be decoded.
    pub is_strict: bool,
    /// Whether details are told (`-v`).
    pub is_verbose: bool,
    /// Whether `Subscribed to …`, `Reached end of …` and the like are printed on stderr.
    pub says_progress: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    Pretty(Pretty),
    Line(LineSettings),
    Json(Screen),
    Raw {
        delimiter: Vec<u8>,
        /// Whether stdout is a terminal: characters that would control it are escaped.
        is_terminal: bool,
    },
    Template(TemplateSettings),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSettings {
    pub template: Template,
    /// What stands for a key or a value that is null.
    pub null: Vec<u8>,
    /// Whether stdout is a terminal: characters of records that would control it are escaped.
    pub is_terminal: bool,
}

/// What stdout is to those who look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// Whether stdout is a terminal: characters that would control it are escaped.
    pub is_terminal: bool,
    pub has_color: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pretty {
    /// What a record is called; `None` stands for a word of its topic.
    pub label: Option<String>,
    /// Where the title is in a value.
    pub title: jq::Path,
    /// The field or path that was asked for as the title.
    pub title_field: Option<String>,
    /// Whether a line `  Topic: …` follows the key.
    pub has_topic: bool,
    /// Whether timestamp and headers are printed too (`-v`).
    pub is_verbose: bool,
    pub screen: Screen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSettings {
    /// Whether the place of a record names its topic.
    pub has_topic: bool,
    pub screen: Screen,
}

/// Resolves the output; `has_topic` says whether it names the topic of each record. With a handler, it is the JSON
/// that the handler gets.
pub fn resolve(
    given: &GivenOptions<'_>,
    has_topic: bool,
    surroundings: &Surroundings<'_>,
) -> Result<OutputSettings, Failure> {
    let GivenOptions { reading, connection, .. } = given;
    let is_terminal = surroundings.environment.is_stdout_terminal;
    let choice = connection.color.unwrap_or_default();
    let has_color = has_color(choice, is_terminal, surroundings.environment.variables);
    let screen = Screen { is_terminal, has_color };
    let format = match given.format() {
        None => Format::Template(TemplateSettings {
            template: template(reading)?,
            null: reading.null.clone().unwrap_or_default().into_bytes(),
            is_terminal,
        }),
        Some(OutputFormat::Pretty) => Format::Pretty(Pretty {
            label: named("--label", reading.label.as_ref())?,
            title: title(reading)?,
            title_field: reading.title_field.clone(),
            has_topic,
            is_verbose: connection.verbose > 0,
            screen,
        }),
        Some(OutputFormat::Line) => Format::Line(LineSettings { has_topic, screen }),
        Some(OutputFormat::Raw) => Format::Raw { delimiter: delimiter(reading)?, is_terminal },
        // Handlers get their records through a pipe.
        Some(OutputFormat::Json | OutputFormat::Auto) if given.handler().is_some() => {
            Format::Json(Screen::default())
        }
        // A variable that is set for all programs does not color what the next one in a pipe parses.
        Some(OutputFormat::Json | OutputFormat::Auto) => Format::Json(Screen {
            has_color: has_color && (is_terminal || choice == ColorChoice::Always),
            ..screen
        }),
    };
    let is_for_people = matches!(format, Format::Pretty(_) | Format::Line(_));
    Ok(OutputSettings {
        formats: decoding::resolve(&reading.decoding)?,
        is_strict: reading.decoding.strict,
        is_verbose: !connection.quiet && connection.verbose > 0,
        says_progress: !connection.quiet && (is_for_people || connection.verbose > 0),
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

/// Where the title is in a value: a field by its name, or a path of jq.
fn title(reading: &ReadingOptions) -> Result<jq::Path, Failure> {
    let Some(field) = named("--title-field", reading.title_field.as_ref())? else {
        return Ok(jq::Path::to_field("title"));
    };
    if !field.starts_with('.') {
        return Ok(jq::Path::to_field(&field));
    }
    jq::Path::parse(&field).map_err(|cause| {
        Failure::usage(format!("invalid value `{field}` for `--title-field`"))
            .caused_by(cause)
            .hint("a path names one place, as in `.customer.name` or `.items[0].sku`")
    })
}

fn delimiter(reading: &ReadingOptions) -> Result<Vec<u8>, Failure> {
    let Some(text) = &reading.delimiter else { return Ok(b"\n".to_vec()) };
    escapes(text).map_err(|mistake| {
        Failure::usage(format!("invalid value `{text}` for `--delimiter`"))
            .caused_by(mistake.to_string())
            .hint(ESCAPES)
    })
}

fn template(reading: &ReadingOptions) -> Result<Template, Failure> {
    let text = reading.format.as_deref().unwrap_or_default();
    let refused = || Failure::usage(format!("invalid value `{text}` for `--format`"));
    if let Ok(format) = OutputFormat::from_str(text, false) {
        let name = format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        return Err(refused()
            .caused_by("a template without tokens prints the same for every record")
            .hint(format!("the format is `--output {name}`")));
    }
    Template::parse(text).map_err(|mistake| {
        let failure = refused().caused_by(mistake.to_string());
        match token_names::meant(&mistake.token) {
            Some(meant) => failure.hint(meant),
            None if mistake.token.starts_with('%') => failure.hint(TOKENS),
            None => failure.hint(ESCAPES),
        }
    })
}

const TOKENS: &str = "tokens are %s value, %k key, %t topic, %p partition, %o offset, %T timestamp, %h headers, \
                      %S %K %R lengths, %% a percent sign, and names in braces; see `kcons help consume`";
const ESCAPES: &str = r"escapes are \n \t \r \\ \0 \xHH (hexadecimal) \NNN (decimal, octal with a leading 0)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_template_is_said_with_its_place() {
        for (text, cause, hint) in [
            ("%s%z", "`%z` at character 3 is not a token", "tokens are %s value"),
            ("%s%{valeu}", "`%{valeu}` at character 3 is not a token", "did you mean `%{value}`?"),
            ("%{header:}\\n", "`%{header:}` at character 1 names no header", "`%{header:NAME}`"),
            (r"%s\999", r"`\999` at character 3 is more than a byte holds", r"escapes are \n"),
            ("raw", "a template without tokens prints the same for every record", "`--output raw`"),
            ("auto", "a template without tokens prints the same for every record", "`--output auto`"),
        ] {
            let reading = ReadingOptions { format: Some(text.to_owned()), ..ReadingOptions::default() };
            let failure = template(&reading).expect_err(text);
            assert_eq!(failure.message, format!("invalid value `{text}` for `--format`"));
            assert_eq!(failure.causes, [cause]);
            assert!(failure.hint.expect("a hint").contains(hint), "{text}");
        }
    }
}
