//! Handlers that are a burden: large, deaf or talkative ones, what they leave behind, and records that are stuck.

use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{LONG, Stage};
use crate::support::run::{Reader, Running};
use crate::support::{Produced, try_until, wait_until};

const MIB: usize = 1 << 20;

fn large(stage: &Stage) {
    stage.mock.produce("t", &[Produced::value(vec![b'x'; 20 * MIB]).partition(0)]);
}

#[test]
fn a_handler_that_reads_nothing_may_still_write_much() {
    let stage = Stage::new(1);
    large(&stage);
    let outcome = stage.member(&["--exec", "head -c 10485760 /dev/zero"]).run();
    outcome.has_code(0).has_summary("1 record: 1 ok");
    assert!(outcome.stdout.len() == 10 * MIB && outcome.stdout.iter().all(|byte| *byte == 0));
    assert_eq!(stage.committed(), 1);
}

#[test]
fn nothing_is_committed_before_its_output_is_written() {
    let stage = Stage::with(&["1"]);
    let script = "head -c 1048576 /dev/zero && echo >> $OUT";
    let options = ["--commit-interval", "10ms", "--exec", script];
    let mut running = stage.staying(&options).stdout(Reader::Waits).spawn();
    wait_until("the handler", LONG, || (!stage.written().is_empty()).then_some(()));
    let is_committed = || (stage.committed() > 0).then_some(());
    assert_eq!(try_until(Duration::from_millis(700), is_committed), None);
    running.go_on_reading();
    wait_until("the commit", LONG, is_committed);
    running.signal(Signal::SIGTERM);
    assert_eq!(running.finish().has_code(0).stdout.len(), MIB);
}

#[test]
fn a_large_record_goes_in_while_its_like_comes_out() {
    let stage = Stage::new(1);
    large(&stage);
    let outcome = stage.alone(&["--exec", "cat"]).run();
    assert!(outcome.has_code(0).stdout == vec![b'x'; 20 * MIB]);
    let worker = r#"while read -r line; do echo ${#line} >> $OUT; echo ok; done"#;
    stage.alone(&["--worker", worker]).run().has_code(0);
    let length: usize = stage.written().trim().parse().expect("a length");
    assert!(length > 20 * MIB, "{length}");
}

