//! What comes out of the sources, and what is refused on the way.

use super::*;
use crate::settings::testing::TestWorld;

fn typed(properties: &[&str]) -> cli::ConnectionOptions {
    let properties = properties.iter().map(|text| (*text).to_owned()).collect();
    cli::ConnectionOptions { properties, ..cli::ConnectionOptions::default() }
}

fn read(arguments: &cli::ConnectionOptions) -> Result<Properties, Failure> {
    Properties::read(arguments, &TestWorld::new(&[("SECRET", "s3cret")]).surroundings())
}

fn read_typed(properties: &[&str]) -> Result<Properties, Failure> {
    read(&typed(properties))
}

/// A file that lives as long as the folder.
fn file(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("client.properties");
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("text").to_owned();
    (folder, path)
}

fn read_file(text: &str) -> Result<Properties, Failure> {
    let (_folder, path) = file(text);
    read(&cli::ConnectionOptions { config: Some(path), ..cli::ConnectionOptions::default() })
}

fn value<'a>(properties: &'a Properties, name: &str) -> Option<&'a str> {
    properties.get(name).map(|given| &*given.value)
}

#[test]
fn an_option_goes_before_a_property_a_file_and_the_environment() {
    let (_folder, path) = file("bootstrap.servers=disk:1\nclient.id=file\nclient.rack=file\n");
    let world = TestWorld::new(&[("KCONS_BROKERS", "environment:1")]);
    let mut arguments = cli::ConnectionOptions::default();
    let mut brokers_are = |change: &dyn Fn(&mut cli::ConnectionOptions), expected: &str| {
        change(&mut arguments);
        let properties = Properties::read(&arguments, &world.surroundings()).expect("valid");
        assert_eq!(value(&properties, BROKERS), Some(expected));
        properties
    };
    let properties = brokers_are(&|_| (), "environment:1");
    assert_eq!(
        properties.get(BROKERS).map(|given| given.origin.to_string()).as_deref(),
        Some("env KCONS_BROKERS")
    );
    let properties = brokers_are(&|arguments| arguments.config = Some(path.clone()), "disk:1");
    assert_eq!(
        properties.get("client.id").map(|given| &given.origin),
        Some(&PropertyOrigin::File(path.clone()))
    );
    let typed = ["metadata.broker.list=x:1".to_owned(), "client.id=x".to_owned()];
    let properties = brokers_are(&|arguments| arguments.properties = typed.to_vec(), "x:1");
    assert_eq!(
        (value(&properties, "client.id"), value(&properties, "client.rack")),
        (Some("x"), Some("file"))
    );
    let option = |arguments: &mut cli::ConnectionOptions| {
        arguments.brokers = Some("b:1".to_owned());
        arguments.properties.clear();
    };
    let properties = brokers_are(&option, "b:1");
    assert_eq!(properties.get(BROKERS).map(|given| &given.origin), Some(&PropertyOrigin::Option));
}

#[test]
fn a_file_named_in_the_environment_leaves_the_brokers_to_their_own_variable() {
    let (_folder, path) = file("bootstrap.servers=disk:1\nclient.id=file\n");
    let world = TestWorld::new(&[("KCONS_BROKERS", "environment:1"), ("KCONS_CONFIG", &path)]);
    let properties =
        Properties::read(&cli::ConnectionOptions::default(), &world.surroundings()).expect("valid");
    assert_eq!(
        (value(&properties, BROKERS), value(&properties, "client.id")),
        (Some("environment:1"), Some("file"))
    );
    let world = TestWorld::new(&[("KCONS_BROKERS", ""), ("KCONS_CONFIG", &path)]);
    let properties =
        Properties::read(&cli::ConnectionOptions::default(), &world.surroundings()).expect("valid");
    assert_eq!(value(&properties, BROKERS), Some("disk:1"));
}

