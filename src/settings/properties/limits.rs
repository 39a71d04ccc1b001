//! Properties that librdkafka compares with each other when it makes a client.

use super::PropertyValue;
use super::known::KnownProperties;
use super::origin::PropertyOrigin;
use crate::error::Failure;
use std::collections::BTreeMap;

/// Adjusts properties that librdkafka compares (`rd_kafka_conf_finalize` in rdkafka_conf.c), so that it is enough to
/// set one of them. Two that are both chosen and contradict each other are refused.
pub fn resolve(values: &mut BTreeMap<String, PropertyValue>, known: &KnownProperties) -> Result<(), Failure> {
    let (is_classic, is_member) = (!is_consumer_protocol(values), values.contains_key("group.id"));
    let mut limits = Limits { values, known, pins: BTreeMap::new() };
    limits.set_default("fetch.max.bytes", FETCH_MAX_BYTES);
    for _ in 0..2 {
        limits.order("message.max.bytes", "fetch.max.bytes", 0)?;
        limits.order("fetch.max.bytes", "receive.message.max.bytes", 512)?;
    }
    limits.order("reconnect.backoff.ms", "reconnect.backoff.max.ms", 0)?;
    // librdkafka does this by itself; here it is done for `--print-config`.
    let refresh = limits.number("topic.metadata.refresh.interval.ms");
    if refresh > 0 {
        limits.set_default("metadata.max.age.ms", refresh * 3);
    }
    if is_member {
        let most = limits.number("retry.backoff.max.ms");
        limits.set_default(RETRY_BACKOFF, MEMBER_RETRY_BACKOFF.min(most));
        // It would follow the other.
        limits.set_default("topic.metadata.refresh.fast.interval.ms", LEADER_RETRY_BACKOFF.min(most));
    }
    if is_classic {
        limits.order("session.timeout.ms", "max.poll.interval.ms", 0)?;
        // A third of the session, as Kafka advises, but at most a second, so that a hand-over does not take longer.
        let heartbeat = (limits.number("session.timeout.ms") / 3).clamp(1, 1_000);
        limits.set_default("heartbeat.interval.ms", heartbeat);
        limits.order("heartbeat.interval.ms", "session.timeout.ms", 0)?;
    }
    Ok(())
}

/// Whether the broker manages the group (KIP-848).
pub fn is_consumer_protocol(values: &BTreeMap<String, PropertyValue>) -> bool {
    values.get("group.protocol").is_some_and(|given| given.value.eq_ignore_ascii_case("consumer"))
}

/// How long a client waits before it sends a request again.
pub const RETRY_BACKOFF: &str = "retry.backoff.ms";

/// In milliseconds; for requests to the coordinator of the group. Once librdkafka has lost the coordinator it asks a
/// broker for it, behind the fetch request that waits there for half a second. A commit that is to be sent again
/// before the answer comes fails with the old connection, which counts as another loss: with librdkafka's 100 ms that
/// goes round and round, until the session is over.
const MEMBER_RETRY_BACKOFF: i64 = 1_000;

/// In milliseconds, librdkafka's own; for requests to the leaders of partitions.
const LEADER_RETRY_BACKOFF: i64 = 100;

/// The most that an answer of a broker takes in memory. A larger record is still delivered.
const FETCH_MAX_BYTES: i64 = 16 * 1024 * 1024;

struct Limits<'a> {
    values: &'a mut BTreeMap<String, PropertyValue>,
    known: &'a KnownProperties,
    /// Maps properties that were adjusted to the chosen ones that they follow.
    pins: BTreeMap<String, String>,
}

