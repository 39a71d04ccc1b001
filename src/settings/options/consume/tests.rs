//! What a command line of `consume` comes to, and what it is refused for.

use super::*;
use crate::choices::{CommitMode, CommitSettings, DataFormat, ExpectedCount, OffsetReset};
use crate::cli::{Arguments, Command};
use crate::jq;
use crate::settings::options::group::{GroupSettings, Standalone};
use crate::settings::testing::TestWorld;
use crate::settings::{Format, LineSettings, Screen, Template, TemplateSettings};
use clap::Parser;
use std::collections::BTreeSet;
use std::num::NonZeroU64;

/// Resolves `kcons consume` and these words, without terminals.
fn resolved(words: &str) -> Result<Consume, Failure> {
    resolved_with(words, |_| ())
}

fn resolved_with(words: &str, change: impl Fn(&mut Surroundings<'_>)) -> Result<Consume, Failure> {
    resolved_in(&TestWorld::new(&[]), words, change)
}

fn resolved_in(
    world: &TestWorld,
    words: &str,
    change: impl Fn(&mut Surroundings<'_>),
) -> Result<Consume, Failure> {
    let words = ["kcons", "consume"].into_iter().chain(words.split_whitespace());
    let arguments = Arguments::try_parse_from(words).expect("words that the declaration takes");
    let Command::Consume(consume) = arguments.command else { panic!("consume was typed") };
    let mut surroundings = world.surroundings();
    change(&mut surroundings);
    Consume::resolve(&consume, &arguments.connection, &surroundings)
}

fn refused(words: &str) -> Failure {
    resolved(words).expect_err(words)
}

fn group(words: &str) -> (GroupSettings, Connection) {
    match resolved(words) {
        Ok(Consume { mode: Mode::Group(group), connection, .. }) => (group, connection),
        other => panic!("{words}: {other:?}"),
    }
}

fn alone(words: &str) -> (Standalone, Connection) {
    match resolved(words) {
        Ok(Consume { mode: Mode::Standalone(standalone), connection, .. }) => (standalone, connection),
        other => panic!("{words}: {other:?}"),
    }
}

fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("client.properties");
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("text").to_owned();
    (folder, path)
}

#[test]
fn without_a_group_everything_is_read_from_the_beginning() {
    let consume = resolved("t").expect("valid");
    let expected = Standalone { from: Positions::All(Position::Beginning), partitions: None };
    assert_eq!(consume.mode, Mode::Standalone(expected));
    assert_eq!(consume.stops, StopConditions::default());
    assert_eq!(consume.shutdown_timeout, Duration::from_secs(25));
    assert_eq!(consume.connection.brokers, "localhost:9092");
    assert_eq!(consume.connection.property("enable.auto.commit"), Some("false"));
    assert_eq!(consume.output.format, Format::Json(Screen::default()));
    assert!(!consume.output.says_progress && !consume.read_uncommitted);
}

#[test]
fn a_group_commits_by_itself_every_five_seconds() {
    let (group, connection) = group("t --group g");
    let interval = Duration::from_secs(5);
    let expected = GroupSettings {
        name: "g".to_owned(),
        offset_reset: OffsetReset::Earliest,
        commits: CommitSettings { mode: CommitMode::Auto { interval }, is_async: false },
        instance_id: None,
    };
    assert_eq!(group, expected);
    assert_eq!(connection.property("group.id"), Some("g"));
    assert_eq!(connection.property("enable.auto.commit"), Some("true"));
}

#[test]
fn a_property_with_an_option_of_its_own_means_that_option() {
    let words =
        "t -X group.id=g -X auto.offset.reset=largest -X auto.commit.interval.ms=700 -X group.instance.id=i";
    let (group_of_properties, connection) = group(words);
    let options = "t --group g --offset-reset latest --commit-interval 700ms --instance-id i";
    assert_eq!(group_of_properties, group(options).0);
    assert_eq!(connection.property("auto.commit.interval.ms"), Some("700"));
    assert_eq!(connection.property("auto.offset.reset"), Some("error"));
    assert_eq!(group("t -g g -X enable.auto.commit=true").0.commits, group("t -g g").0.commits);
    let (never, connection) = group("t -g g -X enable.auto.commit=false");
    assert_eq!(never.commits.mode, CommitMode::Never);
    assert_eq!(connection.notes.len(), 1);
    assert!(resolved("t -X isolation.level=read_uncommitted").expect("valid").read_uncommitted);
    assert_eq!(group("t -g g -X auto.offset.reset=none").0.offset_reset, OffsetReset::None);
}

#[test]
fn an_option_and_a_property_with_two_values_are_both_named() {
    for (words, option, property) in [
        ("t -g a -X group.id=b", "--group a", "-X group.id=b"),
        (
            "t -g a --offset-reset latest -X auto.offset.reset=earliest",
            "--offset-reset latest",
            "-X auto.offset.reset",
        ),
        (
            "t -g a --commit manual -X enable.auto.commit=true",
            "--commit manual",
            "-X enable.auto.commit=true",
        ),
        ("t -g a --commit auto -X enable.auto.commit=false", "--commit auto", "-X enable.auto.commit=false"),
        (
            "t -g a --commit-interval 1s -X auto.commit.interval.ms=2",
            "--commit-interval 1000",
            "-X auto.commit",
        ),
        ("t -g a --instance-id i -X group.instance.id=j", "--instance-id i", "-X group.instance.id=j"),
        (
            "t --read-uncommitted -X isolation.level=read_committed",
            "--read-uncommitted",
            "-X isolation.level",
        ),
        ("t -b a -X bootstrap.servers=b", "--brokers a", "-X bootstrap.servers=b"),
    ] {
        let message = refused(words).message;
        assert!(message.contains(option) && message.contains(property), "{message}");
    }
    assert!(resolved("t -g a -X group.id=a --commit manual -X enable.auto.commit=false").is_ok());
    assert!(resolved("t -g a --offset-reset latest -X auto.offset.reset=end").is_ok());
}

#[test]
fn options_of_the_other_mode_are_refused() {
    for (words, option) in [
        ("t --offset-reset latest", "--offset-reset"),
        ("t -X auto.offset.reset=latest", "-X auto.offset.reset"),
        ("t --commit auto", "--commit"),
        ("t -X enable.auto.commit=true", "-X enable.auto.commit"),
        ("t --async-commit", "--async-commit"),
        ("t --commit-interval 1s", "--commit-interval"),
        ("t -X auto.commit.interval.ms=1", "-X auto.commit.interval.ms"),
        ("t --instance-id i", "--instance-id"),
        ("t -X group.instance.id=i", "-X group.instance.id"),
    ] {
        assert_eq!(refused(words).message, format!("`{option}` needs `--group`"));
    }
    let from = refused("t -g g --from end");
    assert_eq!(from.message, "`--from` cannot be used with `--group`");
    assert!(
        from.hint.is_some_and(|hint| hint.contains("`--offset-reset`") && hint.contains("kcons group reset"))
    );
    assert_eq!(refused("t -X group.id=g -p 0").message, "`--partitions` cannot be used with `--group`");
    assert!(refused("t -g g --to +5m").causes[0].contains("`--from`"));
}

#[test]
fn commit_options_that_do_not_belong_together_are_refused() {
    for (words, message) in [
        ("t -g g --async-commit", "`--async-commit` needs `--commit manual` or `--commit batch=N`"),
        ("t -g g --async-commit --commit never", "`--async-commit` cannot be used with `--commit never`"),
        ("t -g g --commit-interval 1s --commit manual", "`--commit-interval` needs `--commit auto`"),
        (
            "t -g g -X auto.commit.interval.ms=1 --commit never",
            "`-X auto.commit.interval.ms` needs `--commit auto`",
        ),
        ("t -g g --commit-interval 2d", "`--commit-interval` must be at most `1d`"),
        ("t -g g -X auto.commit.interval.ms=0", "invalid value `0` for property `auto.commit.interval.ms`"),
        ("t --group=", "the group's name must not be empty"),
        ("t -X group.id=", "the group's name must not be empty"),
        ("t -g g --instance-id=", "`--instance-id` must not be empty"),
    ] {
        assert_eq!(refused(words).message, message);
    }
    let (group, connection) = group("t -g g --commit batch=10 --async-commit");
    assert_eq!(
        group.commits,
        CommitSettings { mode: CommitMode::Batch(NonZeroU64::new(10).expect("ten")), is_async: true }
    );
    assert_eq!(connection.property("enable.auto.commit"), Some("false"));
}

#[test]
fn a_services_own_file_does_not_choose_the_mode() {
    let (_folder, path) = file(
        "group.id=service\nauto.offset.reset=latest\nenable.auto.commit=false\n\
         group.instance.id=pod-1\nauto.commit.interval.ms=100\n",
    );
    let (_, connection) = alone(&format!("t -F {path}"));
    assert_eq!(
        connection.notes,
        [format!(
            "ignoring `group.id`, `auto.offset.reset`, `enable.auto.commit` in `{path}`: \
             reading without a group, see `--group`"
        )]
    );
    assert_eq!(
        (connection.property("group.id"), connection.property("group.instance.id")),
        (Some("kcons"), None)
    );

    let (group, connection) = group(&format!("t -F {path} --group mine"));
    assert_eq!((group.name.as_str(), group.offset_reset), ("mine", OffsetReset::Latest));
    assert_eq!(group.commits.mode, CommitMode::Auto { interval: Duration::from_millis(100) });
    assert_eq!(group.instance_id, None);
    assert_eq!(connection.property("enable.auto.commit"), Some("true"));
    assert!(connection.notes[0].contains("`enable.auto.commit=false`"), "{:?}", connection.notes);
    assert!(connection.notes[1].contains("`group.instance.id`"), "{:?}", connection.notes);
}

#[test]
fn print_config_shows_what_was_typed() {
    let (_, connection) = group("t -g g --offset-reset none --commit manual --read-uncommitted");
    let shown = |name: &str| {
        let found = connection.effective.iter().find(|resolved| resolved.name == name);
        found.map(|resolved| format!("{} {}", &*resolved.value, resolved.origin))
    };
    for (name, expected) in [
        ("group.id", "g option"),
        ("auto.offset.reset", "none option"),
        ("enable.auto.commit", "false option"),
        ("isolation.level", "read_uncommitted option"),
        ("auto.commit.interval.ms", "5000 default"),
    ] {
        assert_eq!(shown(name).as_deref(), Some(expected), "{name}");
    }
    assert_eq!(resolved("--print-config").map(|consume| consume.topics.len()).ok(), Some(0));
}

#[test]
fn positions_and_stops_are_read() {
    let (standalone, _) = alone("t --from 0=5,1=end -p 0-2");
    assert_eq!(standalone.from.at(1), Some(Position::End));
    assert_eq!(standalone.partitions, Some(BTreeSet::from([0, 1, 2])));
    let stops = resolved("t -e -n 3 --expect 2.. --idle-timeout 1s --duration 2s").expect("valid").stops;
    let expected = StopConditions {
        to: Some(Positions::All(Position::End)),
        at_end: true,
        last: None,
        count: Some(3),
        idle_timeout: Some(Duration::from_secs(1)),
        duration: Some(Duration::from_secs(2)),
        expected: Some(ExpectedCount { least: 2, most: None }),
    };
    assert_eq!(stops, expected);
    let stops = resolved("t -e --to 5").expect("valid").stops;
    assert_eq!((stops.to, stops.at_end), (Some(Positions::All(Position::Offset(5))), true));
    let stops = resolved("t --from 2026-11-23 --to +1h").expect("valid").stops;
    assert!(stops.to.is_some_and(|to| to.has_time()));
    assert_eq!(resolved("t -p 0 --wait-for-topic 5s").expect("valid").wait_for_topic, Duration::from_secs(5));
}

#[test]
fn positions_that_apply_to_nothing_are_refused() {
    for (words, part) in [
        ("a b --from 0=5", "`--from` names partitions"),
        ("^a --to 0=5", "`--to` names partitions"),
        ("a b -g g --to 0=5", "`--to` names partitions"),
        ("a -p 0,1 --from 2=5", "`--from` names partition 2, which is not in `--partitions`"),
        ("a -p 0,1 --to 2=5", "`--to` names partition 2, which is not in `--partitions`"),
        ("a --from abc", "invalid position `abc` for `--from`"),
        ("a -p x", "invalid partitions `x` for `--partitions`"),
        ("a a", "topic `a` is given twice"),
        ("-e", "`TOPIC` is missing"),
    ] {
        let message = refused(words).message;
        assert!(message.contains(part), "{message}");
    }
    assert!(resolved("a b -p 0").is_ok());
}

#[test]
fn a_template_that_is_a_topic_was_meant_to_follow_it() {
    let hint = |words: &str| refused(words).hint.expect("a hint");
    let follows = "`-f` (`--format`) took `orders` as its template; to follow, omit it: a run follows the topic until Ctrl-C; `--exit` stops at the end";
    assert_eq!(hint("-f orders"), follows);
    assert_eq!(hint("-f %s"), "kcons consume TOPIC reads a topic");
}

#[test]
fn a_terminal_gets_pretty_and_a_pipe_gets_json() {
    let output = resolved_with("t -v", on_terminal).expect("valid").output;
    let Format::Pretty(pretty) = output.format else { panic!("not pretty") };
    assert!(pretty.screen.is_terminal && pretty.is_verbose && !pretty.has_topic);
    assert_eq!((pretty.label, pretty.title, pretty.title_field), (None, jq::Path::to_field("title"), None));
    for words in ["t --json", "t -o json"] {
        let format = resolved_with(words, on_terminal).expect("valid").output.format;
        assert_eq!(format, Format::Json(Screen { is_terminal: true, has_color: true }));
    }
    for words in ["a b -o pretty", "^a -o pretty"] {
        let format = resolved(words).expect("valid").output.format;
        assert!(matches!(format, Format::Pretty(pretty) if pretty.has_topic));
    }
    for (words, has_topic) in [("t -o line", false), ("a b -o line", true), ("^a -o line", true)] {
        let format = resolved(words).expect("valid").output.format;
        assert_eq!(format, Format::Line(LineSettings { has_topic, screen: Screen::default() }));
    }
    let format = resolved("t -o raw -D \\x00").expect("valid").output.format;
    assert_eq!(format, Format::Raw { delimiter: vec![0], is_terminal: false });
    for (words, null, is_terminal) in [("t -f %s\\n", "", false), ("t --format %s\\n -Z \\N", "\\N", true)] {
        let change = |surroundings: &mut Surroundings<'_>| {
            surroundings.environment.is_stdout_terminal = is_terminal;
        };
        let format = resolved_with(words, change).expect("valid").output.format;
        let template = Template::parse("%s\\n").expect("a template");
        let null = null.as_bytes().to_vec();
        assert_eq!(format, Format::Template(TemplateSettings { template, null, is_terminal }));
    }
    assert_eq!(resolved("t --value-format hex").expect("valid").output.formats.value, DataFormat::Hex);
}

