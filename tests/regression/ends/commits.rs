//! Positions of partitions that have nothing to read, and what is written as soon as a run says that it reads.

use nix::sys::signal::Signal;

use super::consume;
use crate::support::kafka::kafka;
use crate::support::{Produced, unique_name, wait_until};

/// Partitions without records never got a commit, so that autoscalers counted them as unread.
pub fn an_empty_partition_gets_its_position_committed() {
    for mode in ["auto", "manual", "batch=10"] {
        let (topic, group) = (unique_name("topic"), unique_name("group"));
        kafka().create_topic(&topic, 3, &[]);
        kafka().produce_many(&topic, 5, |number| Produced::value("v").partition(number as i32 % 2));
        kafka().delete_records(&topic, 1, 2);
        let outcome =
            consume(&kafka().brokers(), &topic).args(["-e", "--group", &group, "--commit", mode]).run();
        outcome.has_code(0);
        let at = |partition, offset| ((topic.clone(), partition), offset);
        assert_eq!(kafka().committed(&group), [at(0, 3), at(1, 2), at(2, 0)].into(), "{mode}");
    }
    let (topic, group) = (unique_name("topic"), unique_name("group"));
    kafka().create_topic(&topic, 1, &[]);
    let arguments = ["--group", &group, "--commit-interval", "100ms"];
    let mut running = consume(&kafka().brokers(), &topic).args(arguments).spawn();
    wait_until("the commit of a run that goes on", super::LONG, || {
        (kafka().committed(&group) == [((topic.clone(), 0), 0)].into()).then_some(())
    });
    running.signal(Signal::SIGTERM);
    running.finish().has_code(0);
    let never = unique_name("group");
    let outcome =
        consume(&kafka().brokers(), &topic).args(["-e", "--group", &never, "--commit", "never"]).run();
    outcome.has_code(0);
    assert!(kafka().committed(&never).is_empty());
}

/// `startup_complete` came before the ends were looked up: records written right after it were missed.
pub fn what_is_written_once_the_start_is_said_is_read() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 30, &[]);
    for round in 0..10 {
        let arguments = ["--from", "end", "-n", "1", "-o", "raw", "--log", "json"];
        let mut running = consume(&kafka().brokers(), &topic).args(arguments).spawn();
        running.wait_for_stderr("startup_complete");
        kafka().produce(&topic, &[Produced::value(round.to_string()).partition(round % 30)]);
        running.finish().has_code(0).has_stdout(format!("{round}\n"));
    }
}

/// `--from -1` behind a transaction marker printed nothing, without a word.
pub fn the_last_offset_may_hold_no_record_which_is_said() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 1, &[]);
    kafka().produce_committed(&topic, &[Produced::value("v")]);
    let said = format!("{topic} [0]: no record in the last 1 offset");
    let read =
        |from: &str| consume(&kafka().brokers(), &topic).args(["-e", "-o", "raw", "--from", from]).run();
    read("-1").has_code(0).has_stdout("").stderr_contains(&said);
    read("-2").has_code(0).has_stdout("v\n").has_stderr("");
}
