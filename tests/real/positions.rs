//! Where reading starts and stops: every form of POS, partitions, counts and times.

use std::time::{Duration, Instant};

use super::reading::{LONG, consume, fill, filled_topic, new_topic, offsets, places};
use crate::support::kafka::kafka;
use crate::support::{Produced, unique_name, wait_until};

/// 2025-11-23T09:00:00Z
const NINE: i64 = 1_763_888_400_000;
const HOUR: i64 = 3_600_000;
const NOTHING: [i64; 0] = [];

/// A topic of one partition with ten records, one an hour from [`NINE`].
fn hourly_topic() -> String {
    let topic = new_topic(1);
    kafka().produce_many(&topic, 10, |number| {
        Produced::value(number.to_string()).partition(0).at(NINE + number as i64 * HOUR)
    });
    topic
}

#[track_caller]
fn read(topic: &str, arguments: &[&str]) -> Vec<i64> {
    let outcome = consume(topic).env("TZ", "UTC").args(arguments).run();
    outcome.has_code(0).has_stderr("");
    offsets(&outcome)
}

pub fn a_start_is_an_offset_or_counts_from_an_end() {
    let topic = filled_topic(1, 10);
    kafka().delete_records(&topic, 0, 2);
    let from = |position: &str| read(&topic, &["-e", "--from", position]);
    for beginning in ["beginning", "earliest", "start", "+0", "2", "-8", "-100"] {
        assert_eq!(from(beginning), (2..10).collect::<Vec<_>>(), "{beginning}");
    }
    for end in ["end", "latest", "newest", "10", "-0", "+8"] {
        assert_eq!(from(end), NOTHING, "{end}");
    }
    for seventh in ["7", "-3", "+5"] {
        assert_eq!(from(seventh), [7, 8, 9], "{seventh}");
    }
}

pub fn a_stop_is_an_offset_or_counts_from_an_end_or_the_start() {
    let topic = filled_topic(1, 10);
    let to = |position: &str| read(&topic, &["--to", position]);
    for end in ["end", "latest", "newest", "10", "-0", "+10"] {
        assert_eq!(to(end), (0..10).collect::<Vec<_>>(), "{end}");
    }
    for nothing in ["beginning", "earliest", "start", "0", "+0", "-10", "-99"] {
        assert_eq!(to(nothing), NOTHING, "{nothing}");
    }
    for third in ["3", "-7", "+3"] {
        assert_eq!(to(third), [0, 1, 2], "{third}");
    }
    assert_eq!(read(&topic, &["--from", "4", "--to", "+2"]), [4, 5]);
    assert_eq!(read(&topic, &["--from", "-2", "--to", "3"]), NOTHING, "the stop is before the start");
}

pub fn times_are_looked_up() {
    let topic = hourly_topic();
    let from = |position: &str| read(&topic, &["-e", "--from", position]);
    let at_eleven = format!("@{}", NINE + 2 * HOUR);
    for eleven in ["2025-11-23T11:00:00Z", "2025-11-23T10:00:00.001Z", "2025-11-23T11:00", &at_eleven] {
        assert_eq!(from(eleven), (2..10).collect::<Vec<_>>(), "{eleven}");
    }
    assert_eq!(from("2025-11-23"), (0..10).collect::<Vec<_>>());
    assert_eq!(from("2025-11-24"), NOTHING, "after the last record");
    assert_eq!(from("-1h"), NOTHING, "all records are older");
    let to = |from: &str, to: &str| read(&topic, &["--from", from, "--to", to]);
    assert_eq!(to("beginning", "2025-11-23T11:00:00Z"), [0, 1]);
    assert_eq!(to("2025-11-23T10:00Z", "2025-11-23T12:00Z"), [1, 2]);
    assert_eq!(to("2025-11-23T10:00Z", "+90m"), [1, 2]);
    assert_eq!(to("beginning", "-1d"), (0..10).collect::<Vec<_>>());
    let zoned = consume(&topic).env("TZ", "America/New_York").args(["-e", "--from", "2025-11-23T11:00"]);
    assert_eq!(offsets(zoned.run().has_code(0)), [7, 8, 9], "eleven there is sixteen in Greenwich");
}

