//! Options of every command, in every command: how to reach the cluster and how to talk.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use crate::support::Outcome;
use crate::support::run::Kcons;

/// Each command in a form that only lacks a broker.
const COMMANDS: [&str; 9] = [
    "consume t",
    "consume t --group g",
    "lag g",
    "group list",
    "group describe g",
    "group reset g --topic t --to end",
    "group delete g --yes",
    "topic list",
    "topic describe t",
];

/// A way to say something: variables, files, words; what is said of a property; and if it is another, its row.
struct Row {
    variables: &'static [(&'static str, &'static str)],
    words: &'static str,
    shown: &'static str,
}

const fn row(
    variables: &'static [(&'static str, &'static str)],
    words: &'static str,
    shown: &'static str,
) -> Row {
    Row { variables, words, shown }
}

const ROWS: [Row; 24] = [
    row(&[], "", "bootstrap.servers localhost:9092 kcons"),
    row(&[], "", "session.timeout.ms 45000 default"),
    row(&[], "", "client.id kcons kcons"),
    row(&[("KCONS_BROKERS", "e:1")], "", "bootstrap.servers e:1 env KCONS_BROKERS"),
    row(&[("KCONS_BROKERS", "e:1")], "-b o:1", "bootstrap.servers o:1 option"),
    row(&[("KCONS_BROKERS", "e:1")], "-X bootstrap.servers=x:1", "bootstrap.servers x:1 -X"),
    row(&[("KCONS_BROKERS", "e:1")], "-F java", "bootstrap.servers f:1 file java"),
    row(&[("KCONS_BROKERS", "e:1")], "--profile p", "bootstrap.servers p:1 profile p"),
    row(&[("KCONS_BROKERS", "e:1"), ("KCONS_PROFILE", "p")], "", "bootstrap.servers e:1 env KCONS_BROKERS"),
    row(&[], "--profile p", "bootstrap.servers p:1 profile p"),
    row(&[], "--profile p -F java", "bootstrap.servers f:1 file java"),
    row(&[], "--profile p -F java -X client.id=x", "client.id x -X"),
    row(&[], "--profile p -F java", "client.rack p profile p"),
    row(&[("KCONS_PROFILE", "p")], "", "client.rack p profile p"),
    row(&[("KCONS_PROFILE", "q")], "--profile p", "client.rack p profile p"),
    row(&[("KCONS_CONFIG", "java")], "", "fetch.wait.max.ms 77 file java"),
    row(&[("KCONS_CONFIG", "java")], "--profile by-file", "client.id other file other"),
    row(&[("KCONS_CONFIG", "java"), ("KCONS_PROFILE", "by-file")], "", "client.id f file java"),
    row(&[], "--profile by-file", "client.id other file other"),
    row(&[], "-F java", "partition.assignment.strategy cooperative-sticky file java"),
    row(&[("PW", "s3cret")], "-F login", "sasl.password env:PW file login"),
    row(&[("PW", "s3cret")], "-F login", "sasl.mechanisms SCRAM-SHA-512 file login"),
    row(&[("RACK", "r")], "-X client.rack=env:RACK", "client.rack env:RACK -X"),
    row(&[], "-X client.rack=file:rack", "client.rack file:rack -X"),
];

/// The command with a home that has the files of `ROWS` and of `REFUSED`.
fn kcons(command: &str, words: &str) -> Kcons {
    let command = Kcons::new(command.split(' ')).args(words.split_whitespace());
    let settings = command.home().join(".config/kcons");
    fs::create_dir_all(&settings).expect("the home is ours");
    let java = "bootstrap.servers=f:1\nclient.id=f\nfetch.max.wait.ms=77\nkey.deserializer=x\n\
                partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor\n";
    let login = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-512\nsasl.username=u\nsasl.password=env:PW\n";
    let profiles = "[profile.p]\nbrokers = 'p:1'\nclient.id = 'p'\nclient.rack = 'p'\n\
                    group = 'service'\noffset-reset = 'latest'\ncommit = 'manual'\n\
                    [profile.q]\nclient.rack = 'q'\n[profile.by-file]\nconfig = 'other'\n\
                    [profile.typo]\nbroker = 'x:1'\n[profile.quiet]\nquiet = true\n[profile.events]\nlog = 'json'\n\
                    [profile.guarded]\nenable.auto.offset.store = true\n[profile.waits]\nconnect-timeout = '5'\n\
                    [profile.bare]\nbrokers = 5\n";
    for (name, text) in [
        (".config/kcons/config.toml", profiles),
        ("java", java),
        ("login", login),
        ("other", "client.id=other\n"),
        ("rack", "in-file\n"),
        ("engine", "ssl.engine.factory.class=x\n"),
        ("typo", "client.idd=x\n"),
    ] {
        fs::write(command.home().join(name), text).expect("the home is ours");
    }
    command
}

