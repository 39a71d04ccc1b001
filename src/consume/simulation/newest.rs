//! The newest records (`--last`), which are found by reading backwards.

use super::cluster::{Cluster, SharedCluster};
use super::schemas::{A, B, LateSchemas};
use super::{Simulation, settings};
use crate::decode::Schemas;
use crate::handlers::{FailureReason, Outcome};
use crate::settings::Consume;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Numbers that look random and are the same each time.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

pub fn run<'a>(settings: &'a Consume, cluster: &SharedCluster) -> Simulation<'a> {
    let mut run = Simulation::start(settings, cluster, "run", Instant::now());
    run.pass(5 * SECOND);
    run
}

/// Partition and offset of what was printed or handled, in this order.
pub fn printed(run: &Simulation<'_>) -> Vec<(i32, i64)> {
    run.run.printed.iter().map(|printed| (printed.partition.1, printed.offset)).collect()
}

/// What `--last` and these words print of a cluster.
#[track_caller]
fn newest(words: &str, cluster: &SharedCluster) -> Vec<(i32, i64)> {
    let words = format!("-o raw {words}");
    let settings = settings(&words);
    let run = run(&settings, cluster);
    assert_eq!(run.result(), Ok(()), "{words}");
    printed(&run)
}

#[test]
fn the_newest_of_all_partitions_come_oldest_first() {
    let cluster = Cluster::new(3);
    cluster.borrow_mut().produce_at(0, &[10, 40, 70]);
    cluster.borrow_mut().produce_at(1, &[20, 50]);
    cluster.borrow_mut().produce_at(2, &[30, 60, 80, 90]);
    assert_eq!(newest("--last 1", &cluster), [(2, 3)]);
    assert_eq!(newest("--last 4", &cluster), [(2, 1), (0, 2), (2, 2), (2, 3)]);
    assert_eq!(newest("--last 4 -p 0,1", &cluster), [(1, 0), (0, 1), (1, 1), (0, 2)]);
    let all = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (0, 2), (2, 2), (2, 3)];
    assert_eq!(newest("--last 9", &cluster), all);
    assert_eq!(newest("--last 1000000000000 -e", &cluster), all, "there are no more");
    assert_eq!(newest("--last 4 -n 2", &cluster), [(2, 1), (0, 2)], "the run stops as it always does");
    assert_eq!(newest("--last 5", &Cluster::new(4)), []);
}

#[test]
fn records_of_one_time_or_of_none_come_in_order_of_their_places() {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce_at(1, &[7, 7, 7]);
    cluster.borrow_mut().produce_at(0, &[7, 7]);
    assert_eq!(newest("--last 4", &cluster), [(0, 1), (1, 0), (1, 1), (1, 2)]);
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce(0, &[None; 2]);
    cluster.borrow_mut().produce(1, &[None; 2]);
    assert_eq!(newest("--last 3", &cluster), [(0, 1), (1, 0), (1, 1)]);
    // Within a partition, too, the timestamp decides.
    let cluster = Cluster::new(1);
    cluster.borrow_mut().produce_at(0, &[30, 10, 20]);
    assert_eq!(newest("--last 2 --expect 2", &cluster), [(0, 2), (0, 0)]);
}

#[test]
fn there_are_as_many_as_asked_for_whatever_lies_behind_them() {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce_at(0, &[1, 2, 3, 4]);
    // Far more offsets without a record than a step has.
    (0..5_000).for_each(|_| cluster.borrow_mut().mark(0));
    cluster.borrow_mut().produce_at(0, &[5]);
    (0..100).for_each(|_| cluster.borrow_mut().mark(0));
    (0..40).for_each(|_| cluster.borrow_mut().mark(1));
    assert_eq!(newest("--last 3", &cluster), [(0, 2), (0, 3), (0, 5_004)]);
    cluster.borrow_mut().delete_records(0, 3);
    assert_eq!(newest("--last 3", &cluster), [(0, 3), (0, 5_004)], "what was deleted is gone");
}

#[test]
fn a_filter_that_rarely_matches_is_followed_to_the_beginning() {
    let mut keys = vec![Some("a"); 3];
    keys.resize(9_000, Some("b"));
    let cluster = Cluster::new(1);
    cluster.borrow_mut().produce(0, &keys);
    assert_eq!(newest("--last 2 --key a", &cluster), [(0, 1), (0, 2)]);
    assert_eq!(newest("--last 9 --key a", &cluster), [(0, 0), (0, 1), (0, 2)]);
    assert_eq!(newest("--last 2 --grep 899", &cluster), [(0, 8_998), (0, 8_999)]);
    assert_eq!(newest("--last 9 --key c", &cluster), []);
    let settings = settings("-o raw --last 2 --filter .key==\"a\"");
    let mut run = run(&settings, &cluster);
    run.settle_until(|run| run.finished.is_some());
    assert_eq!((run.result(), printed(&run)), (Ok(()), vec![(0, 1), (0, 2)]));
}

