//! The properties that this build of librdkafka has: for which clients, with which default and which values.

pub mod tokens;

use super::guarded;
use super::values::Value;
use crate::error::Failure;
use crate::near::nearest;
use crate::settings::Surroundings;
use std::collections::{BTreeMap, BTreeSet};

/// The kinds of clients that a property is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Consumer,
    Producer,
    Both,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    Integer,
    Float,
    /// Text, one of several words, flags, true or false: librdkafka itself checks them.
    Text,
    /// A callback or a pointer, which cannot be written as text.
    Code,
}

/// A property, as librdkafka's table of properties describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProperty {
    pub name: String,
    pub side: Side,
    pub form: ValueType,
    /// The default value; empty if there is none.
    pub default: String,
    /// The valid values, `1 .. 3600000` or `true, false`; empty if any text is valid.
    pub valid: String,
}

/// All properties of this build of librdkafka.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownProperties {
    properties: BTreeMap<String, KnownProperty>,
    /// Maps aliases to the names that they stand for.
    aliases: BTreeMap<String, String>,
    /// The features that are built in: `ssl`, `sasl_gssapi`, …
    features: BTreeSet<String>,
}

/// A property that lists the built-in features and cannot be set.
pub const FEATURES: &str = "builtin.features";

impl KnownProperties {
    /// Parses the text of `rd_kafka_conf_properties_show`, lines of six columns between `|`. The value of
    /// `builtin.features` is passed in, because the table lists features whether they are built in or not.
    pub fn parse(table: &str, features: &str) -> KnownProperties {
        let features = features.split(',').map(|feature| feature.trim().to_owned()).collect();
        let mut known = KnownProperties { features, ..KnownProperties::default() };
        for line in table.lines() {
            let columns: Vec<&str> = line.splitn(6, '|').map(str::trim).collect();
            let [name, side, valid, default, _importance, description] = columns[..] else { continue };
            let side = match side {
                "C" => Side::Consumer,
                "P" => Side::Producer,
                "*" => Side::Both,
                _ => continue,
            };
            if name == FEATURES {
                continue;
            }
            // The second table, that of topics, repeats a few names of the first one, which count.
            if known.properties.contains_key(name) || known.aliases.contains_key(name) {
                continue;
            }
            let description = description.strip_prefix("**DEPRECATED** ").unwrap_or(description);
            if let Some((original, _)) =
                description.strip_prefix("Alias for `").and_then(|rest| rest.split_once('`'))
            {
                known.aliases.insert(name.to_owned(), original.to_owned());
                continue;
            }
            let form = match description.rsplit_once("*Type: ").map(|(_, form)| form.trim_end_matches('*')) {
                Some("integer") => ValueType::Integer,
                Some("float") => ValueType::Float,
                Some("see dedicated API") => ValueType::Code,
                Some(_) | None => ValueType::Text,
            };
            let property = KnownProperty {
                name: name.to_owned(),
                side,
                form,
                default: default.to_owned(),
                valid: valid.to_owned(),
            };
            known.properties.insert(name.to_owned(), property);
        }
        known.prefer("bootstrap.servers");
        known
    }

    /// Swaps an alias with the name it stands for, where people know the alias only.
    fn prefer(&mut self, alias: &str) {
        let Some(original) = self.aliases.remove(alias) else { return };
        if let Some(mut property) = self.properties.remove(&original) {
            property.name = alias.to_owned();
            self.properties.insert(alias.to_owned(), property);
        }
        self.aliases.insert(original, alias.to_owned());
    }

    /// The name that an alias stands for; any other name is returned unchanged.
    pub fn canonical<'a>(&'a self, name: &'a str) -> &'a str {
        self.aliases.get(name).map_or(name, String::as_str)
    }

    /// Finds a property by its name or alias.
    pub fn get(&self, name: &str) -> Option<&KnownProperty> {
        self.properties.get(self.canonical(name))
    }

    /// All properties, sorted by name; aliases are left out.
    pub fn all(&self) -> impl Iterator<Item = &KnownProperty> {
        self.properties.values()
    }

    pub fn has_feature(&self, feature: &str) -> bool {
        self.features.contains(feature)
    }

    /// Up to three names of properties that resemble a name, the nearest first.
    pub fn near(&self, name: &str) -> Vec<&str> {
        let usable = self.properties.values().filter(|property| property.side != Side::Producer);
        let names =
            usable.map(|property| property.name.as_str()).chain(self.aliases.keys().map(String::as_str));
        // kcat writes topic properties with a prefix.
        let bare = name.strip_prefix("topic.").filter(|bare| self.get(bare).is_some()).unwrap_or(name);
        nearest(bare, names)
    }
}

/// What librdkafka says, before the reason, of a property for something that was left out when it was built.
pub const NOT_BUILT_IN: &str = "not supported in this build: ";

/// Why a value is refused.
pub enum ValueError {
    BadValue(Failure),
    /// This build of librdkafka lacks what the property controls.
    NotBuiltIn(Failure),
}

