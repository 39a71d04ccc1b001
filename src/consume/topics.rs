//! The topics of a run: found at the start, watched while it goes on.

use super::action::{Action, Context, RunEnd, Step, fail};
use super::assignment::Partitions;
use super::chosen_partitions::{all_partitions, standalone_partitions};
use super::leaders::Leaderless;
use super::search::{Next, Search};
use crate::choices::OffsetReset;
use crate::duration::spoken;
use crate::error::{Failure, Kind};
use crate::kafka::admin::{Described, KnownTopic, Topic, TopicId};
use crate::kafka::look_up::Question;
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
pub struct Topics<'a> {
    settings: &'a Consume,
    search: Search,
    is_pattern: bool,
    stage: Stage,
    again: Option<Instant>,
    /// Found, and not read yet: the store of `--dedup` comes first.
    found: Option<Vec<Topic>>,
    /// Name to id: a topic made again has another.
    ids: HashMap<String, TopicId>,
    names: Vec<String>,
    /// How many partitions all topics had when they were found.
    partitions: usize,
    /// Missing in the last answer: a broker that has just started may not know a topic yet.
    suspects: HashSet<String>,
    gone: HashSet<String>,
    leaderless: Leaderless,
    next_check: Option<Instant>,
    next_match: Option<Instant>,
    /// Reading has begun, and that is to be said when the start of every partition is known.
    is_start_unsaid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Searching,
    Reading,
}

