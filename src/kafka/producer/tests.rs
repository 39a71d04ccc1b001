//! What goes out, and what comes back, on the mock cluster.

use super::super::errors::TroubleKind;
use super::super::mock::MockBroker;
use super::*;
use crate::alarm::Alarm;
use crate::record::Header;
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::Headers as _;
use std::time::Instant;

const WAIT: Duration = Duration::from_secs(20);

fn open(broker: &MockBroker, alarm: &Alarm) -> Producer {
    let properties = [
        ("bootstrap.servers", broker.address()),
        ("group.id", "consumers alone have one".to_owned()),
        ("fetch.wait.max.ms", "100".to_owned()),
        ("client.id", "kcons".to_owned()),
        // Otherwise a missing topic may still come for 30 s.
        ("topic.metadata.propagation.max.ms", "100".to_owned()),
    ];
    let properties = properties.map(|(name, value)| (name.to_owned(), value));
    Producer::open(&properties, None, false, alarm.descriptor()).expect("properties that fit together")
}

/// Waits for the alarm as the poller does.
fn report(producer: &Producer, alarm: &mut Alarm) -> Report {
    let deadline = Instant::now() + WAIT;
    loop {
        if let Some(report) = producer.report() {
            return report;
        }
        assert!(Instant::now() < deadline, "no report");
        alarm.wait(Duration::from_secs(1), false);
    }
}

fn value<'a>(topic: &'a str, value: &'a [u8]) -> Outgoing<'a> {
    Outgoing { topic, key: None, value: Some(value), headers: &[] }
}

#[test]
fn null_and_empty_arrive_as_they_left_and_so_do_headers() {
    let broker = MockBroker::start().unwrap();
    broker.create_topic("dead", 1).unwrap();
    let mut alarm = Alarm::new().unwrap();
    let producer = open(&broker, &alarm);
    let headers: &[(&[u8], Option<&[u8]>)] =
        &[(b"a", Some(b"1")), (b"n", None), (b"a", Some(b"")), (b"", Some(b"\xff\0"))];
    let sent = [
        Outgoing { topic: "dead", key: None, value: None, headers: &[] },
        Outgoing { topic: "dead", key: Some(b""), value: Some(b""), headers },
        Outgoing { topic: "dead", key: Some(b"k\0"), value: Some(b"\xff"), headers: &[] },
    ];
    for (ticket, outgoing) in (7..).zip(&sent) {
        producer.send(ticket, outgoing).unwrap();
        assert_eq!(report(&producer, &mut alarm), Report { ticket, result: Ok(()), is_too_large: false });
    }
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", broker.address())
        .set("group.id", "g")
        .set("auto.offset.reset", "earliest");
    let consumer: BaseConsumer = config.create().unwrap();
    let mut list = rdkafka::TopicPartitionList::new();
    list.add_partition_offset("dead", 0, rdkafka::Offset::Beginning).unwrap();
    consumer.assign(&list).unwrap();
    for outgoing in &sent {
        let record = consumer.poll(WAIT).expect("a record in time").expect("no error");
        assert_eq!((record.key(), record.payload()), (outgoing.key, outgoing.value));
        let arrived: Vec<_> = record
            .headers()
            .into_iter()
            .flat_map(|headers| headers.iter())
            .map(|header| Header { name: header.key.as_bytes(), value: header.value })
            .collect();
        let sent: Vec<_> =
            outgoing.headers.iter().map(|(name, value)| Header { name, value: *value }).collect();
        assert_eq!(arrived, sent);
    }
}

#[test]
fn a_consumers_own_properties_are_left_out_without_a_word() {
    let broker = MockBroker::start().unwrap();
    broker.create_topic("t", 1).unwrap();
    let mut alarm = Alarm::new().unwrap();
    let producer = open(&broker, &alarm);
    producer.send(1, &value("t", b"v")).unwrap();
    report(&producer, &mut alarm);
    while let Some(event) = producer.event() {
        if let ClientEvent::Log(line) = event {
            assert!(!line.contains("CONFWARN"), "{line}");
        }
    }
}

#[test]
fn a_topic_that_is_missing_is_reported_and_not_created() {
    let broker = MockBroker::start().unwrap();
    let mut alarm = Alarm::new().unwrap();
    let producer = open(&broker, &alarm);
    broker.refuse_topic("gone", RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART).unwrap();
    producer.send(3, &value("gone", b"v")).unwrap();
    let report = report(&producer, &mut alarm);
    assert_eq!((report.ticket, report.result.unwrap_err().kind), (3, TroubleKind::UnknownTopic));
}

#[test]
fn what_the_broker_refuses_is_reported_with_the_reason() {
    let broker = MockBroker::start().unwrap();
    broker.create_topic("t", 1).unwrap();
    let mut alarm = Alarm::new().unwrap();
    let producer = open(&broker, &alarm);
    let refused = |alarm: &mut Alarm, code| {
        broker.refuse_produce(code).unwrap();
        producer.send(4, &value("t", b"v")).unwrap();
        let report = report(&producer, alarm);
        assert_eq!(report.ticket, 4);
        report.result.unwrap_err()
    };
    let trouble = refused(&mut alarm, RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_eq!(trouble.reason, "Broker: Message size too large");
    producer.send(5, &value("t", b"v")).unwrap();
    assert_eq!(report(&producer, &mut alarm), Report { ticket: 5, result: Ok(()), is_too_large: false });
    let trouble = refused(&mut alarm, RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_eq!(trouble.kind, TroubleKind::TopicAuthorization);
    // Until the client learns better it does not try again.
    let again = producer.send(6, &value("t", b"v"));
    assert!(
        matches!(again, Err(SendRefusal::Failed(trouble)) if trouble.kind == TroubleKind::TopicAuthorization)
    );
}

#[test]
fn nothing_waits_for_a_broker_that_is_not_there() {
    let alarm = Alarm::new().unwrap();
    let properties = [("bootstrap.servers".to_owned(), "127.0.0.1:1".to_owned())];
    let producer = Producer::open(&properties, None, false, alarm.descriptor()).unwrap();
    producer.send(1, &value("t", b"v")).unwrap();
    assert!(producer.report().is_none());
}

#[test]
fn a_topic_has_its_own_time_and_the_others_keep_theirs() {
    let broker = MockBroker::start().unwrap();
    broker.create_topic("dead", 1).unwrap();
    let mut alarm = Alarm::new().unwrap();
    let producer = open(&broker, &alarm);
    producer.limit_time("dead", 300).unwrap();
    broker.create_topic("other", 1).unwrap();
    drop(broker);
    producer.send(2, &value("dead", b"b")).unwrap();
    producer.send(3, &value("other", b"c")).unwrap();
    let Report { ticket, result, .. } = report(&producer, &mut alarm);
    assert_eq!((ticket, result.map_err(|trouble| trouble.kind)), (2, Err(TroubleKind::Transport)));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(producer.report(), None, "five minutes are not over");
}
