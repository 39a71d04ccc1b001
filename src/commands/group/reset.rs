//! `kcons group reset`: moves what a group has committed.

use super::members::{described, refuse_members};
use super::plan::{self, Change};
use crate::commands::session::{Session, Stop};
use crate::commands::{failures, missing};
use crate::error::{Failure, Kind};
use crate::kafka::admin::topics::{self, Layout};
use crate::kafka::admin::{COORDINATOR_LIMIT, Unknown, groups};
use crate::kafka::ranges::{self, Range, RangeQuery};
use crate::kafka::{Trouble, TroubleKind};
use crate::plural::counted;
use crate::position::Position;
use crate::record::TopicPartition;
use crate::render::table::{Cell, Column, TableRows};
use crate::settings::{Reset, ResetScope, ResetTarget};
use crate::talk::Event;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one question may take before it is asked again.
const LIMIT: Duration = Duration::from_secs(3);

const COLUMNS: [Column; 5] = [
    Column::Text("GROUP"),
    Column::Text("TOPIC"),
    Column::Number("PARTITION"),
    Column::Number("OLD"),
    Column::Number("NEW"),
];

type Committed = BTreeMap<TopicPartition, i64>;
type Refused = Vec<(TopicPartition, Trouble)>;

/// # Errors
/// A group with members, something that is missing or forbidden, or no answer.
pub fn run(session: &mut Session, settings: &Reset) -> Result<(), Stop> {
    let committed = committed(session, settings)?;
    session.tell_cluster();
    let committed = match committed {
        Some(committed) => committed,
        None => {
            tell_new_group(session, settings)?;
            Committed::new()
        }
    };
    if let Some(warning) = &settings.warning {
        session.talk.warn(warning.clone(), Instant::now());
    }
    let partitions = match &settings.scope {
        ResetScope::Committed => committed.keys().cloned().collect(),
        ResetScope::Topics(topics) => chosen(session, topics, &settings.target)?,
    };
    let ranges = ranges(session, partitions, &settings.target)?;
    let changes = plan::changes(&ranges, &committed, &settings.target)
        .map_err(|stray| nothing_to_shift(&settings.group, &stray))?;
    for warning in changes.iter().filter_map(|change| change.warning.clone()) {
        session.talk.warn(warning, Instant::now());
    }
    let (changes, refused) = match settings.is_executed && !changes.is_empty() {
        true => execute(session, &settings.group, changes)?,
        false => (changes, Vec::new()),
    };
    let row = |change: &Change| -> Vec<Cell> {
        vec![
            settings.group.as_str().into(),
            (&*change.partition.topic).into(),
            change.partition.partition.into(),
            change.old.into(),
            change.new.into(),
        ]
    };
    // What is moved is said though others are not; where nothing is, a head without rows says nothing.
    if !changes.is_empty() || refused.is_empty() {
        session
            .print(&TableRows::new(&COLUMNS, changes.iter().map(row).collect()).render(settings.format))?;
    }
    if !refused.is_empty() {
        let message = format!("group `{}` was not reset in all partitions", settings.group);
        return Err(failures::refused(session, message, &refused).into());
    }
    match settings.is_executed {
        true => {
            let partitions = counted(changes.len() as u64, "partition", "partitions");
            let message = format!("Moved {partitions} of group {}", settings.group);
            session.talk.say(&Event::Done { message });
        }
        false => session.talk.info("nothing is changed without `--execute`"),
    }
    Ok(())
}

/// Says of a group that does not exist that this makes it, and which one may have been meant.
fn tell_new_group(session: &mut Session, settings: &Reset) -> Result<(), Stop> {
    let name = &settings.group;
    let verb = if settings.is_executed { "is" } else { "would be" };
    let message = format!("group `{name}` does not exist yet and {verb} created");
    match missing::near_group(name, session)? {
        Some(near) => session.talk.warn(format!("{message}; {near}"), Instant::now()),
        None => session.talk.info(message),
    }
    Ok(())
}