pub fn an_age_counts_from_now() {
    let topic = new_topic(1);
    kafka().produce(&topic, &[Produced::value("old").at(NINE), Produced::value("new")]);
    assert_eq!(read(&topic, &["-e", "--from", "-1h"]), [1]);
    assert_eq!(read(&topic, &["--to", "-1h"]), [0]);
}

pub fn a_map_has_a_position_for_some_partitions() {
    let topic = filled_topic(3, 5);
    let read = |arguments: &[&str]| {
        let outcome = consume(&topic).args(arguments).run();
        outcome.has_code(0).has_stderr("");
        places(&outcome)
    };
    let expected = [(0, 4), (2, 0), (2, 1), (2, 2), (2, 3), (2, 4)];
    assert_eq!(read(&["-e", "--from", "0=4,1=end"]), expected);
    assert_eq!(read(&["-e", "--from", "0=+4,1=5,2=-1"]), [(0, 4), (2, 4)]);
    assert_eq!(read(&["--to", "0=1,1=+2,2=-4"]), [(0, 0), (1, 0), (1, 1), (2, 0)]);
    // Without a stop partition 2 goes on: something else has to end the run.
    let open = read(&["--to", "0=1,1=1", "--from", "2=3", "--idle-timeout", "5s"]);
    assert_eq!(open, [(0, 0), (1, 0), (2, 3), (2, 4)]);
}

pub fn only_the_partitions_asked_for_are_read() {
    let topic = filled_topic(6, 1);
    let read = |list: &str| {
        let outcome = consume(&topic).args(["-e", "-p", list]).run();
        outcome.has_code(0).has_stderr("");
        places(&outcome).iter().map(|place| place.0).collect::<Vec<_>>()
    };
    assert_eq!(read("3"), [3]);
    assert_eq!(read("0,2,4-5"), [0, 2, 4, 5]);
}

pub fn a_partition_that_does_not_exist_is_an_error() {
    let (four, one) = (new_topic(4), new_topic(1));
    for arguments in [["-p", "9"], ["--from", "9=0"], ["--to", "9=5"]] {
        let outcome = consume(&four).args(arguments).run();
        outcome.has_code(4).has_stdout("");
        outcome.has_stderr(&format!("error: topic `{four}` has partitions 0 to 3, not 9\n"));
    }
    consume(&one).args(["-p", "1"]).run().has_code(4).stderr_contains("has only partition 0, not 1");
}

pub fn an_offset_outside_the_log_is_an_error() {
    let topic = filled_topic(1, 10);
    let error = |range: &str, offset: &str, arguments: &[&str]| {
        let outcome = consume(&topic).args(arguments).run();
        outcome.has_code(1).has_stdout("");
        outcome.has_stderr(&format!("error: {topic} [0]: offset {offset} is outside {range}\n"));
    };
    error("0..10", "9999", &["--from", "9999"]);
    error("0..10", "11", &["--from", "0=11", "-e"]);
    error("0..10", "11", &["--from", "+11"]);
    kafka().delete_records(&topic, 0, 4);
    error("4..10", "3", &["--from", "3"]);
}

pub fn a_count_is_exact() {
    let topic = filled_topic(3, 100);
    for count in [1, 7, 299, 300] {
        let outcome = consume(&topic).args(["-n", &count.to_string()]).run();
        outcome.has_code(0).has_stderr("");
        assert_eq!(outcome.json_lines().len(), count, "{outcome}");
    }
    let at_the_end = consume(&topic).args(["-e", "-n", "301"]).run();
    assert_eq!(at_the_end.has_code(0).json_lines().len(), 300, "the end comes first");
}

