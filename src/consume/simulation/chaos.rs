//! A thousand runs with random events, judged by the oracles of the suites. A failure prints its steps.

use super::cluster::{Cluster, CommitFate, SharedCluster};
use super::judge::{Oracle, Printed, Run};
use super::schemas::{A, B, C, LateSchemas};
use super::{Simulation, history, settings};
use crate::decode::Schemas;
use crate::handlers::{FailureReason, Outcome};
use crate::kafka::TroubleKind;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

const PARTITIONS: i32 = 3;

/// What can happen to a member of a group.
#[derive(Clone, Debug)]
enum Step {
    Produce {
        partition: i32,
        keys: Vec<u8>,
    },
    Mark(i32),
    Pass(u64),
    Give(i32),
    TakeBack(i32),
    /// The member is thrown out of the group.
    Lose,
    /// Another member prints and commits so many records of a partition that is not ours.
    Another {
        partition: i32,
        records: i64,
    },
    Commits(CommitFate),
    /// Questions are answered, or not.
    Silence(bool),
    Answer {
        index: usize,
        outcome: Outcome,
    },
    AnswerDeadLetter,
    /// The schema of records with this key comes.
    Learn(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let partition = || 0..PARTITIONS;
    let outcome = prop_oneof![
        6 => Just(Outcome::Accepted),
        2 => Just(Outcome::Failed(FailureReason::of("exit status 1"))),
        1 => Just(Outcome::Refused(FailureReason::of("bad"))),
        1 => Just(Outcome::Later),
        1 => Just(Outcome::Again),
    ];
    let fate = prop_oneof![
        3 => Just(CommitFate::Taken),
        1 => Just(CommitFate::Held),
        1 => Just(CommitFate::Refused(TroubleKind::Other)),
        1 => Just(CommitFate::Refused(TroubleKind::Rebalancing)),
        1 => Just(CommitFate::Refused(TroubleKind::Transport)),
    ];
    let step = prop_oneof![
        6 => (partition(), proptest::collection::vec(0u8..4, 1..20))
            .prop_map(|(partition, keys)| Step::Produce { partition, keys }),
        1 => partition().prop_map(Step::Mark),
        4 => (1u64..8000).prop_map(Step::Pass),
        4 => partition().prop_map(Step::Give),
        2 => partition().prop_map(Step::TakeBack),
        1 => Just(Step::Lose),
        1 => (partition(), 1i64..6).prop_map(|(partition, records)| Step::Another { partition, records }),
        2 => fate.prop_map(Step::Commits),
        1 => any::<bool>().prop_map(Step::Silence),
        12 => (0usize..8, outcome).prop_map(|(index, outcome)| Step::Answer { index, outcome }),
        2 => Just(Step::AnswerDeadLetter),
        1 => (1u8..4).prop_map(Step::Learn),
    ];
    proptest::collection::vec(step, 1..60)
}

const KEYS: [Option<&str>; 4] = [None, Some(A), Some(B), Some(C)];

/// The coordinator's side of a run: what it has given and wants back, and what others do meanwhile.
struct Group<'a> {
    cluster: SharedCluster,
    member: Simulation<'a>,
    /// Given, and not taken back or lost.
    given: BTreeSet<i32>,
    another: Run,
    schemas: Arc<LateSchemas>,
}

