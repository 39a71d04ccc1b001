//! Avro: data decoded by the schema of their writer, from their bytes straight to JSON text.
//!
//! A reader of our own, because nothing that Java reads may be refused (`apache-avro` refuses names with hyphens), and
//! because a tree of values for each record would be most of the work. A schema is compiled once into a flat list of
//! nodes, which makes recursive types plain; a datum is decoded by walking over them.
//!
//! How it looks: unions without the names of their branches, bytes and fixed in base64, decimals as text with all digits
//! of their scale, dates and times in ISO 8601. Two things that JSON has no number for are text: `"NaN"` and
//! `"Infinity"`. A date or time that the calendar (years 0 to 9999) or the clock does not have is its number.

mod compile;
pub(super) mod decimal;
mod flaw;
mod input;
mod logical;
mod names;
mod node;
#[cfg(test)]
mod tests;
mod time;
mod write;

pub use flaw::AvroFlaw;

use node::{NodeIndex, SchemaNode};

/// A schema, read and ready to decode with.
#[derive(Debug)]
pub struct Schema {
    nodes: Vec<SchemaNode>,
    root: NodeIndex,
}

impl Schema {
    /// Reads a schema. `references` are the texts of schemas whose named types it uses, in any order; a type may be
    /// defined several times.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn parse(text: &str, references: &[&str], unions: UnionNames) -> Result<Schema, String> {
        compile::schema(text, references, unions)
    }

    /// Appends a datum as one JSON text on one line. After an error `out` is as it was before.
    ///
    /// # Errors
    /// The bytes are no datum of this schema, or not one alone.
    pub fn write_json(&self, datum: &[u8], out: &mut Vec<u8>) -> Result<(), AvroFlaw> {
        write::datum(self, datum, out)
    }
}

/// Whether JSON says which branch of a union a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnionNames {
    Hidden,
    /// A value of a named type (record, enum, fixed) is shown as `{"com.acme.A":…}` where its union has several of them.
    Shown,
}
