//! `-e` always finds the end: markers, open transactions, deleted and compacted tails, busy topics.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::reading::{LONG, consume, fill, filled_topic, new_topic, offsets, places};
use crate::support::kafka::kafka;
use crate::support::{Outcome, Produced, unique_name, wait_until};

/// The end is found, not waited for: no question is asked again, which comes after 10 s.
const SOON: Duration = Duration::from_secs(9);
const NOTHING: [i64; 0] = [];

#[track_caller]
fn read_to_end(topic: &str, arguments: &[&str]) -> Outcome {
    let outcome = consume(topic).arg("-e").args(arguments).run();
    outcome.has_code(0).has_stderr("").took_less_than(SOON);
    outcome
}

pub fn empty_partitions_end() {
    read_to_end(&new_topic(3), &[]).has_stdout("");
    let topic = new_topic(3);
    kafka().produce(&topic, &[Produced::value("v").partition(1)]);
    assert_eq!(places(&read_to_end(&topic, &[])), [(1, 0)]);
}

#[expect(clippy::print_stderr, reason = "a figure for whoever runs the test")]
pub fn a_record_alone_in_its_topic_is_quick() {
    let topic = filled_topic(1, 1);
    let mut times: Vec<_> = (0..7).map(|_| read_to_end(&topic, &[]).elapsed).collect();
    times.sort();
    // A development build on a shared machine: a figure to look at (`--nocapture`), not to hold.
    eprintln!("a topic of one record, start to exit: best {:.1?}, median {:.1?}", times[0], times[3]);
}

pub fn commit_and_abort_markers_end_a_partition() {
    for is_committed in [true, false] {
        let topic = new_topic(1);
        kafka().produce(&topic, &[Produced::value("plain")]);
        let records = [Produced::value("one"), Produced::value("two")];
        let (transaction, _) = kafka().open_transaction(&topic, &records);
        let expected: &[i64] = if is_committed { &[0, 1, 2] } else { &[0] };
        if is_committed {
            transaction.commit()
        } else {
            transaction.abort()
        }
        assert_eq!(offsets(&read_to_end(&topic, &[])), expected);
        assert_eq!(offsets(&read_to_end(&topic, &["--read-uncommitted"])), [0, 1, 2]);
        assert_eq!(offsets(&read_to_end(&topic, &["--from", "3"])), NOTHING, "the marker alone");
        assert_eq!(offsets(&read_to_end(&topic, &["--from", "end"])), NOTHING);
    }
}

pub fn a_partition_of_nothing_but_aborted_records_ends() {
    let topic = new_topic(2);
    for _ in 0..3 {
        kafka()
            .produce_aborted(&topic, &[Produced::value("v").partition(0), Produced::value("v").partition(1)]);
    }
    read_to_end(&topic, &[]).has_stdout("");
}

pub fn an_open_transaction_is_the_end_or_is_read() {
    let topic = new_topic(1);
    kafka().produce(&topic, &[Produced::value("before")]);
    let (open, places) = kafka().open_transaction(&topic, &[Produced::value("open")]);
    assert_eq!(places, [(0, 1)]);
    kafka().produce(&topic, &[Produced::value("after")]);
    assert_eq!(offsets(&read_to_end(&topic, &[])), [0]);
    assert_eq!(offsets(&read_to_end(&topic, &["--from", "1"])), NOTHING);
    assert_eq!(offsets(&read_to_end(&topic, &["--read-uncommitted"])), [0, 1, 2]);
    open.abort();
    assert_eq!(offsets(&read_to_end(&topic, &[])), [0, 2]);
}

pub fn deleted_records_end_where_the_log_does() {
    let topic = filled_topic(2, 10);
    kafka().delete_records(&topic, 0, 10);
    kafka().delete_records(&topic, 1, 7);
    assert_eq!(places(&read_to_end(&topic, &[])), [(1, 7), (1, 8), (1, 9)]);
}

/// Compaction as soon as a segment is closed, and segments that close at once.
const COMPACTED: [(&str, &str); 5] = [
    ("cleanup.policy", "compact"),
    ("segment.ms", "200"),
    ("min.cleanable.dirty.ratio", "0.01"),
    ("max.compaction.lag.ms", "500"),
    ("delete.retention.ms", "0"),
];

/// Waits until the cleaner has left this many records.
fn wait_for_compaction(topic: &str, left: impl Fn(&[(i64, i64)]) -> bool) {
    wait_until("the compaction", LONG, || left(&places(&read_to_end(topic, &[]))).then_some(()));
}

pub fn compacted_records_leave_holes_and_an_end() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 1, &COMPACTED);
    for number in 0..20 {
        kafka().produce(&topic, &[Produced::value(number.to_string()).key("k")]);
    }
    close_segment(&topic);
    wait_for_compaction(&topic, |places| places.len() <= 3);
    let outcome = read_to_end(&topic, &[]);
    let end = kafka().end_offsets(&topic)[&0];
    assert_eq!(offsets(&outcome).last(), Some(&(end - 1)), "{outcome}");
}

/// A later record closes the segment before it.
fn close_segment(topic: &str) {
    let first = kafka().end_offsets(topic)[&0];
    let started = Instant::now();
    wait_until("the segment to be old", LONG, || {
        (started.elapsed() > Duration::from_millis(400)).then_some(())
    });
    kafka().produce(topic, &[Produced::value("last").key("last")]);
    assert_eq!(kafka().end_offsets(topic)[&0], first + 1);
}

