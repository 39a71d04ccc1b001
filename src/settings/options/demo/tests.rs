//! What a command line of `demo` comes to, and what its broker cannot do.

use super::*;
use crate::cli::{Arguments, Command};
use crate::settings::testing::TestWorld;
use clap::Parser;

fn resolved_in(world: &TestWorld, words: &str) -> Result<Demo, Failure> {
    let words = ["kcons", "demo"].into_iter().chain(words.split_whitespace());
    let arguments = Arguments::try_parse_from(words).expect("words that the declaration takes");
    let Command::Demo(demo) = arguments.command else { panic!("demo was typed") };
    Demo::resolve(&demo, &arguments.connection, &world.surroundings())
}

fn resolved(words: &str) -> Result<Demo, Failure> {
    resolved_in(&TestWorld::new(&[]), words)
}

fn run(words: &str) -> Consume {
    match resolved(words) {
        Ok(Demo::Run { consume, .. }) => *consume,
        other => panic!("{words}: {other:?}"),
    }
}

#[test]
fn it_is_a_group_that_ends_at_the_end() {
    let consume = run("");
    assert!(matches!(&consume.mode, Mode::Group(group) if group.name == "demo"));
    assert_eq!(consume.stops.to, Some(Positions::All(Position::End)));
    assert_eq!(consume.connection.property("partition.assignment.strategy"), Some("cooperative-sticky"));
    assert_eq!(consume.connection.property(BROKERS), None);
    assert!(matches!(run("--commit batch=10 -g mine").mode, Mode::Group(group) if group.name == "mine"));
    assert_eq!(run("--to 5").stops.to, Some(Positions::All(Position::Offset(5))));
}

#[test]
fn a_position_or_partitions_make_it_standalone() {
    assert!(matches!(run("--from 0").mode, Mode::Standalone(_)));
    assert!(matches!(run("-p 0,1").mode, Mode::Standalone(_)));
    assert!(resolved("--from 0 --commit manual").is_err());
}

#[test]
fn following_has_no_end() {
    let Ok(Demo::Run { consume, follow: true }) = resolved("--follow") else { panic!("it follows") };
    assert_eq!(consume.stops.to, None);
    assert_eq!(
        resolved("--follow -e").map_err(|f| f.message).err().as_deref(),
        Some("`--exit` cannot be used with `--follow`")
    );
}

#[test]
fn serving_consumes_nothing() {
    assert!(matches!(resolved("--serve"), Ok(Demo::Serve)));
    for (words, option) in
        [("--serve -e", "--exit"), ("--serve --strict", "--strict"), ("--serve -X client.id=a", "--property")]
    {
        let failure = resolved(words).expect_err(words);
        assert_eq!(failure.message, format!("`{option}` cannot be used with `--serve`"));
    }
}

#[test]
fn what_its_broker_cannot_do_is_refused_with_the_reason() {
    for (words, what) in [
        ("-b x:1", "--brokers"),
        ("-X bootstrap.servers=x:1", "-X bootstrap.servers"),
        ("--instance-id i", "--instance-id"),
        ("-X group.instance.id=i", "-X group.instance.id"),
        ("--read-uncommitted", "--read-uncommitted"),
        ("-X isolation.level=read_uncommitted", "-X isolation.level"),
        ("-X group.protocol=consumer", "-X group.protocol"),
        ("-X security.protocol=SSL", "-X security.protocol"),
        ("-X sasl.username=a", "-X sasl.username"),
        ("--from -1h", "--from"),
        ("--to 2026-11-23", "--to"),
    ] {
        let failure = resolved(words).expect_err(words);
        assert_eq!(failure.message, format!("`{what}` cannot be used with `kcons demo`"));
        assert_eq!(failure.causes.len(), 1, "{words}");
    }
}

#[test]
fn what_is_set_for_real_brokers_does_not_stand_in_its_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("client.properties");
    std::fs::write(&path, "security.protocol=SSL\nssl.ca.location=/no\ngroup.id=x\nclient.id=me\n")
        .expect("written");
    let world = TestWorld::new(&[("KCONS_BROKERS", "x:1"), ("KCONS_CONFIG", path.to_str().expect("text"))]);
    let Ok(Demo::Run { consume, .. }) = resolved_in(&world, "") else { panic!("it runs") };
    assert_eq!(consume.connection.property("client.id"), Some("me"));
    assert_eq!(consume.connection.property("security.protocol"), None);
    assert!(matches!(consume.mode, Mode::Group(group) if group.name == "demo"));
}
