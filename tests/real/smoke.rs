//! The support of this suite: a real Kafka, its fixtures and its faults.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};

use nix::sys::signal::Signal;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::oracle::{History, Oracle, Sampler};
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::Kcons;
use crate::support::{Produced, try_until, unique_name, wait_until};

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);

fn consumer(brokers: &str, group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", group).set("auto.offset.reset", "earliest");
    config.set("enable.auto.commit", "false").set("reconnect.backoff.max.ms", "500").set("log_level", "0");
    config.create().expect("the properties are valid")
}

fn reader<'a>(consumer: &'a BaseConsumer, topic: &str) -> impl FnMut() -> BorrowedMessage<'a> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Beginning).expect("the offset is valid");
    consumer.assign(&list).expect("the list is valid");
    || wait_until("a record", LONG, || consumer.poll(Duration::from_millis(10)).and_then(KafkaResult::ok))
}

fn new_topic(kafka: &Kafka, partitions: i32) -> String {
    let topic = unique_name("topic");
    kafka.create_topic(&topic, partitions, &[]);
    topic
}

pub fn records_make_the_round_trip() {
    let topic = new_topic(kafka(), 1);
    let full = Produced::value([0xff, 0]).key("k").header("h", "x").null_header("n").at(1_763_888_400_000);
    assert_eq!(kafka().produce(&topic, &[full, Produced::tombstone("gone")]), [(0, 0), (0, 1)]);
    let consumer = consumer(&kafka().brokers(), "reader");
    let mut next = reader(&consumer, &topic);
    let record = next();
    assert_eq!((record.key(), record.payload()), (Some(&b"k"[..]), Some(&[0xff, 0][..])));
    assert_eq!(record.timestamp().to_millis(), Some(1_763_888_400_000));
    let headers = record.headers().expect("it has headers");
    let headers: Vec<_> = headers.iter().map(|header| (header.key, header.value)).collect();
    assert_eq!(headers, [("h", Some(&b"x"[..])), ("n", None)]);
    let record = next();
    assert_eq!((record.key(), record.payload()), (Some(&b"gone"[..]), None));
}

pub fn many_records_keep_their_order() {
    let topic = new_topic(kafka(), 2);
    let places = kafka().produce_many(&topic, 25_000, |number| {
        Produced::value(number.to_string()).partition(number as i32 % 2)
    });
    let expected: Vec<_> = (0..25_000).map(|number| (number % 2, i64::from(number / 2))).collect();
    assert_eq!(places, expected);
    assert_eq!(kafka().end_offsets(&topic), [(0, 12_500), (1, 12_500)].into());
}

pub fn topics_can_be_changed() {
    let topic = new_topic(kafka(), 1);
    kafka().add_partitions(&topic, 3);
    kafka().produce_many(&topic, 10, |_| Produced::value("v").partition(2));
    kafka().delete_records(&topic, 2, 4);
    assert_eq!(kafka().watermarks(&topic), [(0, (0, 0)), (1, (0, 0)), (2, (4, 10))].into());
    kafka().alter_configs(&topic, &[("cleanup.policy", "compact")]);
    let said = kafka().tool("configs", &["--describe", "--entity-type", "topics", "--entity-name", &topic]);
    assert!(said.contains("cleanup.policy=compact"), "{said}");
    assert!(kafka().topics().contains(&topic));
    kafka().delete_topic(&topic);
    assert!(!kafka().topics().contains(&topic));
}

pub fn transactions_leave_markers() {
    let topic = new_topic(kafka(), 1);
    let one = [Produced::value("v")];
    assert_eq!(kafka().produce_committed(&topic, &one), [(0, 0)]);
    assert_eq!(kafka().produce_aborted(&topic, &one), [(0, 2)]);
    let (open, places) = kafka().open_transaction(&topic, &one);
    assert_eq!(places, [(0, 4)]);
    // The end is that of `read_committed`: before the open transaction.
    assert_eq!(kafka().end_offsets(&topic), [(0, 4)].into());
    open.commit();
    assert_eq!(kafka().end_offsets(&topic), [(0, 6)].into());
}

