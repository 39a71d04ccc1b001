//! `--dedup` over several members: one id has one effect, whoever has it in hand.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{LONG, Stage};
use crate::support::redis::Redis;
use crate::support::run::Kcons;
use crate::support::{Produced, try_until, wait_until};

/// Notes the id and who has it, and waits until the test lets it go on.
const WAIT: &str = "echo $NAME $KCONS_EVENT_ID >> $OUT; while [ ! -e $OUT.$NAME ]; do sleep 0.02; done";

/// Notes it.
const NOTE: &str = "echo $NAME $KCONS_EVENT_ID >> $OUT";

/// Events of these ids in two partitions.
fn events(ids: [&[&str]; 2]) -> Stage {
    let stage = Stage::new(2);
    for (partition, ids) in (0..).zip(ids) {
        let event = |id: &&str| Produced::value(format!(r#"{{"id":"{id}"}}"#)).partition(partition);
        stage.produce(&ids.iter().map(event).collect::<Vec<_>>());
    }
    stage
}

/// Reads one partition with the ids in this Redis; `$NAME` is `m0` or `m1`.
fn member(stage: &Stage, redis: &Redis, partition: u8, options: &[&str], script: &str) -> Kcons {
    let (brokers, partition, url) = (stage.kafka.brokers(), partition.to_string(), redis.url());
    let words = ["consume", &stage.topic, "-e", "-b", &brokers, "-p", &partition, "--order", "none"];
    let dedup = ["--dedup", ".value.id", "--dedup-store", &url, "--exec", script];
    let member = Kcons::new(words).args(dedup).args(options);
    member.env("OUT", stage.out()).env("NAME", format!("m{partition}"))
}

fn wait_until_written(stage: &Stage, text: &str) {
    wait_until(text, LONG, || (stage.written() == text).then_some(()));
}

fn let_go(stage: &Stage, name: &str) {
    fs::write(stage.folder.path().join(format!("out.{name}")), "").expect("a file");
}

/// Two members that had one id in hand at the same moment both had its effect: an id was only kept after success, and
/// nobody told the other before.
pub fn an_id_that_another_member_has_in_hand_is_waited_for() {
    let Some(redis) = Redis::start() else { return };
    let stage = events([&["a"], &["a", "b"]]);
    let first = member(&stage, &redis, 0, &[], WAIT).spawn();
    wait_until_written(&stage, "m0 a\n");
    let mut second = member(&stage, &redis, 1, &[], NOTE).spawn();
    // Its other record goes on.
    wait_until_written(&stage, "m0 a\nm1 b\n");
    let has_ended = try_until(Duration::from_millis(700), || second.has_ended().then_some(()));
    assert_eq!(has_ended, None, "{}", second.stderr());
    let_go(&stage, "m0");
    first.finish().has_counts(1, 0, 0);
    second.finish().has_counts(1, 0, 1);
    assert_eq!(stage.written(), "m0 a\nm1 b\n");
    assert_eq!(redis.keys("claim-*"), [""; 0]);
}

/// The same, for many ids at once.
pub fn two_members_with_the_same_ids_have_each_effect_once() {
    let Some(redis) = Redis::start() else { return };
    let ids: Vec<String> = (0..60).map(|id| id.to_string()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let backwards: Vec<&str> = ids.iter().rev().copied().collect();
    let stage = events([&ids, &backwards]);
    let script = "echo $KCONS_EVENT_ID >> $OUT; sleep 0.01";
    let both =
        [0, 1].map(|partition| member(&stage, &redis, partition, &["--parallel", "4"], script).spawn());
    for outcome in both.map(|member| member.finish()) {
        outcome.has_code(0);
    }
    let mut seen: Vec<_> = stage.written().lines().map(str::to_owned).collect();
    assert_eq!(seen.len(), ids.len());
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), ids.len());
}

/// A claim is given back when an attempt fails: the other member's record is not a duplicate of a failed one.
pub fn an_id_whose_handler_fails_is_free_for_the_other_member() {
    let Some(redis) = Redis::start() else { return };
    let stage = events([&["a"], &["a"]]);
    let script = format!("{WAIT}; exit 1");
    let first = member(&stage, &redis, 0, &["--retries", "0", "--on-failure", "skip"], &script).spawn();
    wait_until_written(&stage, "m0 a\n");
    let second = member(&stage, &redis, 1, &[], NOTE).spawn();
    let_go(&stage, "m0");
    first.finish().has_code(0).stderr_contains("1 skipped");
    second.finish().has_counts(1, 0, 0);
    assert_eq!(stage.written(), "m0 a\nm1 a\n");
}

/// A claim expires after a member was killed, and is given back by one that is stopped.
pub fn the_ids_of_a_member_that_is_gone_are_taken_over() {
    let Some(redis) = Redis::start() else { return };
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        let stage = events([&["a"], &["a"]]);
        let script = "echo $NAME >> $OUT; exec sleep 100";
        let options = ["--timeout", "10s", "--shutdown-timeout", "2s", "--backoff", "60s..60s"];
        let mut first = member(&stage, &redis, 0, &options, script).spawn();
        wait_until_written(&stage, "m0\n");
        first.signal(signal);
        if signal == Signal::SIGTERM {
            first.finish().has_code(0);
            assert_eq!(redis.keys("claim-*"), [""; 0]);
        } else {
            first.finish().was_ended_by(signal);
            assert_eq!(redis.keys("claim-*").len(), 1);
        }
        let second = member(&stage, &redis, 1, &[], "echo $NAME >> $OUT").spawn();
        let outcome = second.finish();
        outcome.has_counts(1, 0, 0);
        assert_eq!(stage.written(), "m0\nm1\n");
        // The claim of the one that was killed is seen for longer than one waits in silence.
        if signal == Signal::SIGKILL {
            let waiting = ": another member has been handling its event for 1";
            outcome.stderr_contains(&format!("{} [1] @ 0{waiting}", stage.topic));
        }
        redis.forget();
    }
}

/// With Redis away nothing is claimed, so no handler starts, and what is at work goes on.
pub fn no_handler_starts_while_its_id_cannot_be_claimed() {
    let Some(mut redis) = Redis::start() else { return };
    let stage = events([&["a", "b"], &[]]);
    let mut running = member(&stage, &redis, 0, &[], WAIT).spawn();
    wait_until_written(&stage, "m0 a\n");
    redis.stop();
    let_go(&stage, "m0");
    running.wait_for_stderr("warning: waiting for the dedup store: cannot reach the dedup store `redis://");
    assert_eq!(stage.written(), "m0 a\n");
    redis.start_again();
    running.finish().has_counts(2, 0, 0);
    assert_eq!(stage.written(), "m0 a\nm0 b\n");
}
