//! Which topics are read: names and expressions against what the cluster has. Pure.

use crate::error::{Failure, Kind};
use crate::kafka::TroubleKind;
use crate::kafka::admin::{Described, Topic};
use crate::near::did_you_mean;
use crate::reachability::FailureText;
use crate::settings::TopicSelector;
use std::time::{Duration, Instant};

/// A topic that is waited for is looked for that often.
const AGAIN: Duration = Duration::from_millis(300);

/// What to do next.
#[derive(Debug, PartialEq)]
pub enum Next {
    /// Ask for the names of all topics.
    AskNames,
    /// Describe these.
    Describe(Vec<String>),
    /// Look again at this time.
    WaitUntil(Instant),
    Found(Vec<Topic>),
    Fail(Failure),
}

/// The search at the start of a run.
#[derive(Debug)]
pub struct Search {
    selectors: Vec<TopicSelector>,
    /// Topics that are written to: they must exist, and are never read.
    targets: Vec<String>,
    wait_until: Option<Instant>,
    /// A topic that does not exist: the names are asked for to say which ones are near.
    missing: Option<String>,
    /// Where a topic can be made, as messages name it.
    brokers: String,
    /// What else the words for topics may be, should those not exist.
    hints: Vec<(String, String)>,
    /// What is waited for, in words, until it is told.
    untold: Option<String>,
    is_told: bool,
}

impl Search {
    /// `wait_until`: until when a topic may appear.
    pub fn new(selectors: &[TopicSelector], targets: Vec<String>, wait_until: Option<Instant>) -> Search {
        let (selectors, brokers, hints) = (selectors.to_vec(), String::new(), Vec::new());
        Search { selectors, targets, wait_until, missing: None, brokers, hints, untold: None, is_told: false }
    }

    /// Notes where a topic can be made, as messages name it.
    pub fn at(self, brokers: &str) -> Search {
        Search { brokers: brokers.to_owned(), ..self }
    }

    /// Notes what else the words for topics may be.
    pub fn with_hints(self, hints: &[(String, String)]) -> Search {
        Search { hints: hints.to_vec(), ..self }
    }

    /// What is waited for, once.
    pub fn take_untold(&mut self) -> Option<String> {
        self.untold.take()
    }

    pub fn has_pattern(&self) -> bool {
        self.selectors.iter().any(|selector| matches!(selector, TopicSelector::Pattern(_)))
    }

    /// The first step, and the one after a wait.
    pub fn start(&self) -> Next {
        if self.has_pattern() { Next::AskNames } else { self.describe(&[]) }
    }

    /// Takes the names of all topics.
    pub fn names(&mut self, names: &[String], now: Instant) -> Next {
        if let Some(missing) = self.missing.take() {
            return Next::Fail(self.missing_topic(&missing, names));
        }
        for selector in self.selectors.clone() {
            let TopicSelector::Pattern(pattern) = selector else { continue };
            if !names.iter().any(|name| is_match(&pattern, name) && !self.targets.contains(name)) {
                return match self.wait(|| format!("a topic that matches `{pattern}`"), now) {
                    Some(next) => next,
                    None => Next::Fail(
                        Failure::new(Kind::Missing, format!("no topic matches `{}`", pattern.as_str()))
                            .hint("check the expression: it is anchored at the start only"),
                    ),
                };
            }
        }
        self.describe(names)
    }

    fn describe(&self, names: &[String]) -> Next {
        Next::Describe([self.selected(names), self.targets.clone()].concat())
    }

    /// Takes what the cluster says of the topics.
    pub fn described(
        &mut self,
        topics: Vec<Described<Topic>>,
        failure_text: &FailureText,
        now: Instant,
    ) -> Next {
        let mut found = Vec::new();
        for (name, topic) in topics {
            let is_target = self.targets.contains(&name);
            match topic {
                Ok(_) if is_target => {}
                Ok(topic) if !topic.partitions.is_empty() => found.push(topic),
                // Just made: its partitions have no leader yet.
                Ok(_) => return Next::WaitUntil(now + AGAIN),
                Err(trouble) => match trouble.kind {
                    TroubleKind::UnknownTopic if !is_target && !self.is_typed(&name) => {
                        // An expression matched it, and it has been deleted since.
                        return Next::WaitUntil(now + AGAIN);
                    }
                    TroubleKind::UnknownTopic => {
                        let wait =
                            if is_target { None } else { self.wait(|| format!("topic `{name}`"), now) };
                        return wait.unwrap_or_else(|| {
                            self.missing = Some(name);
                            Next::AskNames
                        });
                    }
                    TroubleKind::TopicAuthorization => {
                        return Next::Fail(failure_text.forbidden_topic(&name));
                    }
                    TroubleKind::Transport | TroubleKind::AllBrokersDown => {
                        return Next::WaitUntil(now + AGAIN);
                    }
                    _ => {
                        let message = format!("cannot describe topic `{name}`");
                        return Next::Fail(Failure::new(Kind::Run, message).caused_by(trouble.told()));
                    }
                },
            }
        }
        Next::Found(found)
    }

