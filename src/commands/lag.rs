//! `kcons lag`: how far behind groups are.

mod look;
pub mod rows;
mod screen;
#[cfg(test)]
mod testing;
mod throughput;
mod watch;

use super::session;
use super::world;
use crate::cli;
use crate::error::{Failure, Kind};
use crate::kafka::lag::{GroupLag, LagQuery};
use crate::render::cells;
use crate::render::table::{TableLook, TableRows};
use crate::settings::{self, Lag, LagOutput, print};
pub use look::Look;

/// # Errors
/// Wrong usage, a group that is missing or too far behind, or no answer.
pub fn run(
    arguments: &cli::LagOptions,
    connection: &cli::ConnectionOptions,
    talk: settings::TalkSettings,
) -> Result<(), Failure> {
    let settings = super::resolve(|surroundings| Lag::resolve(arguments, connection, surroundings))?;
    if connection.print_config {
        return super::write(print::table(&settings.connection.effective).as_bytes());
    }
    // What is said below a picture goes with it when the next one is drawn.
    let is_warned_on_screen = talk.is_terminal && !talk.is_json && !talk.quiet;
    session::run(&settings.connection, (talk, world()?), |session| match settings.watch {
        None => once(session, &settings),
        Some(interval) => watch::run(session, &settings, interval, is_warned_on_screen),
    })
}

fn once(session: &mut session::Session, settings: &Lag) -> Result<(), session::Stop> {
    let told = Look::default().group_lags(session, &query(settings))?;
    // A head without rows says nothing where no group could be told.
    if !told.group_lags.is_empty() {
        session.print(&table(&rows::rows(&told.group_lags), &settings.output))?;
    } else if settings.groups.is_empty() && told.failed.is_empty() {
        session.talk.info("no consumer group has committed offsets or has members");
    }
    match settings.max_lag {
        Some(_) => {
            let too_far = too_far(settings, &told.group_lags);
            told.end_in_full(session, too_far)
        }
        None => told.end(session),
    }
}

/// Renders rows for a terminal, or in full.
pub fn table(rows: &TableRows, output: &LagOutput) -> String {
    let columns = output.is_fitted.then(|| cells::window().1);
    rows.render_as(output.format, TableLook { columns, has_color: output.has_color })
}

fn query(settings: &Lag) -> LagQuery {
    LagQuery { groups: settings.groups.clone(), topics: settings.topics.clone() }
}

/// The failure that groups are further behind than they may be.
fn too_far(settings: &Lag, group_lags: &[GroupLag]) -> Option<Failure> {
    let (most, behind) = (settings.max_lag?, rows::behind_in_all(group_lags));
    let who = match settings.groups.as_slice() {
        [] => "all groups together are".to_owned(),
        [only] => format!("group `{only}` is"),
        several => format!("groups `{}` are", several.join("`, `")),
    };
    let message = || format!("{who} {behind} behind, more than `--max-lag {most}`");
    (behind > most).then(|| Failure::new(Kind::Lag, message()))
}
