//! Records as they are printed: one file a format. Pure; the caller writes the bytes.

mod encode;
mod escape;
mod json;
mod pretty;
mod raw;

use crate::decode::{Decoders, Undecodable};
use crate::record::Record;
use crate::settings::{Format, Output};
use jiff::tz::TimeZone;

/// Renders the records of a run, one after the other.
#[derive(Debug)]
pub struct Renderer {
    shape: Shape,
    decoders: Decoders,
}

#[derive(Debug)]
enum Shape {
    Json(json::Lines),
    Pretty(pretty::Paragraphs),
    Raw(raw::Values),
}

impl Renderer {
    /// Makes the renderer of the format that was settled.
    pub fn new(output: &Output) -> Renderer {
        let shape = match &output.format {
            Format::Json => Shape::Json(json::Lines::default()),
            Format::Pretty(pretty) => {
                // Only asked for where times are printed: looking it up reads files.
                let zone = if pretty.is_verbose { TimeZone::system() } else { TimeZone::UTC };
                Shape::Pretty(pretty::Paragraphs::new(pretty, zone))
            }
            Format::Raw { delimiter } => Shape::Raw(raw::Values::new(delimiter)),
        };
        Renderer { shape, decoders: Decoders::new(output.key_format, output.value_format) }
    }

    /// Appends the record as it is printed, whole, also when it fails.
    ///
    /// # Errors
    /// The key or the value is not in the format asked for; its raw form was appended instead.
    #[inline]
    pub fn render(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Result<(), Undecodable> {
        match &mut self.shape {
            Shape::Json(lines) => {
                let content = self.decoders.decode(record);
                lines.render(record, &content, out);
                content.outcome()
            }
            Shape::Pretty(paragraphs) => {
                let content = self.decoders.decode(record);
                paragraphs.render(record, &content, out);
                content.outcome()
            }
            Shape::Raw(values) => {
                values.render(record, out);
                self.decoders.check(record)
            }
        }
    }
}
