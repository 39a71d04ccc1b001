//! Resolves the options of a group member, and those of a run without a group.

pub mod start;

use super::given::GivenOptions;
use crate::choices::{CommitMode, CommitSettings, OffsetReset};
use crate::cli::{CommitChoice, ReadingOptions};
use crate::error::Failure;
use crate::position::{Clock, Position, Positions, Role, partitions};
use crate::settings::Surroundings;
use crate::settings::properties::origin::PropertyOrigin;
use crate::settings::properties::{Properties, PropertyValue};
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    Group(GroupSettings),
    Standalone(Standalone),
}

/// How a run reads as a member of a consumer group.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupSettings {
    pub name: String,
    pub offset_reset: OffsetReset,
    pub commits: CommitSettings,
    /// The id of a static member.
    pub instance_id: Option<String>,
}

/// How a run reads without a group: nothing is committed, no group is created.
#[derive(Clone, Debug, PartialEq)]
pub struct Standalone {
    pub from: Positions,
    pub partitions: Option<BTreeSet<i32>>,
}

/// Decides whether the run is a member of a group, and how it reads. Sets the properties that follow from it, for
/// `--print-config`.
pub fn resolve(
    given: &GivenOptions<'_>,
    properties: &mut Properties,
    surroundings: &Surroundings<'_>,
) -> Result<Mode, Failure> {
    let reading = given.reading;
    match group_name(reading, properties)? {
        Some(name) => group(name, reading, properties, &surroundings.clock).map(Mode::Group),
        None => standalone(reading, properties, surroundings).map(Mode::Standalone),
    }
}

/// Whether records of open and aborted transactions are read. A file or a profile can say so too.
pub fn read_uncommitted(reading: &ReadingOptions, properties: &mut Properties) -> Result<bool, Failure> {
    const LEVEL: &str = "isolation.level";
    if reading.read_uncommitted {
        let is_same = |given: &PropertyValue| given.value.eq_ignore_ascii_case("read_uncommitted");
        match properties.get(LEVEL) {
            Some(given) if given.origin == PropertyOrigin::Property && !is_same(given) => {
                return Err(contradiction("--read-uncommitted", LEVEL, given));
            }
            Some(_) | None => properties.set(LEVEL, "read_uncommitted", PropertyOrigin::Option),
        }
    }
    Ok(properties.get(LEVEL).is_some_and(|given| given.value.eq_ignore_ascii_case("read_uncommitted")))
}

const GROUP: &str = "group.id";
const RESET: &str = "auto.offset.reset";
const AUTO_COMMIT: &str = "enable.auto.commit";
const INTERVAL: &str = "auto.commit.interval.ms";
const INSTANCE: &str = "group.instance.id";

fn group_name(reading: &ReadingOptions, properties: &mut Properties) -> Result<Option<String>, Failure> {
    let name = match &reading.group {
        Some(name) => {
            properties.agree("--group", name, GROUP)?;
            properties.set(GROUP, name, PropertyOrigin::Option);
            name.clone()
        }
        // A file never makes the run a member of a group; `-X` does, and so does the demo.
        None => match properties.get(GROUP) {
            Some(PropertyValue {
                origin: PropertyOrigin::File(_) | PropertyOrigin::Environment(_) | PropertyOrigin::Profile(_),
                ..
            })
            | None => return Ok(None),
            Some(given) => given.value.to_string(),
        },
    };
    match name.is_empty() {
        true => Err(Failure::usage("the group's name must not be empty")
            .hint("omit `--group` to read without a group")),
        false => Ok(Some(name)),
    }
}

fn group(
    name: String,
    reading: &ReadingOptions,
    properties: &mut Properties,
    clock: &Clock,
) -> Result<GroupSettings, Failure> {
    Ok(GroupSettings {
        name,
        offset_reset: offset_reset(reading, properties, clock)?,
        commits: commits(reading, properties)?,
        instance_id: instance_id(reading, properties)?,
    })
}

fn offset_reset(
    reading: &ReadingOptions,
    properties: &mut Properties,
    clock: &Clock,
) -> Result<OffsetReset, Failure> {
    let typed = match &reading.offset_reset {
        Some(text) => Some((text, start::typed(text, clock)?)),
        None => None,
    };
    let given = properties.take(RESET);
    let named = match &given {
        Some(given) => Some(start::of_property(given)?),
        None => None,
    };
    let (reset, origin) = match (typed, given, named) {
        (Some((text, reset)), Some(given), Some(named))
            if given.origin == PropertyOrigin::Property && named != reset =>
        {
            return Err(contradiction(&format!("--offset-reset {text}"), RESET, &given));
        }
        (Some((_, reset)), ..) => (reset, properties.origin_of("offset-reset")),
        (None, Some(given), Some(named)) => (named, given.origin),
        (None, ..) => return Ok(OffsetReset::Earliest),
    };
    let shown = match reset {
        OffsetReset::Earliest => "earliest".to_owned(),
        OffsetReset::Latest => "latest".to_owned(),
        OffsetReset::None => "none".to_owned(),
        OffsetReset::Time(time) => Position::Time(time).to_string(),
    };
    properties.set(RESET, &shown, origin);
    Ok(reset)
}

fn commits(reading: &ReadingOptions, properties: &mut Properties) -> Result<CommitSettings, Failure> {
    let (commit, origin) = commit(reading, properties)?;
    let is_auto = commit == CommitChoice::Auto;
    properties.set(AUTO_COMMIT, if is_auto { "true" } else { "false" }, origin);
    let interval = interval(reading, properties, is_auto)?;
    let mode = match commit {
        CommitChoice::Auto => CommitMode::Auto { interval },
        CommitChoice::Manual => CommitMode::Manual,
        CommitChoice::Batch(count) => CommitMode::Batch(count),
        CommitChoice::Never => CommitMode::Never,
    };
    Ok(CommitSettings { mode, is_async: reading.async_commit })
}

