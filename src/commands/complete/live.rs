//! Asks the cluster of a command line that is still being typed for its topics and groups. Nothing is written there:
//! no topic is created, no group is joined.

use super::Candidate;
use super::line::Walk;
use super::words::Word;
use crate::alarm::Alarm;
use crate::commands::{environment, resolve, session};
use crate::kafka::admin::groups::{self, ListedGroup};
use crate::kafka::admin::topics::{self, Layout};
use crate::kafka::{ClientEvent, Consumer, Source, Trouble, TroubleKind};
use crate::settings::{self, Connection};
use crate::usage::{self, Invocation};
use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

/// The longest sleep: whatever happens, the client is served so often.
const LONGEST_SLEEP: Duration = Duration::from_millis(50);

/// How long an address is tried that refuses us or does not resolve: for as long as another address of the same host
/// may still answer.
const PATIENCE: Duration = Duration::from_millis(150);

/// What is left to write the answer.
const MARGIN: Duration = Duration::from_millis(20);

/// The topics of the cluster.
pub fn topics(walk: &Walk<'_>, deadline: Instant) -> Option<Vec<Candidate>> {
    let deadline = deadline - MARGIN;
    let limit = move || deadline.saturating_duration_since(Instant::now());
    let topics = ask(&connection(walk)?, deadline, move |client| topics::layouts(client, None, limit()))?;
    let help = |layout: &Layout| match layout.partitions.len() {
        1 => "1 partition".to_owned(),
        count => format!("{count} partitions"),
    };
    let described = |(name, layout): (String, Result<Layout, Trouble>)| {
        Candidate::new(name, layout.as_ref().map(help).unwrap_or_default())
    };
    Some(topics.into_iter().map(described).collect())
}

/// The groups of consumers of the cluster.
pub fn groups(walk: &Walk<'_>, deadline: Instant) -> Option<Vec<Candidate>> {
    let deadline = deadline - MARGIN;
    let groups = ask(&connection(walk)?, deadline, move |client| groups::list_until(client, deadline))?;
    let described = |group: ListedGroup| Candidate::new(group.name, group.state.unwrap_or_default());
    Some(groups.into_iter().map(described).collect())
}

/// How to reach the cluster of the line. Nothing is asked of one that may be another than the shell will name.
fn connection(walk: &Walk<'_>) -> Option<Connection> {
    const NAMES: [&str; 4] = ["brokers", "property", "config", "profile"];
    // A command that connects and needs nothing else.
    let mut words: Vec<OsString> = ["kcons", "group", "list"].map(OsString::from).to_vec();
    for name in NAMES {
        let argument = walk.command.get_arguments().find(|argument| argument.get_long() == Some(name))?;
        let values: Vec<&Word> = walk.values(argument).collect();
        if values.iter().any(|word| word.is_open) {
            return None;
        }
        let first = if name == "property" { 0 } else { values.len().saturating_sub(1) };
        words.extend(values[first..].iter().map(|word| format!("--{name}={}", word.text).into()));
    }
    let Ok(Invocation::Run(typed)) = usage::parse(&words) else { return None };
    let arguments = settings::profile::apply(*typed, &words, environment()).ok()?;
    resolve(|surroundings| settings::connection_before_the_run(&arguments.connection, surroundings)).ok()
}

/// Asks one question; none if there is no answer until `deadline`.
fn ask<T: Send + 'static>(
    connection: &Connection,
    deadline: Instant,
    question: impl FnOnce(&Arc<Consumer>) -> Result<T, Trouble> + Send + 'static,
) -> Option<T> {
    let mut alarm = Alarm::new().ok()?;
    let source = Source::open(&session::properties(connection), connection.tokens.as_ref(), false, &alarm);
    // A client with a question under way takes its time to end; the process ends without it.
    let source = ManuallyDrop::new(source.ok()?);
    let answer = source.look_ups().ask_with(question);
    let (asked, mut is_down) = (Instant::now(), false);
    loop {
        source.serve();
        while let Some(event) = source.event() {
            is_down |=
                matches!(event, ClientEvent::Trouble(trouble) if trouble.kind == TroubleKind::AllBrokersDown);
        }
        match answer.try_recv() {
            Ok(answer) => return answer.ok(),
            Err(TryRecvError::Disconnected) => return None,
            Err(TryRecvError::Empty) => {}
        }
        let end = if is_down { deadline.min(asked + PATIENCE) } else { deadline };
        let rest = end.checked_duration_since(Instant::now())?;
        alarm.wait(rest.min(LONGEST_SLEEP), false);
    }
}
