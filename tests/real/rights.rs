//! Rights that are taken away while a member of a group uses them.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;

use super::scene::{LONG, Scene};
use crate::support::kafka::{Kafka, Kind};
use crate::support::run::{Kcons, Running};

/// Gives or takes the right to READ all topics or groups.
fn change(kafka: &Kafka, how: &[&str], what: &str) {
    let right = ["--allow-principal", "User:alice", "--operation", "READ", what, "*"];
    kafka.tool("acls", &[how, &right].concat());
}

/// Waits for so many different records: what could not be committed comes again.
fn wait_for_records(running: &mut Running, count: usize) {
    running.wait_for_stdout(|text| text.lines().collect::<BTreeSet<_>>().len() >= count);
}

pub fn rights_taken_away_are_warned_of_and_nothing_is_missing_once_they_are_back() {
    let kafka = Kafka::start(Kind::Secure, &[]);
    let mut scene = Scene::new(&kafka, 2);
    scene.produce(10);
    let brokers = kafka.listener("SASL");
    let mut running = Kcons::new(["consume", &scene.topic, "-g", &scene.group, "-b", &brokers, "-o", "json"])
        .args(["--log", "json", "--commit-interval", "200ms"])
        .args(["-X", "session.timeout.ms=3000", "-X", "heartbeat.interval.ms=500"])
        .args(["-X", "security.protocol=sasl_plaintext", "-X", "sasl.mechanism=PLAIN"])
        .args(["-X", "sasl.username=alice", "-X", "sasl.password=alice-secret"])
        .deadline(LONG * 4)
        .spawn();
    running.wait_for_lines(10);
    let rights = [("--topic", "no right to read topic"), ("--group", "no right to use group")];
    for (number, (what, warning)) in rights.into_iter().enumerate() {
        change(&kafka, &["--remove", "--force"], what);
        scene.produce(10);
        running.wait_for_stderr(warning);
        change(&kafka, &["--add"], what);
        wait_for_records(&mut running, 20 + 10 * number);
    }
    // A member whose group was closed to it has to be in it again.
    kafka.wait_for_members(&scene.group, 1, 2);
    scene.produce(10);
    wait_for_records(&mut running, 40);
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).stderr_contains("Z\",\"event\":\"warning\"");
    scene.add("alice", &outcome);
    scene.close();
    scene.must_be_whole();
}
