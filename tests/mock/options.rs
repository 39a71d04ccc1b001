//! Every option changes something: a test for each, and a list that misses none.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use rdkafka::types::RDKafkaApiKey;

use crate::support::http::{figures, listens_at, sum};
use crate::support::mock::Mock;
use crate::support::run::{Kcons, Reader};
use crate::support::{Committed, Outcome, Produced, unique_name, wait_until};

/// Which test shows that an option changes something; found by name in the file of the suite.
const TESTS: [(&str, &str, &str); 94] = [
    ("--async-commit", "mock/options.rs", "async_commit_does_not_wait_for_answers"),
    ("--avro-schema", "mock/schemas.rs", "values_are_decoded_by_an_avro_schema_of_a_file"),
    ("--backoff", "mock/handlers/failures.rs", "the_pause_before_another_attempt_is_an_option"),
    ("--brokers", "mock/options.rs", "brokers_come_from_the_option_or_the_environment"),
    ("--color", "mock/options.rs", "color_can_be_forced_and_refused"),
    ("--commit", "mock/options.rs", "commit_decides_when_and_whether"),
    ("--commit-interval", "mock/options.rs", "commit_interval_is_how_often"),
    ("--config", "mock/options.rs", "a_file_of_properties_is_read"),
    ("--connect-timeout", "mock/options.rs", "connect_timeout_is_how_long_it_tries"),
    ("--count", "mock/options.rs", "where_to_start_and_stop"),
    ("--dead-letter", "mock/handlers/failures.rs", "a_dead_letter_has_the_record_and_what_failed"),
    ("--dedup", "mock/handlers/dedup.rs", "an_id_is_handled_once_over_restarts"),
    ("--dedup-store", "mock/handlers/dedup.rs", "a_store_serves_one_process"),
    ("--dedup-ttl", "mock/handlers/dedup.rs", "an_id_is_forgotten_after_its_time"),
    ("--delimiter", "mock/options.rs", "how_records_are_printed"),
    ("--duration", "mock/options.rs", "times_end_a_run"),
    ("--exec", "mock/handlers/exec.rs", "a_process_gets_the_value_and_the_record_in_its_environment"),
    ("--exit", "mock/options.rs", "where_to_start_and_stop"),
    ("--expect", "mock/options.rs", "another_number_of_records_than_expected_is_a_failure"),
    (
        "--failure-limit",
        "mock/handlers/failures.rs",
        "many_failures_in_a_row_stop_the_run_whatever_the_policy",
    ),
    ("--filter", "mock/handlers/exec.rs", "filtered_records_start_nothing_and_are_passed_by_the_commit"),
    ("--follow", "mock/demo.rs", "follow_goes_on_with_new_tasks_until_control_c"),
    ("--format", "mock/options.rs", "a_template_says_what_is_printed"),
    ("--forward", "mock/handlers/failures.rs", "a_dead_letter_goes_back_with_forward"),
    ("--from", "mock/options.rs", "where_to_start_and_stop"),
    ("--grep", "mock/options.rs", "records_are_kept_by_their_bytes"),
    ("--group", "mock/options.rs", "a_group_commits_and_resumes"),
    ("--header-format", "mock/options.rs", "values_keys_and_headers_are_decoded"),
    ("--help", "mock/talk.rs", "help_is_short_or_long"),
    ("--idle-timeout", "mock/options.rs", "times_end_a_run"),
    ("--in-flight", "mock/handlers/worker.rs", "what_waits_for_an_answer_is_limited"),
    ("--instance-id", "mock/options.rs", "properties_are_set_by_options"),
    ("--jq", "mock/jq.rs", "what_a_program_yields_is_printed"),
    ("--json", "mock/options.rs", "how_records_are_printed"),
    ("--key", "mock/options.rs", "records_are_kept_by_their_bytes"),
    ("--key-format", "mock/options.rs", "how_records_are_printed"),
    ("--label", "mock/options.rs", "how_records_are_printed"),
    ("--last", "mock/order.rs", "the_newest_records_of_all_partitions_are_printed_oldest_first"),
    ("--log", "mock/talk.rs", "each_event_has_its_shape"),
    ("--merge", "mock/order.rs", "records_of_all_partitions_can_come_in_the_order_of_their_timestamps"),
    ("--metrics", "mock/metrics.rs", "figures_agree_with_what_was_printed"),
    ("--null", "mock/options.rs", "a_template_says_what_is_printed"),
    ("--offset-reset", "mock/options.rs", "offset_reset_is_where_a_group_starts"),
    ("--on-failure", "mock/handlers/failures.rs", "a_record_can_be_skipped"),
    ("--order", "mock/handlers/exec.rs", "a_partition_can_be_kept_in_order"),
    ("--output", "mock/options.rs", "how_records_are_printed"),
    ("--parallel", "mock/handlers/exec.rs", "records_with_one_key_are_handled_one_after_the_other"),
    ("--partitions", "mock/options.rs", "where_to_start_and_stop"),
    ("--print-config", "mock/talk.rs", "print_config_names_every_origin"),
    ("--profile", "mock/connection.rs", "a_property_comes_from_the_first_source_that_has_it"),
    ("--progress", "mock/progress.rs", "always_says_it_in_lines_without_a_terminal_and_ends_at_100_percent"),
    ("--property", "mock/options.rs", "properties_are_set_by_options"),
    ("--proto", "mock/schemas.rs", "values_are_decoded_by_a_protobuf_message_of_a_file"),
    ("--proto-message", "mock/schemas.rs", "values_are_decoded_by_a_protobuf_message_of_a_file"),
    ("--proto-path", "mock/schemas.rs", "values_are_decoded_by_a_protobuf_message_of_a_file"),
    ("--quiet", "mock/talk.rs", "quiet_leaves_only_errors"),
    ("--rate", "mock/handlers/exec.rs", "a_rate_limits_what_is_started"),
    ("--raw-output", "mock/jq.rs", "what_a_program_yields_is_printed"),
    ("--read-uncommitted", "real/ends.rs", "an_open_transaction_is_the_end_or_is_read"),
    ("--registry", "mock/registry.rs", "every_record_of_a_serializer_is_decoded_as_key_and_as_value"),
    ("--registry-ca", "mock/registry/login.rs", "a_private_authority_and_a_client_certificate_are_used"),
    ("--registry-cert", "mock/registry/login.rs", "a_private_authority_and_a_client_certificate_are_used"),
    ("--registry-key", "mock/registry/login.rs", "a_private_authority_and_a_client_certificate_are_used"),
    ("--registry-token", "mock/registry/login.rs", "every_kind_of_login_works_from_every_place"),
    ("--registry-user", "mock/registry/login.rs", "every_kind_of_login_works_from_every_place"),
    ("--retries", "mock/handlers/failures.rs", "a_record_that_goes_on_failing_stops_the_run_uncommitted"),
    ("--serve", "mock/demo.rs", "serve_keeps_a_broker_for_other_terminals"),
    ("--shutdown-timeout", "mock/options.rs", "shutdown_timeout_bounds_the_end"),
    ("--stdin", "mock/handlers/exec.rs", "the_envelope_can_be_asked_for"),
    ("--strict", "mock/options.rs", "strict_ends_the_run"),
    ("--timeout", "mock/handlers/failures.rs", "a_handler_that_takes_too_long_is_ended_with_its_children"),
    ("--title-field", "mock/options.rs", "how_records_are_printed"),
    ("--to", "mock/options.rs", "where_to_start_and_stop"),
    ("--union-names", "mock/schemas.rs", "values_are_decoded_by_an_avro_schema_of_a_file"),
    ("--value-format", "mock/options.rs", "how_records_are_printed"),
    ("--verbose", "mock/talk.rs", "verbose_says_more_and_twice_even_more"),
    ("--version", "mock/talk.rs", "help_is_short_or_long"),
    ("--wait-for-topic", "mock/options.rs", "a_topic_is_waited_for"),
    ("--worker", "mock/handlers/worker.rs", "a_worker_says_ok_retry_or_fail"),
    ("CLICOLOR_FORCE", "mock/options.rs", "color_can_be_forced_and_refused"),
    ("KCONS_BROKERS", "mock/options.rs", "brokers_come_from_the_option_or_the_environment"),
    ("KCONS_CONFIG", "mock/options.rs", "a_file_of_properties_is_read"),
    ("KCONS_REGISTRY", "mock/registry/login.rs", "a_registry_comes_from_the_environment_and_from_a_profile"),
    ("KCONS_PROFILE", "mock/connection.rs", "a_property_comes_from_the_first_source_that_has_it"),
    ("NO_COLOR", "mock/options.rs", "color_can_be_forced_and_refused"),
    ("TOPIC", "mock/options.rs", "topics_are_what_is_read"),
    ("--all", "mock/operations.rs", "topics_are_listed_and_described"),
    ("--all-topics", "real/groups.rs", "a_reset_moves_only_what_was_chosen"),
    ("--execute", "real/groups.rs", "each_position_and_shift_moves_a_group_where_kafkas_own_tool_does"),
    ("--max-lag", "real/lag.rs", "too_much_lag_is_an_exit_code"),
    ("--shift", "real/groups.rs", "each_position_and_shift_moves_a_group_where_kafkas_own_tool_does"),
    ("--topic", "real/groups.rs", "a_reset_moves_only_what_was_chosen"),
    ("--watch", "real/lag.rs", "a_watch_shows_the_rate_and_a_signal_ends_it_at_once"),
    ("--yes", "real/groups.rs", "a_group_is_deleted_once_somebody_agrees"),
];