pub fn a_count_waits_for_records_to_come() {
    let topic = filled_topic(1, 2);
    let mut running = consume(&topic).args(["-n", "3"]).spawn();
    running.wait_for_lines(2);
    kafka().produce(&topic, &[Produced::value("third"), Produced::value("fourth")]);
    assert_eq!(offsets(running.finish().has_code(0)), [0, 1, 2]);
}

pub fn an_idle_run_ends_after_its_time() {
    let topic = filled_topic(1, 1);
    let mut running = consume(&topic).args(["--idle-timeout", "5s"]).spawn();
    running.wait_for_lines(1);
    let started = Instant::now();
    for number in 2..=4 {
        wait_until("a second", LONG, || {
            (started.elapsed() >= Duration::from_secs(1) * (number - 1)).then_some(())
        });
        kafka().produce(&topic, &[Produced::value("more")]);
        running.wait_for_lines(number as usize);
    }
    let outcome = running.finish();
    outcome.has_code(0).has_stderr("");
    outcome.check(started.elapsed() >= Duration::from_millis(7_900), "it ended though records came");
}

pub fn a_duration_ends_the_run_though_records_come() {
    let topic = filled_topic(1, 1);
    let mut running = consume(&topic).args(["--duration", "10s"]).spawn();
    running.wait_for_lines(1);
    let outcome = running.finish();
    outcome.has_code(0).has_stderr("").check(outcome.elapsed >= Duration::from_secs(10), "it ended early");
    assert_eq!(offsets(&outcome), [0]);
}

pub fn an_offset_above_the_end_is_waited_for() {
    let topic = filled_topic(1, 3);
    let mut running = consume(&topic).args(["--to", "5"]).spawn();
    running.wait_for_lines(3);
    kafka().produce_many(&topic, 4, |_| Produced::value("more"));
    let outcome = running.finish();
    assert_eq!(offsets(outcome.has_code(0)), [0, 1, 2, 3, 4]);
}

pub fn a_time_to_come_ends_a_partition_at_its_first_later_record() {
    let topic = filled_topic(1, 1);
    let now = now_in_milliseconds();
    let later = now + 60_000;
    let mut running = consume(&topic).args(["--to", &format!("@{later}")]).deadline(LONG * 3).spawn();
    running.wait_for_lines(1);
    kafka().produce(&topic, &[Produced::value("before").at(now), Produced::value("after").at(later)]);
    let outcome = running.finish();
    assert_eq!(offsets(outcome.has_code(0).stderr_contains("info: waiting until ")), [0, 1]);
    outcome.check(now_in_milliseconds() < later, "it waited for the time to come");
}

pub fn a_time_to_come_ends_quiet_partitions_when_it_has_come() {
    let topic = filled_topic(2, 1);
    let time = now_in_milliseconds() + 2_000;
    let outcome = consume(&topic).args(["--to", &format!("@{time}")]).run();
    assert_eq!(places(outcome.has_code(0)), [(0, 0), (1, 0)]);
    outcome.check(now_in_milliseconds() >= time, "it ended before the time had come");
}

pub fn records_that_come_after_the_end_was_fixed_are_not_printed() {
    let topic = filled_topic(1, 5_000);
    let running = consume(&topic).arg("-e").spawn();
    fill(&topic, 1, 1_000);
    let outcome = running.finish();
    let count = places(outcome.has_code(0)).len();
    outcome.check((5_000..=6_000).contains(&count), "records are missing or twice there");
}

