//! Tests of what is offered without a cluster.

use super::*;
use crate::settings::testing::TestWorld;

/// The answer to a line whose cursor is at its end.
fn answer(shell: &str, typed: &str) -> Option<String> {
    let words: Vec<&str> = typed.split(' ').collect();
    let index = words.len().to_string();
    let request: Vec<OsString> = ["kcons", "complete", shell, &index, "--", "kcons"]
        .iter()
        .chain(&words)
        .map(OsString::from)
        .collect();
    request_of(&request).answer(Instant::now() + LIMIT)
}

fn request_of(words: &[OsString]) -> Request {
    request(words).expect("a question")
}

/// The values of the answer, each behind its prefix, and before them the kind unless it is `words`.
fn offered(typed: &str) -> Vec<String> {
    let Some(answer) = answer("bash", typed) else { return Vec::new() };
    let (head, lines) = answer.split_once('\n').expect("a line");
    let (kind, prefix) = head.split_once('\t').expect("a kind and a prefix");
    let kind = if kind == "words" { Vec::new() } else { vec![format!("({kind}) {prefix}")] };
    let values = lines.lines().map(|line| format!("{prefix}{}", line.split('\t').next().unwrap_or_default()));
    kind.into_iter().chain(values).collect()
}

#[test]
fn each_word_has_what_fits_and_nothing_else() {
    let rows: &[(&str, &[&str])] = &[
        ("", &["consume", "lag", "group", "topic", "demo", "completions", "man", "help"]),
        ("he", &["help"]),
        ("help de", &["demo"]),
        ("help group re", &["reset"]),
        ("help demo --dead-letter ", &[]),
        ("help demo --", &[]),
        ("g", &["group"]),
        ("-b x:1 to", &["topic"]),
        ("group ", &["list", "describe", "reset", "delete"]),
        ("group re", &["reset"]),
        ("topic list ", &[]),
        ("group describe a ", &[]),
        ("consume --part", &["--partitions"]),
        ("consume --no-such", &[]),
        ("consume -e", &["-e"]),
        ("consume -eg", &["-eg"]),
        ("consume -eY", &[]),
        ("consume -g g --gro", &[]),
        ("consume -X a=b --prop", &["--property"]),
        ("consume --commit ", &["auto", "manual", "batch=", "never"]),
        ("consume --commit b", &["batch="]),
        ("consume --commit=b", &["--commit=batch="]),
        ("consume --output=j", &["--output=json"]),
        ("consume -oj", &["-ojson"]),
        ("consume -eqo=j", &["-eqo=json"]),
        ("lag --output ", &["table", "wide", "json"]),
        ("--color a", &["auto", "always"]),
        ("consume --from ", &["beginning", "end", "-10", "-1h", "-1d", "now", "today", "yesterday"]),
        ("consume --from -1", &["-10", "-1h", "-1d"]),
        ("consume --from 0=5,1=e", &[]),
        (
            "consume -g g --offset-reset ",
            &["earliest", "latest", "none", "-1h", "-1d", "now", "today", "yesterday"],
        ),
        ("demo -g g --offset-reset ", &["earliest", "latest", "none"]),
        ("demo --to ", &["beginning", "end", "-10"]),
        ("demo --dead-letter ", &["task-created.dead"]),
        ("demo -g ", &[]),
        ("completions z", &["zsh"]),
        ("consume -X security.pro", &["security.protocol="]),
        (
            "consume -X security.protocol=s",
            &["security.protocol=ssl", "security.protocol=sasl_plaintext", "security.protocol=sasl_ssl"],
        ),
        ("consume --property=check.crcs=f", &["--property=check.crcs=false"]),
        ("consume -X sasl.password=", &[]),
        (
            "consume -X sasl.mechanisms=SC",
            &["sasl.mechanisms=SCRAM-SHA-256", "sasl.mechanisms=SCRAM-SHA-512"],
        ),
        ("consume -X group.i", &["group.id=", "group.instance.id="]),
        ("demo -X group.i", &["group.id="]),
        ("demo -X security.", &[]),
        ("lag -X group.i", &[]),
        ("consume -X enable.auto.offset", &[]),
        ("consume -X ssl.ca.location=/x", &["(files) ssl.ca.location="]),
        ("consume -F ", &["(files) "]),
        ("consume -F~/x", &["(files) -F"]),
        ("consume --dedup-store ", &["(files) "]),
        ("consume --exec gr", &["(command) "]),
        ("consume --worker=gr", &["(command) --worker="]),
        ("consume t -- ", &["(program) "]),
        ("demo -- grep -", &["(program) "]),
        ("consume t > ", &["(files) "]),
        ("consume t 2>e", &["(files) 2>"]),
        ("consume -n ", &[]),
        ("consume --group=", &[]),
        ("consume -b loc", &[]),
        ("consume '^a", &[]),
        ("group reset g --topic t:", &[]),
    ];
    for (typed, expected) in rows {
        // No row finds a cluster.
        let line = if *typed == "consume --group=" { "consume -b $(x) --group=" } else { typed };
        assert_eq!(offered(line), *expected, "{typed}");
    }
}