fn on_terminal(surroundings: &mut Surroundings<'_>) {
    surroundings.environment.is_stdout_terminal = true;
}

#[test]
fn records_are_colored_on_a_terminal_and_json_into_a_pipe_only_if_that_is_typed() {
    let has_color = |words: &str, is_terminal: bool, variable: &'static str| {
        let world = TestWorld::new(&[(variable, "1")]);
        let change = |surroundings: &mut Surroundings<'_>| {
            surroundings.environment.is_stdout_terminal = is_terminal;
        };
        match resolved_in(&world, words, change).expect("valid").output.format {
            Format::Pretty(pretty) => pretty.screen.has_color,
            Format::Line(line) => line.screen.has_color,
            Format::Json(screen) => screen.has_color,
            Format::Raw { .. } | Format::Template(_) => panic!("no color at all"),
        }
    };
    for format in ["pretty", "line", "json"] {
        let words = format!("t -o {format}");
        assert!(has_color(&words, true, "ANY"), "{format}");
        assert!(!has_color(&words, false, "ANY"), "{format}");
        assert!(!has_color(&words, true, "NO_COLOR"), "{format}");
        assert!(!has_color(&format!("{words} --color never"), true, "CLICOLOR_FORCE"), "{format}");
        assert!(has_color(&format!("{words} --color always"), false, "NO_COLOR"), "{format}");
        assert_eq!(has_color(&words, false, "CLICOLOR_FORCE"), format != "json");
    }
    assert!(!has_color("t --exec ./x --stdin json --color always", true, "ANY"), "a handler parses it");
}

