//! `--jq`: what a program yields for a record, each result on a line of its own.

use super::color::JsonColors;
use crate::escape;
use crate::jq::Yield;
use crate::settings::ResultSettings;
use std::convert::Infallible;

/// Renders the results of programs.
#[derive(Clone, Debug, Default)]
pub struct ResultsRenderer {
    /// Strings are printed without quotes.
    is_raw: bool,
    /// Characters that would control the terminal are escaped.
    is_terminal: bool,
    colors: Option<JsonColors>,
}

impl ResultsRenderer {
    pub fn new(settings: &ResultSettings) -> ResultsRenderer {
        ResultsRenderer {
            is_raw: settings.is_raw,
            is_terminal: settings.screen.is_terminal,
            colors: settings.screen.has_color.then(JsonColors::default),
        }
    }

    /// Appends a result, which `write` appends without quotes or as compact JSON, and a line break.
    ///
    /// # Errors
    /// Those of `write`.
    #[inline]
    pub fn add<E>(
        &mut self,
        is_string: bool,
        out: &mut Vec<u8>,
        write: impl FnOnce(bool, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = out.len();
        let is_bare = self.is_raw && is_string;
        write(is_bare, out)?;
        self.finish(start, is_bare, out);
        Ok(())
    }

    /// Appends what jq yields, and a line break.
    pub fn add_yield(&mut self, result: &Yield, out: &mut Vec<u8>) {
        let written: Result<(), Infallible> = self.add(result.is_string(), out, |is_bare, out| {
            let text = if is_bare { result.bare() } else { result.json() };
            out.extend_from_slice(text.as_bytes());
            Ok(())
        });
        written.unwrap_or_else(|never| match never {});
    }

    /// Makes a line of the result that stands behind `start`: a string without quotes, or compact JSON.
    #[inline]
    fn finish(&mut self, start: usize, is_bare: bool, out: &mut Vec<u8>) {
        if self.is_terminal || self.colors.is_some() {
            self.show(start, is_bare, out);
        }
        out.push(b'\n');
    }

    fn show(&mut self, start: usize, is_bare: bool, out: &mut Vec<u8>) {
        match &mut self.colors {
            _ if is_bare && self.is_terminal => {
                let text = escape::screen(&out[start..]);
                out.truncate(start);
                out.extend_from_slice(text.as_bytes());
            }
            _ if is_bare => {}
            colors => {
                if self.is_terminal {
                    escape::json(start, out);
                }
                if let Some(colors) = colors {
                    colors.color(start, out);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jq::{Program, Watch};
    use crate::settings::Screen;

    fn printed(program: &str, is_raw: bool, screen: Screen) -> String {
        let program = Program::compile(program).expect(program);
        let settings = ResultSettings { program: program.clone(), is_raw, screen };
        let mut renderer = ResultsRenderer::new(&settings);
        let mut out = b"before ".to_vec();
        let take = |result: &Yield| renderer.add_yield(result, &mut out);
        program
            .results(br#"{"key":"a\u001b\u202e\n\tb","offset":7}"#, &Watch::default(), take)
            .expect("results");
        String::from_utf8(out).expect("UTF-8").split_off(7)
    }

    #[test]
    fn each_result_is_a_line_of_compact_json_or_a_bare_string() {
        let plain = Screen::default();
        let program = "{o: .offset, k: [1, null]}, .key, .offset, 1.50";
        let object = "{\"o\":7,\"k\":[1,null]}\n";
        let quoted = "\"a\\u001b\u{202e}\\n\\tb\"\n";
        assert_eq!(printed(program, false, plain), format!("{object}{quoted}7\n1.50\n"));
        assert_eq!(printed(program, true, plain), format!("{object}a\u{1b}\u{202e}\n\tb\n7\n1.50\n"));
        assert_eq!(printed("empty", false, plain), "");
    }

    #[test]
    fn a_terminal_gets_nothing_that_acts_on_it_and_colors_if_it_has_them() {
        let terminal = Screen { is_terminal: true, has_color: false };
        assert_eq!(printed(".key", true, terminal), "a\\x1b\\u{202e}\n\tb\n");
        assert_eq!(printed("[.key]", true, terminal), "[\"a\\u001b\\u202e\\n\\tb\"]\n");
        let colored = Screen { has_color: true, ..terminal };
        assert_eq!(printed(".key, .offset", true, colored), "a\\x1b\\u{202e}\n\tb\n\u{1b}[36m7\u{1b}[0m\n");
        let into_a_pipe = Screen { is_terminal: false, has_color: true };
        assert_eq!(
            printed(".key, .offset", true, into_a_pipe),
            "a\u{1b}\u{202e}\n\tb\n\u{1b}[36m7\u{1b}[0m\n"
        );
    }
}
