//! One record that is never done, in a topic of a million.
#![expect(clippy::print_stdout, reason = "what a stuck record costs is worth seeing")]

use std::fs;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{LONG, Work};
use crate::support::kafka::kafka;
use crate::support::oracle::Mark;
use crate::support::{Produced, wait_until};

/// Of each of the two partitions.
const RECORDS: usize = 500_000;

/// The most memory it has had, in KiB.
fn most_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a Linux tells it");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

pub fn one_stuck_record_in_a_million_is_told_and_holds_up_only_its_partition() {
    let work = Work::new(kafka(), 2);
    kafka().produce_many(&work.scene.topic, 2 * RECORDS, |number| {
        Produced::value(format!(r#"{{"id":"{number}"}}"#)).partition(number as i32 % 2)
    });
    let free = work.recorder.file("free");
    // Most are left out, or a process for each would take hours.
    let script =
        format!("[ $KCONS_PARTITION = 1 ] || while [ ! -e '{}' ]; do sleep 0.1; done", free.display());
    let last = RECORDS - 1;
    let filter = format!(".offset == 10 or .partition == 1 and (.offset % 50000 == 0 or .offset == {last})");
    let options = ["--parallel", "4", "--filter", &filter, "--commit-interval", "200ms", "--timeout", "0s"];
    let mut running = work.member(&options, &script).deadline(LONG * 10).spawn();
    wait_until("the end of the other partition", LONG * 6, || {
        let notes = work.recorder.notes();
        let is_end = |offset: i64| notes.iter().any(|note| note.mark == Mark::End && note.offset == offset);
        is_end(last as i64).then_some(())
    });
    println!("the other partition was through after {:?}", running.elapsed());
    running.wait_for_stderr(" @ 10 is not processed after ");
    let place = |partition| (work.scene.topic.clone(), partition);
    wait_until("the commit of the other partition", LONG, || {
        (kafka().committed(&work.scene.group).get(&place(1)) == Some(&(RECORDS as i64))).then_some(())
    });
    assert_eq!(kafka().committed(&work.scene.group).get(&place(0)), Some(&10));
    let memory = most_memory(running.pid());
    println!("a stuck record in a million: {} MB at most, after {:?}", memory / 1024, running.elapsed());
    assert!(memory < 150 * 1024, "{memory} KiB");
    fs::write(&free, "").expect("a file");
    wait_until("the commit of its partition", LONG * 6, || {
        (kafka().committed(&work.scene.group).get(&place(0)) == Some(&(RECORDS as i64))).then_some(())
    });
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0).took_less_than(Duration::from_secs(600));
}
