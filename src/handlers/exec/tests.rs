//! The pool with real processes.

use super::*;
use crate::handlers::testing::{HOUR, TestPool, TestedPool, is_alive, line_of, wait_for};
use std::fs;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(50);

impl TestedPool for ExecPool {
    fn hand(&mut self, attempt: Attempt) {
        ExecPool::hand(self, attempt);
    }

    fn done(&mut self) -> Option<Done> {
        ExecPool::done(self)
    }
}

type TestHandlers = TestPool<ExecPool>;

impl TestHandlers {
    fn new(script: &str) -> TestHandlers {
        TestHandlers::with(script, |_| {})
    }

    fn with(script: &str, change: impl FnOnce(&mut ExecSettings)) -> TestHandlers {
        TestPool::start(|context| {
            let mut settings = ExecSettings {
                command: ["sh", "-c", script].map(Into::into).to_vec(),
                stdin: Stdin::Value,
                limits: TimeLimits { timeout: None, grace: HOUR },
                memory: Arc::new(OutputMemory::new(1)),
                context,
            };
            change(&mut settings);
            ExecPool::start_with(&settings, 2).unwrap()
        })
    }

    fn hand(&mut self, value: Option<&[u8]>) -> u64 {
        self.hand_value(value)
    }

    fn done(&mut self) -> Done {
        self.next_done()
    }

    /// What comes of a record, and what its handler printed.
    fn run(&mut self, value: Option<&[u8]>) -> (Outcome, Vec<u8>) {
        self.hand(value);
        let done = self.done();
        (done.outcome, done.output.bytes())
    }
}

fn failed(what: &str, stderr: &str) -> Outcome {
    Outcome::Failed(FailureReason { what: what.to_owned(), stderr: stderr.to_owned() })
}

/// Why it failed, whatever its shell had to say about that.
fn why((outcome, output): (Outcome, Vec<u8>)) -> String {
    assert!(output.is_empty());
    let Outcome::Failed(reason) = outcome else { panic!("{outcome:?}") };
    reason.what
}

fn kill(pid: &str) {
    let pid = nix::unistd::Pid::from_raw(pid.trim().parse().unwrap());
    nix::sys::signal::kill(pid, Signal::SIGKILL).unwrap();
}

#[test]
fn the_exit_status_decides() {
    let bad = FailureReason { what: "exit status 65".to_owned(), stderr: String::new() };
    for (script, expected) in [
        ("exit 0", Outcome::Accepted),
        ("exit 75", Outcome::Later),
        ("exit 65", Outcome::Refused(bad)),
        ("exit 1", failed("exit status 1", "")),
        ("kill -SEGV $$", failed("killed by SIGSEGV", "")),
        ("kill -TERM $$", failed("killed by SIGTERM", "")),
    ] {
        assert_eq!(TestHandlers::new(script).run(None).0, expected, "{script}");
    }
}

#[test]
fn what_a_handler_prints_is_given_back_when_it_accepts() {
    assert_eq!(TestHandlers::new("printf 'a\\nb'").run(None), (Outcome::Accepted, b"a\nb".to_vec()));
    assert_eq!(TestHandlers::new("echo a; exit 1").run(None), (failed("exit status 1", ""), Vec::new()));
}

#[test]
fn the_last_lines_on_stderr_are_a_part_of_the_reason() {
    let mut handlers = TestHandlers::new("echo one >&2; printf two >&2; exit 3");
    // Twice: the second attempt does not have the lines of the first.
    for _ in 0..2 {
        assert_eq!(handlers.run(None).0, failed("exit status 3", "one\ntwo"));
    }
}

#[test]
fn a_value_comes_in_as_it_is() {
    let mut handlers = TestHandlers::new("cat");
    for value in [&b""[..], b"\xff\0 no line break"] {
        assert_eq!(handlers.run(Some(value)), (Outcome::Accepted, value.to_vec()));
    }
    assert_eq!(handlers.run(None).1, b"");
}

#[test]
fn an_envelope_comes_in_with_a_line_break() {
    let mut handlers = TestHandlers::with("cat", |settings| settings.stdin = Stdin::Json);
    for offset in 1..3 {
        let expected = format!(
            r#"{{"topic":"t","partition":3,"offset":{offset},"timestamp":null,"key":"k","value":[1],"headers":[]}}"#
        );
        assert_eq!(String::from_utf8(handlers.run(Some(b"[1]")).1).unwrap(), expected + "\n");
    }
}

#[test]
fn the_record_is_in_the_environment() {
    let mut handlers =
        TestHandlers::new("echo $KCONS_TOPIC $KCONS_PARTITION $KCONS_OFFSET $KCONS_KEY $KCONS_GROUP");
    assert_eq!(handlers.run(None).1, b"t 3 1 k g\n");
}

#[test]
fn large_values_and_outputs_pass_each_other() {
    let value = vec![b'x'; 20 << 20];
    let (outcome, output) = TestHandlers::new("head -c 10485760 /dev/zero; wc -c").run(Some(&value));
    assert_eq!(outcome, Outcome::Accepted);
    assert_eq!(output[10 << 20..].trim_ascii(), b"20971520");
    let (_, output) = TestHandlers::new("cat").run(Some(&value));
    assert!(output == value);
}

#[test]
fn a_handler_need_not_read_its_input() {
    let value = vec![b'x'; 20 << 20];
    for script in ["exit 0", "exec <&-; echo done", "head -c 1 >&-; exit 0"] {
        assert_eq!(TestHandlers::new(script).run(Some(&value)).0, Outcome::Accepted, "{script}");
    }
}

