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
    /// Like --exec, but the program gets these arguments as they are. Must come after all topics
    /// and options.
    ///
    /// Example: kcons consume task-created --group mailer -- ./send-mail --from tasks@example.com
    #[arg(value_name = "CMD", last = true, help_heading = "Handling records")]
    pub command: Vec<OsString>,
    /// Run this shell command for each record, with the value on stdin
    ///
    /// Runs `sh -c CMD`. The record is also in the environment: KCONS_TOPIC, KCONS_PARTITION,
    /// KCONS_OFFSET, KCONS_KEY, KCONS_TIMESTAMP, KCONS_GROUP, KCONS_ATTEMPT, KCONS_HEADER_NAME. A
    /// tombstone has KCONS_VALUE_NULL=1. Exit status 0: processed. 75: try again later. 65: bad
    /// record, no retry. 126 and 127, which the shell gives for a CMD it cannot run: the run ends.
    /// Anything else: failed, retried. A record is committed once it is processed.
    ///
    /// Example: --exec 'curl -fsS --data-binary @- http://localhost:8080/tasks'
    #[arg(long, value_name = "CMD", help_heading = "Handling records")]
    pub exec: Option<String>,
    /// Keep this command running and send it records, one JSON object per line
    ///
    /// Runs `sh -c CMD`, once for each --parallel. The command reads a line for each record and
    /// answers with a line, in order: `ok`, `retry REASON` or `fail REASON`.
    ///
    /// Example: kcons consume payments --group audit --worker 'python3 audit.py'
    #[arg(long, value_name = "CMD", help_heading = "Handling records")]
    pub worker: Option<String>,
    /// Produce each record to TOPIC
    ///
    /// Keeps key, value and headers, but not `kcons.*` headers; the timestamp is the current time.
    /// TOPIC must exist, and this run must not read it.
    ///
    /// Example: kcons consume orders.dead --group repair --forward orders -e
    #[arg(long, value_name = "TOPIC", help_heading = "Handling records")]
    pub forward: Option<String>,
    /// Send value or json to the stdin of the command [default: value]
    ///
    /// value: the bytes of the value and nothing else. json: the record as `-o json` prints it.
    /// Applies to --exec and `-- CMD`; workers always get JSON.
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
    /// Handle up to N records at once [default: 1]
    ///
    /// --order says what stays in order.
    ///
    /// Example: --exec ./resize --parallel 8
    #[arg(long, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "Handling records")]
    pub parallel: Option<u64>,
    /// Keep the order of key, partition or none [default: key]
    ///
    /// key: one record of a key at a time; records without a key at any time. partition: one record
    /// of a partition at a time. none: no order.
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
    /// Let up to N records wait for an answer [default: 64]
    ///
    /// Counts all workers together; one record at a time of each key (or partition, see --order).
    /// Applies to --worker and --forward.
    #[arg(long, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "Handling records")]
    pub in_flight: Option<u64>,
    /// Start at most N records per second
    ///
    /// Example: --rate 10
    #[arg(long, value_name = "N", value_parser = rate, allow_hyphen_values = true, help_heading = "Handling records")]
    pub rate: Option<std::num::NonZeroU32>,
    /// End an attempt after DURATION [default: 60s]
    ///
    /// Sends TERM, and 5 seconds later KILL, to all processes of the handler; the attempt has
    /// failed. 0s: no limit.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Handling records")]
    pub timeout: Option<Duration>,

    /// Retry a failed record up to N times [default: 3]
    ///
    /// 0: never. Meanwhile other keys and partitions continue.
    #[arg(long, value_name = "N", value_parser = whole, allow_hyphen_values = true, help_heading = "Failed records")]
    pub retries: Option<u32>,
    /// Pause before a retry [default: 500ms..30s]
    ///
    /// The longest pause doubles from MIN up to MAX; each pause is a random part of it.
    ///
    /// Example: --backoff 1s..5m
    #[arg(long, value_name = "MIN..MAX", value_parser = backoff, help_heading = "Failed records")]
    pub backoff: Option<(Duration, Duration)>,
    /// Stop, skip or dead-letter a failed record [default: stop]
    ///
    /// Applies when all attempts have failed. stop: end the run (exit code 5); the record and all
    /// after it stay uncommitted. skip: print a warning and continue. dead-letter: produce the
    /// record to --dead-letter. Without a handler, stop or skip applies to records on which
    /// --filter or --jq fails.
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
    /// Produce failed records to TOPIC
    ///
    /// Keeps key, value and headers, and adds headers that say what failed: kcons.error,
    /// kcons.attempts, kcons.topic, kcons.partition, kcons.offset, kcons.timestamp, kcons.group. A
    /// dead letter that fails again keeps the place where it first failed; kcons.attempts adds up
    /// and kcons.rounds counts. TOPIC must exist, and this run must not read it. Implies
    /// `--on-failure dead-letter`.
    ///
    /// Example: --exec ./handle --dead-letter task-created.dead
    #[arg(long, value_name = "TOPIC", help_heading = "Failed records")]
    pub dead_letter: Option<String>,
    /// Stop after N failed records in a row [default: 100]
    ///
    /// Applies whatever --on-failure is: after so many the handler is broken, not the records. 0:
    /// never.
    #[arg(long, value_name = "N", value_parser = whole, allow_hyphen_values = true, help_heading = "Failed records")]
    pub failure_limit: Option<u32>,

    /// Handle each event once; this jq expression is its id
    ///
    /// A record whose id is stored is not handled again. An id is stored once its record is
    /// processed; a crash between the two can repeat that one record. Handlers get the id as
    /// KCONS_EVENT_ID. Ids are shared by all topics of a group: if each topic numbers its own
    /// events, include .topic. An id of more than 1024 bytes is replaced by its SHA-256.
    ///
    /// Example: --exec ./send-mail --dedup .value.id
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true, help_heading = "Duplicates")]
    pub dedup: Option<String>,
    /// Store ids in this file, or in redis://HOST
    ///
    /// Default: a file in the state folder, named after cluster and group; required without
    /// --group. A file serves one member of a group, redis:// all of them: an id is claimed before
    /// its handler starts, so an id that reaches two members at once is handled once. `env:NAME` is
    /// read from the environment.
    ///
    /// Example: --dedup .value.id --dedup-store redis://localhost
    #[arg(long, value_name = "URL", help_heading = "Duplicates")]
    pub dedup_store: Option<String>,
    /// Remember ids for DURATION [default: 7d]
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
