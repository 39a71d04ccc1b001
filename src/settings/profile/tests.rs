//! What a profile adds, and what is refused in one.

use super::*;
use crate::cli::{self, CommitChoice, OutputFormat, ReadingOptions};
use crate::settings::options::given::GivenOptions;
use crate::settings::options::rules;
use crate::settings::options::rules::tests::{EXAMPLES, Example, ProfileOutcome};
use crate::usage::{self, Invocation};

/// Applies a profile `p` to a command line; the variable `SECRET` is set.
fn applied(line: &str, profile: &str, is_terminal: bool) -> Result<Arguments, Failure> {
    let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
    let table = Table::parse(&format!("[profile.p]\n{profile}\n"), "config.toml", "p", true)?;
    let environment = |name: &str| (name == "SECRET").then(|| "5".to_owned());
    options::add(&table, &words, Environment { variables: &environment, is_stdout_terminal: is_terminal })
}

fn options_of(line: &str, profile: &str) -> Vec<String> {
    let arguments = applied(line, profile, false).unwrap_or_else(|failure| panic!("{line}: {failure:?}"));
    arguments.connection.profile_table.expect("it was applied").options
}

fn reading(line: &str, profile: &str) -> ReadingOptions {
    match applied(line, profile, false).expect("valid").command {
        Command::Consume(consume) => consume.reading,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_option_is_as_if_it_had_been_typed() {
    let read = reading(
        "kcons consume t -g g",
        "commit = \"batch=10\"\nasync-commit = true\ncount = \"env:SECRET\"\noutput = \"raw\"\nexit = false",
    );
    assert_eq!(
        (read.commit, read.async_commit, read.count),
        (Some(CommitChoice::Batch(10.try_into().expect("ten"))), true, Some(5))
    );
    assert_eq!((read.output, read.exit), (Some(OutputFormat::Raw), false));
    let arguments =
        applied("kcons consume t", "verbose = 2\nconnect-timeout = \"0s\"", false).expect("valid");
    assert_eq!(arguments.connection.verbose, 2);
    // The options of the profile do not get among the arguments of a handler.
    let read = reading("kcons consume t -- cat -n", "retries = 7");
    assert_eq!((read.handler.retries, read.handler.command.len()), (Some(7), 2));
}

#[test]
fn what_was_typed_goes_before_the_profile_and_its_contrary_too() {
    for (line, profile) in [
        ("kcons consume t -n 5", "count = 7"),
        ("kcons consume t -e", "to = \"5\""),
        ("kcons consume t --to 5", "exit = true"),
        ("kcons consume t -q", "verbose = true"),
        ("kcons consume t --json", "output = \"raw\""),
        ("kcons consume t -o raw", "json = true"),
        ("kcons consume t -o raw", "exec = \"cat\"\nretries = 5"),
        ("kcons consume t --worker w", "exec = \"cat\""),
        ("kcons consume t --exec e --on-failure skip", "dead-letter = \"d\""),
        ("kcons consume t --exec e --dead-letter d", "on-failure = \"skip\""),
        ("kcons consume t -g g -X enable.auto.commit=true", "commit = \"manual\""),
        ("kcons group reset g --all-topics --shift -5", "topic = [\"t\", \"u\"]\nto = \"end\""),
    ] {
        assert_eq!(options_of(line, profile), Vec::<String>::new(), "{line}: {profile}");
    }
}

#[test]
fn what_a_run_has_no_use_for_is_left_out() {
    for (line, profile) in [
        ("kcons consume t", "commit = \"manual\"\nasync-commit = true\ninstance-id = \"i\""),
        ("kcons consume t -g g", "from = \"end\"\npartitions = \"0\"\nasync-commit = true"),
        ("kcons consume t", "label = \"x\"\ntitle-field = \"x\"\ndelimiter = \"x\"\ndedup-ttl = \"1d\""),
        ("kcons consume t -o raw", "strict = true\nvalue-format = \"json\"\nkey-format = \"hex\""),
        ("kcons consume t --exec e", "output = \"raw\"\nlabel = \"x\"\nstrict = true\nin-flight = 3"),
        ("kcons consume t", "retries = 3\non-failure = \"skip\"\nstdin = \"json\"\ndedup = \".x\""),
        ("kcons demo", "from = \"-1h\"\nto = \"2026-11-23\"\npartitions = \"0\"\ninstance-id = \"i\""),
        ("kcons demo --serve", "output = \"raw\"\nexec = \"cat\"\nexit = true"),
        ("kcons demo --follow", "exit = true"),
        ("kcons lag g", "output = \"raw\"\ncount = 5\nexec = \"cat\"\nserve = true"),
        ("kcons topic list", "max-lag = 5\nwatch = \"2s\""),
        ("kcons group reset g --topic t", "to = \"end\""),
        ("kcons group reset g --topic t", "shift = \"-5\""),
        ("kcons group reset g --to end", "topic = [\"t\", \"u:0\"]"),
        ("kcons group reset g --to end", "all-topics = true"),
    ] {
        assert_eq!(options_of(line, profile), Vec::<String>::new(), "{line}: {profile}");
    }
    for (line, profile, used) in [
        ("kcons consume t -g g", "commit = \"manual\"\nasync-commit = true", "async-commit commit"),
        ("kcons consume t", "output = \"pretty\"\nlabel = \"x\"", "label output"),
        ("kcons consume t", "on-failure = \"skip\"\nfilter = \"true\"", "filter on-failure"),
        ("kcons consume t --worker w", "in-flight = 3\nstrict = true", "in-flight strict"),
        ("kcons consume t", "exec = \"cat\"\ndedup = \".x\"\ndedup-store = \"f\"", "dedup dedup-store exec"),
        ("kcons lag g", "output = \"json\"\nmax-lag = 5", "max-lag output"),
        ("kcons demo -p 0", "quiet = true\nlog = \"json\"", "log quiet"),
        ("kcons consume t -g g", "offset-reset = \"-1h\"", "offset-reset"),
        // A word stands for a property.
        ("kcons consume t -g g", "offset-reset = \"newest\"", ""),
        ("kcons consume t", "offset-reset = \"-1h\"", ""),
        ("kcons consume t -g g -X auto.offset.reset=latest", "offset-reset = \"-1h\"", ""),
    ] {
        assert_eq!(options_of(line, profile).join(" "), used, "{line}: {profile}");
    }
    let pretty = applied("kcons consume t", "label = \"x\"", true).expect("valid");
    assert_eq!(pretty.connection.profile_table.expect("it was applied").options, ["label"]);
}

#[test]
fn an_option_of_a_profile_that_breaks_a_rule_is_left_out_or_refused() {
    for Example { line, option, message, profile } in EXAMPLES {
        let key = option.trim_start_matches('-').split_once(' ');
        let entry =
            key.map_or(format!("{} = true", &option[2..]), |(key, value)| format!("{key} = '{value}'"));
        let line = format!("kcons {line}");
        match profile {
            ProfileOutcome::Nothing => {}
            ProfileOutcome::LeftOut => {
                assert_eq!(options_of(&line, &entry), Vec::<String>::new(), "{line}: {entry}")
            }
            ProfileOutcome::Refused => {
                let arguments = applied(&line, &entry, false).expect("it is a rule for all options together");
                let environment = Environment { variables: &|_| None, is_stdout_terminal: false };
                let given = GivenOptions::of(&arguments, environment).expect("a run");
                assert_eq!(rules::check(&given).expect_err(&line).message, *message);
            }
        }
    }
}

#[test]
fn a_handler_of_a_profile_gives_way_to_a_typed_one_and_to_printing() {
    for (line, profile, used) in [
        // Printing records instead of handling them would commit records that nobody handled.
        ("kcons consume t -g g --strict", "exec = 'cat'", "exec"),
        ("kcons consume t -g g --value-format hex", "forward = 'f'", "forward"),
        ("kcons consume t -g g --in-flight 5", "exec = 'cat'", "exec"),
        ("kcons consume t -g g -o json", "exec = 'cat'", ""),
        ("kcons consume t -g g --forward f", "worker = 'cat'", ""),
        ("kcons consume t -g g", "exec = 'cat'\noutput = 'raw'\nworker = 'cat'", "exec"),
        ("kcons consume t -g g", "forward = 'f'\nparallel = 2\nin-flight = 3", "forward parallel"),
    ] {
        assert_eq!(options_of(line, profile).join(" "), used, "{line}: {profile}");
    }
}

#[test]
fn properties_are_kept_apart_under_one_name_however_they_are_written() {
    let properties = |profile: &str| {
        let table = applied("kcons lag g", profile, false).expect("valid").connection.profile_table;
        let all = table.expect("it was applied").properties;
        all.iter()
            .map(|property| format!("{}={}", property.name, property.value))
            .collect::<Vec<_>>()
            .join(" ")
    };
    for profile in [
        "client.rack = 'r'\nsession.timeout.ms = 9_000",
        "\"client.rack\" = 'r'\n\"session.timeout.ms\" = 0x2328",
        "[profile.p.client]\nrack = 'r'\n[profile.p.session.timeout]\nms = 9000",
        "property = ['client.rack=r', 'session.timeout.ms=9000']",
    ] {
        assert_eq!(
            properties(profile).replace('_', ""),
            "client.rack=r session.timeout.ms=9000",
            "{profile}"
        );
    }
    let renamed =
        "commit-interval = '7s'\nread-uncommitted = true\nbrokers = 'a:1'\nbootstrap.servers = 'b:1'";
    assert_eq!(
        properties(renamed),
        "bootstrap.servers=b:1 bootstrap.servers=a:1 auto.commit.interval.ms=7000 \
         isolation.level=read_uncommitted"
    );
}

#[test]
fn the_path_of_a_file_of_properties_is_taken_as_it_is_typed() {
    // Otherwise the content of the variable or the file would be shown as the path.
    for path in ["client.properties", "file:client.properties", "env:SECRET"] {
        let table = applied("kcons lag g", &format!("config = '{path}'"), false).expect("valid");
        let table = table.connection.profile_table.expect("it was applied");
        assert_eq!(table.config.as_deref(), Some(path));
    }
}

#[test]
fn what_cannot_be_is_refused_by_profile_and_key() {
    let place = "in profile `p`, `config.toml` line 2";
    for (profile, message) in [
        ("count = 'x'", format!("invalid value `x` for `count` {place}")),
        ("count = [1, 2]", format!("`count` {place} takes one value, not an array")),
        ("count = true", format!("`count` {place} needs a value")),
        ("exit = 'yes'", format!("`exit` {place} is not true or false")),
        ("execute = true", format!("`execute` cannot be set {place}")),
        ("commit = 'env:OTHER'", format!("cannot read the value of `commit` {place}")),
        ("a.b = [[1]]", format!("invalid value for `a.b` {place}")),
        ("property = 'x'", format!("`property` {place} is not of the form KEY=VALUE")),
        ("a = [1,", "cannot read `config.toml` line 2 column 8".to_owned()),
    ] {
        let failure = applied("kcons topic list", profile, false).map(|_| ()).expect_err(profile);
        assert_eq!(failure.message, message, "{profile}");
    }
}

#[test]
fn what_is_text_takes_no_number() {
    // Keys of which numbers are values, alone or among others.
    const NUMBERS: [&str; 13] = [
        "count",
        "expect",
        "failure-limit",
        "from",
        "in-flight",
        "last",
        "max-lag",
        "offset-reset",
        "parallel",
        "partitions",
        "rate",
        "retries",
        "to",
    ];
    for key in cli::profile_keys().iter().map(String::as_str).chain(["bootstrap.servers", "group.id"]) {
        let refused = |value: &str| {
            applied("kcons lag g", &format!("{key} = {value}"), false).err().map(|failure| failure.message)
        };
        assert_eq!(refused("5").is_none(), NUMBERS.contains(&key), "{key}: {:?}", refused("5"));
    }
    for (profile, message, hint) in [
        (
            "brokers = 5",
            "`brokers` in profile `p`, `config.toml` line 2 needs a text in quotes",
            "HOST:PORT,…",
        ),
        (
            "brokers = true",
            "`brokers` in profile `p`, `config.toml` line 2 needs a text in quotes",
            "HOST:PORT,…",
        ),
        (
            "bootstrap.servers = 5",
            "`bootstrap.servers` in profile `p`, `config.toml` line 2 needs a text in quotes",
            "HOST:PORT,…",
        ),
        ("proto = 2026-11-23", "`proto` in profile `p`, `config.toml` line 2 needs a text in quotes", "FILE"),
        (
            "topic = [1]",
            "`topic` in profile `p`, `config.toml` line 2 needs a text in quotes",
            "TOPIC[:LIST]",
        ),
    ] {
        let failure = applied("kcons topic list", profile, false).map(|_| ()).expect_err(profile);
        assert_eq!(failure.message, message, "{profile}");
        assert!(failure.hint.is_some_and(|told| told.ends_with(&format!(" = \"{hint}\""))), "{profile}");
    }
    assert!(applied("kcons consume t", "from = 5\npartitions = 0\n\"client.id\" = 7", false).is_ok());
}

#[test]
fn an_unknown_profile_lists_the_known_ones() {
    let refused = |text: &str| Table::parse(text, "f", "p", true).map(|_| ()).expect_err("it is not there");
    let failure = refused("[profile.a]\n[profile.b]\nc = 1");
    assert_eq!(
        (failure.message.as_str(), failure.hint.as_deref()),
        ("profile `p` is not in `f`", Some("profiles: a, b"))
    );
    let near = Table::parse("[profile.staging]\n[profile.local]", "f", "stagign", true)
        .map(|_| ())
        .expect_err("not there");
    assert_eq!(near.hint.as_deref(), Some("did you mean `staging`? profiles: local, staging"));
    assert!(refused("").hint.is_some_and(|hint| hint.contains("[profile.p]")));
    assert_eq!(refused("[profile]\np = 1").message, "`profile.p` in `f` line 2 is not a table");
}

#[test]
fn a_profile_that_is_missing_is_told_with_the_variable_that_names_it() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("kcons")).expect("an empty folder");
    let file = folder.path().join("kcons/config.toml");
    for (text, words, hint) in [
        ("[profile.a]", "kcons lag g", "check the variable `KCONS_PROFILE`; profiles: a"),
        (
            "[profile.nopes]",
            "kcons lag g",
            "check the variable `KCONS_PROFILE`; did you mean `nopes`? profiles: nopes",
        ),
        ("[profile.a]", "kcons lag g --profile nope", "profiles: a"),
    ] {
        std::fs::write(&file, text).expect("a file");
        let environment = |name: &str| match name {
            "KCONS_PROFILE" => Some("nope".to_owned()),
            "XDG_CONFIG_HOME" => Some(folder.path().display().to_string()),
            _ => None,
        };
        let words: Vec<OsString> = words.split(' ').map(OsString::from).collect();
        let Ok(Invocation::Run(typed)) = usage::parse(&words) else { panic!("a run") };
        let environment = Environment { variables: &environment, is_stdout_terminal: false };
        let failure = apply(*typed, &words, environment).map(|_| ()).expect_err("it is not there");
        assert_eq!(failure.hint.as_deref(), Some(hint));
    }
}

