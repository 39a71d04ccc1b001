//! What librdkafka gets, and what the user sees of it.

use super::*;
use crate::settings::properties::values::Value;
use crate::settings::testing::TestWorld;

fn resolved_from(given: &[(&str, &str, PropertyOrigin)]) -> Result<Connection, Failure> {
    let mut properties = Properties::default();
    for (name, value, origin) in given {
        properties.set(name, value, origin.clone());
    }
    properties.default_brokers();
    Connection::resolve(properties, None, &TestWorld::new(&[]).surroundings())
}

fn resolved(typed: &[(&str, &str)]) -> Result<Connection, Failure> {
    let given: Vec<_> = typed.iter().map(|(name, value)| (*name, *value, PropertyOrigin::Property)).collect();
    resolved_from(&given)
}

fn seen(connection: &Connection, name: &str) -> String {
    let found = connection.effective.iter().find(|resolved| resolved.name == name);
    found.map(|resolved| format!("{} {}", &*resolved.value, resolved.origin)).unwrap_or_default()
}

#[test]
fn addresses_of_brokers_are_shown_wherever_they_stand() {
    let given = [("bootstrap.servers", "env:BROKERS"), ("client.id", "env:NAME")];
    let environment = |name: &str| Some(format!("{}:9092", name.to_lowercase()));
    let mut properties = Properties::default();
    for (name, written) in given {
        let value = Value::read(written.to_owned(), &environment).expect("it is set");
        properties.values.insert(name.to_owned(), PropertyValue { value, origin: PropertyOrigin::Property });
    }
    assert_eq!(hidden(&properties), [("name:9092".to_owned(), "env:NAME".to_owned())]);
}

#[test]
fn hints_name_what_sets_the_brokers() {
    for (origin, setting) in [
        (PropertyOrigin::Option, "`--brokers`"),
        (PropertyOrigin::Property, "`-X bootstrap.servers`"),
        (PropertyOrigin::File("f".to_owned()), "`bootstrap.servers` in `f`"),
        (PropertyOrigin::Environment("KCONS_BROKERS".to_owned()), "the variable `KCONS_BROKERS`"),
        (PropertyOrigin::Profile("bad".to_owned()), "`brokers` in profile `bad`"),
    ] {
        let connection = resolved_from(&[("bootstrap.servers", "b:1", origin)]).expect("valid");
        assert_eq!(connection.brokers_setting(), setting);
    }
    assert_eq!(resolved(&[]).expect("valid").brokers_setting(), "`--brokers`");
}

#[test]
fn the_library_gets_what_keeps_the_guarantee() {
    let connection = resolved(&[]).expect("valid");
    for (name, value) in [
        ("auto.offset.reset", "error"),
        ("group.id", "kcons"),
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        ("allow.auto.create.topics", "false"),
        ("bootstrap.servers", "localhost:9092"),
        ("fetch.queue.backoff.ms", "2"),
    ] {
        assert_eq!(connection.property(name), Some(value), "{name}");
    }
    let group = resolved(&[("group.id", "g"), ("enable.auto.commit", "true")]).expect("valid");
    assert_eq!((group.property("group.id"), group.property("enable.auto.commit")), (Some("g"), Some("true")));
}

#[test]
fn a_producer_tries_again_as_soon_as_it_likes() {
    let retried = |connection: &Connection| {
        let properties = connection.for_producer();
        properties.into_iter().find(|(name, _)| name == "retry.backoff.ms").map(|(_, value)| value)
    };
    let member = resolved(&[("group.id", "g")]).expect("valid");
    assert_eq!((member.property("retry.backoff.ms"), retried(&member)), (Some("1000"), None));
    let chosen = resolved(&[("group.id", "g"), ("retry.backoff.ms", "30")]).expect("valid");
    assert_eq!(retried(&chosen).as_deref(), Some("30"));
}

#[test]
fn the_user_sees_every_property_with_its_origin() {
    let connection = resolved(&[("client.rack", "r1"), ("fetch.queue.backoff.ms", "7")]).expect("valid");
    for (name, expected) in [
        ("client.rack", "r1 -X"),
        ("fetch.queue.backoff.ms", "7 -X"),
        ("client.id", "kcons kcons"),
        ("auto.offset.reset", "earliest kcons"),
        ("heartbeat.interval.ms", "1000 kcons"),
        ("session.timeout.ms", "45000 default"),
        ("group.id", " default"),
        ("bootstrap.servers", "localhost:9092 kcons"),
        ("acks", ""),
        ("rebalance_cb", ""),
        ("auto.commit.enable", ""),
    ] {
        assert_eq!(seen(&connection, name), expected, "{name}");
    }
    assert!(connection.effective.is_sorted_by(|left, right| left.name < right.name));
    assert!(connection.effective.len() > 80, "{}", connection.effective.len());
}

