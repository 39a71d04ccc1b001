//! `kcons man`: shows the manual page, or prints it in roff.

mod page;
mod texts;

use super::completions::connection_is_unused;
use crate::cli::ConnectionOptions;
use crate::error::{self, Failure, Kind};
use signal_hook::consts::{SIGINT, SIGQUIT};
use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// # Errors
/// A connection option, which has no use here, or a stdout that cannot be written.
pub fn run(connection: &ConnectionOptions) -> Result<(), Failure> {
    connection_is_unused(connection, "man")?;
    let page = page::page().map_err(|error| {
        Failure::new(Kind::Run, "cannot make the manual page").caused_by(error::reason(&error))
    })?;
    match io::stdout().is_terminal() && is_shown(&page) {
        true => Ok(()),
        false => super::write(page.as_bytes()),
    }
}

/// Shows a page on the terminal; whether `man` is there and can do that.
fn is_shown(page: &str) -> bool {
    // Keys that interrupt are for the pager. A signal that is caught, not ignored, is the default again in a child.
    for signal in [SIGINT, SIGQUIT] {
        // Without it the keys would end this process, too, and the pager would be on its own.
        let _ = signal_hook::flag::register(signal, Arc::default());
    }
    let mut command = Command::new("man");
    command.args(["-l", "-"]).stdin(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else { return false };
    if let Some(mut stdin) = child.stdin.take() {
        // A pager that is left early reads no further.
        let _ = stdin.write_all(page.as_bytes());
    }
    child.wait().is_ok_and(|status| status.success())
}
