//! The commands, one file each, and what they have in common.

pub mod complete;
mod completions;
mod consume;
mod demo;
mod failures;
mod group;
mod lag;
mod man;
mod missing;
mod session;
mod topic;

use crate::alarm::Alarm;
use crate::choices::ListenAddress;
use crate::cli::{Arguments, Command, LogFormat};
use crate::consume::{Finished, World};
use crate::delivery::{self, Unwritable};
use crate::error::{self, Failure, Kind};
use crate::metrics::Meter;
use crate::position::Clock;
use crate::settings::{self, Environment, Surroundings};
use crate::signals::{self, Shutdown};
use crate::startup::{self, Stdout};
use crate::talk::{self, ProgressDisplay};
use crate::usage::{self, ErrorStyle};
use crate::{handlers, kafka};
use clap::builder::StyledStr;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// Exit code after a second signal.
const FORCED: u8 = 130;

/// How the process ends.
pub enum Ending {
    Code(u8),
    /// It dies of the signal that interrupted it.
    Signal(Signal),
}

impl From<u8> for Ending {
    fn from(code: u8) -> Ending {
        Ending::Code(code)
    }
}

/// Ends the process.
pub fn leave(ending: Ending) -> ! {
    match ending {
        Ending::Code(code) => kafka::leave_process(code),
        Ending::Signal(signal) => {
            startup::die_of(signal);
            // What a shell makes of such a death.
            kafka::leave_process(128 + signal as u8)
        }
    }
}

/// Runs what was typed, with what its profile adds.
pub fn run(typed: Arguments, words: &[OsString]) -> Ending {
    let arguments = match settings::profile::apply(typed, words, environment()) {
        Ok(arguments) => arguments,
        Err(failure) => return refuse(&failure, usage::error_style(words)).into(),
    };
    let talk = settings::TalkSettings::new(&arguments.connection, io::stderr().is_terminal(), &variable);
    colored::control::set_override(talk.has_color);
    let result = check_stdout().and_then(|()| match &arguments.command {
        Command::Consume(consume) => consume::run(consume, &arguments.connection, talk),
        Command::Lag(lag) => lag::run(lag, &arguments.connection, talk),
        Command::Group(group) => group::run(group, &arguments.connection, talk),
        Command::Topic(topic) => topic::run(topic, &arguments.connection, talk),
        Command::Demo(demo) => demo::run(demo, &arguments.connection, talk),
        Command::Completions(completions) => completions::run(completions, &arguments.connection),
        Command::Man => man::run(&arguments.connection),
    });
    match result {
        Ok(()) => interrupted(&arguments.command, signals::first()).map_or(Ending::Code(0), Ending::Signal),
        Err(failure) => {
            let kind = failure.kind;
            let failure = settings::profile::blame(failure, arguments.connection.profile_table.as_ref());
            let code = tell(&failure, &talk);
            match interrupted(&arguments.command, signals::first()) {
                // Whoever interrupts a run has no use for what it would have found.
                Some(signal) if kind == Kind::Expectation => Ending::Signal(signal),
                Some(_) | None => Ending::Code(code),
            }
        }
    }
}

/// The signal that a command without a failure dies of. A run that a supervisor stops has done all it was asked for;
/// Ctrl-C means the loop around it, too, and what a command was asked for is not done when a signal ends it.
fn interrupted(command: &Command, first: Option<Signal>) -> Option<Signal> {
    let is_run = matches!(command, Command::Consume(_) | Command::Demo(_));
    first.filter(|signal| !is_run || *signal == Signal::SIGINT)
}

/// Prints a text that was asked for; the exit code.
pub fn print(text: &StyledStr, style: ErrorStyle) -> u8 {
    let text = styled(text, style, io::stdout().is_terminal());
    match check_stdout().and_then(|()| write(text.as_bytes())) {
        Ok(()) => 0,
        Err(failure) => refuse(&failure, style),
    }
}

/// Shows the short help to somebody who typed the bare name; the exit code of wrong usage.
pub fn show_help(help: &StyledStr, style: ErrorStyle) -> u8 {
    let help = styled(help, style, io::stderr().is_terminal());
    // There is nobody left to tell that stderr is gone.
    let _ = io::stderr().write_all(help.as_bytes());
    Kind::Usage.exit_code()
}

fn styled(text: &StyledStr, style: ErrorStyle, is_terminal: bool) -> String {
    match settings::has_color(style.color, is_terminal, &variable) {
        true => text.ansi().to_string(),
        false => text.to_string(),
    }
}

/// Tells a failure that comes before any option but these is known; the exit code.
pub fn refuse(failure: &Failure, style: ErrorStyle) -> u8 {
    let ErrorStyle { color, log } = style;
    let has_color = settings::has_color(color, io::stderr().is_terminal(), &variable);
    colored::control::set_override(has_color);
    tell(
        failure,
        &settings::TalkSettings { has_color, is_json: log == LogFormat::Json, ..Default::default() },
    )
}

