//! Our words for what librdkafka says.

/// The words for a code that this version of librdkafka does not know either and calls `Success`.
pub const UNKNOWN: &str = "an error that this version does not know";

/// Texts of librdkafka, by a part of them in lower case, and what they mean.
const KNOWN: [(&str, &str); 14] = [
    ("failed to query partition leaders", "some partitions have no leader at the moment"),
    ("no leaders found", "some partitions have no leader at the moment"),
    ("leader not available", "the partition has no leader at the moment"),
    ("group id does not exist", "the group does not exist"),
    ("is not a consumer group", "it is not a consumer group"),
    ("broker handle destroyed for termination", "the broker's answer cannot be read"),
    ("offsets must be >= 0", "an offset below 0 was to be set"),
    ("no offset stored", "there is no offset to commit"),
    ("failed crc32c check", "a batch is damaged: its checksum is wrong"),
    ("message size too large", "the record is larger than the topic allows"),
    ("all broker connections are down", "no broker can be reached"),
    ("brokers are down", "no broker can be reached"),
    ("broker transport failure", "the connection to the broker failed"),
    ("required feature not supported", "the broker does not support this"),
];

/// What an explanation of librdkafka means, as the cause of a failure: in our words, in the broker's own, or else in
/// librdkafka's, marked as such.
pub fn told(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let lower = text.to_lowercase();
    if text.is_empty() || text == "Success" || lower.contains("unknown error") || text == UNKNOWN {
        return UNKNOWN.to_owned();
    }
    if let Some(words) = foreign(text) {
        return words;
    }
    if let Some((_, words)) = KNOWN.iter().find(|(part, _)| lower.contains(part)) {
        return (*words).to_owned();
    }
    if let Some(words) = connection(&lower) {
        return words.to_owned();
    }
    match text.strip_prefix("Broker: ") {
        Some(words) => format!("the broker says: {words}"),
        None => format!("librdkafka: {}", text.strip_prefix("Local: ").unwrap_or(text)),
    }
}

/// The words for a connection that was made and then ended from the other side.
pub const CLOSED: &str = "the broker closed the connection";

/// The end of a connection at which librdkafka asks whether the port is one without TLS; so one with SASL alone ends it, too.
const NO_TLS: &str = "the broker closed the connection instead of answering in TLS";

/// Nothing listens at the port.
pub const REFUSED: &str = "connection refused";

/// Why there is no connection, read from a text in lower case.
pub fn connection(lower: &str) -> Option<&'static str> {
    const REASONS: [&str; 5] = [
        REFUSED,
        "no route to host",
        "network is unreachable",
        "cannot assign requested address",
        "address family not supported",
    ];
    let named = REASONS.into_iter().find(|reason| lower.contains(reason));
    if lower.contains("connecting to a plaintext broker listener") {
        return Some(NO_TLS);
    }
    let is_late = || lower.contains("timed out") || lower.contains("timeout");
    named.or_else(|| is_late().then_some("timed out")).or_else(|| is_closed(lower).then_some(CLOSED))
}

/// Whether a text only says that the connection is gone; a TLS alert or a hint at the protocol says more.
fn is_closed(lower: &str) -> bool {
    let is_gone = lower.starts_with("disconnected") || lower.starts_with("send failed");
    (is_gone || lower.contains("connection reset"))
        && !lower.contains("alert")
        && !lower.contains("plaintext")
}

/// Whether an error only says that an address is of a family which this machine does not speak. Of a name with two
/// addresses both are tried, and the reason of the other one says more.
pub fn is_of_another_family(words: &str) -> bool {
    ["cannot assign requested address", "network is unreachable", "address family not supported"]
        .contains(&words)
}

/// The first words about a port that is not one of Kafka's.
pub const ANSWERS_IN: &str = "answers in ";

