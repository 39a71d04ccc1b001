//! Options of every command: how to reach the cluster and how to talk.

use super::ProfileTable;
use crate::duration::parse_duration;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// The heading of options that say nothing about a cluster or its records.
pub(super) const GENERAL: &str = "General";

/// How to reach the cluster and how to talk; shared by every command.
#[derive(Debug, Default, Args)]
pub struct ConnectionOptions {
    /// Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]
    ///
    /// One is enough; kcons learns the rest from it.
    ///
    /// Example: -b kafka-0:9092,kafka-1:9092
    #[arg(short, long, value_name = "HOST:PORT,…", global = true, help_heading = "Connection")]
    pub brokers: Option<String>,
    /// Set any librdkafka property; repeatable
    ///
    /// A value `env:NAME` or `file:PATH` is read from that variable or file, which keeps secrets
    /// out of `ps`. Such a value is never printed, and handlers do not inherit the variable.
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
    /// Read properties from FILE [env: KCONS_CONFIG]
    ///
    /// One `key=value` per line; # starts a comment. Spellings of Java clients are translated, or
    /// refused by name. Properties that load code are refused. Values may be `env:NAME` or
    /// `file:PATH`.
    ///
    /// Example: -F client.properties
    #[arg(short = 'F', long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, global = true, help_heading = "Connection")]
    pub config: Option<String>,
    /// Take defaults from this profile [env: KCONS_PROFILE]
    ///
    /// The profile applies to everything not given on the command line. It is a table
    /// `[profile.NAME]` of ~/.config/kcons/config.toml (or in the folder XDG_CONFIG_HOME); its keys
    /// are options, without dashes, and properties. It takes precedence over the environment,
    /// unless it is named by KCONS_PROFILE.
    ///
    /// Example: kcons consume task-created --profile staging
    #[arg(long, value_name = "NAME", global = true, help_heading = "Connection")]
    pub profile: Option<String>,
    #[arg(skip)]
    pub profile_table: Option<ProfileTable>,
    /// Give up if no broker answers within DURATION [default: 10s]
    ///
    /// The default is 2s where nothing listens at a port of this machine. 0s: keep trying forever,
    /// for a pod that may start before its broker.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, global = true, help_heading = "Connection")]
    pub connect_timeout: Option<Duration>,
    /// Print every property, its value and its origin, and exit
    ///
    /// What you have set comes first. Connects to nothing. Secrets are shown as ***, values read from
    /// a variable or a file as `env:NAME` or `file:PATH`.
    ///
    /// Example: kcons consume --print-config
    #[arg(long, global = true, help_heading = "Connection")]
    pub print_config: bool,
    /// Print errors only
    #[arg(short, long, global = true, help_heading = GENERAL, overrides_with = "verbose")]
    pub quiet: bool,
    /// Print more detail; -vv adds librdkafka's own log
    ///
    /// librdkafka logs little unless something is wrong; `-X debug=cgrp,broker` makes it say more.
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = GENERAL)]
    pub verbose: u8,
    /// Use color: auto, always or never [default: auto]
    ///
    /// auto: on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE turns color on elsewhere, too.
    /// JSON in a pipe or file is colored only with always.
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        hide_possible_values = true,
        global = true,
        help_heading = GENERAL
    )]
    pub color: Option<ColorChoice>,
    /// Write messages to stderr as text or json [default: text]
    ///
    /// json: one object per line, with the name of the event.
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        global = true,
        help_heading = GENERAL
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
