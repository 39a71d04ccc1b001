//! Members with handlers come and go, hang, and get back what they had.

use nix::sys::signal::Signal;

use super::{BRIEF, LONG, Work};
use crate::support::kafka::kafka;
use crate::support::oracle::{Mark, Note, Oracle};
use crate::support::run::Running;
use crate::support::{rounds, wait_until};

/// Cycles that fit into the time of the suite.
const CYCLES: usize = 3;

/// A second member joins and leaves again and again, then the first one leaves and the second stays.
fn join_and_leave(options: &[&str]) {
    let mut work = Work::with_keys(kafka(), 4, 10);
    // There is always something that waits for its key.
    work.scene.produce(500 * CYCLES);
    let load = work.scene.load();
    let cycles = rounds(CYCLES);
    let options = [options, &["--parallel", "8"]].concat();
    let member = |work: &Work<'_>| {
        let member = work.scene.member().args(&options).args(["--exec", &work.recorder.script(BRIEF)]);
        member.deadline(LONG * (1 + cycles as u32)).spawn()
    };
    let mut first = member(&work);
    work.wait_for_more(10);
    for cycle in 0..cycles {
        let joined = member(&work);
        let members = kafka().wait_for_members(&work.scene.group, 2, 4);
        assert!(members.iter().all(|member| member.partitions.len() == 2), "{members:?}");
        work.wait_for_more_of(joined.pid(), 30);
        work.wait_for_more_of(first.pid(), 30);
        let mut leaving = if cycle + 1 < cycles { joined } else { std::mem::replace(&mut first, joined) };
        leaving.signal(Signal::SIGTERM);
        finish(&mut work, leaving, &format!("member {cycle}"));
        kafka().wait_for_members(&work.scene.group, 1, 4);
        work.wait_for_more_of(first.pid(), 30);
    }
    work.scene.end_load(load);
    first.signal(Signal::SIGTERM);
    finish(&mut work, first, "the last member");
    work.handle_the_rest();
    work.must_be_whole();
    // At a signal a record that waits for its key is given up, and what ran behind it comes again; a hand-over
    // between members that go on gives up nothing that would be repeated.
    work.repeats_only_after_ends();
}

#[track_caller]
fn finish(work: &mut Work<'_>, running: Running, name: &str) {
    let outcome = running.finish();
    outcome.has_code(0);
    work.leaves_nobody(&outcome);
    work.add(name, &outcome);
}

pub fn members_with_handlers_come_and_go_with_the_range_assignor() {
    join_and_leave(&["-X", "partition.assignment.strategy=range"]);
}

pub fn members_with_handlers_come_and_go_with_the_cooperative_assignor() {
    join_and_leave(&["-X", "partition.assignment.strategy=cooperative-sticky"]);
}

pub fn members_with_handlers_come_and_go_with_the_consumer_protocol() {
    join_and_leave(&["-X", "group.protocol=consumer"]);
}

pub fn members_with_handlers_come_and_go_with_manual_commits() {
    join_and_leave(&["--commit", "manual"]);
}

pub fn what_a_hanging_handler_held_is_handled_by_the_member_that_gets_its_partition() {
    let mut work = Work::with_keys(kafka(), 1, 10);
    work.scene.produce(40);
    let hangs = work.recorder.file("hangs");
    let script = format!(
        "if [ $KCONS_OFFSET = 5 ] && [ ! -e '{0}' ]; then echo $$ > '{0}'; while :; do sleep 0.1; done; fi",
        hangs.display()
    );
    // The range assignor goes by the names of the members; half of the interval is what a hand-over may take.
    let member = |work: &Work<'_>, name: &str| {
        let name = format!("client.id={name}");
        let options = ["--parallel", "4", "-X", "max.poll.interval.ms=6000", "-X", &name];
        work.member(&options, &script).spawn()
    };
    let first = member(&work, "z");
    wait_until("a handler to hang", LONG, || hangs.exists().then_some(()));
    let second = member(&work, "a");
    work.wait_for_more_of(second.pid(), 30);
    let hanging = std::fs::read_to_string(&hangs).expect("a process id");
    assert!(!is_handler(&hanging), "the hanging handler goes on");
    wait_until("all records", LONG, || {
        let notes = work.recorder.notes();
        // From the hanging one on it is the other member that commits: what the first one did there does not count.
        let by_whom = |offset, parent| offset < 5 || parent == second.pid();
        let is_done = |offset| {
            let is_it = |note: &Note| note.offset == offset && by_whom(offset, note.parent);
            notes.iter().any(|note| is_it(note) && note.mark == Mark::End)
        };
        (0..40).all(is_done).then_some(())
    });
    for (name, mut running) in [("first", first), ("second", second)] {
        running.signal(Signal::SIGTERM);
        let outcome = running.finish();
        outcome.has_code(0).stderr_lacks("record_failed");
        work.leaves_nobody(&outcome);
        work.add(name, &outcome);
    }
    work.close();
    work.must_be_whole();
    let ends = |run: usize| work.scene.history.runs[run].printed.iter().filter(|one| one.offset == 5).count();
    assert_eq!((ends(0), ends(1)), (0, 1));
}