#[test]
fn every_option_has_a_test() {
    let mut options = BTreeSet::new();
    for arguments in [
        &["--help"][..],
        &["consume", "--help"],
        &["demo", "--help"],
        &["lag", "--help"],
        &["group", "list", "--help"],
        &["group", "describe", "--help"],
        &["group", "reset", "--help"],
        &["group", "delete", "--help"],
        &["topic", "list", "--help"],
        &["topic", "describe", "--help"],
    ] {
        let help = Kcons::new(arguments).run().stdout_text();
        let words =
            help.lines().filter(|line| line.trim_start().starts_with('-')).flat_map(str::split_whitespace);
        options.extend(
            words
                .filter(|word| word.starts_with("--"))
                .map(|word| word.trim_end_matches([',', '.']).to_owned()),
        );
    }
    let named = TESTS.iter().map(|test| test.0.to_owned());
    let listed: BTreeSet<_> = named.filter(|name| name.starts_with("--")).collect();
    assert_eq!(options, listed);
    for (option, file, test) in TESTS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.contains(&format!("fn {test}()")), "{option}: no {test} in {file}");
    }
}

/// A broker with a topic: three records in partition 0 and one in partition 1.
fn filled() -> (Mock, String) {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 2);
    let record = |title: &str| {
        let value = format!("{{\"title\":\"{title}\",\"name\":\"n-{title}\"}}");
        Produced::value(value).key("k").partition(0)
    };
    mock.produce(&topic, &[record("a"), record("b"), record("c"), record("d").partition(1)]);
    (mock, topic)
}

