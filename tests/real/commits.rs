//! What the broker has committed after clean ends, in each commit mode, and where a group starts.

use nix::sys::signal::Signal;

use super::reading::{consume, filled_topic};
use super::scene::{LONG, Scene};
use crate::support::kafka::kafka;
use crate::support::run::{Kcons, Reader};
use crate::support::{Committed, Outcome, Produced, unique_name, wait_until};

/// Reads to the end with these options.
fn read(scene: &mut Scene, options: &[&str]) -> Outcome {
    let outcome = scene.member().arg("-e").args(options).run();
    scene.add(&options.join(" "), &outcome);
    outcome
}

fn offsets(committed: &Committed) -> Vec<(i32, i64)> {
    committed.iter().map(|((_, partition), offset)| (*partition, *offset)).collect()
}

pub fn what_a_full_disk_did_not_take_is_not_committed() {
    for options in [&["--commit-interval", "50ms"][..], &["--commit", "manual"], &["--commit", "batch=2"]] {
        let mut scene = Scene::new(kafka(), 1);
        scene.produce(10);
        let outcome = scene.member().arg("-e").args(options).stdout(Reader::File("/dev/full".into())).run();
        outcome.has_code(1).stderr_contains("cannot write to stdout: No space left on device");
        assert!(kafka().committed(&scene.group).is_empty(), "{options:?}");
    }
}

pub fn each_mode_commits_all_that_was_printed_at_a_clean_end() {
    let modes: [&[&str]; 7] = [
        &[],
        &["--commit", "auto", "--commit-interval", "1h"],
        &["--commit", "manual"],
        &["--commit", "manual", "--async-commit"],
        &["--commit", "batch=7"],
        &["--commit", "batch=7", "--async-commit"],
        &["--commit", "batch=1000000"],
    ];
    for options in modes {
        let mut scene = Scene::new(kafka(), 2);
        scene.produce(51);
        let outcome = read(&mut scene, options);
        outcome.has_code(0);
        assert_eq!(offsets(&kafka().committed(&scene.group)), [(0, 26), (1, 25)], "{outcome}");
        scene.produce(4);
        assert_eq!(read(&mut scene, options).has_code(0).lines().len(), 4);
        scene.close();
        scene.must_be_clean();
    }
}

pub fn never_uses_the_positions_of_a_group_and_moves_nothing() {
    let mut scene = Scene::new(kafka(), 1);
    scene.produce(10);
    kafka().commit(&scene.group, &[(&scene.topic, 0, 4)]);
    for _ in 0..2 {
        let outcome = read(&mut scene, &["--commit", "never"]);
        assert_eq!(outcome.has_code(0).lines().len(), 6);
        assert!(outcome.events_named("offsets_committed").is_empty(), "{outcome}");
    }
    assert_eq!(offsets(&kafka().committed(&scene.group)), [(0, 4)]);
}

pub fn a_batch_is_committed_when_it_is_full_and_not_before() {
    let mut scene = Scene::new(kafka(), 1);
    scene.produce(25);
    let mut running = scene.member().args(["--commit", "batch=10"]).spawn();
    running.wait_for_lines(25);
    wait_until("two batches", LONG, || {
        (offsets(&kafka().committed(&scene.group)) == [(0, 20)]).then_some(())
    });
    // The broker has it before it is told.
    wait_until("both to be told", LONG, || {
        (running.stderr().matches("offsets_committed").count() == 2).then_some(())
    });
    let outcome = running.kill();
    let committed: Vec<_> = outcome.events_named("offsets_committed");
    let at: Vec<_> = committed.iter().map(|event| event["offsets"][0]["offset"].as_i64()).collect();
    assert_eq!(at, [Some(10), Some(20)], "{outcome}");
    assert_eq!(offsets(&kafka().committed(&scene.group)), [(0, 20)]);
}

pub fn manual_commits_after_each_record_before_the_next_one() {
    let mut scene = Scene::new(kafka(), 1);
    scene.produce(10);
    let outcome = read(&mut scene, &["--commit", "manual"]);
    let committed = outcome.events_named("offsets_committed");
    let at: Vec<_> = committed.iter().filter_map(|event| event["offsets"][0]["offset"].as_i64()).collect();
    assert_eq!(at, (1..=10).collect::<Vec<_>>(), "{outcome}");
}

pub fn an_interval_says_how_often_auto_commits() {
    let mut scene = Scene::new(kafka(), 1);
    scene.produce(5);
    let mut running = scene.member().args(["--commit-interval", "100ms"]).spawn();
    running.wait_for_lines(5);
    wait_until("a commit", LONG, || (offsets(&kafka().committed(&scene.group)) == [(0, 5)]).then_some(()));
    running.kill();
}