#[test]
fn the_file_is_in_the_folder_for_settings() {
    let at = |variables: &[(&str, &str)]| {
        let environment = |name: &str| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        };
        path(Environment { variables: &environment, is_stdout_terminal: false })
    };
    assert_eq!(at(&[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")]).as_deref(), Ok("/x/kcons/config.toml"));
    assert_eq!(at(&[("HOME", "/h")]).as_deref(), Ok("/h/.config/kcons/config.toml"));
    assert_eq!(
        at(&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")]).as_deref(),
        Ok("/h/.config/kcons/config.toml")
    );
    assert!(at(&[]).is_err());
}

#[test]
fn a_failure_about_an_option_of_a_profile_says_so() {
    let table = ProfileTable {
        name: "p".into(),
        path: "f".into(),
        options: vec!["from".into()],
        ..Default::default()
    };
    let failure = || Failure::usage("invalid position `x` for `--from`");
    assert_eq!(blame(failure(), Some(&table)).causes, ["`from` is set in profile `p`, `f`"]);
    assert_eq!(blame(failure(), None).causes, Vec::<String>::new());
    for other in ["`--to` is wrong", "`--from-here` is wrong"] {
        assert_eq!(blame(Failure::usage(other), Some(&table)).causes, Vec::<String>::new());
    }
    assert_eq!(blame(Failure::usage("`--from 5` is wrong"), Some(&table)).causes.len(), 1);
}

#[test]
fn a_short_value_is_replaced_only_where_it_is_quoted() {
    let elsewhere = [("t".to_owned(), "env:A".to_owned()), ("s3cret".to_owned(), "env:B".to_owned())];
    let failure = Failure::usage("topic `t` is not there").caused_by("s3cret is none").hint("try `t`");
    let failure = as_written(failure, &elsewhere);
    assert_eq!(failure.message, "topic `env:A` is not there");
    assert_eq!((failure.causes, failure.hint), (vec!["env:B is none".into()], Some("try `env:A`".into())));
}