impl<'a> Topics<'a> {
    pub fn new(settings: &'a Consume, now: Instant) -> Topics<'a> {
        let wait = settings.wait_for_topic;
        let search =
            Search::new(&settings.topics, settings.written_topics(), (!wait.is_zero()).then(|| now + wait))
                .at(&settings.connection.brokers)
                .with_hints(&settings.topic_hints);
        Topics {
            settings,
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

    /// The topics are found, and records are read or the group is joined.
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

    /// How many partitions all topics had when they were found.
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

    /// Starts looking for the topics.
    ///
    /// # Errors
    /// The run ends: there is no such topic.
    pub fn search(&mut self, context: &mut Context<'_, '_>) -> Step {
        let next = self.search.start();
        self.go_on_searching(next, context)
    }

    fn go_on_searching(&mut self, next: Next, context: &mut Context<'_, '_>) -> Step {
        if let Some(words) = self.search.take_untold() {
            context.info(format!("{words}, up to {}", spoken(self.settings.wait_for_topic)));
        }
        match next {
            Next::AskNames => context.act(Action::Ask(Question::Names)),
            Next::Describe(names) => context.act(Action::Ask(Question::Topics(names))),
            Next::WaitUntil(again) => self.again = Some(again),
            Next::Found(topics) => return self.topics_found(topics, context),
            Next::Fail(failure) => return fail(failure),
        }
        Ok(())
    }

    /// Does what is due by time: another look for a topic, the ids, new matches of an expression.
    ///
    /// # Errors
    /// The run ends: there is no such topic.
    pub fn advance(&mut self, context: &mut Context<'_, '_>) -> Step {
        if context.is_closing {
            return Ok(());
        }
        let now = context.now;
        if self.again.take_if(|again| now >= *again).is_some() {
            self.search(context)?;
        }
        if self.next_check.take_if(|at| now >= *at).is_some() {
            self.check(context);
        }
        if self.next_match.take_if(|at| now >= *at).is_some() {
            self.next_match = Some(now + MATCH_EVERY);
            context.act(Action::Ask(Question::Names));
        }
        Ok(())
    }

    /// Asks whether the topics are still the same ones.
    pub fn check(&mut self, context: &mut Context<'_, '_>) {
        self.next_check = Some(context.now + CHECK_EVERY);
        context.act(Action::Ask(Question::Ids(self.names.clone())));
    }

    /// Takes the names of all topics of the cluster.
    ///
    /// # Errors
    /// The run ends: there is no such topic.
    pub fn names_found(
        &mut self,
        result: Result<Vec<String>, Trouble>,
        context: &mut Context<'_, '_>,
    ) -> Step {
        match (result, self.stage) {
            (Ok(names), Stage::Searching) => {
                let next = self.search.names(&names, context.now);
                return self.go_on_searching(next, context);
            }
            (Ok(names), Stage::Reading) => self.match_again(&names, context),
            (Err(trouble), Stage::Searching) => self.search_failed(trouble, context),
            (Err(_), Stage::Reading) => {}
        }
        Ok(())
    }

    /// Takes what the cluster says of the topics that are looked for.
    ///
    /// # Errors
    /// The run ends: there is no such topic, or it may not be read.
    pub fn described(
        &mut self,
        result: Result<Vec<Described<Topic>>, Trouble>,
        context: &mut Context<'_, '_>,
    ) -> Step {
        match result {
            Ok(topics) => {
                let next = self.search.described(topics, context.reachability.failure_text(), context.now);
                self.go_on_searching(next, context)
            }
            Err(trouble) => {
                self.search_failed(trouble, context);
                Ok(())
            }
        }
    }

    fn search_failed(&mut self, trouble: Trouble, context: &mut Context<'_, '_>) {
        context.act(Action::Judge(trouble));
        self.again = Some(context.now + Duration::from_millis(100));
    }

    fn topics_found(&mut self, topics: Vec<Topic>, context: &mut Context<'_, '_>) -> Step {
        let leaders = topics.iter().flat_map(|topic| &topic.leaders);
        let mut leaders: Vec<String> = leaders.map(|leader| leader.address.clone()).collect();
        leaders.sort();
        leaders.dedup();
        context.act(Action::Leaders(leaders));
        if context.delivery.needs_store() {
            // The store is named by the cluster, and nothing is read before it is open.
            context.act(Action::Ask(Question::ClusterId));
            self.found = Some(topics);
            return Ok(());
        }
        self.begin(&topics, context)
    }

    fn begin(&mut self, topics: &[Topic], context: &mut Context<'_, '_>) -> Step {
        self.names = topics.iter().map(|topic| topic.name.clone()).collect();
        self.partitions = topics.iter().map(|topic| topic.partitions.len()).sum();
        match &self.settings.mode {
            Mode::Standalone(standalone) => {
                let partitions =
                    standalone_partitions(topics, standalone.partitions.as_ref(), self.settings)?;
                context.act(Action::Start(partitions));
                // Behind the first question, which decides how soon reading starts, and before the first
                // record: the id is that of the topic whose offsets we have.
                self.check(context);
                self.start_reading(context);
            }
            Mode::Group(group) if group.offset_reset == OffsetReset::Latest => {
                context.act(Action::Ask(Question::Committed(all_partitions(topics))));
            }
            Mode::Group(group) => {
                // The answer comes while the group shares out its partitions.
                context.act(Action::Ask(Question::CommittedByGroup(group.name.clone())));
                self.join(context);
            }
        }
        Ok(())
    }

    /// Takes the id of the cluster, which names the store of `--dedup`.
    pub fn cluster_found(&mut self, id: Option<String>, context: &mut Context<'_, '_>) {
        if self.found.is_none() {
            return;
        }
        match id {
            Some(cluster) => context.act(Action::OpenStore { cluster }),
            None => {
                self.found = None;
                context.warn("the cluster has not given its id, which names the dedup store; asking again");
                self.again = Some(context.now + LOOK_TWICE);
            }
        }
    }

    /// Goes on, now that the store of `--dedup` is open.
    ///
    /// # Errors
    /// The run ends: a partition that was asked for does not exist.
    pub fn store_opened(&mut self, context: &mut Context<'_, '_>) -> Step {
        let topics = self.found.take().unwrap_or_default();
        self.begin(&topics, context)
    }

    /// Takes what the group has committed before we join: where it has nothing, `latest` applies.
    pub fn committed_found(
        &mut self,
        result: Result<Vec<(TopicPartition, Option<i64>)>, Trouble>,
        context: &mut Context<'_, '_>,
    ) {
        match result {
            Ok(committed) => {
                let known: HashSet<Arc<str>> = committed
                    .iter()
                    .filter(|(_, offset)| offset.is_some())
                    .map(|(partition, _)| Arc::clone(&partition.topic))
                    .collect();
                let fresh = committed.into_iter().map(|(partition, _)| partition);
                let fresh = fresh.filter(|partition| !known.contains(&partition.topic)).collect();
                context.act(Action::NoteFresh(fresh));
                self.join(context);
            }
            Err(trouble) => self.search_failed(trouble, context),
        }
    }

    fn join(&mut self, context: &mut Context<'_, '_>) {
        context.act(Action::Subscribe { topics: self.names.clone(), is_first: true });
        self.start_reading(context);
    }

    fn start_reading(&mut self, context: &mut Context<'_, '_>) {
        self.stage = Stage::Reading;
        self.next_check.get_or_insert(context.now + CHECK_EVERY);
        if self.is_pattern && (self.settings.group().is_some() || self.settings.reads_added()) {
            self.next_match = Some(context.now + MATCH_EVERY);
        }
        match &self.settings.mode {
            Mode::Standalone(_) => self.is_start_unsaid = true,
            Mode::Group(_) => {
                context.tell_after_records(Event::Started { topics: self.names.clone() });
                context.act(Action::Seal);
            }
        }
    }

    /// Takes up topics that match by now.
    fn match_again(&mut self, names: &[String], context: &mut Context<'_, '_>) {
        let selected = self.search.selected(names);
        let new: Vec<String> = selected.iter().filter(|name| !self.names.contains(name)).cloned().collect();
        if new.is_empty() {
            return;
        }
        context.info(format!("new topics match: {}", new.join(", ")));
        self.names.extend(new);
        match &self.settings.mode {
            // Asked for their ids, the cluster tells their partitions as well.
            Mode::Standalone(_) => self.check(context),
            Mode::Group(_) => {
                context.act(Action::Subscribe { topics: self.names.clone(), is_first: false });
            }
        }
    }

    /// Compares what the cluster says of our topics with what they were.
    ///
    /// # Errors
    /// The run ends: a topic was deleted or made again, and its offsets mean other records.
    pub fn ids_found(
        &mut self,
        topics: &[Described<KnownTopic>],
        partitions: &Partitions<'_>,
        context: &mut Context<'_, '_>,
    ) -> Step {
        if self.settings.stops.to.is_none() {
            // Of runs with an end `Assignment::watch_silence` tells more.
            let known = topics.iter().filter_map(|(name, topic)| Some((name.as_str(), topic.as_ref().ok()?)));
            let known: Vec<_> = known.collect();
            let (warnings, infos) = self.leaderless.changes(&known, partitions, context.now);
            warnings.into_iter().for_each(|warning| context.warn(warning));
            infos.into_iter().for_each(|info| context.info(info));
        }
        for (name, topic) in topics {
            match topic {
                Ok(KnownTopic { id, .. }) => {
                    self.suspects.remove(name);
                    self.gone.remove(name);
                    let known = self.ids.entry(name.clone()).or_insert(*id);
                    if known != id {
                        let message = format!("topic `{name}` was deleted and made again");
                        let failure = Failure::new(Kind::Run, message).hint(
                            "its offsets now mean other records: start over with another `--group`, or reset this one",
                        );
                        return Err(Box::new(RunEnd::FailedWithoutCommit(failure)));
                    }
                }
                Err(trouble) if trouble.kind == TroubleKind::UnknownTopic => {
                    if self.suspects.insert(name.clone()) {
                        self.look_soon(context.now);
                    } else if self.gone.insert(name.clone()) {
                        context.warn(format!("topic `{name}` was deleted"));
                    }
                }
                Err(_) => {}
            }
        }
        if self.gone.len() == self.names.len() {
            let message = match self.names.as_slice() {
                [name] => format!("topic `{name}` no longer exists"),
                names => format!("none of the topics exists any longer: `{}`", names.join("`, `")),
            };
            let failure = Failure::new(Kind::Missing, message);
            return Err(Box::new(RunEnd::FailedWithoutCommit(failure)));
        }
        Ok(())
    }
}