/// What the group has committed; `None` if there is no such group, and this would make it.
fn committed(session: &mut Session, settings: &Reset) -> Result<Option<Committed>, Stop> {
    let name = settings.group.clone();
    let found = described(session, std::slice::from_ref(&name))?;
    match found.into_iter().next().and_then(|(_, group)| group) {
        Some(group) => refuse_members(&group, "reset")?,
        None if settings.scope == ResetScope::Committed => return Err(missing::group(&name, session)),
        None => return Ok(None),
    }
    let asked = name.clone();
    let committed = session.ask(move |client| match groups::ask_committed(client, &asked).answer() {
        Err(trouble) if trouble.kind == TroubleKind::Transport => Err(trouble),
        answer => Ok(answer),
    })?;
    match committed {
        Ok(committed) => {
            if committed.is_empty() && settings.scope == ResetScope::Committed {
                session.talk.warn(missing::commits(&name), Instant::now());
            }
            Ok(Some(committed.into_iter().collect()))
        }
        Err(trouble) => Err(session.refused(Some(&name), &trouble).into()),
    }
}

/// The partitions that were typed.
fn chosen(
    session: &mut Session,
    wanted: &[(String, Option<BTreeSet<i32>>)],
    target: &ResetTarget,
) -> Result<Vec<TopicPartition>, Stop> {
    let names: Vec<String> = wanted.iter().map(|(name, _)| name.clone()).collect();
    let layouts = session.ask(move |client| {
        let layouts = topics::layouts(client, Some(&names), LIMIT)?;
        // A leader is being elected: it passes.
        let mut troubles = layouts.iter().filter_map(|(_, layout)| layout.as_ref().err());
        let passing = troubles.find(|trouble| trouble.kind == TroubleKind::Transport);
        passing.cloned().map_or(Ok(layouts), Err)
    })?;
    let named = match target {
        ResetTarget::To(positions) => positions.named(),
        ResetTarget::Shift(_) => Vec::new(),
    };
    let mut partitions = Vec::new();
    for (name, layout) in layouts {
        let list = wanted.iter().find(|(other, _)| *other == name).and_then(|(_, list)| list.as_ref());
        let layout = match layout {
            Ok(layout) => layout,
            Err(trouble) if trouble.kind == TroubleKind::UnknownTopic => {
                return Err(missing::topic(&name, session));
            }
            Err(trouble) if trouble.kind == TroubleKind::TopicAuthorization => {
                return Err(session.forbidden_topic(&name).into());
            }
            Err(trouble) => {
                let kind = session.refused(None, &trouble).kind;
                let failure = Failure::new(kind, format!("cannot read topic `{name}`"));
                return Err(failure.caused_by(trouble.told()).into());
            }
        };
        let exists = |number: &i32| layout.partitions.iter().any(|one| one.partition == *number);
        if let Some(stray) = list.into_iter().flatten().chain(&named).find(|number| !exists(number)) {
            return Err(missing_partition(&layout, *stray).into());
        }
        let topic: Arc<str> = Arc::from(name.as_str());
        let numbers = layout.partitions.iter().map(|one| one.partition);
        let is_wanted = |number: &i32| list.is_none_or(|list| list.contains(number));
        partitions.extend(
            numbers
                .filter(is_wanted)
                .map(|partition| TopicPartition { topic: Arc::clone(&topic), partition }),
        );
    }
    Ok(partitions)
}

fn missing_partition(layout: &Layout, number: i32) -> Failure {
    let name = &layout.name;
    Failure::new(
        Kind::Missing,
        match layout.partitions.as_slice() {
            [only] => format!("topic `{name}` has only partition {}, not {number}", only.partition),
            [first, .., last] => format!(
                "topic `{name}` has partitions {} to {}, not {number}",
                first.partition, last.partition
            ),
            [] => format!("topic `{name}` has no partition"),
        },
    )
}

