//! What is wrong with bytes that are no datum of a schema.

use crate::{escape, plural};
use std::fmt;

/// How many characters of a name or key and how many steps at each end of a place are shown.
const LONGEST_NAME: usize = 40;
const MOST_STEPS: usize = 4;

/// Why bytes are no datum of a schema, and where; displays to follow `not Avro of schema 7: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AvroFlaw {
    damage: Damage,
    /// From the inside to the outside.
    steps: Vec<PlaceStep>,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    EndsEarly,
    LeftOver(usize),
    NotBoolean(u8),
    /// A number with more bits than a long.
    LongTooLarge,
    IntTooLarge(i64),
    Length(i64),
    Count(i64),
    Symbol {
        index: i64,
        of: usize,
    },
    Branch {
        index: i64,
        of: usize,
    },
    /// Not UTF-8 after that many bytes of a string.
    NotUtf8 {
        after: usize,
    },
    DecimalTooLong(usize),
    NotBigDecimal,
    TooDeep {
        deepest: usize,
    },
    TooManyEmpty {
        most: usize,
    },
    TooMuchText {
        most: usize,
    },
}

/// A step on the way to a place in a datum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceStep {
    Field(String),
    Item(u64),
    /// As it stands in a JSON string.
    Key(String),
}

impl AvroFlaw {
    /// The flaw seen from the value around the one it is in.
    #[cold]
    pub(super) fn inside(mut self: Box<Self>, step: PlaceStep) -> Box<AvroFlaw> {
        self.steps.push(step);
        self
    }
}

impl From<Damage> for AvroFlaw {
    #[cold]
    fn from(damage: Damage) -> AvroFlaw {
        AvroFlaw { damage, steps: Vec::new() }
    }
}

impl From<Damage> for Box<AvroFlaw> {
    #[cold]
    fn from(damage: Damage) -> Box<AvroFlaw> {
        Box::new(damage.into())
    }
}

impl fmt::Display for AvroFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.damage)?;
        if self.steps.is_empty() {
            return Ok(());
        }
        write!(f, " in `")?;
        let count = self.steps.len();
        for (index, step) in self.steps.iter().rev().enumerate() {
            if count > 2 * MOST_STEPS && (MOST_STEPS..count - MOST_STEPS).contains(&index) {
                if index == MOST_STEPS {
                    write!(f, ".…")?;
                }
                continue;
            }
            match step {
                PlaceStep::Field(name) if index == 0 => write!(f, "{}", shown(name))?,
                PlaceStep::Field(name) => write!(f, ".{}", shown(name))?,
                PlaceStep::Item(item) => write!(f, "[{item}]")?,
                PlaceStep::Key(key) => write!(f, "[\"{}\"]", shown(key))?,
            }
        }
        write!(f, "`")
    }
}

/// The beginning of a name or key, on one line.
fn shown(name: &str) -> String {
    match name.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", escape::line(&name[..end])),
        None => escape::line(name).into_owned(),
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Damage::EndsEarly => write!(f, "ends too early"),
            Damage::LeftOver(count) => {
                write!(f, "{} left over", plural::counted(count as u64, "byte is", "bytes are"))
            }
            Damage::NotBoolean(byte) => write!(f, "boolean is {byte}"),
            Damage::LongTooLarge => write!(f, "number has more than 64 bits"),
            Damage::IntTooLarge(number) => write!(f, "int {number} has more than 32 bits"),
            Damage::Length(length) => write!(f, "length is {length}"),
            Damage::Count(count) => write!(f, "count is {count}"),
            Damage::Symbol { index, of } => write!(f, "enum symbol {index} of {of}"),
            Damage::Branch { index, of } => write!(f, "union branch {index} of {of}"),
            Damage::NotUtf8 { after } => write!(f, "string is invalid UTF-8 at byte {}", after + 1),
            Damage::DecimalTooLong(size) => write!(f, "decimal has {size} bytes"),
            Damage::NotBigDecimal => write!(f, "big-decimal is not a number and a scale"),
            Damage::TooDeep { deepest } => write!(f, "nested deeper than {deepest} levels"),
            Damage::TooManyEmpty { most } => write!(f, "more than {most} items without bytes"),
            Damage::TooMuchText { most } => write!(f, "more than {most} bytes as JSON"),
        }
    }
}