pub fn a_group_stops_where_it_is_told_to() {
    let topic = filled_topic(2, 5);
    let group = unique_name("group");
    let read = |to: &str| {
        let outcome = consume(&topic).args(["--group", &group, "--to", to]).run();
        outcome.has_code(0).has_stderr("");
        places(&outcome)
    };
    assert_eq!(read("2"), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(read("+1"), [(0, 2), (1, 2)], "counted from where this run starts");
    assert_eq!(read("0=4,1=3"), [(0, 3)]);
    assert_eq!(read("end"), [(0, 4), (1, 3), (1, 4)]);
}

pub fn a_group_that_has_committed_nothing_starts_at_a_time() {
    let topic = hourly_topic();
    let run = |group: &str, reset: &str| {
        let words = ["-e", "--group", group, "--commit-interval", "1h", "--offset-reset", reset];
        consume(&topic).env("TZ", "UTC").args(words).run()
    };
    let group = unique_name("group");
    let outcome = run(&group, "2025-11-23T12:00");
    assert_eq!(offsets(outcome.has_code(0)), (3..10).collect::<Vec<_>>());
    outcome.has_stderr(&format!(
        "info: group `{group}` has no committed offset in `{topic}`, starting at `@{}`\n",
        NINE + 3 * HOUR
    ));
    let again = run(&group, "2025-11-23T12:00");
    assert_eq!(offsets(again.has_code(0).has_stderr("")), NOTHING, "what is committed counts");
    for (reset, said) in [("-1h", ""), ("2036-01-01", "is in the future: reading starts at the end\n")] {
        let group = unique_name("group");
        let outcome = run(&group, reset);
        assert_eq!(offsets(outcome.has_code(0).stderr_contains(said)), NOTHING, "{reset}");
        assert_eq!(kafka().committed(&group), [((topic.clone(), 0), 10)].into(), "{reset}");
    }
}

pub fn with_exit_a_stop_to_come_is_not_waited_for() {
    let topic = hourly_topic();
    assert_eq!(read(&topic, &["-e", "--to", "2036-01-01"]), (0..10).collect::<Vec<_>>());
    assert_eq!(read(&topic, &["-e", "--to", "2025-11-23T12:00"]), [0, 1, 2]);
    assert_eq!(read(&topic, &["-e", "--to", "99"]), (0..10).collect::<Vec<_>>());
    assert_eq!(read(&topic, &["-e", "--to", "4"]), [0, 1, 2, 3]);
}

pub fn partitions_added_later_are_read_alone_from_their_beginning() {
    for from in ["end", "0=2"] {
        let topic = filled_topic(1, 2);
        let command = consume(&topic).args(["-n", "5", "-v", "--from", from]).deadline(LONG * 3);
        let mut running = command.spawn();
        running.wait_for_stderr("Subscribed to topic");
        kafka().produce(&topic, &[Produced::value("old").partition(0)]);
        running.wait_for_lines(1);
        kafka().add_partitions(&topic, 3);
        // A producer of its own knows the new partitions.
        kafka().produce_committed(&topic, &[Produced::value("new").partition(1)]);
        running.wait_for_lines(2);
        for partition in [0, 1, 2] {
            kafka().produce_committed(&topic, &[Produced::value("more").partition(partition)]);
        }
        let outcome = running.finish();
        assert_eq!(places(outcome.has_code(0)), [(0, 2), (0, 3), (1, 0), (1, 2), (2, 0)]);
        let told = format!("info: reading new partitions from their beginning: {topic} [1, 2]\n");
        outcome.stderr_contains(&told).stderr_contains(&format!("Assigned: {topic} [1, 2]\n"));
    }
}

pub fn a_position_that_is_none_is_refused_with_the_list() {
    for (option, position) in
        [("--from", "garbage"), ("--to", "5x"), ("--from", "0=1,0=2"), ("--from", "2025-13-01")]
    {
        let outcome = consume("no-topic").args([option, position]).run();
        outcome.has_code(2).has_stdout("");
        outcome.stderr_contains(&format!("error: invalid position `{position}` for `{option}`\n"));
        outcome.stderr_contains("  hint: POS is one of:\n    beginning, end ");
    }
    consume("no-topic").args(["--to", "+30m"]).run().has_code(2).stderr_contains("--from");
    consume("no-topic").args(["-p", "x"]).run().has_code(2).stderr_contains("`x`");
}

fn now_in_milliseconds() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("the clock is past 1970").as_millis() as i64
}
