//! `kcons group`: which groups there are, how they stand, and what is changed about them.

mod delete;
mod describe;
mod list;
mod members;
mod plan;
mod reset;

use super::session;
use super::world;
use crate::cli;
use crate::error::Failure;
use crate::settings::{self, Connection, Delete, GroupInspection, GroupList, Reset, print};
use std::io::{self, IsTerminal as _};

/// # Errors
/// Wrong usage, a group that is missing or has members, or no answer.
pub fn run(
    command: &cli::GroupCommand,
    connection: &cli::ConnectionOptions,
    talk: settings::TalkSettings,
) -> Result<(), Failure> {
    let start = |resolved: &Connection,
                 work: &mut dyn FnMut(&mut session::Session) -> Result<(), session::Stop>| {
        if connection.print_config {
            return super::write(print::table(&resolved.effective).as_bytes());
        }
        session::run(resolved, (talk, world()?), work)
    };
    match command {
        cli::GroupCommand::List(arguments) => {
            let settings = super::resolve(|world| GroupList::resolve(arguments, connection, world))?;
            start(&settings.connection, &mut |session| list::run(session, &settings))
        }
        cli::GroupCommand::Describe(arguments) => {
            let settings = super::resolve(|world| GroupInspection::resolve(arguments, connection, world))?;
            start(&settings.connection, &mut |session| describe::run(session, &settings))
        }
        cli::GroupCommand::Reset(arguments) => {
            let settings = super::resolve(|world| Reset::resolve(arguments, connection, world))?;
            start(&settings.connection, &mut |session| reset::run(session, &settings))
        }
        cli::GroupCommand::Delete(arguments) => {
            // A question is no event.
            let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal() && !talk.is_json;
            let settings = super::resolve(|world| Delete::resolve(arguments, connection, can_ask, world))?;
            start(&settings.connection, &mut |session| delete::run(session, &settings))
        }
    }
}