impl Limits<'_> {
    fn number(&self, name: &str) -> i64 {
        let default = || self.known.get(name).map_or("", |property| property.default.as_str());
        let value = self.values.get(name).map_or_else(default, |given| &*given.value);
        value.parse().unwrap_or(0)
    }

    fn set_default(&mut self, name: &str, value: i64) {
        if !self.values.contains_key(name) {
            self.adjust(name, value);
        }
    }

    fn adjust(&mut self, name: &str, value: i64) {
        self.values.insert(name.to_owned(), PropertyValue::plain(value.to_string(), PropertyOrigin::Kcons));
    }

    /// The value of a property as messages repeat it.
    fn shown(&self, name: &str) -> String {
        self.values.get(name).map_or_else(|| self.number(name).to_string(), |given| given.value.shown(name))
    }

    /// The chosen property that keeps a property from being adjusted: the property itself, or one that it follows.
    fn pin(&self, name: &str) -> Option<String> {
        let is_chosen = self.values.get(name).is_some_and(|given| given.origin.is_chosen());
        if is_chosen { Some(name.to_owned()) } else { self.pins.get(name).cloned() }
    }

    /// Makes sure that `low + margin <= high`, by adjusting the one of them that nobody chose.
    fn order(&mut self, low: &str, high: &str, margin: i64) -> Result<(), Failure> {
        let (least, most) = (self.number(low) + margin, self.number(high));
        if least <= most {
            return Ok(());
        }
        let (pin, moved, value) = match (self.pin(low), self.pin(high)) {
            (Some(low), Some(high)) => return Err(self.contradiction(&low, &high)),
            (None, Some(pin)) => (pin, low, most - margin),
            (Some(pin), None) => (pin, high, least),
            (None, None) => return Ok(()),
        };
        if let Some(valid) = self.known.get(moved).map(|property| property.valid.as_str()) {
            let bounds =
                valid.split_once(" .. ").map(|(low, high)| (low.parse::<i64>(), high.parse::<i64>()));
            if let Some((Ok(first), Ok(last))) = bounds
                && !(first..=last).contains(&value)
            {
                let chosen = self.shown(&pin);
                return Err(Failure::usage(format!("invalid value `{chosen}` for property `{pin}`"))
                    .caused_by(format!("`{moved}` would have to be {value}, valid are {first} to {last}")));
            }
        }
        self.adjust(moved, value);
        self.pins.insert(moved.to_owned(), pin);
        Ok(())
    }

    fn contradiction(&self, low: &str, high: &str) -> Failure {
        let (least, most) = (self.shown(low), self.shown(high));
        Failure::usage(format!("`{low}={least}` and `{high}={most}` contradict each other"))
            .hint(format!("raise `{high}` or lower `{low}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::testing::TestWorld;

    fn resolved(chosen: &[(&str, &str)]) -> Result<BTreeMap<String, PropertyValue>, Failure> {
        let world = TestWorld::new(&[]);
        let mut given = BTreeMap::new();
        for (name, value) in chosen {
            given.insert((*name).to_owned(), PropertyValue::plain(*value, PropertyOrigin::Property));
        }
        for (name, value) in [("reconnect.backoff.ms", "20"), ("reconnect.backoff.max.ms", "2000")] {
            let ours = PropertyValue::plain(value, PropertyOrigin::Kcons);
            given.entry(name.to_owned()).or_insert(ours);
        }
        resolve(&mut given, world.surroundings().known).map(|()| given)
    }

    fn value(chosen: &[(&str, &str)], name: &str) -> String {
        resolved(chosen).expect("valid").get(name).map(|given| given.value.to_string()).unwrap_or_default()
    }

    #[test]
    fn setting_one_moves_the_others() {
        assert_eq!(value(&[], "fetch.max.bytes"), "16777216");
        assert_eq!(value(&[("message.max.bytes", "50000000")], "fetch.max.bytes"), "50000000");
        assert_eq!(value(&[("fetch.max.bytes", "5000")], "message.max.bytes"), "5000");
        assert_eq!(value(&[("fetch.max.bytes", "200000000")], "receive.message.max.bytes"), "200000512");
        assert_eq!(value(&[("receive.message.max.bytes", "5512")], "fetch.max.bytes"), "5000");
        assert_eq!(value(&[("receive.message.max.bytes", "5512")], "message.max.bytes"), "5000");
        assert_eq!(value(&[("reconnect.backoff.ms", "9000")], "reconnect.backoff.max.ms"), "9000");
        assert_eq!(value(&[("reconnect.backoff.max.ms", "5")], "reconnect.backoff.ms"), "5");
        assert_eq!(value(&[("max.poll.interval.ms", "6000")], "session.timeout.ms"), "6000");
        assert_eq!(value(&[("session.timeout.ms", "600000")], "max.poll.interval.ms"), "600000");
    }

    #[test]
    fn metadata_lives_three_refreshes() {
        assert_eq!(value(&[("topic.metadata.refresh.interval.ms", "1000")], "metadata.max.age.ms"), "3000");
        assert_eq!(value(&[("topic.metadata.refresh.interval.ms", "-1")], "metadata.max.age.ms"), "");
        assert_eq!(value(&[("metadata.max.age.ms", "7")], "metadata.max.age.ms"), "7");
    }

    #[test]
    fn a_heartbeat_is_a_second_or_a_third_of_the_session() {
        assert_eq!(value(&[], "heartbeat.interval.ms"), "1000");
        assert_eq!(value(&[("session.timeout.ms", "1500")], "heartbeat.interval.ms"), "500");
        assert_eq!(value(&[("heartbeat.interval.ms", "3000")], "heartbeat.interval.ms"), "3000");
        assert_eq!(value(&[("group.protocol", "consumer")], "heartbeat.interval.ms"), "");
    }

    #[test]
    fn a_member_leaves_time_to_find_the_coordinator_again() {
        let fast = "topic.metadata.refresh.fast.interval.ms";
        let member = ("group.id", "g");
        assert_eq!((value(&[], RETRY_BACKOFF), value(&[], fast)), (String::new(), String::new()));
        assert_eq!(value(&[member], RETRY_BACKOFF), "1000");
        assert_eq!(value(&[member], fast), "100");
        assert_eq!(value(&[member, (RETRY_BACKOFF, "50")], RETRY_BACKOFF), "50");
        assert_eq!(value(&[member, (fast, "7")], fast), "7");
        let least = [member, ("retry.backoff.max.ms", "60")];
        assert_eq!((value(&least, RETRY_BACKOFF), value(&least, fast)), ("60".to_owned(), "60".to_owned()));
    }

    #[test]
    fn two_chosen_values_that_contradict_are_both_named() {
        for (low, high) in [
            (("message.max.bytes", "6000"), ("fetch.max.bytes", "5000")),
            (("message.max.bytes", "6000"), ("receive.message.max.bytes", "5000")),
            (("fetch.max.bytes", "6000"), ("receive.message.max.bytes", "6000")),
            (("reconnect.backoff.ms", "10"), ("reconnect.backoff.max.ms", "5")),
            (("session.timeout.ms", "10000"), ("max.poll.interval.ms", "9999")),
        ] {
            let failure = resolved(&[low, high]).expect_err("contradiction");
            assert!(failure.message.contains(low.0) && failure.message.contains(high.0), "{failure:?}");
        }
    }

    #[test]
    fn a_value_that_no_other_can_follow_is_refused() {
        let failure = resolved(&[("fetch.max.bytes", "10")]).expect_err("too small");
        assert_eq!(failure.message, "invalid value `10` for property `fetch.max.bytes`");
    }
}
