//! The environment variables that describe a record to its handler.

use super::Attempt;
use crate::record::OwnedRecord;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// The longest value that is set. Linux takes no variable of 128 KiB or more, its name included.
const LONGEST: usize = 64 << 10;

/// The most that all variables together may take, which must fit beside our own environment into the 1 or 2 MiB
/// that systems allow.
const MOST: usize = 512 << 10;

/// What the system needs for a variable besides its name and value.
const OVERHEAD: usize = 2 + size_of::<usize>();

const HEADER: &str = "KCONS_HEADER_";

const BASE64: &str = "_BASE64";

/// The names of all variables but those of headers.
const NAMES: [&str; 10] = [
    "KCONS_TOPIC",
    "KCONS_PARTITION",
    "KCONS_OFFSET",
    "KCONS_KEY",
    "KCONS_KEY_BASE64",
    "KCONS_TIMESTAMP",
    "KCONS_GROUP",
    "KCONS_ATTEMPT",
    "KCONS_EVENT_ID",
    "KCONS_VALUE_NULL",
];

/// Variables that are to be set, in the order in which they matter.
#[derive(Default)]
struct Variables {
    set: Vec<(OsString, OsString)>,
    size: usize,
}

/// The variables that describe the record of an attempt. The others that may describe one must not be inherited
/// either.
pub fn variables(attempt: &Attempt, group: Option<&str>) -> Vec<(OsString, OsString)> {
    let record = &attempt.record;
    let mut variables = Variables::default();
    variables.text("KCONS_TOPIC", &record.partition.topic);
    variables.text("KCONS_PARTITION", &record.partition.partition.to_string());
    variables.text("KCONS_OFFSET", &record.offset.to_string());
    variables.text("KCONS_ATTEMPT", &attempt.number.to_string());
    if let Some(timestamp) = record.timestamp {
        variables.text("KCONS_TIMESTAMP", &timestamp.to_string());
    }
    if let Some(group) = group {
        variables.text("KCONS_GROUP", group);
    }
    if record.value().is_none() {
        variables.text("KCONS_VALUE_NULL", "1");
    }
    if let Some(id) = &attempt.event_id {
        variables.text("KCONS_EVENT_ID", id);
    }
    if let Some(key) = record.key() {
        variables.bytes("KCONS_KEY", key);
    }
    headers(record, &mut variables);
    variables.set
}

/// Whether a variable may describe a record, such as that of a kcons that runs us as its handler.
pub fn is_of_a_record(name: &OsStr) -> bool {
    name.as_bytes().starts_with(HEADER.as_bytes()) || NAMES.iter().any(|known| name == *known)
}

fn headers(record: &OwnedRecord, variables: &mut Variables) {
    let headers: Vec<_> =
        record.headers().iter().map(|header| (header_name(header.name), header.value)).collect();
    // A name stands where it came first and has its last value, so none is set twice.
    let last: HashMap<&str, Option<&[u8]>> =
        headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let mut unset = last.clone();
    for (name, _) in &headers {
        if let Some(Some(value)) = unset.remove(name.as_str()) {
            // Another header of that very name goes before a variable that we make up.
            let is_taken = last.contains_key(format!("{name}{BASE64}").as_str());
            if !is_taken || is_plain(value) {
                variables.bytes(name, value);
            }
        }
    }
}

fn header_name(name: &[u8]) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    HEADER.chars().chain(String::from_utf8_lossy(name).chars().map(allowed)).collect()
}

fn is_plain(value: &[u8]) -> bool {
    memchr::memchr(0, value).is_none() && simdutf8::basic::from_utf8(value).is_ok()
}

impl Variables {
    fn text(&mut self, name: &str, value: &str) {
        if memchr::memchr(0, value.as_bytes()).is_none() {
            self.set(name, value.as_bytes().to_vec());
        }
    }

    /// Sets bytes as they are; those that are no text in base64, under a name that says so.
    fn bytes(&mut self, name: &str, value: &[u8]) {
        if is_plain(value) {
            self.set(name, value.to_vec());
        } else if value.len() <= LONGEST {
            self.set(&format!("{name}{BASE64}"), STANDARD.encode(value).into_bytes());
        }
    }