pub fn a_tail_whose_records_were_all_compacted_ends() {
    let topic = unique_name("topic");
    kafka().create_topic(&topic, 1, &COMPACTED);
    kafka().produce(&topic, &[Produced::value("kept").key("kept")]);
    // An idempotent producer's last batch is kept, emptied, so that its number is remembered; and a tombstone
    // leaves nothing behind: the log then ends in batches without records, and in an aborted transaction.
    for _ in 0..5 {
        kafka().produce_committed(&topic, &[Produced::value("v").key("gone")]);
    }
    kafka().produce_committed(&topic, &[Produced::tombstone("gone")]);
    close_segment(&topic);
    kafka().produce_aborted(&topic, &[Produced::value("never").key("x")]);
    wait_for_compaction(&topic, |places| places.len() <= 3);
    let outcome = read_to_end(&topic, &[]);
    let printed = offsets(&outcome);
    outcome.check(printed.first() == Some(&0), "the record that was kept is missing");
    let end = kafka().end_offsets(&topic)[&0];
    outcome.check(printed.last().is_some_and(|last| *last < end - 1), "the tail is not empty");
    for from in [end - 1, end - 2, printed[printed.len() - 1] + 1] {
        assert_eq!(offsets(&read_to_end(&topic, &["--from", &from.to_string()])), NOTHING, "{from}");
    }
    for to in 1..end {
        read_to_offset(&topic, to);
    }
}

/// Also where no record is left at the stop or before it.
fn read_to_offset(topic: &str, to: i64) {
    let outcome = consume(topic).args(["--to", &to.to_string()]).run();
    outcome.has_code(0).took_less_than(SOON);
    outcome.check(offsets(&outcome).iter().all(|offset| *offset < to), "it went too far");
}

pub fn a_topic_that_is_written_to_all_the_time_ends() {
    let topic = filled_topic(2, 100);
    let is_over = AtomicBool::new(false);
    let runs = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            while !is_over.load(Relaxed) {
                fill(&topic, 2, 200);
            }
        });
        let run = |_| {
            let ends = kafka().end_offsets(&topic);
            let outcome = consume(&topic).arg("-e").spawn();
            (ends, catch_unwind(AssertUnwindSafe(|| outcome.finish())), kafka().end_offsets(&topic))
        };
        let runs: Vec<_> = (0..3).map(run).collect();
        assert!(!writer.is_finished(), "nobody wrote any more");
        // Before anything can fail: the writer is waited for.
        is_over.store(true, Relaxed);
        runs
    });
    for (ends, outcome, later) in runs {
        let outcome = outcome.unwrap_or_else(|panic| resume_unwind(panic));
        outcome.has_code(0).took_less_than(SOON);
        let printed = places(&outcome);
        for (partition, least) in ends {
            let is_own = |place: &&(i64, i64)| place.0 == i64::from(partition);
            let own: Vec<_> = printed.iter().filter(is_own).map(|place| place.1).collect();
            let count = own.len() as i64;
            outcome.check((least..=later[&partition]).contains(&count), "the end is not that of the start");
            assert_eq!(own, (0..count).collect::<Vec<_>>(), "records are missing");
        }
    }
}

pub fn many_partitions_end() {
    let topic = new_topic(120);
    for partition in (0..120).step_by(7) {
        kafka().produce(&topic, &[Produced::value("v").partition(partition)]);
    }
    let expected: Vec<_> = (0..120).step_by(7).map(|partition| (partition, 0)).collect();
    let outcome = consume(&topic).args(["-e", "-v"]).run();
    outcome.has_code(0).took_less_than(SOON);
    assert_eq!(places(&outcome), expected);
    let said = outcome.stderr_text().matches("Reached end of partition ").count();
    assert_eq!(said, 120, "{outcome}");
}

pub fn a_group_finds_the_same_ends() {
    let topic = new_topic(2);
    kafka().produce(&topic, &[Produced::value("v").partition(0)]);
    kafka().produce_aborted(&topic, &[Produced::value("v").partition(1)]);
    let group = unique_name("group");
    assert_eq!(places(&read_to_end(&topic, &["--group", &group])), [(0, 0)]);
    assert_eq!(places(&read_to_end(&topic, &["--group", &group])), []);
}

pub fn an_end_is_said_once() {
    let topic = filled_topic(1, 1);
    let mut running = consume(&topic).args(["-o", "pretty"]).spawn();
    running.wait_for_stderr("Reached end of partition 0\n");
    for offset in 1..=3 {
        kafka().produce(&topic, &[Produced::value("more")]);
        running.wait_for_stdout(|text| text.contains(&format!("Offset: {offset}\n")));
    }
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    assert_eq!(outcome.stderr_text().matches("Reached end").count(), 1, "{outcome}");
}

pub fn with_v_an_end_is_said_each_time_it_is_reached() {
    let topic = filled_topic(1, 1);
    let mut running = consume(&topic).arg("-v").spawn();
    running.wait_for_stderr("Reached end of partition 0\n");
    for count in 2..=3 {
        kafka().produce(&topic, &[Produced::value("more")]);
        wait_until("the end to be said again", LONG, || {
            (running.stderr().matches("Reached end").count() == count).then_some(())
        });
    }
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    assert_eq!(outcome.stderr_text().matches("Reached end").count(), 3, "{outcome}");
}
