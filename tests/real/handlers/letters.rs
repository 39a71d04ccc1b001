//! Dead letters: the record byte for byte, and topics that do not take them.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{LONG, Work};
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced, unique_name, wait_until};

/// Fails at once, for good.
const REFUSE: &str = "note fail; echo 'no use' >&2; exit 65";

/// A topic for dead letters.
fn dead_topic(kafka: &Kafka, configs: &[(&str, &str)]) -> String {
    let name = unique_name("dead");
    kafka.create_topic(&name, 1, configs);
    name
}

fn run(work: &Work<'_>, dead: &str, options: &[&str], script: &str) -> Outcome {
    let options = [options, &["-e", "--commit", "manual", "--dead-letter", dead]].concat();
    work.member(&options, script).run()
}

/// Records of every shape.
fn shapes() -> Vec<Produced> {
    let all: Vec<u8> = (0..=255).collect();
    vec![
        Produced::default(),
        Produced::value("").key(""),
        Produced::value(&all).key(&all),
        Produced::tombstone("only a key"),
        Produced::value("headers")
            .header("trace", "a1")
            .null_header("null")
            .header("trace", "a2")
            .header("empty", "")
            .header("", &all)
            .header("trace", "a1"),
        Produced::value("from 2001").key("old").at(1_000_000_000_000),
    ]
}

/// Splits off what kcons added.
fn without_reasons(record: &Produced) -> (Produced, Vec<(String, String)>) {
    let (mut own, mut reasons) = (record.clone(), Vec::new());
    own.headers.clear();
    for (name, value) in &record.headers {
        match name.strip_prefix("kcons.") {
            Some(name) => {
                let text = String::from_utf8(value.clone().expect("a reason")).expect("it is text");
                reasons.push((name.to_owned(), text));
            }
            None => own.headers.push((name.clone(), value.clone())),
        }
    }
    (Produced { partition: None, timestamp: None, ..own }, reasons)
}

pub fn dead_letters_are_byte_for_byte_and_go_back_byte_for_byte() {
    let work = Work::new(kafka(), 1);
    let topic = work.scene.topic.as_str();
    kafka().alter_configs(topic, &[("retention.ms", "-1")]);
    let records = shapes();
    kafka().produce(topic, &records);
    let sources = kafka().stored(topic);
    let dead = dead_topic(kafka(), &[]);
    let before = milliseconds();
    let outcome = run(&work, &dead, &[], REFUSE);
    outcome.has_code(0);
    assert_eq!(outcome.events_named("record_dead_lettered").len(), records.len());
    let letters = kafka().stored(&dead);
    assert_eq!(letters.len(), records.len());
    for (offset, (letter, source)) in letters.iter().zip(&sources).enumerate() {
        let (own, reasons) = without_reasons(letter);
        assert_eq!(own, Produced { partition: None, timestamp: None, ..source.clone() });
        let time = source.timestamp.expect("it has one").to_string();
        let expected = [
            ("error", "exit status 65: no use"),
            ("attempts", "1"),
            ("topic", topic),
            ("partition", "0"),
            ("offset", &offset.to_string()),
            ("timestamp", &time),
            ("group", &work.scene.group),
        ];
        assert_eq!(reasons, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(letter.timestamp.is_some_and(|time| time >= before), "its time is not now");
    }
    // And back, into a topic that has nothing else.
    let back = dead_topic(kafka(), &[]);
    let brokers = kafka().brokers();
    let arguments = ["consume", &dead, "-e", "-b", &brokers, "-g", &unique_name("group"), "--forward", &back];
    Kcons::new(arguments).run().has_code(0);
    let returned: Vec<_> = kafka().stored(&back);
    let plain = |record: &Produced| Produced { partition: None, timestamp: None, ..record.clone() };
    assert_eq!(returned.iter().map(plain).collect::<Vec<_>>(), sources.iter().map(plain).collect::<Vec<_>>());
    assert!(returned.iter().all(|record| record.timestamp.is_some_and(|time| time >= before)));
}

fn milliseconds() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_millis() as i64
}

pub fn the_letter_of_a_record_that_is_years_old_outlives_the_retention_of_its_topic() {
    let work = Work::new(kafka(), 1);
    kafka().alter_configs(&work.scene.topic, &[("retention.ms", "-1")]);
    let old = || Produced::value("from 2001").at(1_000_000_000_000);
    kafka().produce(&work.scene.topic, &[old()]);
    let configs = [("retention.ms", "120000"), ("segment.ms", "200")];
    let (dead, other) = (dead_topic(kafka(), &configs), dead_topic(kafka(), &configs));
    run(&work, &dead, &[], REFUSE).has_code(0);
    // A segment is looked at when it is not the last one.
    kafka().produce(&other, &[old()]);
    wait_until("retention to have been at work", LONG, || {
        for topic in [&dead, &other] {
            kafka().produce(topic, &[Produced::value("next")]);
        }
        (kafka().watermarks(&other)[&0].0 > 0).then_some(())
    });
    assert_eq!(kafka().stored(&dead)[0].value.as_deref(), Some(&b"from 2001"[..]));
}

/// A run whose dead letter is refused ends with 5, and its record is not committed.
#[track_caller]
fn is_refused(work: &Work<'_>, outcome: &Outcome, dead: &str, offset: i64) {
    outcome.has_code(5);
    outcome.stderr_contains(&format!("[0] @ {offset}: the dead-letter topic `{dead}` did not accept it"));
    let committed = work.scene.kafka.committed(&work.scene.group);
    let at = committed.get(&(work.scene.topic.clone(), 0)).copied().unwrap_or(0);
    assert_eq!(at, offset, "{outcome}");
}

