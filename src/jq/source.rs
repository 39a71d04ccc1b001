//! The text of a program before it is parsed: parsers go down as deep as programs are nested.

use std::borrow::Cow;

/// How deep a program may be nested, where operators behind each other count, too.
pub const DEEPEST: usize = 3000;

/// What any thread has the stack for.
pub const SHALLOW: usize = 300;

/// A program as parsers take it.
#[derive(Debug)]
pub struct ProgramText<'p> {
    /// With its surrogate pairs, which parsers do not know, as characters.
    pub text: Cow<'p, str>,
    /// Whether it is nested so little that any thread may parse it.
    pub is_shallow: bool,
}

/// Whether a program is nested so little that any thread may parse it.
pub fn is_shallow(program: &str) -> bool {
    prepare(program).is_ok_and(|source| source.is_shallow)
}

/// What is open where a program is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Parentheses, brackets or keywords.
    Any,
    /// The braces of an object, whose fields are not nested.
    Object,
    /// A string in which this is the depth outside.
    Text,
}

/// Looks through a program.
///
/// # Errors
/// It is nested too deeply.
pub fn prepare(program: &str) -> Result<ProgramText<'_>, String> {
    if program.len() <= SHALLOW && !program.contains("\\u") {
        return Ok(ProgramText { text: Cow::Borrowed(program), is_shallow: true });
    }
    let mut is_shallow = true;
    let mut scan = Scan { rest: program, opened: vec![(Open::Any, 0)], depth: 0, changed: None };
    while let Some(next) = scan.rest.chars().next() {
        let length = match scan.opened.last() {
            Some((Open::Text, _)) => scan.in_text(next),
            _ => scan.in_code(next),
        };
        let (passed, rest) = scan.rest.split_at(length);
        if let Some(changed) = &mut scan.changed {
            changed.push_str(passed);
        }
        scan.rest = rest;
        is_shallow &= scan.depth <= SHALLOW;
        if scan.depth > DEEPEST {
            return Err(format!("it is nested deeper than {DEEPEST} levels, or has more operators in a row"));
        }
        scan.replace_pairs(program);
    }
    Ok(ProgramText { text: scan.changed.map_or(Cow::Borrowed(program), Cow::Owned), is_shallow })
}

struct Scan<'p> {
    rest: &'p str,
    /// What is open, and the depth outside of it.
    opened: Vec<(Open, usize)>,
    depth: usize,
    /// The program so far, once it is another one.
    changed: Option<String>,
}

impl Scan<'_> {
    fn open(&mut self, open: Open) {
        self.opened.push((open, self.depth));
        self.depth += 1;
    }

    /// A part is over that what follows is not nested in.
    fn part(&mut self) {
        self.depth = self.opened.last().map_or(0, |(_, outside)| *outside);
    }

    fn close(&mut self) {
        // What is closed too often is for the parser to say.
        if self.opened.len() > 1 {
            self.part();
            self.opened.pop();
        }
    }

    /// Passes what is next in a string, and says how long it is.
    fn in_text(&mut self, next: char) -> usize {
        match next {
            '"' => self.close(),
            '\\' if self.rest[1..].starts_with('(') => {
                self.open(Open::Any);
                return 2;
            }
            '\\' => return 1 + self.rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => {}
        }
        next.len_utf8()
    }

    fn in_code(&mut self, next: char) -> usize {
        match next {
            '"' => self.open(Open::Text),
            '(' | '[' => self.open(Open::Any),
            '{' => self.open(Open::Object),
            ')' | ']' | '}' => self.close(),
            ';' => self.part(),
            ',' if matches!(self.opened.last(), Some((Open::Object, _))) => self.part(),
            '#' => return self.rest.find('\n').unwrap_or(self.rest.len()),
            ',' | '|' | '+' | '-' | '*' | '/' | '%' | '=' | '<' | '>' | '!' | '?' => self.depth += 1,
            '.' | '$' | '@' => return 1 + word(&self.rest[1..]),
            _ => return self.keyword().max(next.len_utf8()),
        }
        next.len_utf8()
    }

    /// Passes a word.
    fn keyword(&mut self) -> usize {
        let length = word(self.rest);
        match &self.rest[..length] {
            "if" | "elif" | "try" | "reduce" | "foreach" | "label" | "def" | "as" | "and" | "or" => {
                self.depth += 1
            }
            "end" => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        length
    }

    /// Passes surrogate pairs in a string and puts down their characters.
    fn replace_pairs(&mut self, program: &str) {
        while let (Some((Open::Text, _)), Some(character)) = (self.opened.last(), pair(self.rest)) {
            let passed = program.len() - self.rest.len();
            self.changed.get_or_insert_with(|| program[..passed].to_owned()).push(character);
            self.rest = &self.rest[12..];
        }
    }
}

fn word(text: &str) -> usize {
    text.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(text.len())
}

/// The character of the two escapes at the beginning.
fn pair(text: &str) -> Option<char> {
    let unit = |text: &str| {
        let digits = text.strip_prefix("\\u")?.get(..4)?;
        u16::from_str_radix(digits, 16).ok()
    };
    let units = [unit(text)?, unit(text.get(6..)?)?];
    char::decode_utf16(units).next()?.ok().filter(|character| *character > '\u{ffff}')
}
