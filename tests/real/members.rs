//! Members come and go under load (fault 11), static members, and two with one name (fault 29).

use std::time::Duration;

use nix::sys::signal::Signal;

use super::scene::{LONG, Scene, is_writing, wait_for_more};
use crate::support::kafka::kafka;
use crate::support::wait_until;

const CYCLES: usize = 4;

/// A second member joins and leaves again and again, then the first one leaves and the second stays.
fn join_and_leave(options: &[&str]) {
    let mut scene = Scene::new(kafka(), 4);
    let load = scene.load();
    let mut first = scene.member().args(options).spawn();
    first.wait_for_lines(10);
    let mut second = None;
    for cycle in 0..CYCLES {
        let mut joined = scene.member().args(options).spawn();
        let members = kafka().wait_for_members(&scene.group, 2, 4);
        assert!(members.iter().all(|member| member.partitions.len() == 2), "{members:?}");
        wait_for_more(&mut joined, 50);
        wait_for_more(&mut first, 50);
        let mut leaving = if cycle + 1 < CYCLES { joined } else { std::mem::replace(&mut first, joined) };
        leaving.signal(Signal::SIGTERM);
        let outcome = leaving.finish();
        outcome.has_code(0);
        scene.add(&format!("member {cycle}"), &outcome);
        kafka().wait_for_members(&scene.group, 1, 4);
        wait_for_more(&mut first, 50);
        second = Some(cycle);
    }
    assert_eq!(second, Some(CYCLES - 1));
    scene.end_load(load);
    first.signal(Signal::SIGTERM);
    let outcome = first.finish();
    outcome.has_code(0);
    scene.add("the last member", &outcome);
    scene.read_the_rest();
    println!("{options:?}\n{}", scene.history.summary());
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
    scene.produce(40_000);
    let options = ["--commit", "batch=1000000", "-X", "max.poll.interval.ms=4000"];
    let mut blocked = scene.short_member().args(options).spawn();
    blocked.wait_for_lines(1);
    blocked.stop_reading();
    wait_until("the pipe to be full", LONG, || is_writing(blocked.pid()).then_some(()));
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
