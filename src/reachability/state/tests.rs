//! What a run is told of its connection.

use super::*;
use crate::error::Kind;

fn reachability(now: Instant) -> Reachability {
    Reachability::new(FailureText::new("localhost:9092", None, None), Some(now), now)
}

fn refused(broker: &str) -> Trouble {
    let reason = format!(
        "{broker}/1: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)"
    );
    Trouble { kind: TroubleKind::Transport, reason }
}

#[test]
fn no_broker_at_all_is_told_with_the_reason() {
    let now = Instant::now();
    let mut reachability = reachability(now);
    assert_eq!(reachability.classify(&refused("localhost:9092"), now), Verdict::Wait);
    let failure = reachability.give_up(now).unwrap();
    assert_eq!(failure.kind, Kind::Connection);
    assert_eq!(failure.message, "cannot reach any broker at `localhost:9092`");
    assert_eq!(failure.causes, ["connection refused"]);
}

#[test]
fn a_refusal_of_this_machine_is_told_at_once_and_given_up_soon() {
    let now = Instant::now();
    let (limit, deadline) = (Duration::from_secs(2), now + Duration::from_secs(10));
    let failure_text = FailureText::new("localhost:9092", None, None);
    let tries = Reachability::new(failure_text, Some(deadline), now).with_refused_limit(Some(limit));
    let mut reachability = Reachability { is_listening: |_| false, ..tries };
    assert!(reachability.still_waiting(now).is_none(), "nothing is known yet");
    reachability.classify(&refused("localhost:9092"), now);
    let Some(Event::Info { message }) = reachability.still_waiting(now) else { panic!("it is said") };
    assert_eq!(message, "nothing listens at `localhost:9092`, trying for 2 s");
    assert!(reachability.still_waiting(now + PATIENCE).is_none(), "it is said once");
    assert_eq!(reachability.give_up(now + limit - Duration::from_millis(1)), None);
    assert!(reachability.give_up(now + limit).is_some());
    // A broker that has started is waited for.
    reachability.is_listening = |_| true;
    assert_eq!(reachability.give_up(now + limit), None);
    assert!(reachability.give_up(deadline).is_some());
}

#[test]
fn a_refusal_of_one_address_says_nothing_while_a_broker_listens_at_another() {
    let now = Instant::now();
    let (limit, deadline) = (Duration::from_secs(2), now + Duration::from_secs(10));
    let failure_text = FailureText::new("localhost:9092", None, None);
    let tries = Reachability::new(failure_text, Some(deadline), now).with_refused_limit(Some(limit));
    let mut reachability = Reachability { is_listening: |_| true, ..tries };
    reachability.classify(&refused("localhost:9092"), now);
    assert!(reachability.still_waiting(now).is_none());
    assert_eq!(reachability.give_up(now + limit), None);
}

#[test]
fn who_waits_is_told_once_what_for() {
    let now = Instant::now();
    let mut reachability = reachability(now);
    reachability.classify(&refused("localhost:9092"), now);
    assert!(reachability.still_waiting(now).is_none());
    let Some(Event::Progress { message }) = reachability.still_waiting(now + PATIENCE) else {
        panic!("it is said")
    };
    assert_eq!(message, "Still connecting to localhost:9092: connection refused");
    assert!(reachability.still_waiting(now + PATIENCE * 2).is_none());
}

#[test]
fn who_waits_without_end_is_warned() {
    let now = Instant::now();
    let waits = || Reachability::new(FailureText::new("localhost:9092", None, None), None, now);
    let warned = |mut reachability: Reachability| match reachability.still_waiting(now + PATIENCE) {
        Some(Event::Warning { message }) => message,
        _ => panic!("it is no warning"),
    };
    let mut reachability = waits();
    reachability.classify(&refused("localhost:9092"), now);
    assert_eq!(warned(reachability), "still connecting to localhost:9092: connection refused");
    assert_eq!(warned(waits()), "still connecting to localhost:9092: no answer");
}

#[test]
fn an_address_of_another_family_counts_only_alone() {
    let now = Instant::now();
    let strange = |words: &str| Trouble {
        kind: TroubleKind::Transport,
        reason: format!(
            "localhost:9092/bootstrap: Failed to connect to broker at [localhost]:9092: {words} (after 0ms in state CONNECT)"
        ),
    };
    for words in ["Cannot assign requested address", "Network is unreachable"] {
        let mut reachability = reachability(now);
        reachability.classify(&strange(words), now);
        assert_eq!(reachability.give_up(now).unwrap().causes, [words.to_lowercase()]);
        reachability.classify(&refused("localhost:9092"), now);
        reachability.classify(&strange(words), now);
        assert_eq!(reachability.give_up(now).unwrap().causes, ["connection refused"]);
    }
}

#[test]
fn a_server_of_another_kind_is_named() {
    let now = Instant::now();
    for (size, words, hint) in [
        (1_213_486_160, "answers in HTTP, not Kafka", "another server"),
        (352_518_912, "answers in TLS, not Kafka", "security.protocol"),
    ] {
        let mut reachability = reachability(now);
        let reason = format!(
            "localhost:9092/bootstrap: Receive failed: Invalid response size {size} (0..100000000): increase receive.message.max.bytes (after 1ms in state APIVERSION_QUERY)"
        );
        assert_eq!(
            reachability.classify(&Trouble { kind: TroubleKind::BadRecord, reason }, now),
            Verdict::Wait
        );
        let failure = reachability.give_up(now).unwrap();
        assert_eq!(failure.causes, [words]);
        assert!(failure.hint.is_some_and(|told| told.contains(hint)));
    }
}

#[test]
fn a_broker_that_hangs_up_may_speak_another_protocol() {
    let now = Instant::now();
    let mut reachability = reachability(now);
    reachability.note_log_line(
        "FAIL: [thrd:localhost:9092/bootstrap]: localhost:9092/bootstrap: Disconnected: connection closed by \
         peer: receive 0 after POLLIN (after 1ms in state APIVERSION_QUERY)",
    );
    let failure = reachability.give_up(now).unwrap();
    assert_eq!(failure.causes, ["the broker closed the connection"]);
    assert!(failure.hint.is_some_and(|hint| hint.contains("`-X security.protocol`")));
}

#[test]
fn a_broker_that_sends_us_nowhere_is_named() {
    let now = Instant::now();
    let mut reachability = reachability(now);
    reachability.answered(vec!["kafka-0.kafka:9092".to_owned()]);
    assert_eq!(reachability.give_up(now), None, "nothing went wrong yet");
    reachability.classify(&refused("kafka-0.kafka:9092"), now);
    let failure = reachability.give_up(now).unwrap();
    assert_eq!(
        failure.message,
        "`localhost:9092` answered, but sends us to `kafka-0.kafka:9092`: connection refused"
    );
}

#[test]
fn lost_and_found_are_said_once_each() {
    let now = Instant::now();
    let mut reachability = reachability(now);
    reachability.established();
    for _ in 0..100 {
        assert_eq!(reachability.classify(&refused("localhost:9092"), now), Verdict::Wait);
    }
    assert!(reachability.is_probe_due(now));
    assert!(!reachability.is_probe_due(now));
    assert_eq!(reachability.probe_answered(false, now), ConnectionChange::Lost);
    assert!(reachability.is_probe_due(now + PROBE_EVERY));
    assert_eq!(reachability.probe_answered(false, now), ConnectionChange::None);
    let later = now + Duration::from_secs(12);
    assert_eq!(reachability.probe_answered(true, later), ConnectionChange::Again(Duration::from_secs(12)));
    assert!(reachability.is_connected());
}