fn consume(mock: &Mock, topic: &str) -> Kcons {
    let command = Kcons::new(["consume", topic, "--brokers", &mock.brokers()]);
    command.args(["-X", "partition.assignment.strategy=cooperative-sticky"]).deadline(Duration::from_secs(30))
}

/// What was printed, in order of partition and offset: `0:0 0:1 1:0`.
#[track_caller]
fn places(outcome: &Outcome) -> String {
    let place = |line: &serde_json::Value| format!("{}:{}", line["partition"], line["offset"]);
    let mut places: Vec<_> = outcome.json_lines().iter().map(place).collect();
    places.sort();
    places.join(" ")
}

#[test]
fn where_to_start_and_stop() {
    let (mock, topic) = filled();
    for (arguments, expected) in [
        (&["--exit"][..], "0:0 0:1 0:2 1:0"),
        (&["--exit", "--from", "1"], "0:1 0:2"),
        (&["--exit", "--partitions", "1"], "1:0"),
        (&["--to", "1"], "0:0 1:0"),
        (&["--exit", "--to", "2"], "0:0 0:1 1:0"),
        (&["--exit", "--to", "0=99"], "0:0 0:1 0:2 1:0"),
        (&["--count", "3", "-p", "0"], "0:0 0:1 0:2"),
        (&["--exit", "--count", "2", "-p", "0"], "0:0 0:1"),
    ] {
        let outcome = consume(&mock, &topic).args(arguments).run();
        outcome.has_code(0).has_stderr("");
        assert_eq!(places(&outcome), expected, "{outcome}");
    }
}

#[test]
fn another_number_of_records_than_expected_is_a_failure() {
    let (mock, topic) = filled();
    for expected in ["4", "1..", "..4", "2..10", "0..4"] {
        consume(&mock, &topic).args(["-e", "--expect", expected]).run().has_code(0).has_stderr("");
    }
    for (expected, words) in [
        ("5", "5 records, got 4"),
        ("0", "0 records, got 4"),
        ("..1", "at most 1 record, got 4"),
        ("5..", "at least 5 records, got 4"),
        ("5..7", "5 to 7 records, got 4"),
    ] {
        let outcome = consume(&mock, &topic).args(["-e", "--expect", expected]).run();
        outcome.has_code(7).has_stderr(&format!("error: expected {words}\n"));
        assert_eq!(outcome.json_lines().len(), 4, "{outcome}");
    }
    let handled = consume(&mock, &topic).args(["-e", "--expect", "3", "--exec", "true"]).run();
    handled.has_code(7).stderr_contains("error: expected 3 records, got 4\n");
    let none = consume(&mock, &topic).args(["--from", "end", "--duration", "300ms", "--expect", "1.."]).run();
    none.has_code(7).has_stderr("error: expected at least 1 record, got 0\n");
    // A failure of its own goes before.
    // A reader that has gone may have had enough, and whoever presses Ctrl-C does not care.
    for (expected, code) in [("9", 0), ("1..", 0), ("..0", 0)] {
        let gone = consume(&mock, &topic).args(["-e", "--expect", expected]).stdout(Reader::IsGone).run();
        gone.has_code(code).has_stderr("");
    }
    let mut waiting = consume(&mock, &topic).args(["--expect", "9", "-v"]).spawn();
    waiting.wait_for_lines(4);
    waiting.signal(Signal::SIGINT);
    let interrupted = waiting.finish();
    interrupted.stderr_contains("error: expected 9 records, got 4\n");
    interrupted.was_ended_by(Signal::SIGINT);
    let failed = consume(&mock, &topic).args(["-e", "--expect", "9", "--exec", "exit 65"]).run();
    failed.has_code(5).stderr_lacks("expected");
    for wrong in ["x", "..", "5..3", "-1", "1..x", ""] {
        consume(&mock, &topic).args(["--expect", wrong]).run().has_code(2).has_stdout("");
    }
}

