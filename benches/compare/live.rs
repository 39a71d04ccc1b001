//! Figures of a program that goes on reading: how soon it starts, how soon a record comes through, how soon it ends.

use crate::support::{unique_name, wait_until};
use crate::tools::{Bench, Tool};
use crate::topics;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rdkafka::producer::BaseRecord;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(60);

/// Records that are sent one by one to find out how long each takes.
const RECORDS_ONE_BY_ONE: usize = 300;

/// The moments of a fresh member.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    /// From its start to its first record.
    pub first_record: Duration,
    /// From SIGTERM to its end, while records pour in.
    pub end: Duration,
}

/// Starts a member of a new group, waits until it has written a part of the topic, and stops it.
pub fn moments(bench: &Bench<'_>, tool: Tool) -> Moments {
    let topics = bench.topics;
    let start = Instant::now();
    let (mut child, mut stdout) = spawn(bench, tool, &topics.one_partition, Some(&unique_name("fresh")));
    let mut buffer = vec![0; 64 * 1024];
    let mut seen = stdout.read(&mut buffer).expect("a pipe can be read");
    let first_record = start.elapsed();
    // Records are more than a hundred bytes each: this is a quarter of the topic.
    while seen < topics.records * 100 / 4 {
        let count = stdout.read(&mut buffer).expect("a pipe can be read");
        assert!(count > 0, "{} ended after {seen} bytes", tool.name());
        seen += count;
    }
    let signalled = Instant::now();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).expect("it is not waited for yet");
    let drain = thread::spawn(move || while stdout.read(&mut buffer).is_ok_and(|count| count > 0) {});
    child.wait().expect("the child is ours");
    let end = signalled.elapsed();
    drain.join().expect("reading does not panic");
    Moments { first_record, end }
}

/// The median time from producing a record to reading its line from a pipe.
pub fn produce_to_line(bench: &Bench<'_>, tool: Tool) -> Duration {
    let (mut child, stdout) = spawn(bench, tool, &bench.topics.live, None);
    let lines = lines(stdout);
    let mark = unique_name("mark");
    let producer = topics::producer(bench.kafka, 0);
    let send = |number: usize| {
        let value = format!("{mark} {number}");
        let record = BaseRecord::<(), str>::to(&bench.topics.live).payload(&value);
        let sent = Instant::now();
        producer.send(record).expect("the queue has room");
        let arrived = wait_until("a record to come through", LIMIT, || {
            producer.poll(Duration::ZERO);
            let (line, at) = lines.recv_timeout(Duration::from_millis(100)).ok()?;
            line.ends_with(&value).then_some(at)
        });
        arrived.saturating_duration_since(sent)
    };
    // The first ones find connections that are not there yet.
    for number in 0..10 {
        send(number);
    }
    let mut times: Vec<Duration> = (10..RECORDS_ONE_BY_ONE + 10)
        .map(|number| {
            // At a different moment of its sleep each time.
            thread::sleep(Duration::from_micros(5_000 + (number as u64 * 7919) % 10_000));
            send(number)
        })
        .collect();
    drop(child.kill());
    child.wait().expect("the child is ours");
    times.sort();
    times[times.len() / 2]
}

fn spawn(bench: &Bench<'_>, tool: Tool, topic: &str, group: Option<&str>) -> (Child, ChildStdout) {
    let mut command = bench.following(tool, topic, group);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program is there");
    let stdout = child.stdout.take().expect("it is a pipe");
    (child, stdout)
}

/// Lines with the time each came at.
fn lines(stdout: ChildStdout) -> Receiver<(String, Instant)> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send((line, Instant::now())).is_err() {
                break;
            }
        }
    });
    receiver
}
