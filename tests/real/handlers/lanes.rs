//! Manual commits with many handlers: the next record of a lane waits for the commit of the last.
#![expect(clippy::print_stdout, reason = "how much is not committed is worth seeing")]

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use super::{BRIEF, Work};
use crate::real::scene::Numbers;
use crate::support::kafka::kafka;
use crate::support::oracle::{Mark, Note};
use crate::support::{Outcome, rounds, try_until};

/// Kills members at random moments; for each, the finished records of each lane that are not committed.
fn kill_and_count(order: &str, keys: usize, lane: impl Fn(&Note) -> String) -> Vec<BTreeMap<String, usize>> {
    let mut work = Work::with_keys(kafka(), 3, keys);
    work.scene.produce(1000);
    let load = work.scene.load();
    let mut numbers = Numbers::from(31);
    let mut counts = Vec::new();
    for number in 0..rounds(6) {
        let options = ["--commit", "manual", "--parallel", "16", "--order", order, "--instance-id", "same"];
        let mut running = work.member(&options, BRIEF).spawn();
        work.wait_for_more(1);
        let moment = Duration::from_millis(numbers.below(500) as u64);
        assert!(try_until(moment, || running.has_ended().then_some(())).is_none(), "{}", running.stderr());
        let outcome = running.kill();
        work.leaves_nobody(&outcome);
        counts.push(uncommitted(&work, &outcome, &lane));
        work.add(&format!("run {number}"), &outcome);
    }
    work.scene.end_load(load);
    work.handle_the_rest();
    work.must_be_whole();
    println!(
        "manual, 16 at once, order {order}: at most {} finished and not committed, {} of a lane",
        counts.iter().map(|lanes| lanes.values().sum::<usize>()).max().expect("there are runs"),
        counts.iter().filter_map(|lanes| lanes.values().max()).max().unwrap_or(&0),
    );
    counts
}

fn uncommitted(
    work: &Work<'_>,
    outcome: &Outcome,
    lane: &impl Fn(&Note) -> String,
) -> BTreeMap<String, usize> {
    let committed: HashMap<_, _> = kafka().committed(&work.scene.group).into_iter().collect();
    let mut lanes = BTreeMap::new();
    for note in work.recorder.notes() {
        let is_its = note.parent == outcome.pid && note.mark == Mark::End;
        if is_its && committed.get(&note.partition).is_none_or(|committed| note.offset >= *committed) {
            *lanes.entry(lane(&note)).or_default() += 1;
        }
    }
    lanes
}

pub fn with_manual_commits_no_partition_has_more_than_one_finished_record_uncommitted() {
    let counts = kill_and_count("partition", 40, |note| note.partition.1.to_string());
    assert!(counts.iter().flat_map(BTreeMap::values).all(|count| *count <= 1), "{counts:?}");
}

pub fn with_manual_commits_a_key_has_one_finished_record_uncommitted_at_most() {
    // One key in each partition: nothing holds anything up.
    let counts = kill_and_count("key", 1, |note| note.partition.1.to_string());
    assert!(counts.iter().flat_map(BTreeMap::values).all(|count| *count <= 1), "{counts:?}");
    kill_and_count("key", 40, |note| format!("{} {}", note.partition.1, note.key));
}
