//! `--dedup`: what is a duplicate, when an id is kept, and stores that are lost, locked, damaged or away.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::{LONG, Stage};
use crate::support::redis::Redis;
use crate::support::run::Kcons;
use crate::support::{Produced, try_until, wait_until};

/// Notes the id it was started for.
const NOTE: &str = "echo $KCONS_EVENT_ID >> $OUT";

/// Two partitions with events of these ids, one event each.
fn events(ids: &[(i32, &str)]) -> Stage {
    let stage = Stage::new(2);
    produce(&stage, ids);
    stage
}

fn produce(stage: &Stage, ids: &[(i32, &str)]) {
    let event =
        |(partition, id): &(i32, &str)| Produced::value(format!(r#"{{"id":"{id}"}}"#)).partition(*partition);
    stage.mock.produce("t", &ids.iter().map(event).collect::<Vec<_>>());
}

fn file(stage: &Stage) -> PathBuf {
    stage.folder.path().join("ids.redb")
}

/// The options for a store in this place.
fn ids_in(store: impl AsRef<Path>) -> [String; 4] {
    let store = store.as_ref().display().to_string();
    ["--dedup".to_owned(), ".value.id".to_owned(), "--dedup-store".to_owned(), store]
}

/// Reads everything, alone, with the store of the stage.
fn all(stage: &Stage, options: &[&str]) -> Kcons {
    stage.alone(&[]).args(ids_in(file(stage))).args(options)
}

#[test]
fn an_id_is_handled_once_over_restarts() {
    let stage = events(&[(0, "a"), (0, "b"), (0, "a"), (1, "c")]);
    let run = || stage.mortal(&["--exec", NOTE]).args(ids_in(file(&stage))).run();
    run().has_counts(3, 0, 1);
    assert_eq!(stage.committed(), 3);
    produce(&stage, &[(1, "b"), (0, "d")]);
    run().has_counts(1, 0, 1);
    assert_eq!(stage.committed(), 4);
    let mut ids: Vec<_> = stage.written().lines().map(str::to_owned).collect();
    ids.sort();
    assert_eq!(ids, ["a", "b", "c", "d"]);
    all(&stage, &["--exec", NOTE]).run().has_counts(0, 0, 6);
    assert_eq!(stage.written().lines().count(), 4);
}

#[test]
fn one_id_in_two_partitions_at_once_is_handled_once() {
    let ids: Vec<String> = (0..40).map(|number| number.to_string()).collect();
    let ids: Vec<(i32, &str)> =
        (0..2).flat_map(|part| ids.iter().map(move |id| (part, id.as_str()))).collect();
    let stage = events(&ids);
    let script = "echo $KCONS_EVENT_ID >> $OUT; sleep 0.02";
    all(&stage, &["--parallel", "8", "--exec", script]).run().has_counts(40, 0, 40);
    let mut seen: Vec<_> = stage.written().lines().map(str::to_owned).collect();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), stage.written().lines().count()), (40, 40));
}

#[test]
fn the_id_of_a_record_that_failed_is_not_kept_and_the_next_one_is_tried() {
    let stage = events(&[(0, "a"), (1, "a"), (0, "a")]);
    let script = "[ -e $OUT ] && echo ok >> $OUT || { echo failed >> $OUT; exit 1; }";
    let options = ["--parallel", "8", "--retries", "0", "--on-failure", "skip", "--exec", script];
    all(&stage, &options).run().has_counts(1, 1, 1);
    assert_eq!(stage.written(), "failed\nok\n");
    all(&stage, &options).run().has_counts(0, 0, 3);
}

#[test]
fn records_without_an_id_are_handled_and_told_once() {
    for (expression, what) in [(".value.none", "`null`"), ("empty", "nothing"), ("1, 2", "several values")] {
        let stage = events(&[(0, "a"), (0, "a"), (0, "a")]);
        let store = file(&stage);
        let options = ["--dedup", expression, "--exec", "echo ${KCONS_EVENT_ID-(none)} >> $OUT"];
        let outcome = stage.alone(&options).arg("--dedup-store").arg(store).run();
        outcome.has_counts(3, 0, 0);
        let warning = format!(
            "warning: t [0] @ 0: `--dedup` yields {what}: such records are processed without dedup (reported once)\n"
        );
        outcome.stderr_contains(&warning);
        assert_eq!(outcome.stderr_text().matches("--dedup` yields").count(), 1, "{outcome}");
        assert_eq!(stage.written(), "(none)\n".repeat(3));
    }
}

