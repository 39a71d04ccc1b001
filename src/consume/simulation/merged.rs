//! Records of all partitions in the order of their timestamps (`--merge`).

use super::cluster::{Cluster, SharedCluster};
use super::newest::{Random, printed, run};
use super::schemas::{A, LateSchemas};
use super::{Simulation, partition, settings};
use crate::decode::Schemas;
use crate::handlers::Outcome;
use std::sync::Arc;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// What `--merge` and these words print of a cluster.
#[track_caller]
fn merged(words: &str, cluster: &SharedCluster) -> Vec<(i32, i64)> {
    let words = format!("-o raw --merge {words}");
    let settings = settings(&words);
    let run = run(&settings, cluster);
    assert_eq!(run.result(), Ok(()), "{words}");
    printed(&run)
}

/// Three partitions, the last of which ends in markers.
fn three_partitions() -> SharedCluster {
    let cluster = Cluster::new(3);
    cluster.borrow_mut().produce_at(0, &[10, 40, 70]);
    cluster.borrow_mut().produce_at(1, &[20, 50]);
    cluster.borrow_mut().produce_at(2, &[30, 60]);
    (0..3).for_each(|_| cluster.borrow_mut().mark(2));
    cluster
}

#[test]
fn records_of_all_partitions_come_in_the_order_of_their_timestamps() {
    let cluster = three_partitions();
    let all = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (0, 2)];
    assert_eq!(merged("-e", &cluster), all);
    assert_eq!(merged("--to 2", &cluster), all[..6]);
    assert_eq!(merged("-e --from 1", &cluster), all[3..]);
    assert_eq!(merged("-e -n 4", &cluster), all[..4]);
    assert_eq!(merged("-e --grep 1", &cluster), [(1, 0), (0, 1), (1, 1), (2, 1)]);
    assert_eq!(merged("--last 3", &cluster), all[4..]);
    assert_eq!(merged("-e -p 0", &cluster), [(0, 0), (0, 1), (0, 2)]);
    assert_eq!(merged("-e", &Cluster::new(5)), []);
}

#[test]
fn a_partition_keeps_its_order_though_its_timestamps_go_back() {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce_at(0, &[30, 10, 40]);
    cluster.borrow_mut().produce_at(1, &[20, 35]);
    assert_eq!(merged("-e", &cluster), [(1, 0), (0, 0), (0, 1), (1, 1), (0, 2)]);
}

#[test]
fn random_logs_with_gaps_are_merged_as_a_look_at_all_of_them_does() {
    for seed in 0..150 {
        let mut random = Random(seed);
        let partitions = 1 + random.below(5) as i32;
        let cluster = Cluster::new(partitions);
        let mut expected = Vec::new();
        for number in 0..partitions {
            let mut time = 0;
            for _ in 0..random.below(60) {
                time += random.below(4) as i64;
                if random.below(4) == 0 {
                    // A gap, which is read twice.
                    (0..=random.below(9)).for_each(|_| cluster.borrow_mut().mark(number));
                } else {
                    expected.push((time, number, cluster.borrow().end(number)));
                    cluster.borrow_mut().produce_at(number, &[time]);
                }
            }
        }
        expected.sort_unstable();
        let expected: Vec<_> = expected.iter().map(|(_, number, offset)| (*number, *offset)).collect();
        assert_eq!(merged("-e", &cluster), expected, "seed {seed}");
        let settings = settings("-o raw --merge -e --filter true");
        let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
        run.settle_until(|run| run.finished.is_some());
        assert_eq!((run.result(), printed(&run)), (Ok(()), expected), "seed {seed}");
    }
}

#[test]
fn a_partition_that_is_far_ahead_is_not_read_on() {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce_at(0, &(1_000..21_000).collect::<Vec<_>>());
    cluster.borrow_mut().produce_at(1, &[1, 2, 30_000]);
    let settings = settings("-o raw --merge --to 4");
    let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
    run.pass(5 * SECOND);
    assert_eq!(printed(&run), [(1, 0), (1, 1), (0, 0), (0, 1), (0, 2), (0, 3), (1, 2)]);
    assert!(run.consumer.is_some(), "partition 1 has no record 3 yet");
    let fetched = run.consumer.as_ref().and_then(|consumer| consumer.client.fetched(&partition(0)));
    assert!(fetched < Some(20), "{fetched:?}");
    cluster.borrow_mut().produce_at(1, &[30_001, 30_002]);
    run.pass(SECOND);
    assert_eq!((run.result(), printed(&run).last()), (Ok(()), Some(&(1, 3))));
}

#[test]
fn nothing_is_printed_before_all_partitions_are_known() {
    let cluster = three_partitions();
    cluster.borrow_mut().leaderless.insert(1);
    let settings = settings("-o raw --merge -e");
    let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
    run.pass(5 * SECOND);
    assert_eq!(printed(&run), []);
    assert!(run.said.iter().any(|said| said.contains("t [1]")), "{:?}", run.said);
    cluster.borrow_mut().leaderless.clear();
    run.pass(20 * SECOND);
    assert_eq!((run.result(), printed(&run).len()), (Ok(()), 7));
}

#[test]
fn handlers_get_records_in_this_order() {
    let cluster = three_partitions();
    cluster.borrow_mut().produce_at(1, &(100..2_000).collect::<Vec<_>>());
    cluster.borrow_mut().produce_at(0, &(100..2_000).collect::<Vec<_>>());
    let settings = settings("--merge -e --exec true --order none");
    let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
    run.script.borrow_mut().parallel = 1;
    run.settle();
    let mut handled = Vec::new();
    let at_work = |run: &Simulation<'_>| {
        let script = run.script.borrow();
        script.attempts.first().map(|attempt| (attempt.record.timestamp, attempt.record.partition.partition))
    };
    while let Some(record) = at_work(&run) {
        handled.push(record);
        run.answer(0, Outcome::Accepted);
        run.settle();
    }
    run.pass(SECOND);
    assert_eq!((run.result(), handled.len(), handled.is_sorted()), (Ok(()), 7 + 2 * 1_900, true));
}

#[test]
fn a_record_that_waits_for_its_schema_holds_up_all_that_come_later() {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce_at(0, &[10]);
    cluster.borrow_mut().produce_with(0, Some(20), Some(A));
    cluster.borrow_mut().produce_at(1, &[15, 30]);
    let source = Arc::new(LateSchemas::default());
    let schemas = Schemas::of(source.clone());
    let settings = settings("-o raw --merge -e");
    let mut run = Simulation::start_with(&schemas, &settings, &cluster, "run", Instant::now());
    run.pass(5 * SECOND);
    assert_eq!(printed(&run), [(0, 0), (1, 0)]);
    source.learn(A);
    run.pass(5 * SECOND);
    assert_eq!((run.result(), printed(&run)), (Ok(()), vec![(0, 0), (1, 0), (0, 1), (1, 1)]));
}
