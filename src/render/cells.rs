//! Text and the cells that it takes on a terminal: how much of it fits.

use rustix::termios::tcgetwinsize;
use std::time::{Duration, Instant};
use unicode_width::UnicodeWidthChar as _;

/// The columns of a terminal that does not tell.
const USUAL: usize = 80;

/// The lines of such a terminal.
const USUAL_LINES: usize = 24;

/// How often a terminal is asked, so that a window that changes its size is followed at once, and for thousands of
/// records there is one question.
const ASKED_EVERY: Duration = Duration::from_millis(200);

/// Bytes that may stand for one cell: enough for accents, and an end to what takes no cell at all.
const BYTES_A_CELL: usize = 16;

/// Makes the beginning of a text for so many cells, with all that can be seen of it.
pub fn bytes_for(cells: usize) -> usize {
    cells.saturating_add(1).saturating_mul(BYTES_A_CELL)
}

/// How many cells a text takes, without characters that act on a terminal.
pub fn width(text: &str) -> usize {
    text.chars().map(cells_of).sum()
}

/// Where terminals do not agree, the most that one of them takes: the parts of an emoji each for itself, and two cells
/// for what a variation selector may widen.
fn cells_of(character: char) -> usize {
    if character == '\u{fe0f}' { 1 } else { character.width().unwrap_or(0) }
}

/// The beginning of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beginning<'a> {
    pub text: &'a str,
    pub cells: usize,
    pub is_all: bool,
}

/// The longest beginning of a text, without characters that act on a terminal, that takes no more than `most` cells.
pub fn beginning(text: &str, most: usize) -> Beginning<'_> {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~');
    let mut cells = text.bytes().take(most).take_while(|byte| is_plain(byte)).count();
    let mut length = cells;
    for character in text[length..].chars() {
        let width = cells_of(character);
        if cells + width > most || length > bytes_for(most) {
            return Beginning { text: &text[..length], cells, is_all: false };
        }
        cells += width;
        length += character.len_utf8();
    }
    Beginning { text, cells, is_all: true }
}

/// The first characters of a text, in at most that many bytes.
pub fn head(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let starts = (0..=most).rev().find(|at| text.is_char_boundary(*at));
    &text[..starts.unwrap_or(0)]
}

/// The lines and columns of the terminal on stdout.
pub fn window() -> (usize, usize) {
    let told = tcgetwinsize(rustix::stdio::stdout()).map_or((0, 0), |size| (size.ws_row, size.ws_col));
    let or_usual = |told: u16, usual| if told == 0 { usual } else { usize::from(told) };
    (or_usual(told.0, USUAL_LINES), or_usual(told.1, USUAL))
}

/// How wide stdout is.
#[derive(Clone, Debug)]
pub enum Width {
    /// It is no terminal.
    Endless,
    /// The columns of a terminal, and when it was asked last.
    Terminal { columns: usize, asked: Option<Instant> },
    #[cfg(test)]
    Fixed(usize),
}

impl Width {
    pub fn of_stdout(is_terminal: bool) -> Width {
        match is_terminal {
            true => Width::Terminal { columns: USUAL, asked: None },
            false => Width::Endless,
        }
    }

    /// The columns now, or a moment ago; `None` if nothing has to fit.
    pub fn columns(&mut self) -> Option<usize> {
        match self {
            Width::Endless => None,
            Width::Terminal { columns, asked } => {
                let now = Instant::now();
                if asked.is_none_or(|asked| now.duration_since(asked) >= ASKED_EVERY) {
                    *asked = Some(now);
                    *columns = window().1;
                }
                Some(*columns)
            }
            #[cfg(test)]
            Width::Fixed(columns) => Some(*columns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr as _;

    fn begins(text: &str, most: usize) -> (&str, usize, bool) {
        let Beginning { text, cells, is_all } = beginning(text, most);
        (text, cells, is_all)
    }

    #[test]
    fn a_beginning_ends_before_the_character_that_does_not_fit() {
        for (text, most, expected) in [
            ("", 0, ("", 0, true)),
            ("abc", 3, ("abc", 3, true)),
            ("abc", 2, ("ab", 2, false)),
            ("abc", 0, ("", 0, false)),
            ("日本", 4, ("日本", 4, true)),
            ("日本", 3, ("日", 2, false)),
            ("a日", 2, ("a", 1, false)),
            ("e\u{301}e\u{301}x", 2, ("e\u{301}e\u{301}", 2, false)),
            ("❤\u{fe0f}x", 3, ("❤\u{fe0f}x", 3, true)),
            ("❤\u{fe0f}x", 2, ("❤\u{fe0f}", 2, false)),
            ("👩\u{200d}🚀", 3, ("👩\u{200d}", 2, false)),
        ] {
            assert_eq!(begins(text, most), expected, "{text:?} in {most}");
        }
    }

    #[test]
    fn what_takes_no_cell_has_an_end() {
        let flood = format!("a{}", "\u{301}".repeat(100_000));
        let Beginning { text, is_all, .. } = beginning(&flood, 80);
        assert!(!is_all && text.len() <= bytes_for(80) + 2, "{}", text.len());
    }

    #[test]
    fn a_head_is_of_whole_characters() {
        for (text, most, expected) in
            [("abc", 3, "abc"), ("abc", 2, "ab"), ("aé", 2, "a"), ("é", 1, ""), ("日本", 5, "日")]
        {
            assert_eq!(head(text, most), expected);
        }
    }

    #[test]
    fn only_a_terminal_has_an_end() {
        assert_eq!(Width::of_stdout(false).columns(), None);
        // Whatever stdout of the tests is.
        let mut terminal = Width::of_stdout(true);
        assert_eq!(terminal.columns(), terminal.columns());
        assert!(terminal.columns() > Some(0));
    }

    proptest! {
        #[test]
        fn no_beginning_is_wider_than_asked_for(text: String, most in 0..50_usize) {
            let text = crate::escape::line(&text);
            let Beginning { text: start, cells, is_all } = beginning(&text, most);
            prop_assert!(cells <= most && start.width() <= cells);
            prop_assert!(text.starts_with(start));
            prop_assert_eq!(is_all, start == text);
        }
    }
}
