//! Records as they are printed, with a file for each format. The caller writes the bytes.

pub mod cells;
mod color;
mod escape;
pub mod json;
mod line;
mod pretty;
mod projection;
mod raw;
mod results;
pub mod style;
pub mod styled_line;
pub mod table;
mod template;
mod text;
mod time;

use crate::decode::{Content, Decoders, Schemas, Undecodable};
use crate::record::Record;
use crate::settings::{Format, OutputSettings, Screen};
use cells::Width;
use color::JsonColors;
use jiff::tz::TimeZone;
use json::JsonRenderer;
use line::LineRenderer;
use pretty::PrettyRenderer;
use raw::RawRenderer;
use template::TemplateRenderer;

pub use projection::{Projection, ValueProjection};
pub use results::ResultsRenderer;

/// Renders the records of a run, one after the other.
#[derive(Debug)]
pub struct Renderer {
    format: FormatRenderer,
    decoders: Decoders,
}

/// The renderer of the format that was asked for.
#[derive(Debug)]
enum FormatRenderer {
    Json { renderer: JsonRenderer, screen: Option<JsonScreen> },
    Pretty(PrettyRenderer),
    Line(LineRenderer),
    Raw(RawRenderer),
    Template(TemplateRenderer),
}

/// What is done to envelopes for somebody who looks at them.
#[derive(Debug)]
struct JsonScreen {
    is_terminal: bool,
    colors: Option<JsonColors>,
}

impl JsonScreen {
    /// `None` for programs.
    fn new(screen: &Screen) -> Option<JsonScreen> {
        let Screen { is_terminal, has_color } = *screen;
        (is_terminal || has_color)
            .then(|| JsonScreen { is_terminal, colors: has_color.then(JsonColors::default) })
    }

    /// Rewrites the envelope that stands behind `start`.
    fn show(&mut self, start: usize, out: &mut Vec<u8>) {
        if self.is_terminal {
            crate::escape::json(start, out);
        }
        if let Some(colors) = &mut self.colors {
            colors.color(start, out);
        }
    }
}

impl Renderer {
    /// Makes the renderer of an output's format, whose decoders share `schemas` with all others of the run.
    pub fn new(output: &OutputSettings, schemas: &Schemas) -> Renderer {
        let format = match &output.format {
            Format::Json(screen) => {
                FormatRenderer::Json { renderer: JsonRenderer::default(), screen: JsonScreen::new(screen) }
            }
            Format::Pretty(pretty) => {
                // The zone is looked up only where times are printed, since that reads files.
                let zone = if pretty.is_verbose { TimeZone::system() } else { TimeZone::UTC };
                let width = Width::of_stdout(pretty.screen.is_terminal);
                FormatRenderer::Pretty(PrettyRenderer::new(pretty, zone, width))
            }
            Format::Line(line) => {
                let width = Width::of_stdout(line.screen.is_terminal);
                FormatRenderer::Line(LineRenderer::new(line, TimeZone::system(), width))
            }
            Format::Raw { delimiter, is_terminal } => {
                FormatRenderer::Raw(RawRenderer::new(delimiter, *is_terminal))
            }
            Format::Template(template) => FormatRenderer::Template(TemplateRenderer::new(template)),
        };
        Renderer { format, decoders: Decoders::new(&output.formats, schemas) }
    }

    /// Makes a renderer of JSON lines for programs, which decodes as the output does whatever its format.
    pub fn json(output: &OutputSettings, schemas: &Schemas) -> Renderer {
        let format = Format::Json(Screen::default());
        Renderer::new(&OutputSettings { format, ..output.clone() }, schemas)
    }

    /// Whether headers of records are looked at.
    pub fn reads_headers(&self) -> bool {
        let shows_headers = match &self.format {
            FormatRenderer::Json { .. } => true,
            FormatRenderer::Pretty(renderer) => renderer.shows_headers(),
            FormatRenderer::Template(renderer) => renderer.shows_headers(),
            FormatRenderer::Line(_) | FormatRenderer::Raw(_) => false,
        };
        shows_headers || self.decoders.read_headers()
    }

    /// The title that was asked for, if no record had it yet.
    pub fn missing_title(&self) -> Option<&str> {
        match &self.format {
            FormatRenderer::Pretty(renderer) => renderer.missing_title(),
            FormatRenderer::Json { .. }
            | FormatRenderer::Line(_)
            | FormatRenderer::Raw(_)
            | FormatRenderer::Template(_) => None,
        }
    }

    /// Appends the record as it is printed. It is complete even after an error.
    ///
    /// # Errors
    /// The key or the value is not in the format asked for, and was appended in its raw form.
    #[inline]
    pub fn render(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), Undecodable> {
        match &mut self.format {
            FormatRenderer::Json { renderer, screen } => {
                let start = out.len();
                let mut content = self.decoders.decode(record);
                renderer.render(record, &mut content, out);
                if let Some(screen) = screen {
                    screen.show(start, out);
                }
                content.outcome(record)
            }
            FormatRenderer::Pretty(renderer) => {
                let mut content = self.decoders.decode(record);
                renderer.render(record, &mut content, out);
                content.outcome(record)
            }
            FormatRenderer::Line(renderer) => {
                let content = self.decoders.decode(record);
                renderer.render(record, &content, out);
                content.outcome(record)
            }
            FormatRenderer::Raw(renderer) => {
                renderer.render(record, out);
                self.decoders.check(record)
            }
            FormatRenderer::Template(renderer) if renderer.decodes() => {
                let content = self.decoders.decode(record);
                renderer.render(record, &content, out);
                content.outcome(record)
            }
            FormatRenderer::Template(renderer) => {
                renderer.render(record, &Content::default(), out);
                self.decoders.check(record)
            }
        }
    }

