//! Options of every command: how to reach the cluster and how to talk.

use super::ProfileTable;
use crate::duration::parse_duration;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// How to reach the cluster and how to talk; shared by every command.
#[derive(Debug, Default, Args)]
pub struct ConnectionOptions {
    /// Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]
    ///
    /// One is enough, the others of its cluster are found.
    ///
    /// Example: -b kafka-0:9092,kafka-1:9092
    #[arg(short, long, value_name = "HOST:PORT,…", global = true, help_heading = "Connection")]
    pub brokers: Option<String>,
    /// Set any librdkafka property; repeatable
    ///
    /// A value `env:NAME` or `file:PATH` is read from there, so that secrets stay out of `ps`. It is
    /// never shown, and handlers do not inherit the variable.
    ///
    /// Example: -X security.protocol=SASL_SSL -X sasl.password=env:KAFKA_PASSWORD
    #[arg(
        short = 'X',
        long = "property",
        value_name = "KEY=VALUE",
        global = true,
        help_heading = "Connection"
    )]
    pub properties: Vec<String>,
    /// Read properties from this file [env: KCONS_CONFIG]
    ///
    /// `key=value` a line, # starts a comment. Spellings of Java clients are translated or refused
    /// by name, and so are properties that load code; values may be `env:NAME` or `file:PATH`.
    ///
    /// Example: -F client.properties
    #[arg(short = 'F', long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, global = true, help_heading = "Connection")]
    pub config: Option<String>,
    /// Take what is not typed from this profile [env: KCONS_PROFILE]
    ///
    /// A table `[profile.NAME]` of ~/.config/kcons/config.toml (or of the folder XDG_CONFIG_HOME):
    /// names of options, without dashes, or of properties, and their values. It goes before the
    /// environment, and behind everything else that is typed; a profile named by KCONS_PROFILE
    /// goes behind the environment too.
    ///
    /// Example: kcons consume task-created --profile staging
    #[arg(long, value_name = "NAME", global = true, help_heading = "Connection")]
    pub profile: Option<String>,
    #[arg(skip)]
    pub profile_table: Option<ProfileTable>,
    /// Give up if no broker was reached in that long [default: 10s]
    ///
    /// 0s: try for ever, for a pod that may start before its broker.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, global = true, help_heading = "Connection")]
    pub connect_timeout: Option<Duration>,
    /// Print every property, its value and its origin, and exit
    ///
    /// Nothing is connected; secrets are shown as ***, what is read from a variable or a file as
    /// `env:NAME` or `file:PATH`.
    ///
    /// Example: kcons consume --print-config
    #[arg(long, global = true, help_heading = "Connection")]
    pub print_config: bool,
    /// Say errors only
    #[arg(short, long, global = true, help_heading = "Watching", overrides_with = "verbose")]
    pub quiet: bool,
    /// Say more; -vv shows librdkafka's own log too
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = "Watching")]
    pub verbose: u8,
    /// Color the output: auto, always or never [default: auto]
    ///
    /// auto colors what is said on stderr (`error:`, `warning:`, `info:`) on a terminal; always the
    /// records of pretty output, too. NO_COLOR and CLICOLOR_FORCE are heeded.
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        hide_possible_values = true,
        global = true,
        help_heading = "Watching"
    )]
    pub color: Option<ColorChoice>,
    /// Talk on stderr as text, or as one JSON object a line [default: text]
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        global = true,
        help_heading = "Watching"
    )]
    pub log: Option<LogFormat>,
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
