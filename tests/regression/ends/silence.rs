//! A leader that gives nothing: quotas and errors of fetches.

use std::thread;
use std::time::Duration;

use rdkafka::types::RDKafkaApiKey::Fetch;
use rdkafka::types::RDKafkaRespErr::{self, *};

use super::consume;
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::mock::Mock;
use crate::support::{Produced, unique_name};

/// Errors of a fetch that librdkafka handles by itself: it tries again and tells nobody.
const HANDLED: [RDKafkaRespErr; 10] = [
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
    RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
    RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
    RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
    RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID,
];

/// Errors that it hands on.
const TOLD: [RDKafkaRespErr; 3] =
    [RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, RD_KAFKA_RESP_ERR_UNKNOWN];

const RECORDS: usize = 10;

fn mock_with_records() -> (Mock, String) {
    let (mock, topic) = (Mock::start(1), unique_name("topic"));
    mock.create_topic(&topic, 1);
    let records: Vec<_> = (0..RECORDS).map(|number| Produced::value(number.to_string())).collect();
    mock.produce(&topic, &records);
    (mock, topic)
}

fn with_each(errors: impl IntoIterator<Item = RDKafkaRespErr>, test: impl Fn(RDKafkaRespErr) + Sync) {
    let test = &test;
    thread::scope(|scope| {
        for error in errors {
            scope.spawn(move || test(error));
        }
    });
}

/// Six answered fetches without a record were taken for the end of the log: a leader that refused each of them
/// made the run end with exit 0 and no record after 5.5 s.
pub fn a_fetch_error_for_ever_is_no_end() {
    with_each(HANDLED, |error| {
        let (mock, topic) = mock_with_records();
        mock.push_errors(Fetch, &[error; 5000]);
        let mut running = consume(&mock.brokers(), &topic).args(["-e", "-o", "raw"]).spawn();
        let said = format!("{topic} [0]: nothing received for ");
        running.wait_for_stderr(&said);
        assert!(!running.has_ended() && running.stdout().is_empty(), "{error:?}");
        mock.clear_errors(Fetch);
        let outcome = running.finish();
        outcome.has_code(0).check(outcome.lines().len() == RECORDS, &format!("{error:?} cost records"));
    });
}

/// After an error message the position of the partition was not believed for the rest of the run, so that it was
/// never seen to be at its end.
pub fn a_fetch_error_once_costs_no_record() {
    with_each(HANDLED.into_iter().chain(TOLD), |error| {
        let (mock, topic) = mock_with_records();
        mock.push_errors(Fetch, &[error]);
        let outcome = consume(&mock.brokers(), &topic).args(["-e", "-o", "raw"]).run();
        outcome.has_code(0).check(outcome.lines().len() == RECORDS, &format!("{error:?} cost records"));
    });
}

/// A run whose time was over while a partition gave nothing ended as if all were well.
pub fn a_time_out_in_a_silent_partition_is_a_failure() {
    let (mock, topic) = mock_with_records();
    mock.push_errors(Fetch, &[RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR; 5000]);
    let outcome = consume(&mock.brokers(), &topic).args(["-e", "--duration", "13s"]).run();
    outcome.has_code(1).has_stdout("");
    outcome.stderr_contains(&format!("error: stopped at 0 in {topic} [0], before its end"));
    outcome.stderr_contains("KAFKA_STORAGE_ERROR");
    // Before anybody was told, too.
    for limit in ["--duration", "--idle-timeout"] {
        mock.push_errors(Fetch, &[RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR; 5000]);
        let outcome = consume(&mock.brokers(), &topic).args(["-e", limit, "3s"]).run();
        outcome.has_code(1).has_stdout("");
        outcome.stderr_contains(&format!("error: stopped at 0 in {topic} [0], before its end"));
    }
}

/// Read on without an end, a partition with an open transaction is at the end of what it may give: a time-out counted
/// as a failure.
pub fn an_open_transaction_is_no_failure_of_a_run_that_reads_on() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 1, &[]);
    kafka().produce(&topic, &[Produced::value("decided")]);
    let (_transaction, _) = kafka().open_transaction(&topic, &[Produced::value("open").partition(0)]);
    let options = ["-o", "raw", "--from", "beginning", "--idle-timeout", "14s"];
    let outcome = consume(&kafka().brokers(), &topic).args(options).run();
    outcome.has_code(0).has_stdout("decided\n");
}

/// With a consumer quota a leader answers with nothing for a while: the run ended with a part of the records and
/// exit 0.
pub fn a_quota_is_waited_for() {
    const ALL: usize = 800;
    let kafka = Kafka::start(Kind::Plain, &[]);
    let topic = unique_name("topic");
    kafka.create_topic(&topic, 4, &[]);
    let value = "x".repeat(1000);
    kafka.produce_many(&topic, ALL, |number| Produced::value(&value).partition(number as i32 % 4));
    let quota = [
        "--alter",
        "--add-config",
        "consumer_byte_rate=50000",
        "--entity-type",
        "clients",
        "--entity-default",
    ];
    kafka.tool("configs", &quota);
    let group = unique_name("group");
    let read = |more: &[&str]| {
        let slow = Duration::from_secs(240);
        consume(&kafka.brokers(), &topic).args(["-e", "-o", "raw"]).args(more).deadline(slow).spawn()
    };
    for running in [read(&[]), read(&["--group", &group])] {
        let outcome = running.finish();
        outcome.has_code(0).check(outcome.lines().len() == ALL, "records are missing");
    }
    let committed: i64 = kafka.committed(&group).values().sum();
    assert_eq!(committed, ALL as i64);
}
