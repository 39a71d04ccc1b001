//! What can be typed: the options of every command, with their help. `settings` resolves them.

mod connection;
mod decoding;
mod group;
mod handler;
mod help;
mod lag;
mod order;
mod profile;
mod registry;
mod results;
mod selection;
mod topic;
mod values;

pub use connection::{ColorChoice, ConnectionOptions, LogFormat};
pub use decoding::{DecodingOptions, HeaderFormat};
pub use group::{DeleteOptions, GroupCommand, GroupDescribeOptions, GroupListOptions, ResetOptions};
pub use handler::{HandlerOptions, OnFailure};
pub use help::FOLLOWING;
pub use lag::LagOptions;
pub use order::OrderOptions;
pub use profile::{NOT_IN_A_PROFILE, ProfileProperty, ProfileTable, RIVALS, commands, place, profile_keys};
pub use registry::RegistryOptions;
pub use results::ResultOptions;
pub use selection::SelectionOptions;
pub use topic::{TopicCommand, TopicDescribeOptions, TopicListOptions};
pub use values::CommitChoice;

use crate::choices::{ExpectedCount, ListenAddress, ProgressChoice, TableFormat};
use crate::duration::parse_duration;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use help::{COMPLETIONS_EXAMPLES, CONSUME_EXAMPLES, STYLES};
use std::time::Duration;
use values::{commit, expected_count, listen_address, positive, positive_duration};

/// A Kafka consumer for the terminal, the shell script and the pod
#[derive(Debug, Parser)]
#[command(name = "kcons", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(styles = STYLES)]
#[command(args_override_self = true)]
#[command(after_help = "\
`kcons help COMMAND` shows all options of a command, with examples.
New to kcons? Start with `kcons demo`, which needs no Kafka.")]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub connection: ConnectionOptions,
}

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
    help::at_the_end(command)
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read topics; print every record, or hand each one to a command
    Consume(ConsumeOptions),
    /// Show how far behind groups are
    Lag(LagOptions),
    /// List, describe, reset or delete consumer groups
    #[command(subcommand)]
    Group(GroupCommand),
    /// List or describe topics
    #[command(subcommand)]
    Topic(TopicCommand),
    /// Try kcons on a built-in broker, no Kafka needed
    Demo(DemoOptions),
    /// Print a shell completion script
    ///
    /// In bash, zsh and fish, TAB also completes topics and groups: those of the cluster named on
    /// the command line (`-b`, `-F`, `--profile`) or in the environment.
    Completions(CompletionsOptions),
    /// Show the manual page
    ///
    /// On a terminal the page is shown as `man` does; into a pipe or file it is printed in roff.
    Man,
}

// TOPIC is optional here, because --print-config does without it, wherever it is typed; `settings` asks for it
// otherwise.
#[derive(Debug, Args)]
#[command(override_usage = "kcons consume [OPTIONS] TOPIC... [-- CMD ARG...]", after_help = CONSUME_EXAMPLES)]
pub struct ConsumeOptions {
    /// Topics to read; one that starts with `^` is a regular expression
    ///
    /// Regular expressions use Rust's `regex` syntax and are not anchored at the end. Kafka's own
    /// topics, such as `__consumer_offsets`, match only expressions that start with `^__`. Topics
    /// that match later are read, too, unless the run has an end (`-e`, `--to`, `--last`) or `-p` is given.
    ///
    /// Example: kcons consume orders '^task-.*'
    #[arg(value_name = "TOPIC", help_heading = "Input", display_order = 0)]
    pub topics: Vec<String>,
    #[command(flatten)]
    pub reading: ReadingOptions,
}

#[derive(Debug, Args)]
#[command(override_usage = "kcons demo [OPTIONS] [-- CMD ARG...]")]
pub struct DemoOptions {
    /// Add a new task every second until Ctrl-C
    #[arg(long, help_heading = "Demo")]
    pub follow: bool,
    /// Keep the broker running for other terminals: print its address, consume nothing
    ///
    /// Prints KCONS_BROKERS=127.0.0.1:PORT on stdout and adds a new task every second. Group
    /// members must use `-X partition.assignment.strategy=cooperative-sticky` with this broker. It
    /// takes a member that has ended for alive until its session is over (45 s), so the next one
    /// waits: `-X session.timeout.ms=6000` shortens that.
    #[arg(long, help_heading = "Demo", conflicts_with = "follow")]
    pub serve: bool,
    #[command(flatten)]
    pub reading: ReadingOptions,
}

