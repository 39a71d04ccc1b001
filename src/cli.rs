//! What can be typed: names, help and value enums of every command. Settled by `settings`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::time::Duration;

/// A Kafka consumer for the terminal, the shell script and the pod
#[derive(Debug, Parser)]
#[command(name = "kcons", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Try `kcons demo` first: the same consumer on a broker inside the process.")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub connection: Connection,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read topics and print every record
    Consume(Consume),
    /// Show the same consumer on a broker inside the process: no Kafka needed
    Demo(Demo),
    /// Print the completion script of a shell
    Completions(Completions),
    /// Print the manual page in roff
    Man,
}

// TOPIC is asked for by `settings`: --print-config does without, wherever it stands.
#[derive(Debug, Args)]
#[command(override_usage = "kcons consume [OPTIONS] TOPIC...")]
pub struct Consume {
    /// Topics to read; one that starts with `^` is a regular expression
    ///
    /// A regular expression follows Rust's `regex` syntax and is not anchored at its end. Kafka's
    /// own topics (`__consumer_offsets`) only match an expression that starts with `^__`.
    /// Example: kcons consume orders '^task-.*'
    #[arg(value_name = "TOPIC", help_heading = "Input")]
    pub topics: Vec<String>,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Go on with a new task every second until Ctrl-C
    #[arg(long, help_heading = "Demo")]
    pub follow: bool,
    /// Keep the broker for other terminals: print its address on stdout, consume nothing
    ///
    /// Prints KCONS_BROKERS=127.0.0.1:PORT and adds a new task every second. Members of a group
    /// must use `-X partition.assignment.strategy=cooperative-sticky` there.
    #[arg(long, help_heading = "Demo", conflicts_with = "follow")]
    pub serve: bool,
    #[command(flatten)]
    pub reading: Reading,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell to complete in
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// How to read and print; shared by `consume` and `demo`.
#[derive(Debug, Default, Args)]
pub struct Reading {
    /// Join this consumer group: share partitions, commit progress, resume after a restart
    ///
    /// Without it kcons reads on its own: all partitions, from the beginning, nothing committed,
    /// no group created. Example: kcons consume task-created --group mailer
    #[arg(short, long, value_name = "NAME", help_heading = "Input")]
    pub group: Option<String>,
    /// Read only these partitions, as in 0,2,5-7 (without --group)
    #[arg(short, long, value_name = "LIST", allow_hyphen_values = true, help_heading = "Input")]
    pub partitions: Option<String>,
    /// Wait that long for a topic that does not exist yet
    #[arg(long, value_name = "DURATION", value_parser = duration, help_heading = "Input")]
    pub wait_for_topic: Option<Duration>,
    /// Read records of open and aborted transactions too
    #[arg(long, help_heading = "Input")]
    pub read_uncommitted: bool,
    /// Be a static member of the group under this id
    ///
    /// A static member that restarts within the session time-out (45 s) gets its partitions back
    /// at once, without a rebalance. Each member needs an id of its own.
    #[arg(long, value_name = "ID", help_heading = "Input")]
    pub instance_id: Option<String>,

    /// Start here where the group has no committed offset [default: earliest]
    ///
    /// `none` ends the run with exit code 1 instead. `latest` only applies to a topic in which the
    /// group has no committed offset at all: after a restart nothing is skipped. Needs --group.
    #[arg(long, value_enum, value_name = "WHERE", help_heading = "Start and stop")]
    pub offset_reset: Option<OffsetReset>,
    /// Start at this position [default: beginning] (without --group)
    ///
    /// POS is `beginning`, `end`, an offset `N`, `-N` before the end, `+N` after the beginning, a
    /// time (`2026-11-23`, `2026-11-23T09:00`, `2026-11-23T09:00:00Z`, `@MS`), `-1h` ago, or
    /// `0=5,1=end` per partition. Example: kcons consume task-created --from -1h
    #[arg(long, value_name = "POS", allow_hyphen_values = true, help_heading = "Start and stop")]
    pub from: Option<String>,
    /// Stop at this position; its record is not included
    ///
    /// As --from; also `+30m`, that long after the time in --from. An offset above the end is
    /// waited for. Example: kcons consume task-created --from 2026-11-23 --to 2026-11-24
    #[arg(long, value_name = "POS", allow_hyphen_values = true, help_heading = "Start and stop")]
    pub to: Option<String>,
    /// Stop at the end as it was at the start
    ///
    /// The same as `--to end`. With a group the end of a partition is fixed when it is first
    /// assigned to this member.
    #[arg(short, long, help_heading = "Start and stop", conflicts_with = "to")]
    pub exit: bool,
    /// Stop after N records
    #[arg(short = 'n', long, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "Start and stop")]
    pub count: Option<u64>,
    /// Stop when no record came for that long
    ///
    /// Counts only while connected and, with a group, assigned.
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub idle_timeout: Option<Duration>,
    /// Stop after that long
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub duration: Option<Duration>,
    /// Finish, commit and leave within that long after a signal [default: 25s]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub shutdown_timeout: Option<Duration>,