    /// The typed names and all that the expressions match, each once, in the order of typing.
    pub fn selected(&self, names: &[String]) -> Vec<String> {
        let mut selected: Vec<String> = Vec::new();
        for selector in &self.selectors {
            match selector {
                TopicSelector::Name(name) => selected.push(name.clone()),
                TopicSelector::Pattern(pattern) => {
                    let is_meant = |name: &&String| is_match(pattern, name) && !self.targets.contains(name);
                    let mut matches: Vec<_> = names.iter().filter(is_meant).cloned().collect();
                    matches.sort();
                    selected.extend(matches);
                }
            }
        }
        let mut seen = std::collections::HashSet::new();
        selected.retain(|name| seen.insert(name.clone()));
        selected
    }

    fn is_typed(&self, name: &str) -> bool {
        self.selectors.iter().any(|selector| matches!(selector, TopicSelector::Name(typed) if typed == name))
    }

    /// Waits for what is missing, as long as that was asked for.
    fn wait(&mut self, what: impl Fn() -> String, now: Instant) -> Option<Next> {
        let until = self.wait_until.filter(|until| now < *until)?;
        if !std::mem::replace(&mut self.is_told, true) {
            self.untold = Some(format!("waiting for {}", what()));
        }
        Some(Next::WaitUntil((now + AGAIN).min(until)))
    }

    fn missing_topic(&self, name: &str, names: &[String]) -> Failure {
        let failure = Failure::new(Kind::Missing, format!("topic `{name}` does not exist"));
        let near =
            did_you_mean(name, names.iter().map(String::as_str).filter(|name| !name.starts_with("__")));
        let is_target = self.targets.iter().any(|target| target == name);
        let failure =
            if is_target { failure.caused_by("this run produces to it, so it must exist") } else { failure };
        let create = || {
            format!("create it: kafka-topics.sh --bootstrap-server {} --create --topic {name}", self.brokers)
        };
        let other = self.hints.iter().find(|(word, _)| word == name).map(|(_, hint)| hint.clone());
        failure.hint(match near.or(other) {
            Some(meant) => meant,
            None if is_target || self.wait_until.is_some() => create(),
            None => format!("{}; or wait for it with `--wait-for-topic 1m`", create()),
        })
    }
}

