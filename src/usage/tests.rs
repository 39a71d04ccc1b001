//! What is said about command lines that are wrong.

use super::*;

fn split(words: &str) -> Vec<OsString> {
    std::iter::once("kcons").chain(words.split_whitespace()).map(OsString::from).collect()
}

fn parsed(words: &str) -> Result<Invocation, Failure> {
    parse(&split(words))
}

fn refused(words: &str) -> Failure {
    match parsed(words) {
        Err(failure) => failure,
        Ok(request) => panic!("{words}: {request:?}"),
    }
}

/// Message and hint.
pub fn said(words: &str) -> (String, String) {
    let failure = refused(words);
    assert_eq!(failure.kind, crate::error::Kind::Usage);
    (failure.message, failure.hint.unwrap_or_default())
}

#[test]
fn help_and_version_are_no_errors() {
    for (words, part) in [("--help", "Usage: kcons"), ("consume -h", "--from"), ("--version", "kcons 0.")] {
        assert!(
            matches!(parsed(words), Ok(Invocation::Print(text)) if text.to_string().contains(part)),
            "{words}"
        );
    }
    assert!(matches!(parsed("consume t -e"), Ok(Invocation::Run(_))));
}

#[test]
fn nothing_typed_shows_the_short_help() {
    assert!(matches!(parsed(""), Ok(Invocation::Nothing(text)) if text.to_string().contains("Usage: kcons")));
}

#[test]
fn a_missing_command_lists_all_of_them() {
    for words in ["-v", "-b localhost"] {
        let expected = (
            "a command is missing".to_owned(),
            "commands: consume, lag, group, topic, demo, completions, man".to_owned(),
        );
        assert_eq!(said(words), expected);
    }
}

#[test]
fn help_and_version_are_commands_too() {
    for (words, other) in [
        ("help", "--help"),
        ("help consume", "consume --help"),
        ("help group reset", "group reset --help"),
        ("group help reset", "group reset --help"),
        ("version", "--version"),
    ] {
        let text = |words| match parsed(words) {
            Ok(Invocation::Print(text)) => text.to_string(),
            other => panic!("{words}: {other:?}"),
        };
        assert_eq!(text(words), text(other), "{words}");
    }
    assert_eq!(said("help consum").1, "did you mean `consume`?");
}

#[test]
fn of_an_option_given_twice_the_last_one_counts() {
    let run = |words: &str| match parsed(words) {
        Ok(Invocation::Run(arguments)) => arguments,
        other => panic!("{words}: {other:?}"),
    };
    let connection = |words: &str| run(words).connection;
    for words in ["consume t -b a -b b", "-b a consume t -b b", "-b a -b b consume t", "-b a lag -b b g"] {
        assert_eq!(connection(words).brokers.as_deref(), Some("b"), "{words}");
    }
    assert_eq!(connection("-X a=1 consume -X b=2 t -X a=3").properties, ["a=1", "b=2", "a=3"]);
    for (words, quiet, verbose) in [
        ("consume t -q -v", false, 1),
        ("-q consume t -vv", false, 2),
        ("consume t -vv -q", true, 0),
        ("-v -q consume t -v", false, 1),
        ("-v group -v list -v", false, 3),
        ("lag g -q -q", true, 0),
    ] {
        let typed = connection(words);
        assert_eq!((typed.quiet, typed.verbose), (quiet, verbose), "{words}");
    }
    let reading = |words: &str| match run(words).command {
        cli::Command::Consume(consume) => consume.reading,
        other => panic!("{other:?}"),
    };
    for (words, json, output) in [
        ("consume t --json -o raw", false, Some(cli::OutputFormat::Raw)),
        ("consume t -o raw --json", true, None),
        ("consume t -o raw -o line", false, Some(cli::OutputFormat::Line)),
    ] {
        let typed = reading(words);
        assert_eq!((typed.json, typed.output), (json, output), "{words}");
    }
    assert_eq!(reading("consume t -g a -g b").group.as_deref(), Some("b"));
    assert_eq!(reading("consume t -e -e -n 1 -n 2").count, Some(2));
    assert_eq!(reading("consume t --from 1 --from -2").from.as_deref(), Some("-2"));
    assert_eq!(reading("consume t --exec a --exec b").handler.exec.as_deref(), Some("b"));
}