    /// Commit as `auto`, `manual`, `batch=N` or `never` [default: auto]
    ///
    /// auto: every --commit-interval. manual: after every record, before the next one is taken.
    /// batch=N: after every N records. never: use the group's positions, move nothing. In every
    /// mode only records that were written are committed. Needs --group.
    #[arg(long, value_name = "MODE", value_parser = commit, help_heading = "Commits")]
    pub commit: Option<Commit>,
    /// Do not wait for the broker's answer to a commit (manual and batch)
    #[arg(long, help_heading = "Commits")]
    pub async_commit: bool,
    /// Commit that often with --commit auto [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Commits")]
    pub commit_interval: Option<Duration>,

    /// Print records as pretty, json or raw [default: pretty on a terminal, else json]
    ///
    /// pretty: for people. json: one object a line. raw: the value's bytes and the delimiter.
    /// Example: kcons consume task-created -e -o json | jq -r .value.title
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        allow_negative_numbers = true,
        help_heading = "Output"
    )]
    pub output: Option<OutputFormat>,
    /// The same as `-o json`
    #[arg(long, help_heading = "Output", conflicts_with = "output")]
    pub json: bool,
    /// End every raw record with this [default: \n]
    ///
    /// Escapes: \n \t \r \\ \0 \xHH (hexadecimal) \NNN (decimal, octal with a leading 0). An empty
    /// text ends records with nothing. Needs `-o raw`.
    #[arg(short = 'D', long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Output")]
    pub delimiter: Option<String>,
    /// Call a record this in pretty output [default: the topic's first word]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub label: Option<String>,
    /// Show this field of the value in pretty output [default: title]
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub title_field: Option<String>,

    /// Take values as auto, json, text, base64 or hex [default: auto]
    ///
    /// auto: JSON, else text, else base64. The others are what the value must be or is shown as;
    /// what cannot be decoded is shown as auto does, with a warning. See --strict.
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Decoding")]
    pub value_format: Option<DataFormat>,
    /// Take keys as auto, json, text, base64 or hex [default: auto]
    ///
    /// auto: text, else base64.
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Decoding")]
    pub key_format: Option<DataFormat>,
    /// End the run at a record that cannot be decoded, uncommitted (exit code 5)
    #[arg(long, help_heading = "Decoding")]
    pub strict: bool,
}

