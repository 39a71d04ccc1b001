//! Options of handlers: what is done with records instead of printing them.

use super::values::{backoff, positive, positive_duration, rate, whole};
use crate::choices::{Order, Stdin};
use crate::duration::parse_duration;
use clap::{Args, ValueEnum};
use std::ffi::OsString;
use std::time::Duration;

/// What is done with records instead of printing them.
#[derive(Debug, Default, Args)]
pub struct HandlerOptions {
    /// Run this program for each record, without a shell
    ///
    /// As --exec, with these arguments as they are. It stands behind all topics and options.
    ///
    /// Example: kcons consume task-created --group mailer -- ./send-mail --from tasks@example.com
    #[arg(value_name = "CMD", last = true, help_heading = "Handling records")]
    pub command: Vec<OsString>,
    /// Run this shell command for each record, its value on stdin
    ///
    /// `sh -c CMD`; the record is also in the environment: KCONS_TOPIC, KCONS_PARTITION,
    /// KCONS_OFFSET, KCONS_KEY, KCONS_TIMESTAMP, KCONS_GROUP, KCONS_ATTEMPT, KCONS_HEADER_NAME.
    /// A tombstone has KCONS_VALUE_NULL=1. Exit status 0: processed. 75: try again later. 65: bad
    /// record, no retry. Anything else: failed, retried. A record is committed once it is processed.
    ///
    /// Example: --exec 'curl -fsS --data-binary @- http://localhost:8080/tasks'
    #[arg(long, value_name = "CMD", help_heading = "Handling records")]
    pub exec: Option<String>,
    /// Keep this shell command running, a JSON record a line
    ///
    /// `sh -c CMD`, started once for each --parallel. For each record it reads one line and answers
    /// with one, in order: `ok`, `retry REASON` or `fail REASON`.
    ///
    /// Example: kcons consume payments --group audit --worker 'python3 audit.py'
    #[arg(long, value_name = "CMD", help_heading = "Handling records")]
    pub worker: Option<String>,
    /// Produce each record to this topic
    ///
    /// Key, value and headers stay, `kcons.*` headers go, the timestamp is now. The topic has to
    /// exist and is not read by this run.
    ///
    /// Example: kcons consume orders.dead --group mend --forward orders -e
    #[arg(long, value_name = "TOPIC", help_heading = "Handling records")]
    pub forward: Option<String>,
    /// Give value or json on stdin [default: value]
    ///
    /// value: the value's bytes and nothing added. json: the record as `-o json` prints it. It is for
    /// what --exec runs: workers always get JSON.
    ///
    /// Example: --exec 'jq -r .key' --stdin json
    #[arg(
        long,
        value_enum,
        value_name = "FORM",
        hide_possible_values = true,
        help_heading = "Handling records"
    )]
    pub stdin: Option<Stdin>,
    /// Handle that many records at once [default: 1]
    ///
    /// What stays in order then: --order.
    ///
    /// Example: --exec ./resize --parallel 8
    #[arg(long, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "Handling records")]
    pub parallel: Option<u64>,
    /// Keep the order of key, partition or none [default: key]
    ///
    /// key: records with the same key one after the other, those without a key at any time.
    /// partition: all records of a partition one after the other. none: no order.
    ///
    /// Example: --parallel 8 --order none
    #[arg(
        long,
        value_enum,
        value_name = "ORDER",
        hide_possible_values = true,
        help_heading = "Handling records"
    )]
    pub order: Option<Order>,
    /// Send that many records ahead of their answers [default: 64]
    ///
    /// Over all workers; of one key (or partition, see --order) one at a time. For --worker and
    /// --forward.
    #[arg(long, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "Handling records")]
    pub in_flight: Option<u64>,
    /// Start at most that many records a second
    ///
    /// Example: --rate 10
    #[arg(long, value_name = "N", value_parser = rate, allow_hyphen_values = true, help_heading = "Handling records")]
    pub rate: Option<std::num::NonZeroU32>,
    /// End an attempt that takes longer [default: 60s]
    ///
    /// TERM, 5 seconds later KILL, to all processes of the handler; the attempt has failed. 0s: no
    /// limit.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Handling records")]
    pub timeout: Option<Duration>,

    /// Try a failed record that often again [default: 3]
    ///
    /// 0: not at all. Other keys and partitions go on meanwhile.
    #[arg(long, value_name = "N", value_parser = whole, allow_hyphen_values = true, help_heading = "Failed records")]
    pub retries: Option<u32>,
    /// Wait before another attempt [default: 500ms..30s]
    ///
    /// The longest wait doubles from MIN up to MAX; a random part of it is waited for.
    ///
    /// Example: --backoff 1s..5m
    #[arg(long, value_name = "MIN..MAX", value_parser = backoff, help_heading = "Failed records")]
    pub backoff: Option<(Duration, Duration)>,
    /// Stop, skip or dead-letter a failed record [default: stop]
    ///
    /// When the attempts are used up. stop: end the run (exit code 5), the record and all after it
    /// uncommitted. skip: a warning. dead-letter: produce it to --dead-letter. Without a handler:
    /// stop or skip at a record on which --filter fails.
    ///
    /// Example: --exec ./handle --on-failure skip
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        hide_possible_values = true,
        help_heading = "Failed records"
    )]
    pub on_failure: Option<OnFailure>,
    /// Produce failed records to this topic
    ///
    /// Key, value and headers as they were, and headers that say what failed: kcons.error,
    /// kcons.attempts, kcons.topic, kcons.partition, kcons.offset, kcons.timestamp, kcons.group. A
    /// dead letter that fails again keeps the place where it first failed; its attempts add up and
    /// kcons.rounds counts. The topic has to exist and is not read by this run. Implies `--on-failure
    /// dead-letter`.
    ///
    /// Example: --exec ./handle --dead-letter task-created.dead
    #[arg(long, value_name = "TOPIC", help_heading = "Failed records")]
    pub dead_letter: Option<String>,
    /// Stop after N failed records in a row [default: 100]
    ///
    /// Whatever --on-failure says: then the handler is broken, not the records. 0: never.
    #[arg(long, value_name = "N", value_parser = whole, allow_hyphen_values = true, help_heading = "Failed records")]
    pub failure_limit: Option<u32>,

    /// Handle a record once only; this jq expression is its id
    ///
    /// A record whose id is in the store is not handled again. Only ids of records that were
    /// processed are kept; a crash just between the two can repeat that one. The id is in
    /// KCONS_EVENT_ID. Ids are the group's: where topics number their events each for itself, put
    /// .topic into it. An id of more than 1024 bytes is replaced by its SHA-256.
    ///
    /// Example: --exec ./send-mail --dedup .value.id
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true, help_heading = "Duplicates")]
    pub dedup: Option<String>,
    /// Remember ids in this file, or in redis://HOST
    ///
    /// Default: a file in the state folder, named by cluster and group; without --group it has to
    /// be given. A file serves one member of a group, redis:// all of them: there an id is claimed
    /// before its handler starts, so that one id on two members is handled once. `env:NAME` is read
    /// from the environment.
    ///
    /// Example: --dedup .value.id --dedup-store redis://localhost
    #[arg(long, value_name = "URL", help_heading = "Duplicates")]
    pub dedup_store: Option<String>,
    /// Remember an id for that long [default: 7d]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Duplicates")]
    pub dedup_ttl: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnFailure {
    #[default]
    Stop,
    Skip,
    DeadLetter,
}