#[test]
fn an_unknown_property_is_refused_with_near_names() {
    let failure = read_typed(&["fetch.min.byte=1"]).expect_err("unknown");
    assert_eq!(failure.message, "unknown property `fetch.min.byte`");
    assert_eq!(failure.hint.as_deref(), Some("did you mean `fetch.min.bytes`?"));
    let failure = read_typed(&["frobnicate=1"]).expect_err("unknown");
    assert_eq!(failure.hint.as_deref(), Some("`--print-config` lists all properties"));
    let failure = read_file("# ok\nsesion.timeout.ms=1\n").expect_err("unknown");
    assert!(failure.message.starts_with("unknown property `sesion.timeout.ms` in `"), "{failure:?}");
    assert!(failure.message.ends_with("client.properties` line 2"), "{failure:?}");
    assert!(read_typed(&["builtin.features=ssl"]).is_err());
    for failure in [
        read_typed(&["schema.registry.ulr=1"]).expect_err("unknown"),
        read_file("schema.registry.ulr=1").expect_err("unknown"),
    ] {
        assert!(failure.message.starts_with("unknown property `schema.registry.ulr`"), "{failure:?}");
        assert_eq!(failure.hint.as_deref(), Some("did you mean `schema.registry.url`?"));
    }
}

#[test]
fn a_source_of_a_login_is_one_that_is_known() {
    let source = "basic.auth.credentials.source";
    let failure = read_file(&format!("\n{source}=FOO")).expect_err("unknown");
    assert!(failure.message.starts_with(&format!("invalid value `FOO` for property `{source}` in `")));
    assert!(failure.message.ends_with("line 2"), "{failure:?}");
    assert_eq!(failure.hint.as_deref(), Some("valid: URL, USER_INFO, SASL_INHERIT"));
    for value in ["URL", "USER_INFO", "SASL_INHERIT", ""] {
        assert!(read_typed(&[&format!("schema.registry.{source}={value}")]).is_ok(), "{value}");
    }
}

#[test]
fn handlers_do_not_inherit_the_variable_of_a_registry_if_it_has_a_login() {
    for (url, expected) in [("http://h:1", &[][..]), ("http://h:1,http://u:p@i", &["KCONS_REGISTRY"])] {
        let world = TestWorld::new(&[("KCONS_REGISTRY", url)]);
        let properties = Properties::read(&cli::ConnectionOptions::default(), &world.surroundings());
        assert_eq!(properties.expect("valid").variables, expected);
    }
}

#[test]
fn a_bad_value_is_refused_with_what_is_valid() {
    for (text, valid) in [
        ("session.timeout.ms=abc", "valid: 1 to 3600000"),
        ("session.timeout.ms=100x", "valid: 1 to 3600000"),
        ("session.timeout.ms=", "valid: 1 to 3600000"),
        ("session.timeout.ms=4294967297", "valid: 1 to 3600000"),
        ("session.timeout.ms=0", "valid: 1 to 3600000"),
        ("isolation.level=dirty", "valid: read_uncommitted, read_committed"),
        ("check.crcs=maybe", "valid: true, false"),
        ("security.protocol=tls", "valid: plaintext, ssl, sasl_plaintext, sasl_ssl"),
    ] {
        let failure = read_typed(&[text]).expect_err(text);
        let (name, value) = text.split_once('=').expect("a pair");
        let value = if value.is_empty() { "(none)" } else { value };
        assert_eq!(failure.message, format!("invalid value `{value}` for property `{name}`"));
        assert_eq!(failure.hint.as_deref(), Some(valid));
    }
    let failure = read_typed(&["sasl.oauthbearer.assertion.algorithm=RS256"]).expect_err("not built in");
    assert_eq!(failure.message, "`sasl.oauthbearer.assertion.algorithm=RS256` is not built in");
    let properties = read_file("sasl.oauthbearer.assertion.algorithm=RS256").expect("valid");
    assert!(
        properties.values.is_empty() && properties.notes[0].ends_with("is not built in: it is ignored"),
        "{:?}",
        properties.notes
    );
}

#[test]
fn what_is_for_producers_is_kept_apart_when_typed_and_left_out_of_a_file() {
    let properties = read_typed(&["linger.ms=5"]).expect("valid");
    assert_eq!((properties.values.len(), properties.producer.len()), (0, 1));
    let properties = read_file("linger.ms=5\nacks=all\nkey.serializer=x\nmax.poll.records=10\nclient.id=a")
        .expect("valid");
    assert_eq!((properties.values.len(), properties.producer.len(), properties.notes.len()), (1, 0, 0));
    assert!(read_typed(&["max.poll.records=10"]).is_err());
    assert!(read_typed(&["rebalance_cb=x"]).is_err());
}

