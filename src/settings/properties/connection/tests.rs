//! What librdkafka gets, and what the user sees of it.

use super::*;
use crate::settings::properties::values::Value;
use crate::settings::testing::World;

fn settled_from(given: &[(&str, &str, Origin)]) -> Result<Connection, Failure> {
    let mut gathered = Gathered::default();
    for (name, value, origin) in given {
        gathered.set(name, value, origin.clone());
    }
    gathered.default_brokers();
    Connection::settle(gathered, None, &World::new(&[]).surroundings())
}

fn settled(typed: &[(&str, &str)]) -> Result<Connection, Failure> {
    let given: Vec<_> = typed.iter().map(|(name, value)| (*name, *value, Origin::Property)).collect();
    settled_from(&given)
}

fn seen(connection: &Connection, name: &str) -> String {
    let found = connection.resolved.iter().find(|resolved| resolved.name == name);
    found.map(|resolved| format!("{} {}", &*resolved.value, resolved.origin)).unwrap_or_default()
}

#[test]
fn addresses_of_brokers_are_shown_wherever_they_stand() {
    let given = [("bootstrap.servers", "env:BROKERS"), ("client.id", "env:NAME")];
    let environment = |name: &str| Some(format!("{}:9092", name.to_lowercase()));
    let mut gathered = Gathered::default();
    for (name, written) in given {
        let value = Value::resolve(written.to_owned(), &environment).expect("it is set");
        gathered.given.insert(name.to_owned(), Given { value, origin: Origin::Property });
    }
    assert_eq!(hidden(&gathered), [("name:9092".to_owned(), "env:NAME".to_owned())]);
}

#[test]
fn the_library_gets_what_keeps_the_guarantee() {
    let connection = settled(&[]).expect("valid");
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
    let group = settled(&[("group.id", "g"), ("enable.auto.commit", "true")]).expect("valid");
    assert_eq!((group.property("group.id"), group.property("enable.auto.commit")), (Some("g"), Some("true")));
}

#[test]
fn the_user_sees_every_property_with_its_origin() {
    let connection = settled(&[("client.rack", "r1"), ("fetch.queue.backoff.ms", "7")]).expect("valid");
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
    assert!(connection.resolved.is_sorted_by(|left, right| left.name < right.name));
    assert!(connection.resolved.len() > 80, "{}", connection.resolved.len());
}

#[test]
fn no_brokers_are_set_before_they_exist() {
    let world = World::new(&[]);
    let mut connection = Connection::settle(Gathered::default(), None, &world.surroundings()).expect("valid");
    assert_eq!((connection.brokers.as_str(), connection.property(BROKERS)), ("", None));
    connection.set_brokers("127.0.0.1:1");
    assert_eq!(
        (connection.brokers.as_str(), connection.property(BROKERS)),
        ("127.0.0.1:1", Some("127.0.0.1:1"))
    );
}

#[test]
fn no_time_limit_for_connecting_is_no_limit() {
    let world = World::new(&[]);
    for (typed, expected) in [
        (None, Some(Duration::from_secs(10))),
        (Some(Duration::from_secs(3)), Some(Duration::from_secs(3))),
        (Some(Duration::ZERO), None),
    ] {
        let connection =
            Connection::settle(Gathered::default(), typed, &world.surroundings()).expect("valid");
        assert_eq!(connection.connect_timeout, expected);
    }
}

#[test]
fn the_broker_decides_for_members_of_the_consumer_protocol() {
    let protocol = ("group.protocol", "consumer");
    let connection = settled(&[protocol, ("group.id", "g")]).expect("valid");
    for name in ["session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy"] {
        assert_eq!(connection.property(name), None, "{name}");
        let failure = settled(&[protocol, (name, "1")]).expect_err(name);
        assert_eq!(
            failure.message,
            format!("`-X {name}` and `group.protocol=consumer` cannot be used together")
        );
        let file = Origin::File("f".to_owned());
        let connection = settled_from(&[("group.protocol", "CONSUMER", file.clone()), (name, "1", file)]);
        let connection = connection.expect("valid");
        assert_eq!((connection.property(name), connection.notes.len()), (None, 1));
    }
}

#[test]
fn the_systems_certificates_are_looked_for_only_with_tls() {
    assert_eq!(settled(&[]).expect("valid").property("ssl.ca.location"), None);
    let tls = ("security.protocol", "ssl");
    assert_eq!(seen(&settled(&[tls]).expect("valid"), "ssl.ca.location"), "probe kcons");
    assert_eq!(settled(&[tls, ("ssl.ca.pem", "x")]).expect("valid").property("ssl.ca.location"), None);
    let failure = settled(&[tls, ("ssl.ca.location", "/no/such/ca.pem")]).expect_err("missing");
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
        let failure = settled(&given).expect_err(message);
        assert_eq!(failure.message, message);
    }
    let user = [("sasl.username", "a"), ("sasl.password", "b")];
    let given = [sasl, ("sasl.mechanisms", "scram-sha-256"), user[0], user[1]];
    assert_eq!(settled(&given).expect("valid").property("sasl.mechanisms"), Some("SCRAM-SHA-256"));
}

#[test]
fn security_without_its_protocol_is_refused_when_typed_and_noted_in_a_file() {
    let failure = settled(&[("sasl.username", "a")]).expect_err("no SASL");
    assert_eq!(failure.message, "`sasl.username` has no effect with `security.protocol=PLAINTEXT`");
    assert_eq!(failure.hint.as_deref(), Some("add -X security.protocol=SASL_SSL or SASL_PLAINTEXT"));
    assert!(settled(&[("ssl.ca.location", "probe")]).is_err());
    let connection =
        settled_from(&[("ssl.ca.location", "probe", Origin::File("f".to_owned()))]).expect("valid");
    assert_eq!(connection.notes.len(), 1);
}
