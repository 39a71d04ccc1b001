//! The figures: their names, and the text that Prometheus reads.

use crate::record::TopicPartition;
use prometheus::{
    Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The upper bounds of the histogram in seconds, from a forwarded record to one that takes minutes.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 300.0];

/// What was read of a topic or a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    pub records: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
}

/// What the loop counts only for the figures.
#[derive(Debug, Default)]
pub struct Counts {
    /// What was read, by topic.
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
    /// Records that could not be decoded or filtered, or whose attempts were used up.
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

/// All figures at one time.
pub struct Snapshot<'a> {
    pub counts: &'a Counts,
    pub records: &'a RecordCounts,
    pub processed: u64,
    pub skipped: u64,
    pub dead_letters: u64,
    pub duplicates: u64,
    /// Records that were read and are not settled.
    pub in_hand: u64,
    /// Records that handlers work on.
    pub in_flight: u64,
    /// The lags of the partitions that are ours, from what is settled to the end of the log.
    pub lags: Vec<(TopicPartition, i64)>,
}

#[cfg(test)]
impl<'a> Snapshot<'a> {
    /// A snapshot with nothing but these counts.
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
    /// All figures at zero; the versions are ours and librdkafka's.
    ///
    /// # Errors
    /// The library refuses a name, which it does not with these.
    pub fn new([version, librdkafka]: [&str; 2]) -> Result<Figures, prometheus::Error> {
        let builder = FigureBuilder(Registry::new());
        let figures = Figures {
            records: builder.counters("records_total", "Records read from Kafka.", "topic")?,
            bytes: builder.counters(
                "bytes_total",
                "Bytes of the keys and values of records read.",
                "topic",
            )?,
            lag: builder.lag()?,
            commits: builder.counters("commits_total", "Answers to commits, by result.", "result")?,
            rebalances: builder.counters(
                "rebalances_total",
                "Times the group gave, took back or gave away partitions.",
                "event",
            )?,
            handler_seconds: builder.handler_seconds()?,
            processed: builder.counter("processed_records_total", "Records printed or handled.")?,
            filtered: builder.counter("filtered_records_total", "Records left out by --filter.")?,
            failed: builder.counter(
                "failed_records_total",
                "Records that could not be decoded or filtered, or whose attempts were used up.",
            )?,
            skipped: builder.counter("skipped_records_total", "Failed records skipped by policy.")?,
            dead_letters: builder
                .counter("dead_letters_total", "Failed records that are in the dead-letter topic.")?,
            duplicates: builder.counter("duplicate_records_total", "Records known to the dedup store.")?,
            retries: builder.counter("retries_total", "Attempts after the first one of a record.")?,
            in_hand: builder.gauge("in_hand_records", "Records read and not settled.")?,
            in_flight: builder.gauge("in_flight_records", "Records with handlers, not answered.")?,
            partitions: builder.gauge("assigned_partitions", "Partitions that are read now.")?,
            registry: builder.0.clone(),
        };
        for result in ["ok", "failed"] {
            figures.commits.with_label_values(&[result]);
        }
        for event in ["assigned", "revoked", "lost"] {
            figures.rebalances.with_label_values(&[event]);
        }
        let info = builder.build_info([version, librdkafka])?;
        info.set(1);
        Ok(figures)
    }

    /// Takes over the current figures.
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

    /// The figures in version 0.0.4 of Prometheus' text format.
    pub fn text(&self) -> String {
        // This fails only for figures without a name or of a type that is not built in.
        TextEncoder::new().encode_to_string(&self.registry.gather()).unwrap_or_default()
    }
}

/// Raises a counter to this total, since it can only be added to.
fn raise(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A registry that is being filled.
struct FigureBuilder(Registry);

impl FigureBuilder {
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
