//! The thread of the programs: verdicts in order, and what is stuck.

use super::*;
use crate::alarm::Alarm;

const LIMIT: Duration = Duration::from_secs(20);

/// A step that takes for ever and cannot be ended.
const STUCK: &str = "def deep: reduce range(60) as $i (1; [., .]); deep as $a | deep as $b | $a == $b";

/// A step that takes so much memory that the thread stands still.
const HUGE: &str = "\"0123456789\" * 300000000";

fn thread(filter: &str, id: Option<&str>) -> (Thread, Alarm) {
    let alarm = Alarm::new().expect("descriptors");
    let compiled = |text: &str| Program::compile(text).expect("a program");
    let programs = Programs { filter: Some(compiled(filter)), id: id.map(compiled), results: None };
    (Thread::new(programs, alarm.bell(), Instant::now()), alarm)
}

fn portion(first: u64, envelopes: &[&str]) -> Portion {
    let mut portion = Portion { first, ..Portion::default() };
    for envelope in envelopes {
        portion.envelopes.extend_from_slice(envelope.as_bytes());
        portion.records.push(Looked { end: portion.envelopes.len(), is_kept: false });
    }
    portion
}

/// The verdict on a record, waited for; `skipped` is how far the clock is ahead.
fn verdict(
    thread: &mut Thread,
    alarm: &mut Alarm,
    number: u64,
    skipped: Duration,
) -> Result<FilterVerdict, Failure> {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(verdict) = thread.verdict(number) {
            return Ok(verdict);
        }
        assert!(Instant::now() < deadline, "no verdict on {number}");
        // Looked at all the time, as the loop does.
        let steps = skipped.as_millis() as u32 / 500;
        for step in 0..=steps {
            thread.watch(Instant::now() + Duration::from_millis(500) * step)?;
        }
        alarm.wait(Duration::from_millis(20), false);
    }
}

#[test]
fn verdicts_come_in_order_and_by_number() {
    let (mut thread, mut alarm) = thread(".n > 1", Some(".id"));
    let envelopes = [r#"{"n":1}"#, r#"{"n":2,"id":"a"}"#, r#"{"n":3}"#, "{", r#"{"n":5,"id":7}"#];
    thread.look_at(portion(1, &envelopes)).expect("a thread");
    let mut next = |number| verdict(&mut thread, &mut alarm, number, Duration::ZERO).expect("a verdict");
    assert!(next(1).is_left_out);
    assert_eq!(next(2), FilterVerdict { event_id: Some("a".into()), ..FilterVerdict::default() });
    assert_eq!(next(3).no_id, Some(NoId::Null));
    // The fourth is not asked for.
    assert_eq!(next(5).event_id.as_deref(), Some("7"));
}

#[test]
fn a_record_that_takes_too_long_fails_and_the_next_ones_are_looked_at() {
    for (bad, words) in [
        ("repeat(empty)", "`--filter` failed: it took longer than 5 s"),
        (STUCK, "`--filter` failed: it took longer than 5 s"),
        (HUGE, "`--filter` failed: it took more than 128 MiB of memory"),
    ] {
        let (mut thread, mut alarm) = thread(&format!("if . == 2 then ({bad}) else . > 2 end"), None);
        thread.look_at(portion(1, &["1", "2", "3"])).expect("a thread");
        let mut next =
            |number, skipped| verdict(&mut thread, &mut alarm, number, skipped).expect("a verdict");
        assert!(next(1, Duration::ZERO).is_left_out);
        assert_eq!(next(2, TIME + GRACE).failure.as_deref(), Some(words));
        assert_eq!(next(3, Duration::ZERO), FilterVerdict::default());
        thread.look_at(portion(4, &["0", "4"])).expect("a thread");
        assert_eq!(verdict(&mut thread, &mut alarm, 5, Duration::ZERO), Ok(FilterVerdict::default()));
    }
}

#[test]
fn time_in_which_the_process_stood_still_is_not_the_programs() {
    let (mut thread, _alarm) = thread("repeat(empty)", None);
    thread.look_at(portion(1, &["1"])).expect("a thread");
    let mut now = Instant::now();
    while thread.seen.0 != 1 {
        thread.watch(Instant::now()).expect("it goes on");
    }
    for _ in 0..20 {
        now += TIME + GRACE;
        thread.watch(now).expect("it goes on");
    }
    assert_eq!(thread.verdict(1), None);
    for _ in 0..12 {
        now += Duration::from_millis(500);
        thread.watch(now).expect("it goes on");
    }
    assert!(thread.verdict(1).is_some_and(|verdict| verdict.failure.is_some()));
}

#[test]
fn what_is_decided_is_told_while_the_next_record_takes_its_time() {
    let (mut thread, mut alarm) = thread("if . == 2 then repeat(empty) else true end", None);
    thread.look_at(portion(1, &["1", "2"])).expect("a thread");
    assert_eq!(verdict(&mut thread, &mut alarm, 1, Duration::from_millis(500)), Ok(FilterVerdict::default()));
}

#[test]
fn a_program_that_is_stuck_again_and_again_ends_the_run() {
    let (mut thread, mut alarm) = thread("true", Some(HUGE));
    thread.look_at(portion(1, &["1"; 9])).expect("a thread");
    for number in 1..=MOST_STANDING as u64 {
        let verdict = verdict(&mut thread, &mut alarm, number, Duration::ZERO).expect("a verdict");
        assert!(
            verdict.failure.is_some_and(|words| words.starts_with("`--dedup` failed: it took more than"))
        );
    }
    let failure = verdict(&mut thread, &mut alarm, 3, Duration::ZERO).expect_err("too many");
    assert_eq!(failure.kind, Kind::Record);
    assert_eq!(failure.message, "`--dedup` got stuck on 3 records at once");
    assert_eq!(
        failure.causes,
        ["the last time it took more than 128 MiB of memory, and it cannot be stopped"]
    );
    assert_eq!(failure.hint.as_deref(), Some("test the length of what it works on first"));
}

#[test]
fn regular_expressions_are_hinted_at_where_time_was_the_reason() {
    let failure = stuck("--filter", 5, Excess::Time);
    assert_eq!(failure.causes, ["the last time it took longer than 5 s, and it cannot be stopped"]);
    assert!(failure.hint.is_some_and(|hint| hint.contains("regular expression")));
}

#[test]
fn records_that_nobody_wants_any_more_hold_nothing_up() {
    let (mut thread, mut alarm) = thread("if . == 1 then repeat(empty) else true end", None);
    thread.look_at(portion(1, &["1"; 1000])).expect("a thread");
    thread.look_at(portion(1001, &["2"])).expect("a thread");
    assert_eq!(verdict(&mut thread, &mut alarm, 1001, Duration::ZERO), Ok(FilterVerdict::default()));
}

#[test]
fn a_long_id_is_its_hash_and_no_other() {
    let at_most = "x".repeat(LONGEST_ID);
    assert_eq!(&*bounded(at_most.clone()), at_most);
    let hashed = bounded(format!("{at_most}x"));
    assert!(hashed.starts_with(HASHED) && hashed.len() == HASHED.len() + 64, "{hashed}");
    assert_ne!(bounded(format!("{at_most}y")), hashed);
    assert_ne!(bounded(hashed.to_string()), hashed, "a short id that looks like a hash is not taken for one");
    let known = bounded("a".repeat(2000));
    assert_eq!(&*known, "kcons:sha256:c4a700f85b7e9e5cdbdc51170409ee2ad48bebe2f2f0957a067937531a0a3c42");
}