#[test]
fn near_names_are_offered_for_commands_options_and_values() {
    for (words, message, hint) in [
        ("consum t", "unknown command `consum`", "did you mean `consume`?"),
        ("consume t --grup g", "unexpected argument `--grup`", "did you mean `--group`?"),
        (
            "consume t -o jsn",
            "invalid value `jsn` for `--output`",
            "did you mean `json`? valid: auto, pretty, line, json, raw",
        ),
    ] {
        assert_eq!(said(words), (message.to_owned(), hint.to_owned()));
    }
}

#[test]
fn a_topic_in_the_place_of_a_command_is_told_its_place() {
    let (message, hint) = said("task-created");
    assert_eq!(message, "unknown command `task-created`");
    assert!(hint.starts_with("to read the topic: kcons consume task-created;"), "{hint}");
}

#[test]
fn an_option_in_front_of_its_command_is_told_its_place() {
    for (words, hint) in [
        ("--group g consume t", "it is an option of `kcons consume` and `kcons demo`"),
        ("-e consume t", "it is an option of `kcons consume` and `kcons demo`"),
        ("--watch lag g", "it is an option of `kcons lag`"),
        ("--execute group reset", "it is an option of `kcons group reset`"),
    ] {
        assert_eq!(said(words).1, hint);
    }
}

#[test]
fn a_bad_value_names_the_option_and_what_is_valid() {
    for (words, message, cause) in [
        ("consume t -n abc", "invalid value `abc` for `--count`", "it must be a whole number of at least 1"),
        ("consume t -n -1", "invalid value `-1` for `--count`", "it must be a whole number of at least 1"),
        (
            "consume t --duration 5",
            "invalid value `5` for `--duration`",
            "a duration is a number and a unit, or several: 500ms, 30s, 5m, 2h, 1d, 1w, 1h30m",
        ),
        (
            "consume t --commit x",
            "invalid value `x` for `--commit`",
            "expected auto, manual, batch=N (as in batch=100) or never",
        ),
    ] {
        let failure = refused(words);
        assert_eq!(
            (failure.message.as_str(), failure.causes.as_slice()),
            (message, [cause.to_owned()].as_slice())
        );
    }
    for (words, message, hint) in [
        ("consume t --log xml", "invalid value `xml` for `--log`", "valid: text, json"),
        ("completions foo", "invalid value `foo` for `SHELL`", "valid: bash, elvish, fish, powershell, zsh"),
        ("consume t -o", "`--output` needs a value", "valid: auto, pretty, line, json, raw"),
    ] {
        assert_eq!(said(words), (message.to_owned(), hint.to_owned()));
    }
}

#[test]
fn what_does_not_belong_together_is_named() {
    for (words, message) in [
        ("demo --serve --follow", "`--serve` cannot be used with `--follow`"),
        ("consume t --exit=5", "`--exit` takes no value"),
        ("consume t -n", "`--count` needs a value"),
        ("-b", "`--brokers` needs a value"),
        ("completions", "`SHELL` is missing"),
        ("man foo", "unexpected argument `foo`"),
        ("consume t --x", "unexpected argument `--x`"),
    ] {
        assert_eq!(said(words).0, message, "{words}");
    }
}

#[test]
fn options_of_kcat_get_what_replaces_them() {
    for letter in ["C", "G", "t", "J", "c", "u", "s", "K", "L", "P", "Q"] {
        for (words, command) in [
            (format!("-{letter} x"), ""),
            (format!("consume -{letter}x"), "consume"),
            (format!("demo -{letter}"), "demo"),
        ] {
            let (message, hint) = said(&words);
            assert_eq!(message, format!("unexpected argument `-{letter}`"), "{words}");
            assert_eq!(Some(hint.as_str()), other_tools::find(&format!("-{letter}"), command), "{words}");
        }
    }
    assert_eq!(said("-b localhost -Ct t -J").1, "use the command: kcons consume TOPIC");
}

#[test]
fn offsets_of_kcat_get_a_hint_to_where_positions_go() {
    for (offset, hint) in [
        ("beginning", "use `--from beginning` to start there"),
        ("end", "use `--from end` to start there"),
        ("17", "use `--from 17` to start there"),
        ("-5", "use `--from -5` to start there"),
        ("s@1763888400000", "use `--from @1763888400000` to start there"),
        ("e@1763888400000", "use `--to @1763888400000` to stop there"),
        ("stored", "with `--group NAME` a run starts at the group's committed offsets"),
    ] {
        assert_eq!(said(&format!("consume t -o {offset}")).1, hint);
        assert_eq!(said(&format!("consume t -o{offset}")).1, hint);
    }
}

#[test]
fn a_time_of_kcat_that_would_be_refused_is_no_hint() {
    assert!(said("consume t -o s@1000").1.starts_with("valid: "));
}

