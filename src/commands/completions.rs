//! `kcons completions`: the completion script of a shell.

use crate::cli::{self, CompletionsOptions, ConnectionOptions};
use crate::error::Failure;
use clap_complete::Shell;

/// # Errors
/// A connection option, which has no use here, or a stdout that cannot be written.
pub fn run(arguments: &CompletionsOptions, connection: &ConnectionOptions) -> Result<(), Failure> {
    connection_is_unused(connection, "completions")?;
    super::write(&script(arguments.shell))
}

/// Refuses connection options where nothing is connected.
pub fn connection_is_unused(connection: &ConnectionOptions, command: &str) -> Result<(), Failure> {
    let given = [
        (connection.brokers.is_some(), "--brokers"),
        (!connection.properties.is_empty(), "--property"),
        (connection.config.is_some(), "--config"),
        (connection.profile.is_some(), "--profile"),
        (connection.connect_timeout.is_some(), "--connect-timeout"),
        (connection.print_config, "--print-config"),
    ];
    match given.iter().find(|(is_given, _)| *is_given) {
        Some((_, option)) => Err(Failure::usage(format!("`{option}` cannot be used with `kcons {command}`"))
            .caused_by("it does not connect to a broker")),
        None => Ok(()),
    }
}

/// The scripts that ask `kcons complete`; packages have the same files.
const BASH: &str = include_str!("../../completions/kcons.bash");
const ZSH: &str = include_str!("../../completions/_kcons");
const FISH: &str = include_str!("../../completions/kcons.fish");

fn script(shell: Shell) -> Vec<u8> {
    match shell {
        Shell::Bash => BASH.into(),
        Shell::Zsh => ZSH.into(),
        Shell::Fish => FISH.into(),
        // These know the declaration and nothing of the cluster.
        other => {
            let mut script = Vec::new();
            clap_complete::generate(other, &mut cli::command(), "kcons", &mut script);
            script
        }
    }
}