/// How to reach the cluster and how to talk; shared by every command.
#[derive(Debug, Default, Args)]
pub struct Connection {
    /// Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]
    #[arg(short, long, value_name = "HOST:PORT,…", global = true, help_heading = "Connection")]
    pub brokers: Option<String>,
    /// Set any librdkafka property; repeatable
    ///
    /// A value `env:NAME` or `file:PATH` is read from there, so that secrets stay out of `ps`.
    /// Example: -X security.protocol=SASL_SSL -X sasl.password=env:KAFKA_PASSWORD
    #[arg(
        short = 'X',
        long = "property",
        value_name = "KEY=VALUE",
        global = true,
        help_heading = "Connection"
    )]
    pub properties: Vec<String>,
    /// Read properties from this file, key=value a line [env: KCONS_CONFIG]
    ///
    /// Spellings of Java clients are translated or refused by name.
    #[arg(short = 'F', long, value_name = "FILE", global = true, help_heading = "Connection")]
    pub config: Option<String>,
    /// Give up if no broker was reached after that long, 0s: never [default: 10s]
    #[arg(long, value_name = "DURATION", value_parser = duration, global = true, help_heading = "Connection")]
    pub connect_timeout: Option<Duration>,
    /// Print every resolved property, its value and its origin, and exit
    #[arg(long, global = true, help_heading = "Connection")]
    pub print_config: bool,
    /// Say errors only
    #[arg(short, long, global = true, help_heading = "Watching", conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; -vv shows librdkafka's own log too
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Watching")]
    pub verbose: u8,
    /// Color the output: auto, always or never [default: auto]
    ///
    /// auto colors what is said on stderr (`error:`, `warning:`, `info:`) on a terminal; always the
    /// records of pretty output, too. NO_COLOR and CLICOLOR_FORCE are heeded.
    #[arg(long, value_enum, value_name = "WHEN", global = true, help_heading = "Watching")]
    pub color: Option<ColorChoice>,
    /// Talk on stderr as text, or as one JSON object a line [default: text]
    #[arg(long, value_enum, value_name = "FORMAT", global = true, help_heading = "Watching")]
    pub log: Option<LogFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OffsetReset {
    Earliest,
    Latest,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    Auto,
    Manual,
    /// After every N processed records; N is at least 1.
    Batch(u64),
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Auto,
    Pretty,
    Json,
    Raw,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    #[default]
    Auto,
    Json,
    Text,
    Base64,
    Hex,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Reads a duration: a whole number and a unit, `500ms`, `30s`, `5m`, `2h`, `1d`.
///
/// # Errors
/// Anything else, in words that say what is valid.
pub fn duration(text: &str) -> Result<Duration, String> {
    const VALID: &str = "a duration needs a number and a unit: 500ms, 30s, 5m, 2h, 1d";
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or(VALID)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| VALID)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(VALID.to_owned()),
    };
    // A thousand years: beyond it sums with the clock would overflow.
    const LIMIT: u64 = 1_000 * 366 * 86_400_000;
    let total = number.checked_mul(milliseconds).filter(|total| *total <= LIMIT);
    total.map(Duration::from_millis).ok_or_else(|| "the duration is too long".to_owned())
}

fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("it must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

fn positive(text: &str) -> Result<u64, String> {
    const VALID: &str = "it must be a whole number of at least 1";
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VALID.to_owned());
    }
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| VALID.to_owned())
}

fn commit(text: &str) -> Result<Commit, String> {
    match text {
        "auto" => Ok(Commit::Auto),
        "manual" => Ok(Commit::Manual),
        "never" => Ok(Commit::Never),
        _ => match text.strip_prefix("batch=").map(positive) {
            Some(Ok(count)) => Ok(Commit::Batch(count)),
            Some(Err(_)) => Err("batch=N needs a whole number of at least 1, as in batch=100".to_owned()),
            None => Err("it is one of auto, manual, batch=N, never".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_declaration_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_duration_needs_a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for bad in ["", "5", "s", "-1s", "1.5s", "5 s", "5w", "99999999999999999999s", "9999999999999d"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_count_is_a_whole_number_of_at_least_one() {
        assert_eq!(positive("17"), Ok(17));
        for bad in ["", "0", "-1", "+1", "abc", "1.0", "99999999999999999999"] {
            assert!(positive(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_commit_mode_is_one_of_four() {
        assert_eq!(commit("batch=10"), Ok(Commit::Batch(10)));
        for bad in ["batch", "batch=", "batch=0", "batch=-1", "Auto", ""] {
            assert!(commit(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn short_help_fits_100_columns() {
        let mut command = Arguments::command().term_width(100);
        command.build();
        for name in ["consume", "demo"] {
            let help =
                command.find_subcommand_mut(name).map(|c| c.render_help().to_string()).unwrap_or_default();
            assert!(!help.is_empty());
            for line in help.lines() {
                assert!(line.chars().count() <= 100, "{line}");
            }
        }
    }
}
