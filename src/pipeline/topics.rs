//! The topics of a run: found at the start, watched while it goes on.

use super::Run;
use super::leaders::Leaderless;
use super::rebalance::Starting;
use super::search::{Next, Search};
use crate::choices::OffsetReset;
use crate::dedup::Names;
use crate::error::{Failure, Kind};
use crate::kafka::admin::{Described, KnownTopic, Topic, TopicId};
use crate::kafka::{Trouble, TroubleKind};
use crate::record::TopicPartition;
use crate::settings::{Consume, Mode};
use crate::talk::Event;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Topics are asked for their ids that often, and expressions for new matches.
const CHECK_EVERY: Duration = Duration::from_secs(10);
const LOOK_TWICE: Duration = Duration::from_secs(1);
const MATCH_EVERY: Duration = Duration::from_secs(30);

/// What is read, and what is asked of the cluster about it.
pub struct Topics {
    search: Search,
    is_pattern: bool,
    stage: Stage,
    again: Option<Instant>,
    /// Found, and not read yet: the store of `--dedup` comes first.
    found: Option<Vec<Topic>>,
    /// Name to id: a topic made again has another.
    ids: HashMap<String, TopicId>,
    names: Vec<String>,
    /// Of all topics, when they were found.
    partitions: usize,
    /// Missing in the last answer: a broker that has just started may not know a topic yet.
    suspects: HashSet<String>,
    gone: HashSet<String>,
    pub leaderless: Leaderless,
    next_check: Option<Instant>,
    next_match: Option<Instant>,
    /// `startup_complete` is said when the start of every partition is known.
    is_start_unsaid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Searching,
    Reading,
}

impl Topics {
    pub fn new(settings: &Consume, now: Instant) -> Topics {
        let wait = settings.wait_for_topic;
        let search =
            Search::new(&settings.topics, settings.written_topics(), (!wait.is_zero()).then(|| now + wait));
        Topics {
            is_pattern: search.has_pattern(),
            search,
            stage: Stage::Searching,
            again: None,
            found: None,
            ids: HashMap::new(),
            names: Vec::new(),
            partitions: 0,
            suspects: HashSet::new(),
            gone: HashSet::new(),
            leaderless: Leaderless::default(),
            next_check: None,
            next_match: None,
            is_start_unsaid: false,
        }
    }

    pub fn is_reading(&self) -> bool {
        self.stage == Stage::Reading
    }

    /// The names of all topics that are read.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// True once, if it is not said yet that reading starts.
    pub fn take_unsaid_start(&mut self) -> bool {
        std::mem::take(&mut self.is_start_unsaid)
    }

    pub fn count(&self) -> usize {
        self.names.len()
    }

    /// Partitions of all topics.
    pub fn partitions(&self) -> usize {
        self.partitions
    }

    /// Has the topics looked at again soon.
    pub fn look_soon(&mut self, now: Instant) {
        self.next_check = Some(now + LOOK_TWICE);
    }

    /// A topic to ask for when any will do.
    pub fn any_name(&self) -> String {
        self.names.first().cloned().unwrap_or_default()
    }
}

