//! Places in the log that cannot be read.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::consume;
use crate::support::forger::Forger;
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::{Produced, unique_name};

/// An answer above `receive.message.max.bytes` ends the connection; the run said that all brokers were lost and ended
/// with exit 0 and the records before it.
pub fn an_answer_above_the_limit_is_an_error_with_the_record() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 1, &[]);
    for size in [10, 900_000, 10] {
        kafka().produce(&topic, &[Produced::value("x".repeat(size))]);
    }
    let limits = ["message.max.bytes=400000", "fetch.max.bytes=500000", "receive.message.max.bytes=600000"];
    let limits = limits.map(|limit| format!("-X{limit}"));
    for more in [&["-o", "raw"][..], &["--group", &unique_name("group"), "--exec", "wc -c"]] {
        let outcome = consume(&kafka().brokers(), &topic).arg("-e").args(&limits).args(more).run();
        outcome.has_code(1).check(outcome.lines().len() == 1, "not the one record before it");
        outcome.stderr_contains(&format!("error: {topic} [0] @ 1: the broker's data cannot be read"));
        outcome.stderr_contains("`receive.message.max.bytes`");
    }
    let outcome = consume(&kafka().brokers(), &topic).args(["-e", "-o", "raw"]).run();
    outcome.has_code(0).check(outcome.lines().len() == 3, "records are missing");
}

const BATCH: usize = 100;

/// A Kafka with three batches of records, the second of which is changed by `damage`.
fn damaged(damage: impl Fn(&mut [u8])) -> (Kafka, String) {
    let kafka = Kafka::start(Kind::Plain, &[]);
    let topic = unique_name("topic");
    kafka.create_topic(&topic, 1, &[]);
    for _ in 0..3 {
        let records: Vec<_> = (0..BATCH).map(|number| Produced::value(number.to_string())).collect();
        kafka.produce(&topic, &records);
    }
    kafka.stop(1);
    let log = log_file(kafka.partition_folder(1, &topic, 0));
    let mut bytes = fs::read(&log).expect("the log is there");
    let second =
        batches(&bytes).into_iter().find(|(base, _)| *base == BATCH as i64).expect("a second batch").1;
    damage(&mut bytes[second]);
    fs::write(&log, bytes).expect("the log is ours");
    kafka.start_again(1);
    (kafka, topic)
}

fn log_file(folder: PathBuf) -> PathBuf {
    folder.join("00000000000000000000.log")
}

/// Base offset and place of each batch of a log.
fn batches(bytes: &[u8]) -> Vec<(i64, std::ops::Range<usize>)> {
    let (mut batches, mut at) = (Vec::new(), 0);
    while at + 12 <= bytes.len() {
        let base = i64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        let length = u32::from_be_bytes(bytes[at + 8..at + 12].try_into().expect("four bytes")) as usize;
        batches.push((base, at..at + 12 + length));
        at += 12 + length;
    }
    batches
}

/// A damaged batch ended the run at once, before its handlers had the good records that were read before it; so did
/// each restart, for ever.
pub fn handlers_get_what_was_read_before_a_damaged_batch() {
    let (kafka, topic) = damaged(|batch| {
        let last = batch.len() - 1;
        batch[last] ^= 0xff;
    });
    for handler in [["--exec", "cat; echo"], ["--worker", "while read -r line; do echo ok; done"]] {
        let group = unique_name("group");
        let outcome = consume(&kafka.brokers(), &topic).args(["-e", "--group", &group]).args(handler).run();
        outcome
            .has_code(1)
            .stderr_contains(&format!("{topic} [0] @ {BATCH}: the broker's data cannot be read"));
        outcome.has_summary(&format!("{BATCH} records: {BATCH} ok"));
        assert_eq!(kafka.committed(&group), [((topic.clone(), 0), BATCH as i64)].into());
    }
    let outcome = consume(&kafka.brokers(), &topic).args(["-e", "-o", "raw"]).run();
    outcome.has_code(1).check(outcome.lines().len() == BATCH, "not the records before the damage");
    let outcome = consume(&kafka.brokers(), &topic).args(["-e", "-o", "raw", "--from", "200"]).run();
    outcome.has_code(0).check(outcome.lines().len() == BATCH, "not the records behind the damage");
    nothing_behind_the_damage_is_committed_by_slow_handlers(&kafka, &topic);
    damage_behind_what_is_wanted_is_nobodys_business(&kafka, &topic);
}

