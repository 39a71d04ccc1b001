//! Resolves the options of `kcons group reset`.

use super::{admin, topics};
use crate::choices::TableFormat;
use crate::cli;
use crate::error::Failure;
use crate::position::{Position, Positions, Role, partitions};
use crate::settings::Surroundings;
use crate::settings::properties::connection::Connection;
use std::collections::BTreeSet;

/// A run of `kcons group reset`.
#[derive(Debug)]
pub struct Reset {
    pub connection: Connection,
    pub group: String,
    pub scope: ResetScope,
    pub target: ResetTarget,
    pub is_executed: bool,
    /// A warning about a position that is probably not what was meant.
    pub warning: Option<String>,
    pub format: TableFormat,
}

/// The partitions that `group reset` moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetScope {
    /// All partitions in which the group has committed an offset.
    Committed,
    /// Topics, each with its chosen partitions; `None` stands for all of them.
    Topics(Vec<(String, Option<BTreeSet<i32>>)>),
}

/// Where `group reset` moves partitions to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResetTarget {
    To(Positions),
    /// Forward by this number of offsets; backward if it is negative.
    Shift(i64),
}

impl Reset {
    pub fn resolve(
        arguments: &cli::ResetOptions,
        connection: &cli::ConnectionOptions,
        surroundings: &Surroundings<'_>,
    ) -> Result<Reset, Failure> {
        let typed: Vec<String> = arguments.group.iter().cloned().collect();
        let groups = admin::groups(&typed, "kcons group reset GROUP --topic TOPIC --to POS", connection)?;
        let (scope, target) = match connection.print_config {
            true => (ResetScope::Committed, ResetTarget::Shift(0)),
            false => (scope(arguments)?, target(arguments, surroundings)?),
        };
        if let ResetTarget::To(positions) = &target {
            check_partition_positions(&scope, positions)?;
        }
        Ok(Reset {
            group: groups.into_iter().next().unwrap_or_default(),
            connection: admin::connection(connection, "group reset", surroundings)?,
            scope,
            warning: future_start_warning(arguments, &target, surroundings),
            target,
            is_executed: arguments.execute,
            format: arguments.rows.output.unwrap_or_default(),
        })
    }
}

fn scope(arguments: &cli::ResetOptions) -> Result<ResetScope, Failure> {
    if arguments.all_topics {
        return Ok(ResetScope::Committed);
    }
    if arguments.topics.is_empty() {
        return Err(Failure::usage("`--topic` is missing")
            .hint("`--topic TOPIC`, `--topic TOPIC:0,2` for some partitions, or `--all-topics`"));
    }
    let mut scope: Vec<(String, Option<BTreeSet<i32>>)> = Vec::new();
    for text in &arguments.topics {
        let (name, list) = match text.split_once(':') {
            Some((name, list)) => (name, Some(partitions(list, "--topic")?)),
            None => (text.as_str(), None),
        };
        if scope.iter().any(|(known, _)| known == name) {
            return Err(Failure::usage(format!("topic `{name}` is given twice")));
        }
        scope.push((topics::name(name)?, list));
    }
    Ok(ResetScope::Topics(scope))
}

fn target(arguments: &cli::ResetOptions, surroundings: &Surroundings<'_>) -> Result<ResetTarget, Failure> {
    match (&arguments.to, arguments.shift) {
        (Some(text), _) => Positions::parse(text, Role::Reset, &surroundings.clock).map(ResetTarget::To),
        (None, Some(shift)) => Ok(ResetTarget::Shift(shift)),
        (None, None) => Err(Failure::usage("`--to` is missing")
            .hint("`--to POS`, as in `--to beginning`, or `--shift -100` to move back from where it is")),
    }
}

