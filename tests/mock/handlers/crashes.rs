//! Ends at the worst moment: killed between two steps, signalled twice, partitions lost with work in flight.

use std::time::Duration;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr as Error};

use super::{DEAD, LONG, MEMBER, Stage, TOPIC};
use crate::support::run::{Kcons, Running};
use crate::support::{try_until, wait_until};

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(50);

/// Notes the offset, that is the effect, and then waits at this one.
fn waits_at(offset: u32) -> String {
    format!("echo $KCONS_OFFSET >> $OUT; [ $KCONS_OFFSET != {offset} ] || exec sleep 100")
}

const NOTE: &str = "echo $KCONS_OFFSET >> $OUT";

#[test]
fn killed_between_effect_and_commit_it_repeats_what_was_not_committed() {
    for (mode, committed) in [("manual", 3), ("batch=2", 2), ("auto", -1)] {
        let stage = Stage::with(&["0", "1", "2", "3", "4"]);
        let running = stage.mortal(&["--commit", mode, "--exec", &waits_at(3)]).spawn();
        wait_until("the effect", LONG, || stage.written().contains('3').then_some(()));
        wait_until("the commit", LONG, || (stage.committed() == committed).then_some(()));
        running.kill();
        assert_eq!(stage.committed(), committed, "{mode}");
        stage.mortal(&["--commit", mode, "--exec", NOTE]).run().has_code(0);
        let again: String = (committed.max(0)..5).map(|offset| format!("{offset}\n")).collect();
        assert_eq!(stage.written(), format!("0\n1\n2\n3\n{again}"), "{mode}");
        assert_eq!(stage.committed(), 5);
    }
}

#[test]
fn killed_between_commit_and_answer_it_repeats_one_record_at_most() {
    // The broker has taken the commit, or has not; the answer that says so never comes.
    for (error, again) in [(Error::RD_KAFKA_RESP_ERR_NO_ERROR, ""), (Error::RD_KAFKA_RESP_ERR_UNKNOWN, "0\n")]
    {
        let stage = Stage::with(&["0", "1"]);
        stage.mock.track_requests();
        stage.mock.push_late_errors(1, RDKafkaApiKey::OffsetCommit, &[(error, NEVER)]);
        let running = stage.mortal(&["--commit", "manual", "--exec", NOTE]).spawn();
        wait_until("the commit", LONG, || {
            (stage.mock.requests(RDKafkaApiKey::OffsetCommit) == 1).then_some(())
        });
        running.kill();
        assert_eq!(stage.written(), "0\n", "the next record waits for the commit");
        stage.mortal(&["--commit", "manual", "--exec", NOTE]).run().has_code(0);
        assert_eq!(stage.written(), format!("0\n{again}1\n"));
        assert_eq!(stage.committed(), 2);
    }
}

#[test]
fn killed_between_a_dead_letter_and_its_answer_it_writes_it_again() {
    let stage = Stage::with(&["0"]);
    stage.mock.track_requests();
    stage.mock.push_late_errors(1, RDKafkaApiKey::Produce, &[(Error::RD_KAFKA_RESP_ERR_NO_ERROR, NEVER)]);
    let options = ["--commit", "manual", "--dead-letter", DEAD, "--exec", "exit 65"];
    let running = stage.mortal(&options).spawn();
    wait_until("the letter", LONG, || (stage.dead_letters().lines().len() == 1).then_some(()));
    let is_committed = || (stage.mock.requests(RDKafkaApiKey::OffsetCommit) > 0).then_some(());
    assert_eq!(
        try_until(Duration::from_millis(500), is_committed),
        None,
        "it counts before it is acknowledged"
    );
    running.kill();
    stage.mock.clear_errors(RDKafkaApiKey::Produce);
    stage.mortal(&options).run().has_code(0);
    assert_eq!((stage.dead_letters().lines().len(), stage.committed()), (2, 1));
}

#[test]
fn killed_it_takes_its_handlers_with_it() {
    let records: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    let stage = Stage::with(&records.iter().map(String::as_str).collect::<Vec<_>>());
    let running = stage.member(&["--parallel", "8", "--exec", "echo $$ >> $OUT; exec sleep 100"]).spawn();
    let handlers = started(&stage, 8);
    running.kill();
    for handler in handlers {
        wait_until("the end of a handler", LONG, || kill(handler, None).is_err().then_some(()));
    }
}