#[test]
fn a_name_that_only_looks_alike_is_not_offered() {
    for words in
        ["consume t --frobnicate", "consume t --lim 3", "consume t --instant", "topic list --group g"]
    {
        let command: Vec<&str> =
            words.split(' ').take_while(|word| !["t", "--group"].contains(word)).collect();
        let hint = format!("`kcons {} --help` lists all options", command.join(" "));
        assert_eq!(said(words).1, hint, "{words}");
    }
}

#[test]
fn a_hint_names_the_command_that_was_typed() {
    for (words, hint) in [
        ("group reset g --frobnicate", "`kcons group reset --help` lists all options"),
        ("completions bash zsh", "`kcons completions --help` lists all options"),
        ("completions", "valid: bash, elvish, fish, powershell, zsh"),
        ("--frobnicate", "commands: consume, lag, group, topic, demo, completions, man"),
        // A name behind a command that takes none, or one only.
        ("group reset g t --to end", "a topic goes behind its option: `--topic t`"),
        ("group describe g h", "one group at a time: kcons group describe h"),
    ] {
        assert_eq!(said(words).1, hint, "{words}");
    }
}

#[test]
fn who_asks_for_help_has_named_no_topic() {
    let commands = "commands: consume, lag, group, topic, demo, completions, man";
    for (words, hint) in [
        ("help nosuch", commands),
        ("nosuch --help", commands),
        ("help grup", "did you mean `group`?"),
        ("help group zzz", "commands: group list, group describe, group reset, group delete"),
    ] {
        assert_eq!(said(words).1, hint, "{words}");
    }
}

#[test]
fn a_name_behind_a_list_is_told_what_shows_one() {
    assert_eq!(said("group list g").1, "to see one group: kcons group describe g");
    assert_eq!(said("topic list t").1, "to see one topic: kcons topic describe t");
}

#[test]
fn version_and_help_take_no_other_words() {
    for (words, stray) in
        [("version foo", "foo"), ("help consume extra", "extra"), ("group help reset g", "g")]
    {
        assert_eq!(said(words).0, format!("unexpected argument `{stray}`"), "{words}");
    }
    assert_eq!(said("help group zzz").0, "unknown command `zzz`");
    assert_eq!(said("help consume --foo").0, "unexpected argument `--foo`");
}

#[test]
fn plurals_of_commands_are_told_the_command() {
    assert_eq!(said("groups").1, "use the command: kcons group list");
    assert_eq!(said("topics").1, "use the command: kcons topic list");
}

#[test]
fn a_family_of_commands_names_its_own() {
    let commands = "commands: group list, group describe, group reset, group delete";
    assert_eq!(said("group"), ("a command is missing".to_owned(), commands.to_owned()));
    assert_eq!(said("group zzz"), ("unknown command `zzz`".to_owned(), commands.to_owned()));
    assert_eq!(said("group lst").1, "did you mean `list`?");
    assert_eq!(said("topic zzz").1, "commands: topic list, topic describe");
}

#[test]
fn a_topic_behind_demo_is_told_its_command() {
    assert_eq!(said("demo t").1, "the demo brings its own topic; to read one: kcons consume t");
    for words in ["demo sasl.password=s3cret", "demo u:s3cret@h", "group describe g redis://:s3cret@h"] {
        let (message, hint) = said(words);
        assert!(!format!("{message} {hint}").contains("s3cret"), "{message} {hint}");
    }
}

#[test]
fn how_errors_are_printed_is_read_from_words_that_are_wrong() {
    for (words, expected) in [
        ("consume --color always --nonsense", ColorChoice::Always),
        ("--color=never consume --nonsense", ColorChoice::Never),
        ("--color always consume --color never -n", ColorChoice::Never),
        ("consume --color", ColorChoice::Auto),
        ("consume --color pink", ColorChoice::Auto),
        ("consume --colors always", ColorChoice::Auto),
        ("consume t -- --color always", ColorChoice::Auto),
    ] {
        assert_eq!(error_style(&split(words)).color, expected, "{words}");
    }
    for (words, expected) in [
        ("consume --log json --nonsense", LogFormat::Json),
        ("consume --nonsense --log=json", LogFormat::Json),
        ("--log json consume --log text -n", LogFormat::Text),
        ("consume --log", LogFormat::Text),
        ("consume t -- --log json", LogFormat::Text),
    ] {
        assert_eq!(error_style(&split(words)).log, expected, "{words}");
    }
}