impl Run<'_> {
    /// Starts looking for the topics.
    pub(super) fn search_topics(&mut self, now: Instant) {
        let next = self.topics.search.start();
        self.go_on_searching(next, now);
    }

    fn go_on_searching(&mut self, next: Next, now: Instant) {
        match next {
            Next::AskNames => self.source.look_ups().names(),
            Next::Describe(names) => self.source.look_ups().topics(names),
            Next::WaitUntil(again) => self.topics.again = Some(again),
            Next::Found(topics) => self.topics_found(topics, now),
            Next::Fail(failure) => self.fail(failure, now),
        }
    }

    /// What is due by time: another look for a topic, the ids, new matches of an expression.
    pub(super) fn topics_due(&mut self, now: Instant) {
        if self.ending.is_some() {
            return;
        }
        if self.topics.again.take_if(|again| now >= *again).is_some() {
            self.search_topics(now);
        }
        if self.topics.next_check.take_if(|at| now >= *at).is_some() {
            self.check_topics(now);
        }
        if self.topics.next_match.take_if(|at| now >= *at).is_some() {
            self.topics.next_match = Some(now + MATCH_EVERY);
            self.source.look_ups().names();
        }
    }

    /// Asks whether the topics are still the same ones.
    pub(super) fn check_topics(&mut self, now: Instant) {
        self.topics.next_check = Some(now + CHECK_EVERY);
        self.source.look_ups().ids(self.topics.names.clone());
    }

    pub(super) fn names_found(&mut self, result: Result<Vec<String>, Trouble>, now: Instant) {
        match (result, self.topics.stage) {
            (Ok(names), Stage::Searching) => {
                let next = self.topics.search.names(&names, now);
                self.go_on_searching(next, now);
            }
            (Ok(names), Stage::Reading) => self.match_again(&names, now),
            (Err(trouble), Stage::Searching) => self.search_failed(&trouble, now),
            (Err(_), Stage::Reading) => {}
        }
    }

    pub(super) fn topics_described(&mut self, result: Result<Vec<Described<Topic>>, Trouble>, now: Instant) {
        match result {
            Ok(topics) => {
                let next = self.topics.search.described(topics, self.reachability.failure_text(), now);
                self.go_on_searching(next, now);
            }
            Err(trouble) => self.search_failed(&trouble, now),
        }
    }

    fn search_failed(&mut self, trouble: &Trouble, now: Instant) {
        let verdict = self.reachability.classify(trouble, now);
        self.act_on(verdict, now);
        self.topics.again = Some(now + Duration::from_millis(100));
    }

    fn topics_found(&mut self, topics: Vec<Topic>, now: Instant) {
        let leaders = topics.iter().flat_map(|topic| &topic.leaders);
        let mut leaders: Vec<String> = leaders.map(|leader| leader.address.clone()).collect();
        leaders.sort();
        leaders.dedup();
        self.reachability.answered(leaders);
        if self.delivery.needs_store() {
            // The store is named by the cluster, and nothing is read before it is open.
            self.source.look_ups().cluster_id();
            self.topics.found = Some(topics);
            return;
        }
        self.topics.names = topics.iter().map(|topic| topic.name.clone()).collect();
        self.topics.partitions = topics.iter().map(|topic| topic.partitions.len()).sum();
        match &self.settings.mode {
            Mode::Standalone(standalone) => {
                match standalone_partitions(&topics, standalone.partitions.as_ref(), self.settings) {
                    Ok(partitions) => {
                        self.look_up_starts(Starting::new(partitions, now));
                        // Behind the first question, which decides how soon reading starts, and before the first
                        // record: the id is that of the topic whose offsets we have.
                        self.check_topics(now);
                        self.start_reading(now);
                    }
                    Err(failure) => self.fail(failure, now),
                }
            }
            Mode::Group(group) if group.offset_reset == OffsetReset::Latest => {
                self.source.look_ups().committed(all_partitions(&topics));
            }
            Mode::Group(_) => self.join(now),
        }
    }

    /// Opens the store of `--dedup`, then goes on.
    pub(super) fn cluster_found(&mut self, id: Option<String>, now: Instant) {
        let Some(topics) = self.topics.found.take() else { return };
        let Some(id) = id else {
            self.talk.warn("the cluster has not told its id, which names the dedup store; asking again", now);
            self.topics.again = Some(now + LOOK_TWICE);
            return;
        };
        let names = Names { cluster: id, group: self.settings.group().map(|group| group.name.clone()) };
        let bell = self.alarm.bell();
        match self.delivery.open_store(names, bell) {
            Ok(()) => self.topics_found(topics, now),
            Err(failure) => self.fail(failure, now),
        }
    }

    /// Takes what the group has committed before we join: where it has nothing, `latest` applies.
    pub(super) fn committed_found(
        &mut self,
        result: Result<Vec<(TopicPartition, Option<i64>)>, Trouble>,
        now: Instant,
    ) {
        match result {
            Ok(committed) => {
                let known: HashSet<Arc<str>> = committed
                    .iter()
                    .filter(|(_, offset)| offset.is_some())
                    .map(|(partition, _)| Arc::clone(&partition.topic))
                    .collect();
                let fresh = committed.into_iter().map(|(partition, _)| partition);
                self.rebalances.fresh = fresh.filter(|partition| !known.contains(&partition.topic)).collect();
                self.join(now);
            }
            Err(trouble) => self.search_failed(&trouble, now),
        }
    }

    fn join(&mut self, now: Instant) {
        self.subscribe(now);
        self.start_reading(now);
        if self.topics.is_pattern {
            self.topics.next_match = Some(now + MATCH_EVERY);
        }
    }

    fn start_reading(&mut self, now: Instant) {
        self.topics.stage = Stage::Reading;
        self.topics.next_check.get_or_insert(now + CHECK_EVERY);
        match &self.settings.mode {
            Mode::Standalone(_) => self.topics.is_start_unsaid = true,
            Mode::Group(_) => {
                self.say_in_order(&Event::Started { topics: self.topics.names.clone() });
                self.delivery.seal();
            }
        }
    }

    /// Joins topics that match by now.
    fn match_again(&mut self, names: &[String], now: Instant) {
        let selected = self.topics.search.selected(names);
        let new: Vec<String> =
            selected.iter().filter(|name| !self.topics.names.contains(name)).cloned().collect();
        if new.is_empty() {
            return;
        }
        self.talk.info(format!("new topics match: {}", new.join(", ")));
        self.topics.names.extend(new);
        let names: Vec<&str> = self.topics.names.iter().map(String::as_str).collect();
        if let Err(words) = self.source.subscribe(&names) {
            self.talk.warn(format!("cannot join new topics: {words}"), now);
        }
    }

    /// Compares what the cluster says of our topics with what they were.
    pub(super) fn ids_found(&mut self, topics: Vec<Described<KnownTopic>>, now: Instant) {
        let found = |(name, topic): &Described<KnownTopic>| {
            Some((name.clone(), topic.as_ref().ok()?.partitions.clone()))
        };
        self.look_for_unheld(&topics.iter().filter_map(found).collect::<Vec<_>>());
        let known = topics.iter().filter_map(|(name, topic)| Some((name.as_str(), topic.as_ref().ok()?)));
        self.watch_leaders(&known.collect::<Vec<_>>(), now);
        for (name, topic) in topics {
            match topic {
                Ok(KnownTopic { id, .. }) => {
                    self.topics.suspects.remove(&name);
                    self.topics.gone.remove(&name);
                    let known = *self.topics.ids.entry(name.clone()).or_insert(id);
                    if known != id {
                        let message = format!("topic `{name}` was deleted and made again");
                        let failure = Failure::new(Kind::Run, message).hint(
                            "its offsets mean other records now: start over with another `--group`, or reset this one",
                        );
                        return self.fail_without_commit(failure, now);
                    }
                }
                Err(trouble) if trouble.kind == TroubleKind::UnknownTopic => {
                    if self.topics.suspects.insert(name.clone()) {
                        self.topics.next_check = Some(now + LOOK_TWICE);
                    } else if self.topics.gone.insert(name.clone()) {
                        self.talk.warn(format!("topic `{name}` was deleted"), now);
                    }
                }
                Err(_) => {}
            }
        }
        if self.topics.gone.len() == self.topics.names.len() {
            let message = match self.topics.names.as_slice() {
                [name] => format!("topic `{name}` does not exist any more"),
                names => format!("none of the topics exists any more: `{}`", names.join("`, `")),
            };
            self.fail_without_commit(Failure::new(Kind::Missing, message), now);
        }
    }
}