/// Asks for the logs of these, and for the offsets of times.
fn ranges(
    session: &mut Session,
    partitions: Vec<TopicPartition>,
    target: &ResetTarget,
) -> Result<Vec<Range>, Stop> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let time = |partition: &TopicPartition| match target {
        ResetTarget::To(positions) => match positions.at(partition.partition) {
            Some(Position::Time(time)) => Some((partition.clone(), time)),
            Some(_) | None => None,
        },
        ResetTarget::Shift(_) => None,
    };
    let from_times = partitions.iter().filter_map(time).collect();
    // As Kafka's own tool: a group may go on behind an open transaction, and reads it once it is decided.
    let query = RangeQuery { from_times, ..RangeQuery::of(partitions, true, LIMIT) };
    let asked = session.ask(move |client| ranges::ranges_or_ask_again(client, &query))?;
    let (mut ranges, mut unknown, mut refused) = (Vec::with_capacity(asked.len()), Vec::new(), Vec::new());
    for (partition, range) in asked {
        match range {
            Ok(range) => ranges.push(range),
            Err(Unknown::Refused(trouble)) => refused.push((partition, trouble)),
            Err(why) => unknown.push((partition, why)),
        }
    }
    if !refused.is_empty() {
        return Err(
            failures::refused(session, "cannot read the offsets of the logs".to_owned(), &refused).into()
        );
    }
    session.refuse_unknown(unknown)?;
    Ok(ranges)
}

/// Moves the group: the partitions that are moved, and those that are refused.
fn execute(session: &mut Session, group: &str, changes: Vec<Change>) -> Result<(Vec<Change>, Refused), Stop> {
    let offsets: Vec<_> = changes.iter().map(|change| (change.partition.clone(), change.new)).collect();
    let name = group.to_owned();
    let is_passing = |trouble: &Trouble| trouble.kind == TroubleKind::Transport;
    let answer =
        session.ask(move |client| match groups::alter(client, &name, &offsets, COORDINATOR_LIMIT) {
            Err(trouble) if is_passing(&trouble) => Err(trouble),
            Ok(altered) => {
                // What is moved already is moved there again.
                let mut troubles = altered.iter().filter_map(|(_, result)| result.as_ref().err());
                troubles.find(|trouble| is_passing(trouble)).cloned().map_or(Ok(Ok(altered)), Err)
            }
            answer => Ok(answer),
        })?;
    let altered = match answer {
        Ok(altered) => altered,
        Err(trouble) => return Err(whole(session, group, &trouble).into()),
    };
    let refused: Refused =
        altered.into_iter().filter_map(|(partition, result)| Some((partition, result.err()?))).collect();
    if let Some((_, trouble)) = refused.iter().find(|(_, trouble)| trouble.kind == TroubleKind::Rebalancing) {
        return Err(whole(session, group, trouble).into());
    }
    let is_moved = |change: &Change| !refused.iter().any(|(partition, _)| *partition == change.partition);
    Ok((changes.into_iter().filter(is_moved).collect(), refused))
}

/// The failure for what concerns the group as a whole.
fn whole(session: &Session, group: &str, trouble: &Trouble) -> Failure {
    if trouble.kind != TroubleKind::Rebalancing {
        return session.refused(Some(group), trouble);
    }
    // So the broker answers who is no member, once a group has some.
    Failure::new(Kind::Run, format!("group `{group}` now has members and cannot be reset"))
        .hint("stop its members first")
}

fn nothing_to_shift(group: &str, stray: &[TopicPartition]) -> Failure {
    let first = stray.first().map(ToString::to_string).unwrap_or_default();
    let rest = match stray.len() {
        0 | 1 => String::new(),
        many => format!(" and {}", counted(many as u64 - 1, "more partition", "more partitions")),
    };
    Failure::new(Kind::Run, format!("group `{group}` has no committed offset to shift in {first}{rest}"))
        .hint("give them a position with `--to`, or move those that have one with `--all-topics`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_that_cannot_be_shifted_are_counted() {
        let told = |count| {
            let stray: Vec<_> = (0..count)
                .map(|partition| TopicPartition { topic: Arc::from("task-created"), partition })
                .collect();
            nothing_to_shift("g", &stray).message
        };
        let start = "group `g` has no committed offset to shift in task-created [0]";
        assert_eq!(told(1), start);
        assert_eq!(told(2), format!("{start} and 1 more partition"));
        assert_eq!(told(3), format!("{start} and 2 more partitions"));
    }
}
