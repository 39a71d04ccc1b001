//! Partitions that are added to a topic while it is read.

use super::cluster::{Cluster, SharedCluster};
use super::judge::EventKind;
use super::{Simulation, settings};
use crate::handlers::Outcome;
use std::time::{Duration, Instant};

const CHECKED: Duration = Duration::from_secs(11);

/// A cluster of two partitions with five records each.
fn two_partitions() -> SharedCluster {
    let cluster = Cluster::new(2);
    cluster.borrow_mut().produce(0, &[None; 5]);
    cluster.borrow_mut().produce(1, &[None; 5]);
    cluster
}

/// Adds a partition while a run reads: records are written before the run can know of it, to all partitions, and after.
fn grow(cluster: &SharedCluster, run: &mut Simulation<'_>) -> i32 {
    run.settle();
    let added = cluster.borrow_mut().add_partition();
    for number in 0..=added {
        cluster.borrow_mut().produce(number, &[None; 20]);
    }
    run.settle();
    run.pass(CHECKED);
    for number in 0..=added {
        cluster.borrow_mut().produce(number, &[None; 20]);
    }
    run.settle();
    added
}

/// The offsets that were printed of a partition, in this order.
fn printed(run: &Simulation<'_>, number: i32) -> Vec<i64> {
    let of_partition = run.run.printed.iter().filter(|printed| printed.partition.1 == number);
    of_partition.map(|printed| printed.offset).collect()
}

#[test]
fn an_added_partition_is_read_from_its_beginning_and_the_others_go_on() {
    for (words, starts) in [
        ("-o raw", [0, 0]),
        ("-o raw --from end", [5, 5]),
        ("-o raw --from 3", [3, 3]),
        ("-o raw --from 0=3,1=end", [3, 5]),
        ("-o raw -n 1000 --duration 1h --idle-timeout 1h", [0, 0]),
    ] {
        let (settings, cluster) = (settings(words), two_partitions());
        let mut run = Simulation::start(&settings, &cluster, words, Instant::now());
        let added = grow(&cluster, &mut run);
        assert_eq!(printed(&run, added), (0..40).collect::<Vec<_>>(), "{words}");
        for (number, start) in [0, 1].into_iter().zip(starts) {
            assert_eq!(printed(&run, number), (start..45).collect::<Vec<_>>(), "{words}");
        }
        let told = "reading a new partition from its beginning: t [2]";
        assert_eq!(run.said.iter().filter(|said| *said == told).count(), 1, "{:?}", run.said);
        let is_assigned = |event: &super::judge::Event| matches!(&event.kind, EventKind::Assigned(names) if *names == [("t".to_owned(), added)]);
        assert!(run.run.events.iter().any(is_assigned), "{words}: {:?}", run.run.events);
        run.stop();
        assert_eq!(run.result(), Ok(()), "{words}");
    }
}

#[test]
fn a_run_with_an_end_or_with_chosen_partitions_does_not_follow() {
    for words in ["-o raw --to 99", "-o raw --to 0=99", "-o raw -p 0,1"] {
        let (settings, cluster) = (settings(words), two_partitions());
        let mut run = Simulation::start(&settings, &cluster, words, Instant::now());
        let added = grow(&cluster, &mut run);
        assert!(printed(&run, added).is_empty(), "{words}");
        assert!(!run.said.iter().any(|said| said.contains("new partition")), "{words}: {:?}", run.said);
    }
}

#[test]
fn an_added_partition_without_a_leader_is_read_once_it_has_one() {
    let (settings, cluster) = (settings("-o raw"), two_partitions());
    let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
    run.settle();
    for number in [2, 3] {
        cluster.borrow_mut().add_partition();
        cluster.borrow_mut().produce(number, &[None; 3]);
    }
    cluster.borrow_mut().leaderless.insert(3);
    run.pass(3 * CHECKED);
    assert_eq!((printed(&run, 2), printed(&run, 3)), (vec![0, 1, 2], vec![]));
    cluster.borrow_mut().leaderless.clear();
    run.pass(3 * CHECKED);
    assert_eq!((printed(&run, 2), printed(&run, 3)), (vec![0, 1, 2], vec![0, 1, 2]));
    assert_eq!(run.said.iter().filter(|said| said.contains("new partition")).count(), 1, "{:?}", run.said);
    let assigned: Vec<_> = run.run.events.iter().map(|event| &event.kind).collect();
    assert_eq!(assigned.len(), 3, "{assigned:?}");
}

#[test]
fn several_added_partitions_are_told_in_one_line() {
    let (settings, cluster) = (settings("-o raw"), two_partitions());
    let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
    run.settle();
    cluster.borrow_mut().add_partition();
    cluster.borrow_mut().add_partition();
    run.pass(CHECKED);
    let told = "reading new partitions from their beginning: t [2, 3]".to_owned();
    assert!(run.said.contains(&told), "{:?}", run.said);
}

#[test]
fn what_is_in_hand_of_an_added_partition_is_finished_at_the_end() {
    let (settings, cluster) = (settings("--parallel 4 --exec true"), two_partitions());
    let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
    run.accept_all();
    let added = cluster.borrow_mut().add_partition();
    cluster.borrow_mut().produce(added, &[None; 3]);
    run.pass(CHECKED);
    assert_eq!(run.at_work(added), [0, 1, 2]);
    run.is_stopped = true;
    run.settle();
    assert!(run.finished.is_none(), "records are in hand");
    for _ in 0..3 {
        run.answer(0, Outcome::Accepted);
    }
    run.settle();
    assert_eq!((run.result(), printed(&run, added)), (Ok(()), vec![0, 1, 2]));
}

#[test]
fn partitions_that_are_added_one_after_the_other_are_all_read() {
    let (settings, cluster) = (settings("-o raw --from end"), two_partitions());
    let mut run = Simulation::start(&settings, &cluster, "run", Instant::now());
    run.settle();
    for _ in 0..2 {
        cluster.borrow_mut().add_partition();
        run.pass(CHECKED / 3);
    }
    cluster.borrow_mut().produce(2, &[None]);
    cluster.borrow_mut().produce(3, &[None]);
    run.pass(2 * CHECKED);
    assert_eq!((printed(&run, 2), printed(&run, 3)), (vec![0], vec![0]));
}