pub fn groups_and_their_members_are_seen() {
    let topic = new_topic(kafka(), 2);
    let group = unique_name("group");
    assert_eq!(kafka().group_state(&group), "Dead");
    assert!(kafka().committed(&group).is_empty());
    kafka().commit(&group, &[(&topic, 1, 7)]);
    assert_eq!(kafka().committed(&group), [((topic.clone(), 1), 7)].into());
    let member = consumer(&kafka().brokers(), &group);
    member.subscribe(&[&topic]).expect("the name is valid");
    wait_until("an assignment", LONG, || {
        let _ = member.poll(Duration::from_millis(10));
        (member.assignment().expect("it answers").count() == 2).then_some(())
    });
    let members = kafka().wait_for_members(&group, 1, 2);
    assert_eq!(members[0].partitions, [(topic.clone(), 0), (topic, 1)]);
    assert!(kafka().groups().contains(&group));
}

pub fn a_killed_or_stopped_broker_comes_back_with_its_records() {
    let kafka = Kafka::start(Kind::Plain, &[]);
    let topic = new_topic(&kafka, 1);
    kafka.produce(&topic, &[Produced::value("before")]);
    kafka.kill(1);
    TcpStream::connect(kafka.brokers()).expect_err("nobody listens");
    kafka.start_again(1);
    kafka.produce(&topic, &[Produced::value("between")]);
    kafka.stop(1);
    kafka.start_again(1);
    kafka.produce(&topic, &[Produced::value("after")]);
    assert_eq!(kafka.end_offsets(&topic), [(0, 3)].into());
}

pub fn a_frozen_broker_answers_when_it_is_thawed() {
    let kafka = Kafka::start(Kind::Plain, &[]);
    let topic = new_topic(&kafka, 1);
    kafka.produce(&topic, &[Produced::value("v")]);
    let consumer = consumer(&kafka.brokers(), "reader");
    kafka.freeze(1);
    TcpStream::connect(kafka.brokers()).expect("the system accepts for it");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&topic, 0, Offset::Beginning).expect("the offset is valid");
    consumer.assign(&list).expect("the list is valid");
    assert!(
        try_until(SHORT, || consumer.poll(Duration::from_millis(10)).and_then(KafkaResult::ok)).is_none()
    );
    kafka.thaw(1);
    wait_until("a record", LONG, || consumer.poll(Duration::from_millis(10)).and_then(KafkaResult::ok));
}

pub fn a_proxied_broker_sends_clients_to_the_proxy_but_not_the_fixtures() {
    let proxy = Proxy::start();
    let kafka = Kafka::start_behind(proxy.address(), &[]);
    proxy.forward_to(&kafka.listener("PROXIED"));
    let topic = new_topic(&kafka, 1);
    kafka.produce(&topic, &[Produced::value("one")]);
    let consumer = consumer(&proxy.address().to_string(), "reader");
    let mut next = reader(&consumer, &topic);
    assert_eq!(next().payload(), Some(&b"one"[..]));
    proxy.set(Mode::Silent);
    kafka.produce(&topic, &[Produced::value("two")]);
    assert!(
        try_until(SHORT, || consumer.poll(Duration::from_millis(10)).and_then(KafkaResult::ok)).is_none()
    );
    proxy.set(Mode::Pass);
    assert_eq!(next().payload(), Some(&b"two"[..]));
}

pub fn three_brokers_outlive_the_loss_of_one() {
    let kafka = Kafka::start(Kind::Cluster3, &[]);
    let topic = new_topic(&kafka, 3);
    let mut leaders = kafka.leaders(&topic);
    leaders.sort();
    assert_eq!(leaders, [1, 2, 3]);
    kafka.kill(2);
    for partition in 0..3 {
        kafka.produce(&topic, &[Produced::value("v").partition(partition)]);
    }
    // Another broker may still name the one that is gone.
    wait_until("other leaders", LONG, || (!kafka.leaders(&topic).contains(&2)).then_some(()));
    kafka.start_again(2);
}

