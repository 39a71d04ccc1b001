//! Profiles beside the environment.

use std::fs;

use crate::support::kafka::kafka;
use crate::support::run::Kcons;
use crate::support::{Produced, unique_name};

const PROFILES: &str = "[profile.staging]\nbrokers = \"staging:1\"\ncolor = \"always\"\n\
                        [profile.bare]\nconnect-timeout = \"1s\"\n\
                        [profile.file]\nconfig = \"of-profile\"\n";

fn with_profiles(arguments: &[&str]) -> Kcons {
    let run = Kcons::new(arguments);
    let folder = run.home().join(".config/kcons");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("config.toml"), PROFILES).expect("written");
    fs::write(run.home().join("ambient"), "bootstrap.servers=ambient:1\nclient.rack=ambient\n")
        .expect("written");
    fs::write(run.home().join("of-profile"), "bootstrap.servers=of-profile:1\n").expect("written");
    fs::write(run.home().join("typed"), "bootstrap.servers=typed:1\n").expect("written");
    run
}

/// `--profile staging` lost to `KCONS_BROKERS`: the wrong cluster, silently.
pub fn a_typed_profile_goes_before_the_environment() {
    let brokers = |run: Kcons| {
        let outcome = run.run();
        outcome.has_code(0);
        let line = outcome.lines().into_iter().find(|line| line.starts_with("bootstrap.servers "));
        line.expect("it is always there").split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    let print = |more: &[&str]| with_profiles(&[&["lag", "g", "--print-config"][..], more].concat());
    let ambient = |run: Kcons| run.env("KCONS_BROKERS", "environment:1");
    let profile = ["--profile", "staging"];
    assert_eq!(brokers(ambient(print(&profile))), "staging:1 profile staging");
    assert_eq!(brokers(print(&profile).env("KCONS_CONFIG", "ambient")), "staging:1 profile staging");
    assert_eq!(brokers(ambient(print(&profile).env("KCONS_PROFILE", "file"))), "staging:1 profile staging");
    // What it does not say is as in the environment.
    assert_eq!(brokers(ambient(print(&["--profile", "bare"]))), "environment:1 env KCONS_BROKERS");
    let beside = brokers(print(&["--profile", "bare"]).env("KCONS_CONFIG", "ambient"));
    assert_eq!(beside, "ambient:1 file ambient");
    assert_eq!(brokers(ambient(print(&["--profile", "file"]))), "of-profile:1 file of-profile");
    let replaced = print(&["--profile", "file"]).env("KCONS_CONFIG", "ambient").run();
    replaced.has_code(0).check(!replaced.stdout_text().contains("file ambient"), "both files are read");
    // What is typed goes before it.
    assert_eq!(brokers(ambient(print(&["--profile", "staging", "-F", "typed"]))), "typed:1 file typed");
    let property = brokers(ambient(print(&["--profile", "staging", "-X", "bootstrap.servers=x:1"])));
    assert_eq!(property, "x:1 -X");
    assert_eq!(brokers(ambient(print(&["--profile", "staging", "-b", "b:1"]))), "b:1 option");
    // One that is named in the environment stays behind it.
    let named = |run: Kcons| run.env("KCONS_PROFILE", "staging");
    assert_eq!(brokers(ambient(named(print(&[])))), "environment:1 env KCONS_BROKERS");
    assert_eq!(brokers(named(print(&[])).env("KCONS_CONFIG", "ambient")), "ambient:1 file ambient");
    assert_eq!(brokers(named(print(&[]))), "staging:1 profile staging");
    // So it is with other variables.
    let mistake = |run: Kcons| run.env("NO_COLOR", "1").run().stderr_text();
    let wrong = ["consume", "t", "--from", "x"];
    assert!(mistake(with_profiles(&wrong).args(profile)).contains("\u{1b}["));
    assert!(!mistake(with_profiles(&wrong).env("KCONS_PROFILE", "staging")).contains("\u{1b}["));
}

/// `group reset` and `group delete` did not say which cluster they change.
pub fn changes_of_a_group_say_on_which_cluster() {
    let (topic, group) = (unique_name("topic"), unique_name("group"));
    kafka().create_topic(&topic, 1, &[]);
    kafka().produce(&topic, &[Produced::value("v")]);
    let brokers = kafka().brokers();
    let cluster = format!("info: cluster `{brokers}`\n");
    let kcons = |arguments: &[&str]| Kcons::new(arguments).args(["-b", &brokers]).run();
    for execute in [&[][..], &["--execute"]] {
        let reset = ["group", "reset", &group, "--topic", &topic, "--to", "end"];
        kcons(&[&reset[..], execute].concat()).has_code(0).stderr_contains(&cluster);
    }
    kcons(&["group", "delete", &group, "--yes"]).has_code(0).stderr_contains(&cluster);
}