/// The length of a frame that librdkafka refuses to take (`rd_kafka_recv`), if the text has one.
fn refused_length(text: &str) -> Option<i32> {
    let rest = ["Invalid response size ", "Invalid frame size "]
        .into_iter()
        .find_map(|start| text.split_once(start).map(|(_, rest)| rest))?;
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// The size of an answer that exceeds `receive.message.max.bytes`, if the text has one.
pub fn oversize(text: &str) -> Option<i32> {
    refused_length(text).filter(|length| *length > 0 && protocol(length.to_be_bytes()).is_none())
}

/// What the length of a frame shows that is not one of Kafka's: the first four bytes of another protocol, or a
/// record that is too large.
fn foreign(text: &str) -> Option<String> {
    let length = refused_length(text)?;
    Some(match protocol(length.to_be_bytes()) {
        Some(protocol) => format!("{ANSWERS_IN}{protocol}, not Kafka"),
        None if length > 0 => {
            format!("announces an answer of {length} bytes, more than `receive.message.max.bytes` allows")
        }
        None => format!("announces an answer of {length} bytes, which is no length"),
    })
}

/// The protocol that begins with these bytes.
fn protocol(start: [u8; 4]) -> Option<String> {
    const VERBS: [&[u8; 4]; 10] =
        [b"HTTP", b"GET ", b"POST", b"PUT ", b"HEAD", b"DELE", b"OPTI", b"PATC", b"CONN", b"TRAC"];
    if VERBS.contains(&&start) || &start == b"<htm" || &start == b"<!DO" {
        return Some("HTTP".to_owned());
    }
    // Content types of TLS (RFC 8446, section 5.1), then the major version.
    if matches!(start, [0x14..=0x18, 0x03, ..]) {
        return Some("TLS".to_owned());
    }
    if &start == b"SSH-" {
        return Some("SSH".to_owned());
    }
    let is_text = start.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n'));
    is_text.then(|| "text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_protocol_is_known_by_its_first_bytes() {
        for (start, protocol) in [
            (*b"HTTP", "HTTP"),
            (*b"GET ", "HTTP"),
            (*b"POST", "HTTP"),
            (*b"<htm", "HTTP"),
            ([0x15, 3, 1, 0], "TLS"),
            ([0x15, 3, 3, 0], "TLS"),
            ([0x16, 3, 1, 2], "TLS"),
            (*b"SSH-", "SSH"),
            (*b"-ERR", "text"),
            (*b"220 ", "text"),
        ] {
            let length = i32::from_be_bytes(start);
            for text in [
                format!(
                    "Receive failed: Invalid response size {length} (0..100000000): increase receive.message.max.bytes"
                ),
                format!("Invalid frame size {length}"),
            ] {
                assert_eq!(told(&text), format!("answers in {protocol}, not Kafka"));
            }
        }
        assert_eq!(i32::from_be_bytes(*b"HTTP"), 1_213_486_160);
    }

    #[test]
    fn a_limit_is_not_advised_to_be_raised() {
        for length in ["120000149", "2000000000", "-5", "3"] {
            let text = format!(
                "Receive failed: Invalid response size {length} (0..100000000): increase receive.message.max.bytes"
            );
            let words = told(&text);
            assert!(words.starts_with(&format!("announces an answer of {length} bytes")), "{words}");
            assert!(!words.contains("increase"), "{words}");
        }
    }

    #[test]
    fn what_is_known_is_in_our_words_and_the_rest_is_said_to_be_librdkafkas() {
        for (text, words) in [
            (
                "Failed to query partition leaders: No leaders found",
                "some partitions have no leader at the moment",
            ),
            ("Broker: The group id does not exist", "the group does not exist"),
            ("GroupId connect-sink is not a consumer group (connect)", "it is not a consumer group"),
            ("Local: Broker handle destroyed for termination", "the broker's answer cannot be read"),
            ("All topic-partition offsets must be >= 0", "an offset below 0 was to be set"),
            ("Local: No offset stored", "there is no offset to commit"),
            ("Success", UNKNOWN),
            ("", UNKNOWN),
            ("Local: Timed out", "timed out"),
            ("Broker: Not enough in-sync replicas", "the broker says: Not enough in-sync replicas"),
            ("Local: Bad message format", "librdkafka: Bad message format"),
            ("Something new.", "librdkafka: Something new"),
        ] {
            assert_eq!(told(text), words);
        }
    }
}
