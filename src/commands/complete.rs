//! `kcons complete SHELL INDEX -- WORD...`: what fits where the cursor is. The completion scripts ask this; it is no
//! command for people, and not among those that are declared.
//!
//! The answer is a line with the kind of what fits and what stands in front of the value in the same word, and a line
//! for each value with what it means. Nothing fits, or something went wrong: there is no answer. Nothing is said on
//! stderr, since that would be in the middle of the line that somebody types.

mod line;
mod live;
mod offer;
mod redirections;
mod values;
mod words;

use crate::escape;
use line::UnfinishedLine;
use redirections::TypedLine;
use std::ffi::OsString;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use words::Shell;

/// From the start of the process to its end, whatever the cluster does.
const LIMIT: Duration = Duration::from_millis(500);

/// A question of a completion script.
#[derive(Debug)]
pub struct Request {
    shell: Shell,
    asked: Asked,
}

#[derive(Debug)]
enum Asked {
    Line(UnfinishedLine),
    /// The file of a redirection, as `>` and what stands in front of its name.
    Redirection(String),
}

/// What fits.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Offer {
    kind: OfferKind,
    /// What stands in front of the value in the same word.
    prefix: String,
    /// What is typed of the value.
    start: String,
    candidates: Vec<Candidate>,
}

/// What the script does with an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum OfferKind {
    /// Offers the candidates.
    #[default]
    Words,
    /// Offers names of files.
    Files,
    /// Offers what the shell can run.
    ShellCommand,
    /// Completes what stands behind `--` as a command line of its own.
    Program,
}

/// A value that fits, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    value: String,
    help: String,
}

impl OfferKind {
    fn word(self) -> &'static str {
        match self {
            OfferKind::Words => "words",
            OfferKind::Files => "files",
            OfferKind::ShellCommand => "command",
            OfferKind::Program => "program",
        }
    }
}

impl Candidate {
    fn new(value: impl Into<String>, help: impl Into<String>) -> Candidate {
        Candidate { value: value.into(), help: help.into() }
    }
}

/// Reads the question of a completion script; none if the words are something else.
pub fn request(words: &[OsString]) -> Option<Request> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let [_, command, shell, index, dashes, _program, typed @ ..] = words.as_slice() else { return None };
    if command != "complete" || dashes != "--" {
        return None;
    }
    let (shell, cursor) = (Shell::find(shell)?, index.parse::<usize>().ok()?.checked_sub(1)?);
    let line = TypedLine { words: typed.to_vec(), cursor };
    let line = match shell {
        Shell::Bash => match line.without_redirections() {
            Ok(line) => line,
            Err(prefix) => return Some(Request { shell, asked: Asked::Redirection(prefix) }),
        },
        // These complete files of redirections themselves.
        Shell::Zsh | Shell::Fish => line,
    };
    let words = line.words.iter().map(|word| words::read(word, shell, &super::variable)).collect();
    Some(Request { shell, asked: Asked::Line(UnfinishedLine { words, cursor: line.cursor }) })
}

/// Answers on stdout; the exit code, which is always 0. What takes longer than the limit is not answered.
pub fn run(request: Request) -> u8 {
    let deadline = Instant::now() + LIMIT;
    std::panic::set_hook(Box::new(|_| {}));
    let (sender, answer) = mpsc::channel();
    let work = move || {
        // Whoever waits may have given up.
        let _ = sender.send(request.answer(deadline));
    };
    // Without a thread there is no answer.
    let _ = std::thread::Builder::new().name("complete".to_owned()).spawn(work);
    if let Ok(Some(answer)) = answer.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        // There is nobody to tell.
        let _ = super::write(answer.as_bytes());
    }
    0
}

impl Request {
    fn answer(self, deadline: Instant) -> Option<String> {
        let offer = match self.asked {
            Asked::Line(line) => offer::of(&line, deadline)?,
            Asked::Redirection(prefix) => Offer { kind: OfferKind::Files, prefix, ..Offer::default() },
        };
        Some(offer.text(self.shell))
    }
}

impl Offer {
    /// The answer for a shell.
    fn text(&self, shell: Shell) -> String {
        let mut text = format!("{}\t{}\n", self.kind.word(), self.prefix);
        let is_match = |value: &str| shell.may_match(value, &self.start);
        let is_plain = |text: &str| escape::unsafe_characters(text).next().is_none();
        for Candidate { value, help } in &self.candidates {
            if is_match(value) && is_plain(value) {
                text.push_str(&format!("{value}\t{}\n", escape::line(help)));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests;
