//! Memory and processor time, whatever the brokers send or however long they are away.

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::harness::Test;
use crate::support::kafka::{Kafka, kafka};
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::{Kcons, Reader, Running};
use crate::support::{Produced, unique_name, wait_until};
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![
    partitions_of_well_packed_records_take_bounded_memory,
    a_reader_that_stands_still_holds_well_packed_records_up,
    handlers_that_are_slow_hold_well_packed_records_up,
    records_of_any_packing_are_read_whole,
    a_leader_that_refuses_costs_no_processor_time,
    a_member_whose_broker_refuses_costs_no_processor_time_and_comes_back,
];

const LONG: Duration = Duration::from_secs(60);

const PARTITIONS: i32 = 30;
const RECORDS: usize = 600;

/// What its records come to is twice as much.
const BOUND: u64 = 300;

/// Reads a figure in KiB of a process, in MiB; `None` once it has ended.
fn memory(running: &Running) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", running.pid())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// The seconds of processor time that a process has taken; `None` once it has ended.
fn processor_time(running: &Running) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", running.pid())).ok()?;
    let fields = stat.rsplit(')').next()?.split_whitespace().skip(11).take(2);
    let ticks: f64 = fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    // Linux counts in hundredths, whatever its own clock does.
    Some(ticks / 100.0)
}

/// Waits for a fact and gives the last figure of the process before it.
fn until<T: Copy + Default>(
    mut running: Running,
    what: &str,
    figure: impl Fn(&Running) -> Option<T>,
    is_reached: impl Fn(&mut Running) -> bool,
) -> (Running, T) {
    let mut last = T::default();
    wait_until(what, LONG * 3, || {
        last = figure(&running).unwrap_or(last);
        is_reached(&mut running).then_some(())
    });
    (running, last)
}

/// Records of a megabyte that pack to almost nothing.
fn packed_topic(codec: &str) -> String {
    let topic = unique_name("packed");
    kafka().create_topic(&topic, PARTITIONS, &[("compression.type", codec)]);
    let value = r#"{"id":1,"name":"order","status":"created"},"#.repeat(950_000 / 43);
    let record = |number: usize| Produced::value(&value).partition(number as i32 % PARTITIONS);
    // Only so many are in the hand of the test at once.
    for start in (0..RECORDS).step_by(60) {
        kafka().produce(&topic, &(start..start + 60).map(record).collect::<Vec<_>>());
    }
    topic
}

fn consume(topic: &str) -> Kcons {
    Kcons::new(["consume", topic, "-b", &kafka().brokers()]).deadline(LONG * 3)
}

/// What a broker sends at once was bounded as it is packed: 100 partitions of records that unpack to 180 times as much
/// took 3 GB within seconds.
pub fn partitions_of_well_packed_records_take_bounded_memory() {
    for codec in ["lz4", "zstd"] {
        let running =
            consume(&packed_topic(codec)).args(["-e", "-o", "json"]).stdout(Reader::File("/dev/null".into()));
        let (running, peak) = until(running.spawn(), "its end", memory, Running::has_ended);
        running.finish().has_code(0);
        assert!(peak < BOUND, "{codec}: {peak} MiB");
    }
}

pub fn a_reader_that_stands_still_holds_well_packed_records_up() {
    let running =
        consume(&packed_topic("zstd")).args(["--metrics", "127.0.0.1:0", "-o", "raw"]).stdout(Reader::Waits);
    // What may come has come when nothing was added for many looks in a row.
    let (mut looks, mut before) = (0, 0);
    let mut running = running.spawn();
    let peak = wait_until("its memory to stay as it is", LONG, || {
        let now = memory(&running).unwrap_or_default();
        looks = if now == before && now > 20 { looks + 1 } else { 0 };
        before = now;
        (looks == 300).then_some(now)
    });
    assert!(peak < BOUND, "{peak} MiB");
    running.signal(Signal::SIGKILL);
}

