//! `kcons completions`: the completion script of a shell.

use crate::cli::{self, CompletionsOptions, ConnectionOptions};
use crate::error::Failure;

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
            .caused_by("nothing is connected")),
        None => Ok(()),
    }
}

fn script(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), "kcons", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap_complete::Shell;

    /// Regenerate with: for s in bash:kcons.bash zsh:_kcons fish:kcons.fish; do
    /// cargo run -- completions ${s%:*} > completions/${s#*:}; done
    #[test]
    fn the_committed_scripts_are_those_of_this_command_line() {
        for (shell, file) in
            [(Shell::Bash, "kcons.bash"), (Shell::Zsh, "_kcons"), (Shell::Fish, "kcons.fish")]
        {
            let path = format!("{}/completions/{file}", env!("CARGO_MANIFEST_DIR"));
            let committed = std::fs::read(&path).unwrap_or_default();
            let command = format!("cargo run -- completions {shell} > completions/{file}");
            assert!(
                committed == script(shell),
                "completions/{file} is out of date; regenerate it: {command}"
            );
        }
    }
}
