//! Which topics are read: names and expressions against what the cluster has. Pure.

use crate::error::{Failure, Kind};
use crate::kafka::TroubleKind;
use crate::kafka::admin::{Described, Topic};
use crate::reachability::FailureText;
use crate::settings::TopicSelector;
use crate::settings::known::nearest;
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
}

impl Search {
    /// `wait_until`: until when a topic may appear.
    pub fn new(selectors: &[TopicSelector], targets: Vec<String>, wait_until: Option<Instant>) -> Search {
        Search { selectors: selectors.to_vec(), targets, wait_until, missing: None }
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
            return Next::Fail(missing_topic(&missing, names));
        }
        for selector in &self.selectors {
            let TopicSelector::Pattern(pattern) = selector else { continue };
            if !names.iter().any(|name| is_match(pattern, name) && !self.targets.contains(name)) {
                return match self.wait(now) {
                    Some(next) => next,
                    None => Next::Fail(
                        Failure::new(Kind::Missing, format!("no topic matches `{}`", pattern.as_str())).hint(
                            "check the expression; it is matched from where `^` stands, not to the end",
                        ),
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
                    TroubleKind::UnknownTopic => {
                        return self.wait(now).filter(|_| !is_target).unwrap_or_else(|| {
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

    fn wait(&self, now: Instant) -> Option<Next> {
        self.wait_until.filter(|until| now < *until).map(|until| Next::WaitUntil((now + AGAIN).min(until)))
    }
}

/// Kafka's own topics only match an expression that asks for them.
fn is_match(pattern: &regex::Regex, name: &str) -> bool {
    pattern.is_match(name) && (!name.starts_with("__") || pattern.as_str().starts_with("^__"))
}

fn missing_topic(name: &str, names: &[String]) -> Failure {
    let failure = Failure::new(Kind::Missing, format!("topic `{name}` does not exist"));
    let near = nearest(name, names.iter().map(String::as_str).filter(|name| !name.starts_with("__")));
    failure.hint(match near.first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "create it: kafka-topics.sh --bootstrap-server HOST:PORT --create --topic {name}; \
             or wait for it with `--wait-for-topic 1m`"
        ),
    })
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
    fn a_topic_is_waited_for_until_the_time_is_over() {
        let now = Instant::now();
        let until = now + Duration::from_secs(60);
        let mut search = Search::new(&[pattern("^later")], Vec::new(), Some(until));
        assert_eq!(search.names(&[], now), Next::WaitUntil(now + AGAIN));
        assert!(matches!(search.names(&[], until), Next::Fail(_)));
        assert_eq!(search.names(&names(&["later-1"]), now), Next::Describe(names(&["later-1"])));
    }
}