#[test]
fn an_expression_for_the_id_that_fails_is_a_failed_record_without_another_attempt() {
    let stage = events(&[(0, "1"), (0, "x"), (0, "3")]);
    let store = file(&stage);
    let options = ["--dedup", ".value.id | tonumber", "--on-failure", "skip", "--exec", NOTE];
    let outcome = stage.alone(&options).arg("--dedup-store").arg(store).run();
    outcome.has_counts(2, 1, 0);
    outcome.stderr_contains("warning: t [0] @ 1: skipped: `--dedup` failed: ");
    assert_eq!(stage.written(), "1\n3\n");
}

#[test]
fn an_id_is_forgotten_after_its_time() {
    let stage = events(&[(0, "a")]);
    let options = ["--dedup-ttl", "1s", "--exec", NOTE];
    all(&stage, &options).run().has_counts(1, 0, 0);
    wait_until("the id to be forgotten", LONG, || {
        let outcome = all(&stage, &options).run();
        outcome.stderr_text().ends_with(": 1 ok\n").then_some(())
    });
    assert_eq!(stage.written(), "a\na\n");
    let later = || {
        let other = ids_in(stage.folder.path().join("other.redb"));
        stage.alone(&["--dedup-ttl", "1h", "--exec", NOTE]).args(other).run()
    };
    later().has_counts(1, 0, 0);
    later().has_counts(0, 0, 1);
}

/// The files under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn without_a_place_the_store_is_in_the_state_folder_by_cluster_and_group() {
    let stage = events(&[(0, "a"), (0, "a")]);
    let dedup = ["--dedup", ".value.id", "--exec", NOTE];
    let state = stage.folder.path().join("state");
    stage.mortal(&dedup).env("XDG_STATE_HOME", &state).run().has_counts(1, 0, 1);
    let made = files(&state);
    assert_eq!(made.len(), 1, "{made:?}");
    let parts: Vec<_> = made[0].strip_prefix(&state).expect("it is below").iter().collect();
    assert_eq!(
        (parts.len(), parts[0].to_str(), parts[2].to_str()),
        (3, Some("kcons"), Some("g.redb")),
        "{made:?}"
    );
    let home = stage.mortal(&dedup).run();
    home.has_counts(0, 0, 0);
    assert_eq!(files(&home.home().join(".local/state/kcons")).len(), 1);
    let nowhere = stage.alone(&dedup).run();
    nowhere.has_code(2).stderr_contains("error: `--dedup` without `--group` needs `--dedup-store`\n");
}

#[test]
fn a_store_serves_one_process() {
    let stage = events(&[(0, "a"), (0, "b")]);
    let script = "echo started >> $OUT; while [ ! -e $OUT.go ]; do sleep 0.02; done";
    let mut first = all(&stage, &["--exec", script]).spawn();
    wait_until("the handler", LONG, || (!stage.written().is_empty()).then_some(()));
    let second = all(&stage, &["--exec", NOTE]).run();
    second.has_code(1);
    second.stderr_contains(&format!("error: the dedup store `{}` is in use by", file(&stage).display()));
    assert_eq!(stage.written(), "started\n");
    first.signal(Signal::SIGTERM);
    fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    first.finish().has_code(0);
}

#[test]
fn a_damaged_store_is_never_taken_for_an_empty_one() {
    let stage = events(&[(0, "a")]);
    all(&stage, &["--exec", NOTE]).run().has_counts(1, 0, 0);
    let whole = fs::read(file(&stage)).expect("the store");
    let half = &whole[..whole.len() / 2];
    for damaged in [&b""[..], b"something else", half] {
        fs::write(file(&stage), damaged).expect("a file");
        let outcome = all(&stage, &["--exec", NOTE]).run();
        outcome.has_code(1);
        outcome.stderr_contains(&format!("error: the dedup store `{}` is damaged\n", file(&stage).display()));
    }
    assert_eq!(stage.written(), "a\n");
    fs::write(file(&stage), whole).expect("a file");
    all(&stage, &["--exec", NOTE]).run().has_counts(0, 0, 1);
}

