//! The connection to the cluster: the properties that librdkafka gets, and what `--print-config` shows of them.

use super::known::{Side, ValueType, tokens};
use super::origin::PropertyOrigin;
use super::print::EffectiveProperty;
use super::producer::ProducerProperty;
use super::{BROKERS, Properties, PropertyValue};
use super::{brokers, guarded, limits, producer, security};
use crate::error::Failure;
use crate::secrets;
use crate::settings::Surroundings;
use crate::tokens::TokenSource;
use std::time::Duration;

/// How to connect to the cluster.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The addresses that are tried, as messages name them: `localhost:9092`. Empty for `demo`.
    pub brokers: String,
    /// All properties to set on librdkafka, secrets in plain text.
    pub properties: Vec<(String, String)>,
    /// Properties that a producer gets in addition to `properties`.
    producer: Vec<(String, String)>,
    /// Who logs in, as messages name them; `None` without SASL.
    pub user: Option<String>,
    /// Where tokens for SASL OAUTHBEARER come from.
    pub tokens: Option<TokenSource>,
    /// How long to try to reach a broker; `None` means without limit.
    pub connect_timeout: Option<Duration>,
    /// How long to try brokers of this machine that refuse the connection; `None` if somebody chose how long.
    pub refused_limit: Option<Duration>,
    /// All properties of a consumer, sorted by name, for `--print-config`.
    pub effective: Vec<EffectiveProperty>,
    /// Messages about values that are ignored.
    pub notes: Vec<String>,
    /// Warnings to print about properties that are valid but risky.
    pub warnings: Vec<String>,
    /// Texts that librdkafka's log must not repeat, each with what is printed instead.
    pub hidden: Vec<(String, String)>,
}

/// Defaults of kcons: chosen by measurement, or because reading a topic should change nothing in the cluster.
const OURS: [(&str, &str); 13] = [
    ("allow.auto.create.topics", "false"),
    // For `--print-config`; librdkafka itself gets `error`, see `for_the_library`.
    ("auto.offset.reset", "earliest"),
    ("check.crcs", "true"),
    ("client.id", "kcons"),
    ("enable.auto.offset.store", "false"),
    ("fetch.message.max.bytes", "524288"),
    ("fetch.queue.backoff.ms", "2"),
    ("queued.max.messages.kbytes", "16384"),
    ("queued.min.messages", "40000"),
    ("reconnect.backoff.max.ms", "2000"),
    ("reconnect.backoff.ms", "20"),
    ("socket.keepalive.enable", "true"),
    ("topic.metadata.refresh.interval.ms", "30000"),
];

/// The group of a run without one. librdkafka needs a name to assign partitions; the group is never joined.
const STANDALONE_GROUP: &str = "kcons";

const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Nothing listens at a port of this machine: somebody may be starting a broker, but nothing is far away.
const REFUSED_LIMIT: Duration = Duration::from_secs(2);

impl Connection {
    /// Completes and checks properties. With `group.id` among them, they are those of a member of that group.
    pub fn resolve(
        mut properties: Properties,
        connect_timeout: Option<Duration>,
        surroundings: &Surroundings<'_>,
    ) -> Result<Connection, Failure> {
        let known = surroundings.known;
        producer::refuse_all(&properties.producer)?;
        properties.registry.refuse_typed()?;
        refuse_properties_of_the_broker(&mut properties)?;
        for (name, value) in OURS {
            properties.set_default(name, value);
        }
        if properties.get("group.id").is_none() {
            properties.set_default("enable.auto.commit", "false");
        }
        limits::resolve(&mut properties.values, known)?;
        let timeout = connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT);
        let refused_limit = connect_timeout.is_none().then_some(REFUSED_LIMIT);
        let connect_timeout = (!timeout.is_zero()).then_some(timeout);
        let tokens = security::resolve(&mut properties, known, connect_timeout)?;
        let visible = known.all().filter(|property| {
            let is_legacy = guarded::find(&property.name).is_some_and(|guarded| guarded.is_legacy);
            property.side != Side::Producer && property.form != ValueType::Code && !is_legacy
        });
        let effective = visible.map(|property| {
            let default = || PropertyValue::plain(&property.default, PropertyOrigin::Default);
            let given = properties.get(&property.name).cloned().unwrap_or_else(default);
            EffectiveProperty { name: property.name.clone(), value: given.value, origin: given.origin }
        });
        Ok(Connection {
            brokers: properties
                .get(BROKERS)
                .map(|given| brokers::addresses(&given.value))
                .unwrap_or_default(),
            user: user(&properties, tokens.as_ref()),
            warnings: security::warnings(&properties, tokens.as_ref()),
            hidden: hidden(&properties),
            effective: effective.collect(),
            properties: for_the_library(&properties),
            producer: Vec::new(),
            tokens,
            connect_timeout,
            refused_limit,
            notes: properties.notes,
        })
    }

    /// Sets the brokers later, for the demo, whose broker gets its address when it starts.
    pub fn set_brokers(&mut self, brokers: &str) {
        brokers.clone_into(&mut self.brokers);
        self.properties.retain(|(name, _)| name != BROKERS);
        self.properties.push((BROKERS.to_owned(), brokers.to_owned()));
    }

    /// Adds properties that were typed for the producer of the run.
    pub fn add_producer(&mut self, typed: Vec<ProducerProperty>) {
        for ProducerProperty { canonical, value, .. } in typed {
            let name = canonical.clone();
            self.effective.push(EffectiveProperty {
                name,
                value: value.clone(),
                origin: PropertyOrigin::Property,
            });
            self.producer.push((canonical, value.into_text()));
        }
        self.effective.sort_by(|left, right| left.name.cmp(&right.name));
    }

    /// Shows what is set for a schema registry.
    pub fn add_registry(&mut self, effective: Vec<EffectiveProperty>) {
        self.effective.extend(effective);
        self.effective.sort_by(|left, right| left.name.cmp(&right.name));
    }

    /// All properties to set on a producer, which ignores those of consumers.
    pub fn for_producer(&self) -> Vec<(String, String)> {
        // A producer has no coordinator to wait for.
        let is_for_members = |name: &str| name == limits::RETRY_BACKOFF && self.is_ours(name);
        let shared = self.properties.iter().filter(|(name, _)| !is_for_members(name));
        shared.chain(&self.producer).cloned().collect()
    }

    /// Whether a property has a default, of librdkafka or of kcons.
    pub fn is_ours(&self, name: &str) -> bool {
        let mut effective = self.effective.iter();
        effective.find(|property| property.name == name).is_none_or(|property| !property.origin.is_chosen())
    }

    /// What sets the brokers, as hints name it.
    pub fn brokers_setting(&self) -> String {
        let origin = self.effective.iter().find(|property| property.name == BROKERS).map(|one| &one.origin);
        match origin {
            Some(PropertyOrigin::Profile(name)) => format!("`brokers` in profile `{name}`"),
            Some(PropertyOrigin::File(path)) => format!("`{BROKERS}` in `{path}`"),
            Some(PropertyOrigin::Environment(name)) => format!("the variable `{name}`"),
            Some(PropertyOrigin::Property) => format!("`-X {BROKERS}`"),
            Some(PropertyOrigin::Default | PropertyOrigin::Kcons | PropertyOrigin::Option) | None => {
                "`--brokers`".to_owned()
            }
        }
    }

    /// The value that librdkafka gets for a property; `None` if it keeps its default.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

