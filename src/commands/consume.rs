//! `kcons consume`: reads topics and prints every record.

use crate::cli;
use crate::error::Failure;
use crate::settings::{self, Consume};

/// # Errors
/// Wrong usage, or whatever ended the run early.
pub fn run(
    arguments: &cli::ConsumeOptions,
    connection: &cli::ConnectionOptions,
    talk: settings::Talk,
) -> Result<(), Failure> {
    let settings = super::settle(|surroundings| Consume::settle(arguments, connection, surroundings))?;
    if connection.print_config {
        return super::write(settings::print::table(&settings.connection.resolved).as_bytes());
    }
    super::read(&settings, super::world()?, talk)
}
