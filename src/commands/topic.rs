//! `kcons topic`: what topics there are, and what is in their partitions.

mod config;

use super::session::{self, Session, Stop};
use super::{failures, missing, world};
use crate::choices::TableFormat;
use crate::cli;
use crate::error::{Failure, Kind};
use crate::kafka::admin::configs::{self, Config};
use crate::kafka::admin::topics::{self, Layout, Replicas};
use crate::kafka::admin::{self, Asked, Described, EARLIEST, LATEST, Unknown};
use crate::kafka::{Consumer, Trouble, TroubleKind};
use crate::record::TopicPartition;
use crate::render::cells;
use crate::render::table::{Cell, Column, Concession, TableLook, TableRows};
use crate::settings::{self, Connection, TopicInspection, TopicList, print};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one question may take before it is asked again.
const LIMIT: Duration = Duration::from_secs(3);

/// How long the second question may take: with the first, less than `--connect-timeout`.
const SECOND_LIMIT: Duration = Duration::from_secs(4);

/// # Errors
/// Wrong usage, a topic that is missing, or no answer.
pub fn run(
    command: &cli::TopicCommand,
    connection: &cli::ConnectionOptions,
    talk: settings::TalkSettings,
) -> Result<(), Failure> {
    let start = |resolved: &Connection, work: &mut dyn FnMut(&mut Session) -> Result<(), Stop>| {
        if connection.print_config {
            return super::write(print::table(&resolved.effective).as_bytes());
        }
        session::run(resolved, (talk, world()?), work)
    };
    match command {
        cli::TopicCommand::List(arguments) => {
            let settings = super::resolve(|world| TopicList::resolve(arguments, connection, world))?;
            start(&settings.connection, &mut |session| list(session, &settings))
        }
        cli::TopicCommand::Describe(arguments) => {
            let settings = super::resolve(|world| TopicInspection::resolve(arguments, connection, world))?;
            start(&settings.connection, &mut |session| describe(session, &settings))
        }
    }
}

const LIST: [Column; 3] = [Column::Text("TOPIC"), Column::Number("PARTITIONS"), Column::Number("REPLICAS")];

fn list(session: &mut Session, settings: &TopicList) -> Result<(), Stop> {
    let mut topics = session.ask(|client| topics::layouts(client, None, LIMIT))?;
    topics.retain(|(name, _)| settings.has_internal || !name.starts_with("__"));
    let row = |(name, layout): &(String, Result<Layout, Trouble>)| {
        let layout = layout.as_ref().ok();
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let replicas = layout.and_then(|layout| layout.partitions.iter().map(|one| one.all.len()).max());
        vec![
            name.as_str().into(),
            layout.map(|layout| count(layout.partitions.len())).into(),
            replicas.map(count).into(),
        ]
    };
    session.print(&TableRows::new(&LIST, topics.iter().map(row).collect()).render(settings.format))
}

const DESCRIBE: [Column; 11] = [
    Column::Text("TOPIC"),
    Column::Number("PARTITION"),
    Column::Number("LEADER"),
    Column::Text("REPLICAS"),
    Column::Text("IN-SYNC"),
    Column::Number("FIRST-OFFSET"),
    Column::Number("END-OFFSET"),
    Column::Number("OFFSETS"),
    Column::Field("CLEANUP-POLICY"),
    Column::Field("RETENTION-MS"),
    Column::Field("RETENTION-BYTES"),
];

/// What a terminal that is narrower than the table does not show.
const CONCESSIONS: [Concession; 5] = [
    Concession::Drop(&["REPLICAS"]),
    Concession::Drop(&["IN-SYNC"]),
    Concession::Drop(&["FIRST-OFFSET"]),
    Concession::Drop(&["LEADER"]),
    Concession::Shorten("TOPIC", 8),
];

/// Topics with first and end offset by partition, and their configuration by name.
#[derive(Default)]
struct Description {
    layouts: Vec<Layout>,
    /// Topics that are missing or refused.
    refused: Vec<(String, Trouble)>,
    logs: HashMap<TopicPartition, Result<(i64, i64), Unknown>>,
    configs: HashMap<String, Result<Config, Trouble>>,
}

