//! What can be typed: the options of every command, with their help. `settings` resolves them.

mod connection;
mod group;
mod handler;
mod lag;
mod profile;
mod topic;
mod values;

pub use connection::{ColorChoice, ConnectionOptions, LogFormat};
pub use group::{DeleteOptions, GroupCommand, GroupDescribeOptions, GroupListOptions, ResetOptions};
pub use handler::{HandlerOptions, OnFailure};
pub use lag::LagOptions;
pub use profile::{NOT_IN_A_PROFILE, ProfileProperty, ProfileTable, RIVALS, commands, place, profile_keys};
pub use topic::{TopicCommand, TopicDescribeOptions, TopicListOptions};
pub use values::CommitChoice;

use crate::choices::{DataFormat, ListenAddress, OffsetReset, TableFormat};
use crate::duration::parse_duration;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::time::Duration;
use values::{commit, listen_address, positive, positive_duration};

/// A Kafka consumer for the terminal, the shell script and the pod
#[derive(Debug, Parser)]
#[command(name = "kcons", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(args_override_self = true)]
#[command(after_help = "\
`kcons help COMMAND` explains all options of a command.
Try `kcons demo` first: the same consumer on a broker inside the process.")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

const CONSUME_EXAMPLES: &str = "\
Examples:
  kcons consume task-created                 everything from the beginning, then what comes
  kcons consume task-created -e | jq .value  what is there now, as JSON
  kcons consume task-created --group mailer  share the work with others, resume after a restart
  kcons consume task-created --group mailer --exec ./send-mail  run a program for each record";

const COMPLETIONS_EXAMPLES: &str = "\
To complete in each new shell, add this to its start-up file:
  bash  ~/.bashrc                   source <(kcons completions bash)
  zsh   ~/.zshrc, after compinit    source <(kcons completions zsh)
  fish  ~/.config/fish/config.fish  kcons completions fish | source";

/// The declaration of all commands, as it is parsed and shown. Commands that do not connect hide connection options.
pub fn command() -> clap::Command {
    let connection = ConnectionOptions::augment_args(clap::Command::new("connection"));
    let hidden: Vec<clap::Arg> = connection
        .get_arguments()
        .filter(|argument| argument.get_help_heading() == Some("Connection"))
        .map(|argument| argument.clone().hide(true))
        .collect();
    // A global argument does not replace one that a command declares itself.
    let mut command = ["completions", "man"].iter().fold(Arguments::command(), |command, name| {
        command.mut_subcommand(name, |subcommand| subcommand.args(hidden.clone()))
    });
    command.build();
    command
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read topics; print every record, or hand each one to a command
    Consume(ConsumeOptions),
    /// Show how far behind a group is
    Lag(LagOptions),
    /// List, describe, reset or delete consumer groups
    #[command(subcommand)]
    Group(GroupCommand),
    /// List or describe topics
    #[command(subcommand)]
    Topic(TopicCommand),
    /// Show the same consumer on a broker inside the process: no Kafka needed
    Demo(DemoOptions),
    /// Print the completion script of a shell
    ///
    /// In bash, zsh and fish, TAB completes topics and groups, too: those of the cluster that is
    /// named on the line (`-b`, `-F`, `--profile`) or in the environment.
    Completions(CompletionsOptions),
    /// Print the manual page in roff
    Man,
}

// TOPIC is optional here, because --print-config does without it, wherever it is typed; `settings` asks for it
// otherwise.
#[derive(Debug, Args)]
#[command(override_usage = "kcons consume [OPTIONS] TOPIC... [-- CMD ARG...]", after_help = CONSUME_EXAMPLES)]
pub struct ConsumeOptions {
    /// Topics to read; one that starts with `^` is a regular expression
    ///
    /// A regular expression follows Rust's `regex` syntax and is not anchored at its end. Kafka's
    /// own topics (`__consumer_offsets`) only match an expression that starts with `^__`.
    ///
    /// Example: kcons consume orders '^task-.*'
    #[arg(value_name = "TOPIC", help_heading = "Input", display_order = 0)]
    pub topics: Vec<String>,
    #[command(flatten)]
    pub reading: ReadingOptions,
}

#[derive(Debug, Args)]
pub struct DemoOptions {
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
    pub reading: ReadingOptions,
}

