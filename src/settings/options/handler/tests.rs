//! What handlers come to, and what they are refused for.

use super::{FailurePolicy, Handler, HandlerSettings, StoreChoice};
use crate::error::Failure;
use crate::settings::properties::values::Value;
use crate::settings::testing::TestWorld;
use crate::settings::{Consume, FilterFailure};
use std::path::PathBuf;
use std::time::Duration;

fn resolved(words: &str) -> Result<Consume, Failure> {
    TestWorld::new(&[("HOME", "/h"), ("STORE", "redis://:secret@host")]).consume(words)
}

fn handling(words: &str) -> HandlerSettings {
    resolved(words).expect(words).handling.expect("a handler")
}

#[test]
fn a_handler_has_the_documented_defaults() {
    let handling = handling("t -g g --exec cat");
    assert!(matches!(&handling.handler, Handler::Exec(exec) if exec.command == ["sh", "-c", "cat"]));
    assert_eq!((handling.parallel, handling.in_flight, handling.retries), (1, 64, 3));
    assert_eq!((handling.timeout, handling.failure_limit), (Some(Duration::from_secs(60)), Some(100)));
    assert_eq!(handling.backoff.max, Duration::from_secs(30));
    assert_eq!((handling.on_failure, handling.rate.is_none()), (FailurePolicy::Stop, true));
    let program = self::handling("t -g g -n 1 -- cat -n");
    assert!(matches!(&program.handler, Handler::Exec(exec) if exec.command == ["cat", "-n"]));
    assert!(resolved("t").expect("valid").handling.is_none());
}

#[test]
fn zero_is_no_limit_where_help_says_so() {
    let handling = handling("t --worker w --timeout 0s --failure-limit 0 --retries 0");
    assert_eq!((handling.timeout, handling.failure_limit, handling.retries), (None, None, 0));
}

#[test]
fn ids_are_kept_where_they_were_told_to_be() {
    let elsewhere = |text: &str| {
        Value::read("env:STORE".to_owned(), &|_| Some(text.to_owned())).expect("the variable is there")
    };
    for (words, expected) in [
        ("-g g", StoreChoice::InFolder(PathBuf::from("/h/.local/state/kcons"))),
        ("--dedup-store ids.redb", StoreChoice::File(Value::plain("ids.redb"))),
        ("--dedup-store file:///ids", StoreChoice::File(Value::plain("/ids"))),
        ("--dedup-store redis://h:1", StoreChoice::Redis(Value::plain("redis://h:1"))),
        ("--dedup-store env:STORE", StoreChoice::Redis(elsewhere("redis://:secret@host"))),
    ] {
        let dedup = handling(&format!("t --exec x --dedup .value.id {words}")).dedup.expect("dedup");
        assert_eq!((dedup.store, dedup.ttl), (expected, Duration::from_secs(7 * 86_400)));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    for (words, message) in [
        ("t --exec a --worker b", "`--exec` cannot be used with `--worker`"),
        ("t --exec a -- b", "`-- CMD` cannot be used with `--exec`"),
        ("t --parallel 2", "`--parallel` needs a handler"),
        ("t --dedup .id", "`--dedup` needs a handler"),
        ("t --exec=", "`--exec` must not be empty"),
        ("t --worker w --stdin json", "`--stdin` cannot be used with `--worker`"),
        ("t --forward f --stdin json", "`--stdin` cannot be used with `--forward`"),
        ("t --exec a --in-flight 2", "`--in-flight` cannot be used with `--exec`"),
        ("t --exec a --json", "`--json` cannot be used with `--exec`"),
        ("t --forward f -o raw", "`--output` cannot be used with `--forward`"),
        ("t --exec a --label x", "`--label` cannot be used with `--exec`"),
        ("t --exec a --strict", "`--strict` cannot be used with `--exec`"),
        ("t --forward f --value-format hex", "`--value-format` cannot be used with `--forward`"),
        (
            "t --exec a --dead-letter d --on-failure skip",
            "`--dead-letter` cannot be used with `--on-failure skip`",
        ),
        ("t --exec a --on-failure dead-letter", "`--on-failure dead-letter` needs `--dead-letter TOPIC`"),
        ("t --exec a --dead-letter t", "`--dead-letter t` cannot be used: this run reads that topic"),
        ("t --forward t", "`--forward t` cannot be used: this run reads that topic"),
        ("t --forward d --dead-letter d", "`--forward d` cannot be used with `--dead-letter d`"),
        ("t --forward a/b", "invalid topic name `a/b` for `--forward`"),
        ("t --exec a --dedup-ttl 1d", "`--dedup-ttl` needs `--dedup`"),
        ("t --exec a --dedup .id", "`--dedup` without `--group` needs `--dedup-store`"),
        ("t --exec a --dedup .id --dedup-store rediss://h", "invalid value for `--dedup-store`"),
        ("t --exec a --dedup .id --dedup-store redis://", "invalid value for `--dedup-store`"),
        ("t --worker w --parallel 4 --in-flight 2", "`--in-flight 2` cannot be used with `--parallel 4`"),
        ("t --worker w --retries 0 --backoff 1s..2s", "`--backoff` cannot be used with `--retries 0`"),
        ("t --on-failure skip", "`--on-failure` needs a handler, `--filter` or `--jq`"),
        ("t --filter=", "`--filter` must not be empty"),
    ] {
        assert_eq!(resolved(words).expect_err(words).message, message);
    }
}

#[test]
fn decoding_is_for_handlers_that_get_decoded_records() {
    for words in
        ["--exec a --stdin json", "--worker w", "--exec a --filter .value", "-g g --exec a --dedup .id"]
    {
        assert!(resolved(&format!("t --strict --value-format text {words}")).is_ok(), "{words}");
    }
}

#[test]
fn a_filter_that_fails_ends_a_group_and_is_remembered_without_one() {
    for (words, expected) in [
        ("t --filter .a", FilterFailure::Remembered),
        ("t --filter .a --strict", FilterFailure::Stop),
        ("t --filter .a -g g", FilterFailure::Stop),
        ("t --filter .a -g g --on-failure skip", FilterFailure::Skip),
    ] {
        assert_eq!(resolved(words).expect(words).filter_failure, expected, "{words}");
    }
}

#[test]
fn a_handler_without_a_group_is_warned_of() {
    let warnings = |words: &str| resolved(words).expect(words).warnings;
    assert_eq!(
        warnings("t --exec a"),
        ["a handler without `--group`: nothing is committed, every run starts over"]
    );
    assert_eq!(warnings("t --exec a -p 0 --order partition --parallel 2").len(), 2);
    assert!(warnings("t --exec a -g g").is_empty() && warnings("t").is_empty());
}

#[test]
fn topics_that_are_written_to_are_known() {
    let consume = resolved("^t --forward f --dead-letter t.dead").expect("valid");
    assert_eq!(consume.written_topics(), ["f", "t.dead"]);
}
