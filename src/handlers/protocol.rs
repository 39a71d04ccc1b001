//! The answers of a worker: a line for each record, in order, that is `ok`, `retry REASON` or `fail REASON`.

use crate::escape;

/// The longest line that is taken for an answer.
const LONGEST: usize = 64 << 10;

/// How many characters of a line are quoted.
const QUOTED: usize = 80;

/// What a worker says about a record; the reason may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerAnswer {
    Accepted,
    Retry(String),
    Refused(String),
}

/// Puts the lines of a worker together from the pieces in which they were read.
#[derive(Debug, Default)]
pub struct AnswerReader {
    /// The start of a line whose end has not come yet.
    unfinished: Vec<u8>,
}

impl AnswerReader {
    /// Gives each answer to `take`, which returns whether any record was left to be answered.
    ///
    /// # Errors
    /// A message that quotes a line which is no answer, or one answer too many. The lines after it are ignored.
    pub fn read(
        &mut self,
        mut bytes: &[u8],
        mut take: impl FnMut(WorkerAnswer) -> bool,
    ) -> Result<(), String> {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
            bytes = rest;
            if self.unfinished.is_empty() {
                answer(line, &mut take)?;
            } else {
                self.unfinished.extend_from_slice(line);
                let line = std::mem::take(&mut self.unfinished);
                answer(&line, &mut take)?;
            }
        }
        self.unfinished.extend_from_slice(bytes);
        if self.unfinished.len() > LONGEST { Err(too_long(&self.unfinished)) } else { Ok(()) }
    }
}

#[inline]
fn answer(line: &[u8], take: &mut impl FnMut(WorkerAnswer) -> bool) -> Result<(), String> {
    if line.len() > LONGEST {
        return Err(too_long(line));
    }
    let Some(answer) = parse(line) else {
        return Err(format!("worker answered `{}`, not `ok`, `retry REASON` or `fail REASON`", quote(line)));
    };
    if take(answer) {
        Ok(())
    } else {
        Err(format!("worker answered `{}` with nothing left to answer", quote(line)))
    }
}

fn parse(line: &[u8]) -> Option<WorkerAnswer> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line == b"ok" {
        return Some(WorkerAnswer::Accepted);
    }
    let words = |rest: &[u8]| match rest {
        [] => Some(String::new()),
        [b' ', words @ ..] => Some(String::from_utf8_lossy(words.trim_ascii()).into_owned()),
        _ => None,
    };
    if let Some(rest) = line.strip_prefix(b"retry") {
        return words(rest).map(WorkerAnswer::Retry);
    }
    words(line.strip_prefix(b"fail")?).map(WorkerAnswer::Refused)
}

fn too_long(line: &[u8]) -> String {
    format!("worker answered with a line longer than {} KiB: `{}`", LONGEST >> 10, quote(line))
}