#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsOptions {
    /// The shell to complete in
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// How to read and print; shared by `consume` and `demo`.
#[derive(Debug, Default, Args)]
pub struct ReadingOptions {
    /// Join this consumer group: share partitions, commit, resume
    ///
    /// The members of a group share the partitions; what was written is committed, and a restart
    /// goes on there. Without it kcons reads on its own: all partitions, from the beginning,
    /// nothing committed, no group created.
    ///
    /// Example: kcons consume task-created --group mailer
    #[arg(short, long, value_name = "NAME", help_heading = "Input", display_order = 1)]
    pub group: Option<String>,
    /// Read only these partitions, as in 0,2,5-7 (without --group)
    ///
    /// Default: all.
    ///
    /// Example: kcons consume task-created -p 0,2
    #[arg(short, long, value_name = "LIST", allow_hyphen_values = true, help_heading = "Input")]
    pub partitions: Option<String>,
    /// Wait that long for a topic that does not exist yet
    ///
    /// Otherwise such a topic is an error at once (exit code 4); kcons never creates one.
    ///
    /// Example: kcons consume task-created --wait-for-topic 1m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Input")]
    pub wait_for_topic: Option<Duration>,
    /// Read records of open and aborted transactions too
    ///
    /// Otherwise those of a transaction come once it is committed, and never if it is aborted.
    #[arg(long, help_heading = "Input")]
    pub read_uncommitted: bool,
    /// Be a static member of the group under this id
    ///
    /// A static member that restarts within the session time-out (45 s) gets its partitions back
    /// at once, without a rebalance. Each member needs an id of its own.
    #[arg(long, value_name = "ID", help_heading = "Input")]
    pub instance_id: Option<String>,