/// Partitions whose handlers are behind have a queue each, and each was filled.
pub fn handlers_that_are_slow_hold_well_packed_records_up() {
    let topic = packed_topic("zstd");
    for handler in [
        &["--exec", "sleep 0.05", "--parallel", "1"][..],
        &["--exec", "sleep 0.2", "--parallel", "4", "--order", "partition"],
        &["--worker", "while read -r line; do sleep 0.05; echo ok; done"],
    ] {
        let group = unique_name("slow");
        let running = consume(&topic).args(["-g", &group, "-n", "40"]).args(handler);
        let (running, peak) = until(running.spawn(), "its end", memory, Running::has_ended);
        running.finish().has_code(0);
        assert!(peak < BOUND, "{handler:?}: {peak} MiB");
    }
}

/// Answers get larger and smaller on the way: none of it may be lost, whatever the records are like.
pub fn records_of_any_packing_are_read_whole() {
    let topic = unique_name("mixed");
    kafka().create_topic(&topic, 5, &[("compression.type", "zstd")]);
    let noise: String = (0..300_000).map(|_| fastrand::alphanumeric()).collect();
    kafka().produce_many(&topic, 3000, |number| {
        let length = [10, 1000, 20_000, 300_000][number % 4] / (1 + number % 7);
        let text = if number % 3 == 0 { noise[..length].to_owned() } else { "x".repeat(length) };
        Produced::value(format!("{number} {text}")).partition(number as i32 % 5)
    });
    let outcome = consume(&topic).args(["-e", "-o", "raw"]).run();
    outcome.has_code(0);
    let mut numbers: Vec<usize> = outcome
        .lines()
        .iter()
        .map(|line| line.split(' ').next().and_then(|number| number.parse().ok()).expect("a number"))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..3000).collect::<Vec<_>>());
}

/// A request that waited for a broker which refuses connections had it tried again thousands of times a second: a whole
/// core, for as long as it waited.
pub fn a_leader_that_refuses_costs_no_processor_time() {
    let proxy = Proxy::start();
    let kafka = Kafka::start_behind(proxy.address(), &[]);
    proxy.set(Mode::Refuse);
    kafka.create_topic("t", 3, &[]);
    for group in [&[][..], &["-g", "g"]] {
        let running =
            Kcons::new(["consume", "t", "-b", &kafka.listener("PROXIED"), "--connect-timeout", "5s"]);
        let (running, seconds) =
            until(running.args(group).spawn(), "its end", processor_time, Running::has_ended);
        running.finish().has_code(3);
        assert!(seconds < 1.5, "{group:?}: {seconds} s");
    }
}

/// Likewise for the look-ups of a run that had been reading: one every ten seconds, as long as its broker refused.
pub fn a_member_whose_broker_refuses_costs_no_processor_time_and_comes_back() {
    let proxy = Proxy::start();
    let kafka = Kafka::start_behind(proxy.address(), &[]);
    proxy.forward_to(&kafka.listener("PROXIED"));
    kafka.create_topic("t", 3, &[]);
    kafka.produce("t", &[Produced::value("before")]);
    let member = || Kcons::new(["consume", "t", "-g", "g", "-o", "raw", "-b", &kafka.listener("PROXIED")]);
    let mut running = member().deadline(LONG * 3).spawn();
    running.wait_for_lines(1);
    proxy.set(Mode::Refuse);
    // The time that another one takes to give up is the time that this one is looked at.
    let late = member().args(["--connect-timeout", "15s"]).spawn();
    let (late, seconds) = until(late, "its end", processor_time, Running::has_ended);
    late.finish().has_code(3);
    assert!(seconds < 2.0, "the late one: {seconds} s");
    let seconds = processor_time(&running).expect("it runs");
    assert!(seconds < 2.0, "the one that was there: {seconds} s");
    proxy.set(Mode::Pass);
    kafka.produce("t", &[Produced::value("after")]);
    running.wait_for_lines(2);
    running.signal(Signal::SIGTERM);
    running.finish().has_code(0);
}
