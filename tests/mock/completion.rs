//! TAB in bash, zsh and fish, by keystrokes.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::shells::{CURSOR_LEFT, Completions, Shell, ShellName};
use crate::support::wait_until;

/// Nobody listens there.
const NOBODY: &str = "127.0.0.1:1";

/// What is typed, and what the command line is after TAB. Names of files and folders in the home folder begin like
/// many of the words, so that one in the wrong place is seen.
const ROWS: &[(&str, &str)] = &[
    ("kcons cons", "kcons consume "),
    ("kcons -b x:1 cons", "kcons -b x:1 consume "),
    ("kcons group re", "kcons group reset "),
    ("kcons completions fi", "kcons completions fish "),
    // Options, once a dash is typed.
    ("kcons consume --parti", "kcons consume --partitions "),
    ("kcons consume -", "kcons consume --"),
    ("kcons demo --instance", "kcons demo --instance"),
    ("kcons demo --se", "kcons demo --serve "),
    // Values, in the next word, behind `=` and in the word of a short option.
    ("kcons consume --commit b", "kcons consume --commit batch="),
    ("kcons consume --commit=b", "kcons consume --commit=batch="),
    ("kcons consume --commit ma", "kcons consume --commit manual "),
    ("kcons consume --output j", "kcons consume --output json "),
    ("kcons consume --output=j", "kcons consume --output=json "),
    ("kcons consume -oj", "kcons consume -ojson "),
    ("kcons consume -eqoj", "kcons consume -eqojson "),
    ("kcons lag -o ta", "kcons lag -o table "),
    ("kcons consume --offset-reset la", "kcons consume --offset-reset latest "),
    ("kcons consume --from be", "kcons consume --from beginning "),
    ("kcons consume --from=-1h --to e", "kcons consume --from=-1h --to end "),
    ("kcons consume --value-format te", "kcons consume --value-format text "),
    ("kcons consume --value-format le:f6", "kcons consume --value-format le:f64 "),
    ("kcons consume --header-format te", "kcons consume --header-format text "),
    ("kcons consume --header-format trace=uu", "kcons consume --header-format trace=uuid "),
    ("kcons consume --color al", "kcons consume --color always "),
    ("kcons consume --on-failure sk", "kcons consume --on-failure skip "),
    ("kcons demo --dead-letter ta", "kcons demo --dead-letter task-created.dead "),
    // Profiles.
    ("kcons consume --profile st", "kcons consume --profile staging "),
    ("kcons lag --profile=st", "kcons lag --profile=staging "),
    // Properties and what they can be.
    ("kcons consume -X security.pro", "kcons consume -X security.protocol="),
    ("kcons consume -X security.protocol=pl", "kcons consume -X security.protocol=plaintext "),
    ("kcons consume -Xsecurity.protocol=pl", "kcons consume -Xsecurity.protocol=plaintext "),
    ("kcons consume --property=check.crcs=f", "kcons consume --property=check.crcs=false "),
    // Files where they belong.
    ("kcons consume -F my.", "kcons consume -F my.properties "),
    ("kcons consume --config=my.", "kcons consume --config=my.properties "),
    ("kcons consume -F ~/my.", "kcons consume -F ~/my.properties "),
    ("kcons consume -F my\\ f", "kcons consume -F my\\ file "),
    ("kcons consume --config=my\\ f", "kcons consume --config=my\\ file "),
    ("kcons consume -F batch", "kcons consume -F batch-files/"),
    ("kcons consume -X ssl.ca.location=my.", "kcons consume -X ssl.ca.location=my.properties "),
    ("kcons consume > my.", "kcons consume > my.properties "),
    // And where not.
    ("kcons my", "kcons my"),
    ("kcons consume my", "kcons consume my"),
    ("kcons consume -n my", "kcons consume -n my"),
    ("kcons consume --filter my", "kcons consume --filter my"),
    ("kcons consume --group my", "kcons consume --group my"),
    ("kcons consume --profile my", "kcons consume --profile my"),
    ("kcons consume --from my", "kcons consume --from my"),
    ("kcons consume --to my", "kcons consume --to my"),
    ("kcons consume --dead-letter my", "kcons consume --dead-letter my"),
    ("kcons consume -X my", "kcons consume -X my"),
    ("kcons group reset g --topic my", "kcons group reset g --topic my"),
    ("kcons topic describe my", "kcons topic describe my"),
    ("kcons lag my", "kcons lag my"),
    // Handlers.
    ("kcons consume t -- batch-h", "kcons consume t -- batch-handler "),
    ("kcons consume t -- batch-handler my.", "kcons consume t -- batch-handler my.properties "),
    ("kcons consume t --exec batch-h", "kcons consume t --exec batch-handler "),
    // Within a longer command line.
    ("kcons consume a:b --commit ma", "kcons consume a:b --commit manual "),
    ("kcons -b 127.0.0.1:1,x:2 --profile=st", "kcons -b 127.0.0.1:1,x:2 --profile=staging "),
    ("kcons consume 'a b' --commit ma", "kcons consume 'a b' --commit manual "),
    ("true; kcons consume --commit ma", "true; kcons consume --commit manual "),
    ("KCONS_BROKERS=x:1 kcons consume --commit ma", "KCONS_BROKERS=x:1 kcons consume --commit manual "),
];