/// The start of a line, escaped so that it fits on a line of ours.
fn quote(line: &[u8]) -> String {
    // As many bytes hold as many characters, whatever they are; one that is cut in two is left out below.
    let start = &line[..line.len().min(QUOTED * 4 + 4)];
    let text = String::from_utf8_lossy(start);
    let end = text.char_indices().nth(QUOTED).map(|(at, _)| at);
    let quoted = escape::line(&text[..end.unwrap_or(text.len())]);
    if end.is_some() { format!("{quoted}…") } else { quoted.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The answers that are read from these pieces while `asked` of them are awaited, and the outcome.
    fn read<'a>(
        pieces: impl IntoIterator<Item = &'a [u8]>,
        asked: usize,
    ) -> (Vec<WorkerAnswer>, Result<(), String>) {
        let (mut answers, mut taken) = (AnswerReader::default(), Vec::new());
        for piece in pieces {
            let outcome = answers.read(piece, |answer| {
                let is_asked = taken.len() < asked;
                if is_asked {
                    taken.push(answer);
                }
                is_asked
            });
            if outcome.is_err() {
                return (taken, outcome);
            }
        }
        (taken, Ok(()))
    }

    #[test]
    fn each_answer_is_a_line() {
        let retry = |words: &str| WorkerAnswer::Retry(words.to_owned());
        let refused = |words: &str| WorkerAnswer::Refused(words.to_owned());
        for (line, expected) in [
            ("ok", WorkerAnswer::Accepted),
            ("ok\r", WorkerAnswer::Accepted),
            ("retry", retry("")),
            ("retry ", retry("")),
            ("retry\r", retry("")),
            ("retry busy, come back", retry("busy, come back")),
            ("fail", refused("")),
            ("fail no such customer\r", refused("no such customer")),
            ("fail ü\u{1f600}", refused("ü\u{1f600}")),
        ] {
            assert_eq!(read([format!("{line}\n").as_bytes()], 1), (vec![expected], Ok(())), "{line:?}");
        }
        let (taken, _) = read([&b"fail \xff\n"[..]], 1);
        assert_eq!(taken, [refused("\u{fffd}")]);
    }

    #[test]
    fn any_other_line_is_a_mistake_that_quotes_it() {
        for (line, quoted) in [
            ("", ""),
            ("OK", "OK"),
            (" ok", " ok"),
            ("ok ", "ok "),
            ("okay", "okay"),
            ("retrying", "retrying"),
            ("failed to connect", "failed to connect"),
            ("a \"b\" \\ 'c'", "a \"b\" \\ 'c'"),
            ("\u{1b}[31m\t\u{202e}\0", r"\x1b[31m\t\u{202e}\x00"),
            ("ok\rok", r"ok\rok"),
        ] {
            let expected = format!("worker answered `{quoted}`, not `ok`, `retry REASON` or `fail REASON`");
            let (taken, outcome) = read([format!("ok\n{line}\nok\n").as_bytes()], 3);
            assert_eq!((taken, outcome), (vec![WorkerAnswer::Accepted], Err(expected)), "{line:?}");
        }
    }

    #[test]
    fn a_long_line_is_quoted_in_part() {
        for letter in ["x", "ü", "\u{1f600}"] {
            let (_, outcome) = read([format!("{}\n", letter.repeat(1000)).as_bytes()], 1);
            let expected = format!("worker answered `{}…`, not", letter.repeat(QUOTED));
            assert!(outcome.as_ref().unwrap_err().starts_with(&expected), "{outcome:?}");
        }
    }

    #[test]
    fn a_line_with_nothing_to_answer_is_a_mistake() {
        let (taken, outcome) = read([&b"ok\nretry x\n"[..]], 1);
        assert_eq!(taken, [WorkerAnswer::Accepted]);
        assert_eq!(outcome, Err("worker answered `retry x` with nothing left to answer".to_owned()));
    }

    #[test]
    fn a_line_without_an_end_is_not_read_for_ever() {
        let longest = format!("fail {}", "x".repeat(LONGEST - 5));
        assert_eq!(read([longest.as_bytes(), b"\n"], 1).0.len(), 1);
        for pieces in [[longest.as_bytes(), b"x"], [longest.as_bytes(), b"x\n"]] {
            let (taken, outcome) = read(pieces, 1);
            assert_eq!(taken, []);
            let expected =
                format!("worker answered with a line longer than 64 KiB: `{}…`", &longest[..QUOTED]);
            assert_eq!(outcome, Err(expected));
        }
    }

    #[test]
    fn the_start_of_a_line_is_no_answer() {
        assert_eq!(read([&b"ok\nok"[..]], 2), (vec![WorkerAnswer::Accepted], Ok(())));
    }

    fn lines() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            6 => Just(b"ok\n".to_vec()),
            2 => prop::sample::select(vec!["ok\r\n", "retry a b\n", "fail\n", "fail ü\r\n"])
                .prop_map(|line| line.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..6),
            1 => (LONGEST - 7..LONGEST + 3).prop_map(|length| {
                [b"retry ", "x".repeat(length).as_bytes(), b"\n"].concat()
            }),
        ];
        prop::collection::vec(line, 0..8).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_lines_are_read(
            text in lines(),
            asked in 0..9_usize,
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]);
            prop_assert_eq!(read(pieces, asked), read([&text[..]], asked));
        }
    }
}
