//! Logical types: what the bytes of another type mean.

use super::node::{SchemaNode, Unit};
use serde_json::{Map, Value};

/// The largest scale of a decimal. A larger one would make a page of zeros of every value.
const LARGEST_SCALE: u64 = 4096;

/// The node of a logical type over `base`, which itself is the node of one that is unknown, of another base or invalid:
/// so says the specification.
pub fn node(object: &Map<String, Value>, base: SchemaNode) -> SchemaNode {
    let name = object.get("logicalType").and_then(Value::as_str).unwrap_or_default();
    let timestamp = |unit, is_local| SchemaNode::Timestamp { unit, is_local };
    match (name, &base) {
        ("decimal", SchemaNode::Bytes) => decimal(object, None),
        ("decimal", &SchemaNode::Fixed { size }) => decimal(object, Some(size)),
        ("big-decimal", SchemaNode::Bytes) => Some(SchemaNode::BigDecimal),
        ("uuid", SchemaNode::Fixed { size: 16 }) => Some(SchemaNode::Uuid),
        ("duration", SchemaNode::Fixed { size: 12 }) => Some(SchemaNode::Duration),
        ("date", SchemaNode::Int) => Some(SchemaNode::Date),
        ("time-millis", SchemaNode::Int) => Some(SchemaNode::Time(Unit::Milliseconds)),
        ("time-micros", SchemaNode::Long) => Some(SchemaNode::Time(Unit::Microseconds)),
        ("timestamp-millis", SchemaNode::Long) => Some(timestamp(Unit::Milliseconds, false)),
        ("timestamp-micros", SchemaNode::Long) => Some(timestamp(Unit::Microseconds, false)),
        ("timestamp-nanos", SchemaNode::Long) => Some(timestamp(Unit::Nanoseconds, false)),
        ("local-timestamp-millis", SchemaNode::Long) => Some(timestamp(Unit::Milliseconds, true)),
        ("local-timestamp-micros", SchemaNode::Long) => Some(timestamp(Unit::Microseconds, true)),
        ("local-timestamp-nanos", SchemaNode::Long) => Some(timestamp(Unit::Nanoseconds, true)),
        _ => None,
    }
    .unwrap_or(base)
}

fn decimal(object: &Map<String, Value>, size: Option<usize>) -> Option<SchemaNode> {
    let precision = object.get("precision")?.as_u64()?;
    let scale = object.get("scale").map_or(Some(0), Value::as_u64)?;
    let fits = size.is_none_or(|size| precision <= most_digits(size));
    let is_valid = precision > 0 && scale <= precision && scale <= LARGEST_SCALE && fits;
    is_valid.then_some(SchemaNode::Decimal { size, scale: scale as usize })
}

/// How many digits any number of so many bytes can have all of.
fn most_digits(size: usize) -> u64 {
    let bits = (size as f64 * 8.0 - 1.0).max(0.0);
    (bits * std::f64::consts::LOG10_2) as u64
}