/// Kafka's own topics only match an expression that asks for them.
fn is_match(pattern: &regex::Regex, name: &str) -> bool {
    pattern.is_match(name) && (!name.starts_with("__") || pattern.as_str().starts_with("^__"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::Trouble;
    use regex::Regex;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn pattern(text: &str) -> TopicSelector {
        TopicSelector::Pattern(Regex::new(text).unwrap())
    }

    #[test]
    fn kafkas_own_topics_only_match_an_expression_that_asks_for_them() {
        let all = names(&["__consumer_offsets", "b-task", "a-task", "other"]);
        let search =
            Search::new(&[TopicSelector::Name("other".to_owned()), pattern("^.*task")], Vec::new(), None);
        assert_eq!(search.selected(&all), ["other", "a-task", "b-task"]);
        let search = Search::new(&[pattern("^.*")], Vec::new(), None);
        assert_eq!(search.selected(&all), ["a-task", "b-task", "other"]);
        let search = Search::new(&[pattern("^__.*")], Vec::new(), None);
        assert_eq!(search.selected(&all), ["__consumer_offsets"]);
    }

    #[test]
    fn no_expression_matches_a_topic_that_the_run_writes_to() {
        let all = names(&["task-created", "task-created.dead"]);
        let mut search = Search::new(&[pattern("^task-")], names(&["task-created.dead"]), None);
        assert_eq!(search.selected(&all), ["task-created"]);
        let only = names(&["task-created.dead"]);
        assert!(matches!(search.names(&only, Instant::now()), Next::Fail(_)));
    }

    #[test]
    fn a_missing_topic_is_told_with_the_nearest_name() {
        let now = Instant::now();
        let mut search = Search::new(&[TopicSelector::Name("task-craeted".to_owned())], Vec::new(), None);
        let trouble = Trouble { kind: TroubleKind::UnknownTopic, reason: String::new() };
        let failure_text = FailureText::new("b", None, None);
        let described = vec![("task-craeted".to_owned(), Err(trouble))];
        assert_eq!(search.described(described, &failure_text, now), Next::AskNames);
        let Next::Fail(failure) = search.names(&names(&["task-created", "orders"]), now) else {
            panic!("the topic is missing")
        };
        assert_eq!(failure.message, "topic `task-craeted` does not exist");
        assert_eq!(failure.hint.as_deref(), Some("did you mean `task-created`?"));
        search.missing = Some("task-craeted".to_owned());
        let Next::Fail(failure) = search.names(&names(&["task-deleted", "orders"]), now) else {
            panic!("the topic is missing")
        };
        assert!(failure.hint.is_some_and(|hint| hint.starts_with("create it: ")), "no other name is near");
        let mut search = search.with_hints(&[(".key".to_owned(), "use quotes".to_owned())]);
        search.missing = Some(".key".to_owned());
        let Next::Fail(failure) = search.names(&names(&["orders"]), now) else {
            panic!("the topic is missing")
        };
        assert_eq!(failure.hint.as_deref(), Some("use quotes"));
    }

    #[test]
    fn a_topic_that_an_expression_matched_and_that_is_gone_is_no_failure() {
        let now = Instant::now();
        let mut search =
            Search::new(&[pattern("^task"), TopicSelector::Name("other".to_owned())], Vec::new(), None);
        let failure_text = FailureText::new("b", None, None);
        let mut gone = |name: &str| {
            let trouble = Trouble { kind: TroubleKind::UnknownTopic, reason: String::new() };
            search.described(vec![(name.to_owned(), Err(trouble))], &failure_text, now)
        };
        assert_eq!(gone("task-deleted"), Next::WaitUntil(now + AGAIN), "the names are asked for again");
        assert_eq!(gone("other"), Next::AskNames, "this one was asked for by its name");
    }

    #[test]
    fn a_topic_that_is_written_to_must_exist_and_is_not_read() {
        let now = Instant::now();
        let until = Some(now + Duration::from_secs(60));
        let mut search = Search::new(&[pattern("^task")], names(&["tasks.dead"]), until);
        let all = names(&["tasks", "tasks.dead"]);
        assert_eq!(search.names(&all, now), Next::Describe(all.clone()));
        assert!(matches!(search.names(&names(&["tasks.dead"]), now), Next::WaitUntil(_)));
        let topic = |name: &str| Topic { name: name.to_owned(), partitions: vec![0], leaders: Vec::new() };
        let failure_text = FailureText::new("b", None, None);
        let both = all.iter().map(|name| (name.clone(), Ok(topic(name)))).collect();
        assert_eq!(search.described(both, &failure_text, now), Next::Found(vec![topic("tasks")]));
        let trouble = Trouble { kind: TroubleKind::UnknownTopic, reason: String::new() };
        let missing = vec![("tasks.dead".to_owned(), Err(trouble))];
        assert_eq!(search.described(missing, &failure_text, now), Next::AskNames, "it is not waited for");
    }

    #[test]
    fn how_a_missing_topic_can_be_made_is_told_with_the_address_that_was_asked() {
        let now = Instant::now();
        let create = "create it: kafka-topics.sh --bootstrap-server a:1,b:2 --create --topic t";
        let wait = format!("{create}; or wait for it with `--wait-for-topic 1m`");
        for (read, written, until, hint) in [
            ("t", vec![], None, wait.as_str()),
            ("t", vec![], Some(now), create),
            ("other", names(&["t"]), None, create),
        ] {
            let selectors = [TopicSelector::Name(read.to_owned())];
            let mut search = Search::new(&selectors, written, until).at("a:1,b:2");
            search.missing = Some("t".to_owned());
            let Next::Fail(failure) = search.names(&names(&["orders"]), now) else { panic!("it is missing") };
            assert_eq!(failure.hint.as_deref(), Some(hint));
            assert_eq!(failure.causes.len(), usize::from(read == "other"));
        }
    }

    #[test]
    fn what_is_waited_for_is_told_once() {
        let now = Instant::now();
        let until = Some(now + Duration::from_secs(60));
        let mut search = Search::new(&[pattern("^later")], Vec::new(), until);
        assert_eq!(search.take_untold(), None);
        search.names(&[], now);
        assert_eq!(search.take_untold().as_deref(), Some("waiting for a topic that matches `^later`"));
        search.names(&[], now);
        assert_eq!(search.take_untold(), None);
        let mut search = Search::new(&[TopicSelector::Name("t".to_owned())], Vec::new(), until);
        let trouble = Trouble { kind: TroubleKind::UnknownTopic, reason: String::new() };
        let described = vec![("t".to_owned(), Err(trouble))];
        search.described(described, &FailureText::new("b", None, None), now);
        assert_eq!(search.take_untold().as_deref(), Some("waiting for topic `t`"));
    }

    #[test]
    fn a_topic_is_waited_for_until_the_time_is_over() {
        let now = Instant::now();
        let until = now + Duration::from_secs(60);
        let mut search = Search::new(&[pattern("^later")], Vec::new(), Some(until));
        assert_eq!(search.names(&[], now), Next::WaitUntil(now + AGAIN));
        assert!(matches!(search.names(&[], until), Next::Fail(_)));
        assert_eq!(search.names(&names(&["later-1"]), now), Next::Describe(names(&["later-1"])));
    }
}
