//! The properties that can be typed with `-X`, and their values, for people who have not typed them to the end.

use super::guarded;
use super::known::{KnownProperties, KnownProperty, Side, ValueType};

/// What the value of a property is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyWords {
    /// One of these.
    One(Vec<String>),
    File,
    Other,
}

/// The properties of a consumer that can be set, sorted by name, each with its default.
pub fn names(known: &KnownProperties) -> Vec<(String, String)> {
    let is_usable = |property: &&KnownProperty| {
        property.side != Side::Producer
            && property.form != ValueType::Code
            && guarded::find(&property.name).is_none()
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

/// What fits as the value of a property.
pub fn values(known: &KnownProperties, name: &str) -> PropertyWords {
    let Some(property) = known.get(name) else { return PropertyWords::Other };
    if property.name.ends_with(".location") {
        return PropertyWords::File;
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
    fn the_names_are_those_that_a_consumer_takes() {
        let world = TestWorld::new(&[]);
        let known = world.surroundings().known;
        let names: Vec<String> = names(known).into_iter().map(|(name, _)| name).collect();
        for name in ["client.id", "bootstrap.servers", "security.protocol", "sasl.password"] {
            assert!(names.iter().any(|other| other == name), "{name}");
        }
        for name in ["acks", "enable.auto.offset.store", "rebalance_cb", "allow.auto.create.topics"] {
            assert!(names.iter().all(|other| other != name), "{name}");
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