pub fn a_count_commits_exactly_what_was_printed() {
    for options in [&[][..], &["--commit", "batch=4"], &["--commit", "manual"]] {
        let mut scene = Scene::new(kafka(), 1);
        scene.produce(30);
        let outcome = scene.member().args(["-n", "10"]).args(options).run();
        assert_eq!(outcome.has_code(0).lines().len(), 10);
        assert_eq!(offsets(&kafka().committed(&scene.group)), [(0, 10)], "{outcome}");
        scene.add("ten", &outcome);
        assert_eq!(read(&mut scene, options).lines().len(), 20);
        scene.close();
        scene.must_be_clean();
    }
}

pub fn a_group_is_at_the_end_behind_transaction_markers() {
    for options in [&[][..], &["--commit", "manual"], &["--commit", "batch=100"]] {
        let mut scene = Scene::new(kafka(), 1);
        let id = |number: i32| format!("{{\"id\":\"{number}\"}}");
        let places =
            kafka().produce_committed(&scene.topic, &[Produced::value(id(1)), Produced::value(id(2))]);
        for (number, place) in (1..).zip(places) {
            scene.history.add_produced(&scene.topic, place, number.to_string());
        }
        kafka().produce_aborted(&scene.topic, &[Produced::value(id(3))]);
        let outcome = read(&mut scene, options);
        assert_eq!(outcome.has_code(0).lines().len(), 2);
        scene.close();
        assert_eq!(offsets(&kafka().committed(&scene.group)), [(0, 5)], "{options:?}\n{outcome}");
        scene.must_be_clean();
    }
}

pub fn a_running_group_follows_markers_that_come_later() {
    for options in [&["--commit-interval", "100ms"][..], &["--commit", "manual"]] {
        let mut scene = Scene::new(kafka(), 1);
        scene.produce(1);
        let mut running = scene.member().args(options).spawn();
        running.wait_for_lines(1);
        kafka().produce_aborted(&scene.topic, &[Produced::value("gone")]);
        wait_until("the markers to be passed", LONG, || {
            (offsets(&kafka().committed(&scene.group)) == [(0, 3)]).then_some(())
        });
        running.signal(Signal::SIGTERM);
        running.finish().has_code(0);
    }
}

pub fn latest_loses_nothing_over_a_restart() {
    let mut scene = Scene::new(kafka(), 2);
    scene.produce(10);
    let options = ["--offset-reset", "latest", "--commit-interval", "1h"];
    let mut running = scene.short_member().args(options).spawn();
    running.wait_for_stderr("partitions_assigned");
    wait_until("the start to be committed", LONG, || {
        (offsets(&kafka().committed(&scene.group)) == [(0, 5), (1, 5)]).then_some(())
    });
    scene.add("killed", &running.kill());
    scene.produce(6);
    let outcome = scene.short_member().arg("-e").args(options).run();
    assert_eq!(outcome.has_code(0).lines().len(), 6, "{outcome}");
    scene.history.starts = (0..2).map(|partition| ((scene.topic.clone(), partition), 5)).collect();
    scene.add("again", &outcome);
    scene.close();
    scene.must_be_clean();
}

pub fn latest_is_for_groups_that_have_nothing_in_the_topic() {
    let mut scene = Scene::new(kafka(), 2);
    scene.produce(10);
    kafka().commit(&scene.group, &[(&scene.topic, 0, 5)]);
    let outcome = read(&mut scene, &["--offset-reset", "latest"]);
    assert_eq!(outcome.has_code(0).lines().len(), 5, "{outcome}");
}

pub fn earliest_starts_at_the_beginning_and_none_refuses() {
    let mut scene = Scene::new(kafka(), 1);
    scene.produce(3);
    let none = scene.member().args(["-e", "--offset-reset", "none"]).run();
    none.has_code(1).has_stdout("").stderr_contains("the group has no committed offset");
    assert_eq!(read(&mut scene, &["--offset-reset", "earliest"]).has_code(0).lines().len(), 3);
    read(&mut scene, &["--offset-reset", "none"]).has_code(0);
}