impl Group<'_> {
    fn learn(&self, key: u8) {
        if let Some(key) = KEYS[usize::from(key)] {
            self.schemas.learn(key);
        }
    }

    fn act(&mut self, step: Step) {
        match step {
            Step::Produce { partition, keys } => {
                let keys: Vec<_> = keys.iter().map(|key| KEYS[usize::from(*key)]).collect();
                self.cluster.borrow_mut().produce(partition, &keys);
            }
            Step::Mark(partition) => self.cluster.borrow_mut().mark(partition),
            Step::Pass(milliseconds) => self.member.pass(Duration::from_millis(milliseconds)),
            Step::Give(partition) => {
                if self.is_free(partition) {
                    self.given.insert(partition);
                    self.cluster.borrow_mut().give(&[partition]);
                }
            }
            Step::TakeBack(partition) => {
                if self.given.remove(&partition) {
                    self.cluster.borrow_mut().take_back(&[partition]);
                }
            }
            Step::Lose => {
                let given: Vec<i32> = std::mem::take(&mut self.given).into_iter().collect();
                let owned: Vec<i32> =
                    self.cluster.borrow().owned.iter().map(|partition| partition.partition).collect();
                if !owned.is_empty() && given.len() == owned.len() {
                    self.cluster.borrow_mut().lose(&owned);
                } else {
                    self.given = given.into_iter().collect();
                }
            }
            Step::Another { partition, records } => {
                if self.is_free(partition) {
                    self.another(partition, records);
                }
            }
            Step::Commits(fate) => self.cluster.borrow_mut().commit_fate = fate,
            Step::Silence(is_silent) => self.cluster.borrow_mut().is_silent = is_silent,
            Step::Answer { index, outcome } => {
                let count = self.member.script.borrow().attempts.len();
                if count > 0 {
                    self.member.answer(index % count, outcome);
                }
            }
            Step::AnswerDeadLetter => self.answer_dead_letters(1),
            Step::Learn(key) => self.learn(key),
        }
        self.member.settle();
    }

    /// Nobody holds the partition, and nothing of it is under way.
    fn is_free(&self, partition: i32) -> bool {
        !self.given.contains(&partition)
            && !self.cluster.borrow().owned.contains(&super::partition(partition))
            && self.member.consumer.is_some()
    }

    fn another(&mut self, number: i32, records: i64) {
        let mut cluster = self.cluster.borrow_mut();
        let (start, at) = (cluster.start(number), self.member.now);
        let end = (start + records).min(cluster.logs[&super::partition(number)].end);
        let offsets: Vec<i64> = cluster.logs[&super::partition(number)]
            .records
            .iter()
            .map(|record| record.offset)
            .filter(|offset| (start..end).contains(offset))
            .collect();
        let partition = ("t".to_owned(), number);
        let printed = |offset| Printed { at, partition: partition.clone(), offset, id: None };
        self.another.printed.extend(offsets.into_iter().map(printed));
        if end > start {
            cluster.commit_for_another(number, end, at);
        }
    }

    fn answer_dead_letters(&mut self, count: usize) {
        let waiting = self.member.script.borrow().dead_letters.len();
        for _ in 0..count.min(waiting) {
            let record = self.member.script.borrow_mut().answer_dead_letter(Ok(()));
            let partition = (record.partition.topic.to_string(), record.partition.partition);
            let (at, offset) = (self.member.now, record.offset);
            // What is in the dead-letter topic counts as processed.
            self.member.run.printed.push(Printed { at, partition, offset, id: None });
        }
    }

    /// Lets the member finish what it has and leave.
    fn end(mut self) -> (Vec<Run>, Instant) {
        {
            let mut cluster = self.cluster.borrow_mut();
            (cluster.commit_fate, cluster.is_silent) = (CommitFate::Taken, false);
        }
        self.member.is_stopped = true;
        for _ in 0..600 {
            self.member.settle();
            while !self.member.script.borrow().attempts.is_empty() {
                self.member.answer(0, Outcome::Accepted);
            }
            self.answer_dead_letters(usize::MAX);
            self.member.pass(Duration::from_millis(100));
        }
        assert!(self.member.finished.is_some(), "it does not end");
        (vec![self.member.run, self.another], self.member.now)
    }
}

/// Runs a member through these steps, then another one to the end of everything. Without its schemas a record with a key
/// waits until they come.
fn judge(words: &str, steps: Vec<Step>, knows_schemas: bool, always: &[Oracle]) {
    let (settings_of_member, cluster) = (settings(words), Cluster::new(PARTITIONS));
    let schemas = Arc::new(LateSchemas::default());
    let source = Schemas::of(schemas.clone());
    let member = Simulation::start_with(&source, &settings_of_member, &cluster, "member", Instant::now());
    let another = Run { name: "another".to_owned(), ..Run::default() };
    let mut group = Group { cluster: cluster.clone(), member, given: BTreeSet::new(), another, schemas };
    if knows_schemas {
        (1..4).for_each(|key| group.learn(key));
    }
    group.member.settle();
    for step in steps {
        group.act(step);
    }
    let (mut runs, now) = group.end();
    cluster.borrow_mut().owned.clear();
    // What is left is read to the end by a member to which nothing happens.
    let settings_of_rest = settings("-g g -o raw -e");
    let mut rest = Simulation::start(&settings_of_rest, &cluster, "the rest", now);
    rest.settle();
    cluster.borrow_mut().give(&[0, 1, 2]);
    rest.pass(Duration::from_secs(5));
    assert_eq!(rest.result(), Ok(()), "{:?}", rest.said);
    runs.push(rest.run);
    let history = history(&cluster.borrow(), runs);
    history.must_satisfy(always.iter().chain(&Oracle::AT_THE_END).copied());
}

/// Oracles of a run whose handlers are noted; those that end with a failure leave the rest to the next.
const HANDLED: [Oracle; 4] = [
    Oracle::CommitsAreOfPrinted,
    Oracle::LanesAreKept,
    Oracle::WatermarksGoForward,
    Oracle::CommitsGoForward,
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_whatever_happens_while_records_are_printed(steps in steps(), knows_schemas in any::<bool>()) {
        judge("-g g -o raw", steps, knows_schemas, &Oracle::ALWAYS);
    }

    #[test]
    fn nothing_is_lost_whatever_happens_in_batches(steps in steps(), knows_schemas in any::<bool>()) {
        judge("-g g -o raw --commit batch=3", steps, knows_schemas, &Oracle::ALWAYS);
    }

    #[test]
    fn nothing_is_lost_whatever_handlers_do(steps in steps(), knows_schemas in any::<bool>()) {
        judge("-g g --parallel 4 --retries 1 --on-failure dead-letter --dead-letter dead --exec true", steps, knows_schemas, &HANDLED);
    }

    #[test]
    fn nothing_is_lost_whatever_handlers_do_with_a_commit_for_each(steps in steps(), knows_schemas in any::<bool>()) {
        judge("-g g --commit manual --parallel 4 --retries 1 --dead-letter dead --exec true", steps, knows_schemas, &HANDLED);
    }
}
