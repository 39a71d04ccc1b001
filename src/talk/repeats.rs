//! Warnings that come again and again are said once, and a number of each kind; the others are counted.

use crate::plural::counted;
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::time::{Duration, Instant};

/// After how long counted warnings are told.
const COLLAPSE: Duration = Duration::from_secs(30);

/// How many different warnings of one kind are said before the others are counted.
const MOST_OF_A_KIND: u64 = 100;

/// How many kinds and how many warnings are told apart.
const MOST: usize = 1000;

/// The warnings of the last half minute.
#[derive(Debug, Default)]
pub struct Repeats {
    /// Warnings by their text.
    same: HashMap<String, Same>,
    kinds: HashMap<String, Alike>,
}

/// How often one warning came.
#[derive(Debug)]
struct Same {
    untold: u64,
    told_at: Instant,
}

/// Warnings of one kind, which differ only in what they name.
#[derive(Debug)]
struct Alike {
    said: u64,
    /// How many are said at most.
    most: u64,
    untold: u64,
    last: String,
    since: Instant,
}

/// What warnings have in common.
pub struct WarningKind {
    name: String,
    /// How many of them are said before the others are counted.
    most: u64,
}

impl WarningKind {
    /// Warnings that each say something of their own.
    pub fn of_many(name: String) -> WarningKind {
        WarningKind { name, most: MOST_OF_A_KIND }
    }

    /// Warnings that all say the same, each of another record.
    pub fn of_one(name: String) -> WarningKind {
        WarningKind { name, most: 1 }
    }
}

impl Repeats {
    /// Whether to say a warning. If not, it is counted.
    pub fn is_new(&mut self, message: &str, now: Instant) -> bool {
        if let Some(same) = self.same.get_mut(message) {
            same.untold += 1;
            return false;
        }
        if !self.is_one_of_few(&WarningKind::of_many(kind(message)), message, now) {
            return false;
        }
        if self.same.len() < MOST {
            self.same.insert(message.to_owned(), Same { untold: 0, told_at: now });
        }
        true
    }

    /// Whether a warning is one of the first of its kind. If not, it is counted.
    pub fn is_one_of_few(&mut self, kind: &WarningKind, message: &str, now: Instant) -> bool {
        let WarningKind { name, most } = kind;
        // Strangers decide what warnings say, so the number of kinds is limited.
        let kind = if self.kinds.len() < MOST || self.kinds.contains_key(name) { name } else { "" };
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(
                kind.to_owned(),
                Alike { said: 0, most: *most, untold: 0, last: String::new(), since: now },
            );
        }
        let Some(alike) = self.kinds.get_mut(kind) else { return true };
        if alike.said < alike.most {
            alike.said += 1;
            return true;
        }
        alike.untold += 1;
        message.clone_into(&mut alike.last);
        false
    }

    /// Counts a warning if enough of its kind were said; costs little, for there may be one for each record.
    pub fn is_counted(&mut self, kind: &str, message: fmt::Arguments<'_>) -> bool {
        let Some(alike) = self.kinds.get_mut(kind).filter(|alike| alike.said >= alike.most) else {
            return false;
        };
        alike.untold += 1;
        alike.last.clear();
        alike.last.write_fmt(message).expect("a string takes every text");
        true
    }

    /// What to say about the warnings that were counted long enough ago, or about all of them if `is_last`.
    pub fn due(&mut self, now: Instant, is_last: bool) -> Vec<String> {
        let mut due = Vec::new();
        let is_due = |since: Instant| is_last || now.duration_since(since) >= COLLAPSE;
        self.same.retain(|message, same| {
            let is_due = is_due(same.told_at);
            if is_due && same.untold > 0 {
                due.push(format!("{message} (repeated {})", times(same.untold)));
                *same = Same { untold: 0, told_at: now };
                return true;
            }
            !is_due
        });
        self.kinds.retain(|_, alike| {
            let is_due = is_due(alike.since);
            if is_due && alike.untold > 0 {
                let warnings = counted(alike.untold, "more warning", "more warnings");
                due.push(format!("{warnings} like this one: {}", alike.last));
            }
            !is_due
        });
        due
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}

/// The kind of a warning: its text without quotes and numbers.
fn kind(message: &str) -> String {
    const LONGEST: usize = 80;
    let unquoted = message.split('`').step_by(2).flat_map(str::chars);
    unquoted.filter(|character| !character.is_ascii_digit()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_warning_is_said_once_and_counted() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        let said = (0..5).filter(|_| repeats.is_new("again", now)).count();
        assert_eq!(said, 1);
        assert_eq!(repeats.due(now, false), [""; 0]);
        assert_eq!(repeats.due(now + COLLAPSE, false), ["again (repeated 4 times)"]);
        assert_eq!(repeats.due(now + COLLAPSE * 2, false), [""; 0]);
        assert!(repeats.is_new("again", now + COLLAPSE * 2));
    }

    #[test]
    fn of_a_kind_some_are_said_and_the_others_counted() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        let warning = |number: u64| format!("no value in `{}` at {number}", "x".repeat(number as usize % 7));
        let said = (0..MOST_OF_A_KIND * 3).filter(|number| repeats.is_new(&warning(*number), now)).count();
        assert_eq!(said as u64, MOST_OF_A_KIND);
        assert!(repeats.is_new("something else", now));
        let last = warning(MOST_OF_A_KIND * 3 - 1);
        let expected = format!("{} more warnings like this one: {last}", MOST_OF_A_KIND * 2);
        assert_eq!(repeats.due(now, true), [expected]);
        assert!(repeats.is_new(&warning(1000), now + COLLAPSE));
    }

    #[test]
    fn one_more_of_a_kind_is_one_warning() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        let said =
            (0..=MOST_OF_A_KIND).filter(|number| repeats.is_new(&format!("no value at {number}"), now));
        assert_eq!(said.count() as u64, MOST_OF_A_KIND);
        let expected = format!("1 more warning like this one: no value at {MOST_OF_A_KIND}");
        assert_eq!(repeats.due(now, true), [expected]);
    }

    #[test]
    fn what_is_said_once_is_counted_without_being_written() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        let kind = WarningKind::of_one("no schema".to_owned());
        assert!(!repeats.is_counted("no schema", format_args!("at 0")), "it was not said yet");
        assert!(repeats.is_one_of_few(&kind, "at 0", now));
        assert!((1..1000).all(|number| repeats.is_counted("no schema", format_args!("at {number}"))));
        assert!(!repeats.is_counted("another", format_args!("at 0")));
        assert_eq!(repeats.due(now, true), ["999 more warnings like this one: at 999"]);
    }

    #[test]
    fn strangers_do_not_fill_the_memory() {
        let (mut repeats, now) = (Repeats::default(), Instant::now());
        for number in 0..10 * MOST as u32 {
            let letters: String =
                number.to_string().bytes().map(|byte| char::from(byte - b'0' + b'a')).collect();
            repeats.is_new(&letters, now);
        }
        assert!(repeats.same.len() <= MOST && repeats.kinds.len() <= MOST + 1);
    }
}
