//! Names of properties that are none any more, or none of Kafka's clients.

/// What librdkafka took once, and some files still have. It has no effect in any current version; kcat says so, too.
const WITHOUT_EFFECT: [&str; 11] = [
    "broker.version",
    "client.software.name",
    "client.software.version",
    "default.protocol.features",
    "enable.sparse.connections",
    "enforce.isr.cnt",
    "enforce.required.acks",
    "metadata.request.timeout.ms",
    "protocol.features",
    "protocol.version",
    "quota.support.enable",
];

/// What people of other tools type as a property, and what is meant by it.
const MEANT: [(&str, &str); 9] = [
    ("print.key", "every output has the key; `--output json` and jq choose fields"),
    ("print.value", "every output has the value; `--output json` and jq choose fields"),
    ("print.timestamp", "`--output json` has the timestamp, and pretty output with `-v`"),
    ("print.headers", "`--output json` has the headers, and pretty output with `-v`"),
    ("print.offset", "every output but `--output raw` has the offset"),
    ("print.partition", "every output but `--output raw` has the partition"),
    ("key.separator", "`--output json` and jq put key and value together"),
    ("line.separator", "`--output raw --delimiter STR` sets what follows each value"),
    ("null.literal", "`--output json` tells null from empty"),
];

/// Whether a property did something in older versions of librdkafka.
pub fn had_an_effect(name: &str) -> bool {
    WITHOUT_EFFECT.contains(&name)
}

/// What to use instead of a name that is no property.
pub fn replacement(name: &str) -> Option<&'static str> {
    MEANT.iter().find(|(meant, _)| *meant == name).map(|(_, hint)| *hint)
}
