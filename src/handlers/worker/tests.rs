//! The pool with real processes.

use super::testing::TestWorkers;
use super::*;
use crate::handlers::FailureReason;
use crate::handlers::testing::{HOUR, is_alive, line_of, lines_of, wait_for};
use std::path::Path;

const SHORT: Duration = Duration::from_millis(100);

/// A worker that only answers `ok`.
const OK: &str = "while read -r line; do echo ok; done";

fn reason(what: &str, stderr: &str) -> FailureReason {
    FailureReason { what: what.to_owned(), stderr: stderr.to_owned() }
}

fn failed(what: &str) -> Outcome {
    Outcome::Failed(reason(what, ""))
}

#[test]
fn each_answer_is_given_back() {
    for (answer, expected) in [
        ("ok", Outcome::Accepted),
        ("retry", failed("worker said retry")),
        ("retry try again", failed("try again")),
        ("fail", Outcome::Refused(reason("worker said fail", ""))),
        ("fail bad id", Outcome::Refused(reason("bad id", ""))),
    ] {
        let mut workers = TestWorkers::new(&format!("while read -r line; do echo '{answer}'; done"));
        for _ in 0..2 {
            assert_eq!(workers.run(b"1"), expected);
        }
    }
}

#[test]
fn answers_are_for_the_records_in_order() {
    let mut workers = TestWorkers::new("n=0; while read -r line; do n=$((n+1)); echo retry $n; done");
    let outcomes = workers.run_all(50);
    let expected: Vec<_> = (1..=50).map(|number| failed(&number.to_string())).collect();
    assert_eq!(outcomes, expected);
}

#[test]
fn a_record_comes_as_an_envelope_on_a_line() {
    let mut workers = TestWorkers::new("while read -r line; do echo \"fail $line\"; done");
    let envelope =
        r#"{"topic":"t","partition":3,"offset":1,"timestamp":null,"key":"k","value":{"a":1},"headers":[]}"#;
    assert_eq!(workers.run(b"{\"a\":\n1}"), Outcome::Refused(reason(envelope, "")));
}

#[test]
fn room_is_what_is_not_in_hand() {
    let mut workers = TestWorkers::new(OK);
    assert_eq!(workers.pool.room(), 64);
    (0..64).for_each(|_| {
        workers.hand(b"1");
    });
    assert_eq!(workers.pool.room(), 0);
    (0..64).for_each(|_| drop(workers.done()));
    assert_eq!(workers.pool.room(), 64);
}

#[test]
fn all_workers_have_their_share() {
    // Each waits until all four have something.
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; read -r line; echo > $$; until [ $(ls | wc -l) = 4 ]; do sleep 0.01; done; echo ok; cat > /dev/null",
        folder.path().display()
    );
    let mut workers = TestWorkers::with(&script, 4, |_| {});
    assert_eq!(workers.run_all(4), vec![Outcome::Accepted; 4]);
}

#[test]
fn any_other_line_fails_the_oldest_record_and_the_worker_is_started_anew() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; echo >> starts; if [ $(wc -l < starts) = 1 ]; then read -r a; echo ok; read -r a; echo Hello; fi; {OK}",
        folder.path().display()
    );
    let mut workers = TestWorkers::new(&script);
    let mistake = failed("worker answered `Hello`, not `ok`, `retry REASON` or `fail REASON`");
    assert_eq!(workers.run_all(4), [Outcome::Accepted, mistake, Outcome::Again, Outcome::Again]);
    assert_eq!(workers.run(b"1"), Outcome::Accepted);
    assert_eq!(lines_of(&folder.path().join("starts"), 2).len(), 2);
}

#[test]
fn a_line_that_nothing_asked_for_ends_the_worker() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; echo $$ >> starts; if [ $(wc -l < starts) = 1 ]; then echo ok; sleep 1000; fi; {OK}",
        folder.path().display()
    );
    let mut workers = TestWorkers::new(&script);
    let pid = line_of(&folder.path().join("starts"));
    wait_for(|| (!is_alive(&pid)).then_some(()));
    assert_eq!(workers.run(b"1"), Outcome::Accepted);
}

#[test]
fn an_answer_to_what_was_not_written_whole_is_a_mistake() {
    let value = vec![b'x'; 10 << 20];
    let mut workers = TestWorkers::new(
        "read -r -n 1 a 2>/dev/null || dd bs=1 count=1 of=/dev/null 2>&-; echo ok; sleep 1000",
    );
    let mistake = failed("worker answered `ok` with nothing left to answer");
    assert_eq!(workers.run(&value), mistake);
}

#[test]
fn a_line_without_an_end_is_a_mistake() {
    let mut workers = TestWorkers::new("read -r a; printf '%070000d'; sleep 1000");
    let Outcome::Failed(reason) = workers.run(b"1") else { panic!() };
    assert!(reason.what.starts_with("worker answered with a line longer than 64 KiB: `000"), "{reason:?}");
}

