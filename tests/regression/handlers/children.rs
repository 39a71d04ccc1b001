//! The processes that handlers are, and those that they leave behind.

use std::fs;

use super::{LONG, Stage, started_by};
use crate::support::{Produced, wait_until};

/// As PID 1 orphans were looked for once a second, and only if no handler was just starting or ended: under load they
/// stayed as zombies, thousands of them, until the system was out of processes.
pub fn orphans_do_not_pile_up_however_many_there_are() {
    const RECORDS: usize = 400;
    const MOST: usize = 60;
    let stage = Stage::new(1);
    let records: Vec<Produced> = (0..RECORDS).map(|_| Produced::value("x")).collect();
    stage.produce(&records);
    let options = ["--parallel", "4", "--exec", "(sleep 0.02 &); exit 0"];
    let mut running = stage.member(&options).adopts_orphans().deadline(LONG * 2).spawn();
    let pid = running.pid().to_string();
    let (mut most, mut seen) = (0, 0);
    while !running.has_ended() {
        let zombies = zombies_of(&pid);
        most = most.max(zombies);
        seen += zombies;
    }
    let outcome = running.finish();
    outcome.has_code(0).stderr_contains(&format!("{RECORDS} ok"));
    outcome.check(most < MOST, &format!("{most} zombies at once"));
    // They came to it at all.
    outcome.check(seen > 0, "there was no orphan");
}

fn zombies_of(parent: &str) -> usize {
    let processes = fs::read_dir("/proc").expect("it is there").flatten();
    let stats = processes.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok());
    stats
        .filter(|stat| {
            // `PID (NAME) STATE PARENT …`
            let mut fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
            fields.next() == Some("Z") && fields.next() == Some(parent)
        })
        .count()
}

/// Started with SIGCHLD ignored, as some supervisors do, the system kept no exit status: each handler that ended with
/// 0 counted as killed.
pub fn a_handler_that_succeeds_counts_where_the_end_of_children_is_ignored() {
    let stage = Stage::with(&["1", "2"]);
    let options = ["--retries", "0", "--exec", "cat; echo; (exit 3); echo $? >> $OUT"];
    let outcome = started_by("exec env --ignore-signal=CHLD \"$@\"", &stage.words(&options))
        .env("OUT", stage.out())
        .run();
    outcome.has_code(0).has_stdout("1\n2\n").stderr_contains("2 ok");
    wait_until("the commit", LONG, || (stage.committed() == Some(2)).then_some(()));
    // Handlers, too, see how their children end.
    assert_eq!(stage.written(), "3\n3\n");
}
