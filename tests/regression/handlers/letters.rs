//! Dead letters, and what `--forward` produces.

use super::Stage;
use crate::support::run::Kcons;
use crate::support::{Produced, unique_name};

/// A topic that takes batches of so many bytes.
fn topic(stage: &Stage, most: usize) -> String {
    let name = unique_name("dead");
    stage.kafka.create_topic(&name, 1, &[("max.message.bytes", &most.to_string())]);
    name
}

/// The values of a header, in order.
fn values(record: &Produced, name: &str) -> Vec<String> {
    let named = record.headers.iter().filter(|(other, _)| other == name);
    named
        .map(|(_, value)| String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned())
        .collect()
}

/// A dead letter that failed again got a second set of `kcons.*` headers, and so on: after eight dead-letter topics in
/// a row eight of each, until the letter was too large.
pub fn a_letter_of_a_letter_has_one_set_of_headers() {
    let stage = Stage::new(1);
    stage.produce(&[Produced::value("x").header("retryCount", "7").partition(0)]);
    let brokers = stage.kafka.brokers();
    let mut from = stage.topic.clone();
    for round in 1..=4 {
        let to = topic(&stage, 100_000);
        let options =
            ["-e", "-b", &brokers, "-g", &unique_name("group"), "--retries", "1", "--backoff", "1ms..1ms"];
        let script = format!("echo failure {round} >&2; exit 1");
        Kcons::new(["consume", &from])
            .args(options)
            .args(["--dead-letter", &to, "--exec", &script])
            .run()
            .has_code(0);
        let letter = &stage.kafka.stored(&to)[0];
        assert_eq!(values(letter, "retryCount"), ["7"]);
        let expected = [
            ("kcons.error", format!("exit status 1: failure {round}")),
            ("kcons.attempts", (2 * round).to_string()),
            ("kcons.topic", stage.topic.clone()),
            ("kcons.partition", "0".to_owned()),
            ("kcons.offset", "0".to_owned()),
        ];
        for (name, value) in expected {
            assert_eq!(values(letter, name), [value], "{name} in round {round}");
        }
        let rounds = if round > 1 { vec![round.to_string()] } else { Vec::new() };
        assert_eq!(values(letter, "kcons.rounds"), rounds);
        assert_eq!((values(letter, "kcons.group").len(), values(letter, "kcons.timestamp").len()), (1, 1));
        from = to;
    }
}

/// A record that its topic took was too large for the dead letters with the text of the error: the run ended with it,
/// each time again.
pub fn a_letter_that_is_too_large_goes_without_the_text_of_its_error() {
    let stage = Stage::new(1);
    // Nothing that could be compressed.
    let noise: Vec<u8> =
        (0..1500_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    stage.produce(&[&b"first"[..], &noise, b"last"].map(|value| Produced::value(value).partition(0)));
    let dead = topic(&stage, 2000);
    let script = "head -c 900 /dev/urandom | base64 -w 0 >&2; exit 65";
    let outcome = stage.member(&["--dead-letter", &dead, "--exec", script]).run();
    outcome.has_code(0).stderr_contains("3 dead-lettered");
    let note = "too large with the text of `kcons.error`";
    assert_eq!(outcome.stderr_text().matches(note).count(), 1, "{outcome}");
    let letters = stage.kafka.stored(&dead);
    assert_eq!(letters.len(), 3);
    for letter in letters {
        // One that is sent again comes behind others.
        let is_large = values(&letter, "kcons.offset") == ["1"];
        assert_eq!(values(&letter, "kcons.error") == [""], is_large);
        assert_eq!(letter.value.as_deref() == Some(&noise[..]), is_large);
    }
    // What does not fit at all still ends the run, uncommitted.
    let large = [noise.clone(), noise.iter().rev().copied().collect()].concat();
    stage.produce(&[Produced::value(&large).partition(0)]);
    let outcome = stage.member(&["--dead-letter", &dead, "--exec", script]).run();
    outcome.has_code(5).stderr_contains("[0] @ 3: the dead-letter topic `");
    assert_eq!(stage.committed(), Some(3));
}

/// Small records were sent in batches that the topic took for too large: each of them counted as failed, although none
/// was too large.
pub fn records_that_are_too_large_together_are_sent_one_by_one() {
    const RECORDS: usize = 500;
    let stage = Stage::new(1);
    let noise = |number: usize| format!("{:x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(8);
    stage.produce(&(0..RECORDS).map(|number| Produced::value(noise(number))).collect::<Vec<_>>());
    let (to, dead) = (topic(&stage, 1000), topic(&stage, 1000));
    let outcome = stage.member(&["--forward", &to, "--retries", "0", "--in-flight", "500"]).run();
    outcome.has_code(0).stderr_contains(&format!("{RECORDS} ok"));
    assert_eq!(stage.kafka.stored(&to).len(), RECORDS);
    let again = Stage { group: unique_name("group"), ..stage };
    let worker = "while read -r line; do echo fail no; done";
    let options = ["--worker", worker, "--dead-letter", &dead, "--failure-limit", "0"];
    let outcome = again.member(&options).run();
    outcome.has_code(0).stderr_contains(&format!("{RECORDS} dead-lettered"));
    let letters = again.kafka.stored(&dead);
    assert_eq!(letters.len(), RECORDS);
    assert!(letters.iter().all(|letter| values(letter, "kcons.error") == ["no"]));
}
