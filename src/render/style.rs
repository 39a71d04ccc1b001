//! What parts of a record or a table look like where stdout gets color.

/// What a part is.
///
/// The codes are not taken from `colored`, which asks the environment when it writes; here it was decided before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Title,
    /// What is always there or says that something is not: names of fields, time and place.
    Dim,
    Key,
    /// Something to look at.
    Warning,
    /// Something that does not get better by itself.
    Alarm,
}

const NORMAL: &[u8] = b"\x1b[0m";

impl Style {
    fn start(self) -> &'static [u8] {
        match self {
            Style::Plain => b"",
            Style::Title => b"\x1b[1m",
            Style::Dim => b"\x1b[2m",
            Style::Key => b"\x1b[36m",
            Style::Warning => b"\x1b[33m",
            Style::Alarm => b"\x1b[31m",
        }
    }

    /// Appends what `write` appends, in this style if there is color.
    pub fn write(self, has_color: bool, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        if !has_color || self == Style::Plain {
            return write(out);
        }
        let start = out.len();
        out.extend_from_slice(self.start());
        let before = out.len();
        write(out);
        if out.len() == before {
            out.truncate(start);
        } else {
            out.extend_from_slice(NORMAL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_is_around_what_it_is_of_and_around_nothing_without_color() {
        let written = |style: Style, has_color, text: &str| {
            let mut out = b"before ".to_vec();
            style.write(has_color, &mut out, |out| out.extend_from_slice(text.as_bytes()));
            String::from_utf8(out).expect("UTF-8").split_off(7)
        };
        assert_eq!(written(Style::Title, true, "a"), "\x1b[1ma\x1b[0m");
        assert_eq!(written(Style::Dim, true, "a"), "\x1b[2ma\x1b[0m");
        assert_eq!(written(Style::Key, true, "a"), "\x1b[36ma\x1b[0m");
        assert_eq!(written(Style::Plain, true, "a"), "a");
        assert_eq!(written(Style::Key, true, ""), "");
        assert_eq!(written(Style::Key, false, "a"), "a");
    }
}
