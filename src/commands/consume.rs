//! `kcons consume`: reads topics and prints every record.

use crate::cli;
use crate::error::Failure;
use crate::settings::{self, Consume};

/// # Errors
/// Wrong usage, or whatever ended the run early.
pub fn run(
    arguments: &cli::ConsumeOptions,
    connection: &cli::ConnectionOptions,
    talk: settings::TalkSettings,
) -> Result<(), Failure> {
    let settings = super::resolve(|surroundings| Consume::resolve(arguments, connection, surroundings))?;
    if connection.print_config {
        return super::write(settings::print::table(&settings.connection.effective).as_bytes());
    }
    super::read(&settings, super::world()?, talk)
}