#[test]
fn an_id_is_kept_after_its_handler_and_before_its_commit() {
    let stage = events(&[(0, "a")]);
    let member =
        |script: &str| stage.mortal(&["--commit", "manual", "--exec", script]).args(ids_in(file(&stage)));
    // Killed while the handler runs: the id is not known.
    let running = member("echo began >> $OUT; exec sleep 100").spawn();
    wait_until("the handler", LONG, || (stage.written() == "began\n").then_some(()));
    running.kill();
    assert_eq!(stage.committed(), -1);
    // Killed between the handler and the answer to the commit: it is.
    stage.mock.track_requests();
    let late = [(RDKafkaRespErr::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, Duration::from_secs(50))];
    stage.mock.push_late_errors(1, RDKafkaApiKey::OffsetCommit, &late);
    let running = member(NOTE).spawn();
    wait_until("the commit", LONG, || (stage.mock.requests(RDKafkaApiKey::OffsetCommit) == 1).then_some(()));
    running.kill();
    assert_eq!((stage.committed(), stage.written().as_str()), (-1, "began\na\n"));
    member(NOTE).run().has_counts(0, 0, 1);
    assert_eq!((stage.committed(), stage.written().as_str()), (1, "began\na\n"));
}

#[test]
fn nothing_is_committed_before_its_id_is_durable() {
    let Some(redis) = Redis::start() else { return };
    let stage = events(&[(0, "a"), (0, "b")]);
    stage.mock.track_requests();
    let script = "echo $KCONS_EVENT_ID >> $OUT; while [ ! -e $OUT.go ]; do sleep 0.02; done";
    let options = ["--commit", "manual", "--exec", script];
    let mut running = stage.staying(&options).args(ids_in(redis.url())).spawn();
    wait_until("the handler", LONG, || (stage.written() == "a\n").then_some(()));
    redis.pause();
    fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    let is_committed = || (stage.committed() >= 0).then_some(());
    assert_eq!(try_until(Duration::from_millis(1500), is_committed), None);
    redis.go_on();
    wait_until("the commits", LONG, || (stage.committed() == 2).then_some(()));
    running.signal(Signal::SIGTERM);
    running.finish().has_counts(2, 0, 0);
}

#[test]
fn members_share_the_ids_in_redis() {
    let Some(redis) = Redis::start() else { return };
    let stage = events(&[(0, "a"), (0, "b"), (1, "b"), (1, "c")]);
    let run = |partition: &str| {
        let options = ["-p", partition, "--exec", "echo $KCONS_EVENT_ID >> $OUT"];
        stage.alone(&options).args(ids_in(redis.url())).spawn()
    };
    let outcome = run("0").finish();
    outcome.has_counts(2, 0, 0);
    outcome.stderr_lacks("the dedup store is a file");
    run("1").finish().has_counts(1, 0, 1);
    assert_eq!(stage.written(), "a\nb\nc\n");
}

#[test]
fn a_redis_that_is_away_is_waited_for_and_told_once() {
    let Some(mut redis) = Redis::start() else { return };
    let stage = events(&[(0, "a"), (0, "b"), (0, "a")]);
    let script = "echo $KCONS_EVENT_ID >> $OUT; while [ ! -e $OUT.go ]; do sleep 0.02; done";
    let mut running = stage.member(&["--exec", script]).args(ids_in(redis.url())).spawn();
    wait_until("the handler", LONG, || (stage.written() == "a\n").then_some(()));
    redis.stop();
    fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    running.wait_for_stderr("warning: waiting for the dedup store: cannot reach the dedup store `redis://");
    assert_eq!(stage.committed(), -1);
    redis.start_again();
    let outcome = running.finish();
    outcome.has_counts(2, 0, 1);
    assert_eq!(outcome.stderr_text().matches("waiting for the dedup store").count(), 1, "{outcome}");
    assert_eq!((stage.committed(), stage.written().as_str()), (3, "a\nb\n"));
}