/// Warns about a time in the future, at which there is normally no record.
fn future_start_warning(
    arguments: &cli::ResetOptions,
    target: &ResetTarget,
    surroundings: &Surroundings<'_>,
) -> Option<String> {
    let now = surroundings.clock.now.as_millisecond();
    let typed = arguments.to.as_ref()?;
    let ResetTarget::To(Positions::All(Position::Time(time))) = target else { return None };
    let warning = "is in the future: partitions without a record after that are moved to their end";
    (*time > now).then(|| format!("`--to {typed}` {warning}"))
}

/// Checks that positions for single partitions refer to partitions of the one topic that is moved.
fn check_partition_positions(scope: &ResetScope, positions: &Positions) -> Result<(), Failure> {
    let Positions::Some(map) = positions else { return Ok(()) };
    let chosen = match scope {
        ResetScope::Topics(topics) if topics.len() == 1 => topics[0].1.as_ref(),
        ResetScope::Topics(_) | ResetScope::Committed => {
            return Err(Failure::usage("`--to` names partitions, but there is more than one topic")
                .hint("give positions by partition for one `--topic` only"));
        }
    };
    let stray = map.keys().find(|partition| chosen.is_some_and(|chosen| !chosen.contains(partition)));
    match stray {
        Some(partition) => {
            Err(Failure::usage(format!("`--to` names partition {partition}, which is not in `--topic`")))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Arguments, Command, GroupCommand};
    use crate::position::Position;
    use crate::settings::testing::TestWorld;
    use clap::Parser;

    fn reset(words: &str) -> Result<Reset, Failure> {
        let words: Vec<&str> = "kcons group reset".split(' ').chain(words.split_whitespace()).collect();
        let arguments = Arguments::try_parse_from(words).expect("the declaration takes it");
        let Command::Group(GroupCommand::Reset(reset)) = &arguments.command else { panic!("not a reset") };
        Reset::resolve(reset, &arguments.connection, &TestWorld::new(&[]).surroundings())
    }

    #[test]
    fn topics_may_have_partitions() {
        let resolved = reset("g --topic t:0,2 --topic u --to end").expect("valid");
        let expected = vec![("t".to_owned(), Some(BTreeSet::from([0, 2]))), ("u".to_owned(), None)];
        assert_eq!(resolved.scope, ResetScope::Topics(expected));
        assert_eq!(resolved.target, ResetTarget::To(Positions::All(Position::End)));
        assert!(!resolved.is_executed);
        let resolved = reset("g --all-topics --shift -5 --execute").expect("valid");
        assert_eq!((resolved.scope, resolved.target), (ResetScope::Committed, ResetTarget::Shift(-5)));
        assert!(resolved.is_executed);
    }

    #[test]
    fn a_time_to_come_is_warned_of() {
        let warning = |to: &str| reset(&format!("g --topic t --to {to}")).expect("valid").warning;
        assert!(
            warning("2286-01-01")
                .is_some_and(|warning| warning.starts_with("`--to 2286-01-01` is in the future: "))
        );
        assert_eq!((warning("1999-01-01"), warning("end")), (None, None));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for (words, message) in [
            ("", "`GROUP` is missing"),
            ("g --to end", "`--topic` is missing"),
            ("g --topic t", "`--to` is missing"),
            ("g --topic t --topic t:1 --to end", "topic `t` is given twice"),
            ("g --topic a/b --to end", "invalid topic name `a/b`"),
            ("g --topic t:x --to end", "invalid partitions `x` for `--topic`"),
            ("g --topic t --to nonsense", "invalid position `nonsense` for `--to`"),
            ("g --topic t --topic u --to 0=1", "`--to` names partitions, but there is more than one topic"),
            ("g --all-topics --to 0=1", "`--to` names partitions, but there is more than one topic"),
            ("g --topic t:1 --to 0=1", "`--to` names partition 0, which is not in `--topic`"),
            ("g --topic t --to end -X group.id=x", "`-X group.id` cannot be used with `kcons group reset`"),
        ] {
            assert_eq!(reset(words).map(|_| ()).map_err(|failure| failure.message), Err(message.into()));
        }
    }
}
