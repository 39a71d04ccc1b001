//! Data on their way from the binary form to JSON text.

use super::flaw::{AvroFlaw, Damage, PlaceStep};
use super::input::BinaryInput;
use super::node::{Branch, NodeIndex, SchemaField, SchemaNode, Unit};
use super::time;
use super::{Schema, decimal};
use crate::date_time::{self, Characters};
use crate::json_text::plain;
use crate::{encode, json_text};

/// The deepest nesting of what is written, as of any JSON that is shown.
const DEEPEST: usize = 200;

/// The most items of arrays that have no bytes, such as nulls: a few bytes can claim any number of them.
const MOST_EMPTY_ITEMS: usize = 100_000;

/// How long the JSON text of a datum may be: what a byte of it may become, and what any datum may. Records in records
/// without a byte can mean a text of any length.
const MOST_TEXT_PER_BYTE: usize = 200;
const MOST_TEXT: usize = 16 << 20;

/// What keeps a value from being written: on the heap, because it is rare and every value can answer with it.
type Written = Result<(), Box<AvroFlaw>>;

/// Appends a datum that is alone in its bytes.
pub fn datum(schema: &Schema, datum: &[u8], out: &mut Vec<u8>) -> Result<(), AvroFlaw> {
    let start = out.len();
    let most = datum.len().saturating_mul(MOST_TEXT_PER_BYTE).saturating_add(MOST_TEXT);
    let mut writer = Writer {
        nodes: &schema.nodes,
        input: BinaryInput { rest: datum },
        end: start.saturating_add(most),
        most,
        empty_items: 0,
        out,
    };
    let written = writer.value(schema.root, 0).and_then(|()| match writer.input.rest.len() {
        0 => Ok(()),
        count => Err(Damage::LeftOver(count).into()),
    });
    let Err(flaw) = written else { return Ok(()) };
    out.truncate(start);
    if let SchemaNode::Bytes = schema.nodes[schema.root as usize] {
        // Confluent's serializer for Java writes bytes that are a whole datum without their length, others with it.
        write_bytes(datum, out);
        return Ok(());
    }
    Err(*flaw)
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    encode::base64(bytes, out);
    out.push(b'"');
}

/// Walks over the nodes of a schema and the bytes of a datum.
struct Writer<'s, 'd, 'o> {
    nodes: &'s [SchemaNode],
    input: BinaryInput<'d>,
    out: &'o mut Vec<u8>,
    /// How long `out` may become, and how much of that is of this datum.
    end: usize,
    most: usize,
    empty_items: usize,
}

impl<'s> Writer<'s, '_, '_> {
    /// Writes the value of a node inside of `depth` others.
    fn value(&mut self, index: NodeIndex, depth: usize) -> Written {
        match &self.nodes[index as usize] {
            SchemaNode::Null => self.out.extend_from_slice(b"null"),
            SchemaNode::Boolean => self.boolean()?,
            SchemaNode::Int => encode::integer(self.input.int()?.into(), self.out),
            SchemaNode::Long => encode::integer(self.input.long()?, self.out),
            SchemaNode::Float => json_text::float(f32::from_le_bytes(self.input.array()?), self.out),
            SchemaNode::Double => json_text::double(f64::from_le_bytes(self.input.array()?), self.out),
            SchemaNode::Bytes => self.base64(None)?,
            SchemaNode::Fixed { size } => self.base64(Some(*size))?,
            SchemaNode::String => self.string()?,
            SchemaNode::Enum { symbols } => self.symbol(symbols)?,
            SchemaNode::Array { items } => self.array(*items, depth)?,
            SchemaNode::Map { values } => self.map(*values, depth)?,
            SchemaNode::Union { branches } => self.branch(branches, depth)?,
            SchemaNode::Record { fields } => self.record(fields, depth)?,
            SchemaNode::Date => self.date()?,
            SchemaNode::Time(unit) => self.time_of_day(*unit)?,
            SchemaNode::Timestamp { unit, is_local } => self.timestamp(*unit, *is_local)?,
            SchemaNode::Decimal { size, scale } => self.decimal(*size, *scale)?,
            SchemaNode::BigDecimal => self.big_decimal()?,
            SchemaNode::Uuid => self.uuid()?,
            SchemaNode::Duration => self.duration()?,
        }
        Ok(())
    }