fn commit(
    reading: &ReadingOptions,
    properties: &mut Properties,
) -> Result<(CommitChoice, PropertyOrigin), Failure> {
    let given = properties.take(AUTO_COMMIT);
    match (reading.commit, given) {
        (Some(commit), Some(given))
            if given.origin == PropertyOrigin::Property
                && given.is_true() != (commit == CommitChoice::Auto) =>
        {
            let option = match commit {
                CommitChoice::Auto => "--commit auto".to_owned(),
                CommitChoice::Manual => "--commit manual".to_owned(),
                CommitChoice::Batch(count) => format!("--commit batch={count}"),
                CommitChoice::Never => "--commit never".to_owned(),
            };
            Err(contradiction(&option, AUTO_COMMIT, &given))
        }
        (Some(commit), _) => Ok((commit, properties.origin_of("commit"))),
        (None, Some(given)) if given.origin.is_typed() && !given.is_true() => {
            properties.notes.push(
                "`-X enable.auto.commit=false` means `--commit never`: nothing is committed".to_owned(),
            );
            Ok((CommitChoice::Never, given.origin))
        }
        (None, Some(given)) if given.origin.is_typed() => Ok((CommitChoice::Auto, given.origin)),
        // A service sets this to commit what it has processed by itself, which kcons does in every mode.
        (None, Some(given)) if !given.is_true() => {
            let origin = given.origin.told();
            properties.notes.push(format!(
                "ignoring `{AUTO_COMMIT}=false` in {origin}: records are committed once they are written; \
                 `--commit never` commits nothing"
            ));
            Ok((CommitChoice::Auto, PropertyOrigin::Default))
        }
        (None, Some(_) | None) => Ok((CommitChoice::Auto, PropertyOrigin::Default)),
    }
}

const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
const LONGEST_INTERVAL: Duration = Duration::from_secs(86_400);

fn interval(
    reading: &ReadingOptions,
    properties: &mut Properties,
    is_auto: bool,
) -> Result<Duration, Failure> {
    if !is_auto {
        properties.take(INTERVAL);
        return Ok(DEFAULT_INTERVAL);
    }
    if let Some(interval) = reading.commit_interval {
        if interval > LONGEST_INTERVAL {
            return Err(Failure::usage("`--commit-interval` must be at most `1d`"));
        }
        let milliseconds = interval.as_millis().to_string();
        properties.agree("--commit-interval", &milliseconds, INTERVAL)?;
        properties.set(INTERVAL, &milliseconds, PropertyOrigin::Option);
        return Ok(interval);
    }
    match properties.get(INTERVAL).map(|given| given.value.parse().unwrap_or(0)) {
        // With 0, librdkafka would commit nothing at all.
        Some(0) => Err(Failure::usage(format!("invalid value `0` for property `{INTERVAL}`"))
            .hint("valid: 1 to 86400000, or `--commit never`")),
        Some(milliseconds) => Ok(Duration::from_millis(milliseconds)),
        None => Ok(DEFAULT_INTERVAL),
    }
}

fn instance_id(reading: &ReadingOptions, properties: &mut Properties) -> Result<Option<String>, Failure> {
    if let Some(id) = &reading.instance_id {
        properties.agree("--instance-id", id, INSTANCE)?;
        properties.set(INSTANCE, id, properties.origin_of("instance-id"));
        return match id.is_empty() {
            true => Err(Failure::usage("`--instance-id` must not be empty")),
            false => Ok(Some(id.clone())),
        };
    }
    match properties.get(INSTANCE) {
        Some(given) if given.value.is_empty() && given.origin.is_typed() => {
            Err(Failure::usage("`--instance-id` must not be empty"))
        }
        // This id belongs to a member of the service, which would be thrown out of the group if kcons used it too.
        Some(given) if !given.origin.is_typed() => {
            let note = format!(
                "ignoring `{INSTANCE}` in {}: `--instance-id` sets one for this member",
                given.origin.told()
            );
            properties.notes.push(note);
            properties.take(INSTANCE);
            Ok(None)
        }
        Some(given) => Ok(Some(given.value.to_string())),
        None => Ok(None),
    }
}

fn standalone(
    reading: &ReadingOptions,
    properties: &mut Properties,
    surroundings: &Surroundings<'_>,
) -> Result<Standalone, Failure> {
    let mut ignored = Vec::new();
    let mut origins: Vec<String> = Vec::new();
    for name in [GROUP, RESET, AUTO_COMMIT] {
        if let Some(given) = properties.take(name) {
            ignored.push(format!("`{}`", properties.written(name, &given.origin)));
            let origin = given.origin.told();
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
    }
    if !ignored.is_empty() {
        let (names, origins) = (ignored.join(", "), origins.join(" and "));
        properties
            .notes
            .push(format!("ignoring {names} in {origins}: reading without a group, see `--group`"));
    }
    properties.take(INTERVAL);
    properties.take(INSTANCE);
    let from = reading.from.as_ref().map(|text| Positions::parse(text, Role::From, &surroundings.clock));
    let partitions = reading.partitions.as_ref().map(|text| partitions(text, "--partitions"));
    Ok(Standalone {
        from: from.transpose()?.unwrap_or(Positions::All(Position::Beginning)),
        partitions: partitions.transpose()?,
    })
}

fn contradiction(option: &str, property: &str, given: &PropertyValue) -> Failure {
    let value = given.value.shown(property);
    Failure::usage(format!("`{option}` and `-X {property}={value}` contradict each other"))
        .hint("give one of them")
}
