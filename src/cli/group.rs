//! Options of `kcons group`.

use super::RowOptions;
use super::values::signed;
use crate::choices::LagFormat;
use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum GroupCommand {
    /// List the groups of the cluster
    List(GroupListOptions),
    /// Show a group's state, coordinator, members and lag
    Describe(GroupDescribeOptions),
    /// Move the committed offsets of a group without members
    Reset(ResetOptions),
    /// Delete groups without members, and their committed offsets
    Delete(DeleteOptions),
}

#[derive(Debug, Default, Args)]
pub struct GroupListOptions {
    /// List only groups that read TOPIC; repeatable
    ///
    /// That is, consumer groups that have committed an offset in TOPIC or hold one of its
    /// partitions.
    ///
    /// Example: kcons group list --topic task-created
    #[arg(long = "topic", value_name = "TOPIC", help_heading = "Input")]
    pub topics: Vec<String>,
    #[command(flatten)]
    pub rows: RowOptions,
}

// GROUP is optional here, because --print-config does without it; `settings` asks for it otherwise.
#[derive(Debug, Default, Args)]
#[command(override_usage = "kcons group describe [OPTIONS] GROUP")]
pub struct GroupDescribeOptions {
    /// Group to describe
    ///
    /// Example: kcons group describe mailer
    #[arg(value_name = "GROUP", help_heading = "Input", display_order = 0)]
    pub group: Option<String>,
    /// Print a table, wide or json [default: table]
    ///
    /// On a narrow terminal the table leaves columns out; wide prints all of them. json: one object
    /// per line, first the group itself, then one for each row.
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: Option<LagFormat>,
}

const RESET_EXAMPLES: &str = "\
Examples:
  dry run, shows what would change:
    kcons group reset mailer --topic task-created --to beginning
  reread everything:
    kcons group reset mailer --topic task-created --to beginning --execute
  reread the last hour of two partitions:
    kcons group reset mailer --topic task-created:0,2 --to -1h --execute
  reread the last 100 offsets of each partition:
    kcons group reset mailer --all-topics --shift -100 --execute";

#[derive(Debug, Default, Args)]
#[command(override_usage = "kcons group reset [OPTIONS] GROUP", after_help = RESET_EXAMPLES)]
pub struct ResetOptions {
    /// Group to move
    ///
    /// With --topic, a group that does not exist yet is created.
    #[arg(value_name = "GROUP", help_heading = "Input", display_order = 0)]
    pub group: Option<String>,
    /// Move offsets in TOPIC, or in some of its partitions; repeatable
    ///
    /// Example: --topic task-created:0,2,5-7
    #[arg(
        long = "topic",
        value_name = "TOPIC[:LIST]",
        help_heading = "Input",
        display_order = 1,
        conflicts_with = "all_topics"
    )]
    pub topics: Vec<String>,
    /// Move all offsets that the group has committed
    #[arg(long, help_heading = "Input", display_order = 2)]
    pub all_topics: bool,
    /// Move to this position
    ///
    /// POS is `beginning`, `end`, an offset `N`, `-N` before the end, `+N` after the beginning, a
    /// time (`2026-11-23`, `2026-11-23T09:00`, `2026-11-23T09:00:00Z`, `09:00`, `today`,
    /// `@1763888400`), `-1h30m` ago, or `0=5,1=end,2=-10` for some partitions. An offset outside
    /// the log is moved to the nearer end.
    #[arg(
        long,
        value_name = "POS",
        allow_hyphen_values = true,
        help_heading = "Where to",
        conflicts_with = "shift"
    )]
    pub to: Option<String>,
    /// Move N offsets forward (+N) or back (-N)
    #[arg(long, value_name = "±N", value_parser = signed, allow_hyphen_values = true, help_heading = "Where to")]
    pub shift: Option<i64>,
    /// Make the change; without this it is a dry run
    #[arg(long, help_heading = "Where to")]
    pub execute: bool,
    #[command(flatten)]
    pub rows: RowOptions,
}

#[derive(Debug, Default, Args)]
#[command(override_usage = "kcons group delete [OPTIONS] GROUP...")]
pub struct DeleteOptions {
    /// Groups to delete
    #[arg(value_name = "GROUP", help_heading = "Input", display_order = 0)]
    pub groups: Vec<String>,
    /// Do not ask for confirmation
    ///
    /// Required where there is no terminal to ask on.
    #[arg(short, long, help_heading = "Input", display_order = 1)]
    pub yes: bool,
    #[command(flatten)]
    pub rows: RowOptions,
}