fn for_the_library(properties: &Properties) -> Vec<(String, String)> {
    let mut given = properties.values.clone();
    given.retain(|name, _| !tokens::is_ours(name));
    // kcons resolves all start positions itself, so librdkafka has to report an offset outside the log.
    given.insert("auto.offset.reset".to_owned(), PropertyValue::plain("error", PropertyOrigin::Kcons));
    given
        .entry("group.id".to_owned())
        .or_insert_with(|| PropertyValue::plain(STANDALONE_GROUP, PropertyOrigin::Kcons));
    given.into_iter().map(|(name, given)| (name, given.value.into_text())).collect()
}

fn user(properties: &Properties, tokens: Option<&TokenSource>) -> Option<String> {
    let shown = |name: &str| properties.get(name).map(|given| given.value.shown(name));
    match tokens {
        Some(TokenSource::Endpoint(_)) => shown(tokens::CLIENT_ID),
        Some(TokenSource::Unsecured(unsecured)) => {
            properties.get(tokens::CONFIG).map(|given| given.value.quoted(unsecured.principal()))
        }
        None => shown("sasl.username"),
    }
}

/// Values that are read from a variable or a file, or that are secrets, each with what is shown instead. Longer ones
/// come first, because one may contain another. Brokers are not among them: messages name them, and an address holds
/// no secret.
fn hidden(properties: &Properties) -> Vec<(String, String)> {
    // Shorter texts would be found everywhere.
    const SHORTEST: usize = 4;
    let is_hidden = |(name, given): &(&String, &PropertyValue)| {
        *name != BROKERS
            && given.value.len() >= SHORTEST
            && (given.value.is_from_elsewhere() || secrets::is_secret(name))
    };
    let given = properties.values.iter().filter(is_hidden);
    let mut hidden: Vec<(String, String)> =
        given.map(|(name, given)| (given.value.to_string(), given.value.shown(name))).collect();
    hidden.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
    hidden
}

/// Refuses properties that the broker decides under the protocol of KIP-848, where members of classic groups set
/// them.
fn refuse_properties_of_the_broker(properties: &mut Properties) -> Result<(), Failure> {
    if !limits::is_consumer_protocol(&properties.values) {
        return Ok(());
    }
    for (name, hint) in [
        ("session.timeout.ms", "the group's `consumer.session.timeout.ms` on the broker decides"),
        ("heartbeat.interval.ms", "the group's `consumer.heartbeat.interval.ms` on the broker decides"),
        ("partition.assignment.strategy", "`-X group.remote.assignor` chooses the broker's assignor"),
        ("group.protocol.type", "omit it"),
    ] {
        if properties.is_typed(name) {
            let message = format!("`-X {name}` and `group.protocol=consumer` cannot be used together");
            return Err(Failure::usage(message).hint(hint));
        }
        if let Some(given) = properties.take(name) {
            let origin = given.origin.told();
            properties
                .notes
                .push(format!("ignoring `{name}` in {origin}: with `group.protocol=consumer` {hint}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
