//! jq expressions that are evaluated on the bytes of records, without a tree of values.
//!
//! Each means what the program means to jq. Whatever is not surely the same is `Unsure`, for a whole program or for a
//! single record: then jq is asked, which also finds the words for what went wrong.

mod compare;
mod envelope;
mod evaluate;
mod functions;
mod node;
mod number;
mod pattern;
pub mod projection;
mod translate;
mod value;

pub use envelope::Envelope;
pub use value::JsonValue;

use crate::jq::{EventId, NoId};
use crate::record::Record;
use evaluate::Evaluation;
use node::Node;

/// An expression, translated once.
#[derive(Debug)]
pub struct Expression {
    root: Node,
    parts: Parts,
}

/// The parts of a record that an expression looks at, beside those that cost nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    pub key: bool,
    pub value: bool,
    pub headers: bool,
}

impl Parts {
    /// These parts and others.
    pub fn and(self, other: Parts) -> Parts {
        Parts {
            key: self.key || other.key,
            value: self.value || other.value,
            headers: self.headers || other.headers,
        }
    }
}

/// Only jq can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsure;

/// Why an evaluation ends before all results are handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// jq fails here, too.
    Failed,
    Unsure,
    /// No more results are wanted.
    Enough,
}

impl From<Unsure> for Stop {
    fn from(_: Unsure) -> Stop {
        Stop::Unsure
    }
}

impl Expression {
    /// Translates a program that compiles; `None` if it is one that only jq can run. `names` are the fields of the value
    /// that the expressions of a run name; those of this one are added.
    pub fn translate(program: &str, names: &mut Vec<Box<str>>) -> Option<Expression> {
        translate::translate(program, names)
    }

    pub fn parts(&self) -> Parts {
        self.parts
    }

    /// Whether any result is neither `false` nor `null`. It looks no further than the first such one.
    ///
    /// # Errors
    /// Only jq can tell.
    #[inline]
    pub fn is_true(&self, envelope: &Envelope<'_>) -> Result<bool, Unsure> {
        let evaluation = evaluation(envelope)?;
        if let Some(is_true) = evaluation.condition(&self.root) {
            return is_true.map_err(|_| Unsure);
        }
        let mut is_true = false;
        self.each(&evaluation, &mut |value| {
            is_true = value.is_true();
            if is_true { Err(Stop::Enough) } else { Ok(()) }
        })?;
        Ok(is_true)
    }

    /// Hands over each result.
    ///
    /// # Errors
    /// Only jq can tell; what was handed over means nothing then.
    #[inline]
    pub fn results(
        &self,
        envelope: &Envelope<'_>,
        mut take: impl FnMut(&JsonValue<'_>) -> Result<(), Unsure>,
    ) -> Result<(), Unsure> {
        self.each(&evaluation(envelope)?, &mut |value| Ok(take(&value)?))
    }

    /// The event id that the expression yields.
    ///
    /// # Errors
    /// Only jq can tell.
    pub fn id(&self, envelope: &Envelope<'_>) -> Result<EventId, Unsure> {
        let mut id = EventId::None(NoId::Nothing);
        let mut is_first = true;
        self.each(&evaluation(envelope)?, &mut |value| {
            if !std::mem::take(&mut is_first) {
                id = EventId::None(NoId::Several);
                return Err(Stop::Enough);
            }
            id = if value.is_null() {
                EventId::None(NoId::Null)
            } else {
                let mut text = Vec::new();
                value.write(value.is_text(), &mut text)?;
                EventId::One(String::from_utf8(text).map_err(|_| Unsure)?)
            };
            Ok(())
        })?;
        Ok(id)
    }

    #[inline]
    fn each<'a>(
        &'a self,
        evaluation: &Evaluation<'a>,
        take: &mut dyn FnMut(JsonValue<'a>) -> Result<(), Stop>,
    ) -> Result<(), Unsure> {
        match evaluation.each(&self.root, &JsonValue::Record, take) {
            Ok(()) | Err(Stop::Enough) => Ok(()),
            Err(Stop::Failed | Stop::Unsure) => Err(Unsure),
        }
    }
}

/// The evaluation on a record, if that is not one which jq refuses as a whole.
#[inline]
fn evaluation<'a>(envelope: &'a Envelope<'a>) -> Result<Evaluation<'a>, Unsure> {
    if has_long_number(envelope.record) { Err(Unsure) } else { Ok(Evaluation::new(envelope)) }
}

/// A number of more characters is left to jq, which refuses those of very many digits.
const LONGEST_NUMBER: usize = 1000;

/// Whether there may be a number of very many digits in a record, wherever it is: jq refuses the whole record.
#[inline]
pub fn has_long_number(record: &Record<'_>) -> bool {
    [record.value, record.key]
        .into_iter()
        .flatten()
        .any(|bytes| bytes.len() > LONGEST_NUMBER && has_long_digits(bytes))
}

/// Looks at some places only, of which one at least is in a number that is so long.
#[cold]
fn has_long_digits(text: &[u8]) -> bool {
    let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    (0..text.len()).step_by(LONGEST_NUMBER / 2).any(|at| {
        let (before, behind) = text.split_at(at);
        let before = before.iter().rev().take(LONGEST_NUMBER).take_while(|byte| is_digit(byte)).count();
        let behind = behind.iter().take(LONGEST_NUMBER).take_while(|byte| is_digit(byte)).count();
        before + behind > LONGEST_NUMBER
    })
}

#[cfg(test)]
mod tests;