pub fn a_member_that_was_frozen_with_work_in_hand_commits_nothing_stale() {
    for options in [&["--commit-interval", "100ms"][..], &["--commit", "manual"]] {
        let mut work = Work::with_keys(kafka(), 3, 40);
        let load = work.scene.load();
        let options = [options, &["--parallel", "8"]].concat();
        let mut frozen = work.member(&options, BRIEF).spawn();
        work.wait_for_more(50);
        frozen.signal(Signal::SIGSTOP);
        let mut other = work.member(&options, BRIEF).spawn();
        work.wait_for_more_of(other.pid(), 100);
        frozen.signal(Signal::SIGCONT);
        kafka().wait_for_members(&work.scene.group, 2, 3);
        frozen.wait_for_stderr("partitions_lost");
        work.wait_for_more_of(frozen.pid(), 30);
        work.wait_for_more_of(other.pid(), 30);
        work.scene.end_load(load);
        for (name, running) in [("frozen", &mut frozen), ("other", &mut other)] {
            assert!(!running.has_ended(), "{name}\n{}", running.stderr());
            running.signal(Signal::SIGTERM);
        }
        finish(&mut work, frozen, "frozen");
        finish(&mut work, other, "other");
        work.handle_the_rest();
        // It starts what it does not know yet to be somebody else's, and hears late of the commit before.
        let all = Oracle::ALWAYS_HANDLED.into_iter().chain(Oracle::AT_THE_END);
        work.scene.history.must_satisfy(all.filter(|oracle| *oracle != Oracle::OnlyOwnedStarts));
    }
}

pub fn a_member_that_gets_its_partitions_back_drops_what_came_of_the_old_assignment() {
    let mut work = Work::with_keys(kafka(), 3, 40);
    let load = work.scene.load();
    let options = ["--commit", "manual", "--parallel", "8"];
    // Handlers of the first assignment do a few records and then hang in a pipe that nobody writes to.
    let (pipe, hangs) = (work.recorder.file("pipe"), work.recorder.file("hangs"));
    let script = format!(
        "if [ $KCONS_OFFSET -ge 3 ] && [ ! -e '{0}.off' ]; then echo $$ >> '{0}'; mkfifo '{1}' 2> /dev/null; read -r line < '{1}'; fi",
        hangs.display(),
        pipe.display()
    );
    let mut running = work.member(&options, &script).spawn();
    let hanging = || std::fs::read_to_string(&hangs).unwrap_or_default();
    wait_until("eight handlers to hang", LONG, || (hanging().lines().count() == 8).then_some(()));
    let before = kafka().committed(&work.scene.group);
    running.signal(Signal::SIGSTOP);
    // The group forgets it while its handlers go on.
    wait_until("the group to be empty", LONG, || kafka().members(&work.scene.group).is_empty().then_some(()));
    std::fs::write(work.recorder.file("hangs.off"), "").expect("a file");
    running.signal(Signal::SIGCONT);
    running.wait_for_stderr("partitions_lost");
    wait_until("the end of the old handlers", LONG, || (!hanging().lines().any(is_handler)).then_some(()));
    kafka().wait_for_members(&work.scene.group, 1, 3);
    work.scene.end_load(load);
    work.wait_for_more(20);
    wait_until("a commit of the new assignment", LONG, || {
        (kafka().committed(&work.scene.group) != before).then_some(())
    });
    running.signal(Signal::SIGTERM);
    finish(&mut work, running, "frozen");
    work.handle_the_rest();
    work.must_be_whole();
}

/// Whether this is the id of a process that runs one of our scripts.
fn is_handler(pid: &str) -> bool {
    let line = std::fs::read(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    String::from_utf8_lossy(&line).contains("KCONS_OFFSET")
}

pub fn an_id_is_kept_though_its_partition_was_given_away_before_the_worker_answered() {
    let mut work = Work::new(kafka(), 1);
    work.scene.produce(1);
    let path = |name| work.recorder.file(name).display().to_string();
    let (begun, go, store) = (path("begun"), path("go"), path("ids.redb"));
    let script = format!(
        "while read -r line; do touch '{begun}'; while [ ! -e '{go}' ]; do sleep 0.02; done; echo ok; done"
    );
    let named = |name: &str| work.scene.short_member().args(["-X", &format!("client.id={name}")]);
    let dedup = ["--dedup", ".value.id", "--dedup-store", &store];
    // The range assignor goes by the names of the members; half of the interval is what a hand-over may take.
    let first = named("z").args(dedup).args(["-X", "max.poll.interval.ms=8000", "--worker", &script]).spawn();
    wait_until("the worker", LONG, || std::fs::exists(&begun).is_ok_and(|exists| exists).then_some(()));
    // It only looks at what it was given.
    let mut second = named("a").args(["--commit", "never"]).spawn();
    second.wait_for_lines(1);
    std::fs::write(&go, "").expect("a file");
    for mut running in [first, second] {
        running.signal(Signal::SIGTERM);
        running.finish().has_code(0);
    }
    assert!(kafka().committed(&work.scene.group).is_empty());
    let third = named("c").args(dedup).args(["-e", "--exec", "echo again"]).run();
    third.has_code(0).has_stdout("").stderr_contains("\"duplicates\":1");
}