fn describe(session: &mut Session, settings: &TopicInspection) -> Result<(), Stop> {
    let names = settings.names.clone();
    let described = session.ask(move |client| description(client, &names))?;
    // A head without rows says nothing.
    if !described.layouts.is_empty() {
        let columns = settings.is_fitted.then(|| cells::window().1);
        session.print(&table(&described, settings.format, columns))?;
    }
    let Description { layouts, refused, logs, configs } = described;
    warn_of_hidden(session, &layouts, &configs);
    let unknown = logs.into_iter().filter_map(|(partition, log)| Some((partition, log.err()?))).collect();
    let unknown = session.refuse_unknown(unknown);
    let mut failures = Vec::new();
    for (name, trouble) in refused {
        failures.push(refusal(session, &name, &trouble)?);
    }
    if let Err(stop) = unknown {
        failures.push(failures::of(stop)?);
    }
    failures::end(session, failures)
}

/// Renders topics for a terminal of so many columns, or in full.
fn table(described: &Description, format: TableFormat, columns: Option<usize>) -> String {
    let Description { layouts, logs, configs, .. } = described;
    let config = |name: &str| configs.get(name).and_then(|config| config.as_ref().ok());
    let row = |name: &Arc<str>, replicas: &Replicas| -> Vec<Cell> {
        let partition = TopicPartition { topic: Arc::clone(name), partition: replicas.partition };
        let log = logs.get(&partition).and_then(|log| log.as_ref().ok());
        let mut cells = vec![
            (&**name).into(),
            replicas.partition.into(),
            replicas.leader.into(),
            Cell::Numbers(replicas.all.clone()),
            Cell::Numbers(replicas.in_sync.clone()),
            log.map(|(begin, _)| *begin).into(),
            log.map(|(_, end)| *end).into(),
            log.map(|(begin, end)| end - begin).into(),
        ];
        cells.extend(config::cells(config(name)));
        cells
    };
    let mut rows = TableRows::narrowing(&DESCRIBE, &CONCESSIONS);
    for layout in layouts {
        let name: Arc<str> = Arc::from(layout.name.as_str());
        layout.partitions.iter().for_each(|replicas| rows.push(row(&name, replicas)));
    }
    let head = |layout: &Layout| config::head(&layout.name, config(&layout.name));
    let heads: String = match format {
        TableFormat::Table => layouts.iter().map(head).collect(),
        TableFormat::Json => String::new(),
    };
    format!("{heads}{}", rows.render_as(format, TableLook { columns, ..TableLook::default() }))
}

/// Says why the configuration of topics is not shown.
fn warn_of_hidden(
    session: &mut Session,
    layouts: &[Layout],
    configs: &HashMap<String, Result<Config, Trouble>>,
) {
    for Layout { name, .. } in layouts {
        let Some(Err(trouble)) = configs.get(name) else { continue };
        let message = format!("cannot read the configuration of topic `{name}`: {}", trouble.told());
        session.talk.warn(message, Instant::now());
    }
}

/// How many brokers are asked for configurations: any of them knows all, but one may be away.
const ASKED_FOR_CONFIGS: usize = 3;

fn description(client: &Arc<Consumer>, names: &[String]) -> Result<Description, Trouble> {
    let Description { mut layouts, mut refused, mut logs, .. } = Description::default();
    for (name, layout) in topics::layouts(client, Some(names), LIMIT)? {
        match layout {
            Ok(layout) => layouts.push(layout),
            // A leader is being elected: it passes.
            Err(trouble) if trouble.kind == TroubleKind::Transport => return Err(trouble),
            Err(trouble) => refused.push((name, trouble)),
        }
    }
    let mut led = Vec::new();
    for layout in &layouts {
        let topic: Arc<str> = Arc::from(layout.name.as_str());
        for replicas in &layout.partitions {
            let partition = TopicPartition { topic: Arc::clone(&topic), partition: replicas.partition };
            match replicas.leader {
                Some(_) => led.push(partition),
                None => drop(logs.insert(partition, Err(Unknown::NoLeader))),
            }
        }
    }
    let names: BTreeSet<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
    let asked: Vec<_> = brokers(&layouts)
        .into_iter()
        .take(ASKED_FOR_CONFIGS)
        .map(|broker| configs::ask(client, &names, broker, LIMIT))
        .collect();
    let ask = |wanted| {
        let wanted: Vec<_> = led.iter().map(|partition| (partition.clone(), wanted)).collect();
        (!wanted.is_empty()).then(|| admin::ask_offsets(client, wanted, true, LIMIT))
    };
    if let (Some(begins), Some(ends)) = (ask(EARLIEST), ask(LATEST)) {
        let [begins, ends] =
            admin::answers_or_ask_again(client, [Some(begins), Some(ends)], true, SECOND_LIMIT);
        let log = |((partition, begin), (_, end)): (Asked<i64>, Asked<i64>)| {
            // The log may have been cut between the two answers.
            (partition, begin.and_then(|begin| Ok((begin, end?.max(begin)))))
        };
        logs.extend(begins.into_iter().zip(ends).map(log));
    }
    let configs = match first_answer(asked) {
        Ok(configs) => configs.into_iter().collect(),
        Err(trouble) => layouts.iter().map(|layout| (layout.name.clone(), Err(trouble.clone()))).collect(),
    };
    Ok(Description { layouts, refused, logs, configs })
}

