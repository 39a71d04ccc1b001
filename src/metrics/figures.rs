//! The figures: their names, and the text that Prometheus reads.

use crate::record::TopicPartition;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Upper bounds in seconds: from a record forwarded to one that takes its minutes.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0];

/// What was read of a topic or a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    pub records: u64,
    /// Of keys and values.
    pub bytes: u64,
}

/// What the loop counts for nobody but the figures.
#[derive(Debug, Default)]
pub struct Counts {
    /// By topic.
    pub read: BTreeMap<Arc<str>, Read>,
    pub commits_ok: u64,
    pub commits_failed: u64,
    pub assigned: u64,
    pub revoked: u64,
    pub lost: u64,
}

/// What became of records that were neither printed nor accepted, and how long attempts took.
#[derive(Debug, Default)]
pub struct RecordCounts {
    pub filtered: u64,
    /// Could not be decoded or filtered, or whose attempts were used up.
    pub failed: u64,
    /// Attempts after the first one of a record.
    pub retries: u64,
    /// How long attempts took since they were last handed over.
    pub attempt_times: Vec<Duration>,
}

impl Counts {
    /// Counts what was read of a topic.
    pub fn add_read(&mut self, topic: &Arc<str>, read: Read) {
        let of_topic = match self.read.get_mut(topic) {
            Some(of_topic) => of_topic,
            None => self.read.entry(Arc::clone(topic)).or_default(),
        };
        of_topic.records += read.records;
        of_topic.bytes += read.bytes;
    }
}

/// Everything at one time.
pub struct Snapshot<'a> {
    pub counts: &'a Counts,
    pub records: &'a RecordCounts,
    pub processed: u64,
    pub skipped: u64,
    pub dead_letters: u64,
    pub duplicates: u64,
    /// Read and not settled.
    pub in_hand: u64,
    /// With handlers.
    pub in_flight: u64,
    /// Of the partitions that are ours: from what is settled to the end of the log.
    pub lags: Vec<(TopicPartition, i64)>,
}

#[cfg(test)]
impl<'a> Snapshot<'a> {
    /// Nothing but these counts.
    pub fn of(counts: &'a Counts, records: &'a RecordCounts) -> Snapshot<'a> {
        Snapshot {
            counts,
            records,
            processed: 0,
            skipped: 0,
            dead_letters: 0,
            duplicates: 0,
            in_hand: 0,
            in_flight: 0,
            lags: Vec::new(),
        }
    }
}

/// The figures as they were last handed over.
pub struct Figures {
    registry: Registry,
    records: IntCounterVec,
    bytes: IntCounterVec,
    lag: IntGaugeVec,
    commits: IntCounterVec,
    rebalances: IntCounterVec,
    handler_seconds: Histogram,
    processed: IntCounter,
    filtered: IntCounter,
    failed: IntCounter,
    skipped: IntCounter,
    dead_letters: IntCounter,
    duplicates: IntCounter,
    retries: IntCounter,
    in_hand: IntGauge,
    in_flight: IntGauge,
    partitions: IntGauge,
}

impl Figures {
    /// All of them at zero; `versions` are ours and librdkafka's.
    ///
    /// # Errors
    /// Never with these names: the library checks them.
    pub fn new([version, librdkafka]: [&str; 2]) -> Result<Figures, prometheus::Error> {
        let draft = Draft(Registry::new());
        let figures = Figures {
            records: draft.counters("records_total", "Records read from Kafka.", "topic")?,
            bytes: draft.counters("bytes_total", "Bytes of the keys and values of records read.", "topic")?,
            lag: draft.lag()?,
            commits: draft.counters("commits_total", "Answers to commits, by result.", "result")?,
            rebalances: draft.counters(
                "rebalances_total",
                "Times the group gave, took back or gave away partitions.",
                "event",
            )?,
            handler_seconds: draft.handler_seconds()?,
            processed: draft.counter("processed_records_total", "Records printed or handled.")?,
            filtered: draft.counter("filtered_records_total", "Records left out by --filter.")?,
            failed: draft.counter(
                "failed_records_total",
                "Records that could not be decoded or filtered, or whose attempts were used up.",
            )?,
            skipped: draft.counter("skipped_records_total", "Failed records skipped by policy.")?,
            dead_letters: draft
                .counter("dead_letters_total", "Failed records that are in the dead-letter topic.")?,
            duplicates: draft.counter("duplicate_records_total", "Records known to the dedup store.")?,
            retries: draft.counter("retries_total", "Attempts after the first one of a record.")?,
            in_hand: draft.gauge("in_hand_records", "Records read and not settled.")?,
            in_flight: draft.gauge("in_flight_records", "Records with handlers, not answered.")?,
            partitions: draft.gauge("assigned_partitions", "Partitions that are read now.")?,
            registry: draft.0.clone(),
        };
        for result in ["ok", "failed"] {
            figures.commits.with_label_values(&[result]);
        }
        for event in ["assigned", "revoked", "lost"] {
            figures.rebalances.with_label_values(&[event]);
        }
        let info = draft.build_info([version, librdkafka])?;
        info.set(1);
        Ok(figures)
    }