fn tell(failure: &Failure, talk: &settings::TalkSettings) -> u8 {
    if !failure.is_told {
        // There is nobody left to tell that stderr is gone.
        let _ = io::stderr().write_all(&talk::report(failure, talk));
    }
    failure.kind.exit_code()
}

/// Nothing is read, committed or handed to anybody by a run whose output would be lost.
fn check_stdout() -> Result<(), Failure> {
    match startup::stdout() {
        Stdout::Open => Ok(()),
        Stdout::Closed => {
            Err(Failure::new(Kind::Run, "stdout is closed").hint("to discard what is printed, `>/dev/null`"))
        }
        Stdout::ReadOnly => {
            Err(Failure::new(Kind::Run, "cannot write to stdout: it is open for reading only"))
        }
    }
}

/// Writes to stdout; a closed pipe is no error.
fn write(bytes: &[u8]) -> Result<(), Failure> {
    // Not by the standard library, which takes a descriptor that cannot be written for one that is not there.
    match delivery::write_all(bytes) {
        Ok(()) | Err(Unwritable::Closed) => Ok(()),
        Err(Unwritable::Failed(reason)) => {
            Err(Failure::new(Kind::Run, format!("cannot write to stdout: {reason}")))
        }
    }
}

fn environment() -> Environment<'static> {
    Environment { variables: &variable, is_stdout_terminal: io::stdout().is_terminal() }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads the world once and resolves settings with it.
fn resolve<T>(resolve: impl FnOnce(&Surroundings<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    let known = kafka::properties::known().map_err(|error| {
        Failure::new(Kind::Run, "cannot read librdkafka's properties").caused_by(error.to_string())
    })?;
    resolve(&Surroundings {
        environment: environment(),
        clock: Clock { now: jiff::Timestamp::now(), zone: jiff::tz::TimeZone::system },
        known: &known,
        check: &kafka::properties::check,
    })
}

/// What a run starts with.
fn world() -> Result<(Alarm, Shutdown), Failure> {
    let failure = |reason: String| Failure::new(Kind::Run, "cannot start").caused_by(reason);
    let alarm = Alarm::new().map_err(|error| failure(error::reason(&error)))?;
    let shutdown =
        Shutdown::catch(alarm.bell(), leave_at_once).map_err(|error| failure(error::reason(&error)))?;
    Ok((alarm, shutdown))
}

/// After a second signal: nothing is left running behind us.
fn leave_at_once(second: Signal) -> ! {
    // Before the loop sees how handlers die, and has other numbers.
    talk::say_last_words();
    handlers::kill_all();
    leave(match second {
        // The loop of a shell, too, where somebody presses Ctrl-C.
        Signal::SIGINT if io::stderr().is_terminal() => Ending::Signal(Signal::SIGINT),
        _ => Ending::Code(FORCED),
    })
}

/// Reads, prints and commits until something ends it.
fn read(
    settings: &settings::Consume,
    (alarm, shutdown): (Alarm, Shutdown),
    talk: settings::TalkSettings,
) -> Result<(), Failure> {
    // What is printed on the same terminal would run into the bar.
    let has_bar = talk.is_terminal && !talk.quiet && !talk.is_json && can_draw();
    let mut talk = talk::Talk::new(talk, settings.output.says_progress);
    talk.hide(&settings.connection.hidden);
    for note in &settings.connection.notes {
        talk.info(note.clone());
    }
    for warning in settings.connection.warnings.iter().chain(&settings.warnings) {
        talk.warn(warning.clone(), Instant::now());
    }
    let meter = match &settings.metrics {
        Some(address) => open_meter(address, &alarm, &mut talk)?,
        None => Meter::default(),
    };
    let progress = ProgressDisplay::start(settings.progress, has_bar, Instant::now());
    let Finished { mut talk, result, deadline } =
        crate::consume::run(settings, World { alarm, shutdown, talk, meter, progress });
    talk.finish(deadline);
    result
}

/// Whether something can be drawn on the terminal that stderr is, beside what is printed.
fn can_draw() -> bool {
    !io::stdout().is_terminal() && variable("TERM").as_deref() != Some("dumb")
}

/// Listens before anything is read, and says where.
fn open_meter(address: &ListenAddress, alarm: &Alarm, talk: &mut talk::Talk) -> Result<Meter, Failure> {
    let librdkafka = kafka::library_version();
    let opened = Meter::open(address, alarm.bell(), [env!("CARGO_PKG_VERSION"), &librdkafka]);
    match opened {
        Ok((meter, bound)) => {
            let place = if bound.ip().is_unspecified() {
                format!("localhost:{}", bound.port())
            } else {
                bound.to_string()
            };
            talk.info(format!("metrics at `http://{place}/metrics`, probes at `/live` and `/ready`"));
            Ok(meter)
        }
        Err(failure) => {
            talk.finish(Instant::now() + Duration::from_millis(500));
            Err(failure)
        }
    }
}
