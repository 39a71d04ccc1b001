//! `--jq`: what a program yields is printed; what happens to records on which it fails.

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::{Committed, Produced, unique_name};

const VALUES: [&str; 4] =
    [r#"{"id":1,"title":"Buy \"milk\"","price":1.50}"#, r#"{"id":2,"tags":["a","b"]}"#, "plain text", "[3]"];

fn filled() -> (Mock, String) {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 1);
    let records = VALUES.map(|value| Produced::value(value).key("k").partition(0));
    mock.produce(&topic, &records);
    (mock, topic)
}

fn consume(mock: &Mock, topic: &str, arguments: &[&str]) -> Kcons {
    Kcons::new(["consume", topic, "--brokers", &mock.brokers(), "-e"])
        .args(["-X", "partition.assignment.strategy=cooperative-sticky"])
        .args(arguments)
}

#[test]
fn what_a_program_yields_is_printed() {
    let (mock, topic) = filled();
    for (arguments, expected) in [
        (&["--jq", ".value.title? // .key"][..], "\"Buy \\\"milk\\\"\"\n\"k\"\n\"k\"\n\"k\"\n"),
        (&["--jq", ".value.title? // .key", "--raw-output"], "Buy \"milk\"\nk\nk\nk\n"),
        (
            &["--jq", "{id: .value.id?, offset}", "-n", "2"],
            "{\"id\":1,\"offset\":0}\n{\"id\":2,\"offset\":1}\n",
        ),
        (&["--jq", ".value.tags?[]?, .value.price?", "-r"], "1.50\na\nb\nnull\n"),
        (&["--jq", ".value.tags? | map(ascii_upcase)?"], "[\"A\",\"B\"]\n"),
        (&["--jq", "[.offset]", "--filter", ".offset > 1"], "[2]\n[3]\n"),
        (&["--jq", ".offset", "-o", "json", "--grep", "milk"], "0\n"),
        (&["--jq", ".value", "--value-format", "hex", "--grep", "[3]"], "\"5b335d\"\n"),
        // A record for which a program yields nothing is left out, as by a filter.
        (&["--jq", "select(.offset % 2 == 1) | .offset", "--count", "1"], "1\n"),
        (&["--jq", "select(.value.tags?) | .offset, .offset", "--expect", "1"], "1\n1\n"),
        (&["--jq", "empty", "--expect", "0"], ""),
        (
            &["--jq", ".key, .offset", "--color", "always", "-n", "1"],
            "\u{1b}[32m\"k\"\u{1b}[0m\n\u{1b}[36m0\u{1b}[0m\n",
        ),
    ] {
        let outcome = consume(&mock, &topic, arguments).run();
        outcome.has_code(0).has_stdout(expected).has_stderr("");
    }
}

#[test]
fn a_record_on_which_the_program_fails_is_not_printed() {
    let (mock, topic) = filled();
    // The results before the failure are not printed, either.
    let program = ".offset, .value.id";
    let text = "`--jq` failed: cannot index \"plain text\" with \"id\"";
    let array = "`--jq` failed: cannot index [3] with \"id\"";
    let warnings = format!("warning: {topic} [0] @ 2: {text}\nwarning: {topic} [0] @ 3: {array}\n");
    let alone = consume(&mock, &topic, &["--jq", program]).run();
    alone.has_code(5).has_stdout("0\n1\n1\n2\n").has_stderr(&warnings);
    let skipping = consume(&mock, &topic, &["--jq", program, "--on-failure", "skip"]).run();
    skipping.has_code(0).has_stdout("0\n1\n1\n2\n").has_stderr(&warnings);
    let strict = consume(&mock, &topic, &["--jq", program, "--strict"]).run();
    strict.has_code(5).has_stdout("0\n1\n1\n2\n").has_stderr(&format!("error: {topic} [0] @ 2: {text}\n"));
}

#[test]
fn a_group_stops_uncommitted_at_a_record_on_which_the_program_fails() {
    let (mock, topic) = filled();
    for (options, code, said, stdout, committed) in [
        (&[][..], 5, "@ 2: `--jq` failed: ", "1\n2\n", 2),
        (&["--on-failure", "skip"], 0, "@ 3: `--jq` failed: ", "1\n2\n", 4),
    ] {
        let group = unique_name("group");
        let outcome = consume(&mock, &topic, &["--group", &group, "--jq", ".value.id"]).args(options).run();
        outcome.has_code(code).has_stdout(stdout).stderr_contains(said);
        assert_eq!(mock.committed(&group, &[&topic]), Committed::from([((topic.clone(), 0), committed)]));
    }
}

#[test]
fn what_cannot_be_decoded_is_told_beside_what_a_program_yields() {
    let (mock, topic) = filled();
    let options = ["--jq", ".value_encoding", "-r", "--value-format", "json"];
    let outcome = consume(&mock, &topic, &options).run();
    outcome.has_code(0).has_stdout("null\nnull\ntext\nnull\n");
    outcome.has_stderr(&format!("warning: {topic} [0] @ 2: value is not JSON: unexpected `p` at byte 1\n"));
    let strict = consume(&mock, &topic, &[&options[..], &["--strict"]].concat()).run();
    strict.has_code(5).has_stdout("null\nnull\n").stderr_contains("@ 2: value is not JSON");
}

#[test]
fn words_that_the_shell_took_from_an_expression_are_told_from_topics() {
    let (mock, topic) = filled();
    let outcome = consume(&mock, &topic, &["--jq", ".value.id", ".key"]).run();
    outcome
        .has_code(4)
        .has_stdout("")
        .has_stderr("error: topic `.key` does not exist\n  hint: put the expression of `--jq` in quotes\n");
    let outcome = consume(&mock, &topic, &["--filter", ".offset", "==", "1"]).run();
    outcome.has_code(2).has_stdout("").stderr_contains("quotes: `--filter '.offset == 1'`\n");
    consume(&mock, &topic, &["--filter", ".offset == 1", "--jq", ".offset"]).run().has_stdout("1\n");
}

#[test]
fn a_program_that_cannot_be_used_is_refused_before_anything_is_connected() {
    for (arguments, error) in [
        (
            &["--jq", ".value."][..],
            "error: invalid value `.value.` for `--jq`\n  caused by: it ends where a key is expected\n",
        ),
        (
            &["--jq", "test(\"(\")"],
            "error: invalid value `test(\"(\")` for `--jq`\n  caused by: regular expression `(`: unclosed group\n",
        ),
        (&["--filter", &"(".repeat(5000)], "\n  caused by: it is nested deeper than 3000 levels"),
        (&["--filter", &"not|".repeat(5000)], "\n  caused by: it is nested deeper than 3000 levels"),
        (
            &["--filter", ".value.id = 5"],
            "error: invalid value `.value.id = 5` for `--filter`\n  caused by: `=` assigns, and the result is true for \
             every record\n  hint: `==` compares\n",
        ),
        (&["--jq", ""], "error: `--jq` must not be empty\n"),
        (&["--jq", ".key", "-f", "%k"], "error: `--jq` cannot be used with `--format`\n"),
        (&["--jq", ".key", "-o", "raw"], "error: `--jq` cannot be used with `--output`\n"),
        (&["--jq", ".key", "--exec", "cat"], "error: `--jq` cannot be used with `--exec`\n"),
        (&["-r"], "error: `--raw-output` needs `--jq`\n"),
    ] {
        let outcome = Kcons::new(["consume", "t", "-b", "no-such-host.invalid:1"]).args(arguments).run();
        outcome.has_code(2).has_stdout("").stderr_contains(error);
    }
}