fn shell(name: ShellName, completions: Completions, variables: &[(&str, &str)]) -> Shell {
    Shell::start(name, completions, variables, |home| {
        for file in ["my.properties", "my file"] {
            fs::write(home.join(file), "").expect("files can be written");
        }
        fs::create_dir(home.join("batch-files")).expect("folders can be made");
        fs::write(home.join("batch-files/inside"), "").expect("files can be written");
        program(&home.join("bin/batch-handler"));
        let profiles = "[profile.staging]\nbrokers = 'x:1'\n[profile.production]\nbrokers = 'y:1'\n";
        fs::create_dir_all(home.join(".config/kcons")).expect("folders can be made");
        fs::write(home.join(".config/kcons/config.toml"), profiles).expect("files can be written");
    })
}

/// Makes a program that does nothing.
fn program(path: &Path) {
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("folders can be made");
    fs::write(path, "#!/bin/sh\n").expect("files can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
}

#[track_caller]
fn check_rows(shell: &mut Shell, rows: &[(&str, &str)]) {
    let wrong: Vec<_> = rows
        .iter()
        .filter_map(|(typed, expected)| {
            let line = shell.complete_to(typed, expected);
            (line != *expected).then(|| format!("{typed:?} became {line:?}, not {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}:\n{}", shell.name.program(), wrong.join("\n"));
}

#[test]
fn each_word_is_completed_in_each_shell() {
    for name in ShellName::all() {
        check_rows(&mut shell(name, Completions::Sourced, &[("KCONS_BROKERS", NOBODY)]), ROWS);
    }
}

#[test]
fn a_script_in_the_folder_of_the_shell_is_found() {
    for name in ShellName::all_with_folders() {
        let mut shell = shell(name, Completions::InItsFolder, &[("KCONS_BROKERS", NOBODY)]);
        // The first TAB is the one that reads the script.
        check_rows(
            &mut shell,
            &[
                ("kcons consume --commit b", "kcons consume --commit batch="),
                ("kcons consume -oj", "kcons consume -ojson "),
                ("kcons lag my", "kcons lag my"),
                ("kcons consume t -- batch-h", "kcons consume t -- batch-handler "),
                ("kcons consume t -- batch-handler my.", "kcons consume t -- batch-handler my.properties "),
            ],
        );
    }
}

/// What is typed, what TAB lists, and what must not be in the list.
type List = (&'static str, &'static [&'static str], &'static [&'static str]);

const LISTS: &[List] = &[
    (
        "kcons ",
        &["consume", "lag", "group", "topic", "demo", "completions", "man"],
        &["--brokers", "-b", "my.properties"],
    ),
    ("kcons group ", &["list", "describe", "reset", "delete"], &["consume", "my.properties"]),
    ("kcons consume --", &["--group", "--instance-id", "--brokers"], &["-g", "my.properties"]),
    ("kcons demo --", &["--group", "--serve"], &["--instance-id", "--brokers", "--read-uncommitted"]),
    ("kcons consume --commit ", &["auto", "manual", "batch=", "never"], &["batch-files"]),
    ("kcons consume --from ", &["beginning", "end", "-1h", "-1d", "today"], &["batch-files"]),
    ("kcons consume --offset-reset ", &["earliest", "latest", "none", "yesterday"], &["batch-files"]),
    ("kcons lag --profile ", &["staging", "production"], &["batch-files"]),
    ("kcons consume -X ssl.c", &["ssl.ca.location=", "ssl.crl.location="], &["my.properties"]),
];

#[test]
fn what_fits_is_listed_and_nothing_else() {
    for name in ShellName::all() {
        let mut shell = shell(name, Completions::Sourced, &[("KCONS_BROKERS", NOBODY)]);
        for (typed, listed, absent) in LISTS {
            let screen = shell.list(typed, |screen| listed.iter().all(|word| words(screen).contains(word)));
            for word in *absent {
                let is_absent = !words(&screen).contains(word);
                assert!(is_absent, "{}: {typed}: {word} is listed\n{screen}", name.program());
            }
        }
    }
}

#[test]
fn what_an_option_means_stands_beside_it() {
    for name in ShellName::all().into_iter().filter(|name| *name != ShellName::Bash) {
        let mut shell = shell(name, Completions::Sourced, &[("KCONS_BROKERS", NOBODY)]);
        shell.list("kcons consume --de", |screen| {
            screen.contains("Produce failed records to TOPIC") && screen.contains("[default: \\n]")
        });
    }
}

/// The words on a screen below what was typed.
fn words(screen: &str) -> Vec<&str> {
    screen.lines().skip(1).flat_map(str::split_whitespace).collect()
}

#[test]
fn topics_are_those_of_the_cluster_that_the_line_names() {
    let (near, far) = (Mock::start(1), Mock::start(1));
    for topic in ["orders-near", "payments"] {
        near.create_topic(topic, 2);
    }
    far.create_topic("orders-far", 1);
    let (near, far) = (near.brokers(), far.brokers());
    let own = format!("kcons consume --brokers={far} or");
    let own_completed = format!("{own}ders-far ");
    let rows = [
        ("kcons consume or", "kcons consume orders-near "),
        ("kcons consume payments ", "kcons consume payments orders-near "),
        ("kcons topic describe or", "kcons topic describe orders-near "),
        ("kcons group reset g --topic or", "kcons group reset g --topic orders-near "),
        ("kcons consume payments --dead-letter=or", "kcons consume payments --dead-letter=orders-near "),
        ("kcons consume payments --forward ", "kcons consume payments --forward orders-near "),
        ("kcons consume -b $FAR ", "kcons consume -b $FAR orders-far "),
        ("kcons -b $FAR consume ", "kcons -b $FAR consume orders-far "),
        ("kcons consume -X bootstrap.servers=$FAR ", "kcons consume -X bootstrap.servers=$FAR orders-far "),
        ("kcons consume -F far.properties ", "kcons consume -F far.properties orders-far "),
        ("kcons consume --profile far ", "kcons consume --profile far orders-far "),
        (&own, &own_completed),
    ];
    for name in ShellName::all() {
        let mut shell = shell(name, Completions::Sourced, &[("KCONS_BROKERS", &near), ("FAR", &far)]);
        shell.run("printf 'bootstrap.servers=%s\\n' $FAR > far.properties");
        shell.run("printf '[profile.far]\\nbrokers=\"%s\"\\n' $FAR > ~/.config/kcons/config.toml");
        check_rows(&mut shell, &rows);
        // fish does not tell completions what stands behind the cursor.
        if name != ShellName::Fish {
            let cursor = CURSOR_LEFT.repeat(" -b $FAR".len());
            let expected = "kcons consume orders-far -b $FAR";
            let line = shell.complete_to(&format!("kcons consume or -b $FAR{cursor}"), expected);
            // zsh adds a blank of its own.
            assert_eq!(line.replace("  ", " "), expected, "{}", name.program());
        }
    }
}

/// A broker that accepts connections and never answers.
fn silent_broker() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    (listener, address)
}

#[test]
fn a_silent_broker_holds_nobody_up() {
    let (_listener, address) = silent_broker();
    for name in ShellName::all() {
        let mut shell = shell(name, Completions::Sourced, &[("KCONS_BROKERS", &address)]);
        for typed in ["kcons consume ", "kcons lag ", "kcons consume t --dead-letter "] {
            let screen = shell.screen_without_list(typed);
            assert_eq!(screen.trim_end(), format!("> {typed}#done"), "{}", name.program());
        }
        // What needs no cluster comes as ever.
        check_rows(&mut shell, &[("kcons consume --commit ma", "kcons consume --commit manual ")]);
    }
}

/// What kcons answers to a completion script.
fn answer(line: &[&str]) -> Kcons {
    let index = (line.len() - 1).to_string();
    Kcons::new(["complete", "bash", &index, "--"]).args(line)
}

#[test]
fn whatever_fails_there_is_no_answer_and_nothing_is_said() {
    let (_listener, silent) = silent_broker();
    // Far below the time after which a run would give up.
    const SOON: Duration = Duration::from_secs(9);
    for line in [
        &["kcons", "consume", "-b", &silent, ""][..],
        &["kcons", "lag", "-b", &silent, ""],
        &["kcons", "consume", "-b", NOBODY, ""],
        &["kcons", "lag", "-b", NOBODY, ""],
        &["kcons", "consume", "-b", "no.such.host.invalid", ""],
        &["kcons", "consume", "-b", "http://x", ""],
        &["kcons", "consume", "-F", "missing", ""],
        &["kcons", "consume", "-F", "broken", ""],
        &["kcons", "consume", "--profile", "missing", ""],
        &["kcons", "consume", "--profile", ""],
        &["kcons", "consume", "-X", "no.such=1", ""],
        &["kcons", "consume", "-X", "sasl.mechanism=PLAIN", "-X", "security.protocol=sasl_plaintext", ""],
        &["kcons", "consume", "-X", "ssl.ca.location=missing", "-X", "security.protocol=ssl", ""],
        &["kcons", "consume", "-X", "plugin.library.paths=missing", ""],
        &["kcons", "consume", "-X", "sasl.password=env:MISSING", ""],
    ] {
        let command = answer(line);
        fs::write(command.home().join("broken"), "no property").expect("files can be written");
        command.run().has_code(0).has_stdout("").has_stderr("").took_less_than(SOON);
    }
}

#[test]
fn a_question_for_topics_creates_none() {
    let mock = Mock::start(1);
    mock.create_topic("orders", 3);
    let brokers = mock.brokers();
    for (word, expected) in [("new", "words\t\n"), ("", "words\t\norders\t3 partitions\n")] {
        // On a busy machine there may be no answer in time.
        wait_until("an answer", Duration::from_secs(30), || {
            let outcome = answer(&["kcons", "consume", "-b", &brokers, word]).run();
            outcome.has_code(0).has_stderr("");
            Some(outcome).filter(|outcome| !outcome.stdout.is_empty())
        })
        .has_stdout(expected);
    }
}

#[test]
fn scripts_of_other_shells_know_commands_and_options() {
    for shell in ["powershell", "elvish"] {
        let outcome = Kcons::new(["completions", shell]).run();
        outcome.has_code(0).has_stderr("");
        for word in ["consume", "describe", "--dead-letter", "--max-lag"] {
            outcome.stdout_contains(word);
        }
    }
}