    /// Start at earliest, latest or none if nothing is committed
    ///
    /// Default: earliest. It counts only where the group has no committed offset; `none` ends the
    /// run there (exit code 1). `latest` only applies to a topic in which the group has no
    /// committed offset at all: after a restart nothing is skipped. Needs --group.
    ///
    /// Example: kcons consume task-created --group dashboard --offset-reset latest
    #[arg(
        long,
        value_enum,
        value_name = "WHERE",
        hide_possible_values = true,
        help_heading = "Start and stop"
    )]
    pub offset_reset: Option<OffsetReset>,
    /// Start at this position [default: beginning] (without --group)
    ///
    /// POS is `beginning`, `end`, an offset `N`, `-N` before the end, `+N` after the beginning, a
    /// time (`2026-11-23`, `2026-11-23T09:00`, `2026-11-23T09:00:00Z`, `09:00`, `today`,
    /// `@SECONDS` since 1970, also milli-, micro- and nanoseconds), `-1h30m` ago, or `0=5,1=end`
    /// per partition. A time without a zone is local.
    ///
    /// Example: kcons consume task-created --from -1h
    #[arg(long, value_name = "POS", allow_hyphen_values = true, help_heading = "Start and stop")]
    pub from: Option<String>,
    /// Stop at this position; its record is not included
    ///
    /// As --from; also `+30m`, that long after the time in --from. An offset above the end and a
    /// time to come are waited for, unless --exit is given.
    ///
    /// Example: kcons consume task-created --from 2026-11-23 --to 2026-11-24
    #[arg(long, value_name = "POS", allow_hyphen_values = true, help_heading = "Start and stop")]
    pub to: Option<String>,
    /// Stop at the end as it was at the start
    ///
    /// The same as `--to end`; what is written later is not waited for. With --to, whichever comes
    /// first. With a group the end of a partition is fixed when it is first assigned to this member.
    ///
    /// Example: kcons consume task-created -e > tasks.jsonl
    #[arg(short, long, help_heading = "Start and stop")]
    pub exit: bool,
    /// Stop after N records
    ///
    /// Exactly N, over all partitions; with a group exactly these are committed.
    ///
    /// Example: kcons consume task-created -n 1
    #[arg(short = 'n', long, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "Start and stop")]
    pub count: Option<u64>,
    /// Stop when no record came for that long
    ///
    /// Counts only while connected and, with a group, assigned.
    ///
    /// Example: --idle-timeout 30s
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub idle_timeout: Option<Duration>,
    /// Stop after that long
    ///
    /// Example: --duration 10m
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub duration: Option<Duration>,
    /// Leave within that long after a signal [default: 25s]
    ///
    /// Within it kcons finishes what it began, commits and leaves the group. In a pod it has to be
    /// shorter than terminationGracePeriodSeconds (30 s).
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub shutdown_timeout: Option<Duration>,

    /// Commit as `auto`, `manual`, `batch=N` or `never` [default: auto]
    ///
    /// auto: every --commit-interval. manual: after every record, before the next one is taken.
    /// batch=N: after every N records. never: use the group's positions, move nothing. In every
    /// mode only records that were written to stdout are committed. Needs --group.
    ///
    /// Example: kcons consume task-created --group audit --commit manual
    #[arg(long, value_name = "MODE", value_parser = commit, help_heading = "Commits")]
    pub commit: Option<CommitChoice>,
    /// Do not wait for answers to commits (manual and batch)
    ///
    /// One commit at most is on its way; failures are reported. Faster, and after a crash a few
    /// more records can repeat.
    #[arg(long, help_heading = "Commits")]
    pub async_commit: bool,
    /// Commit that often with --commit auto [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Commits")]
    pub commit_interval: Option<Duration>,

    /// Print pretty, line, json or raw [default: pretty on a terminal, else json]
    ///
    /// pretty: a few lines for people, long values are cut. line: one line a record with time,
    /// place, key and value, cut to the width of a terminal. json: one object a line, with the
    /// whole value. raw: the value's bytes and the delimiter.
    ///
    /// Example: kcons consume task-created -e -o json | jq -r .value.title
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        allow_negative_numbers = true,
        help_heading = "Output"
    )]
    pub output: Option<OutputFormat>,
    /// The same as `-o json`
    #[arg(long, help_heading = "Output", overrides_with = "output")]
    pub json: bool,
    /// Print records by a template like '%k: %s\n'
    ///
    /// The tokens are those of kcat. %s value, %k key, %S and %K their lengths (-1 for null), %R the
    /// value's length as 4 bytes, %t topic, %p partition, %o offset, %T timestamp in milliseconds,
    /// %h headers as name=value,name=value; %% a percent sign. By name: %{value}, %{key}, %{topic},
    /// %{partition}, %{offset}, %{timestamp}, %{headers}, %{header:NAME}; %{timestamp:iso} and
    /// %{timestamp:unix}; %{value:json}, %{value:base64} and %{value:hex}, for the key too. Escapes
    /// are those of --delimiter. Nothing is added: end the template with \n for lines.
    ///
    /// Example: kcons consume task-created -e -f '%{timestamp:iso} %k %s\n'
    #[arg(short, long, value_name = "TEMPLATE", allow_hyphen_values = true, help_heading = "Output")]
    pub format: Option<String>,
    /// Print TEXT for a key or value that is null
    ///
    /// Default: nothing. TEXT is printed as it is; an empty key or value stays empty. Needs --format.
    ///
    /// Example: kcons consume task-created -e -f '%k\t%s\n' -Z '\N'
    #[arg(short = 'Z', long, value_name = "TEXT", help_heading = "Output")]
    pub null: Option<String>,
    /// End every raw record with this [default: \n]
    ///
    /// Escapes: \n \t \r \\ \0 \xHH (hexadecimal) \NNN (decimal, octal with a leading 0). An empty
    /// text ends records with nothing. Needs `-o raw`.
    ///
    /// Example: kcons consume task-created -e -o raw -D '\0' | xargs -0 -n 1 echo
    #[arg(short = 'D', long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Output")]
    pub delimiter: Option<String>,
    /// Call a record this in pretty output [default: a word of the topic]
    ///
    /// `Received task: …` for the topic task-created, `Received orders: …` for shop.orders.v1.
    ///
    /// Example: --label event
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub label: Option<String>,
    /// Show this field of the value in pretty output [default: title]
    ///
    /// A name, or a jq path that starts with a dot.
    ///
    /// Example: --title-field .customer.name
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub title_field: Option<String>,
    /// Keep only records for which this jq expression is true
    ///
    /// True is all but `false` and `null`; its input is the record as `-o json` prints it. Records
    /// left out count as processed. Also in front of handlers. If it fails on a record: see
    /// --on-failure; it also fails if it takes longer than 5 seconds.
    ///
    /// Example: kcons consume orders --filter '.value.amount > 100'
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true, help_heading = "Output")]
    pub filter: Option<String>,

    #[command(flatten)]
    pub handler: HandlerOptions,

    /// Take values as auto, json, text, base64 or hex [default: auto]
    ///
    /// auto: JSON, else text, else base64. The others are what the value must be or is shown as;
    /// what cannot be decoded is shown as auto does, with a warning. See --strict.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, help_heading = "Decoding")]
    pub value_format: Option<DataFormat>,
    /// Take keys as auto, json, text, base64 or hex [default: auto]
    ///
    /// auto: text, else base64.
    #[arg(long, value_enum, value_name = "FORMAT", hide_possible_values = true, help_heading = "Decoding")]
    pub key_format: Option<DataFormat>,
    /// End the run at a record that cannot be decoded (exit code 5)
    ///
    /// The record is not committed. Without it: a warning, the raw form, and the run goes on.
    #[arg(long, help_heading = "Decoding")]
    pub strict: bool,

    /// Serve /metrics for Prometheus, /live and /ready for probes
    ///
    /// An address like 127.0.0.1:9090; `:9090` is that port of every interface, port 0 any free one.
    /// Where it listens is said on stderr.
    ///
    /// Example: kcons consume task-created --group mailer --exec ./send-mail --metrics :9090
    #[arg(long, value_name = "HOST:PORT", value_parser = listen_address, help_heading = "Watching")]
    pub metrics: Option<ListenAddress>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    Auto,
    Pretty,
    Line,
    Json,
    Raw,
}

/// Options of commands that print rows.
#[derive(Debug, Default, Args)]
pub struct RowOptions {
    /// Print a table or json [default: table]
    ///
    /// json: one object a line, a row each.
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: Option<TableFormat>,
}

#[cfg(test)]
mod tests;