    fn record(&mut self, fields: &'s [SchemaField], depth: usize) -> Written {
        self.check_bounds(depth)?;
        if fields.is_empty() {
            self.out.push(b'{');
        }
        for field in fields {
            self.out.extend_from_slice(&field.opening);
            if let Err(flaw) = self.value(field.node, depth + 1) {
                return Err(flaw.inside(PlaceStep::Field(field.name.to_string())));
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn array(&mut self, items: NodeIndex, depth: usize) -> Written {
        self.check_bounds(depth)?;
        self.out.push(b'[');
        let mut index = 0;
        loop {
            let count = self.count_of_block()?;
            if count == 0 {
                break;
            }
            for _ in 0..count {
                if index > 0 {
                    self.out.push(b',');
                }
                let left = self.input.rest.len();
                let item = self.value(items, depth + 1).and_then(|()| self.check_item(left));
                item.map_err(|flaw| flaw.inside(PlaceStep::Item(index)))?;
                index += 1;
            }
        }
        self.out.push(b']');
        Ok(())
    }

    fn map(&mut self, values: NodeIndex, depth: usize) -> Written {
        self.check_bounds(depth)?;
        self.out.push(b'{');
        let mut is_first = true;
        loop {
            let count = self.count_of_block()?;
            if count == 0 {
                break;
            }
            for _ in 0..count {
                if !is_first {
                    self.out.push(b',');
                }
                is_first = false;
                let key = self.out.len();
                self.string()?;
                let behind = self.out.len();
                self.out.push(b':');
                if let Err(flaw) = self.value(values, depth + 1) {
                    let key = String::from_utf8_lossy(&self.out[key + 1..behind - 1]);
                    return Err(flaw.inside(PlaceStep::Key(key.into_owned())));
                }
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// How many items stand in the next block of an array or map; none is its end.
    #[inline]
    fn count_of_block(&mut self) -> Result<u64, Damage> {
        let count = self.input.long()?;
        if count < 0 {
            // The size of the block in bytes, for readers that leave it out.
            self.input.long()?;
        }
        if count == i64::MIN { Err(Damage::Count(count)) } else { Ok(count.unsigned_abs()) }
    }

    fn branch(&mut self, branches: &'s [Branch], depth: usize) -> Written {
        let index = self.input.long()?;
        let branch = usize::try_from(index).ok().and_then(|index| branches.get(index));
        let branch = branch.ok_or(Damage::Branch { index, of: branches.len() })?;
        if branch.levels > 0 {
            self.check_bounds(depth)?;
        }
        let Some(opening) = &branch.opening else { return self.value(branch.node, depth + branch.levels) };
        self.out.extend_from_slice(opening);
        self.value(branch.node, depth + branch.levels)?;
        self.out.push(b'}');
        Ok(())
    }

    /// Refuses what is nested too deep or far too long.
    #[inline(always)]
    fn check_bounds(&self, depth: usize) -> Result<(), Damage> {
        if depth >= DEEPEST {
            return Err(Damage::TooDeep { deepest: DEEPEST });
        }
        self.check_length()
    }

    #[inline(always)]
    fn check_length(&self) -> Result<(), Damage> {
        if self.out.len() > self.end { Err(Damage::TooMuchText { most: self.most }) } else { Ok(()) }
    }

    /// Counts an item that had none of the bytes that were left before it.
    #[inline(always)]
    fn check_item(&mut self, left: usize) -> Written {
        if self.input.rest.len() == left {
            self.empty_items += 1;
            if self.empty_items > MOST_EMPTY_ITEMS {
                return Err(Damage::TooManyEmpty { most: MOST_EMPTY_ITEMS }.into());
            }
        }
        Ok(self.check_length()?)
    }

    fn boolean(&mut self) -> Result<(), Damage> {
        let [byte] = self.input.array()?;
        let text: &[u8] = match byte {
            0 => b"false",
            1 => b"true",
            _ => return Err(Damage::NotBoolean(byte)),
        };
        self.out.extend_from_slice(text);
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<(), Damage> {
        let bytes = self.input.sized()?;
        self.out.reserve(bytes.len() + 2);
        self.out.push(b'"');
        let start = plain::prefix(bytes);
        if start.is_ascii && start.length == bytes.len() {
            self.out.extend_from_slice(bytes);
        } else {
            let text = simdutf8::compat::from_utf8(bytes);
            let text = text.map_err(|error| Damage::NotUtf8 { after: error.valid_up_to() })?;
            json_text::characters(text, self.out);
        }
        self.out.push(b'"');
        Ok(())
    }

    fn symbol(&mut self, symbols: &[Box<[u8]>]) -> Result<(), Damage> {
        let index = self.input.long()?;
        let symbol = usize::try_from(index).ok().and_then(|index| symbols.get(index));
        self.out.extend_from_slice(symbol.ok_or(Damage::Symbol { index, of: symbols.len() })?);
        self.check_length()
    }

    fn base64(&mut self, size: Option<usize>) -> Result<(), Damage> {
        write_bytes(self.input.bytes(size)?, self.out);
        Ok(())
    }

    fn date(&mut self) -> Result<(), Damage> {
        let day = self.input.int()?;
        self.characters(date_time::date(day.into()), day.into());
        Ok(())
    }

    fn time_of_day(&mut self, unit: Unit) -> Result<(), Damage> {
        let count = match unit {
            Unit::Milliseconds => self.input.int()?.into(),
            Unit::Microseconds | Unit::Nanoseconds => self.input.long()?,
        };
        self.characters(time::time_of_day(count, unit), count);
        Ok(())
    }

    fn timestamp(&mut self, unit: Unit, is_local: bool) -> Result<(), Damage> {
        let count = self.input.long()?;
        self.characters(time::timestamp(count, unit, is_local), count);
        Ok(())
    }

    /// Appends a time, or the number of one that has no characters.
    #[inline(always)]
    fn characters(&mut self, time: Option<Characters>, number: i64) {
        match time {
            Some(time) => self.quoted(time.bytes()),
            None => encode::integer(number, self.out),
        }
    }

    #[inline(always)]
    fn quoted(&mut self, characters: &[u8]) {
        self.out.push(b'"');
        self.out.extend_from_slice(characters);
        self.out.push(b'"');
    }

    fn decimal(&mut self, size: Option<usize>, scale: usize) -> Result<(), Damage> {
        let number = self.input.bytes(size)?;
        self.out.push(b'"');
        decimal::write(number, scale, self.out)?;
        self.out.push(b'"');
        Ok(())
    }

    fn big_decimal(&mut self) -> Result<(), Damage> {
        let bytes = self.input.sized()?;
        self.out.push(b'"');
        decimal::write_big(bytes, self.out)?;
        self.out.push(b'"');
        Ok(())
    }

    fn uuid(&mut self) -> Result<(), Damage> {
        let bytes: [u8; 16] = self.input.array()?;
        self.out.push(b'"');
        for (index, part) in
            [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]].iter().enumerate()
        {
            if index > 0 {
                self.out.push(b'-');
            }
            encode::hex(part, self.out);
        }
        self.out.push(b'"');
        Ok(())
    }

    fn duration(&mut self) -> Result<(), Damage> {
        let parts = [self.input.array()?, self.input.array()?, self.input.array()?];
        self.quoted(time::duration(parts.map(u32::from_le_bytes)).as_bytes());
        Ok(())
    }
}
