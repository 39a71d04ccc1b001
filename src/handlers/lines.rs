//! A handler's stderr: passed on in whole lines, the last of which are kept for the reason of a failure.

use crate::record::Place;
use crate::talk::HandlerOutput;
use std::io::Write;

/// A longer line is passed on in pieces of this size.
const LONGEST: usize = 64 << 10;

/// How many bytes of the last lines are kept.
const KEPT: usize = 1 << 10;

/// The lines that one handler writes to stderr.
#[derive(Debug)]
pub struct StderrLines {
    output: HandlerOutput,
    /// The start of a line whose end has not come yet.
    unfinished: Vec<u8>,
    /// The last lines; at least `KEPT` bytes, if there were that many.
    last: Vec<u8>,
}

impl StderrLines {
    pub fn new(output: HandlerOutput) -> StderrLines {
        StderrLines { output, unfinished: Vec::new(), last: Vec::new() }
    }

    /// Takes bytes that were read from a handler and writes the whole lines to `out`, each in one `write`.
    ///
    /// Call it from a thread that may wait, since `out` is our stderr.
    pub fn pass(&mut self, mut bytes: &[u8], place: Option<Place<'_>>, out: &mut impl Write) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            self.add(line, place, out);
            self.end_line(place, out);
            bytes = &rest[1..];
        }
        self.add(bytes, place, out);
    }

    /// Writes the last line, if it has no line break: the handler writes no more.
    pub fn finish(&mut self, place: Option<Place<'_>>, out: &mut impl Write) {
        if !self.unfinished.is_empty() {
            self.end_line(place, out);
        }
    }

    /// The last lines, at most 1 KiB.
    pub fn last(&self) -> String {
        let text = String::from_utf8_lossy(&self.last);
        let text = text.trim_end();
        let Some(mut start) = text.len().checked_sub(KEPT) else { return text.to_owned() };
        while !text.is_char_boundary(start) {
            start += 1;
        }
        // Whole lines, unless the last one alone is too long.
        let is_line_start = start == 0 || text.as_bytes()[start - 1] == b'\n';
        match text[start..].find('\n') {
            Some(end) if !is_line_start => text[start + end + 1..].to_owned(),
            Some(_) | None => text[start..].to_owned(),
        }
    }

    /// Forgets the last lines, since those that follow are about another attempt.
    pub fn forget(&mut self) {
        self.last.clear();
    }

    fn add(&mut self, mut bytes: &[u8], place: Option<Place<'_>>, out: &mut impl Write) {
        while self.unfinished.len() + bytes.len() > LONGEST {
            let (start, rest) = bytes.split_at(LONGEST - self.unfinished.len());
            self.unfinished.extend_from_slice(start);
            let cut = self.unfinished.split_off(character_end(&self.unfinished));
            self.end_line(place, out);
            self.unfinished = cut;
            bytes = rest;
        }
        self.unfinished.extend_from_slice(bytes);
    }

    fn end_line(&mut self, place: Option<Place<'_>>, out: &mut impl Write) {
        // Nobody is left to be told that stderr is gone.
        let _ = out.write_all(&self.output.form(&self.unfinished, place));
        self.last.extend_from_slice(&self.unfinished);
        self.last.push(b'\n');
        if self.last.len() > 8 * KEPT {
            self.last.drain(..self.last.len() - 2 * KEPT);
        }
        self.unfinished.clear();
    }
}

/// Where the last whole character ends, so that text is not cut in the middle of one.
fn character_end(bytes: &[u8]) -> usize {
    const LONGEST_CHARACTER: usize = 4;
    let start_of_last = bytes.iter().rev().take(LONGEST_CHARACTER).position(|byte| byte & 0xc0 != 0x80);
    let Some(back) = start_of_last else { return bytes.len() };
    let start = bytes.len() - 1 - back;
    match std::str::from_utf8(&bytes[start..]) {
        Err(error) if error.error_len().is_none() && start > 0 => start,
        Ok(_) | Err(_) => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    /// Keeps what came with each `write` apart.
    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines() -> StderrLines {
        let talk = settings::TalkSettings { quiet: true, ..Default::default() };
        StderrLines::new(HandlerOutput::new(&talk))
    }

    fn passed(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, String) {
        let (mut lines, mut out) = (lines(), Writes::default());
        for piece in pieces {
            lines.pass(piece, None, &mut out);
        }
        lines.finish(None, &mut out);
        (out.0, lines.last())
    }

    #[test]
    fn each_line_is_written_at_once_however_it_was_read() {
        for pieces in [
            &[&b"one\n\ntwo"[..]][..],
            &[b"o", b"ne", b"\n", b"\nt", b"wo"],
            &[b"one\n", b"\n", b"two", b"\n"],
            &[b"", b"one\n\n", b"two\n"],
        ] {
            let (written, last) = passed(pieces);
            assert_eq!(written, [b"one\n".to_vec(), b"\n".to_vec(), b"two\n".to_vec()]);
            assert_eq!(last, "one\n\ntwo");
        }
    }

    #[test]
    fn a_line_waits_for_its_end() {
        let (mut lines, mut out) = (lines(), Writes::default());
        lines.pass(b"started", None, &mut out);
        assert_eq!(out.0.len(), 0);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_between_characters() {
        let mut long = "x".repeat(LONGEST - 1);
        long.push_str("üend\n");
        let (written, last) = passed(&[long.as_bytes()]);
        assert_eq!(
            written,
            [long.as_bytes()[..LONGEST - 1].to_vec(), "üend\n".as_bytes().to_vec()].map(|mut piece| {
                if piece.last() != Some(&b'\n') {
                    piece.push(b'\n');
                }
                piece
            })
        );
        assert_eq!(last, "üend");
        let (written, _) = passed(&[&[0xff; 2 * LONGEST + 1]]);
        assert_eq!(written.iter().map(Vec::len).collect::<Vec<_>>(), [LONGEST + 1, LONGEST + 1, 2]);
        let (written, _) = passed(&[&[b'x'; LONGEST], b"\n"]);
        assert_eq!(written.len(), 1);
    }

    #[test]
    fn the_last_lines_are_kept_whole_up_to_one_kibibyte() {
        let all: Vec<String> = (0..10_000).map(|number| format!("line {number}\n")).collect();
        let (_, last) = passed(&[all.concat().as_bytes()]);
        assert!(last.len() <= KEPT && last.len() > KEPT - 20, "{}", last.len());
        assert!(last.starts_with("line ") && last.ends_with("line 9999"), "{last}");
        let (_, last) = passed(&[&[b'x'; 3 * KEPT]]);
        assert_eq!(last, "x".repeat(KEPT));
        let (_, last) = passed(&[&[0xff; 3 * KEPT]]);
        assert!(last.len() <= KEPT && last.len() > KEPT - 3, "{}", last.len());
        assert_eq!(passed(&["ü".repeat(KEPT).as_bytes(), b"x"]).1.len(), KEPT - 1);
    }

    #[test]
    fn another_attempt_starts_with_nothing() {
        let mut lines = lines();
        lines.pass(b"old\n", None, &mut Writes::default());
        lines.forget();
        lines.pass(b"new\n", None, &mut Writes::default());
        assert_eq!(lines.last(), "new");
    }
}
