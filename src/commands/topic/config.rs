//! What a topic's configuration says of how long its records stay. Pure.

use crate::escape;
use crate::kafka::admin::configs::Config;
use crate::render::table::Cell;

const CLEANUP_POLICY: &str = "cleanup.policy";
const RETENTION_MS: &str = "retention.ms";
const RETENTION_BYTES: &str = "retention.bytes";

/// The lines above the table; `-` for what is not known.
pub fn head(topic: &str, config: Option<&Config>) -> String {
    let value = |name| config.and_then(|config| config.get(name)).filter(|value| !value.is_empty());
    let line = |name, words: fn(i64) -> Option<String>| {
        let value = value(name).map_or("-", String::as_str);
        match value.parse().ok().and_then(words) {
            Some(words) => format!("{value} ({words})"),
            None => escape::line(value).into_owned(),
        }
    };
    format!(
        "Topic:           {}\n{CLEANUP_POLICY}:  {}\n{RETENTION_MS}:    {}\n{RETENTION_BYTES}: {}\n\n",
        escape::line(topic),
        line(CLEANUP_POLICY, |_| None),
        line(RETENTION_MS, time),
        line(RETENTION_BYTES, size),
    )
}

/// Retention as cells of a table: policy, milliseconds, bytes.
pub fn cells(config: Option<&Config>) -> [Cell; 3] {
    let value = |name| config.and_then(|config| config.get(name)).map(String::as_str);
    let number = |name| value(name).and_then(|value| value.parse::<i64>().ok()).into();
    [value(CLEANUP_POLICY).into(), number(RETENTION_MS), number(RETENTION_BYTES)]
}

fn time(milliseconds: i64) -> Option<String> {
    const UNITS: [(i64, &str); 4] =
        [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    in_units(milliseconds, &UNITS, |count, unit| match count {
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    })
}

fn size(bytes: i64) -> Option<String> {
    const UNITS: [(i64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    in_units(bytes, &UNITS, |count, unit| format!("{count} {unit}"))
}

/// In the largest unit that leaves no rest; nothing if there is none.
fn in_units(value: i64, units: &[(i64, &str)], words: fn(i64, &str) -> String) -> Option<String> {
    if value < 0 {
        return Some("no limit".to_owned());
    }
    let (size, unit) = units.iter().find(|(size, _)| value >= *size && value % size == 0)?;
    Some(words(value / size, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(values: [&str; 3]) -> Config {
        let names = [CLEANUP_POLICY, RETENTION_MS, RETENTION_BYTES];
        names.into_iter().zip(values).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn the_head_says_how_long_records_stay() {
        let expected = "\
Topic:           t
cleanup.policy:  compact,delete
retention.ms:    604800000 (7 days)
retention.bytes: -1 (no limit)

";
        assert_eq!(head("t", Some(&config(["compact,delete", "604800000", "-1"]))), expected);
        let unknown = "Topic:           t\ncleanup.policy:  -\nretention.ms:    -\nretention.bytes: -\n\n";
        assert_eq!(head("t", None), unknown);
        assert_eq!(cells(None), [Cell::Absent, Cell::Absent, Cell::Absent]);
        let known = config(["delete", "1", "2"]);
        assert_eq!(cells(Some(&known)), ["delete".into(), Cell::Number(1), Cell::Number(2)]);
    }

    #[test]
    fn times_and_sizes_are_told_in_one_unit() {
        for (milliseconds, expected) in
            [(-1, "no limit"), (86_400_000, "1 day"), (5_400_000, "90 minutes"), (1_000, "1 second")]
        {
            assert_eq!(time(milliseconds).as_deref(), Some(expected));
        }
        assert_eq!((time(1_500), time(0), size(1_000)), (None, None, None));
        assert_eq!(size(1_073_741_824).as_deref(), Some("1 GiB"));
        assert_eq!(size(1_536 << 20).as_deref(), Some("1536 MiB"));
    }
}