#[test]
fn a_record_that_fails_matters_if_it_is_among_the_newest() {
    for (keys, words, is_fine, expected) in [
        (&[None, Some("a"), Some("a")][..], "", true, vec![(0, 1), (0, 2)]),
        (&[Some("a"), None, Some("a")], "", false, vec![(0, 0), (0, 2)]),
        (&[None, Some("a")], "", false, vec![(0, 1)]),
        (&[None, Some("a"), Some("a")], "--strict", true, vec![(0, 1), (0, 2)]),
        (&[Some("a"), None, Some("a")], "--strict", false, vec![(0, 0)]),
    ] {
        let cluster = Cluster::new(1);
        cluster.borrow_mut().produce(0, keys);
        let settings = settings(&format!("-o raw --last 2 --filter .key|test(\"a\") {words}"));
        let mut run = run(&settings, &cluster);
        run.settle_until(|run| run.finished.is_some());
        assert_eq!((run.result().is_ok(), printed(&run)), (is_fine, expected), "{keys:?} {words}");
    }
}

#[test]
fn random_logs_give_what_a_look_at_all_of_them_gives() {
    for seed in 0..150 {
        let mut random = Random(seed);
        let partitions = 1 + random.below(4) as i32;
        let cluster = Cluster::new(partitions);
        let mut expected = Vec::new();
        for number in 0..partitions {
            let mut time = 0;
            for _ in 0..random.below(600) {
                time += random.below(3) as i64;
                match random.below(4) {
                    0 => (0..=random.below(40)).for_each(|_| cluster.borrow_mut().mark(number)),
                    kind => {
                        let offset = cluster.borrow().end(number);
                        cluster.borrow_mut().produce_with(number, Some(time), (kind == 1).then_some("k"));
                        expected.push((time, number, offset, kind == 1));
                    }
                }
            }
        }
        let (wanted, is_filtered) = (1 + random.below(60), random.below(2) == 0);
        expected.retain(|(.., is_key)| *is_key || !is_filtered);
        expected.sort_unstable();
        let skipped = expected.len().saturating_sub(wanted as usize);
        let expected: Vec<_> =
            expected[skipped..].iter().map(|(_, number, offset, _)| (*number, *offset)).collect();
        let words = format!("--last {wanted} {}", if is_filtered { "--key k" } else { "" });
        assert_eq!(newest(&words, &cluster), expected, "seed {seed}: {words}");
    }
}

#[test]
fn the_end_is_that_of_the_start_and_is_told_behind_the_records() {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce(0, &[None; 50]);
    let settings = settings("-o raw --last 2");
    let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
    for _ in 0..200 {
        // It is written to all the time.
        cluster.borrow_mut().produce(0, &[None; 3]);
        run.settle();
    }
    assert_eq!((run.result(), run.said.contains(&"Reached end of partition 1".to_owned())), (Ok(()), true));
    let ends = run.said.iter().filter(|said| said.starts_with("Reached end of")).count();
    assert_eq!(ends, 2, "{:?}", run.said);
}

#[test]
fn handlers_get_the_newest_records_and_a_failure_stops_the_run() {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce_at(0, &[10, 30, 50]);
    cluster.borrow_mut().produce_at(1, &[20, 40]);
    let settings = settings("--last 3 --exec true --retries 0");
    let mut run = run(&settings, &cluster);
    assert_eq!((run.at_work(0), run.at_work(1)), (vec![1, 2], vec![1]));
    run.accept_all();
    assert_eq!((run.result(), printed(&run)), (Ok(()), vec![(0, 1), (1, 1), (0, 2)]));
    let mut run = Simulation::start(&settings, &cluster, "another run", Instant::now());
    run.settle();
    run.answer(0, Outcome::Failed(FailureReason::of("exit status 1")));
    run.accept_all();
    let failure = "t [0] @ 1: processing failed after 1 attempt";
    assert_eq!((run.result(), run.run.printed.len()), (Err(failure.to_owned()), 2));
}

#[test]
fn a_record_that_waits_for_its_schema_is_one_of_the_newest() {
    let cluster = Cluster::new(1);
    let mut keys = vec![Some(A), None];
    keys.resize(200, Some(B));
    cluster.borrow_mut().produce(0, &keys);
    let source = Arc::new(LateSchemas::default());
    source.learn(B);
    let schemas = Schemas::of(source.clone());
    let settings = settings("-o raw --last 199");
    let mut run = Simulation::start_with(&schemas, &settings, &cluster, "run", Instant::now());
    run.pass(5 * SECOND);
    assert_eq!(run.run.printed.len(), 0);
    source.learn(A);
    run.pass(5 * SECOND);
    assert_eq!((run.result(), run.run.printed.len()), (Ok(()), 199));
    assert_eq!(printed(&run)[0], (0, 1));
}

#[test]
fn a_run_that_stops_before_all_is_known_prints_nothing() {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce(0, &[None; 5]);
    cluster.borrow_mut().leaderless.insert(1);
    for (words, result) in [
        ("-o raw --last 3 --duration 4s", Err("partition 1 of `t` has no leader")),
        ("-o raw --last 3", Ok(())),
    ] {
        let settings = settings(words);
        let mut run = Simulation::start(&settings, &cluster, words, Instant::now());
        run.pass(5 * SECOND);
        if result.is_ok() {
            run.stop();
        }
        assert_eq!(run.result().is_ok(), result.is_ok(), "{words}: {:?}", run.result());
        assert_eq!(printed(&run), [], "{words}");
    }
}
