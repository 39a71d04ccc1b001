//! Where a value came from.

use std::fmt;

/// Where a property got its value; what is said of it in `--print-config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyOrigin {
    /// librdkafka's own default.
    Default,
    /// A default of ours.
    Kcons,
    /// An option of its own, as `--brokers`.
    Option,
    /// `-X`.
    Property,
    /// This file.
    File(String),
    /// This environment variable.
    Environment(String),
    /// This profile.
    Profile(String),
}

impl PropertyOrigin {
    /// Whether it was typed for this run: such a value is never ignored in silence.
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
