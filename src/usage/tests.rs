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
fn said(words: &str) -> (String, String) {
    let failure = refused(words);
    assert_eq!(failure.kind, crate::error::Kind::Usage);
    (failure.message, failure.hint.unwrap_or_default())
}

#[test]
fn help_and_version_are_no_errors() {
    for (words, part) in [("--help", "Usage: kcons"), ("consume -h", "--from"), ("--version", "kcons 0.")] {
        assert!(matches!(parsed(words), Ok(Invocation::Print(text)) if text.contains(part)), "{words}");
    }
    assert!(matches!(parsed("consume t -e"), Ok(Invocation::Run(_))));
}

#[test]
fn a_missing_command_lists_all_of_them() {
    for words in ["", "-v", "-b localhost"] {
        let expected = (
            "a command is missing".to_owned(),
            "commands: consume, lag, group, topic, demo, completions, man".to_owned(),
        );
        assert_eq!(said(words), expected);
    }
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
    assert!(said("help").1.contains("`kcons --help`"));
}

#[test]
fn an_option_in_front_of_its_command_is_told_its_place() {
    for (words, hint) in [
        ("--group g consume t", "it stands behind the command: kcons consume --group"),
        ("-e consume t", "it stands behind the command: kcons consume -e"),
        ("--follow demo", "it stands behind the command: kcons demo --follow"),
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
            "it is one of auto, manual, batch=N, never",
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
        (
            "consume t --offset-reset x",
            "invalid value `x` for `--offset-reset`",
            "valid: earliest, latest, none",
        ),
        ("completions foo", "invalid value `foo` for `SHELL`", "valid: bash, elvish, fish, powershell, zsh"),
        ("consume t -o", "`--output` needs a value", "valid: auto, pretty, line, json, raw"),
    ] {
        assert_eq!(said(words), (message.to_owned(), hint.to_owned()));
    }
}

#[test]
fn what_does_not_belong_together_is_named() {
    for (words, message) in [
        ("consume t -e --to 5", "`--exit` cannot be used with `--to`"),
        ("consume t -q -v", "`--quiet` cannot be used with `--verbose`"),
        ("consume t -o json --json", "`--output` cannot be used with `--json`"),
        ("demo --serve --follow", "`--serve` cannot be used with `--follow`"),
        ("consume t -g a -g b", "`--group` is given twice"),
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
    for letter in ["C", "G", "t", "J", "c", "u", "s", "K", "f", "L", "P", "Q"] {
        for words in [format!("-{letter} x"), format!("consume -{letter}x"), format!("demo -{letter}")] {
            let (message, hint) = said(&words);
            assert_eq!(message, format!("unexpected argument `-{letter}`"), "{words}");
            assert_eq!(Some(hint.as_str()), kcat_option(&format!("-{letter}")), "{words}");
        }
    }
    assert_eq!(said("-b localhost -Ct t -J").1, "to consume is a command: kcons consume TOPIC");
}

#[test]
fn offsets_of_kcat_get_a_hint_to_where_positions_go() {
    for (offset, hint) in [
        ("beginning", "where to start is `--from beginning`"),
        ("end", "where to start is `--from end`"),
        ("17", "where to start is `--from 17`"),
        ("-5", "where to start is `--from -5`"),
        ("s@1763888400000", "where to start is `--from @1763888400000`"),
        ("e@1763888400000", "where to stop is `--to @1763888400000`"),
        ("stored", "with `--group NAME` a run starts where the group has committed"),
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
fn a_hint_names_only_options_that_exist() {
    let command = cli::command();
    let known: Vec<String> = std::iter::once(&command)
        .chain(command.get_subcommands())
        .chain(command.get_subcommands().flat_map(clap::Command::get_subcommands))
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
        .collect();
    let hints = ('A'..='z').filter_map(|letter| kcat_option(&format!("-{letter}")));
    let hints = hints.chain(other_tools::OPTIONS.iter().chain(other_tools::COMMANDS).map(|meant| meant.hint));
    for hint in hints.filter(|hint| !hint.contains("Kafka's own tool")) {
        for option in hint.split([' ', '`', ':']).filter(|word| word.starts_with("--")) {
            assert!(known.iter().any(|known| known == option), "{hint}");
        }
    }
}

#[test]
fn words_of_other_tools_get_what_is_meant_by_them() {
    for table in [other_tools::OPTIONS, other_tools::COMMANDS] {
        for meant in table {
            let behind = if meant.behind.is_empty() { &["consume"] } else { meant.behind };
            for (typed, command) in
                meant.typed.iter().flat_map(|typed| behind.iter().map(move |it| (typed, it)))
            {
                let words = match typed.starts_with('-') {
                    true => format!("{command} {typed} x"),
                    false => (*typed).to_owned(),
                };
                let (message, hint) = said(&words);
                assert!(
                    message.starts_with("unexpected argument `-") || message.starts_with("unknown command")
                );
                let first = other_tools::find(table, typed, command);
                assert_eq!(Some(hint.as_str()), first, "{words}");
            }
        }
    }
    for (words, part) in [
        ("consume --bootstrap-server a:1 t", "`--brokers HOST:PORT`"),
        ("consume --topic t", "kcons consume TOPIC"),
        ("consume t --from-beginning", "leave it out"),
        ("consume t --max-messages=3", "`--count N`"),
        ("consume t --consumer.config f", "`--config FILE`"),
        ("consume t --formatter-property print.key=true", "`--output json`"),
        ("lag --group x", "kcons lag GROUP"),
        ("group describe --all-groups", "`kcons group list`"),
        ("consume t --partition 0", "`--partitions 0`"),
    ] {
        let (message, hint) = said(words);
        assert!(message.starts_with("unexpected argument `--"), "{message}");
        assert!(hint.contains(part), "{words}: {hint}");
    }
}

#[test]
fn a_name_that_only_looks_alike_is_not_offered() {
    for words in [
        "consume t --limit 3",
        "consume t --cnt 1",
        "consume t --frobnicate",
        "lag g --from end",
        "topic list --group g",
    ] {
        assert_eq!(said(words).1, "`kcons COMMAND --help` lists all options", "{words}");
    }
    assert_eq!(said("consume t --offset-reset newst").1, "valid: earliest, latest, none");
}

#[test]
fn plurals_of_commands_are_told_the_command() {
    assert_eq!(said("groups").1, "groups are listed by `kcons group list`");
    assert_eq!(said("topics").1, "topics are listed by `kcons topic list`");
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