#[test]
fn a_title_is_a_field_or_a_path() {
    let title = |words: &str| match resolved(words).expect("valid").output.format {
        Format::Pretty(pretty) => (pretty.title, pretty.title_field.expect("it was typed")),
        other => panic!("{other:?}"),
    };
    let path = jq::Path::parse(".customer.name").expect("a path");
    assert_eq!(title("t -o pretty --title-field .customer.name"), (path, ".customer.name".to_owned()));
    let field = jq::Path::to_field("customer.name");
    assert_eq!(title("t -o pretty --title-field customer.name"), (field, "customer.name".to_owned()));
    let failure = refused("t -o pretty --title-field .a[]");
    assert_eq!(failure.message, "invalid value `.a[]` for `--title-field`");
    assert_eq!(failure.causes, ["a jq program, not a path"]);
}

#[test]
fn progress_is_said_to_people() {
    let says = |words: &str, is_terminal: bool| {
        let change =
            |surroundings: &mut Surroundings<'_>| surroundings.environment.is_stdout_terminal = is_terminal;
        resolved_with(words, change).expect("valid").output.says_progress
    };
    assert!(says("t", true) && says("t -o pretty", false) && says("t -o line", false) && says("t -v", false));
    assert!(
        !says("t", false) && !says("t -o json", true) && !says("t -o raw", true) && !says("t -f x", true)
    );
    assert!(!says("t --exec x", true) && says("t --exec x -v", true));
    assert!(!says("t -q", true) && !says("t -o pretty -q", true));
}

#[test]
fn options_of_another_output_are_refused() {
    for (words, message) in [
        ("t -D x", "`--delimiter` needs `--output raw`"),
        ("t -o pretty -D x", "`--delimiter` needs `--output raw`"),
        ("t --label x", "`--label` needs `--output pretty`"),
        ("t -o raw --title-field x", "`--title-field` needs `--output pretty`"),
        ("t -o raw --value-format hex", "`--value-format` cannot be used with `--output raw`"),
        ("t -o raw --key-format hex", "`--key-format` cannot be used with `--output raw`"),
        ("t -o raw --strict", "`--strict` cannot be used with `--output raw`"),
        ("t -o pretty --label=", "`--label` must not be empty"),
        ("t -o raw -D \\999", "invalid value `\\999` for `--delimiter`"),
        // Rather than that an option lacks something in the template.
        ("t -f %z --strict", "invalid value `%z` for `--format`"),
    ] {
        assert_eq!(refused(words).message, message);
    }
}
