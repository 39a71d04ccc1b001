//! `kcons lag --watch`: looks again and again.

use super::look::{Look, Told};
use super::screen::{self, LastLook};
use super::throughput::Throughput;
use super::{query, rows, table, too_far};
use crate::choices::TableFormat;
use crate::commands::failures;
use crate::commands::session::{Session, Stop};
use crate::render::cells;
use crate::settings::Lag;
use std::time::{Duration, Instant};

/// How soon a window that has another size gets another picture.
const RESIZED: Duration = Duration::from_millis(200);

/// Looks again and again; `is_warned_on_screen`: a picture on a terminal has the warnings in it.
///
/// # Errors
/// A group that is missing or too far behind, no answer at first, or a signal.
pub fn run(
    session: &mut Session,
    settings: &Lag,
    interval: Duration,
    is_warned_on_screen: bool,
) -> Result<(), Stop> {
    let (mut look, mut throughput, query) = (Look::default(), Throughput::default(), query(settings));
    loop {
        let start = Instant::now();
        let told = look.group_lags(session, &query)?;
        session.be_patient();
        throughput.add(&told.group_lags, Instant::now());
        let time = jiff::Zoned::now().strftime("%H:%M:%S").to_string();
        let picture = Picture { settings, told, throughput: &throughput, time, is_warned_on_screen };
        picture.show_until(start + interval, session)?;
    }
}

/// What one look has shown.
struct Picture<'a> {
    settings: &'a Lag,
    told: Told,
    throughput: &'a Throughput,
    time: String,
    is_warned_on_screen: bool,
}

impl Picture<'_> {
    /// Shows the picture, on a terminal as long as it is the newest one.
    fn show_until(self, end: Instant, session: &mut Session) -> Result<(), Stop> {
        let mut warnings = self.told.warnings();
        if !self.is_screen() || !self.is_warned_on_screen {
            warnings.drain(..).for_each(|warning| session.talk.warn(warning, Instant::now()));
        }
        let mut window = cells::window();
        self.show(session, &warnings, window)?;
        let too_far = too_far(self.settings, &self.told.group_lags);
        failures::end(session, too_far.into_iter().chain(self.told.failed.iter().cloned()).collect())?;
        while self.is_screen() && Instant::now() + RESIZED < end {
            session.sleep_until(Instant::now() + RESIZED)?;
            if cells::window() != window {
                window = cells::window();
                self.show(session, &warnings, window)?;
            }
        }
        session.sleep_until(end)
    }

    /// Whether each picture takes the place of the one before, instead of following it.
    fn is_screen(&self) -> bool {
        self.settings.output.is_fitted && self.settings.output.format == TableFormat::Table
    }

    fn show(&self, session: &mut Session, warnings: &[String], window: (usize, usize)) -> Result<(), Stop> {
        let Picture { settings, told, throughput, time, .. } = self;
        let has_color = settings.output.has_color;
        let watched = LastLook { group_lags: &told.group_lags, throughput, time };
        // A head without rows says nothing where no group could be told.
        if told.group_lags.is_empty() && !self.is_screen() {
            return Ok(());
        }
        let rows = || table(&rows::rows(&told.group_lags), &settings.output);
        session.print(&match settings.output.format {
            TableFormat::Json => rows(),
            TableFormat::Table if self.is_screen() => {
                screen::redrawn(&watched.screen(warnings, window), has_color)
            }
            TableFormat::Table => format!("{}\n{}", watched.headline(usize::MAX).text(has_color), rows()),
        })
    }
}