fn all_partitions(topics: &[Topic]) -> Vec<TopicPartition> {
    let of_topic = |topic: &Topic| -> Vec<TopicPartition> {
        let name: Arc<str> = Arc::from(topic.name.as_str());
        let partition = |number: &i32| TopicPartition { topic: Arc::clone(&name), partition: *number };
        topic.partitions.iter().map(partition).collect()
    };
    topics.iter().flat_map(of_topic).collect()
}

/// The partitions to read alone.
///
/// # Errors
/// A partition that was asked for does not exist.
fn standalone_partitions(
    topics: &[Topic],
    chosen: Option<&std::collections::BTreeSet<i32>>,
    settings: &Consume,
) -> Result<Vec<TopicPartition>, Failure> {
    let all = all_partitions(topics);
    for number in chosen.into_iter().flatten().copied().chain(mapped(settings)) {
        for topic in topics {
            let exists = topic.partitions.contains(&number);
            // With several topics a partition need not exist in each, only somewhere.
            let exists_elsewhere = || all.iter().any(|partition| partition.partition == number);
            if !exists && (topics.len() == 1 || !exists_elsewhere()) {
                return Err(missing_partition(topic, number));
            }
        }
    }
    let is_chosen = |partition: &TopicPartition| chosen.is_none_or(|set| set.contains(&partition.partition));
    Ok(all.into_iter().filter(is_chosen).collect())
}

/// Partitions that `--from` and `--to` name.
fn mapped(settings: &Consume) -> Vec<i32> {
    let mut named = settings.stops.to.as_ref().map_or_else(Vec::new, |to| to.named());
    if let Mode::Standalone(standalone) = &settings.mode {
        named.extend(standalone.from.named());
    }
    named
}

fn missing_partition(topic: &Topic, number: i32) -> Failure {
    let message = match topic.partitions.as_slice() {
        [only] => format!("topic `{}` has only partition {only}, not {number}", topic.name),
        [first, .., last] => format!("topic `{}` has partitions {first} to {last}, not {number}", topic.name),
        [] => format!("topic `{}` has no partition", topic.name),
    };
    Failure::new(Kind::Missing, message)
}
