//! Commits that fail, are late or never answered, and offsets that cannot be fetched.

use std::time::Duration;

use nix::sys::signal::Signal;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr as Error};

use crate::support::mock::Mock;
use crate::support::oracle::{History, Oracle};
use crate::support::run::Kcons;
use crate::support::{Committed, Outcome, Produced, try_until, wait_until};

const LONG: Duration = Duration::from_secs(30);

const TOPIC: &str = "t";
const GROUP: &str = "g";

/// A mock broker with a topic, and what was written to it.
struct Stage {
    mock: Mock,
    history: History,
}

impl Stage {
    fn new() -> Stage {
        let mock = Mock::start(1);
        mock.create_topic(TOPIC, 2);
        Stage { mock, history: History::default() }
    }

    fn produce(&mut self, count: usize) {
        let first = self.history.produced.values().map(|records| records.len()).sum::<usize>();
        let records: Vec<_> = (first..first + count)
            .map(|id| Produced::value(format!(r#"{{"id":"{id}"}}"#)).partition(id as i32 % 2))
            .collect();
        for (id, place) in (first..).zip(self.mock.produce(TOPIC, &records)) {
            self.history.add_produced(TOPIC, place, id.to_string());
        }
    }

    fn member(&self, options: &[&str]) -> Kcons {
        // A commit that is late holds up the heartbeats behind it, on the mock.
        self.member_with("session.timeout.ms=10000", options)
    }

    fn member_with(&self, session: &str, options: &[&str]) -> Kcons {
        let brokers = self.mock.brokers();
        let arguments = ["consume", TOPIC, "-g", GROUP, "-b", &brokers, "-o", "json", "--log", "json"];
        let member = Kcons::new(arguments).args(["-X", "partition.assignment.strategy=cooperative-sticky"]);
        member.args(["-X", session, "-X", "heartbeat.interval.ms=200"]).args(options)
    }

    fn committed(&self) -> Committed {
        self.mock.committed(GROUP, &[TOPIC])
    }

    fn wait_for_committed(&self, total: i64) {
        wait_until("the commit", LONG, || (self.committed().values().sum::<i64>() == total).then_some(()));
    }

    #[track_caller]
    fn must_be_whole(&mut self, name: &str, outcome: &Outcome) {
        self.history.add_run(name, outcome);
        self.history.must_satisfy(Oracle::ALWAYS.into_iter().chain([Oracle::EverythingIsPrinted]));
    }
}

/// Those after which the same member may simply try again.
const PASSING: [Error; 8] = [
    Error::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
    Error::RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
    Error::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
    Error::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
    Error::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
    Error::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    Error::RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE,
    Error::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
];

#[test]
fn a_commit_that_fails_once_is_made_up_for() {
    for options in [&["--commit", "batch=5"][..], &["--commit", "manual", "--async-commit"], &[]] {
        for error in PASSING {
            let mut stage = Stage::new();
            stage.produce(20);
            stage.mock.push_errors(RDKafkaApiKey::OffsetCommit, &[error]);
            let outcome = stage.member(options).arg("-e").run();
            // While the coordinator is looked for there are no heartbeats.
            outcome.has_code(0).stderr_lacks("partitions_lost");
            outcome.check(outcome.lines().len() == 20, &format!("{error:?}"));
            let committed: i64 = stage.committed().values().sum();
            outcome.check(committed == 20, &format!("{error:?}: committed is {committed}"));
            stage.must_be_whole("once", &outcome);
        }
    }
}

#[test]
fn a_member_that_is_not_known_any_more_joins_again() {
    for error in [Error::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, Error::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION] {
        let mut stage = Stage::new();
        stage.produce(20);
        stage.mock.push_errors(RDKafkaApiKey::OffsetCommit, &[error]);
        let mut running = stage.member(&["--commit", "batch=5"]).spawn();
        running.wait_for_lines(20);
        stage.wait_for_committed(20);
        running.signal(Signal::SIGTERM);
        let outcome = running.finish();
        outcome.has_code(0);
        stage.must_be_whole("again", &outcome);
    }
}

#[test]
fn commits_that_fail_for_ever_are_told_and_end_the_run_in_time() {
    for error in
        [Error::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, Error::RD_KAFKA_RESP_ERR_NOT_COORDINATOR]
    {
        for options in [&["--commit", "batch=20"][..], &["--commit", "manual", "--async-commit"], &[]] {
            let mut stage = Stage::new();
            stage.produce(20);
            stage.mock.push_errors(RDKafkaApiKey::OffsetCommit, &[error; 10_000]);
            let mut running = stage.member(options).args(["--shutdown-timeout", "2s"]).spawn();
            running.wait_for_lines(20);
            let before = running.elapsed();
            running.signal(Signal::SIGTERM);
            let outcome = running.finish();
            let unconfirmed = "final commit unconfirmed; up to 20 records may be read again";
            outcome.has_code(1).stderr_contains(unconfirmed);
            outcome.check(outcome.elapsed - before < Duration::from_secs(8), "it passed its deadline");
            outcome.check(outcome.events_named("warning").len() <= 5, "it said too much");
            assert!(stage.committed().is_empty());
            stage.must_be_whole("for ever", &outcome);
        }
    }
}

#[test]
fn while_a_commit_is_not_answered_no_other_is_sent() {
    let mut stage = Stage::new();
    stage.produce(20);
    let late = [(Error::RD_KAFKA_RESP_ERR_NO_ERROR, Duration::from_secs(10))];
    stage.mock.push_late_errors(1, RDKafkaApiKey::OffsetCommit, &late);
    stage.mock.track_requests();
    let options = ["--commit", "batch=2", "--async-commit"];
    let mut running = stage.member_with("session.timeout.ms=45000", &options).spawn();
    running.wait_for_lines(20);
    stage.produce(20);
    running.wait_for_lines(40);
    assert_eq!(stage.mock.requests(RDKafkaApiKey::OffsetCommit), 1);
    stage.wait_for_committed(40);
    assert_eq!(stage.mock.requests(RDKafkaApiKey::OffsetCommit), 2, "what came meanwhile goes in one commit");
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    stage.must_be_whole("late", &outcome);
}

#[test]
fn the_next_record_waits_for_a_late_commit() {
    let mut stage = Stage::new();
    stage.produce(3);
    let late = [(Error::RD_KAFKA_RESP_ERR_NO_ERROR, Duration::from_secs(5))];
    stage.mock.push_late_errors(1, RDKafkaApiKey::OffsetCommit, &late);
    let mut running = stage.member(&["--commit", "manual"]).spawn();
    running.wait_for_lines(1);
    let more = try_until(Duration::from_millis(500), || (running.stdout_lines().len() > 1).then_some(()));
    assert!(more.is_none(), "{}", running.stdout());
    running.wait_for_lines(3);
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    stage.must_be_whole("late", &outcome);
}

#[test]
fn a_commit_that_is_never_answered_holds_the_end_up_to_its_deadline() {
    for options in [&["--commit", "batch=20"][..], &["--commit", "manual", "--async-commit"]] {
        let mut stage = Stage::new();
        stage.produce(20);
        let late = [(Error::RD_KAFKA_RESP_ERR_NO_ERROR, Duration::from_secs(50)); 20];
        stage.mock.push_late_errors(1, RDKafkaApiKey::OffsetCommit, &late);
        let mut running = stage.member(options).args(["--shutdown-timeout", "2s"]).spawn();
        running.wait_for_lines(20);
        let before = running.elapsed();
        running.signal(Signal::SIGTERM);
        let outcome = running.finish();
        outcome.has_code(1).stderr_contains("final commit unconfirmed");
        outcome.check(outcome.elapsed - before < Duration::from_secs(8), "it passed its deadline");
        stage.must_be_whole("never", &outcome);
    }
}

#[test]
fn a_broker_that_refuses_or_is_silent_holds_the_end_up_only_for_a_commit() {
    let refuse = |mock: &Mock| mock.take_down(1);
    let silence = |mock: &Mock| mock.delay(1, Duration::from_secs(60));
    for break_it in [&refuse as &dyn Fn(&Mock), &silence] {
        for is_owing in [true, false] {
            let mut stage = Stage::new();
            stage.produce(20);
            let options = match is_owing {
                true => ["--commit", "batch=1000", "--shutdown-timeout", "4s"],
                false => ["--commit", "manual", "--shutdown-timeout", "20s"],
            };
            let mut running = stage.member(&options).spawn();
            running.wait_for_lines(20);
            if !is_owing {
                running.wait_for_stderr("end_reached");
                stage.wait_for_committed(20);
            }
            break_it(&stage.mock);
            let before = running.elapsed();
            running.signal(Signal::SIGTERM);
            let outcome = running.finish();
            let took = outcome.elapsed - before;
            if is_owing {
                outcome.has_code(1);
                outcome.stderr_contains("final commit unconfirmed; up to 20 records may be read again");
                outcome.check(took < Duration::from_secs(9), "it passed its deadline");
            } else {
                outcome.has_code(0).stderr_lacks("unconfirmed");
                outcome.check(took < Duration::from_secs(10), "it waited though it owed nothing");
            }
            stage.must_be_whole("broken", &outcome);
        }
    }
}

#[test]
fn offsets_that_cannot_be_fetched_at_first_are_asked_for_again() {
    let errors = [
        Error::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        Error::RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        Error::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        Error::RD_KAFKA_RESP_ERR_UNKNOWN,
    ];
    for error in errors {
        let mut stage = Stage::new();
        stage.produce(10);
        let first = stage.member(&["-e"]).run();
        first.has_code(0);
        stage.must_be_whole("first", &first);
        stage.produce(10);
        stage.mock.push_errors(RDKafkaApiKey::OffsetFetch, &[error; 3]);
        let second = stage.member(&["-e"]).run();
        second.has_code(0);
        stage.must_be_whole(&format!("{error:?}"), &second);
        stage.history.must_satisfy([Oracle::NothingIsRepeated]);
    }
}

#[test]
fn what_was_lost_is_not_committed() {
    let mut stage = Stage::new();
    stage.produce(20);
    stage.mock.track_requests();
    let mut running = stage.member_with("session.timeout.ms=1500", &["--commit", "batch=1000"]).spawn();
    running.wait_for_lines(20);
    running.signal(Signal::SIGSTOP);
    assert!(try_until(Duration::from_secs(3), || running.has_ended().then_some(())).is_none());
    running.signal(Signal::SIGCONT);
    running.wait_for_stderr("partitions_lost");
    running.wait_for_lines(40);
    assert_eq!(stage.mock.requests(RDKafkaApiKey::OffsetCommit), 0, "{}", running.stderr());
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    stage.must_be_whole("lost", &outcome);
}

#[test]
fn partitions_lost_before_their_final_commit_are_told() {
    let mut stage = Stage::new();
    stage.produce(20);
    let mut running = stage.member(&["--commit-interval", "1h"]).spawn();
    running.wait_for_lines(20);
    stage.mock.push_errors(RDKafkaApiKey::OffsetCommit, &[Error::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT; 100]);
    let before = running.elapsed();
    running.signal(Signal::SIGTERM);
    running.wait_for_stderr("offsets_committed");
    stage.mock.push_errors(RDKafkaApiKey::Heartbeat, &[Error::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID]);
    let outcome = running.finish();
    outcome.has_code(1).stderr_contains("partitions_lost");
    outcome.stderr_contains("final commit unconfirmed; up to 20 records may be read again");
    outcome.check(outcome.elapsed - before < Duration::from_secs(9), "it passed its deadline");
    stage.must_be_whole("lost", &outcome);
}
