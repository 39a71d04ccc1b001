//! Where the value of a property comes from.

use std::fmt;

/// Where a property got its value, as `--print-config` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyOrigin {
    /// A default of librdkafka.
    Default,
    /// A default of kcons.
    Kcons,
    /// An option such as `--brokers`.
    Option,
    /// The option `-X`.
    Property,
    /// The file at this path.
    File(String),
    /// The environment variable of this name.
    Environment(String),
    /// The profile of this name.
    Profile(String),
}

impl PropertyOrigin {
    /// Whether the value was typed for this run. Such a value is never silently ignored.
    pub fn is_typed(&self) -> bool {
        match self {
            PropertyOrigin::Option | PropertyOrigin::Property => true,
            PropertyOrigin::Default
            | PropertyOrigin::Kcons
            | PropertyOrigin::File(_)
            | PropertyOrigin::Environment(_)
            | PropertyOrigin::Profile(_) => false,
        }
    }

    /// Whether a person chose the value.
    pub fn is_chosen(&self) -> bool {
        match self {
            PropertyOrigin::Option
            | PropertyOrigin::Property
            | PropertyOrigin::File(_)
            | PropertyOrigin::Environment(_)
            | PropertyOrigin::Profile(_) => true,
            PropertyOrigin::Default | PropertyOrigin::Kcons => false,
        }
    }
}

impl PropertyOrigin {
    /// Where the value comes from, as messages name it.
    pub fn told(&self) -> String {
        match self {
            PropertyOrigin::File(name) | PropertyOrigin::Environment(name) => format!("`{name}`"),
            PropertyOrigin::Profile(name) => format!("profile `{name}`"),
            PropertyOrigin::Default
            | PropertyOrigin::Kcons
            | PropertyOrigin::Option
            | PropertyOrigin::Property => self.to_string(),
        }
    }
}

impl fmt::Display for PropertyOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PropertyOrigin::Default => f.write_str("default"),
            PropertyOrigin::Kcons => f.write_str("kcons"),
            PropertyOrigin::Option => f.write_str("option"),
            PropertyOrigin::Property => f.write_str("-X"),
            PropertyOrigin::File(path) => write!(f, "file {path}"),
            PropertyOrigin::Environment(name) => write!(f, "env {name}"),
            PropertyOrigin::Profile(name) => write!(f, "profile {name}"),
        }
    }
}
