//! The properties that can be typed with `-X`, and their values, for people who have not typed them to the end.

use super::guarded;
use super::java::{self, Meaning};
use super::known::{KnownProperties, KnownProperty, NOT_BUILT_IN, Side, ValueType, tokens};
use super::values::Value;

/// What the value of a property is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyWords {
    /// One of these.
    One(Vec<String>),
    File,
    Other,
}

/// Values of properties for which librdkafka lists none.
const UNLISTED: [(&str, &[&str]); 2] = [
    ("partition.assignment.strategy", &["range", "roundrobin", "cooperative-sticky"]),
    ("sasl.mechanisms", &["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]),
];

/// The properties that can be set, sorted by name, each with its default. `judge` is librdkafka's word on a value;
/// `is_refused` says what the command does not take.
pub fn names(
    known: &KnownProperties,
    judge: &dyn Fn(&str, &str) -> Result<(), String>,
    is_refused: &dyn Fn(&str) -> bool,
) -> Vec<(String, String)> {
    let is_usable = |property: &&KnownProperty| {
        let name = property.name.as_str();
        property.side != Side::Producer
            && property.form != ValueType::Code
            && guarded::find(name).is_none()
            && !is_refused(name)
            && has_meaning(name)
            && is_built_in(property, known, judge)
    };
    let described = |property: &KnownProperty| {
        let default = match property.default.as_str() {
            "" => String::new(),
            default => format!("default: {default}"),
        };
        (property.name.clone(), default)
    };
    known.all().filter(is_usable).map(described).collect()
}

fn has_meaning(name: &str) -> bool {
    !matches!(java::translate(name, &Value::plain("")), Ok(Meaning::Nothing | Meaning::NothingBecause(_)))
}

fn is_built_in(
    property: &KnownProperty,
    known: &KnownProperties,
    judge: &dyn Fn(&str, &str) -> Result<(), String>,
) -> bool {
    let name = property.name.as_str();
    if name.starts_with("sasl.kerberos.") && !known.has_feature("sasl_gssapi") {
        return false;
    }
    // librdkafka would load code to try the value; tokens are fetched without it.
    if guarded::loads_code(name) || tokens::is_ours(name) {
        return true;
    }
    !judge(name, &property.default).is_err_and(|cause| cause.contains(NOT_BUILT_IN))
}

/// What fits as the value of a property.
pub fn values(known: &KnownProperties, name: &str) -> PropertyWords {
    let Some(property) = known.get(name) else { return PropertyWords::Other };
    if property.name.ends_with(".location") {
        return PropertyWords::File;
    }
    if let Some((_, words)) = UNLISTED.iter().find(|(name, _)| *name == property.name) {
        return PropertyWords::One(words.iter().map(|word| (*word).to_owned()).collect());
    }
    // A range is `1 .. 1000`; of flags any number may be combined.
    if property.valid.is_empty() || property.valid.contains(" .. ") {
        return PropertyWords::Other;
    }
    PropertyWords::One(property.valid.split(',').map(|word| word.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::testing::TestWorld;

    #[test]
    fn the_names_are_those_that_the_command_takes() {
        let world = TestWorld::new(&[]);
        let surroundings = world.surroundings();
        let names = names(surroundings.known, surroundings.check, &|name| name == "group.protocol");
        let has = |name: &str| names.iter().any(|(other, _)| other == name);
        for name in [
            "client.id",
            "bootstrap.servers",
            "security.protocol",
            "sasl.password",
            "group.id",
            "sasl.oauthbearer.client.id",
        ] {
            assert!(has(name), "{name}");
        }
        for name in [
            "acks",
            "enable.auto.offset.store",
            "rebalance_cb",
            "allow.auto.create.topics",
            "group.protocol",
            "internal.termination.signal",
            "sasl.oauthbearer.assertion.file",
            "sasl.kerberos.keytab",
        ] {
            assert!(!has(name), "{name}");
        }
    }

    #[test]
    fn the_values_that_are_listed_here_are_taken() {
        let world = TestWorld::new(&[]);
        let surroundings = world.surroundings();
        for (name, words) in UNLISTED {
            for word in words {
                assert_eq!((surroundings.check)(name, word), Ok(()), "{name}={word}");
            }
            assert!(surroundings.known.get(name).is_some_and(|property| property.valid.is_empty()), "{name}");
        }
    }

    #[test]
    fn a_value_is_one_of_some_words_or_a_file_or_anything() {
        let world = TestWorld::new(&[]);
        let known = world.surroundings().known;
        let words = ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"].map(str::to_owned).to_vec();
        assert_eq!(values(known, "security.protocol"), PropertyWords::One(words));
        assert_eq!(values(known, "ssl.ca.location"), PropertyWords::File);
        for name in ["session.timeout.ms", "client.id", "sasl.password", "no.such"] {
            assert_eq!(values(known, name), PropertyWords::Other, "{name}");
        }
    }
}