    fn set(&mut self, name: &str, value: Vec<u8>) {
        let size = name.len() + value.len() + OVERHEAD;
        let fits = name.len() <= LONGEST / 2 && value.len() <= LONGEST && self.size + size <= MOST;
        if fits {
            self.size += size;
            self.set.push((name.into(), OsString::from_vec(value)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Header, Record, TopicPartition};
    use std::sync::Arc;

    fn attempt(key: Option<&[u8]>, value: Option<&[u8]>, headers: &[(&[u8], Option<&[u8]>)]) -> Attempt {
        let headers: Vec<Header<'_>> =
            headers.iter().map(|(name, value)| Header { name, value: *value }).collect();
        let record = Record {
            topic: "t",
            partition: 3,
            offset: 17,
            timestamp: Some(5),
            key,
            value,
            headers: &headers,
        };
        let partition = TopicPartition { topic: "t".into(), partition: 3 };
        Attempt {
            ticket: 1,
            record: Arc::new(OwnedRecord::copy(&record, partition)),
            number: 2,
            event_id: None,
        }
    }

    /// `NAME=value` of those variables that are not the same for every record of these tests, sorted.
    fn told(attempt: &Attempt) -> Vec<String> {
        let mut told: Vec<String> = variables(attempt, None)
            .into_iter()
            .map(|(name, value)| format!("{}={}", name.display(), value.display()))
            .filter(|line| !line.starts_with("KCONS_TOPIC=") && !line.starts_with("KCONS_PARTITION="))
            .filter(|line| !["KCONS_OFFSET=17", "KCONS_ATTEMPT=2", "KCONS_TIMESTAMP=5"].contains(&&**line))
            .collect();
        told.sort();
        told
    }

    #[test]
    fn a_handler_is_told_where_its_record_is_from() {
        let mut attempt = attempt(Some(b"k"), Some(b"v"), &[]);
        attempt.event_id = Some("e1".into());
        let mut set = variables(&attempt, Some("g"));
        set.sort();
        let expected = [
            ("KCONS_ATTEMPT", "2"),
            ("KCONS_EVENT_ID", "e1"),
            ("KCONS_GROUP", "g"),
            ("KCONS_KEY", "k"),
            ("KCONS_OFFSET", "17"),
            ("KCONS_PARTITION", "3"),
            ("KCONS_TIMESTAMP", "5"),
            ("KCONS_TOPIC", "t"),
        ];
        assert_eq!(set, expected.map(|(name, value)| (name.into(), value.into())));
        assert!(set.iter().all(|(name, _)| is_of_a_record(name)));
    }

    #[test]
    fn null_is_told_from_empty() {
        assert_eq!(told(&attempt(None, Some(b""), &[])), [""; 0]);
        assert_eq!(told(&attempt(Some(b""), None, &[])), ["KCONS_KEY=", "KCONS_VALUE_NULL=1"]);
    }

    #[test]
    fn a_key_that_is_no_text_is_given_in_base64() {
        for (key, expected) in [
            (&b"a=b\nc"[..], "KCONS_KEY=a=b\nc"),
            ("schlüssel".as_bytes(), "KCONS_KEY=schlüssel"),
            (b"\xff", "KCONS_KEY_BASE64=/w=="),
            (b"a\0", "KCONS_KEY_BASE64=YQA="),
        ] {
            assert_eq!(told(&attempt(Some(key), Some(b""), &[])), [expected]);
        }
    }

    #[test]
    fn what_is_too_long_is_left_unset() {
        let longest = vec![b'x'; LONGEST];
        let longer = vec![b'x'; LONGEST + 1];
        let binary = vec![0xff; LONGEST];
        assert_eq!(told(&attempt(Some(&longest), Some(b""), &[])).len(), 1);
        assert_eq!(told(&attempt(Some(&longer), Some(b""), &[])), [""; 0]);
        assert_eq!(told(&attempt(Some(&binary), Some(b""), &[])), [""; 0]);
        assert_eq!(told(&attempt(None, Some(b""), &[(&longer, Some(b"v"))])), [""; 0]);
    }

    #[test]
    fn an_event_id_with_nul_is_left_unset() {
        let mut attempt = attempt(None, Some(b""), &[]);
        attempt.event_id = Some("a\0b".into());
        assert_eq!(told(&attempt), [""; 0]);
    }

    #[test]
    fn headers_have_upper_case_names_and_the_last_value_of_a_name() {
        type Headers<'a> = &'a [(&'a [u8], Option<&'a [u8]>)];
        let table: &[(Headers<'_>, &[&str])] = &[
            (
                &[(b"trace-id", Some(b"1")), (b"b", Some(b"2"))],
                &["KCONS_HEADER_B=2", "KCONS_HEADER_TRACE_ID=1"],
            ),
            (&[(b"a", Some(b"1")), (b"A", Some(b"2"))], &["KCONS_HEADER_A=2"]),
            (&[(b"a", Some(b"1")), (b"a", None)], &[]),
            (&[(b"a", Some(b"\xff")), (b"a", Some(b"1"))], &["KCONS_HEADER_A=1"]),
            (&[(b"a", Some(b"1")), (b"a", Some(b"\xff"))], &["KCONS_HEADER_A_BASE64=/w=="]),
            (&[(b"a", Some(b"\xff")), (b"a_base64", Some(b"own"))], &["KCONS_HEADER_A_BASE64=own"]),
            (&[("ü=\0".as_bytes(), Some(b""))], &["KCONS_HEADER____="]),
            (&[(b"", Some(b"x"))], &["KCONS_HEADER_=x"]),
        ];
        for (headers, expected) in table {
            assert_eq!(told(&attempt(None, Some(b""), headers)), *expected, "{headers:?}");
        }
    }

    #[test]
    fn all_together_fit_into_what_systems_give() {
        let value = vec![b'x'; LONGEST];
        let names: Vec<Vec<u8>> = (0..20).map(|number| format!("h{number}").into_bytes()).collect();
        let headers: Vec<(&[u8], Option<&[u8]>)> =
            names.iter().map(|name| (name.as_slice(), Some(value.as_slice()))).collect();
        let attempt = attempt(Some(b"k"), Some(b""), &headers);
        let set = variables(&attempt, None);
        let size: usize = set.iter().map(|(name, value)| name.len() + value.len() + OVERHEAD).sum();
        assert!(size <= MOST && size > MOST - 2 * LONGEST, "{size}");
        assert!(set.iter().any(|(name, _)| name == "KCONS_KEY"));
    }
}
