//! Members come and go under load, static members, and two with one name.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;

use super::reading::{consume, filled_topic};
use super::scene::{LONG, Scene, wait_for_more};
use crate::support::kafka::kafka;
use crate::support::oracle::EventKind;
use crate::support::terminal::OnTerminal;
use crate::support::{rounds, unique_name, wait_until};

/// Cycles that fit into the time of the suite.
const CYCLES: usize = 4;

/// A second member joins and leaves again and again, then the first one leaves and the second stays.
fn join_and_leave(options: &[&str]) {
    let mut scene = Scene::new(kafka(), 4);
    let load = scene.load();
    let cycles = rounds(CYCLES);
    let member = |scene: &Scene| scene.member().args(options).deadline(LONG * (1 + cycles as u32)).spawn();
    let mut first = member(&scene);
    first.wait_for_lines(10);
    for cycle in 0..cycles {
        let mut joined = member(&scene);
        let members = kafka().wait_for_members(&scene.group, 2, 4);
        assert!(members.iter().all(|member| member.partitions.len() == 2), "{members:?}");
        wait_for_more(&mut joined, 50);
        wait_for_more(&mut first, 50);
        let mut leaving = if cycle + 1 < cycles { joined } else { std::mem::replace(&mut first, joined) };
        leaving.signal(Signal::SIGTERM);
        let outcome = leaving.finish();
        outcome.has_code(0);
        scene.add(&format!("member {cycle}"), &outcome);
        kafka().wait_for_members(&scene.group, 1, 4);
        wait_for_more(&mut first, 50);
    }
    scene.end_load(load);
    first.signal(Signal::SIGTERM);
    let outcome = first.finish();
    outcome.has_code(0);
    scene.add("the last member", &outcome);
    scene.read_the_rest();
    scene.must_be_clean();
}

pub fn members_come_and_go_with_the_range_assignor() {
    join_and_leave(&["-X", "partition.assignment.strategy=range"]);
}

pub fn members_come_and_go_with_the_cooperative_assignor() {
    join_and_leave(&["-X", "partition.assignment.strategy=cooperative-sticky"]);
}

pub fn members_come_and_go_with_the_consumer_protocol() {
    join_and_leave(&["-X", "group.protocol=consumer"]);
}

pub fn members_come_and_go_with_manual_commits() {
    join_and_leave(&["--commit", "manual"]);
    join_and_leave(&[
        "--commit",
        "batch=7",
        "--async-commit",
        "-X",
        "partition.assignment.strategy=cooperative-sticky",
    ]);
}

pub fn a_member_whose_reader_blocks_commits_what_it_took_when_it_hands_over() {
    let mut scene = Scene::new(kafka(), 2);
    // These are written and owed a commit, whatever is in the pipe when it is full.
    scene.produce(40);
    let options = ["--commit", "batch=1000000", "-X", "max.poll.interval.ms=12000"];
    let mut blocked = scene.short_member().args(options).spawn();
    blocked.wait_for_lines(40);
    blocked.stop_reading();
    scene.produce(40_000);
    wait_until("the pipe to be full", LONG, || blocked.is_writing().then_some(()));
    let mut other = scene.short_member().args(options).spawn();
    other.wait_for_lines(1);
    let committed = kafka().committed(&scene.group);
    assert!(!committed.is_empty(), "nothing was committed\n{}", blocked.stderr());
    other.wait_for_lines(10_000);
    for (name, mut running) in [("blocked", blocked), ("other", other)] {
        running.go_on_reading();
        running.signal(Signal::SIGTERM);
        let outcome = running.finish();
        outcome.has_code(0);
        scene.add(name, &outcome);
    }
    scene.history.slack = Duration::from_secs(20);
    scene.read_the_rest();
    scene.must_be_whole();
}

pub fn a_rebalance_is_said_on_a_terminal_and_a_member_without_partitions_always() {
    let (topic, group) = (filled_topic(2, 1), unique_name("group"));
    let member = || {
        let options = ["-X", "partition.assignment.strategy=cooperative-sticky", "-g", &group];
        consume(&topic).args(options).deadline(LONG * 4)
    };
    let mut first = member().spawn_on_terminal(OnTerminal::Stderr);
    first.wait_for_lines(2);
    let mut second = member().spawn();
    first.wait_for_stderr(&format!("Revoked: {topic} ["));
    kafka().wait_for_members(&group, 2, 2);
    let mut third = member().spawn();
    third.wait_for_stderr("No partitions: other members hold all of them\n");
    for running in [&mut third, &mut second] {
        running.signal(Signal::SIGTERM);
    }
    third.finish().has_code(0).has_stderr("No partitions: other members hold all of them\n");
    second.finish().has_code(0).has_stderr("");
    first.wait_for_stderr(&format!("Assigned: {topic} ["));
    first.signal(Signal::SIGTERM);
    let said = first.finish();
    let said = said.has_code(0).stderr_text();
    assert!(said.starts_with("Revoked: ") && !said.contains("(none)"), "the first is no change\n{said}");
}