#[test]
fn a_worker_that_dies_is_charged_for_the_oldest_record_only() {
    for (end, what) in [
        ("exit 1", "worker exited with status 1"),
        ("exit 0", "worker exited with status 0"),
        ("kill -KILL $$", "worker killed by SIGKILL"),
    ] {
        let mut workers =
            TestWorkers::new(&format!("read -r a; echo ok; read -r a; echo one >&2; printf two >&2; {end}"));
        let expected = Outcome::Failed(reason(what, "one\ntwo"));
        assert_eq!(workers.run_all(4), [Outcome::Accepted, expected.clone(), Outcome::Again, Outcome::Again]);
        // A new one is there.
        assert_eq!(workers.run_all(3), [Outcome::Accepted, expected, Outcome::Again]);
    }
}

#[test]
fn answers_given_before_death_count() {
    let mut workers = TestWorkers::new("read -r a; read -r a; read -r a; echo ok; echo ok; echo ok; exit 1");
    assert_eq!(workers.run_all(3), vec![Outcome::Accepted; 3]);
}

#[test]
fn half_an_answer_at_the_end_is_none() {
    assert_eq!(TestWorkers::new("read -r a; printf ok").run(b"1"), failed("worker exited with status 0"));
}

#[test]
fn a_worker_that_dies_with_nothing_to_do_is_started_for_the_next_record() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "cd {}; echo $$ >> starts; [ $(wc -l < starts) -gt 1 ] || exit 7; {OK}",
        folder.path().display()
    );
    let mut workers = TestWorkers::new(&script);
    let pid = line_of(&folder.path().join("starts"));
    wait_for(|| (!Path::new(&format!("/proc/{pid}")).exists()).then_some(()));
    assert_eq!(workers.run(b"1"), Outcome::Accepted);
}

#[test]
fn a_worker_that_takes_too_long_is_asked_and_then_made_to_end() {
    for (script, grace) in [
        ("read -r a; echo late >&2; exec sleep 1000", HOUR),
        ("trap '' TERM; read -r a; echo late >&2; sleep 1000 & wait", SHORT),
        ("trap 'echo ok; exit 0' TERM; read -r a; echo late >&2; while :; do sleep 0.01; done", HOUR),
    ] {
        let mut workers = TestWorkers::with(script, 1, |settings| {
            settings.limits.timeout = Some(Duration::from_secs(3));
            settings.limits.grace = grace;
        });
        let mut outcomes = workers.run_all(3);
        let Outcome::Failed(reason) = outcomes.remove(0) else { panic!("{script}") };
        // Its shell may have a word to say about the signal.
        assert!(reason.what == "timed out after 3s" && reason.stderr.starts_with("late"), "{reason:?}");
        assert_eq!(outcomes, [Outcome::Again, Outcome::Again], "{script}");
    }
}

#[test]
fn nothing_is_left_of_a_group_whose_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!(
        "sh -c 'trap \"\" TERM; echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000' & wait",
        file.display()
    );
    let mut workers = TestWorkers::with(&script, 1, |settings| {
        settings.limits.timeout = Some(Duration::from_millis(500));
        settings.limits.grace = SHORT;
    });
    let left_behind = line_of(&file);
    assert_eq!(workers.run(b"1"), failed("timed out after 500ms"));
    wait_for(|| (!is_alive(&left_behind)).then_some(()));
}

#[test]
fn a_worker_that_can_answer_no_more_is_ended() {
    for (script, what) in [
        ("exec >&-; read -r a; sleep 1000", "worker closed its stdout"),
        ("exec <&-; sleep 1000", "worker closed its stdin"),
    ] {
        // What it has closed shows when more is written than the pipe would hold.
        let mut workers = TestWorkers::with(script, 1, |settings| settings.limits.grace = SHORT);
        assert_eq!(workers.run(&vec![b'x'; 1 << 20]), failed(what));
    }
}

#[test]
fn a_flood_on_stderr_does_not_hold_the_answers() {
    let mut workers =
        TestWorkers::new("while read -r line; do head -c 60000 /dev/zero | tr '\\0' ' ' >&2; echo ok; done");
    assert_eq!(workers.run_all(20), vec![Outcome::Accepted; 20]);
}

#[test]
fn a_large_record_comes_through() {
    let value = vec![b'x'; 10 << 20];
    let mut workers = TestWorkers::new("echo retry $(head -n 1 | wc -c); exec sleep 1000");
    let frame = r#"{"topic":"t","partition":3,"offset":1,"timestamp":null,"key":"k","value":"","value_encoding":"text","headers":[]}"#;
    assert_eq!(workers.run(&value), failed(&(value.len() + frame.len() + 1).to_string()));
}