fn value(outcome: &Outcome, name: &str) -> String {
    let lines = outcome.lines();
    let found = lines.iter().find(|line| line.split_whitespace().next() == Some(name));
    found.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()
}

#[test]
fn a_property_comes_from_the_first_source_that_has_it() {
    for command in COMMANDS {
        for Row { variables, words, shown } in ROWS {
            let command = kcons(command, words).arg("--print-config");
            let outcome =
                variables.iter().fold(command, |command, (name, value)| command.env(name, value)).run();
            outcome.has_code(0).has_stderr("");
            let name = shown.split(' ').next().unwrap_or_default();
            outcome.check(value(&outcome, name) == shown, &format!("not: {shown}"));
            outcome.check(!outcome.stdout_text().contains("s3cret"), "a secret was shown");
        }
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_connected() {
    for command in COMMANDS {
        for (words, message) in [
            ("-X client.idd=x", "unknown property `client.idd`\n  hint: did you mean `client.id`?"),
            ("-X client.id", "`-X client.id` has no value"),
            ("-X enable.auto.offset.store=true", "property `enable.auto.offset.store` cannot be set"),
            ("-X client.id=env:NONE", "cannot read the value of property `client.id`"),
            ("-X client.id=file:none", "cannot read the value of property `client.id`"),
            (
                "-b a:1 -X bootstrap.servers=b:1",
                "`--brokers a:1` and `-X bootstrap.servers=b:1` contradict each other",
            ),
            ("-b :x", "invalid broker `:x` for `--brokers`"),
            ("-F none", "cannot read `none`"),
            ("-F typo", "unknown property `client.idd` in `typo` line 1\n  hint: did you mean `client.id`?"),
            ("-F engine", "`ssl.engine.factory.class` cannot be translated in `engine` line 1"),
            ("--profile none", "profile `none` is not in `"),
            ("--profile typo", "unknown key `broker` in profile `typo`, `"),
            ("--profile waits", "invalid value `5` for `connect-timeout` in profile `waits`, `"),
            ("--profile bare", "`brokers` in profile `bare`, `"),
            ("--connect-timeout 5", "invalid value `5` for `--connect-timeout`"),
            ("--color maybe", "invalid value `maybe` for `--color`"),
            ("--log xml", "invalid value `xml` for `--log`"),
        ] {
            let outcome = kcons(command, words).run();
            outcome.has_code(2).has_stdout("");
            outcome.check(
                outcome.stderr_text().starts_with(&format!("error: {message}")),
                &format!("not: {message}"),
            );
        }
    }
}

#[test]
fn a_profile_says_how_to_talk_and_how_long_to_try() {
    for command in COMMANDS {
        let run = |words: &str| {
            let nowhere = ["-b", "no-such-host.invalid:1", "--connect-timeout", "200ms"];
            let outcome = kcons(command, words).args(nowhere).run();
            outcome.has_code(3).has_stdout("");
            outcome
        };
        run("").stderr_contains("error: cannot reach any broker at `no-such-host.invalid:1`\n");
        let colored = run("--color always");
        colored.check(colored.stderr.contains(&0x1b), "no color");
        for words in ["--log json", "--profile events"] {
            let outcome = run(words);
            assert_eq!(outcome.events_named("error").len(), 1, "{outcome}");
        }
        run("--profile guarded")
            .stderr_contains("ignoring `enable.auto.offset.store` in profile `guarded`, `");
        for words in ["-q", "--profile quiet"] {
            let quiet = run(&format!("{words} -X client.rack=x -F java"));
            quiet.check(quiet.stderr_text().starts_with("error: "), "more than the error");
        }
        run("-v");
    }
}

#[test]
fn a_profile_never_chooses_the_mode() {
    let outcome = kcons("consume t", "--profile p -b no-such-host.invalid:1 --connect-timeout 200ms").run();
    let note =
        "info: ignoring `group`, `offset-reset` in profile `p`: reading without a group, see `--group`\n";
    outcome.has_code(3).stderr_contains(note);
    let shown = |words: &str, name: &str| value(&kcons("consume t", words).arg("--print-config").run(), name);
    assert_eq!(shown("--profile p", "group.id"), "group.id (none) default");
    assert_eq!(shown("--profile p -g g", "group.id"), "group.id g option");
    assert_eq!(shown("--profile p -g g", "auto.offset.reset"), "auto.offset.reset latest profile p");
    assert_eq!(shown("--profile p -g g", "enable.auto.commit"), "enable.auto.commit false profile p");
    assert_eq!(
        shown("--profile p -g g --commit auto", "enable.auto.commit"),
        "enable.auto.commit true option"
    );
    assert_eq!(shown("--profile p -X group.id=g", "auto.offset.reset"), "auto.offset.reset latest profile p");
}

#[test]
fn the_demo_has_brokers_of_its_own_whatever_a_file_or_a_profile_says() {
    for (words, shown) in [
        ("--profile p", "client.id p profile p"),
        ("--profile p", "bootstrap.servers (none) default"),
        ("-F java", "bootstrap.servers (none) default"),
        ("-F java", "client.id f file java"),
        ("-X client.id=x --profile p", "client.id x -X"),
    ] {
        let outcome = kcons("demo", words).arg("--print-config").env("KCONS_BROKERS", "e:1").run();
        outcome.has_code(0).has_stderr("");
        outcome.check(
            value(&outcome, shown.split(' ').next().unwrap_or_default()) == shown,
            &format!("not: {shown}"),
        );
    }
    kcons("demo", "-b x:1").run().has_code(2).stderr_contains("`--brokers` cannot be used with `kcons demo`");
}

#[test]
fn commands_that_connect_nothing_take_no_profile() {
    for command in ["man", "completions bash"] {
        let outcome = kcons(command, "--profile p").run();
        outcome.has_code(2).has_stdout("").stderr_contains("`--profile` cannot be used with `kcons ");
        kcons(command, "").env("KCONS_PROFILE", "none").run().has_code(0);
    }
}

#[test]
fn a_refusal_of_this_machine_is_told_at_once_and_given_up_after_two_seconds() {
    let address = "127.0.0.1:1";
    for command in ["topic list", "consume t"] {
        let outcome = Kcons::new(command.split(' ')).args(["-b", address]).run();
        outcome.has_code(3).has_stdout("").has_stderr(&format!(
            "info: nothing listens at `{address}`, trying for 2 s\n\
             error: cannot reach any broker at `{address}`\n  caused by: connection refused\n  \
             hint: check `--brokers`; from outside Kubernetes: kubectl port-forward svc/NAME 9092:9092\n"
        ));
        let is_late = outcome.elapsed >= Duration::from_secs(2);
        outcome.check(is_late, "it gave up early").took_less_than(Duration::from_secs(9));
        let patient = Kcons::new(command.split(' ')).args(["-b", address, "--connect-timeout", "3s"]).run();
        let is_late = patient.elapsed >= Duration::from_secs(3);
        patient.has_code(3).stderr_lacks("trying for").check(is_late, "the time that was typed counts");
    }
}

#[test]
fn a_hint_names_what_sets_the_brokers() {
    for command in ["topic list", "consume t"] {
        for (words, variables, setting) in [
            ("-b b:1", &[][..], "`--brokers`"),
            ("-X bootstrap.servers=b:1", &[], "`-X bootstrap.servers`"),
            ("-F java", &[], "`bootstrap.servers` in `java`"),
            ("--profile p", &[], "`brokers` in profile `p`"),
            ("", &[("KCONS_BROKERS", "b:1")], "the variable `KCONS_BROKERS`"),
        ] {
            let command = kcons(command, words).args(["--connect-timeout", "300ms"]);
            let outcome =
                variables.iter().fold(command, |command, (name, value)| command.env(name, value)).run();
            outcome.has_code(3).stderr_contains(&format!("\n  hint: check {setting}"));
        }
    }
}

#[test]
fn a_server_that_answers_in_http_is_told() {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = server.local_addr().expect("it is bound").to_string();
    std::thread::spawn(move || {
        for mut connection in server.incoming().flatten() {
            let _ = connection.read(&mut [0; 64]);
            let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        }
    });
    for command in ["topic list", "consume t"] {
        let words = ["-b", &address, "--connect-timeout", "3s"];
        Kcons::new(command.split(' ')).args(words).run().has_code(3).has_stderr(&format!(
            "error: cannot reach any broker at `{address}`\n  caused by: answers in HTTP, not Kafka\n  \
             hint: check `--brokers`: another server listens there\n"
        ));
    }
}
