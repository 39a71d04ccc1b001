//! Examples that break each rule, once for each of its options. The tests of `settings::profile` use them too.

use super::*;
use crate::cli::Arguments;
use crate::settings::testing::TestWorld;
use clap::{CommandFactory, Parser, ValueEnum};
use std::collections::BTreeSet;

/// A command line, and an option that breaks a rule there.
pub struct Example {
    /// A command line without `kcons` that breaks no rule.
    pub line: &'static str,
    /// The option to add, as it is typed.
    pub option: &'static str,
    pub message: &'static str,
    /// What happens if a profile holds the option.
    pub profile: ProfileOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileOutcome {
    /// The option is left out.
    LeftOut,
    Refused,
    /// The example does not apply: no profile has the option, or it is a property there.
    Nothing,
}

use ProfileOutcome::{LeftOut, Nothing, Refused};

const fn example(
    line: &'static str,
    option: &'static str,
    message: &'static str,
    profile: ProfileOutcome,
) -> Example {
    Example { line, option, message, profile }
}

#[rustfmt::skip]
pub const EXAMPLES: &[Example] = &[
    example("demo", "--brokers x:1", "`--brokers` cannot be used with `kcons demo`", Nothing),
    example("demo --serve", "--metrics :0", "`--metrics` cannot be used with `--serve`", LeftOut),
    example("demo --serve", "-X client.id=x", "`--property` cannot be used with `--serve`", Nothing),
    example("demo --follow", "--exit", "`--exit` cannot be used with `--follow`", LeftOut),
    example("demo --follow", "--to 5", "`--to` cannot be used with `--follow`", LeftOut),
    example("demo --follow", "--last 5", "`--last` cannot be used with `--follow`", LeftOut),
    example("demo --follow", "--merge", "`--merge` needs `--exit`, `--to` or `--last`", LeftOut),
    example("demo", "--instance-id i", "`--instance-id` cannot be used with `kcons demo`", LeftOut),
    example("demo", "-X group.instance.id=i", "`-X group.instance.id` cannot be used with `kcons demo`", Nothing),
    example("demo", "--read-uncommitted", "`--read-uncommitted` cannot be used with `kcons demo`", Nothing),
    example("consume t -g g", "--from 5", "`--from` cannot be used with `--group`", LeftOut),
    example("consume t -X group.id=g", "--from 5", "`--from` cannot be used with `--group`", LeftOut),
    example("consume t -g g", "--last 5", "`--last` cannot be used with `--group`", LeftOut),
    example("consume t --last 5", "--from 5", "`--from` cannot be used with `--last`", LeftOut),
    example("consume t --last 5", "--to 5", "`--to` cannot be used with `--last`", LeftOut),
    example("consume t --from 5", "--last 5", "`--from` cannot be used with `--last`", LeftOut),
    example("consume t -g g --exit", "--merge", "`--merge` cannot be used with `--group`", LeftOut),
    example("consume t", "--merge", "`--merge` needs `--exit`, `--to` or `--last`", LeftOut),
    example("consume t -g g", "--partitions 0", "`--partitions` cannot be used with `--group`", LeftOut),
    example("consume t", "--offset-reset latest", "`--offset-reset` needs `--group`", Nothing),
    example("consume t", "-X auto.offset.reset=latest", "`-X auto.offset.reset` needs `--group`", Nothing),
    example("consume t", "--commit manual", "`--commit` needs `--group`", LeftOut),
    example("demo --from 0", "--commit manual", "`--commit` needs `--group`", LeftOut),
    example("consume t", "--async-commit", "`--async-commit` needs `--group`", LeftOut),
    example("consume t", "--commit-interval 1s", "`--commit-interval` needs `--group`", Nothing),
    example("consume t", "--instance-id i", "`--instance-id` needs `--group`", LeftOut),
    example("consume t -g g", "--async-commit", "`--async-commit` needs `--commit manual` or `--commit batch=N`", LeftOut),
    example("consume t -g g --commit auto", "--async-commit", "`--async-commit` cannot be used with `--commit auto`", LeftOut),
    example("consume t -g g --commit never", "--async-commit", "`--async-commit` cannot be used with `--commit never`", LeftOut),
    example("consume t -g g -X enable.auto.commit=false", "--async-commit", "`--async-commit` cannot be used with `--commit never`", LeftOut),
    example("consume t -g g -X enable.auto.commit=true -X enable.auto.commit=false", "--async-commit", "`--async-commit` cannot be used with `--commit never`", LeftOut),
    example("consume t -g g --commit manual", "--commit-interval 1s", "`--commit-interval` needs `--commit auto`", Nothing),
    example("consume t --log json", "--progress always", "`--progress always` cannot be used with `--log json`", LeftOut),
    example("consume t --quiet", "--progress always", "`--progress always` cannot be used with `--quiet`", LeftOut),
    example("consume t --exec a", "-- b", "`-- CMD` cannot be used with `--exec`", Nothing),
    example("consume t --worker a", "-- b", "`-- CMD` cannot be used with `--worker`", Nothing),
    example("consume t --worker a", "--exec b", "`--exec` cannot be used with `--worker`", LeftOut),
    example("consume t --forward a", "-- b", "`-- CMD` cannot be used with `--forward`", Nothing),
    example("consume t --forward a", "--exec b", "`--exec` cannot be used with `--forward`", LeftOut),
    example("consume t --forward a", "--worker b", "`--worker` cannot be used with `--forward`", LeftOut),
    example("consume t --worker a", "--forward b", "`--worker` cannot be used with `--forward`", LeftOut),
    example("consume t", "--stdin json", "`--stdin` needs a handler", LeftOut),
    example("consume t", "--parallel 2", "`--parallel` needs a handler", LeftOut),
    example("consume t", "--order none", "`--order` needs a handler", LeftOut),
    example("consume t", "--in-flight 2", "`--in-flight` needs a handler", LeftOut),
    example("consume t", "--rate 2", "`--rate` needs a handler", LeftOut),
    example("consume t", "--timeout 2s", "`--timeout` needs a handler", LeftOut),
    example("consume t", "--retries 2", "`--retries` needs a handler", LeftOut),
    example("consume t", "--backoff 1s..2s", "`--backoff` needs a handler", LeftOut),
    example("consume t", "--dead-letter d", "`--dead-letter` needs a handler", LeftOut),
    example("consume t", "--failure-limit 2", "`--failure-limit` needs a handler", LeftOut),
    example("consume t", "--dedup .id", "`--dedup` needs a handler", LeftOut),
    example("consume t", "--dedup-store f", "`--dedup-store` needs a handler", LeftOut),
    example("consume t", "--dedup-ttl 1d", "`--dedup-ttl` needs a handler", LeftOut),
    example("consume t --exec a", "--output raw", "`--output` cannot be used with `--exec`", LeftOut),
    example("consume t --output raw", "--exec a", "`--output` cannot be used with `--exec`", LeftOut),
    example("consume t --worker a", "--json", "`--json` cannot be used with `--worker`", LeftOut),
    example("consume t --forward a", "--delimiter x", "`--delimiter` cannot be used with `--forward`", LeftOut),
    example("consume t --exec a", "--format x", "`--format` cannot be used with `--exec`", LeftOut),
    example("consume t --format x", "--exec a", "`--format` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--jq .key", "`--jq` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--raw-output", "`--raw-output` cannot be used with `--exec`", LeftOut),
    example("consume t --worker a", "--null x", "`--null` cannot be used with `--worker`", LeftOut),
    example("consume t --exec a", "--label x", "`--label` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--title-field x", "`--title-field` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--in-flight 2", "`--in-flight` cannot be used with `--exec`", LeftOut),
    example("consume t --worker a", "--stdin json", "`--stdin` cannot be used with `--worker`", LeftOut),
    example("consume t --forward a", "--stdin json", "`--stdin` cannot be used with `--forward`", LeftOut),
    example("consume t --worker a --retries 0", "--backoff 1s..2s", "`--backoff` cannot be used with `--retries 0`", LeftOut),
    example("consume t --exec a", "--value-format hex", "`--value-format` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--key-format hex", "`--key-format` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--header-format hex", "`--header-format` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--avro-schema f", "`--avro-schema` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--proto f", "`--proto` cannot be used with `--exec`", LeftOut),
    example("consume t --exec a", "--strict", "`--strict` cannot be used with `--exec`", LeftOut),
    example("consume t --forward a", "--value-format hex", "`--value-format` cannot be used with `--forward`", LeftOut),
    example("consume t --forward a", "--key-format hex", "`--key-format` cannot be used with `--forward`", LeftOut),
    example("consume t --forward a", "--header-format hex", "`--header-format` cannot be used with `--forward`", LeftOut),
    example("consume t --forward a", "--avro-schema f", "`--avro-schema` cannot be used with `--forward`", LeftOut),
    example("consume t --forward a", "--proto f", "`--proto` cannot be used with `--forward`", LeftOut),
    example("consume t --forward a", "--strict", "`--strict` cannot be used with `--forward`", LeftOut),
    example("consume t --forward a --in-flight 2", "--parallel 2", "`--parallel` cannot be used with `--in-flight` and `--forward`", LeftOut),
    example("consume t --forward a --parallel 2", "--in-flight 2", "`--parallel` cannot be used with `--in-flight` and `--forward`", LeftOut),
    example("consume t --filter .a", "--on-failure dead-letter", "`--on-failure dead-letter` needs a handler", LeftOut),
    example("consume t", "--on-failure skip", "`--on-failure` needs a handler, `--filter` or `--jq`", LeftOut),
    example("consume t --filter .a --strict", "--on-failure skip", "`--on-failure skip` cannot be used with `--strict`", LeftOut),
    example("consume t --filter .a --on-failure skip", "--strict", "`--on-failure skip` cannot be used with `--strict`", LeftOut),
    example("consume t --exec a --on-failure stop", "--dead-letter d", "`--dead-letter` cannot be used with `--on-failure stop`", LeftOut),
    example("consume t --exec a --on-failure skip", "--dead-letter d", "`--dead-letter` cannot be used with `--on-failure skip`", LeftOut),
    example("consume t --exec a --dead-letter d", "--on-failure skip", "`--dead-letter` cannot be used with `--on-failure skip`", LeftOut),
    example("consume t --exec a", "--on-failure dead-letter", "`--on-failure dead-letter` needs `--dead-letter TOPIC`", Refused),
    example("consume t --exec a", "--dedup-store f", "`--dedup-store` needs `--dedup`", LeftOut),
    example("consume t --exec a", "--dedup-ttl 1d", "`--dedup-ttl` needs `--dedup`", LeftOut),
    example("consume t --exec a", "--dedup .id", "`--dedup` without `--group` needs `--dedup-store`", Refused),
    example("consume t -o pretty", "--format x", "`--format` cannot be used with `--output`", LeftOut),
    example("consume t --format x", "--output raw", "`--format` cannot be used with `--output`", LeftOut),
    example("consume t --json", "--format x", "`--format` cannot be used with `--json`", LeftOut),
    example("demo -f x", "--json", "`--format` cannot be used with `--json`", LeftOut),
    example("consume t -f x", "--jq .key", "`--jq` cannot be used with `--format`", LeftOut),
    example("consume t --jq .key", "--format x", "`--jq` cannot be used with `--format`", LeftOut),
    example("consume t -o raw", "--jq .key", "`--jq` cannot be used with `--output`", LeftOut),
    example("consume t --jq .key", "--output pretty", "`--jq` cannot be used with `--output`", LeftOut),
    example("consume t", "--raw-output", "`--raw-output` needs `--jq`", LeftOut),
    example("consume t", "--null x", "`--null` needs `--format`", LeftOut),
    example("consume t -f x", "--delimiter x", "`--delimiter` cannot be used with `--format`", LeftOut),
    example("consume t", "--delimiter x", "`--delimiter` needs `--output raw`", LeftOut),
    example("consume t", "--label x", "`--label` needs `--output pretty`", LeftOut),
    example("consume t -f x", "--label x", "`--label` needs `--output pretty`", LeftOut),
    example("consume t -o raw", "--title-field x", "`--title-field` needs `--output pretty`", LeftOut),
    example("consume t -o raw", "--value-format hex", "`--value-format` cannot be used with `--output raw`", LeftOut),
    example("consume t -o raw", "--key-format hex", "`--key-format` cannot be used with `--output raw`", LeftOut),
    example("consume t -o raw", "--header-format hex", "`--header-format` cannot be used with `--output raw`", LeftOut),
    example("consume t -o raw", "--avro-schema f", "`--avro-schema` cannot be used with `--output raw`", LeftOut),
    example("consume t -o raw", "--proto f", "`--proto` cannot be used with `--output raw`", LeftOut),
    example("consume t -o raw", "--strict", "`--strict` cannot be used with `--output raw`", LeftOut),
    example("consume t -f %{key:json}", "--value-format hex", "`--value-format` needs `%{value:json}` in `--format`", LeftOut),
    example("consume t -f %{value:json}", "--key-format hex", "`--key-format` needs `%{key:json}` in `--format`", LeftOut),
    example("consume t -o pretty", "--header-format hex", "`--header-format` needs `--output json`", LeftOut),
    example("consume t -o line", "--header-format a=hex", "`--header-format` needs `--output json`", LeftOut),
    example("consume t -f %h", "--header-format hex", "`--header-format` needs `--output json`", LeftOut),
    example("consume t -f %s", "--avro-schema f", "`--avro-schema` needs `%{value:json}` or `%{key:json}` in `--format`", LeftOut),
    example("consume t -f %s", "--proto f", "`--proto` needs `%{value:json}` or `%{key:json}` in `--format`", LeftOut),
    example("consume t --value-format hex", "--avro-schema f", "`--avro-schema` needs `--value-format avro`", LeftOut),
    example("consume t --value-format hex", "--proto f", "`--proto` needs `--value-format protobuf`", LeftOut),
    example("consume t --proto f", "--avro-schema f", "`--avro-schema` cannot be used with `--proto`", LeftOut),
    example("consume t", "--header-format a=avro", "`--header-format avro` needs `--avro-schema`", Refused),
    example("consume t", "--header-format protobuf", "`--header-format protobuf` needs `--proto`", Refused),
    example("consume t --value-format json --key-format hex", "--union-names", "`--union-names` needs `--value-format` or `--key-format` auto or avro", LeftOut),
    example("consume t --exec a", "--union-names", "`--union-names` cannot be used with `--exec`", LeftOut),
    example("consume t --forward a", "--union-names", "`--union-names` cannot be used with `--forward`", LeftOut),
    example("consume t -o raw", "--union-names", "`--union-names` cannot be used with `--output raw`", LeftOut),
    example("consume t -f %s", "--union-names", "`--union-names` needs `%{value:json}` or `%{key:json}` in `--format`", LeftOut),
    example("consume t", "--proto-message a", "`--proto-message` needs `--proto`", LeftOut),
    example("consume t", "--proto-path a", "`--proto-path` needs `--proto`", LeftOut),
    example("consume t --exec a", "--registry http://h", "`--registry` cannot be used with `--exec`", Nothing),
    example("consume t --exec a", "-X schema.registry.url=http://h", "`-X schema.registry.url` cannot be used with `--exec`", Nothing),
    example("consume t --forward a", "--registry http://h", "`--registry` cannot be used with `--forward`", Nothing),
    example("consume t -o raw", "--registry http://h", "`--registry` cannot be used with `--output raw`", Nothing),
    example("consume t -f %s", "--registry http://h", "`--registry` needs `%{value:json}` or `%{key:json}` in `--format`", Nothing),
    example("consume t --value-format json --key-format hex", "--registry http://h", "`--registry` needs `--value-format` or `--key-format` auto, avro or protobuf", Nothing),
    example("consume t --registry-token t", "--registry-user u:p", "`--registry-user` cannot be used with `--registry-token`", Nothing),
    example("consume t -f %s", "--strict", "`--strict` needs `%{value:json}` or `%{key:json}` in `--format`", LeftOut),
];

/// Parses a command line and calls `test` with its options.
fn with_given<T>(words: &str, test: impl FnOnce(&GivenOptions<'_>) -> T) -> T {
    let words = format!("kcons {words}");
    let arguments = Arguments::try_parse_from(words.split(' ')).expect("words that the declaration takes");
    let world = TestWorld::new(&[]);
    test(&GivenOptions::of(&arguments, world.surroundings().environment).expect("a run"))
}

#[test]
fn each_rule_is_told_when_it_is_broken() {
    for Example { line, option, message, .. } in EXAMPLES {
        assert_eq!(with_given(line, check), Ok(()), "{line}");
        let failure = with_given(&format!("{line} {option}"), check).expect_err(message);
        assert_eq!(failure.message, *message, "{line} {option}");
    }
}

#[test]
fn each_rule_has_an_example_for_each_of_its_options() {
    let mut broken = BTreeSet::new();
    for Example { line, option, .. } in EXAMPLES {
        with_given(&format!("{line} {option}"), |given| {
            let rules = RULES.iter().enumerate();
            broken.extend(rules.filter_map(|(index, rule)| Some((index, rule.broken_by(given)?))));
        });
    }
    for (index, rule) in RULES.iter().enumerate() {
        let options = match rule.options {
            Subject::These(options) => options,
            Subject::Any => &[Metrics],
        };
        for option in options {
            assert!(broken.contains(&(index, *option)), "rule {index} has no example with {option:?}");
        }
    }
}

#[test]
fn every_option_of_the_table_is_declared() {
    let commands = Arguments::command();
    let run = ["consume", "demo"].map(|name| commands.find_subcommand(name).expect("a command"));
    let declared: BTreeSet<String> = run
        .into_iter()
        .chain([&commands])
        .flat_map(clap::Command::get_arguments)
        .filter_map(|argument| argument.get_long().map(|long| format!("--{long}")))
        .collect();
    for option in OptionName::value_variants().iter().filter(|option| **option != Command) {
        assert!(declared.contains(&option.spelled()), "{}", option.spelled());
        assert_eq!(OptionName::find(option.spelled().trim_start_matches('-')), Some(*option));
    }
    assert_eq!(Command.spelled(), "-- CMD");
    // Options that the words of the table name.
    let words = RULES.iter().flat_map(|rule| {
        let other = match rule.other {
            Case(words, _) => words,
            Given(_) => "",
        };
        [other, rule.case.map_or("", |(words, _)| words), rule.hint.unwrap_or_default()]
    });
    for option in words.flat_map(|words| words.split(['`', ' '])).filter(|word| word.starts_with("--")) {
        assert!(option == "--" || declared.contains(option), "{option}");
    }
}

#[test]
fn options_that_go_together_break_no_rule() {
    for line in [
        "demo",
        "demo --from 0 --partitions 0",
        "demo --to 5 --commit batch=10 -g mine",
        "consume t -g g --commit batch=10 --async-commit --instance-id i --offset-reset latest",
        "consume t -g g -X enable.auto.commit=true --commit-interval 1s",
        "consume t --forward f --parallel 2",
        "consume t --exec a --retries 0 --backoff 1s..2s",
        "consume t --exec a --stdin json --strict",
        "consume t --exec a --filter .a --strict --on-failure skip",
        "consume t --forward a --dedup .id --dedup-store f --strict",
        "consume t -g g --worker a --dedup .id --dedup-ttl 1d --strict --in-flight 5",
        "consume t --exec a --dead-letter d --on-failure dead-letter",
        "consume t -o raw --filter .a --value-format hex -D x",
        "consume t -o pretty --label x --title-field x",
        "consume t -f %{value:json}%{key:json} -Z null --value-format hex --key-format hex --strict",
        "consume t -f %s --filter .a --value-format hex --strict",
        "consume t -f - -Z -",
        "consume t -o pretty -v --header-format hex --header-format a=i32",
        "consume t -o line --filter .a --header-format hex",
        "consume t --worker w --header-format hex",
        "consume t -o json --jq .key -r --filter .offset --on-failure skip --value-format hex",
        "consume t -o auto --jq .key --strict",
        "consume t --avro-schema f --union-names",
        "consume t --proto f --proto-message m --proto-path d --proto-path e",
        "consume t --avro-schema f --value-format json --key-format avro",
        "consume t --avro-schema f --proto f --value-format avro --header-format a=protobuf",
        "consume t --exec a --stdin json --proto f",
    ] {
        assert_eq!(with_given(line, check), Ok(()), "{line}");
    }
}