#[derive(Debug, Args)]
#[command(override_usage = "kcons completions [OPTIONS] SHELL", after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsOptions {
    /// Shell to print the script for
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// How to read and print; shared by `consume` and `demo`.
#[derive(Debug, Default, Args)]
pub struct ReadingOptions {
    /// Join this consumer group: share partitions, commit, resume
    ///
    /// The members of a group share the partitions. Processed records are committed, and after a
    /// restart the group resumes where it stopped. Without --group, kcons reads on its own: all
    /// partitions, from the beginning, without committing anything or creating a group.
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
    /// Wait up to DURATION for a topic that does not exist yet
    ///
    /// By default a missing topic is an error at once (exit code 4). kcons never creates topics.
    ///
    /// Example: kcons consume task-created --wait-for-topic 1m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, help_heading = "Input")]
    pub wait_for_topic: Option<Duration>,
    /// Also read records of open and aborted transactions
    ///
    /// By default the records of a transaction arrive once it is committed, and never if it is
    /// aborted.
    #[arg(long, help_heading = "Input")]
    pub read_uncommitted: bool,
    /// Join the group as a static member with this id
    ///
    /// A static member that restarts within the session timeout (45 s) gets its partitions back at
    /// once, without a rebalance. Each member needs an id of its own.
    #[arg(long, value_name = "ID", help_heading = "Input")]
    pub instance_id: Option<String>,

    /// Start at earliest, latest or none where nothing is committed
    ///
    /// Default: earliest. Applies only where the group has no committed offset; with `none` the run
    /// ends there (exit code 1). `latest` applies only to a topic in which the group has no
    /// committed offset at all, so a restart skips nothing. A time as in --from (`-1h`,
    /// `2026-11-23`) starts at the first record from then on. Needs --group.
    ///
    /// Example: kcons consume task-created --group dashboard --offset-reset latest
    #[arg(long, value_name = "WHERE", allow_hyphen_values = true, help_heading = "Start and stop")]
    pub offset_reset: Option<String>,
    /// Start at this position [default: beginning] (without --group)
    ///
    /// POS is `beginning`, `end`, an offset `N`, `-N` before the end, `+N` after the beginning, a
    /// time (`2026-11-23`, `2026-11-23T09:00`, `2026-11-23T09:00:00Z`, `09:00`, `today`, `@SECONDS`
    /// since 1970, also in milli-, micro- or nanoseconds), `-1h30m` ago, or `0=5,1=end` to choose
    /// by partition. A time without a zone is local.
    ///
    /// Example: kcons consume task-created --from -1h
    #[arg(long, value_name = "POS", allow_hyphen_values = true, help_heading = "Start and stop")]
    pub from: Option<String>,
    /// Stop at this position; its record is not included
    ///
    /// Takes the positions of --from, and `+30m`: 30 minutes after the time in --from. kcons waits
    /// for an offset above the end and for a time in the future, unless --exit is given.
    ///
    /// Example: kcons consume task-created --from 2026-11-23 --to 2026-11-24
    #[arg(long, value_name = "POS", allow_hyphen_values = true, help_heading = "Start and stop")]
    pub to: Option<String>,
    /// Stop at what was the end when the run started
    ///
    /// Same as `--to end`: records written later are not waited for. With --to, the run ends at
    /// whichever comes first. With a group, the end of a partition is fixed when it is first
    /// assigned to this member.
    ///
    /// Example: kcons consume task-created -e > tasks.jsonl
    #[arg(short, long, help_heading = "Start and stop")]
    pub exit: bool,
    /// Stop after N records
    ///
    /// Exactly N, over all partitions. With a group, exactly those are committed.
    ///
    /// Example: kcons consume task-created -n 1
    #[arg(short = 'n', long, value_name = "N", value_parser = positive, allow_hyphen_values = true, help_heading = "Start and stop")]
    pub count: Option<u64>,
    /// Exit with 7 unless N records were printed or processed
    ///
    /// N, at least N (N..), from N to M (N..M) or at most M (..M), counted when the run ends. A run
    /// that failed keeps its own exit code.
    ///
    /// Example: kcons consume task-created --from end --expect 1.. -n 1 --duration 30s
    #[arg(long, value_name = "N|N..M", value_parser = expected_count, allow_hyphen_values = true, help_heading = "Start and stop")]
    pub expect: Option<ExpectedCount>,
    /// Stop when no record arrives for DURATION
    ///
    /// Counts only while connected and, with a group, while partitions are assigned.
    ///
    /// Example: --idle-timeout 30s
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub idle_timeout: Option<Duration>,
    /// Stop after DURATION
    ///
    /// Example: --duration 10m
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub duration: Option<Duration>,
    /// Shut down within DURATION of a signal [default: 25s]
    ///
    /// In that time kcons finishes the records in progress, commits and leaves the group. In a pod,
    /// keep it shorter than terminationGracePeriodSeconds (30 s).
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Start and stop")]
    pub shutdown_timeout: Option<Duration>,