pub fn a_member_without_partitions_leaves_the_group_unless_it_is_static() {
    for options in [
        ["-X", "partition.assignment.strategy=range"],
        ["-X", "partition.assignment.strategy=cooperative-sticky"],
        ["-X", "group.protocol=consumer"],
    ] {
        let (topic, group) = (filled_topic(1, 1), unique_name("group"));
        let member = || consume(&topic).args(options).args(["-g", &group]).deadline(LONG * 4);
        // The range assignor goes by the names of the members, and ours are called `kcons`.
        let mut first = member().args(["-X", "client.id=a-holder"]).spawn();
        first.wait_for_lines(1);
        for (id, stays) in [(None, false), (Some("other"), true)] {
            let more = id.map(|id| ["--instance-id", id]);
            let mut spare = member().args(more.into_iter().flatten()).spawn();
            spare.wait_for_stderr("No partitions: other members hold all of them\n");
            spare.end();
            let left = kafka().members(&group).len();
            assert_eq!(left, if stays { 2 } else { 1 }, "{options:?} {id:?}");
        }
        first.end();
    }
}

/// How many partitions a member holds, by its log.
fn told_to_hold(log: &str) -> usize {
    let mut held = BTreeSet::new();
    for event in log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        match EventKind::of(&event) {
            Some(EventKind::Assigned(partitions)) => held.extend(partitions),
            Some(EventKind::Revoked(partitions) | EventKind::Lost(partitions)) => {
                held.retain(|partition| !partitions.contains(partition));
            }
            Some(EventKind::Committed { .. }) | None => {}
        }
    }
    held.len()
}

pub fn a_static_member_that_restarts_keeps_its_partitions() {
    for options in [&[][..], &["-X", "group.protocol=consumer"]] {
        let mut scene = Scene::new(kafka(), 4);
        scene.produce(40);
        let member = |id: &str| scene.member().args(options).args(["--instance-id", id]);
        let (mut one, two) = (member("one").spawn(), member("two").spawn());
        let held = |id: &str| {
            let members = kafka().wait_for_members(&scene.group, 2, 4);
            let member = members.into_iter().find(|member| member.instance_id.as_deref() == Some(id));
            member.expect("it is a member").partitions
        };
        let before = held("one");
        // What the group has decided is told a little later.
        wait_until("the other one to have its half", LONG, || {
            (told_to_hold(&two.stderr()) == 2).then_some(())
        });
        let revoked = two.stderr().matches("partitions_revoked").count();
        one.wait_for_stderr("partitions_assigned");
        one.signal(Signal::SIGTERM);
        one.finish().has_code(0);
        let mut again = member("one").spawn();
        assert_eq!(held("one"), before);
        again.wait_for_stderr("partitions_assigned");
        assert_eq!(two.stderr().matches("partitions_revoked").count(), revoked, "{}", two.stderr());
    }
}

/// The new protocol gives an id that is held the time of a session, 45 s.
pub fn of_two_members_with_one_instance_id_one_is_told_and_ends() {
    for options in [&[][..], &["-X", "group.protocol=consumer"]] {
        let mut scene = Scene::new(kafka(), 2);
        scene.produce(10);
        let member = || scene.member().args(options).args(["--instance-id", "same"]).deadline(LONG * 3);
        let mut first = member().spawn();
        first.wait_for_lines(10);
        let mut second = member().spawn();
        let is_first = wait_until("one of them to end", LONG * 2, || {
            (first.has_ended() || second.has_ended()).then(|| first.has_ended())
        });
        let (told, mut other) = if is_first { (first, second) } else { (second, first) };
        let outcome = told.finish();
        outcome.has_code(1).stderr_contains("uses the same `--instance-id`");
        other.signal(Signal::SIGTERM);
        other.finish().has_code(0);
    }
}

pub fn two_members_that_stop_at_the_end_share_the_records() {
    for options in [&[][..], &["-X", "partition.assignment.strategy=cooperative-sticky"]] {
        let mut scene = Scene::new(kafka(), 4);
        scene.produce(4_000);
        let members = [(); 2].map(|()| scene.member().arg("-e").args(options).spawn());
        for (number, member) in members.into_iter().enumerate() {
            let outcome = member.finish();
            outcome.has_code(0);
            scene.add(&format!("member {number}"), &outcome);
        }
        scene.close();
        scene.must_be_clean();
    }
}

/// Takes its 60 s.
pub fn a_member_without_partitions_ends_and_says_who_holds_them() {
    let mut running = Vec::new();
    for protocol in ["classic", "consumer"] {
        let mut scene = Scene::new(kafka(), 1);
        scene.produce(1);
        let protocol = format!("group.protocol={protocol}");
        let member = || scene.member().args(["-X", &protocol]).deadline(LONG * 4);
        // The range assignor goes by the names of the members, and ours are called `kcons`.
        let mut holder = member().args(["-X", "client.id=a-holder"]).spawn();
        holder.wait_for_lines(1);
        running.push((holder, member().arg("-e").spawn()));
    }
    for (holder, spare) in running {
        let spare = spare.finish();
        spare.has_code(0).has_stdout("").stderr_contains("a-holder");
        spare.check(spare.elapsed > Duration::from_secs(55), "a dead member would still be remembered");
        holder.end();
    }
}
