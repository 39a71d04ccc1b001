//! Whether a property takes a value.

use super::known::{Form, KnownProperty};
use super::values::Value;
use super::{Surroundings, guarded, oauth};
use crate::error::Failure;

/// Why a value is not taken.
pub enum Refusal {
    BadValue(Failure),
    /// This build of the library lacks what the property steers.
    NotBuiltIn(Failure),
}

/// Judges a value: whole numbers here, because librdkafka reads `1x` and `4294967297` as 1.
///
/// # Errors
/// Librdkafka would not take it, or take it for another.
pub fn check(
    surroundings: &Surroundings<'_>,
    property: &KnownProperty,
    value: &Value,
    place: &str,
) -> Result<(), Refusal> {
    let name = &property.name;
    if guarded::loads_code(name) {
        // Librdkafka would load it to try the value.
        return Ok(());
    }
    if oauth::is_ours(name) {
        return oauth::check(name, value).map_err(|valid| {
            let shown = value.shown(name);
            let failure = Failure::usage(format!("invalid value `{shown}` for property `{name}`{place}"));
            Refusal::BadValue(failure.hint(format!("valid: {valid}")))
        });
    }
    let judged = match property.form {
        Form::Integer if !is_in_range(value, &property.valid) => Err(String::new()),
        Form::Float if value.parse::<f64>().is_err() => Err(String::new()),
        Form::Integer | Form::Float | Form::Text | Form::Code => (surroundings.check)(name, value),
    };
    let Err(cause) = judged else { return Ok(()) };
    let shown = value.shown(name);
    if let Some((_, lacking)) = cause.split_once("not supported in this build: ") {
        let failure = Failure::usage(format!("`{name}={shown}`{place} is not built in"));
        return Err(Refusal::NotBuiltIn(failure.caused_by(lacking.trim_end())));
    }
    let failure = Failure::usage(format!("invalid value `{shown}` for property `{name}`{place}"));
    Err(Refusal::BadValue(match property.valid.is_empty() {
        // Its words may repeat the value.
        true if shown != **value => failure,
        true => failure.caused_by(cause.trim_end()),
        false => failure.hint(format!("valid: {}", property.valid.replace(" .. ", " to "))),
    }))
}

fn is_in_range(value: &str, valid: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = value.parse::<i64>().ok().filter(|_| is_number) else { return false };
    let bounds = valid.split_once(" .. ").map(|(low, high)| (low.parse::<i64>(), high.parse::<i64>()));
    match bounds {
        Some((Ok(low), Ok(high))) => (low..=high).contains(&number),
        Some(_) | None => true,
    }
}