/// Checks a value. Whole numbers are checked here, because librdkafka reads `1x` and `4294967297` as 1; anything
/// else is left to librdkafka.
pub fn check(
    surroundings: &Surroundings<'_>,
    property: &KnownProperty,
    value: &Value,
    place: &str,
) -> Result<(), ValueError> {
    let name = &property.name;
    if guarded::loads_code(name) {
        // librdkafka would load the code to try the value.
        return Ok(());
    }
    if tokens::is_ours(name) {
        return tokens::check(name, value).map_err(|valid| {
            let shown = value.shown(name);
            let failure = Failure::usage(format!("invalid value `{shown}` for property `{name}`{place}"));
            ValueError::BadValue(failure.hint(format!("valid: {valid}")))
        });
    }
    let judged = match property.form {
        ValueType::Integer if !is_in_range(value, &property.valid) => Err(String::new()),
        ValueType::Float if value.parse::<f64>().is_err() => Err(String::new()),
        ValueType::Integer | ValueType::Float | ValueType::Text | ValueType::Code => {
            (surroundings.check)(name, value)
        }
    };
    let Err(cause) = judged else { return Ok(()) };
    let shown = value.shown(name);
    if let Some((_, lacking)) = cause.split_once(NOT_BUILT_IN) {
        let failure = Failure::usage(format!("`{name}={shown}`{place} is not built in"));
        return Err(ValueError::NotBuiltIn(failure.caused_by(lacking.trim_end())));
    }
    let failure = Failure::usage(format!("invalid value `{shown}` for property `{name}`{place}"));
    Err(ValueError::BadValue(match property.valid.is_empty() {
        // The message of librdkafka may repeat the value.
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

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
## Global configuration properties

Property                                 | C/P | Range           |       Default | Importance | Description
-----------------------------------------|-----|-----------------|--------------:|------------| -----------
builtin.features                         |  *  |                 | gzip, ssl, sasl_plain, sasl_scram | low | Features. <br>*Type: CSV flags*
metadata.broker.list                     |  *  |                 |               | high       | Brokers. <br>*Type: string*
bootstrap.servers                        |  *  |                 |               | high       | Alias for `metadata.broker.list`: Brokers. <br>*Type: string*
session.timeout.ms                       |  C  | 1 .. 3600000    |         45000 | high       | Session. <br>*Type: integer*
enable.auto.commit                       |  C  | true, false     |          true | high       | Commit. <br>*Type: boolean*
error_cb                                 |  *  |                 |               | low        | Errors. <br>*Type: see dedicated API*
linger.ms                                |  P  | 0 .. 900000     |             5 | high       | Linger. <br>*Type: float*

## Topic configuration properties

auto.commit.enable                       |  C  | true, false     |          true | low        | **DEPRECATED** Legacy. <br>*Type: boolean*
enable.auto.commit                       |  C  | true, false     |          true | low        | **DEPRECATED** Alias for `auto.commit.enable`: Legacy. <br>*Type: boolean*
";

    #[test]
    fn a_line_of_the_table_becomes_a_property() {
        let known = KnownProperties::parse(TABLE, "gzip,ssl, sasl_scram");
        let session = known.get("session.timeout.ms").expect("known");
        assert_eq!((session.side, session.form), (Side::Consumer, ValueType::Integer));
        assert_eq!((session.default.as_str(), session.valid.as_str()), ("45000", "1 .. 3600000"));
        assert_eq!(known.get("error_cb").map(|property| property.form), Some(ValueType::Code));
        assert_eq!(known.get("linger.ms").map(|property| property.side), Some(Side::Producer));
        assert!(known.has_feature("sasl_scram") && !known.has_feature("sasl_gssapi"));
        assert!(known.get("Property").is_none());
    }

    #[test]
    fn the_brokers_are_known_by_the_name_that_people_use() {
        let known = KnownProperties::parse(TABLE, "gzip,ssl, sasl_scram");
        assert_eq!(known.canonical("metadata.broker.list"), "bootstrap.servers");
        assert_eq!(known.get("metadata.broker.list").map(|p| p.name.as_str()), Some("bootstrap.servers"));
    }

    #[test]
    fn a_global_property_is_not_taken_for_its_namesake_of_topics() {
        assert_eq!(
            KnownProperties::parse(TABLE, "gzip,ssl, sasl_scram").canonical("enable.auto.commit"),
            "enable.auto.commit"
        );
    }

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let known = KnownProperties::parse(TABLE, "gzip,ssl, sasl_scram");
        assert_eq!(known.near("sesion.timeout.ms"), ["session.timeout.ms"]);
        assert_eq!(known.near("topic.session.timeout.ms"), ["session.timeout.ms"]);
        assert_eq!(known.near("bootstrap.server"), ["bootstrap.servers"]);
        assert!(known.near("frobnicate").is_empty());
        assert!(known.near("session.name").is_empty(), "a common beginning is not enough");
    }
}
