//! What is said about words of other tools.

use super::{find, table::TABLE};
use crate::cli;
use crate::usage::tests::said;

#[test]
fn a_hint_names_only_options_that_exist() {
    let command = cli::command();
    let known: Vec<String> = std::iter::once(&command)
        .chain(command.get_subcommands())
        .chain(command.get_subcommands().flat_map(clap::Command::get_subcommands))
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
        .collect();
    let hints = TABLE.iter().map(|meant| meant.hint);
    for hint in hints.filter(|hint| !hint.contains("Kafka's own tool")) {
        for option in hint.split([' ', '`', ':']).filter(|word| word.starts_with("--")) {
            assert!(known.iter().any(|known| known == option), "{hint}");
        }
    }
}

#[test]
fn words_of_other_tools_get_what_is_meant_by_them() {
    for meant in TABLE {
        let behind = if meant.behind.is_empty() { &["", "consume", "topic list"] } else { meant.behind };
        for (typed, command) in meant.typed.iter().flat_map(|typed| behind.iter().map(move |it| (typed, it)))
        {
            let words = match typed.starts_with('-') {
                true => format!("{command} {typed} x"),
                false => format!("{command} {typed}"),
            };
            let (message, hint) = said(&words);
            assert!(
                message.starts_with("unexpected argument `-") || message.starts_with("unknown command"),
                "{words}: {message}"
            );
            assert_eq!(Some(hint.as_str()), find(typed, command), "{words}");
        }
    }
}

/// What people type, and a part of what they are told.
#[test]
fn people_are_told_what_they_mean() {
    for (words, part) in [
        ("tail t", "kcons consume TOPIC --from end"),
        ("cat t", "kcons consume TOPIC -e"),
        ("read t", "kcons consume TOPIC -e"),
        ("get topics", "`kcons topic list`"),
        ("ls", "`kcons topic list`"),
        ("list", "`kcons topic list`"),
        ("describe topic t", "`kcons topic describe TOPIC`"),
        ("watch g", "kcons lag GROUP --watch"),
        ("brokers", "kcons consume --print-config"),
        ("config", "kcons consume --print-config"),
        ("group ls", "kcons group list"),
        ("topic ls", "kcons topic list"),
        ("consume t --follow", "omit it"),
        ("consume t --limit 3", "`--count N`"),
        ("consume t --cnt 1", "`--count N`"),
        ("consume t --max-messages=3", "`--count N`"),
        ("consume t --since 1h", "`--from -1h`"),
        ("consume t --until now", "`--to POS`"),
        ("consume t --tail 5", "`--last 5`"),
        ("consume t --raw", "`--output raw`"),
        ("consume t --pretty", "`--output pretty`"),
        ("consume t --template x", "`--format TEMPLATE`"),
        ("consume t --search rent", "`--grep TEXT`"),
        ("consume t --where x", "`--filter EXPR`"),
        ("consume t --no-commit", "`--commit never`"),
        ("consume t --dry-run", "`--commit never`"),
        ("group reset g --dry-run", "without `--execute`"),
        ("consume t --no-color", "`--color never`"),
        ("lag --group g", "kcons lag GROUP"),
        ("lag -g g", "kcons lag GROUP"),
        ("lag -G g", "kcons lag GROUP"),
        ("lag g --since 1h", "kcons consume TOPIC --from -1h"),
        ("consume t --group-instance-id a", "`--instance-id ID`"),
        ("logs t", "kcons consume TOPIC -e"),
        ("group members g", "kcons group describe GROUP"),
        ("group describe --group g", "kcons group describe GROUP"),
        ("group describe --all-groups", "`kcons group list`"),
        ("lag g -t t", "`--topic TOPIC`"),
        ("group reset g -t t", "`--topic TOPIC`"),
        ("group list -g g", "kcons group describe GROUP"),
        ("lag g -w", "`--watch`"),
        ("group describe g -w", "kcons lag GROUP --watch"),
        ("lag --all-groups", "omit it"),
        ("topic list --include-internal", "`--all`"),
        ("topic describe -t t", "kcons topic describe TOPIC"),
        ("group reset g --from beginning", "`--to beginning`"),
        ("group delete g -f", "`--yes`"),
        ("lag g --json", "`--output json`"),
        ("consume --bootstrap-server a:1 t", "`--brokers HOST:PORT`"),
        ("consume --topic t", "kcons consume TOPIC"),
        ("consume t --from-beginning", "omit it"),
        ("consume t --consumer.config f", "`--config FILE`"),
        ("consume t --formatter-property print.key=true", "`--output json`"),
        ("consume t --partition 0", "`--partitions 0`"),
    ] {
        let (message, hint) = said(words);
        assert!(message.starts_with("unexpected argument `-") || message.starts_with("unknown command"));
        assert!(hint.contains(part), "{words}: {hint}");
    }
}

#[test]
fn an_option_without_its_value_is_told_what_it_takes() {
    for (words, option, part) in [
        ("consume t -f", "--format", "a run follows the topic without any option"),
        ("consume t --format", "--format", "a run follows the topic without any option"),
        ("demo -f", "--format", "`--follow` goes on until Ctrl-C"),
    ] {
        let (message, hint) = said(words);
        assert_eq!(message, format!("`{option}` needs a value"));
        assert!(hint.contains(part), "{words}: {hint}");
    }
}

#[test]
fn what_cannot_be_a_topic_is_not_offered_as_one() {
    for (words, expected) in [
        ("demo --filter .value.id == 5", "`kcons demo --help` lists all options"),
        ("topic list localhost:9092", "`kcons topic list --help` lists all options"),
        ("group reset g ==", "`kcons group reset --help` lists all options"),
        ("localhost:9092", "commands: consume, lag, group, topic, demo, completions, man"),
    ] {
        assert_eq!(said(words).1, expected, "{words}");
    }
}
