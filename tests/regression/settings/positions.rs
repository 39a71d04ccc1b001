//! Times and positions as people type them.

use crate::support::kafka::kafka;
use crate::support::run::Kcons;
use crate::support::{Produced, unique_name};

/// 2026-11-25T10:00:00Z
const START: i64 = 1_795_600_800_000;

/// Ten records, one a minute.
fn topic() -> String {
    let topic = unique_name("minutes");
    kafka().create_topic(&topic, 1, &[("retention.ms", "-1")]);
    kafka().produce_many(&topic, 10, |number| {
        Produced::value(number.to_string()).partition(0).at(START + number as i64 * 60_000)
    });
    topic
}

fn consume(topic: &str) -> Kcons {
    Kcons::new(["consume", topic, "-b", &kafka().brokers(), "-o", "raw"]).env("TZ", "UTC")
}

/// `--from @1795601100`, the seconds that `date +%s` gives, was taken for January 1970 and read everything;
/// microseconds read nothing; `group reset` moved the group just as far.
pub fn digits_tell_seconds_from_milliseconds() {
    let topic = topic();
    let spelled = ["@1795601100", "@1795601100000", "@1795601100000000", "@1795601100000000000"];
    for time in spelled.map(str::to_owned).into_iter().chain(spelled.map(|time| format!("0={time}"))) {
        let from = consume(&topic).args(["-e", "--from", &time]).run();
        from.has_code(0).has_stdout("5\n6\n7\n8\n9\n");
        consume(&topic).args(["--to", &time]).run().has_code(0).has_stdout("0\n1\n2\n3\n4\n");
        let reset = ["group", "reset", "new", "--topic", &topic, "-o", "json", "-b", &kafka().brokers()];
        let outcome = Kcons::new(reset).args(["--to", &time]).run();
        outcome.has_code(0);
        assert_eq!(outcome.json_lines()[0]["new"], 5, "{time}");
    }
    for time in ["@1", "@17956011000", "@17956011000000", "@17956011000000000", "@17956011000000000000"] {
        for option in ["--from", "--to"] {
            let outcome = consume(&topic).args(["-e", option, time]).run();
            // `-e` may not be beside `--to`; either way nothing is read.
            outcome.has_code(2).has_stdout("");
        }
        let outcome = Kcons::new(["group", "reset", "g", "--topic", &topic, "--to", time]).run();
        outcome.has_code(2).stderr_contains("seconds (10 digits)");
    }
}

/// `today`, `09:00`, a blank between date and time, weeks and several units were all refused.
pub fn words_and_times_of_day_are_positions() {
    let topic = topic();
    let read = |arguments: &[&str]| {
        let outcome = consume(&topic).args(arguments).run();
        outcome.has_code(0);
        outcome.stdout_text().replace('\n', "")
    };
    for from in ["2026-11-25 10:05", "2026-11-25 10:05:00Z", "0=2026-11-25 10:05"] {
        assert_eq!(read(&["-e", "--from", from]), "56789", "{from}");
    }
    assert_eq!(read(&["--from", "2026-11-25 10:05", "--to", "+1m30s"]), "56");
    for all in ["-20000w", "-1000w6d23h59m59s999ms", "-1d1h"] {
        let outcome = consume(&topic).args(["-e", "--from", all]).run();
        outcome.check([Some(0), Some(2)].contains(&outcome.code()), "it is no mistake of kcons");
    }
    for known in ["today", "yesterday", "now", "09:00", "23:59:59", "-1w", "-1h30m"] {
        consume(&topic).args(["-e", "--from", known]).run().has_code(0);
    }
    // Durations elsewhere.
    consume(&topic).args(["-n", "1", "--duration", "1w1h", "--idle-timeout", "1m30s"]).run().has_code(0);
}

/// A start in the future with `-e` read nothing and said nothing.
pub fn a_start_to_come_is_warned_of() {
    let topic = topic();
    let outcome = consume(&topic).args(["-e", "--from", "2036-01-01"]).run();
    outcome.has_code(0).has_stdout("");
    outcome.stderr_contains("warning: `--from 2036-01-01` is in the future: ");
    consume(&topic).args(["-e", "--from", "2026-11-25"]).run().has_code(0).stderr_lacks("future");
}

/// The hint of a wrong position was a line of 290 letters that broke in the middle of words.
pub fn the_positions_are_a_list() {
    let outcome = Kcons::new(["consume", "t", "--from", "yesterdy"]).run();
    outcome.has_code(2).stderr_lacks("caused by");
    outcome
        .check(outcome.stderr_text().lines().all(|line| line.chars().count() <= 110), "a line is too long");
    outcome.stderr_contains("error: invalid position `yesterdy` for `--from`\n  hint: POS is one of:\n    ");
    outcome.stderr_contains("\n    0=5,1=end,2=-10 ");
}
