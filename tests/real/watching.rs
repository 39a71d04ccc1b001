//! Watching members of a group: what they tell and what they count while partitions go from one to the other.

use std::time::Duration;

use super::scene::{LONG, Scene, wait_for_more};
use crate::support::http::{figures, listens_at, sum};
use crate::support::kafka::kafka;
use crate::support::oracle::log_violations;
use crate::support::run::Running;
use crate::support::{Outcome, wait_until};

/// A member joins another one under load, takes half of the partitions, and stays alone.
fn hand_over(options: &[&str]) -> [Outcome; 2] {
    let mut scene = Scene::new(kafka(), 4);
    let load = scene.load();
    let member =
        || scene.member().args(options).args(["--metrics", "127.0.0.1:0"]).deadline(LONG * 3).spawn();
    let mut first = member();
    first.wait_for_lines(10);
    let mut second = member();
    kafka().wait_for_members(&scene.group, 2, 4);
    wait_for_more(&mut second, 50);
    wait_for_more(&mut first, 50);
    let first = end(first);
    kafka().wait_for_members(&scene.group, 1, 4);
    wait_for_more(&mut second, 50);
    scene.end_load(load);
    wait_until("the lag to be gone", LONG, || {
        let figures = figures(&listens_at(&mut second));
        (sum(&figures, "kcons_lag_records") == 0.0 && sum(&figures, "kcons_assigned_partitions") == 4.0)
            .then_some(())
    });
    let second = end(second);
    scene.add("first", &first);
    scene.add("second", &second);
    scene.close();
    scene.must_be_clean();
    [first, second]
}

/// Compares the figures with what was printed and told, then ends the member.
fn end(mut member: Running) -> Outcome {
    let address = listens_at(&mut member);
    // The reader may be awake before the writer has told the loop that a line is out.
    let before = member.stdout_lines().len() as f64;
    let figures = wait_until("what was printed to be counted", LONG, || {
        let figures = figures(&address);
        (before <= sum(&figures, "kcons_processed_records_total")).then_some(figures)
    });
    let outcome = member.end();
    let after = outcome.lines().len() as f64;
    let processed = sum(&figures, "kcons_processed_records_total");
    outcome.check(processed <= after, &format!("{processed} counted, {after} printed"));
    let read = sum(&figures, "kcons_records_total");
    outcome.check(processed <= read, &format!("{read} read, {processed} processed"));
    let told = |name: &str| outcome.events_named(name).len() as f64;
    let assigned = sum(&figures, "kcons_rebalances_total{event=\"assigned\"}");
    let revoked = sum(&figures, "kcons_rebalances_total{event=\"revoked\"}");
    // Leaving gives all back once more.
    outcome.check(assigned == told("partitions_assigned"), &format!("{assigned} assignments"));
    outcome.check(revoked <= told("partitions_revoked"), &format!("{revoked} times taken back"));
    let commits = sum(&figures, "kcons_commits_total{result=\"ok\"}");
    outcome.check(commits <= told("offsets_committed"), &format!("{commits} commits"));
    outcome
}

pub fn logs_of_two_members_show_only_commits_of_owned_partitions_and_none_goes_back() {
    const COOPERATIVE: [&str; 2] = ["-X", "partition.assignment.strategy=cooperative-sticky"];
    for options in [
        &["--commit-interval", "100ms"][..],
        &["--commit", "manual", COOPERATIVE[0], COOPERATIVE[1]],
        &["--commit", "manual", "--async-commit"],
        &["--commit", "batch=7", "-X", "group.protocol=consumer"],
        &["--commit", "never"],
    ] {
        let [first, second] = if options.contains(&"never") { never() } else { hand_over(options) };
        let (first_log, second_log) = (first.stderr_text(), second.stderr_text());
        let violations = log_violations(&[("first", &first_log), ("second", &second_log)]);
        assert!(violations.is_empty(), "{options:?}: {violations:#?}\n{first}\n{second}");
        let commits = first.events_named("offsets_committed").len();
        first.check((commits == 0) == options.contains(&"never"), "commits are not as the mode says");
        // Turned about, the same log is one that nobody may write.
        let turned: String = second_log.lines().rev().map(|line| format!("{line}\n")).collect();
        let turned = log_violations(&[("first", &first_log), ("second", &untimed(&turned))]);
        assert!(commits == 0 || !turned.is_empty(), "{options:?}: a log backwards passes");
    }
}

/// Each member reads for itself what it is given: nothing is committed.
fn never() -> [Outcome; 2] {
    let mut scene = Scene::new(kafka(), 4);
    scene.produce(400);
    let member =
        || scene.member().args(["--commit", "never", "--metrics", "127.0.0.1:0"]).deadline(LONG).spawn();
    let mut first = member();
    first.wait_for_lines(400);
    let mut second = member();
    kafka().wait_for_members(&scene.group, 2, 4);
    second.wait_for_lines(100);
    wait_until("the first to have its half", LONG, || {
        (first.stderr().matches("partitions_assigned").count() == 2).then_some(())
    });
    [end(first), end(second)]
}

/// The events of a log with times in the order of its lines.
fn untimed(log: &str) -> String {
    let line = |(number, line): (usize, &str)| {
        let rest = line.split_once("Z\"").map_or(line, |(_, rest)| rest);
        format!(
            "{{\"timestamp\":\"2099-01-01T00:{:02}:{:02}.{:03}Z\"{rest}\n",
            number / 60_000,
            number / 1000 % 60,
            number % 1000
        )
    };
    log.lines().enumerate().map(line).collect()
}

/// While enough is in hand nothing is fetched, so no fetch tells how the log grows.
pub fn lag_grows_behind_a_handler_that_is_stuck() {
    let mut scene = Scene::new(kafka(), 1);
    scene.produce(20_000);
    let mut running = scene
        .member()
        .args(["--metrics", "127.0.0.1:0", "--order", "partition", "--exec", "sleep 600"])
        .spawn();
    let address = listens_at(&mut running);
    let lag = |expected: f64| {
        wait_until("the lag to be as it is", Duration::from_secs(20), || {
            (sum(&figures(&address), "kcons_lag_records") == expected).then_some(())
        });
    };
    lag(20_000.0);
    wait_until("enough to be in hand", LONG, || {
        (sum(&figures(&address), "kcons_in_hand_records") >= 10_000.0).then_some(())
    });
    // The first may still come with a fetch under way.
    for total in [25_000.0, 30_000.0] {
        scene.produce(5_000);
        lag(total);
    }
    assert_eq!(sum(&figures(&address), "kcons_in_flight_records"), 1.0);
    running.kill();
}
