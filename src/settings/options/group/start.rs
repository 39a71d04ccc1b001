//! Where a group starts that has committed nothing, as `--offset-reset` and `auto.offset.reset` say it.

use crate::choices::OffsetReset;
use crate::duration::parse_duration;
use crate::error::Failure;
use crate::near::did_you_mean;
use crate::position::{Clock, Position};
use crate::settings::properties::PropertyValue;

/// Reads what was typed for `--offset-reset`: a word, or a time as for `--from`.
pub fn typed(text: &str, clock: &Clock) -> Result<OffsetReset, Failure> {
    const VALID: &str = "valid: earliest, latest, none, or a time, as in `-1h` or `2026-11-23`";
    if let Some(reset) = word(text) {
        return Ok(reset);
    }
    let why = match Position::parse(text, clock) {
        Ok(Position::Time(time)) => return Ok(OffsetReset::Time(time)),
        Ok(_) => "a group can start at a time, not at an offset".to_owned(),
        Err(why) => why,
    };
    let failure = Failure::usage(format!("invalid value `{text}` for `--offset-reset`")).caused_by(why);
    let near = did_you_mean(text, WORDS.iter().flat_map(|(words, _)| words.iter().copied()));
    Err(match near {
        _ if parse_duration(text).is_ok() => failure.hint(format!("did you mean `-{text}`? {VALID}")),
        Some(near) => failure.hint(format!("{near} {VALID}")),
        None => failure.hint(VALID),
    })
}

const WORDS: [(&[&str], OffsetReset); 3] = [
    (&["earliest", "beginning", "oldest", "smallest", "start"], OffsetReset::Earliest),
    (&["latest", "end", "newest", "largest"], OffsetReset::Latest),
    (&["none"], OffsetReset::None),
];

/// What a word for `--offset-reset` means; `None` if it is no such word.
fn word(text: &str) -> Option<OffsetReset> {
    WORDS.iter().find(|(words, _)| words.contains(&text)).map(|(_, reset)| *reset)
}

/// The value of librdkafka's property that stands for a word of `--offset-reset`; a time has none.
pub fn property(text: &str) -> Option<&'static str> {
    WORDS.iter().find(|(words, _)| words.contains(&text)).map(|(words, _)| words[0])
}

/// Parses librdkafka's values, which include those of older clients.
pub fn of_property(given: &PropertyValue) -> Result<OffsetReset, Failure> {
    match given.value.to_ascii_lowercase().as_str() {
        "smallest" | "earliest" | "beginning" => Ok(OffsetReset::Earliest),
        "largest" | "latest" | "end" => Ok(OffsetReset::Latest),
        "error" | "none" => Ok(OffsetReset::None),
        _ => Err(Failure::usage(format!(
            "invalid value `{}` for property `auto.offset.reset`",
            given.value.shown("auto.offset.reset")
        ))
        .hint("valid: earliest, latest, none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;

    fn read(text: &str) -> Result<OffsetReset, Failure> {
        let clock = Clock { now: "2026-11-23T09:00:00Z".parse().expect("a time"), zone: || TimeZone::UTC };
        typed(text, &clock)
    }

    #[test]
    fn a_group_starts_at_a_word_or_a_time() {
        const NINE: i64 = 1_795_424_400_000;
        for (text, expected) in [
            ("earliest", OffsetReset::Earliest),
            ("beginning", OffsetReset::Earliest),
            ("oldest", OffsetReset::Earliest),
            ("smallest", OffsetReset::Earliest),
            ("start", OffsetReset::Earliest),
            ("latest", OffsetReset::Latest),
            ("end", OffsetReset::Latest),
            ("newest", OffsetReset::Latest),
            ("largest", OffsetReset::Latest),
            ("none", OffsetReset::None),
            ("-1h", OffsetReset::Time(NINE - 3_600_000)),
            ("08:00", OffsetReset::Time(NINE - 3_600_000)),
            ("now", OffsetReset::Time(NINE)),
            ("2026-11-23", OffsetReset::Time(NINE - 9 * 3_600_000)),
            ("@1795424400", OffsetReset::Time(NINE)),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_start_of_a_group_is_refused_with_what_is_one() {
        for (text, hint) in [
            ("x", "valid: earliest, latest, none, or a time"),
            ("newst", "did you mean `newest`? valid: "),
            ("1h", "did you mean `-1h`? valid: "),
            ("17", "valid: "),
            ("-10", "valid: "),
            ("0=5", "valid: "),
            ("", "valid: "),
        ] {
            let failure = read(text).expect_err(text);
            assert_eq!(failure.message, format!("invalid value `{text}` for `--offset-reset`"));
            assert!(failure.hint.is_some_and(|told| told.starts_with(hint)), "{text}");
        }
    }
}
