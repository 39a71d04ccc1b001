//! Where a value came from.

use std::fmt;

/// Where a property got its value; what is said of it in `--print-config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
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

impl Origin {
    /// Whether it was typed for this run: such a value is never ignored in silence.
    pub fn is_typed(&self) -> bool {
        match self {
            Origin::Option | Origin::Property => true,
            Origin::Default
            | Origin::Kcons
            | Origin::File(_)
            | Origin::Environment(_)
            | Origin::Profile(_) => false,
        }
    }

    /// Whether a person chose the value.
    pub fn is_chosen(&self) -> bool {
        match self {
            Origin::Option
            | Origin::Property
            | Origin::File(_)
            | Origin::Environment(_)
            | Origin::Profile(_) => true,
            Origin::Default | Origin::Kcons => false,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Kcons => f.write_str("kcons"),
            Origin::Option => f.write_str("option"),
            Origin::Property => f.write_str("-X"),
            Origin::File(path) => write!(f, "file {path}"),
            Origin::Environment(name) => write!(f, "env {name}"),
            Origin::Profile(name) => write!(f, "profile {name}"),
        }
    }
}
