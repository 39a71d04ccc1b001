//! Properties that nobody may set but kcons: the delivery guarantee depends on them, or they load code.

use crate::error::Failure;

/// A property that users cannot set.
#[derive(Debug)]
pub struct Guarded {
    pub name: &'static str,
    reason: &'static str,
    /// A hint to what to use instead.
    instead: Option<&'static str>,
    /// Whether the property is a leftover of old clients, which `--print-config` does not show.
    pub is_legacy: bool,
}

const GUARDED: [Guarded; 8] = [
    Guarded {
        name: "enable.auto.offset.store",
        reason: "kcons stores an offset only when its record is processed",
        instead: Some("`--commit` says when offsets are committed"),
        is_legacy: false,
    },
    Guarded {
        name: "enable.partition.eof",
        reason: "kcons finds the end of each partition itself",
        instead: Some("`--exit` stops there"),
        is_legacy: false,
    },
    Guarded {
        name: "allow.auto.create.topics",
        reason: "kcons never creates a topic",
        instead: Some("`--wait-for-topic` waits for one that does not exist yet"),
        is_legacy: false,
    },
    legacy("auto.commit.enable"),
    legacy("offset.store.method"),
    legacy("offset.store.path"),
    legacy("offset.store.sync.interval.ms"),
    Guarded {
        name: "consume.callback.max.messages",
        reason: "kcons reads without callbacks",
        instead: None,
        is_legacy: true,
    },
];

const fn legacy(name: &'static str) -> Guarded {
    Guarded {
        name,
        reason: "offsets are committed to the group, by kcons alone",
        instead: Some("`--commit` says when offsets are committed"),
        is_legacy: true,
    }
}

/// Finds a property among those that cannot be set.
pub fn find(name: &str) -> Option<&'static Guarded> {
    GUARDED.iter().find(|guarded| guarded.name == name)
}

/// Properties that make librdkafka or OpenSSL load a library or run a program.
const CODE: [&str; 5] = [
    "plugin.library.paths",
    "sasl.kerberos.kinit.cmd",
    "ssl.engine.id",
    "ssl.engine.location",
    "ssl.providers",
];

/// Whether a property loads code. Such a property has to be typed: a file may come from somebody else.
pub fn loads_code(name: &str) -> bool {
    CODE.contains(&name)
}

/// The error about a property that loads code in a file or profile.
pub fn refuse_code(name: &str, place: &str) -> Failure {
    Failure::usage(format!("property `{name}` cannot be set{place}"))
        .caused_by("it loads code, so it must be given on the command line")
        .hint(format!("-X {name}=VALUE"))
}

impl Guarded {
    /// The error about `-X` with the property.
    pub fn refuse(&self) -> Failure {
        let failure =
            Failure::usage(format!("property `{}` cannot be set", self.name)).caused_by(self.reason);
        match self.instead {
            Some(instead) => failure.hint(instead),
            None => failure,
        }
    }

    /// The message about the property in a file or profile, where it is ignored.
    pub fn note(&self, place: &str) -> String {
        format!("ignoring `{}`{place}: {}", self.name, self.reason)
    }
}
