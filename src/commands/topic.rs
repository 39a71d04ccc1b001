//! `kcons topic`: what topics there are, and what is in their partitions.

mod config;

use super::session::{self, Session, Stop};
use super::{missing, world};
use crate::cli;
use crate::cli::TableFormat;
use crate::error::{Failure, Kind};
use crate::kafka::admin::configs::{self, Config};
use crate::kafka::admin::topics::{self, Layout, Replicas};
use crate::kafka::admin::{self, Asked, EARLIEST, LATEST, Unknown};
use crate::kafka::{Consumer, Trouble, TroubleKind};
use crate::record::TopicPartition;
use crate::render::table::{Cell, Column, Rows};
use crate::settings::operations::Names;
use crate::settings::{self, print};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long one question may take before it is asked again.
const LIMIT: Duration = Duration::from_secs(3);

/// How long the second question may take: with the first, less than `--connect-timeout`.
const SECOND_LIMIT: Duration = Duration::from_secs(4);

/// # Errors
/// Wrong usage, a topic that is missing, or no answer.
pub fn run(command: &cli::Topic, connection: &cli::Connection, talk: settings::Talk) -> Result<(), Failure> {
    let settings = super::settle(|surroundings| match command {
        cli::Topic::List(list) => Names::none("topic list", list.rows.output, connection, surroundings),
        cli::Topic::Describe(describe) => Names::of_topics(describe, connection, surroundings),
    })?;
    if connection.print_config {
        return super::write(print::table(&settings.connection.resolved).as_bytes());
    }
    session::run(&settings.connection, (talk, world()?), |session| match command {
        cli::Topic::List(_) => list(session, &settings),
        cli::Topic::Describe(_) => describe(session, &settings),
    })
}

const LIST: [Column; 3] = [Column::Text("TOPIC"), Column::Number("PARTITIONS"), Column::Number("REPLICAS")];

fn list(session: &mut Session, settings: &Names) -> Result<(), Stop> {
    let topics = session.ask(|client| topics::layouts(client, None, LIMIT))?;
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
    session.print(&Rows::new(&LIST, topics.iter().map(row).collect()).render(settings.format))
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

/// Topics with first and end offset by partition, and their configuration by name.
struct Description {
    layouts: Vec<Layout>,
    logs: HashMap<TopicPartition, Result<(i64, i64), Unknown>>,
    configs: HashMap<String, Result<Config, Trouble>>,
}

fn describe(session: &mut Session, settings: &Names) -> Result<(), Stop> {
    let names = settings.names.clone();
    let described = session.ask(move |client| description(client, &names))?;
    let Description { layouts, logs, configs } = match described {
        Ok(description) => description,
        Err((name, trouble)) => return Err(refused(session, &name, &trouble)),
    };
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
    let mut rows = Vec::new();
    for layout in &layouts {
        let name: Arc<str> = Arc::from(layout.name.as_str());
        rows.extend(layout.partitions.iter().map(|replicas| row(&name, replicas)));
    }
    let head = |layout: &Layout| config::head(&layout.name, config(&layout.name));
    let heads: String = match settings.format {
        TableFormat::Table => layouts.iter().map(head).collect(),
        TableFormat::Json => String::new(),
    };
    session.print(&format!("{heads}{}", Rows::new(&DESCRIBE, rows).render(settings.format)))?;
    warn_of_hidden(session, &layouts, &configs);
    let unknown = logs.iter().filter_map(|(partition, log)| Some((partition.clone(), log.clone().err()?)));
    session.refuse_unknown(unknown.collect())
}

/// Says why the configuration of topics is not shown.
fn warn_of_hidden(
    session: &mut Session,
    layouts: &[Layout],
    configs: &HashMap<String, Result<Config, Trouble>>,
) {
    for Layout { name, .. } in layouts {
        let Some(Err(trouble)) = configs.get(name) else { continue };
        let message = format!("the configuration of topic `{name}` is not known: {}", trouble.told());
        session.talk.warn(message, Instant::now());
    }
}

/// What a topic was refused with, by its name.
type Refused = (String, Trouble);

fn description(client: &Arc<Consumer>, names: &[String]) -> Result<Result<Description, Refused>, Trouble> {
    let mut layouts = Vec::with_capacity(names.len());
    for (name, layout) in topics::layouts(client, Some(names), LIMIT)? {
        match layout {
            Ok(layout) => layouts.push(layout),
            // A leader is being elected: it passes.
            Err(trouble) if trouble.kind == TroubleKind::Transport => return Err(trouble),
            Err(trouble) => return Ok(Err((name, trouble))),
        }
    }
    let mut led = Vec::new();
    let mut logs = HashMap::new();
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
    // Any broker knows it; one that leads is waited for anyway.
    let leader = layouts.iter().flat_map(|layout| &layout.partitions).find_map(|replicas| replicas.leader);
    let names: BTreeSet<&str> = layouts.iter().map(|layout| layout.name.as_str()).collect();
    let configs = leader.map(|leader| configs::ask(client, &names, leader, LIMIT));
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
    let configs = configs.map_or(Ok(Vec::new()), configs::Request::answer);
    let configs = match configs {
        Ok(configs) => configs.into_iter().collect(),
        Err(trouble) => layouts.iter().map(|layout| (layout.name.clone(), Err(trouble.clone()))).collect(),
    };
    Ok(Ok(Description { layouts, logs, configs }))
}

fn refused(session: &mut Session, name: &str, trouble: &Trouble) -> Stop {
    if trouble.kind == TroubleKind::UnknownTopic {
        return missing::topic(name, session);
    }
    if trouble.kind == TroubleKind::TopicAuthorization {
        return session.forbidden_topic(name).into();
    }
    let failure = Failure::new(Kind::Run, format!("cannot describe topic `{name}`"));
    failure.caused_by(trouble.told()).into()
}