    /// Commit in mode auto, manual, batch=N or never [default: auto]
    ///
    /// auto: every --commit-interval. manual: after every record, before the next one is taken.
    /// batch=N: after every N records. never: use the group's committed offsets, but commit
    /// nothing. In any mode, only records that were written or handled are committed. Needs
    /// --group.
    ///
    /// Example: kcons consume task-created --group audit --commit manual
    #[arg(long, value_name = "MODE", value_parser = commit, help_heading = "Commits")]
    pub commit: Option<CommitChoice>,
    /// Do not wait for answers to commits (manual and batch)
    ///
    /// At most one commit is in flight, and failed commits are reported. Faster, but after a crash
    /// a few more records may be repeated.
    #[arg(long, help_heading = "Commits")]
    pub async_commit: bool,
    /// Interval between commits with --commit auto [default: 5s]
    #[arg(long, value_name = "DURATION", value_parser = positive_duration, help_heading = "Commits")]
    pub commit_interval: Option<Duration>,

    /// Print pretty, line, json or raw [default: pretty or, in a pipe, json]
    ///
    /// pretty: a few lines per record, with long values cut. line: one line per record with time,
    /// place, key and value, cut to the width of the terminal. json: one object per line, with the
    /// whole value. raw: the bytes of the value, then the delimiter.
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
    /// Same as `-o json`
    #[arg(long, help_heading = "Output", overrides_with = "output")]
    pub json: bool,
    /// Print each record as TEMPLATE says, as in '%k: %s\n'
    ///
    /// Adds nothing: end it with \n to get lines. The tokens of kcat: %s value, %k key, %t topic, %p
    /// partition, %o offset, %T timestamp in milliseconds, %h headers, %S and %K the length of value
    /// and key (-1 for null), %R that of the value as 4 bytes, %% a percent sign.
    ///
    /// Names in braces: %{value}, %{key}, %{topic}, %{partition}, %{offset}, %{timestamp}, %{headers};
    /// %{value:json}, %{value:base64}, %{value:hex}, and the same for key; %{timestamp:iso},
    /// %{timestamp:unix}; %{header:NAME}. Escapes are those of --delimiter.
    ///
    /// Example: kcons consume task-created -e -f '%{timestamp:iso} %k %s\n'
    #[arg(short, long, value_name = "TEMPLATE", allow_hyphen_values = true, help_heading = "Output")]
    pub format: Option<String>,
    /// Print TEXT where a key or value is null (with --format)
    ///
    /// Default: nothing. An empty key or value stays empty. TEXT has no escapes, so that '\N' is
    /// possible.
    ///
    /// Example: kcons consume task-created -e -f '%k\t%s\n' -Z '\N'
    #[arg(short = 'Z', long, value_name = "TEXT", help_heading = "Output")]
    pub null: Option<String>,
    /// End each raw record with TEXT [default: \n]
    ///
    /// Escapes: \n \t \r \\ \0 \xHH (hexadecimal) \NNN (decimal, octal with a leading 0). An empty
    /// TEXT adds nothing. Needs `-o raw`.
    ///
    /// Example: kcons consume task-created -e -o raw -D '\0' | xargs -0 -n 1 echo
    #[arg(short = 'D', long, value_name = "TEXT", allow_hyphen_values = true, help_heading = "Output")]
    pub delimiter: Option<String>,
    /// Call records NAME in pretty output [default: a word of the topic]
    ///
    /// `Received task: …` for the topic task-created, `Received orders: …` for shop.orders.v1.
    ///
    /// Example: --label event
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub label: Option<String>,
    /// Show this field of the value in pretty output [default: title]
    ///
    /// Takes a name, or a jq path that starts with a dot.
    ///
    /// Example: --title-field .customer.name
    #[arg(long, value_name = "NAME", help_heading = "Output")]
    pub title_field: Option<String>,
    #[command(flatten)]
    pub order: OrderOptions,
    #[command(flatten)]
    pub results: ResultOptions,
    #[command(flatten)]
    pub selection: SelectionOptions,
    #[command(flatten)]
    pub handler: HandlerOptions,
    #[command(flatten)]
    pub decoding: DecodingOptions,
    #[command(flatten)]
    pub registry: RegistryOptions,

    /// Serve /metrics for Prometheus, /live and /ready for probes
    ///
    /// Takes an address like 127.0.0.1:9090. `:9090` listens on that port of all interfaces; port 0
    /// picks a free one. The address is printed on stderr.
    ///
    /// Example: kcons consume task-created --group mailer --exec ./send-mail --metrics :9090
    #[arg(long, value_name = "HOST:PORT", value_parser = listen_address, help_heading = "Watching")]
    pub metrics: Option<ListenAddress>,
    /// Show how far the run is: auto, always or never [default: auto]
    ///
    /// Records, rate, percent of the offsets and time left; of a group without an end the lag.
    /// auto: a bar, if stderr is a terminal, the run has an end (-e, --to, --last) and prints to a
    /// file or pipe; not in the first half second. always: elsewhere in lines, one a second.
    ///
    /// Example: kcons consume task-created -e --progress always > tasks.jsonl
    #[arg(long, value_enum, value_name = "WHEN", hide_possible_values = true, help_heading = "Watching")]
    pub progress: Option<ProgressChoice>,
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
    /// json: one object per line, one for each row.
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