#[test]
fn what_keeps_the_guarantee_is_refused_when_typed_and_noted_in_a_file() {
    for (name, instead) in [
        ("enable.auto.offset.store", "`--commit`"),
        ("enable.partition.eof", "`--exit`"),
        ("allow.auto.create.topics", "`--wait-for-topic`"),
        ("auto.commit.enable", "`--commit`"),
        ("offset.store.method", "`--commit`"),
    ] {
        let failure = read_typed(&[&format!("{name}=true")]).expect_err(name);
        assert_eq!(failure.message, format!("property `{name}` cannot be set"));
        assert!(failure.hint.is_some_and(|hint| hint.contains(instead)), "{name}");
        let properties = read_file(&format!("{name}=true")).expect("valid");
        assert!(properties.values.is_empty());
        assert!(
            properties.notes[0].starts_with(&format!("ignoring `{name}` in `")),
            "{:?}",
            properties.notes
        );
    }
}

#[test]
fn the_prefix_of_kcat_gets_past_no_guard() {
    for name in ["enable.auto.offset.store", "enable.partition.eof", "allow.auto.create.topics"] {
        let failure = read_typed(&[&format!("topic.{name}=true")]).expect_err(name);
        assert_eq!(failure.message, format!("property `{name}` cannot be set"));
        let properties = read_file(&format!("topic.{name}=true")).expect("valid");
        assert!(properties.values.is_empty(), "{properties:?}");
        assert!(
            properties.notes[0].starts_with(&format!("ignoring `{name}` in `")),
            "{:?}",
            properties.notes
        );
    }
    for name in ["plugin.library.paths", "ssl.engine.location", "ssl.providers"] {
        let failure = read_file(&format!("topic.{name}=/no/such.so")).expect_err(name);
        assert!(failure.message.starts_with(&format!("property `{name}` cannot be set in `")), "{failure:?}");
    }
    let properties = read_file("topic.auto.offset.reset=latest").expect("valid");
    assert_eq!(value(&properties, "auto.offset.reset"), Some("latest"));
}

#[test]
fn two_values_for_one_thing_are_refused_by_both_names() {
    let mut arguments = typed(&["bootstrap.servers=a:1"]);
    arguments.brokers = Some("b:1".to_owned());
    let failure = read(&arguments).expect_err("two values");
    assert_eq!(failure.message, "`--brokers b:1` and `-X bootstrap.servers=a:1` contradict each other");
    arguments.brokers = Some("a:1".to_owned());
    assert!(read(&arguments).is_ok());
}

#[test]
fn the_last_value_of_a_property_counts() {
    for typed in [&["client.id=a", "client.id=b"][..], &["client.id=b", "client.id=b"]] {
        assert_eq!(value(&read_typed(typed).expect("valid"), "client.id"), Some("b"), "{typed:?}");
    }
    let properties = read_typed(&["max.partition.fetch.bytes=1000", "fetch.message.max.bytes=2000"]);
    assert_eq!(value(&properties.expect("valid"), "fetch.message.max.bytes"), Some("2000"));
    assert_eq!(value(&read_file("client.id=a\nclient.id=b").expect("valid"), "client.id"), Some("b"));
}

#[test]
fn a_property_without_a_value_is_refused_and_nothing_secret_repeated() {
    let failure = read_typed(&["sasl.password:s3cret"]).expect_err("no value");
    assert_eq!(failure.message, "`-X sasl.password` has no value");
    assert!(read_file("client.id").is_err());
}

#[test]
fn a_value_may_stand_in_a_variable_or_a_file() {
    let (_folder, path) = file("from file\n");
    let from_file = format!("client.id=file:{path}");
    let properties = read_typed(&["sasl.password=env:SECRET", &from_file]).expect("valid");
    assert_eq!(value(&properties, "sasl.password"), Some("s3cret"));
    assert_eq!(value(&properties, "client.id"), Some("from file"));
    let failure = read_typed(&["sasl.password=env:OTHER"]).expect_err("missing");
    assert_eq!(failure.message, "cannot read the value of property `sasl.password`");
    assert_eq!(failure.causes, ["environment variable `OTHER` is not set"]);
}

