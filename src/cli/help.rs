//! How help looks: its styles, its order, and the examples at its end; and what it shares with hints.

use super::connection::GENERAL;
use clap::builder::styling::{Style, Styles};

/// How help looks on a terminal.
pub(super) const STYLES: Styles = Styles::plain()
    .header(Style::new().bold().underline())
    .usage(Style::new().bold().underline())
    .literal(Style::new().bold());

pub(super) const CONSUME_EXAMPLES: &str = "\
Examples:
  read everything, then wait for new records:
    kcons consume task-created
  print what is there now as JSON, and exit:
    kcons consume task-created -e | jq .value
  share the work with other members, resume after a restart:
    kcons consume task-created --group mailer
  run a program for each record:
    kcons consume task-created --group mailer --exec ./send-mail";

pub(super) const COMPLETIONS_EXAMPLES: &str = "\
To load it in every new shell, add this line to the start-up file:
  bash  ~/.bashrc                   source <(kcons completions bash)
  zsh   ~/.zshrc, after compinit    source <(kcons completions zsh)
  fish  ~/.config/fish/config.fish  kcons completions fish | source";

/// What to do about an option that other tools have for a run that goes on.
pub const FOLLOWING: &str = "omit it: a run follows the topic until Ctrl-C; `--exit` stops at the end";

/// Puts `--help` and `--version` behind what somebody looks for in a help.
pub(super) fn at_the_end(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|argument| match argument.get_id().as_str() {
        "help" | "version" => argument.help_heading(GENERAL),
        _ => argument,
    });
    command.mut_subcommands(at_the_end)
}