#[test]
fn no_brokers_are_set_before_they_exist() {
    let world = TestWorld::new(&[]);
    let mut connection =
        Connection::resolve(Properties::default(), None, &world.surroundings()).expect("valid");
    assert_eq!((connection.brokers.as_str(), connection.property(BROKERS)), ("", None));
    connection.set_brokers("127.0.0.1:1");
    assert_eq!(
        (connection.brokers.as_str(), connection.property(BROKERS)),
        ("127.0.0.1:1", Some("127.0.0.1:1"))
    );
}

#[test]
fn no_time_limit_for_connecting_is_no_limit() {
    let world = TestWorld::new(&[]);
    for (typed, expected) in [
        (None, Some(Duration::from_secs(10))),
        (Some(Duration::from_secs(3)), Some(Duration::from_secs(3))),
        (Some(Duration::ZERO), None),
    ] {
        let connection =
            Connection::resolve(Properties::default(), typed, &world.surroundings()).expect("valid");
        assert_eq!(connection.connect_timeout, expected);
    }
}

#[test]
fn the_broker_decides_for_members_of_the_consumer_protocol() {
    let protocol = ("group.protocol", "consumer");
    let connection = resolved(&[protocol, ("group.id", "g")]).expect("valid");
    for name in ["session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy"] {
        assert_eq!(connection.property(name), None, "{name}");
        let failure = resolved(&[protocol, (name, "1")]).expect_err(name);
        assert_eq!(
            failure.message,
            format!("`-X {name}` and `group.protocol=consumer` cannot be used together")
        );
        let file = PropertyOrigin::File("f".to_owned());
        let connection = resolved_from(&[("group.protocol", "CONSUMER", file.clone()), (name, "1", file)]);
        let connection = connection.expect("valid");
        assert_eq!((connection.property(name), connection.notes.len()), (None, 1));
    }
}

#[test]
fn the_systems_certificates_are_looked_for_only_with_tls() {
    assert_eq!(resolved(&[]).expect("valid").property("ssl.ca.location"), None);
    let tls = ("security.protocol", "ssl");
    assert_eq!(seen(&resolved(&[tls]).expect("valid"), "ssl.ca.location"), "probe kcons");
    assert_eq!(resolved(&[tls, ("ssl.ca.pem", "x")]).expect("valid").property("ssl.ca.location"), None);
    let failure = resolved(&[tls, ("ssl.ca.location", "/no/such/ca.pem")]).expect_err("missing");
    assert_eq!(failure.message, "cannot read `/no/such/ca.pem`");
    assert_eq!(failure.hint.as_deref(), Some("check `ssl.ca.location`"));
}

#[test]
fn a_mechanism_that_is_not_built_in_is_refused_by_name() {
    let sasl = ("security.protocol", "SASL_PLAINTEXT");
    for (given, message) in [
        (vec![sasl], "no SASL mechanism is set, and Kafka's default `GSSAPI` is not built in"),
        (vec![sasl, ("sasl.mechanisms", "GSSAPI")], "SASL mechanism `GSSAPI` is not built in"),
        (vec![sasl, ("sasl.mechanisms", "AWS_MSK_IAM")], "SASL mechanism `AWS_MSK_IAM` is not built in"),
        (vec![sasl, ("sasl.mechanisms", "PLAIN")], "SASL mechanism `PLAIN` needs `sasl.username`"),
        (
            vec![sasl, ("sasl.mechanisms", "OAUTHBEARER")],
            "SASL mechanism `OAUTHBEARER` has no source of tokens",
        ),
    ] {
        let failure = resolved(&given).expect_err(message);
        assert_eq!(failure.message, message);
    }
    let user = [("sasl.username", "a"), ("sasl.password", "b")];
    let given = [sasl, ("sasl.mechanisms", "scram-sha-256"), user[0], user[1]];
    assert_eq!(resolved(&given).expect("valid").property("sasl.mechanisms"), Some("SCRAM-SHA-256"));
}

#[test]
fn security_without_its_protocol_is_refused_when_typed_and_noted_in_a_file() {
    let failure = resolved(&[("sasl.username", "a")]).expect_err("no SASL");
    assert_eq!(failure.message, "`sasl.username` has no effect with `security.protocol=PLAINTEXT`");
    assert_eq!(failure.hint.as_deref(), Some("add -X security.protocol=SASL_SSL or SASL_PLAINTEXT"));
    assert!(resolved(&[("ssl.ca.location", "probe")]).is_err());
    let connection =
        resolved_from(&[("ssl.ca.location", "probe", PropertyOrigin::File("f".to_owned()))]).expect("valid");
    assert_eq!(connection.notes.len(), 1);
}
