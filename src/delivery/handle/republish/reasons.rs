//! The headers of a dead letter: what went wrong with a record, where it came from, how often it was tried.

use crate::record::{Header, OwnedRecord};

/// Headers of ours start with this.
const PREFIX: &[u8] = b"kcons.";

const ERROR: &str = "kcons.error";
const ATTEMPTS: &str = "kcons.attempts";
const ROUNDS: &str = "kcons.rounds";
const TOPIC: &str = "kcons.topic";
const PARTITION: &str = "kcons.partition";
const OFFSET: &str = "kcons.offset";
const TIMESTAMP: &str = "kcons.timestamp";
const GROUP: &str = "kcons.group";

/// The headers that say why a record is a dead letter, which has one of each at most.
const ALL: [&str; 8] = [ERROR, ATTEMPTS, ROUNDS, TOPIC, PARTITION, OFFSET, TIMESTAMP, GROUP];

/// A header as a producer takes it.
pub type Pair<'a> = (&'a [u8], Option<&'a [u8]>);

/// Why a record is a dead letter.
#[derive(Clone, Debug)]
pub struct FailureHeaders {
    /// What went wrong, with the last of the handler's stderr.
    pub error: String,
    pub attempts: u32,
    pub group: Option<String>,
}

/// What is said about a record in headers, by name.
pub struct Reasons(Vec<(&'static str, String)>);

impl Reasons {
    /// Of a record that failed. One that was a dead letter before keeps the place where it first failed; its attempts
    /// and rounds are counted on.
    pub fn of(record: &OwnedRecord, failure_headers: &FailureHeaders) -> Reasons {
        let headers = record.headers();
        let earlier = Earlier::read(&headers);
        let attempts = earlier.as_ref().map_or(0, |earlier| earlier.attempts);
        let rounds = earlier.as_ref().map_or(0, |earlier| earlier.rounds).saturating_add(1);
        let mut reasons = vec![
            (ERROR, failure_headers.error.clone()),
            (ATTEMPTS, attempts.saturating_add(u64::from(failure_headers.attempts)).to_string()),
        ];
        if rounds > 1 {
            reasons.push((ROUNDS, rounds.to_string()));
        }
        let (place, timestamp, group) = match earlier {
            Some(Earlier { place, timestamp, group, .. }) => (place, timestamp, group),
            None => {
                let partition = &record.partition;
                let place =
                    [partition.topic.to_string(), partition.partition.to_string(), record.offset.to_string()];
                (
                    place,
                    record.timestamp.map(|timestamp| timestamp.to_string()),
                    failure_headers.group.clone(),
                )
            }
        };
        reasons.extend([TOPIC, PARTITION, OFFSET].into_iter().zip(place));
        reasons.extend(timestamp.map(|timestamp| (TIMESTAMP, timestamp)));
        reasons.extend(group.map(|group| (GROUP, group)));
        Reasons(reasons)
    }

    /// Leaves the text of the error out, which is what can be long.
    pub fn without_text(mut self) -> Reasons {
        self.0.iter_mut().filter(|(name, _)| *name == ERROR).for_each(|(_, text)| text.clear());
        self
    }

    /// The record's own headers, and these.
    pub fn with<'a>(&'a self, headers: &'a [Header<'a>]) -> Vec<Pair<'a>> {
        let own = headers.iter().filter(|header| !ALL.iter().any(|name| name.as_bytes() == header.name));
        let own = own.map(|header| (header.name, header.value));
        own.chain(self.0.iter().map(|(name, text)| (name.as_bytes(), Some(text.as_bytes())))).collect()
    }
}