#[test]
fn the_variable_of_a_registry_may_name_another_one_too() {
    let read = |url: &str| {
        let world = TestWorld::new(&[("KCONS_REGISTRY", url), ("URL", "http://u:s3cret@h:1")]);
        Properties::read(&cli::ConnectionOptions::default(), &world.surroundings())
    };
    let properties = read("env:URL").expect("valid");
    let given = properties.registry.effective();
    assert_eq!((&*given[0].value, given[0].value.shown("url")), ("http://u:s3cret@h:1", "env:URL".into()));
    assert_eq!(properties.variables, ["URL"], "handlers do not inherit it");
    let failure = read("env:OTHER").expect_err("missing");
    assert_eq!(failure.message, "cannot read the value of the variable `KCONS_REGISTRY`");
    assert_eq!(failure.causes, ["environment variable `OTHER` is not set"]);
}

#[test]
fn a_file_of_a_java_service_is_understood() {
    let properties = read_file(
        r#"
# Spring would write the same
bootstrap.servers = kafka-0:9092, \
                    kafka-1:9092
security.protocol: SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
    username="mailer" \
    password="s3\\cret";
ssl.truststore.type=PEM
ssl.truststore.location=/etc/ca.pem
ssl.truststore.password=
ssl.endpoint.identification.algorithm=
key.deserializer=org.apache.kafka.common.serialization.StringDeserializer
value.deserializer=io.confluent.kafka.serializers.KafkaAvroDeserializer
schema.registry.url=http://registry:8081
max.poll.records=100
max.partition.fetch.bytes=2097152
fetch.max.wait.ms=100
request.timeout.ms=30000
partition.assignment.strategy=org.apache.kafka.clients.consumer.CooperativeStickyAssignor
isolation.level=read_committed
group.id=mailer
enable.auto.commit=false
auto.offset.reset=earliest
"#,
    )
    .expect("valid");
    for (name, expected) in [
        (BROKERS, "kafka-0:9092,kafka-1:9092"),
        ("security.protocol", "SASL_SSL"),
        ("sasl.mechanisms", "SCRAM-SHA-512"),
        ("sasl.username", "mailer"),
        ("sasl.password", r"s3cret"),
        ("ssl.ca.location", "/etc/ca.pem"),
        ("ssl.endpoint.identification.algorithm", "none"),
        ("fetch.message.max.bytes", "2097152"),
        ("fetch.wait.max.ms", "100"),
        ("socket.timeout.ms", "30000"),
        ("partition.assignment.strategy", "cooperative-sticky"),
        ("group.id", "mailer"),
        ("enable.auto.commit", "false"),
    ] {
        assert_eq!(value(&properties, name), Some(expected), "{name}");
    }
    assert!(properties.notes.is_empty(), "{:?}", properties.notes);
}

#[test]
fn a_mechanism_that_is_named_is_not_replaced_by_the_login() {
    let plain = "sasl.jaas.config=a.PlainLoginModule required username=u password=p;";
    assert_eq!(value(&read_file(plain).expect("valid"), "sasl.mechanisms"), Some("PLAIN"));
    for text in
        [format!("sasl.mechanism=OAUTHBEARER\n{plain}"), format!("{plain}\nsasl.mechanism=OAUTHBEARER")]
    {
        assert_eq!(value(&read_file(&text).expect("valid"), "sasl.mechanisms"), Some("OAUTHBEARER"));
    }
}

#[test]
fn a_file_that_cannot_be_read_is_refused_by_name() {
    let arguments =
        cli::ConnectionOptions { config: Some("/no/such".to_owned()), ..cli::ConnectionOptions::default() };
    let failure = read(&arguments).expect_err("missing");
    assert_eq!(failure.message, "cannot read `/no/such`");
    assert_eq!(failure.causes, ["No such file or directory"]);
    assert_eq!(failure.hint.as_deref(), Some("check `--config`"));
}

#[test]
fn brokers_are_hosts_with_ports() {
    for good in
        ["a", "a:1", "a:1,b:2", " a:1 , b:2 ,", "[::1]:9092", "[::1]", "::1", "10.0.0.1:9092", "SSL://a:1"]
    {
        assert!(brokers::read(&Value::plain(good), "").is_ok(), "{good}");
    }
    for bad in [
        "",
        ",",
        "a:",
        "a:b",
        "a:0",
        "a:65536",
        ":1",
        "a b:1",
        "a:1:2",
        "[::1]:x",
        "[x]:1",
        "[::1",
        "http://a/b",
    ] {
        assert!(brokers::read(&Value::plain(bad), "").is_err(), "{bad}");
    }
}