#[test]
fn options_are_offered_with_what_they_mean_once_a_dash_is_typed() {
    for dash in ["-", "--"] {
        let answer = answer("zsh", &format!("consume t {dash}")).expect("options");
        assert!(answer.contains("\n--exit\tStop at what was the end when the run started\n"), "{answer}");
        assert!(answer.contains("\n--help\t") && answer.contains("\n--brokers\t"), "{answer}");
        assert!(!answer.contains("\n-e"), "{answer}");
    }
    // Hidden where nothing is connected.
    assert!(offered("man --").iter().all(|option| option != "--brokers"));
}

#[test]
fn the_demo_is_offered_no_option_that_it_refuses() {
    let offered = offered("demo --");
    for refused in ["--instance-id", "--read-uncommitted", "--brokers"] {
        assert!(offered.iter().all(|option| option != refused), "{refused}");
    }
    for taken in ["--serve", "--group", "--from", "--exec"] {
        assert!(offered.iter().any(|option| option == taken), "{taken}");
    }
}

#[test]
fn shells_that_match_by_themselves_get_what_may_match() {
    let values = |shell| {
        let answer = answer(shell, "consume --commit A").expect("values");
        let lines = answer.lines().skip(1);
        lines.map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(values("bash"), [""; 0]);
    assert_eq!(values("zsh"), ["auto", "manual", "batch=", "never"]);
    // Not `never`, though the text beside it has that letter.
    assert_eq!(values("fish"), ["auto", "manual", "batch="]);
}

#[test]
fn names_that_would_act_on_a_terminal_are_not_offered() {
    let names = ["plain", "a\u{1b}[2Jb", "two\nlines", "a\tb", "\u{202e}x", "a b"];
    let candidates = names.map(|name| Candidate::new(name, "help\u{7}")).to_vec();
    let offer = Offer { candidates, ..Offer::default() };
    assert_eq!(offer.text(Shell::Fish), "words\t\nplain\thelp\\x07\na b\thelp\\x07\n");
}

#[test]
fn only_a_question_of_a_script_is_one() {
    let is_one = |words: &str| request(&words.split(' ').map(OsString::from).collect::<Vec<_>>()).is_some();
    assert!(is_one("kcons complete bash 1 -- kcons x"));
    for words in [
        "kcons",
        "kcons complete",
        "kcons complete bash",
        "kcons complete csh 1 -- kcons x",
        "kcons complete bash x -- kcons x",
        "kcons complete bash 0 -- kcons x",
        "kcons complete bash 1 kcons x y",
        "kcons consume bash 1 -- kcons x",
    ] {
        assert!(!is_one(words), "{words}");
    }
}

#[test]
fn the_answer_comes_though_the_cursor_is_in_front_of_other_words() {
    let words = ["kcons", "complete", "bash", "2", "--", "kcons", "group", "de", "-b", "x"];
    let answer = request_of(&words.map(OsString::from)).answer(Instant::now() + LIMIT);
    assert_eq!(
        answer.as_deref(),
        Some(
            "words\t\ndescribe\tShow a group's state, coordinator, members and lag\ndelete\tDelete groups without members, and their committed offsets\n"
        )
    );
}

#[test]
fn members_are_no_part_of_a_question_and_nothing_is_loaded_for_it() {
    let world = TestWorld::new(&[]);
    let connection = |typed: &[&str]| {
        let properties = typed.iter().map(|text| (*text).to_owned()).collect();
        let options = crate::cli::ConnectionOptions { properties, ..Default::default() };
        crate::settings::connection_before_the_run(&options, &world.surroundings())
    };
    let resolved = connection(&["group.id=g", "auto.offset.reset=latest", "linger.ms=5"]).expect("resolved");
    assert!(!resolved.properties.contains(&("group.id".to_owned(), "g".to_owned())));
    assert!(connection(&["plugin.library.paths=none"]).is_err());
}