#[test]
fn a_daemon_that_a_handler_leaves_holds_nothing_up_and_lives() {
    let stage = Stage::with(&["1", "2"]);
    let script = "setsid sh -c 'echo $$ >> $OUT; exec sleep 100' & while [ ! -s $OUT ]; do sleep 0.01; done; echo done";
    let outcome = stage.member(&["--exec", script]).run();
    outcome.has_code(0).has_stdout("done\ndone\n").took_less_than(Duration::from_secs(20));
    assert_eq!(stage.committed(), 2);
    let daemons = wait_until("the daemons", LONG, || {
        let written = stage.written();
        let pids: Vec<i32> = written.lines().filter_map(|line| line.parse().ok()).collect();
        (pids.len() == 2).then_some(pids)
    });
    for daemon in daemons {
        kill(Pid::from_raw(daemon), Signal::SIGKILL).expect("it lives");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn orphans_are_buried_where_nobody_else_does() {
    let stage = Stage::with(&["1"]);
    let script = "(sh -c 'echo $$ > $OUT.orphan; echo >> $OUT; exec sleep 0.1' &); \
                  while [ ! -e $OUT.go ]; do sleep 0.02; done";
    let running = stage.member(&["--exec", script]).adopts_orphans().spawn();
    wait_until("the orphan", LONG, || (!stage.written().is_empty()).then_some(()));
    let orphan = fs::read_to_string(stage.folder.path().join("out.orphan")).expect("a pid");
    // A process that nobody waits for stays as a zombie.
    let place = format!("/proc/{}", orphan.trim());
    wait_until("its burial", LONG, || (!fs::exists(&place).expect("it can be looked at")).then_some(()));
    fs::write(stage.folder.path().join("out.go"), "").expect("a file");
    running.finish().has_code(0);
}

/// A number of `/proc/PID/status`, in kB.
fn status(running: &Running, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", running.pid())).expect("it runs");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("such a line");
    line.trim_matches(|c: char| !c.is_ascii_digit()).parse().expect("a number")
}

/// The processor time it has used, in ticks of 10 ms.
fn ticks(running: &Running) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/stat", running.pid())).expect("it runs");
    let fields: Vec<&str> = text.rsplit_once(") ").expect("a name").1.split(' ').collect();
    fields[11].parse::<u64>().expect("a number") + fields[12].parse::<u64>().expect("a number")
}

#[test]
#[cfg(target_os = "linux")]
fn one_stuck_record_holds_its_partition_only_in_bounded_memory_and_without_work() {
    // More than the span that is read ahead of a record, and a whole partition.
    const COUNTS: [usize; 2] = [110_000, 40_000];
    let stage = Stage::new(2);
    let record = |number: usize, partition| {
        Produced::value("v").key((number % 5_000).to_string()).partition(partition)
    };
    for (partition, count) in (0..).zip(COUNTS) {
        let mut records: Vec<_> = (0..count).map(|number| record(number, partition)).collect();
        if partition == 0 {
            records[10] = Produced::value("v").key("stuck").partition(0);
        }
        stage.mock.produce("t", &records);
    }
    // One worker keeps the stuck record, the other goes on.
    let worker = r#"exec stdbuf -oL sed -e '/"key":"stuck"/{s/.*/sleep 300/e' -e '}' -e 's/.*/ok/'"#;
    let options = [
        "--parallel",
        "2",
        "--in-flight",
        "2",
        "--timeout",
        "0s",
        "--shutdown-timeout",
        "2s",
        "--worker",
        worker,
    ];
    let mut running = stage.staying(&options).spawn();
    running.wait_for_stderr("warning: t [0] @ 10 is not processed after ");
    let committed = |partition| stage.mock.committed("g", &["t"]).get(&("t".to_owned(), partition)).copied();
    // At the pace of one record at a time.
    let last = Some(COUNTS[1] as i64);
    wait_until("the end of the other partition", Duration::from_secs(120), || {
        (committed(1) == last).then_some(())
    });
    assert_eq!(committed(0), Some(10));
    let peak = status(&running, "VmHWM:");
    assert!(peak < 150 << 10, "{peak} kB");
    // With nothing to do but to wait there is little to do.
    wait_until("rest", LONG, || {
        let before = ticks(&running);
        assert_eq!(try_until(Duration::from_secs(1), || running.has_ended().then_some(())), None);
        let used = ticks(&running) - before;
        (used < 10).then_some(())
    });
    running.signal(Signal::SIGTERM);
    running.finish().has_code(0);
}

/// Lets a running program have no new descriptor beyond so many; returns what it could have before.
#[cfg(target_os = "linux")]
fn limit_descriptors(running: &Running, most: Option<u64>) -> Option<u64> {
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    let pid = Pid::from_raw(running.pid() as i32);
    let limits = Rlimit { current: most, maximum };
    prlimit(pid, Resource::Nofile, limits).expect("it is our child").current
}

#[test]
#[cfg(target_os = "linux")]
fn a_handler_that_scarcity_keeps_from_starting_starts_later_at_no_charge() {
    // A worker is there from the start: this one leaves after each answer.
    let worker = r#"read -r line; echo "$line" >> $OUT; echo ok"#;
    for handler in [["--exec", "cat >> $OUT"], ["--worker", worker]] {
        let stage = Stage::with(&["first"]);
        let mut running = stage.staying(&["--retries", "0"]).args(handler).spawn();
        wait_until("the first record", LONG, || stage.written().contains("first").then_some(()));
        if handler[0] == "--worker" {
            running.wait_for_stderr("it had no record in hand and is restarted with the next one");
        }
        let before = limit_descriptors(&running, Some(8));
        stage.produce(&["scarce"]);
        running.wait_for_stderr("warning: cannot start a handler: Too many open files; trying again\n");
        assert!(!stage.written().contains("scarce"), "{}", stage.written());
        limit_descriptors(&running, before);
        wait_until("the record", LONG, || stage.written().contains("scarce").then_some(()));
        running.signal(Signal::SIGTERM);
        let outcome = running.finish();
        outcome.has_code(0).has_summary("2 records: 2 ok");
        assert_eq!(stage.committed(), 2, "{outcome}");
    }
}
