//! The order of values.

use super::Unsure;
use super::value::JsonValue;
use jaq_core::ops::Cmp;
use std::cmp::Ordering;

/// Compares as an operator does.
///
/// # Errors
/// Only jq can tell.
#[inline]
pub fn holds(operator: Cmp, left: &JsonValue<'_>, right: &JsonValue<'_>) -> Result<bool, Unsure> {
    if let (Cmp::Eq | Cmp::Ne, JsonValue::Text(left), JsonValue::Text(right)) = (operator, left, right) {
        // Most differ in their lengths.
        return Ok((left.bytes() == right.bytes()) == (operator == Cmp::Eq));
    }
    let order = compare(left, right)?;
    Ok(match operator {
        Cmp::Lt => order.is_lt(),
        Cmp::Le => order.is_le(),
        Cmp::Gt => order.is_gt(),
        Cmp::Ge => order.is_ge(),
        Cmp::Eq => order.is_eq(),
        Cmp::Ne => order.is_ne(),
    })
}

#[inline]
fn compare(left: &JsonValue<'_>, right: &JsonValue<'_>) -> Result<Ordering, Unsure> {
    match (left, right) {
        (JsonValue::Number(left), JsonValue::Number(right)) => left.compare(*right),
        (JsonValue::Text(left), JsonValue::Text(right)) => Ok(left.bytes().cmp(&right.bytes())),
        (JsonValue::Bool(left), JsonValue::Bool(right)) => Ok(left.cmp(right)),
        (JsonValue::Null, JsonValue::Null) => Ok(Ordering::Equal),
        (left, right) if left.kind() != right.kind() => Ok(left.kind().cmp(&right.kind())),
        // What is empty comes before all others of its kind.
        (left, right) => match (left.is_empty(), right.is_empty()) {
            (true, true) => Ok(Ordering::Equal),
            (true, false) => Ok(Ordering::Less),
            (false, true) => Ok(Ordering::Greater),
            (false, false) => Err(Unsure),
        },
    }
}
