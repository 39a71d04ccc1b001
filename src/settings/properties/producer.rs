//! Properties of the producer behind `--forward` and `--dead-letter`. What decides whether records arrive cannot be
//! set.

use super::values::Value;
use crate::error::Failure;

/// A property for producers that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerProperty {
    /// The name as it was typed.
    pub name: String,
    /// The name that librdkafka uses.
    pub canonical: String,
    pub value: Value,
}

impl ProducerProperty {
    /// Adds the property to others; of one that is among them already the last value counts.
    pub fn join(self, others: &mut Vec<ProducerProperty>) {
        match others.iter_mut().find(|other| other.canonical == self.canonical) {
            Some(other) => *other = self,
            None => others.push(self),
        }
    }
}

/// Properties that can be set: they change how fast records are sent and what that costs, not whether they arrive.
/// `linger.ms` and `compression.type` are aliases of two of them; `request.timeout.ms` is `socket.timeout.ms`, which
/// consumers have too.
const OPEN: [&str; 5] =
    ["queue.buffering.max.ms", "batch.size", "batch.num.messages", "compression.codec", "compression.level"];

const ARRIVAL: &str =
    "a record counts as processed only once all in-sync replicas have it, once and in order";
const PARTITIONS: &str = "the partition follows from the key as in Java clients";
const TRANSACTIONS: &str = "kcons produces without transactions";
const REPORTS: &str = "kcons needs the report of every record";

/// Properties that cannot be set, by librdkafka's names, and why.
const CLOSED: [(&str, &str); 10] = [
    // `acks` and `retries` are aliases of the first two.
    ("request.required.acks", ARRIVAL),
    ("message.send.max.retries", ARRIVAL),
    ("enable.idempotence", ARRIVAL),
    ("enable.gapless.guarantee", ARRIVAL),
    ("partitioner", PARTITIONS),
    ("sticky.partitioning.linger.ms", PARTITIONS),
    ("transactional.id", TRANSACTIONS),
    ("transaction.timeout.ms", TRANSACTIONS),
    ("delivery.report.only.error", REPORTS),
    ("produce.offset.report", REPORTS),
];

/// The property behind `--timeout`; `delivery.timeout.ms` is an alias of it.
const TIMEOUT: &str = "message.timeout.ms";

/// Checks the properties that were typed for the producer of a run; `produces` says whether the run has one.
pub fn resolve(typed: &[ProducerProperty], produces: bool) -> Result<(), Failure> {
    if !produces {
        let hint = "`--forward TOPIC` and `--dead-letter TOPIC` are what produces";
        return refuse_all(typed).map_err(|failure| failure.hint(hint));
    }
    typed.iter().try_for_each(|typed| {
        let canonical = typed.canonical.as_str();
        if OPEN.contains(&canonical) {
            return Ok(());
        }
        let failure = Failure::usage(format!("property `{}` cannot be set", typed.name));
        if canonical == TIMEOUT {
            return Err(failure
                .caused_by("how long a record may take is the time of an attempt")
                .hint("`--timeout` sets it for `--forward`"));
        }
        let closed = CLOSED.iter().find(|(name, _)| *name == canonical);
        Err(failure.caused_by(closed.map_or("kcons decides it for its producer", |(_, reason)| *reason)))
    })
}

/// Refuses properties for producers in a run that produces nothing.
pub fn refuse_all(typed: &[ProducerProperty]) -> Result<(), Failure> {
    match typed.first() {
        Some(typed) => Err(Failure::usage(format!("property `{}` is for producers", typed.name))
            .caused_by("this run produces nothing")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::cli::{Arguments, Command};
    use crate::error::Failure;
    use crate::settings::Consume;
    use crate::settings::testing::TestWorld;
    use clap::Parser;

    fn resolve(words: &[&str]) -> Result<Consume, Failure> {
        let words = ["kcons", "consume", "t"].iter().chain(words);
        let arguments = Arguments::try_parse_from(words).expect("words that the declaration takes");
        let Command::Consume(consume) = arguments.command else { panic!("consume was typed") };
        Consume::resolve(&consume, &arguments.connection, &TestWorld::new(&[]).surroundings())
    }

    const PRODUCES: [&[&str]; 2] =
        [&["--forward", "to"], &["--exec", "true", "--dead-letter", "dead", "-g", "g"]];

    #[test]
    fn what_only_costs_or_saves_time_can_be_set_where_something_is_produced() {
        for property in [
            "linger.ms=5",
            "queue.buffering.max.ms=5",
            "batch.size=1000",
            "batch.num.messages=10",
            "compression.type=zstd",
            "compression.codec=gzip",
            "compression.level=3",
        ] {
            for run in PRODUCES {
                let connection = resolve(&[run, &["-X", property]].concat()).expect("valid").connection;
                let value = property.split_once('=').expect("a value").1;
                let has =
                    |properties: &[(String, String)]| properties.iter().any(|(_, other)| other == value);
                assert!(has(&connection.for_producer()) && connection.properties.len() > 1, "{property}");
            }
            for run in [&[][..], &["--exec", "true"]] {
                let failure = resolve(&[run, &["-X", property]].concat()).expect_err(property);
                let name = property.split_once('=').expect("a value").0;
                assert_eq!(failure.message, format!("property `{name}` is for producers"));
                assert_eq!(failure.causes, ["this run produces nothing"]);
                assert!(failure.hint.is_some_and(|hint| hint.contains("`--forward TOPIC`")), "{property}");
            }
        }
    }

    #[test]
    fn what_decides_whether_and_where_a_record_arrives_cannot_be_set() {
        for (property, why) in [
            ("acks=1", "in-sync"),
            ("request.required.acks=1", "in-sync"),
            ("enable.idempotence=false", "in-sync"),
            ("retries=0", "in-sync"),
            ("transactional.id=x", "transactions"),
            ("partitioner=random", "key"),
            ("delivery.report.only.error=true", "report"),
            ("queue.buffering.max.messages=10", "kcons decides"),
            ("message.timeout.ms=1000", "attempt"),
            ("delivery.timeout.ms=1000", "attempt"),
        ] {
            for run in PRODUCES {
                let failure = resolve(&[run, &["-X", property]].concat()).expect_err(property);
                let name = property.split_once('=').expect("a value").0;
                assert_eq!(failure.message, format!("property `{name}` cannot be set"));
                assert!(failure.causes[0].contains(why), "{failure:?}");
                let names_option = failure.hint.is_some_and(|hint| hint.starts_with("`--timeout`"));
                assert_eq!(names_option, why == "attempt", "{property}");
            }
        }
    }

    #[test]
    fn values_are_judged_and_the_last_one_of_a_property_counts() {
        let run = |more: &[&str]| resolve(&[PRODUCES[0], more].concat());
        let failure = run(&["-X", "linger.ms=soon"]).expect_err("no number");
        assert_eq!(failure.message, "invalid value `soon` for property `queue.buffering.max.ms`");
        let typed = ["-X", "linger.ms=1", "-X", "queue.buffering.max.ms=7"];
        let connection = run(&typed).expect("valid").connection;
        let named = |resolved: &&crate::settings::properties::print::EffectiveProperty| {
            resolved.name == "queue.buffering.max.ms"
        };
        assert_eq!(connection.effective.iter().filter(named).count(), 1);
        let shown = connection.effective.iter().find(|resolved| &*resolved.value == "7");
        assert!(shown.is_some_and(|resolved| resolved.name == "queue.buffering.max.ms"));
    }
}
