//! What handlers print, while it is held.

use std::fs;

use super::{LONG, Stage};
use crate::support::Produced;
use crate::support::run::{Reader, Running};

/// Each of `--parallel` could hold 256 MiB, which took twice that while it grew and once more for the writer: eight
/// handlers took 3 GB. Now it is 256 MiB for all of them, and those that print a lot wait for each other.
pub fn outputs_are_bounded_over_all_handlers_together() {
    const MOST: u64 = 450_000;
    for (script, ok) in [("head -c 100000000 /dev/zero", 8), ("cat /dev/zero", 0)] {
        let stage = Stage::new(1);
        stage.produce(&vec![Produced::value("x").partition(0); 8]);
        let options = [
            "--parallel",
            "8",
            "--order",
            "none",
            "--retries",
            "0",
            "--on-failure",
            "skip",
            "--exec",
            script,
        ];
        let out = stage.folder.path().join("printed");
        let mut running = stage.member(&options).stdout(Reader::File(out.clone())).deadline(LONG * 2).spawn();
        let mut peak = 0;
        while !running.has_ended() {
            peak = peak.max(peak_memory(&running));
        }
        let outcome = running.finish();
        outcome.has_code(0).stderr_contains(&format!("{ok} ok"));
        assert_eq!(fs::metadata(&out).expect("it was made").len(), ok * 100_000_000, "{outcome}");
        if ok == 0 {
            outcome.stderr_contains(" MiB to stdout\n");
        }
        outcome.check(peak < MOST, &format!("{peak} kB"));
    }
}

/// In kB; 0 once it has ended.
fn peak_memory(running: &Running) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
