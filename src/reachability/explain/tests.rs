//! The messages about brokers that cannot be reached or refuse us.

use super::*;

#[test]
fn a_typed_broker_is_known_with_and_without_its_port() {
    let failure_text = FailureText::new("SSL://a:9093, b", None, None);
    assert!(failure_text.is_typed("a:9093"));
    assert!(failure_text.is_typed("b:9092"));
    assert!(!failure_text.is_typed("c:9092"));
}

#[test]
fn the_hint_names_what_set_the_brokers() {
    const KUBERNETES: &str = "; from outside Kubernetes: kubectl port-forward svc/NAME 9092:9092";
    for (brokers, words) in [
        ("localhost:9092", "connection refused"),
        ("localhost:9092", "timed out"),
        ("kafka:9092", "cannot resolve `kafka`"),
    ] {
        let cause = Cause { broker: Some(brokers.to_owned()), words: words.to_owned() };
        let hint = FailureText::new(brokers, None, None).unreachable(&[cause]).hint;
        assert_eq!(hint, Some(format!("check `--brokers`{KUBERNETES}")), "{brokers} {words}");
    }
    let failure_text = FailureText::new("b:1", None, None).set_by("`brokers` in profile `p`".to_owned());
    let hint = |words: &str| {
        let cause = Cause { broker: Some("b:1".to_owned()), words: words.to_owned() };
        failure_text.unreachable(&[cause]).hint.unwrap_or_default()
    };
    assert_eq!(hint("timed out"), format!("check `brokers` in profile `p`{KUBERNETES}"));
    let no_tls = "the broker closed the connection instead of answering in TLS";
    assert!(hint(no_tls).starts_with("check `-X security.protocol`"));
    let mismatch = Cause { broker: None, words: "hostname mismatch".to_owned() };
    let hint = failure_text.tls(&mismatch).hint.unwrap_or_default();
    assert_eq!(hint, "the certificate is for another name: check `brokers` in profile `p`");
}

#[test]
fn a_refusal_here_is_one_by_all_brokers_of_this_machine() {
    let cause =
        |(broker, words): (&str, &str)| Cause { broker: Some(broker.to_owned()), words: words.to_owned() };
    let refused = "connection refused";
    for (brokers, causes, expected) in [
        ("localhost:9092", &[("localhost:9092", refused)][..], true),
        ("SSL://127.0.0.1:1,[::1]:1", &[("127.0.0.1:1", refused), ("[::1]:1", refused)], true),
        ("::1", &[("::1:9092", refused)], true),
        ("localhost:9092", &[], false),
        ("localhost:9092", &[("localhost:9092", refused), ("localhost:9092", "timed out")], false),
        ("localhost:9092", &[("localhost:9092", "timed out"), ("localhost:9092", refused)], false),
        ("localhost:1,localhost:2", &[("localhost:1", refused)], false),
        ("localhost:1,kafka:1", &[("localhost:1", refused), ("kafka:1", refused)], false),
        ("10.0.0.7:1", &[("10.0.0.7:1", refused)], false),
    ] {
        let causes: Vec<Cause> = causes.iter().copied().map(cause).collect();
        let failure_text = FailureText::new(brokers, None, None);
        assert_eq!(failure_text.are_refused_here(&causes), expected, "{brokers} {causes:?}");
    }
}

#[test]
fn several_brokers_have_a_reason_each_in_their_order() {
    let failure_text = FailureText::new("a:1,SSL://b", None, None);
    let cause =
        |broker: &str, words: &str| Cause { broker: Some(broker.to_owned()), words: words.to_owned() };
    let (refused, closed) = (cause("b:9092", "connection refused"), cause("b:9092", "closed"));
    let causes = [closed, refused, cause("x:9", "no matter"), cause("a:1", "timed out")];
    let failure = failure_text.unreachable(&causes);
    assert_eq!(failure.causes, ["`a:1`: timed out", "`b:9092`: connection refused"]);
}

#[test]
fn a_store_that_cannot_be_used_is_named() {
    for (words, hint) in [
        ("ssl.key.location failed: PEM lib", "check `ssl.key.location` and `ssl.key.password`"),
        ("ssl.ca.location failed: no certificate or crl found", "check `ssl.ca.location`"),
        (
            "ssl.key.location failed: key values mismatch",
            "the key does not belong to the certificate: check `ssl.certificate.location`",
        ),
    ] {
        let failure = unfit(&format!("Client creation error: {words}"));
        assert_eq!((failure.causes, failure.hint.as_deref()), (vec![words.to_owned()], Some(hint)));
    }
    assert_eq!(unfit("`a` and `b`").hint, None);
}

#[test]
fn a_mistake_names_the_property_to_check() {
    let failure_text = FailureText::new("a:1", Some("alice"), Some("g"));
    let failure = |kind, reason: &str| failure_text.failure(&Trouble { kind, reason: reason.to_owned() });
    let wrong =
        failure(TroubleKind::Authentication, "a:1/bootstrap: SASL failed: Invalid username or password");
    assert_eq!(wrong.message, "cannot log in at `a:1` as `alice`");
    assert_eq!(wrong.hint.as_deref(), Some("check `-X sasl.username` and `-X sasl.password`"));
    let forbidden = failure(TroubleKind::GroupAuthorization, "FindCoordinator response error");
    assert_eq!(forbidden.message, "no right to use group `g` for user `alice`");
    let topic = failure(
        TroubleKind::TopicAuthorization,
        "Subscribed topic not available: t: Broker: Topic authorization failed",
    );
    assert_eq!(topic.message, "no right to read topic `t` for user `alice`");
}
