//! Names that are no property, or none any more: the error about them, with what was probably meant.

use super::known::KnownProperties;
use super::origin::PropertyOrigin;
use super::registry;
use crate::cli;
use crate::error::Failure;
use crate::near::nearest;

/// Properties of old versions of librdkafka that some files still have. They have no effect in any current version.
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

/// Properties of other tools, and what to use instead.
const MEANT: [(&str, &str); 9] = [
    ("print.key", "every output has the key; `--output json` and jq choose fields"),
    ("print.value", "every output has the value; `--output json` and jq choose fields"),
    ("print.timestamp", "`--output json` has the timestamp, and pretty output with `-v`"),
    ("print.headers", "`--output json` has the headers, and pretty output with `-v`"),
    ("print.offset", "every output but `--output raw` has the offset"),
    ("print.partition", "every output but `--output raw` has the partition"),
    ("key.separator", "`--output json` and jq put key and value together"),
    ("line.separator", "`--output raw --delimiter TEXT` sets what follows each value"),
    ("null.literal", "`--output json` tells null from empty"),
];

/// Whether a name is a property of older versions of librdkafka.
pub fn had_an_effect(name: &str) -> bool {
    WITHOUT_EFFECT.contains(&name)
}

/// The error about a name that is no property, nor an option if it is in a profile.
pub fn refuse(name: &str, place: &str, origin: &PropertyOrigin, known: &KnownProperties) -> Failure {
    let (kind, all, near) = match origin {
        PropertyOrigin::Profile(_) => (
            "key",
            "keys are options without dashes, like `brokers`, and properties, see `--print-config`",
            near_key(name, known),
        ),
        PropertyOrigin::Default
        | PropertyOrigin::Kcons
        | PropertyOrigin::Option
        | PropertyOrigin::Property
        | PropertyOrigin::File(_)
        | PropertyOrigin::Environment(_) => {
            ("property", "`--print-config` lists all properties", near_property(name, known))
        }
    };
    let failure = Failure::usage(format!("unknown {kind} `{name}`{place}"));
    let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    match MEANT.iter().find(|(meant, _)| *meant == name) {
        Some((_, replacement)) => failure.hint(*replacement),
        None if near.is_empty() => failure.hint(all),
        None => failure.hint(format!("did you mean {}?", near.join(" or "))),
    }
}

/// Up to three properties, of brokers or of a registry, that resemble a name, the nearest first.
fn near_property(name: &str, known: &KnownProperties) -> Vec<String> {
    let of_registry = registry::names::near(name);
    match of_registry.is_empty() {
        true => known.near(name).into_iter().map(str::to_owned).collect(),
        false => of_registry,
    }
}

/// Up to three keys of profiles that resemble a name, the nearest first.
fn near_key(name: &str, known: &KnownProperties) -> Vec<String> {
    let options = cli::profile_keys();
    let properties = near_property(name, known);
    let spelled = name.replace('_', "-");
    let all = options.iter().chain(&properties).map(String::as_str);
    nearest(&spelled, all).into_iter().map(str::to_owned).collect()
}