pub fn what_a_topic_does_not_take_is_a_dead_letter_and_the_rest_is_forwarded() {
    let work = Work::new(kafka(), 1);
    let large = "x".repeat(5_000);
    let records = ["one", &large, "three"].map(Produced::value);
    kafka().produce(&work.scene.topic, &records);
    let (to, dead) = (dead_topic(kafka(), &[("max.message.bytes", "1000")]), dead_topic(kafka(), &[]));
    let options = ["-e", "--retries", "0", "--forward", &to, "--dead-letter", &dead];
    let outcome = work.scene.member().args(options).run();
    outcome.has_code(0);
    assert_eq!(outcome.events_named("record_dead_lettered").len(), 1, "{outcome}");
    let values = |topic: &str| -> Vec<_> {
        kafka().stored(topic).into_iter().map(|record| record.value.unwrap_or_default()).collect()
    };
    assert_eq!(values(&to), [b"one".to_vec(), b"three".to_vec()]);
    assert_eq!(values(&dead), [large.into_bytes()]);
    let committed = kafka().committed(&work.scene.group);
    assert_eq!(committed[&(work.scene.topic.clone(), 0)], 3);
}

pub fn a_dead_letter_that_is_too_large_ends_the_run_uncommitted_and_comes_again() {
    let mut work = Work::new(kafka(), 1);
    let noise: Vec<u8> =
        (0..20_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let records = [Produced::value("1"), Produced::value(&noise), Produced::value("3")];
    let dead = dead_topic(kafka(), &[("max.message.bytes", "2000")]);
    kafka().produce(&work.scene.topic, &records);
    let outcome = run(&work, &dead, &[], REFUSE);
    is_refused(&work, &outcome, &dead, 1);
    assert_eq!(kafka().stored(&dead).len(), 1);
    kafka().alter_configs(&dead, &[("max.message.bytes", "200000")]);
    let outcome = run(&work, &dead, &[], REFUSE);
    outcome.has_code(0).stderr_contains("2 dead-lettered");
    let values: Vec<_> = kafka().stored(&dead).into_iter().map(|letter| letter.value).collect();
    assert_eq!(values, records.map(|record| record.value));
    work.scene.close();
}

pub fn a_dead_letter_topic_that_one_may_not_write_ends_the_run_uncommitted() {
    let kafka = Kafka::start(Kind::Secure, &[]);
    let work = Work::new(&kafka, 1);
    let dead = dead_topic(&kafka, &[]);
    kafka.produce(&work.scene.topic, &[Produced::value("1"), Produced::value("2")]);
    let right = ["--deny-principal", "User:alice", "--operation", "WRITE", "--topic", &dead];
    kafka.tool("acls", &[&["--add"][..], &right].concat());
    let brokers = kafka.listener("SASL");
    let user = [
        "security.protocol=sasl_plaintext",
        "sasl.mechanism=PLAIN",
        "sasl.username=alice",
        "sasl.password=alice-secret",
    ];
    let member = |script: &str| {
        let topic = &work.scene.topic;
        let arguments = ["consume", topic, "-g", &work.scene.group, "-b", &brokers, "--log", "json", "-e"];
        let mut member = Kcons::new(arguments).args(["--commit", "manual", "--dead-letter", &dead]);
        for property in user {
            member = member.args(["-X", property]);
        }
        member.args(["--exec", &work.recorder.script(script)]).run()
    };
    let outcome = member(REFUSE);
    outcome.has_code(3).stderr_contains(&format!("no right to write topic `{dead}` for user `alice`"));
    let committed = work.scene.kafka.committed(&work.scene.group);
    assert_eq!(committed.get(&(work.scene.topic.clone(), 0)), None, "{outcome}");
    member("").has_code(0).has_summary("2 records: 2 ok");
}

pub fn a_dead_letter_waits_for_a_broker_that_is_gone() {
    let kafka = Kafka::start(Kind::Plain, &[]);
    let mut work = Work::new(&kafka, 2);
    work.scene.produce(60);
    let dead = dead_topic(&kafka, &[]);
    let script = format!("sleep 0.1; {REFUSE}");
    let options =
        ["--parallel", "4", "--commit", "manual", "--dead-letter", &dead, "-e", "--failure-limit", "0"];
    let running = work.member(&options, &script).deadline(LONG * 3).spawn();
    let fails = || {
        work.recorder.notes().iter().filter(|note| note.mark == crate::support::oracle::Mark::Fail).count()
    };
    wait_until("some dead letters", LONG, || (fails() >= 10).then_some(()));
    kafka.kill(1);
    let before = fails();
    wait_until("failed records that have nowhere to go", LONG, || {
        (fails() >= (before + 4).min(60)).then_some(())
    });
    kafka.start_again(1);
    let outcome = running.finish();
    outcome.has_code(0);
    let letters = kafka.stored(&dead);
    let places: BTreeSet<_> = letters.iter().map(|letter| without_reasons(letter).1[3..5].to_vec()).collect();
    assert_eq!(places.len(), 60, "{outcome}");
    work.scene.close();
    let ends: Vec<i64> = kafka.committed(&work.scene.group).into_values().collect();
    assert_eq!(ends, [30, 30]);
}
