//! Brokers go and come back under a running group, and a member is frozen itself; partitions are
//! added meanwhile.

use nix::sys::signal::Signal;
use std::time::Duration;

use super::errors::{says_losses_and_returns_in_turn, wait_for_loss, wait_for_return};
use super::scene::{Scene, wait_for_more};
use crate::support::Produced;
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::oracle::Oracle;

pub fn a_group_goes_on_after_its_broker_was_gone() {
    let kafka = Kafka::start(Kind::Plain, &[]);
    let mut scene = Scene::new(&kafka, 3);
    scene.produce(300);
    let slow = Duration::from_secs(180);
    let mut running = scene.member().args(["--commit-interval", "100ms"]).deadline(slow).spawn();
    running.wait_for_lines(300);
    for round in 1..=2 {
        kafka.kill(1);
        wait_for_loss(&running);
        kafka.start_again(1);
        scene.produce(300);
        running.wait_for_lines(300 * (round + 1));
        wait_for_return(&running);
    }
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    says_losses_and_returns_in_turn(&outcome);
    let said = outcome.events().len() - outcome.events_named("offsets_committed").len();
    outcome.check(said < 20, "it said too much");
    scene.add("through outages", &outcome);
    scene.close();
    scene.must_be_whole();
}

pub fn a_group_goes_on_while_three_brokers_are_restarted_in_turn() {
    let kafka = Kafka::start(Kind::Cluster3, &[]);
    let mut scene = Scene::new(&kafka, 6);
    scene.produce(600);
    let slow = Duration::from_secs(180);
    let mut running = scene.member().args(["--commit-interval", "100ms"]).deadline(slow).spawn();
    running.wait_for_lines(600);
    for node in 1..=3 {
        kafka.kill(node);
        scene.produce(300);
        running.wait_for_lines(600 + 600 * (node - 1) + 300);
        kafka.start_again(node);
        scene.produce(300);
        running.wait_for_lines(600 + 600 * node);
    }
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    scene.add("through restarts", &outcome);
    scene.close();
    scene.must_be_whole();
}

pub fn a_member_that_was_frozen_commits_nothing_stale() {
    for options in [&["--commit-interval", "100ms"][..], &["--commit", "manual"]] {
        let mut scene = Scene::new(kafka(), 3);
        let load = scene.load();
        let mut frozen = scene.short_member().args(options).spawn();
        frozen.wait_for_lines(100);
        frozen.signal(Signal::SIGSTOP);
        let mut other = scene.short_member().args(options).spawn();
        other.wait_for_lines(500);
        frozen.signal(Signal::SIGCONT);
        kafka().wait_for_members(&scene.group, 2, 3);
        wait_for_more(&mut frozen, 50);
        wait_for_more(&mut other, 50);
        scene.end_load(load);
        for (name, mut running) in [("frozen", frozen), ("other", other)] {
            running.signal(Signal::SIGTERM);
            let outcome = running.finish();
            outcome.has_code(0);
            if name == "frozen" {
                outcome.stderr_contains("partitions_lost");
            }
            scene.add(name, &outcome);
        }
        scene.read_the_rest();
        scene.history.must_satisfy([
            Oracle::CommitsAreOfPrinted,
            Oracle::OrderIsKept,
            Oracle::WatermarksGoForward,
            Oracle::CommitsGoForward,
            Oracle::EverythingIsPrinted,
            Oracle::NothingLags,
        ]);
    }
}

pub fn partitions_that_are_added_while_a_group_runs_are_read() {
    let mut scene = Scene::new(kafka(), 1);
    // Another producer than the one below, which then has no partition count to remember.
    kafka().produce_committed(&scene.topic, &[Produced::value("old")]);
    let options = ["-X", "topic.metadata.refresh.interval.ms=300", "--offset-reset", "latest"];
    let mut running = scene.member().args(options).spawn();
    running.wait_for_stderr("partitions_assigned");
    kafka().add_partitions(&scene.topic, 3);
    let records: Vec<_> =
        (0..20).map(|number| Produced::value(format!("new {number}")).partition(1 + number % 2)).collect();
    let places = kafka().produce(&scene.topic, &records);
    for (number, place) in places.iter().enumerate() {
        scene.history.add_produced(&scene.topic, *place, format!("new {number}"));
    }
    running.wait_for_lines(20);
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    assert_eq!(outcome.lines().len(), 20);
    scene.history.starts.insert((scene.topic.clone(), 0), 2);
    scene.add("watching", &outcome);
    scene.close();
    scene.must_be_clean();
}