#[test]
fn a_daemon_that_keeps_the_pipes_is_left_alone() {
    let (outcome, output) = TestHandlers::new("sleep 1000 & echo $!").run(None);
    assert_eq!(outcome, Outcome::Accepted);
    let daemon = String::from_utf8(output).unwrap();
    assert!(is_alive(&daemon));
    kill(&daemon);
}

#[test]
fn a_daemon_that_writes_for_ever_is_not_waited_for() {
    let (outcome, output) = TestHandlers::new("yes & echo $! >&2; exit 1").run(None);
    let Outcome::Failed(reason) = outcome else { panic!("{outcome:?}") };
    assert!(output.is_empty());
    // Nobody reads what it writes any more.
    wait_for(|| (!is_alive(&reason.stderr)).then_some(()));
}

#[test]
fn a_handler_that_takes_too_long_is_asked_and_then_made_to_end() {
    for (script, grace) in [("exec sleep 1000", HOUR), ("trap '' TERM; sleep 1000", SHORT), ("yes", HOUR)] {
        let mut handlers = TestHandlers::with(script, |settings| {
            settings.limits = TimeLimits { timeout: Some(SHORT), grace };
        });
        assert_eq!(why(handlers.run(None)), "timed out after 50ms", "{script}");
    }
}

#[test]
fn what_ends_well_after_its_time_has_failed() {
    let mut handlers = TestHandlers::with("trap 'exit 0' TERM; while :; do sleep 0.01; done", |settings| {
        settings.limits.timeout = Some(SHORT);
    });
    assert_eq!(why(handlers.run(None)), "timed out after 50ms");
}

#[test]
fn nothing_is_left_of_a_group_that_was_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let script = format!(
        "sh -c 'trap \"\" TERM; echo $$ > {0}.new; mv {0}.new {0}; exec sleep 1000' & wait",
        file.display()
    );
    let mut handlers = TestHandlers::with(&script, |settings| settings.limits.grace = SHORT);
    let ticket = handlers.hand(None);
    let left_behind = line_of(&file);
    handlers.pool.end(&[ticket], Signal::SIGTERM);
    assert_eq!(handlers.done().outcome, Outcome::Unfinished);
    wait_for(|| (!is_alive(&left_behind)).then_some(()));
}

#[test]
fn too_much_output_is_a_failure_with_a_reason() {
    let mut handlers =
        TestHandlers::with("yes", |settings| settings.memory = Arc::new(OutputMemory::of(1 << 20, 1)));
    assert_eq!(why(handlers.run(None)), "wrote more than 1 MiB to stdout");
}

#[test]
fn a_program_that_cannot_be_run_is_a_failed_attempt() {
    let mut handlers = TestHandlers::with("", |settings| settings.command = vec!["no-such-program".into()]);
    let reason = "cannot run `no-such-program`: No such file or directory";
    assert_eq!(handlers.run(None).0, failed(reason, ""));
}

#[test]
fn what_we_end_has_not_failed() {
    let folder = tempfile::tempdir().unwrap();
    let ready = |ticket: u64| folder.path().join(ticket.to_string());
    for (trap, expected) in [
        ("", Outcome::Unfinished),
        ("trap 'exit 1' TERM", Outcome::Unfinished),
        ("trap 'exit 75' TERM", Outcome::Unfinished),
        ("trap 'exit 0' TERM", Outcome::Accepted),
    ] {
        // Short sleeps: a shell that starts one may take its signal for itself.
        let folder = folder.path().display();
        let script = format!("{trap}\necho > {folder}/$KCONS_OFFSET\nwhile :; do sleep 0.01; done");
        let mut handlers = TestHandlers::new(&script);
        let (first, second) = (handlers.hand(None), handlers.hand(None));
        let _ = (line_of(&ready(first)), line_of(&ready(second)));
        handlers.pool.end(&[second], Signal::SIGTERM);
        let done = handlers.done();
        assert_eq!((done.ticket, done.outcome), (second, expected), "{script}");
        handlers.pool.end_all(Signal::SIGKILL);
        let done = handlers.done();
        assert_eq!((done.ticket, done.outcome), (first, Outcome::Unfinished), "{script}");
        fs::remove_file(ready(first)).unwrap();
        fs::remove_file(ready(second)).unwrap();
    }
}

#[test]
fn what_is_ended_before_it_has_started_ends_too() {
    let mut handlers = TestHandlers::new("sleep 1000");
    let ticket = handlers.hand(None);
    handlers.pool.end(&[ticket], Signal::SIGKILL);
    assert_eq!(handlers.done().outcome, Outcome::Unfinished);
}

#[test]
fn as_many_run_at_once_as_there_is_room_for() {
    let folder = tempfile::tempdir().unwrap();
    // Each waits for the other.
    let script = format!(
        "cd {}; echo > $KCONS_OFFSET; until [ -e 1 ] && [ -e 2 ]; do sleep 0.01; done",
        folder.path().display()
    );
    let mut handlers = TestHandlers::new(&script);
    assert_eq!(handlers.pool.room(), 2);
    handlers.hand(None);
    handlers.hand(None);
    assert_eq!(handlers.pool.room(), 0);
    assert_eq!([handlers.done().outcome, handlers.done().outcome], [Outcome::Accepted, Outcome::Accepted]);
    assert_eq!(handlers.pool.room(), 2);
}

#[test]
fn a_pool_that_is_dropped_leaves_nothing_running() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pid");
    let mut handlers = TestHandlers::new(&format!("echo $$ > {}; exec sleep 1000", file.display()));
    handlers.hand(None);
    let pid = line_of(&file);
    drop(handlers);
    wait_for(|| (!is_alive(&pid)).then_some(()));
}