#[test]
fn a_worker_that_never_reads_blocks_nobody() {
    let mut workers = TestWorkers::with("echo here >&2; exec sleep 1000", 1, |settings| {
        settings.limits.timeout = Some(SHORT)
    });
    for _ in 0..3 {
        workers.hand(&vec![b'x'; 1 << 20]);
    }
    let outcomes: Vec<_> = (0..2).map(|_| workers.done().1).collect();
    assert!(matches!(&outcomes[0], Outcome::Failed(reason) if reason.what == "timed out after 100ms"));
    // Those that were not rendered yet are charged one after the other.
    assert!(outcomes[1..].iter().all(|outcome| matches!(outcome, Outcome::Again | Outcome::Failed(_))));
}

#[test]
fn what_we_end_has_not_failed() {
    for (trap, expected) in [
        ("trap 'exit 1' TERM", Outcome::Unfinished),
        ("trap 'echo retry; exit 1' TERM", Outcome::Unfinished),
        ("trap 'echo fail bad; exit 1' TERM", Outcome::Unfinished),
        ("trap 'echo nonsense; echo ok; exit 1' TERM", Outcome::Unfinished),
        ("trap 'echo ok; exit 1' TERM", Outcome::Accepted),
    ] {
        let mut workers = TestWorkers::new(&format!(
            "{trap}; read -r a; echo ok; read -r a; read -r a; while :; do sleep 0.01; done"
        ));
        (0..4).for_each(|_| {
            workers.hand(b"1");
        });
        assert_eq!(workers.done(), (1, Outcome::Accepted));
        workers.pool.end_all(Signal::SIGTERM);
        assert_eq!(workers.done(), (2, expected), "{trap}");
        assert_eq!([workers.done(), workers.done()], [(3, Outcome::Unfinished), (4, Outcome::Unfinished)]);
        workers.wait_until_closed();
        // Nobody is there to take it.
        assert_eq!(workers.run(b"1"), Outcome::Unfinished);
    }
}

#[test]
fn a_second_signal_follows_the_first() {
    let mut workers = TestWorkers::new("trap '' TERM; read -r a; echo ok; while :; do sleep 0.01; done");
    workers.hand(b"1");
    workers.hand(b"1");
    assert_eq!(workers.done(), (1, Outcome::Accepted));
    workers.pool.end_all(Signal::SIGTERM);
    assert!(!workers.pool.is_closed());
    workers.pool.end_all(Signal::SIGKILL);
    assert_eq!(workers.done(), (2, Outcome::Unfinished));
    workers.wait_until_closed();
}

#[test]
fn workers_find_the_end_of_their_input_when_all_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ends");
    let mut workers = TestWorkers::with(&format!("{OK}; echo end >> {}", file.display()), 2, |_| {});
    for _ in 0..5 {
        workers.hand(b"1");
    }
    workers.pool.close();
    for _ in 0..5 {
        assert_eq!(workers.done().1, Outcome::Accepted);
    }
    workers.wait_until_closed();
    assert_eq!(lines_of(&file, 2), ["end", "end"]);
}

#[test]
fn a_worker_that_stays_behind_its_last_record_is_ended() {
    let mut workers =
        TestWorkers::with("exec sleep 1000", 2, |settings| settings.limits.timeout = Some(SHORT));
    workers.pool.close();
    workers.wait_until_closed();
}

#[test]
fn a_pool_that_is_dropped_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let workers = TestWorkers::new(&format!("echo $$ > {}; exec sleep 1000", file.display()));
    let pid = line_of(&file);
    drop(workers);
    wait_for(|| (!is_alive(&pid)).then_some(()));
}

#[test]
fn a_worker_that_cannot_be_started_is_charged_for_the_oldest_record_only() {
    let mut workers = TestWorkers::with("a\0b", 1, |_| {});
    let expected = failed("cannot start the worker: data provided contains a nul byte");
    for _ in 0..2 {
        assert_eq!(workers.run_all(3), [expected.clone(), Outcome::Again, Outcome::Again]);
    }
}

#[test]
fn no_record_is_charged_while_the_system_is_out_of_something() {
    for code in [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE] {
        let words = crate::error::reason(&io::Error::from_raw_os_error(code));
        let mut workers = TestWorkers::with(OK, 1, |settings| {
            settings.start = match code {
                libc::EAGAIN => |_, _| Err(io::Error::from_raw_os_error(libc::EAGAIN)),
                libc::ENOMEM => |_, _| Err(io::Error::from_raw_os_error(libc::ENOMEM)),
                libc::EMFILE => |_, _| Err(io::Error::from_raw_os_error(libc::EMFILE)),
                _ => |_, _| Err(io::Error::from_raw_os_error(libc::ENFILE)),
            };
        });
        assert_eq!(workers.run_all(3), vec![Outcome::Scarce(words); 3]);
    }
}

#[test]
fn a_worker_that_dies_with_nothing_to_do_is_warned_of() {
    let mut workers = TestWorkers::new("exit 7");
    let warning = wait_for(|| workers.pool.warning());
    assert_eq!(
        warning,
        "worker exited with status 7; it had no record in hand and is restarted with the next one"
    );
}