    /// Takes the figures of now.
    pub fn take(&mut self, snapshot: &Snapshot<'_>) {
        let Snapshot { counts, records, .. } = *snapshot;
        for (topic, read) in &counts.read {
            raise(&self.records.with_label_values(&[topic]), read.records);
            raise(&self.bytes.with_label_values(&[topic]), read.bytes);
        }
        self.lag.reset();
        for (TopicPartition { topic, partition }, lag) in &snapshot.lags {
            self.lag.with_label_values(&[&**topic, &partition.to_string()]).set(*lag);
        }
        raise(&self.commits.with_label_values(&["ok"]), counts.commits_ok);
        raise(&self.commits.with_label_values(&["failed"]), counts.commits_failed);
        raise(&self.rebalances.with_label_values(&["assigned"]), counts.assigned);
        raise(&self.rebalances.with_label_values(&["revoked"]), counts.revoked);
        raise(&self.rebalances.with_label_values(&["lost"]), counts.lost);
        for time in &records.attempt_times {
            self.handler_seconds.observe(time.as_secs_f64());
        }
        raise(&self.processed, snapshot.processed);
        raise(&self.filtered, records.filtered);
        raise(&self.failed, records.failed);
        raise(&self.skipped, snapshot.skipped);
        raise(&self.dead_letters, snapshot.dead_letters);
        raise(&self.duplicates, snapshot.duplicates);
        raise(&self.retries, records.retries);
        self.in_hand.set(signed(snapshot.in_hand));
        self.in_flight.set(signed(snapshot.in_flight));
        self.partitions.set(signed(snapshot.lags.len() as u64));
    }

    /// Prometheus' text format, version 0.0.4.
    pub fn text(&self) -> String {
        // It only fails for figures without a name or of a form that is not built in.
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

/// A counter never goes back.
fn raise(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A registry that is being filled.
struct Draft(Registry);

impl Draft {
    fn counter(&self, name: &str, help: &str) -> Result<IntCounter, prometheus::Error> {
        let counter = IntCounter::new(full(name), help)?;
        self.0.register(Box::new(counter.clone()))?;
        Ok(counter)
    }

    fn counters(&self, name: &str, help: &str, label: &str) -> Result<IntCounterVec, prometheus::Error> {
        let counters = IntCounterVec::new(Opts::new(full(name), help), &[label])?;
        self.0.register(Box::new(counters.clone()))?;
        Ok(counters)
    }

    fn gauge(&self, name: &str, help: &str) -> Result<IntGauge, prometheus::Error> {
        let gauge = IntGauge::new(full(name), help)?;
        self.0.register(Box::new(gauge.clone()))?;
        Ok(gauge)
    }

    fn lag(&self) -> Result<IntGaugeVec, prometheus::Error> {
        let help = "Records from the last one settled to the end of the log.";
        let lag = IntGaugeVec::new(Opts::new(full("lag_records"), help), &["topic", "partition"])?;
        self.0.register(Box::new(lag.clone()))?;
        Ok(lag)
    }

    fn handler_seconds(&self) -> Result<Histogram, prometheus::Error> {
        let help = "Time from handing a record to its handler to the answer, by attempt.";
        let options = HistogramOpts::new(full("handler_seconds"), help).buckets(SECONDS.to_vec());
        let histogram = Histogram::with_opts(options)?;
        self.0.register(Box::new(histogram.clone()))?;
        Ok(histogram)
    }

    fn build_info(&self, [version, librdkafka]: [&str; 2]) -> Result<IntGauge, prometheus::Error> {
        let options = Opts::new(full("build_info"), "Always 1; the versions are labels.");
        let info = IntGauge::with_opts(
            options.const_label("version", version).const_label("librdkafka", librdkafka),
        )?;
        self.0.register(Box::new(info.clone()))?;
        Ok(info)
    }
}

fn full(name: &str) -> String {
    format!("kcons_{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(figures: &Figures) -> Vec<String> {
        let text = figures.text();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    #[track_caller]
    fn has(figures: &Figures, expected: &[&str]) {
        let lines = lines(figures);
        for line in expected {
            assert!(lines.iter().any(|other| other == line), "no `{line}` in\n{}", lines.join("\n"));
        }
    }

    #[test]
    fn counters_go_up_and_partitions_that_are_gone_have_no_lag() {
        let mut figures = Figures::new(["1.2.3", "2.0"]).expect("the names are valid");
        has(&figures, &["kcons_build_info{librdkafka=\"2.0\",version=\"1.2.3\"} 1"]);
        let (topic, mut counts) = (Arc::<str>::from("a\"b"), Counts::default());
        counts.add_read(&topic, Read { records: 3, bytes: 20 });
        counts.add_read(&topic, Read { records: 1, bytes: 2 });
        let attempt_times = vec![Duration::from_millis(20), Duration::from_secs(400)];
        let mut records = RecordCounts { attempt_times, ..RecordCounts::default() };
        let at = |partition, lag| (TopicPartition { topic: Arc::clone(&topic), partition }, lag);
        figures.take(&Snapshot { lags: vec![at(0, 7), at(1, 0)], ..Snapshot::of(&counts, &records) });
        has(
            &figures,
            &[
                r#"kcons_records_total{topic="a\"b"} 4"#,
                r#"kcons_bytes_total{topic="a\"b"} 22"#,
                r#"kcons_lag_records{partition="0",topic="a\"b"} 7"#,
                r#"kcons_handler_seconds_bucket{le="0.025"} 1"#,
                "kcons_handler_seconds_count 2",
                "kcons_assigned_partitions 2",
                r#"kcons_commits_total{result="failed"} 0"#,
            ],
        );
        records.attempt_times.clear();
        figures.take(&Snapshot { lags: vec![at(1, 2)], processed: 9, ..Snapshot::of(&counts, &records) });
        has(&figures, &[r#"kcons_records_total{topic="a\"b"} 4"#, "kcons_processed_records_total 9"]);
        let lags: Vec<_> = lines(&figures).into_iter().filter(|line| line.contains("lag_records")).collect();
        assert_eq!(lags, [r#"kcons_lag_records{partition="1",topic="a\"b"} 2"#]);
    }
}