/// The record's headers but for all of ours.
pub fn without<'a>(headers: &'a [Header<'a>]) -> Vec<Pair<'a>> {
    let own = headers.iter().filter(|header| !header.name.starts_with(PREFIX));
    own.map(|header| (header.name, header.value)).collect()
}

/// What a dead letter says of itself.
struct Earlier {
    /// Topic, partition and offset.
    place: [String; 3],
    timestamp: Option<String>,
    group: Option<String>,
    attempts: u64,
    rounds: u64,
}

impl Earlier {
    /// None if it is no dead letter. Older versions added a set each time: the first one has the place of origin.
    fn read(headers: &[Header<'_>]) -> Option<Earlier> {
        let all = |name: &'static str| {
            let named = headers.iter().filter(move |header| header.name == name.as_bytes());
            named.filter_map(|header| str::from_utf8(header.value?).ok())
        };
        let numbers = |name| all(name).filter_map(|text| text.parse::<u64>().ok());
        let topic = all(TOPIC).next().filter(|topic| !topic.is_empty())?;
        let partition = all(PARTITION).next()?.parse::<i32>().ok().filter(|partition| *partition >= 0)?;
        let offset = all(OFFSET).next()?.parse::<i64>().ok().filter(|offset| *offset >= 0)?;
        let sets = all(TOPIC).count() as u64;
        Some(Earlier {
            place: [topic.to_owned(), partition.to_string(), offset.to_string()],
            timestamp: all(TIMESTAMP).next().filter(|text| text.parse::<i64>().is_ok()).map(str::to_owned),
            group: all(GROUP).next().map(str::to_owned),
            attempts: numbers(ATTEMPTS).fold(0, u64::saturating_add),
            rounds: numbers(ROUNDS).max().unwrap_or(0).max(sets),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Record, TopicPartition};

    fn record(headers: &[(&str, Option<&str>)]) -> OwnedRecord {
        let headers: Vec<Header<'_>> = headers
            .iter()
            .map(|(name, value)| Header { name: name.as_bytes(), value: value.map(str::as_bytes) })
            .collect();
        let record = Record {
            topic: "t",
            partition: 3,
            offset: 17,
            timestamp: Some(5),
            key: None,
            value: None,
            headers: &headers,
        };
        OwnedRecord::copy(&record, TopicPartition { topic: "t".into(), partition: 3 })
    }

    /// The headers of its letter, one `NAME=VALUE` each.
    fn letter(headers: &[(&str, Option<&str>)]) -> Vec<String> {
        let record = record(headers);
        let failure_headers =
            FailureHeaders { error: "why".to_owned(), attempts: 4, group: Some("g".to_owned()) };
        let (reasons, headers) = (Reasons::of(&record, &failure_headers), record.headers());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace("kcons.", "");
        let pairs = reasons.with(&headers).into_iter();
        pairs.map(|(name, value)| format!("{}={}", text(name), value.map_or("null".into(), text))).collect()
    }

    #[test]
    fn a_first_letter_says_where_it_is_from() {
        let own = [("a", Some("1")), ("a", None), ("kcons.other", Some("x"))];
        assert_eq!(
            letter(&own),
            [
                "a=1",
                "a=null",
                "other=x",
                "error=why",
                "attempts=4",
                "topic=t",
                "partition=3",
                "offset=17",
                "timestamp=5",
                "group=g",
            ]
        );
    }

    #[test]
    fn a_letter_of_a_letter_has_one_set_with_the_first_place() {
        let first = [
            ("retryCount", Some("9")),
            ("kcons.error", Some("old")),
            ("kcons.attempts", Some("2")),
            ("kcons.topic", Some("first")),
            ("kcons.partition", Some("0")),
            ("kcons.offset", Some("1")),
            ("kcons.timestamp", Some("2")),
            ("kcons.group", Some("h")),
        ];
        let expected = |attempts, rounds: &str| {
            let rounds = format!("rounds={rounds}");
            [
                "retryCount=9",
                "error=why",
                attempts,
                &rounds,
                "topic=first",
                "partition=0",
                "offset=1",
                "timestamp=2",
                "group=h",
            ]
            .map(str::to_owned)
        };
        assert_eq!(letter(&first), expected("attempts=6", "2"));
        let again = [&first[..], &[("kcons.rounds", Some("7"))]].concat();
        assert_eq!(letter(&again), expected("attempts=6", "8"));
        // As older versions left them.
        let twice =
            [&first[..], &first[1..3], &[("kcons.topic", Some("second")), ("kcons.offset", Some("5"))]]
                .concat();
        assert_eq!(letter(&twice), expected("attempts=8", "3"));
    }

    #[test]
    fn what_is_no_place_is_replaced() {
        for (name, value) in [("topic", ""), ("partition", "-1"), ("partition", "x"), ("offset", "-5")] {
            let mut place = [("kcons.topic", "o"), ("kcons.partition", "0"), ("kcons.offset", "1")];
            place.iter_mut().filter(|(other, _)| other.ends_with(name)).for_each(|(_, old)| *old = value);
            let letter = letter(&place.map(|(name, value)| (name, Some(value))));
            assert!(
                letter.contains(&"topic=t".to_owned()) && letter.contains(&"attempts=4".to_owned()),
                "{letter:?}"
            );
            assert_eq!(letter.len(), 7, "{letter:?}");
        }
    }

    #[test]
    fn nothing_of_ours_is_forwarded_and_the_text_can_be_left_out() {
        let record = record(&[("kcons.error", Some("x")), ("a", None), ("kcons.any", None)]);
        assert_eq!(without(&record.headers()), [(&b"a"[..], None)]);
        let failure_headers = FailureHeaders { error: "why".to_owned(), attempts: 1, group: None };
        let reasons = Reasons::of(&record, &failure_headers).without_text();
        assert_eq!(reasons.with(&[])[0], (&b"kcons.error"[..], Some(&b""[..])));
    }
}
