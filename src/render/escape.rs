//! Text on the lines of pretty output.

/// Appends text for a person on one line, with line breaks as `\n` and `\r`. On a terminal, whatever else would act
/// on it or be hidden is escaped, as in `\x1b` and `\u{202e}`.
pub fn one_line(text: &str, is_terminal: bool, out: &mut Vec<u8>) {
    if is_terminal {
        out.extend_from_slice(crate::escape::line(text).as_bytes());
        return;
    }
    for piece in text.split_inclusive(['\n', '\r']) {
        let plain = piece.trim_end_matches(['\n', '\r']);
        out.extend_from_slice(plain.as_bytes());
        match &piece[plain.len()..] {
            "\n" => out.extend_from_slice(br"\n"),
            "\r" => out.extend_from_slice(br"\r"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, is_terminal: bool) -> String {
        let mut out = Vec::new();
        one_line(text, is_terminal, &mut out);
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn line_breaks_are_escaped_on_a_line_anywhere() {
        assert_eq!(line("a\nb\r\nc\\n", false), r"a\nb\r\nc\n");
        assert_eq!(line("a\nb\r\nc", true), r"a\nb\r\nc");
    }

    #[test]
    fn control_and_bidirectional_characters_are_escaped_on_a_terminal_only() {
        let text = "\u{1b}[31mred\t\u{7f}\u{9b}\u{202e}txt\u{2066}\u{2028}é";
        assert_eq!(line(text, false), text);
        assert_eq!(line(text, true), r"\x1b[31mred\t\x7f\u{9b}\u{202e}txt\u{2066}\u{2028}é");
    }
}
