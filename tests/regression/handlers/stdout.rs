//! A stdout that takes nothing, from the start.

use super::{Stage, started_by};
use crate::support::Produced;

/// With stdout closed everything was "written" to a `/dev/null` that the standard library had opened: exit 0, and the
/// group had committed records that nobody saw.
pub fn a_closed_stdout_is_an_error_before_anything_is_read() {
    for handler in [&[][..], &["--exec", "echo ran >> $OUT; cat"], &["--", "cat"]] {
        let stage = Stage::with(&["1", "2"]);
        let words = stage.words(handler);
        let outcome = started_by("exec \"$@\" >&-", &words).env("OUT", stage.out()).run();
        outcome.has_code(1).stderr_contains("error: stdout is closed\n");
        assert_eq!((stage.committed(), stage.written().as_str()), (None, ""), "{outcome}");
        // All at once, with no descriptor to tell anybody.
        let outcome = started_by("exec \"$@\" <&- >&- 2>&-", &words).env("OUT", stage.out()).run();
        outcome.has_code(1).has_stderr("");
        assert_eq!((stage.committed(), stage.written().as_str()), (None, ""), "{outcome}");
    }
}

/// The commands that ask and those that print a text wrote to it the same way; one that was open for reading alone
/// swallowed what the standard library wrote, without an error.
pub fn a_stdout_that_cannot_be_written_is_an_error_of_every_command() {
    let stage = Stage::with(&["1"]);
    let brokers = stage.kafka.brokers();
    let commands: &[&[&str]] = &[
        &["--help"],
        &["-h"],
        &["--version"],
        &["man"],
        &["completions", "bash"],
        &["consume", &stage.topic, "--print-config"],
        &["lag", &stage.group, "-b", &brokers],
        &["topic", "list", "-b", &brokers],
        &["group", "list", "-b", &brokers, "-o", "json"],
        &["demo"],
        &["consume", &stage.topic, "-e", "-b", &brokers],
    ];
    for command in commands {
        let words: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
        let outcome = started_by("exec \"$@\" >&-", &words).run();
        outcome.has_code(1).stderr_contains("error: stdout is closed\n");
        let outcome = started_by("exec \"$@\" 1</dev/null", &words).run();
        outcome.has_code(1).stderr_contains("error: cannot write to stdout: it is open for reading only\n");
    }
    // A mistake is told as before.
    started_by("exec \"$@\" >&-", &["consume".to_owned(), "--no-such-option".to_owned()]).run().has_code(2);
}

/// A look at stdout must not take a `/dev/null` that was asked for, in either way to open it, for a closed one.
pub fn other_descriptors_may_be_closed_and_output_may_be_thrown_away() {
    let stage = Stage::new(1);
    let starts =
        ["exec \"$@\" >/dev/null", "exec \"$@\" 1<>/dev/null", "exec \"$@\" <&-", "exec \"$@\" 2>&-"];
    for (number, start) in (1..).zip(starts) {
        stage.produce(&[Produced::value("1").partition(0)]);
        started_by(start, &stage.words(&[])).run().has_code(0);
        assert_eq!(stage.committed(), Some(number), "{start}");
    }
}