/// The brokers that have these topics, each once: first those that lead, which are waited for anyway.
fn brokers(layouts: &[Layout]) -> Vec<i32> {
    let partitions = || layouts.iter().flat_map(|layout| &layout.partitions);
    let leaders = partitions().filter_map(|replicas| replicas.leader);
    let mut brokers = Vec::new();
    for broker in leaders.chain(partitions().flat_map(|replicas| replicas.all.iter().copied())) {
        if !brokers.contains(&broker) {
            brokers.push(broker);
        }
    }
    brokers
}

/// The answer of the first broker that has one, of several that were asked the same.
fn first_answer(asked: Vec<configs::ConfigsRequest>) -> Result<Vec<Described<Config>>, Trouble> {
    let mut answer = Err(Trouble::unanswered());
    for request in asked {
        answer = request.answer();
        if answer.is_ok() {
            break;
        }
    }
    answer
}

fn refusal(session: &mut Session, name: &str, trouble: &Trouble) -> Result<Failure, Stop> {
    if trouble.kind == TroubleKind::UnknownTopic {
        return failures::of(missing::topic(name, session));
    }
    if trouble.kind == TroubleKind::TopicAuthorization {
        return Ok(session.forbidden_topic(name));
    }
    let failure = Failure::new(Kind::Run, format!("cannot describe topic `{name}`"));
    Ok(failure.caused_by(trouble.told()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaders_are_asked_first_and_each_broker_once() {
        let replicas =
            |leader, all: &[i32]| Replicas { partition: 0, leader, all: all.to_vec(), in_sync: Vec::new() };
        let layout = |partitions| Layout { name: "t".to_owned(), partitions };
        let layouts = [
            layout(vec![replicas(None, &[5, 3]), replicas(Some(2), &[2, 1])]),
            layout(vec![replicas(Some(1), &[1]), replicas(Some(2), &[2])]),
        ];
        assert_eq!(brokers(&layouts), [2, 1, 5, 3]);
        assert_eq!(brokers(&[]), Vec::<i32>::new());
    }

    #[test]
    fn a_narrow_terminal_sees_no_replicas_and_json_always_has_them() {
        let replicas = Replicas { partition: 0, leader: Some(1), all: vec![1, 2, 3], in_sync: vec![1, 2] };
        let layout = Layout { name: "task-created".to_owned(), partitions: vec![replicas] };
        let described = Description { layouts: vec![layout], ..Description::default() };
        let head = |columns| {
            let table = table(&described, TableFormat::Table, columns);
            table.lines().rev().nth(1).map(str::to_owned).unwrap_or_default()
        };
        for (columns, names) in [
            (None, "TOPIC PARTITION LEADER REPLICAS IN-SYNC FIRST-OFFSET END-OFFSET OFFSETS"),
            (Some(86), "TOPIC PARTITION LEADER REPLICAS IN-SYNC FIRST-OFFSET END-OFFSET OFFSETS"),
            (Some(80), "TOPIC PARTITION LEADER IN-SYNC FIRST-OFFSET END-OFFSET OFFSETS"),
            (Some(70), "TOPIC PARTITION LEADER FIRST-OFFSET END-OFFSET OFFSETS"),
            (Some(56), "TOPIC PARTITION LEADER END-OFFSET OFFSETS"),
            (Some(44), "TOPIC PARTITION END-OFFSET OFFSETS"),
        ] {
            assert_eq!(head(columns).split_whitespace().collect::<Vec<_>>().join(" "), names, "{columns:?}");
        }
        let json = table(&described, TableFormat::Json, Some(40));
        assert!(json.contains("\"replicas\":[1,2,3],\"in_sync\":[1,2]"), "{json}");
    }
}
