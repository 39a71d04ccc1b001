//! Values that an option does not have: by meaning, before names that only look alike.

use super::other_tools::table::FORMATS;
use crate::choices::DataFormat;
use crate::near::did_you_mean;
use clap::ValueEnum;
use clap::builder::PossibleValue;

/// Asks which of the valid values was meant.
pub fn meant(option: &str, typed: &str, valid: &[&str]) -> Option<String> {
    let formats = if ["--value-format", "--key-format"].contains(&option) { by_meaning(typed) } else { None };
    formats.or_else(|| nearest(typed, valid))
}

/// Asks which format was meant in `FORMAT` or `NAME=FORMAT`.
pub fn meant_for_headers(typed: &str) -> Option<String> {
    let typed = typed.rsplit('=').next().unwrap_or_default();
    let formats = DataFormat::value_variants().iter().filter_map(DataFormat::to_possible_value);
    let formats: Vec<PossibleValue> = formats.collect();
    let names: Vec<&str> = formats.iter().map(PossibleValue::get_name).collect();
    by_meaning(typed).or_else(|| nearest(typed, &names))
}

/// Asks whether the formats were meant that another tool or language calls so.
fn by_meaning(typed: &str) -> Option<String> {
    let typed = typed.to_lowercase();
    let (_, formats) = FORMATS.iter().find(|(names, _)| names.contains(&typed.as_str()))?;
    Some(format!("did you mean `{}`?", formats.join("` or `")))
}

fn nearest(typed: &str, valid: &[&str]) -> Option<String> {
    did_you_mean(typed, valid.iter().copied().filter(|name| is_plausible(typed, name)))
}

/// Whether a value can be meant although it is spelled otherwise. Of numbers, another letter or digit is another number:
/// `f16` is no slip for `i16`.
fn is_plausible(typed: &str, name: &str) -> bool {
    let typed = typed.to_lowercase();
    let code = name.rsplit(':').next().unwrap_or_default();
    let digits = code.get(1..).unwrap_or_default();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    !is_number || typed.ends_with(code) || name.starts_with(&typed)
}

#[cfg(test)]
mod tests {
    use super::super::{Failure, parse};
    use super::*;
    use std::ffi::OsString;

    fn refused(option: &str, value: &str) -> Failure {
        let words = ["kcons", "consume", "t", option, value].map(OsString::from);
        parse(&words).expect_err(value)
    }

    fn hint(option: &str, value: &str) -> String {
        refused(option, value).hint.unwrap_or_default()
    }

    #[test]
    fn names_of_other_tools_and_languages_get_the_format_that_they_mean() {
        for (names, formats) in FORMATS {
            assert!(formats.iter().all(|format| DataFormat::from_str(format, false).is_ok()), "{formats:?}");
            let expected = format!("did you mean `{}`?", formats.join("` or `"));
            for name in *names {
                for option in ["--value-format", "--key-format"] {
                    let hint = hint(option, name);
                    assert!(hint.starts_with(&format!("{expected} valid: auto, json,")), "{name}: {hint}");
                }
                assert_eq!(hint("--header-format", name), expected, "{name}");
                assert_eq!(hint("--header-format", &format!("a=b={}", name.to_uppercase())), expected);
            }
        }
        let told = |value: &str| hint("--value-format", value).split(" valid:").next().map(str::to_owned);
        for (typed, expected) in [
            ("String", "did you mean `text`?"),
            ("int", "did you mean `i32`?"),
            ("long", "did you mean `i64`?"),
            ("bytes", "did you mean `base64` or `hex`?"),
            ("be:i32", "did you mean `i32`?"),
        ] {
            assert_eq!(told(typed).as_deref(), Some(expected), "{typed}");
        }
    }

    #[test]
    fn a_number_is_meant_only_if_it_is_spelled_with_its_own_letter_and_digits() {
        for (typed, expected) in [
            ("I64", "did you mean `i64`? valid: "),
            ("LE:I32", "did you mean `le:i32`? valid: "),
            ("lei32", "did you mean `le:i32`? valid: "),
            ("le:f", "did you mean `le:f32` or `le:f64`? valid: "),
            ("bse64", "did you mean `base64`? valid: "),
            ("f16", "valid: "),
            ("u46", "valid: "),
            ("le:i46", "valid: "),
            ("be:text", "valid: "),
        ] {
            let hint = hint("--value-format", typed);
            assert!(hint.starts_with(expected), "{typed}: {hint}");
        }
        assert_eq!(hint("--header-format", "trace=uid"), "did you mean `uuid`?");
        let nothing = refused("--header-format", "trace=f16");
        assert_eq!(nothing.hint, None);
        assert!(nothing.causes[0].starts_with("it is FORMAT or NAME=FORMAT, where FORMAT is one of auto,"));
    }
}