    /// Appends the parts of the record's envelope that a program names.
    ///
    /// # Errors
    /// The key or the value is not in the format asked for, and was appended in its raw form.
    pub fn render_parts(
        &mut self,
        projection: &Projection,
        record: &Record<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Undecodable> {
        let mut content = self.decoders.decode(record);
        projection.render(record, &mut content, out);
        content.outcome(record)
    }

    /// Whether the record is in the formats asked for; nothing is printed.
    ///
    /// # Errors
    /// The key or the value is not.
    pub fn check(&mut self, record: &Record<'_>) -> Result<(), Undecodable> {
        self.decoders.check(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::DataFormat;
    use crate::decode::DataFormats;
    use crate::jq;
    use crate::settings::{LineSettings, Pretty, Template, TemplateSettings};

    const RECORD: Record<'_> = Record {
        topic: "t",
        partition: 0,
        offset: 17,
        timestamp: None,
        key: None,
        value: Some(b"Buy milk\n"),
        headers: &[],
    };

    fn renderer(format: Format, value_format: DataFormat) -> Renderer {
        let output = OutputSettings {
            format,
            formats: DataFormats { value: value_format, ..DataFormats::default() },
            is_strict: false,
            is_verbose: false,
            says_progress: false,
        };
        Renderer::new(&output, &Schemas::default())
    }

    fn template(text: &str) -> Format {
        let template = Template::parse(text).expect("a template");
        Format::Template(TemplateSettings { template, null: Vec::new(), is_terminal: false })
    }

    fn formats() -> [(Format, &'static str); 6] {
        let pretty = Pretty {
            label: None,
            title: jq::Path::to_field("title"),
            title_field: None,
            has_topic: false,
            is_verbose: false,
            screen: Screen::default(),
        };
        [
            (
                Format::Json(Screen::default()),
                concat!(
                    r#"{"topic":"t","partition":0,"offset":17,"timestamp":null,"key":null,"#,
                    r#""value":"Buy milk\n","value_encoding":"text","headers":[]}"#,
                    "\n"
                ),
            ),
            (
                Format::Pretty(pretty),
                "Received t: unknown\n  Key: (none)\n  Partition: 0, Offset: 17\n  Value: Buy milk\\n\n",
            ),
            (
                Format::Line(LineSettings { has_topic: false, screen: Screen::default() }),
                "-  [0] @ 17  -  \"Buy milk\\n\"\n",
            ),
            (Format::Raw { delimiter: b"--".to_vec(), is_terminal: false }, "Buy milk\n--"),
            (template("%o:%s"), "17:Buy milk\n"),
            (template("%{value:json},"), "\"Buy milk\\n\","),
        ]
    }

    #[test]
    fn records_are_appended_one_after_the_other() {
        for (format, expected) in formats() {
            let mut renderer = renderer(format, DataFormat::Auto);
            let mut out = b"before ".to_vec();
            for _ in 0..2 {
                assert_eq!(renderer.render(&RECORD, &mut out), Ok(()));
            }
            assert_eq!(String::from_utf8_lossy(&out), format!("before {expected}{expected}"));
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_appended_and_told_in_every_format() {
        for (format, _) in formats() {
            let mut out = Vec::new();
            let outcome = renderer(format, DataFormat::Json).render(&RECORD, &mut out);
            let told = outcome.map_err(|undecodable| undecodable.to_string());
            assert_eq!(told, Err("value is not JSON: unexpected `B` at byte 1".to_owned()));
            assert!(String::from_utf8_lossy(&out).contains("Buy milk"));
        }
    }

    #[test]
    fn raw_is_the_bytes_whatever_the_format() {
        for (value, expected) in
            [(None, &b";"[..]), (Some(&b""[..]), b";"), (Some(b"{ }\xff\0"), b"{ }\xff\0;")]
        {
            for format in [DataFormat::Auto, DataFormat::Json, DataFormat::Base64, DataFormat::Hex] {
                let mut out = Vec::new();
                let outcome = renderer(Format::Raw { delimiter: b";".to_vec(), is_terminal: false }, format)
                    .render(&Record { value, ..RECORD }, &mut out);
                assert_eq!(out, expected);
                assert_eq!(outcome.is_err(), format == DataFormat::Json && value.is_some());
            }
        }
        let mut out = Vec::new();
        let outcome = renderer(Format::Raw { delimiter: Vec::new(), is_terminal: false }, DataFormat::Auto)
            .render(&RECORD, &mut out);
        assert_eq!((out.as_slice(), outcome), (&b"Buy milk\n"[..], Ok(())));
    }

    #[test]
    fn a_terminal_gets_nothing_that_acts_on_it() {
        let value = "{\"a\":\"\u{9b}31m\u{7f}\u{202e}\",\"b\":\"\\u001b\"}";
        let record = Record { value: Some(value.as_bytes()), key: Some("k\u{9b}".as_bytes()), ..RECORD };
        let rendered = |format| {
            let mut out = Vec::new();
            renderer(format, DataFormat::Auto).render(&record, &mut out).expect("decoded");
            String::from_utf8(out).expect("UTF-8")
        };
        let json = rendered(Format::Json(Screen { is_terminal: true, has_color: false }));
        assert!(
            json.contains(r#""key":"k\u009b","value":{"a":"\u009b31m\u007f\u202e","b":"\u001b"}"#),
            "{json}"
        );
        let plain = rendered(Format::Json(Screen::default()));
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(parsed(&json), parsed(&plain));
        assert!(plain.contains(value), "{plain}");
        let raw = rendered(Format::Raw { delimiter: b"\0".to_vec(), is_terminal: true });
        assert_eq!(raw, "{\"a\":\"\\u{9b}31m\\x7f\\u{202e}\",\"b\":\"\\u001b\"}\0");
    }
}
