//! The support of this suite: a real Kafka, its fixtures and its faults.

use crate::support::kafka::kafka;
use crate::support::{Produced, unique_name};

pub fn records_make_the_round_trip() {
    let topic = unique_name("round-trip");
    kafka().create_topic(&topic, 2, &[("retention.ms", "-1")]);
    let places = kafka().produce(&topic, &[Produced::value("v").key("k").partition(1)]);
    assert_eq!(places, [(1, 0)]);
}