pub fn a_committed_offset_outside_the_log_is_never_passed_over_in_silence() {
    let mut scene = Scene::new(kafka(), 1);
    scene.produce(20);
    kafka().delete_records(&scene.topic, 0, 15);
    let topic = scene.topic.clone();
    let below =
        format!("{topic} [0]: committed offset 5 is below 15..20, going on at 15; up to 10 records are gone");
    for reset in ["earliest", "latest"] {
        kafka().commit(&scene.group, &[(&topic, 0, 5)]);
        let outcome = read(&mut scene, &["--offset-reset", reset]);
        assert_eq!(outcome.has_code(0).stderr_contains(&below).lines().len(), 5);
    }
    kafka().commit(&scene.group, &[(&topic, 0, 5)]);
    let none = read(&mut scene, &["--offset-reset", "none"]);
    none.has_code(1).has_stdout("").stderr_contains("15..20");
    for (reset, count) in [("earliest", 5), ("latest", 0)] {
        kafka().commit(&scene.group, &[(&topic, 0, 99)]);
        let outcome = read(&mut scene, &["--offset-reset", reset]);
        outcome.has_code(0).stderr_contains("committed offset 99 is above 15..20");
        assert_eq!(outcome.lines().len(), count, "{outcome}");
        assert_eq!(offsets(&kafka().committed(&scene.group)), [(0, 20)], "{reset}\n{outcome}");
    }
    kafka().commit(&scene.group, &[(&topic, 0, 99)]);
    let none = read(&mut scene, &["--offset-reset", "none"]);
    none.has_code(1).has_stdout("").stderr_contains("committed offset 99 is outside 15..20");
}

pub fn a_member_that_retention_has_passed_goes_on_where_the_log_begins() {
    let eager = "partition.assignment.strategy=range";
    let cooperative = "partition.assignment.strategy=cooperative-sticky";
    for options in [&["-X", eager][..], &["-X", cooperative], &["-X", "group.protocol=consumer"]] {
        let (topic, group) = (unique_name("cut"), unique_name("group"));
        kafka().create_topic(&topic, 2, &[]);
        // So large that little fits into the pipe and the buffers in front of it.
        let value = "x".repeat(10_000);
        kafka().produce_many(&topic, 1200, |_| Produced::value(&value).partition(0));
        kafka().produce_many(&topic, 3, |_| Produced::value("y").partition(1));
        let brokers = kafka().brokers();
        let small = ["-X", "fetch.message.max.bytes=20000", "-X", "queued.min.messages=1"];
        let member = Kcons::new(["consume", &topic, "-g", &group, "-b", &brokers, "-o", "json", "-e"]);
        let running = member.args(options).args(small).deadline(LONG * 3).stdout(Reader::Waits).spawn();
        wait_until("the pipe to be full", LONG, || running.is_writing().then_some(()));
        // It has what fits; the rest is gone before it is asked for.
        kafka().delete_records(&topic, 0, 1000);
        running.go_on_reading();
        let outcome = running.finish();
        outcome.has_code(0).stderr_contains("is below 1000..1200, going on at 1000; up to ");
        let offset = |line: &serde_json::Value| {
            (line["partition"] == 0).then(|| line["offset"].as_i64().expect("an offset"))
        };
        let offsets: Vec<i64> = outcome.json_lines().iter().filter_map(offset).collect();
        let first = offsets.iter().position(|offset| *offset >= 1000).expect("the rest was read");
        assert!(offsets[..first].iter().copied().eq(0..first as i64), "{offsets:?}");
        assert!(offsets[first..].iter().copied().eq(1000..1200), "{offsets:?}");
        assert_eq!(self::offsets(&kafka().committed(&group)), [(0, 1200), (1, 3)], "{outcome}");
    }
}

pub fn a_group_that_is_not_new_and_has_no_offset_in_the_topic_is_told() {
    let (topic, other, group) = (filled_topic(1, 2), filled_topic(2, 1), unique_name("group"));
    let read = |topic: &str, more: &[&str]| {
        let mode = ["-g", &group, "--commit", "manual"];
        let outcome = consume(topic).args(mode).args(more).run();
        outcome.has_code(0);
        outcome
    };
    // That a new group starts at the beginning is nobody's surprise.
    assert_eq!(read(&topic, &["-e"]).has_stderr("").lines().len(), 2);
    // What the group has is asked for while it reads: a run that ends at once may be too short for the answer.
    let mut running = consume(&other).args(["-g", &group, "--commit", "never"]).spawn();
    let told = format!(
        "info: group `{group}` has committed offsets, but none in `{other}` (they may have expired): starting at its \
         beginning\n"
    );
    running.wait_for_stderr(&told);
    running.signal(Signal::SIGTERM);
    running.finish().has_code(0).has_stderr(&told);
    // Now it has one, if only in one of the partitions.
    kafka().commit(&group, &[(&other, 0, 1)]);
    assert_eq!(read(&other, &["-e"]).has_stderr("").lines().len(), 1);
}