pub fn a_secured_broker_knows_its_users() {
    let kafka = Kafka::start(Kind::Secure, &[]);
    let topic = new_topic(&kafka, 1);
    kafka.produce(&topic, &[Produced::value("v")]);
    let path = |name: &str| kafka.tls().join(name).display().to_string();
    let password = |user: &str, secret: &str, mechanism: &str| {
        let mut config = ClientConfig::new();
        config.set("sasl.mechanism", mechanism).set("sasl.username", user).set("sasl.password", secret);
        config
    };
    let sees_topic = |listener: &str, protocol: &str, mut config: ClientConfig| {
        config.set("bootstrap.servers", kafka.listener(listener)).set("security.protocol", protocol);
        config.set("log_level", "0");
        let consumer: BaseConsumer = config.create().expect("the properties are valid");
        let metadata = consumer.fetch_metadata(Some(&topic), LONG).ok();
        metadata.map(|metadata| metadata.topics()[0].error().is_none())
    };
    let mut tls = ClientConfig::new();
    tls.set("ssl.ca.location", path("ca.pem"));
    let mut alice = tls.clone();
    alice.set("ssl.certificate.location", path("alice.pem")).set("ssl.key.location", path("alice.key"));
    let mut both = password("alice", "alice-secret", "SCRAM-SHA-512");
    both.set("ssl.ca.location", path("ca.pem"));
    assert_eq!(sees_topic("SASL", "sasl_plaintext", password("alice", "alice-secret", "PLAIN")), Some(true));
    assert_eq!(
        sees_topic("SASL", "sasl_plaintext", password("bob", "bob-secret", "SCRAM-SHA-256")),
        Some(false)
    );
    assert_eq!(sees_topic("SASLSSL", "sasl_ssl", both), Some(true));
    assert_eq!(sees_topic("MTLS", "ssl", alice), Some(true));
    assert_eq!(sees_topic("SSL", "ssl", tls), Some(true));
}

pub fn committed_offsets_are_sampled() {
    let topic = new_topic(kafka(), 1);
    let group = unique_name("group");
    let sampler = Sampler::start(&kafka().brokers(), &group, Duration::from_millis(2));
    for offset in [3, 5] {
        kafka().commit(&group, &[(&topic, 0, offset)]);
        wait_until("the commit", LONG, || {
            (kafka().committed(&group)[&(topic.clone(), 0)] == offset).then_some(())
        });
    }
    let mut history = History { samples: sampler.stop(), ..History::default() };
    history.add_sample(kafka(), &group);
    assert_eq!(history.samples.last().map(|sample| sample.committed[&(topic, 0)]), Some(5));
    assert!(Oracle::CommitsGoForward.violations(&history).is_empty());
}

pub fn a_broker_ends_and_leaves_nothing_when_it_is_dropped() {
    let kafka = Kafka::start(Kind::Plain, &[]);
    let (address, folders) = (kafka.brokers(), broker_folders(std::process::id()));
    drop(kafka);
    TcpStream::connect(address).expect_err("nobody listens");
    let left = folders.iter().filter(|folder| folder.exists()).count();
    assert!(left < folders.len(), "none of {folders:?} was removed");
}

pub fn a_broker_dies_with_a_killed_test_process() {
    let suite = env::current_exe().expect("it has a name").display().to_string();
    // One that takes long enough, with a broker that it starts at once.
    let test = ["--exact", "real::smoke::a_killed_or_stopped_broker_comes_back_with_its_records"];
    let java_home = env::var_os("JAVA_HOME").unwrap_or_default();
    let running = Kcons::other(&suite, test).env("JAVA_HOME", java_home).spawn();
    let (folder, port) = wait_until("the broker of the other process", LONG, || {
        let folder = broker_folders(running.pid()).pop()?;
        let properties = fs::read_to_string(folder.join("node-1/server.properties")).ok()?;
        let (_, rest) = properties.split_once("listeners=PLAINTEXT://127.0.0.1:")?;
        let port: u16 = rest.split(',').next()?.parse().ok()?;
        TcpStream::connect(("127.0.0.1", port)).ok().map(|_| (folder, port))
    });
    running.kill().was_ended_by(Signal::SIGKILL);
    wait_until("the broker to end", LONG, || TcpStream::connect(("127.0.0.1", port)).err());
    wait_until("its folder to be gone", LONG, || (!folder.exists()).then_some(()));
}

fn broker_folders(owner: u32) -> Vec<PathBuf> {
    let all =
        fs::read_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("brokers")).into_iter().flatten().flatten();
    let own = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.display().to_string().starts_with(&format!("{owner}-")))
    };
    all.map(|entry| entry.path()).filter(own).collect()
}