/// The process ids that handlers have written.
fn started(stage: &Stage, count: usize) -> Vec<Pid> {
    wait_until("the handlers", LONG, || {
        let pids: Option<Vec<i32>> = stage.written().lines().map(|line| line.parse().ok()).collect();
        let pids = pids.filter(|pids| pids.len() == count)?;
        Some(pids.into_iter().map(Pid::from_raw).collect())
    })
}

#[test]
fn a_second_signal_ends_handlers_that_will_not_end() {
    let records: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let script = "read -r record; trap '' TERM INT; echo $$ >> $OUT; while :; do sleep 0.05; done";
    for handler in ["--exec", "--worker"] {
        let stage = Stage::with(&records);
        let mut running = stage.member(&["--parallel", "8", handler, script]).spawn();
        let handlers = started(&stage, 8);
        running.signal(Signal::SIGTERM);
        running.wait_for_stderr(
            "info: waiting for 8 records in hand, up to 18 s; another signal ends the run now\n",
        );
        // A second one at once would be the same request, sent twice.
        let ended = try_until(Duration::from_millis(600), || running.has_ended().then_some(()));
        assert_eq!(ended, None, "{}", running.stderr());
        let before = running.elapsed();
        running.signal(Signal::SIGINT);
        let outcome = running.finish();
        outcome.check(outcome.elapsed - before < Duration::from_secs(10), "it took its time");
        outcome
            .has_code(130)
            .stderr_contains("warning: ended at once: 8 records unfinished, not committed\n");
        for handler in handlers {
            wait_until("the end of a group", LONG, || killpg(handler, None).is_err().then_some(()));
        }
        assert_eq!(stage.committed(), -1);
    }
}

#[test]
fn control_c_does_not_reach_handlers() {
    let stage = Stage::with(&["0", "1"]);
    let script = "echo $KCONS_OFFSET >> $OUT; while [ ! -e $OUT.go ]; do sleep 0.02; done";
    let brokers = stage.mock.brokers();
    let words = [env!("CARGO_BIN_EXE_kcons"), "consume", TOPIC, "-b", &brokers, "-v", "--exec", script];
    // In a process group of its own, as in a terminal.
    let mut running = Kcons::other("setsid", words).args(MEMBER).env("OUT", stage.out()).spawn();
    wait_until("the handler", LONG, || (stage.written() == "0\n").then_some(()));
    killpg(Pid::from_raw(running.pid() as i32), Signal::SIGINT).expect("it is a group");
    running.wait_for_stderr("Shutdown signal received...");
    std::fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    let outcome = running.finish();
    outcome.was_ended_by(Signal::SIGINT).has_summary("1 record: 1 ok");
    assert_eq!((stage.committed(), stage.written().as_str()), (1, "0\n"));
}

#[test]
fn an_answer_for_a_partition_that_was_lost_and_came_back_is_nobodys() {
    let stage = Stage::with(&["0", "1", "2", "3"]);
    // It waits each time that it gets to the third record, for a file of its own.
    let worker = r#"times=0
        while IFS= read -r line; do
          n=${line#*'"offset":'}; n=${n%%,*}; echo $n >> $OUT
          if [ $n = 2 ]; then times=$((times + 1)); while [ ! -e $OUT.$times ]; do sleep 0.02; done; fi
          echo ok
        done"#;
    let options = ["--log", "json", "--commit", "manual", "--order", "partition", "--worker", worker];
    let mut running = stage.mortal(&options).spawn();
    let has_written = |text: &str, running: &Running| {
        let found = try_until(LONG, || (stage.written() == text).then_some(()));
        assert!(found.is_some(), "{}\n{}", stage.written(), running.stderr());
    };
    has_written("0\n1\n2\n", &running);
    wait_until("the commit", LONG, || (stage.committed() == 2).then_some(()));
    stage.mock.push_errors(RDKafkaApiKey::Heartbeat, &[Error::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID]);
    running.wait_for_stderr("partitions_lost");
    wait_until("its partition again", LONG, || {
        (running.stderr().matches("partitions_assigned").count() == 2).then_some(())
    });
    std::fs::write(stage.folder.path().join("out.1"), "").expect("a file");
    has_written("0\n1\n2\n2\n", &running);
    let is_committed = || (stage.committed() > 2).then_some(());
    assert_eq!(try_until(Duration::from_millis(700), is_committed), None, "{}", running.stderr());
    std::fs::write(stage.folder.path().join("out.2"), "").expect("a file");
    let outcome = running.finish();
    outcome.has_code(0);
    assert_eq!((stage.committed(), stage.written().as_str()), (4, "0\n1\n2\n2\n3\n"));
}