#[test]
fn records_are_kept_by_their_bytes() {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 1);
    let record = |key: &str, value: &str| Produced::value(value).key(key).partition(0);
    mock.produce(
        &topic,
        &[
            record("k1", "milk and \"bread\""),
            record("k1", r#"{"n":1,"text":"milk"}"#),
            record("k2", "water").header("h", "no milk"),
            Produced::tombstone("k1").partition(0),
            record("milk", r#"{"n":2}"#),
        ],
    );
    let filter = ["--grep", "milk", "--filter", ".value.n? > 0"];
    for (arguments, expected) in [
        (&["--key", "k1"][..], "0:0 0:1 0:3"),
        (&["--key", "k"], ""),
        (&["--grep", "milk"], "0:0 0:1 0:2 0:4"),
        (&["--grep", "milk", "-n", "2"], "0:0 0:1"),
        (&["--grep", "\"bread\""], "0:0"),
        (&["--grep", "milk", "--key", "k1"], "0:0 0:1"),
        (&filter, "0:1 0:4"),
    ] {
        let outcome = consume(&mock, &topic).arg("-e").args(arguments).run();
        outcome.has_code(0).has_stderr("");
        assert_eq!(places(&outcome), expected, "{outcome}");
    }
    // In front of handlers, and of a group's commits, those that are left out count as processed.
    let group = unique_name("group");
    let member = ["-e", "--group", &group, "--grep", "bread", "--exec", "cat; echo"];
    let outcome = consume(&mock, &topic).args(member).run();
    outcome.has_code(0).has_stdout("milk and \"bread\"\n").has_summary("1 record: 1 ok");
    assert_eq!(mock.committed(&group, &[&topic])[&(topic.clone(), 0)], 5);
    consume(&mock, &topic)
        .args(["--grep", ""])
        .run()
        .has_code(2)
        .stderr_contains("`--grep` must not be empty");
}

#[test]
fn times_end_a_run() {
    let (mock, topic) = filled();
    let run = |option: &str, seconds: u64| {
        let outcome = consume(&mock, &topic).args([option, &format!("{seconds}s")]).run();
        outcome.has_code(0).check(outcome.elapsed >= Duration::from_secs(seconds), "it ended early");
        outcome
    };
    run("--duration", 1);
    let idle = run("--idle-timeout", 3);
    assert_eq!(places(&idle), "0:0 0:1 0:2 1:0", "{idle}");
}

#[test]
fn an_idle_time_does_not_count_while_brokers_are_lost() {
    let (mock, topic) = filled();
    let mut running = consume(&mock, &topic).args(["--idle-timeout", "5s"]).spawn();
    running.wait_for_lines(4);
    mock.take_down(1);
    running.wait_for_stderr("lost all brokers");
    mock.bring_up(1);
    running.wait_for_stderr("connected again");
    let connected = running.elapsed();
    let outcome = running.finish();
    let is_late = outcome.elapsed >= connected + Duration::from_secs(3);
    outcome.has_code(0).check(is_late, "the time without brokers was counted");
}

#[test]
fn topics_are_what_is_read() {
    let (mock, first) = filled();
    let second = unique_name("orders");
    mock.create_topic(&second, 1);
    mock.produce(&second, &[Produced::value("v")]);
    for (topics, count) in [(vec![&first], 4), (vec![&second], 1), (vec![&first, &second], 5)] {
        let outcome = consume(&mock, topics[0]).args(&topics[1..]).arg("-e").run();
        assert_eq!(outcome.has_code(0).json_lines().len(), count, "{outcome}");
    }
    let outcome = Kcons::new(["consume"]).run();
    outcome.has_code(2).has_stdout("").stderr_contains("error: ").stderr_contains("TOPIC");
}

#[test]
fn a_topic_is_waited_for() {
    let mock = Mock::start(1);
    let topic = unique_name("later");
    mock.track_requests();
    consume(&mock, &topic).arg("-e").run().has_code(4);
    let once = mock.requests(RDKafkaApiKey::Metadata);
    let mut running = consume(&mock, &topic).args(["--wait-for-topic", "20s", "-n", "1"]).spawn();
    running.wait_for_stderr(&format!("info: waiting for topic `{topic}`, up to 20 s\n"));
    // Each look asks at most as often as a run that looks once.
    wait_until("it to have looked twice", Duration::from_secs(10), || {
        (mock.requests(RDKafkaApiKey::Metadata) > 2 * once).then_some(())
    });
    mock.create_topic(&topic, 1);
    mock.produce(&topic, &[Produced::value("v")]);
    assert_eq!(places(running.finish().has_code(0)), "0:0");
}

#[test]
fn how_records_are_printed() {
    let (mock, topic) = filled();
    let first = |arguments: &[&str]| {
        let outcome = consume(&mock, &topic).args(["-p", "0", "-n", "1"]).args(arguments).run();
        outcome.has_code(0);
        outcome.stdout_text()
    };
    let value = r#"{"title":"a","name":"n-a"}"#;
    let rest = "  Key: k\n  Partition: 0, Offset: 0\n";
    let pretty = format!("Received tasks: a\n{rest}");
    assert!(first(&[]).starts_with(&format!("{{\"topic\":\"{topic}\",")));
    assert_eq!(first(&["--json"]), first(&[]));
    assert_eq!(first(&["--output", "json"]), first(&[]));
    assert_eq!(first(&["--output", "pretty"]), pretty);
    assert_eq!(first(&["-o", "pretty", "--label", "parcel"]), format!("Received parcel: a\n{rest}"));
    assert_eq!(first(&["-o", "pretty", "--title-field", "name"]), format!("Received tasks: n-a\n{rest}"));
    assert_eq!(first(&["-o", "pretty", "--title-field", ".name"]), format!("Received tasks: n-a\n{rest}"));
    let line = first(&["--output", "line"]);
    assert!(line.ends_with(&format!("  [0] @ 0  k  {value}\n")), "{line}");
    assert_eq!(first(&["--output", "raw"]), format!("{value}\n"));
    assert_eq!(first(&["--output", "raw", "--delimiter", "|"]), format!("{value}|"));
    assert!(first(&["--value-format", "hex"]).contains(r#""value":"7b227469746c65"#));
    assert!(first(&["--key-format", "hex"]).contains(r#""key":"6b","key_encoding":"hex""#));
}

#[test]
fn values_keys_and_headers_are_decoded() {
    let mock = Mock::start(1);
    let topic = unique_name("readings");
    mock.create_topic(&topic, 1);
    let record = |value: &'static [u8], attempt: &'static [u8]| {
        Produced::value(value)
            .key(*b"\x12\x3e\x45\x67\xe8\x9b\x12\xd3\xa4\x56\x42\x66\x14\x17\x40\x00")
            .header("attempt", attempt)
            .header("trace", [0xff])
    };
    mock.produce(&topic, &[record(b"\x3f\xb9\x99\x99\x99\x99\x99\x9a", b"\x02\0"), record(b"{}", b"2")]);
    let read = |arguments: &[&str]| consume(&mock, &topic).arg("-e").args(arguments).run();
    let (value, header) = ("not an f64: 2 bytes instead of 8", "not an i16: 1 byte instead of 2");
    let formats = ["--value-format", "f64", "--key-format", "uuid", "--header-format", "le:i16"];
    let outcome = read(&[&formats[..], &["--header-format", "trace=hex"]].concat());
    outcome
        .has_code(0)
        .has_stderr(&format!("warning: {topic} [0] @ 1: value is {value}; header `attempt` is {header}\n"));
    let lines = outcome.stdout_text();
    let key = r#""key":"123e4567-e89b-12d3-a456-426614174000","key_encoding":"uuid""#;
    let trace = r#"{"key":"trace","value":"ff","value_encoding":"hex"}]}"#;
    let line = |value: &str, attempt: &str| {
        format!(r#"{key},"value":{value},"headers":[{{"key":"attempt","value":{attempt}}},{trace}"#)
    };
    for (line, expected) in lines.lines().zip([
        line("0.1", "2"),
        line(&format!(r#"{{}},"value_error":"{value}""#), &format!(r#""2","value_error":"{header}""#)),
    ]) {
        assert!(line.ends_with(&expected), "{line}\nshould end with\n{expected}");
    }
    let filter = ["-o", "raw", "--header-format", "attempt=le:i16", "--filter", ".headers[0].value == 2"];
    read(&filter).has_code(0).has_stdout(b"\x3f\xb9\x99\x99\x99\x99\x99\x9a\n");
    let pretty = ["-o", "pretty", "-v", "-n", "1", "--header-format", "attempt=le:i16"];
    assert!(read(&pretty).stdout_text().ends_with("  Header attempt: 2\n  Header trace: base64 /w==\n"));
    let strict = read(&["--header-format", "attempt=le:i16", "--strict", "--from", "1"]);
    strict
        .has_code(5)
        .has_stdout("")
        .has_stderr(&format!("error: {topic} [0] @ 1: header `attempt` is {header}\n"));
    let handler = ["--exec", "cat", "--stdin", "json", "-n", "1", "--header-format", "attempt=le:i16"];
    assert!(read(&handler).stdout_text().contains(r#"{"key":"attempt","value":2}"#));
    let handled = ["--exec", "cat", "--stdin", "json", "--strict", "--header-format", "attempt=le:i16"];
    read(&handled).has_code(5).stderr_contains(&format!("[0] @ 1: header `attempt` is {header}"));
    for format in ["msgpack", "cbor"] {
        let outcome = read(&["--value-format", format, "-n", "1", "--from", "1"]);
        outcome.has_code(0).stdout_contains("value_error");
    }
    let refused = read(&["--header-format", "trace=guid"]);
    refused.has_code(2).stderr_contains(
        "caused by: it is FORMAT or NAME=FORMAT, where FORMAT is one of auto, json, text, base64, hex, uuid, i8,",
    );
}

#[test]
fn a_template_says_what_is_printed() {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 1);
    let at = |record: Produced| record.at(1_763_888_400_000);
    let records = [
        Produced::value("{ \"a\":1 }").key("k").header("h", "x"),
        Produced::tombstone(""),
        Produced::value("v"),
    ];
    mock.produce(&topic, &records.map(at));
    let printed = |arguments: &[&str]| {
        let outcome = consume(&mock, &topic).arg("-e").args(arguments).run();
        outcome.has_code(0).has_stderr("");
        outcome.stdout_text()
    };
    let places = format!("{topic} 0 0 1763888400000\n{topic} 0 1 1763888400000\n{topic} 0 2 1763888400000\n");
    assert_eq!(printed(&["--format", "%t %p %o %T\\n"]), places);
    assert_eq!(printed(&["-f", "%k=%s %S,"]), "k={ \"a\":1 } 9,= -1,=v 1,");
    assert_eq!(printed(&["-f", "%k=%s,", "--null", "\\N"]), "k={ \"a\":1 },=\\N,\\N=v,");
    assert_eq!(
        printed(&["-f", "%{header:h} [%h]%{timestamp:iso};", "-n", "1"]),
        "x [h=x]2025-11-23T09:00:00.000Z;"
    );
    let hex = ["-f", "%{value:json}|", "--value-format", "hex"];
    assert_eq!(printed(&hex), "\"7b202261223a31207d\"|null|\"76\"|");
    assert_eq!(printed(&["-f", "%o", "--filter", ".value == \"v\""]), "2");
    let refused = |arguments: &[&str], error: &str| {
        let outcome = Kcons::new(["consume", "t", "-b", "no-such-host.invalid:1"]).args(arguments).run();
        outcome.has_code(2).has_stdout("").stderr_contains(error);
    };
    refused(&["-f", "%s %z"], "caused by: `%z` at character 4 is not a token\n");
    // For kcat it is a switch.
    refused(&["-Z", "-f", "%s"], "error: `--null` needs a value\n");
    let strict = ["-e", "-f", "%{value:json}\\n", "--value-format", "json", "--strict"];
    let outcome = consume(&mock, &topic).args(strict).run();
    outcome.has_code(5).has_stdout("{ \"a\":1 }\nnull\n").stderr_contains(" [0] @ 2: value is not JSON");
}

#[test]
fn strict_ends_the_run() {
    let (mock, topic) = filled();
    let read = |arguments: &[&str]| {
        consume(&mock, &topic).args(["-e", "--key-format", "json"]).args(arguments).run()
    };
    let outcome = read(&[]);
    outcome.has_code(0).stderr_contains(&format!("warning: {topic} [0] @ 0: key is "));
    assert_eq!(outcome.json_lines().len(), 4, "{outcome}");
    let strict = read(&["--strict", "-p", "0"]);
    strict.has_code(5).has_stdout("").stderr_contains(&format!("error: {topic} [0] @ 0: key is "));
}

#[test]
fn a_group_commits_and_resumes() {
    let (mock, topic) = filled();
    let group = unique_name("group");
    consume(&mock, &topic).arg("-e").run().has_code(0);
    assert_eq!(mock.committed(&group, &[&topic]), Committed::new());
    let outcome = consume(&mock, &topic).args(["-e", "--group", &group]).run();
    assert_eq!(outcome.has_code(0).json_lines().len(), 4, "{outcome}");
    let expected = [((topic.clone(), 0), 3), ((topic.clone(), 1), 1)].into();
    assert_eq!(mock.committed(&group, &[&topic]), expected);
}

#[test]
fn offset_reset_is_where_a_group_starts() {
    let (mock, topic) = filled();
    for (reset, code, count) in
        [("earliest", 0, 4), ("oldest", 0, 4), ("latest", 0, 0), ("newest", 0, 0), ("none", 1, 0)]
    {
        let group = unique_name("group");
        let outcome = consume(&mock, &topic).args(["-e", "--group", &group, "--offset-reset", reset]).run();
        assert_eq!(outcome.has_code(code).json_lines().len(), count, "{outcome}");
    }
}

#[test]
fn commit_decides_when_and_whether() {
    let (mock, topic) = filled();
    let run = |mode: &str| {
        let group = unique_name("group");
        let log = ["-e", "--log", "json", "--group", &group, "--commit", mode];
        let outcome = consume(&mock, &topic).args(log).run();
        outcome.has_code(0);
        (outcome.events_named("offsets_committed").len(), mock.committed(&group, &[&topic]).len())
    };
    assert_eq!(run("auto").1, 2);
    let (commits, partitions) = run("manual");
    assert!(commits >= 4 && partitions == 2, "{commits} commits");
    let (commits, partitions) = run("batch=2");
    assert!((2..=3).contains(&commits) && partitions == 2, "{commits} commits");
    assert_eq!(run("never"), (0, 0));
}

#[test]
fn async_commit_does_not_wait_for_answers() {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 1);
    mock.produce(&topic, &vec![Produced::value("v"); 40]);
    mock.track_requests();
    let mut before = 0;
    let mut commits = |arguments: &[&str]| {
        let group = unique_name("group");
        let manual = ["-e", "--group", &group, "--commit", "manual"];
        let outcome = consume(&mock, &topic).args(manual).args(arguments).run();
        assert_eq!(outcome.has_code(0).json_lines().len(), 40, "{outcome}");
        assert_eq!(mock.committed(&group, &[&topic]), [((topic.clone(), 0), 40)].into());
        let requests = mock.requests(RDKafkaApiKey::OffsetCommit);
        requests - std::mem::replace(&mut before, requests)
    };
    let waiting = commits(&[]);
    assert!(waiting >= 40, "{waiting} commits");
    let folded = commits(&["--async-commit"]);
    assert!((1..20).contains(&folded), "{folded} commits");
}

#[test]
fn commit_interval_is_how_often() {
    let (mock, topic) = filled();
    let start = |interval: &str| {
        let group = unique_name("group");
        let mut running =
            consume(&mock, &topic).args(["--group", &group, "--commit-interval", interval]).spawn();
        running.wait_for_lines(4);
        (running, group)
    };
    let (rare, rare_group) = start("1h");
    let (often, often_group) = start("100ms");
    wait_until("a commit", Duration::from_secs(10), || {
        (mock.committed(&often_group, &[&topic]).len() == 2).then_some(())
    });
    assert_eq!(mock.committed(&rare_group, &[&topic]), Committed::new());
    for mut running in [rare, often] {
        running.signal(Signal::SIGTERM);
        running.finish().has_code(0);
    }
    assert_eq!(mock.committed(&rare_group, &[&topic]).len(), 2, "the end commits in any case");
}

#[test]
fn shutdown_timeout_bounds_the_end() {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 1);
    mock.produce(&topic, &vec![Produced::value("v".repeat(100_000)); 30]);
    // Half of a short limit is kept for what comes after the writing.
    let stop = ["--shutdown-timeout", "1s"];
    let metrics = ["--metrics", "127.0.0.1:0"];
    let mut running = consume(&mock, &topic).args(stop).args(metrics).stdout(Reader::Waits).spawn();
    let address = listens_at(&mut running);
    // One alone is more than the pipe holds.
    wait_until("a record", Duration::from_secs(20), || {
        (sum(&figures(&address), "kcons_records_total") >= 1.0).then_some(())
    });
    let before = running.elapsed();
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    let took = outcome.elapsed - before;
    outcome.check(took >= Duration::from_millis(450), "it did not wait for the reader");
    outcome.check(took < Duration::from_secs(15), "it waited for longer than it was told to");
}

#[test]
fn brokers_come_from_the_option_or_the_environment() {
    let (mock, topic) = filled();
    let read = || Kcons::new(["consume", &topic, "-e"]);
    let nowhere = "no-such-host.invalid:1";
    read().env("KCONS_BROKERS", mock.brokers()).run().has_code(0);
    read().env("KCONS_BROKERS", nowhere).args(["--brokers", &mock.brokers()]).run().has_code(0);
    let outcome = read().env("KCONS_BROKERS", nowhere).args(["--connect-timeout", "500ms"]).run();
    outcome.has_code(3).stderr_contains(&format!("error: cannot reach any broker at `{nowhere}`\n"));
}

#[test]
fn connect_timeout_is_how_long_it_tries() {
    let nowhere = ["consume", "t", "-b", "no-such-host.invalid:1", "--connect-timeout"];
    for (timeout, least) in [("300ms", 300), ("1500ms", 1_500)] {
        let outcome = Kcons::new(nowhere).arg(timeout).run();
        outcome.has_code(3).check(outcome.elapsed >= Duration::from_millis(least), "it gave up early");
        outcome.took_less_than(Duration::from_millis(least + 6_000));
    }
}

#[test]
fn a_file_of_properties_is_read() {
    let (mock, topic) = filled();
    let read = || {
        let command = Kcons::new(["consume", &topic, "-e"]);
        let text = format!("# where\nbootstrap.servers={}\nclient.id=from-file\n", mock.brokers());
        fs::write(command.home().join("kafka.properties"), text).expect("the home is ours");
        command
    };
    read().args(["--config", "kafka.properties"]).run().has_code(0);
    read().env("KCONS_CONFIG", "kafka.properties").run().has_code(0);
    let outcome = read().args(["-F", "kafka.properties", "--print-config"]).run();
    let line = outcome.lines().into_iter().find(|line| line.starts_with("client.id ")).unwrap_or_default();
    outcome
        .has_code(0)
        .check(line.contains("from-file") && line.ends_with("file kafka.properties"), "not its origin");
    let missing = Kcons::new(["consume", "t", "--config", "missing"]).run();
    missing.has_code(2).has_stdout("").stderr_contains("`missing`");
}

#[test]
fn properties_are_set_by_options() {
    let shown = |arguments: &[&str], name: &str| {
        let outcome = Kcons::new(["consume", "t", "--print-config"]).args(arguments).run();
        outcome.has_code(0);
        let line = outcome.lines().into_iter().find(|line| line.starts_with(&format!("{name} ")));
        line.unwrap_or_default().split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(&[], "client.id"), "kcons kcons");
    assert_eq!(shown(&["--property", "client.id=me"], "client.id"), "me -X");
    assert_eq!(shown(&["-g", "g"], "group.instance.id"), "(none) default");
    assert_eq!(shown(&["-g", "g", "--instance-id", "i"], "group.instance.id"), "i option");
    assert_eq!(shown(&["--read-uncommitted"], "isolation.level"), "read_uncommitted option");
    let outcome = Kcons::new(["consume", "t", "-X", "clientid=me"]).run();
    outcome.has_code(2).has_stdout("").stderr_contains("`clientid`").stderr_contains("client.id");
}

#[test]
fn color_can_be_forced_and_refused() {
    let (mock, topic) = filled();
    let is_colored_as = |format: &str, arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = consume(&mock, &topic).args(["-e", "-o", format]).args(arguments);
        for (name, value) in variables {
            command = command.env(name, value);
        }
        let outcome = command.run();
        outcome.has_code(0).check(!outcome.stderr.contains(&0x1b), "plain lines about the run have a color");
        outcome.stdout.contains(&0x1b)
    };
    let is_colored =
        |arguments: &[&str], variables: &[(&str, &str)]| is_colored_as("pretty", arguments, variables);
    let mistake = |color: &[&str]| {
        let outcome = Kcons::new(["consume", "--nonsense"]).args(color).run();
        outcome.has_code(2).stderr.starts_with(b"\x1b")
    };
    assert!(mistake(&["--color", "always"]) && !mistake(&[]));
    assert!(!is_colored(&[], &[]));
    assert!(is_colored(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(is_colored(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!is_colored(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!is_colored(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    for (format, is_forced) in [("line", true), ("json", false), ("raw", false)] {
        assert!(!is_colored_as(format, &[], &[]), "{format}");
        assert_eq!(is_colored_as(format, &[], &[("CLICOLOR_FORCE", "1")]), is_forced, "{format}");
        assert_eq!(is_colored_as(format, &["--color", "always"], &[]), format != "raw", "{format}");
    }
}