/// Fetching goes on behind a damaged batch, and after a while its position was taken for the run's: 300 was committed
/// where 100 records had been handled, and the others were never handled.
fn nothing_behind_the_damage_is_committed_by_slow_handlers(kafka: &Kafka, topic: &str) {
    let group = unique_name("group");
    let slow = ["-e", "--group", &group, "--exec", "sleep 0.04"];
    let outcome = consume(&kafka.brokers(), topic).args(slow).run();
    outcome.has_code(1).has_summary(&format!("{BATCH} records: {BATCH} ok"));
    assert_eq!(kafka.committed(&group), [((topic.to_owned(), 0), BATCH as i64)].into());
}

/// A batch behind `--to` that came in the same answer ended the run with its damage.
fn damage_behind_what_is_wanted_is_nobodys_business(kafka: &Kafka, topic: &str) {
    let outcome = consume(&kafka.brokers(), topic).args(["-o", "raw", "--to", "50"]).run();
    outcome.has_code(0).check(outcome.lines().len() == 50, "not the records before --to");
}

/// A batch whose checksum is right and whose records cannot be parsed gives nothing and no error: the run ended with
/// exit 0 and what came before it.
pub fn a_record_that_cannot_be_parsed_is_an_error() {
    let (kafka, topic) = damaged(|batch| {
        // The length of the first record, behind the 61 bytes of the header: longer than the batch.
        batch[61] = 0x7f;
        let sum = crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&sum.to_be_bytes());
    });
    let outcome = consume(&kafka.brokers(), &topic).args(["-e", "-o", "raw"]).run();
    outcome.has_code(1).check(outcome.lines().len() == BATCH, "not the records before the damage");
    outcome.stderr_contains(&format!("error: {topic} [0] @ {BATCH}: the broker's data cannot be read"));
    outcome.stderr_contains("malformed");
}

/// The checksum of a batch (Castagnoli).
fn crc32c(bytes: &[u8]) -> u32 {
    let step =
        |sum: u32, byte: &u8| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
                if sum & 1 == 1 { (sum >> 1) ^ 0x82f6_3b78 } else { sum >> 1 }
            })
        };
    !bytes.iter().fold(!0, step)
}

const FETCH: i16 = 1;
const LIST_OFFSETS: i16 = 2;

/// Bytes from the offset of a batch of one record without a key to its value.
const TO_VALUE: usize = 61 + 6;

/// Damages an answer; whether it did.
type Damage = Box<dyn FnMut(i16, &mut [u8]) -> bool + Send>;

/// Numbers have no checksum, neither those of a log nor the offset of a batch. One that was damaged on its way left
/// records out, with exit 0: an end that was too low, a beginning that was too high, a batch that stood elsewhere.
pub fn a_number_that_is_damaged_on_its_way_leaves_no_record_out() {
    let forger = Forger::start();
    let kafka = Kafka::start_behind(forger.address(), &[]);
    forger.forward_to(&kafka.listener("PROXIED"));
    let topic = unique_name("topic");
    kafka.create_topic(&topic, 1, &[]);
    let values: Vec<String> = (0..20).map(|number| format!("record {number:02}")).collect();
    for value in &values {
        kafka.produce(&topic, &[Produced::value(value)]);
    }
    let read = |mut forge: Damage| {
        let mut left = 1;
        let is_done = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&is_done);
        forger.set(move |key, answer| {
            if left > 0 && forge(key, answer) {
                left -= 1;
                done.store(true, Ordering::Release);
            }
        });
        let brokers = forger.address().to_string();
        let outcome = consume(&brokers, &topic).args(["-e", "-o", "raw"]).run();
        outcome.has_code(0).check(outcome.lines() == values, "records are missing");
        outcome.check(is_done.load(Ordering::Acquire), "nothing was damaged");
    };
    for (number, damaged) in [(20, 3), (0, 7)] {
        read(Box::new(move |key, answer| {
            let at = || find(answer, &i64::to_be_bytes(number));
            let at = (key == LIST_OFFSETS).then(at).flatten();
            at.is_some_and(|at| set(answer, at, damaged))
        }));
    }
    // Behind the end, further on, and where records have been passed. Behind the last one nothing puts fetching right.
    for (value, damaged) in [
        ("record 05", 1_000_000),
        ("record 05", 9),
        ("record 05", 1),
        ("record 05", -5),
        ("record 19", 1_000_000),
    ] {
        read(Box::new(move |key, answer| {
            let at = (key == FETCH).then(|| find(answer, value.as_bytes())).flatten();
            at.is_some_and(|at| set(answer, at - TO_VALUE, damaged))
        }));
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn set(bytes: &mut [u8], at: usize, number: i64) -> bool {
    bytes[at..at + 8].copy_from_slice(&number.to_be_bytes());
    true
}
