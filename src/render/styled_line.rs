//! A line of text in parts, each with its own style.

use super::cells;
use super::style::Style;

/// Text that fits on one line, in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StyledLine {
    parts: Vec<(Style, String)>,
}

impl StyledLine {
    pub fn of(style: Style, text: impl Into<String>) -> StyledLine {
        StyledLine { parts: vec![(style, text.into())] }
    }

    pub fn push(&mut self, style: Style, text: impl Into<String>) {
        self.parts.push((style, text.into()));
    }

    pub fn append(&mut self, line: StyledLine) {
        self.parts.extend(line.parts);
    }

    /// How many cells the line takes.
    pub fn width(&self) -> usize {
        self.parts.iter().map(|(_, text)| cells::width(text)).sum()
    }

    /// Cuts the line to so many cells; it then ends in `…`.
    pub fn cut(mut self, most: usize) -> StyledLine {
        if self.width() <= most {
            return self;
        }
        let mut room = most.saturating_sub(1);
        for at in 0..self.parts.len() {
            let (_, text) = &mut self.parts[at];
            let start = cells::beginning(text, room);
            room -= start.cells;
            if !start.is_all {
                *text = start.text.to_owned();
                if most > 0 {
                    text.push('…');
                }
                self.parts.truncate(at + 1);
                break;
            }
        }
        self
    }

    pub fn text(&self, has_color: bool) -> String {
        let mut out = Vec::new();
        for (style, text) in &self.parts {
            style.write(has_color, &mut out, |out| out.extend_from_slice(text.as_bytes()));
        }
        String::from_utf8(out).expect("text and codes are UTF-8")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(parts: &[(Style, &str)]) -> StyledLine {
        StyledLine { parts: parts.iter().map(|(style, text)| (*style, (*text).to_owned())).collect() }
    }

    #[test]
    fn a_line_is_cut_in_whichever_part_its_end_is() {
        let whole = line(&[(Style::Plain, "ab"), (Style::Alarm, "日本"), (Style::Plain, "")]);
        for (most, expected) in [
            (6, "ab\x1b[31m日本\x1b[0m"),
            (5, "ab\x1b[31m日…\x1b[0m"),
            (4, "ab\x1b[31m…\x1b[0m"),
            (3, "ab\x1b[31m…\x1b[0m"),
            (2, "a…"),
            (1, "…"),
            (0, ""),
        ] {
            assert_eq!(whole.clone().cut(most).text(true), expected, "{most}");
        }
        assert_eq!((whole.width(), whole.text(false).as_str()), (6, "ab日本"));
    }

    proptest! {
        #[test]
        fn no_cut_line_is_wider_than_asked_for(texts: Vec<String>, most in 0..40_usize) {
            let texts: Vec<_> = texts.iter().map(|text| crate::escape::line(text).into_owned()).collect();
            let whole = StyledLine { parts: texts.into_iter().map(|text| (Style::Dim, text)).collect() };
            let cut = whole.clone().cut(most);
            prop_assert!(cut.width() <= most);
            prop_assert_eq!(cut == whole, whole.width() <= most);
        }
    }
}
