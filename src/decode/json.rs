//! JSON texts as they are: checked, never parsed into values, so that nothing in them changes.
//!
//! A checker of our own, because it is the larger part of a JSON line: see the test beside it that
//! compares it with `serde_json`. It does not recurse: a payload nests as deep as it likes.

use std::fmt;

/// One valid JSON text, without white space around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<'a> {
    text: &'a str,
    has_line_breaks: bool,
}

impl<'a> Json<'a> {
    /// The text as it came; it may span lines.
    pub fn text(self) -> &'a str {
        self.text
    }

    /// Whether it is JSON's null, which is not Kafka's.
    pub fn is_null(self) -> bool {
        self.text == "null"
    }

    /// Appends the text on one line: as it came, or without insignificant white space if it had line breaks.
    pub fn write_line(self, out: &mut Vec<u8>) {
        if self.has_line_breaks {
            compact(self.text, out);
        } else {
            out.extend_from_slice(self.text.as_bytes());
        }
    }

    /// The value of a field of an object, as JSON text; of fields with the same name the last one, as in jq.
    pub fn field(self, name: &str) -> Option<&'a str> {
        let mut scan = Scan::new(self.text);
        let mut found = None;
        if scan.token() != b'{' {
            return None;
        }
        scan.at += 1;
        while scan.token() == b'"' {
            let key = scan.span(Scan::skip_value);
            scan.token();
            scan.at += 1; // the colon
            scan.token();
            let value = scan.span(Scan::skip_value);
            if is_name(key, name) {
                found = Some(value);
            }
            if scan.token() == b',' {
                scan.at += 1;
                scan.token();
            }
        }
        found
    }
}

/// Compares a JSON string, quotes included, with a name.
fn is_name(string: &str, name: &str) -> bool {
    let inner = &string[1..string.len() - 1];
    if inner.contains('\\') {
        serde_json::from_str::<String>(string).is_ok_and(|unescaped| unescaped == name)
    } else {
        inner == name
    }
}

/// Appends a valid JSON text without insignificant white space.
pub fn compact(text: &str, out: &mut Vec<u8>) {
    let mut scan = Scan::new(text);
    let mut copied = 0;
    while scan.at < scan.bytes.len() {
        match scan.bytes[scan.at] {
            b'"' => scan.skip_string(),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.extend_from_slice(&scan.bytes[copied..scan.at]);
                scan.token();
                copied = scan.at;
            }
            _ => scan.at += 1,
        }
    }
    out.extend_from_slice(&scan.bytes[copied..]);
}

/// Why a text is not one JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    Empty,
    ByteOrderMark,
    EndsEarly,
    Unexpected {
        found: char,
        after: usize,
    },
    LoneSurrogate {
        after: usize,
    },
    /// Not UTF-8 after that many bytes.
    NotUtf8 {
        after: usize,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Empty => write!(f, "empty"),
            Flaw::ByteOrderMark => write!(f, "starts with a byte order mark"),
            Flaw::EndsEarly => write!(f, "ends too early"),
            Flaw::Unexpected { found, after } => {
                write!(f, "unexpected `{}` at byte {}", found.escape_debug(), after + 1)
            }
            Flaw::LoneSurrogate { after } => write!(f, "lone surrogate at byte {}", after + 1),
            Flaw::NotUtf8 { after } => write!(f, "invalid UTF-8 at byte {}", after + 1),
        }
    }
}

/// Checks that a text is one JSON text that every parser takes.
///
/// That is the grammar of RFC 8259 less escapes of lone surrogates (`"\ud800"`): no Unicode text has
/// them, jq 1.6 stops reading for good at one, and strict parsers refuse the whole line.
///
/// # Errors
/// What is wrong, and where.
pub fn validate<'a>(text: &'a str, nesting: &mut Nesting) -> Result<Json<'a>, Flaw> {
    let mut scan = Scan::new(text);
    scan.token();
    let start = scan.at;
    let end = match scan.value(nesting) {
        Some(()) => scan.at,
        None => return Err(scan.flaw(text)),
    };
    let has_line_breaks = scan.has_line_breaks;
    scan.token();
    if scan.at < text.len() {
        return Err(scan.flaw(text));
    }
    Ok(Json { text: &text[start..end], has_line_breaks })
}

/// The arrays and objects around a place in a text: a bit each, kept to be used again.
#[derive(Debug, Default)]
pub struct Nesting {
    /// The innermost, the lowest bit last; 1 is an object.
    inner: u64,
    depth: usize,
    outer: Vec<u64>,
}

impl Nesting {
    fn clear(&mut self) {
        self.depth = 0;
        self.outer.clear();
    }

    fn enter(&mut self, is_object: bool) {
        if self.depth % 64 == 0 && self.depth > 0 {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(is_object);
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.inner >>= 1;
        self.depth -= 1;
        if self.depth % 64 == 0 && self.depth > 0 {
            self.inner = self.outer.pop().expect("64 levels are pushed before the 65th");
        }
    }

    fn is_object(&self) -> bool {
        self.inner & 1 == 1
    }
}

/// A place in a text. Past the end it reads NUL, which no JSON text holds.
struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    has_line_breaks: bool,
    has_lone_surrogate: bool,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Scan<'a> {
        Scan { text, bytes: text.as_bytes(), at: 0, has_line_breaks: false, has_lone_surrogate: false }
    }

    #[inline(always)]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Skips white space and peeks.
    #[inline(always)]
    fn token(&mut self) -> u8 {
        loop {
            match self.peek() {
                b' ' | b'\t' => self.at += 1,
                b'\n' | b'\r' => {
                    self.has_line_breaks = true;
                    self.at += 1;
                }
                byte => return byte,
            }
        }
    }

    /// Passes one value; `None` leaves the place at what is wrong.
    fn value(&mut self, nesting: &mut Nesting) -> Option<()> {
        nesting.clear();
        'value: loop {
            match self.token() {
                b'"' => self.string()?,
                b'{' => {
                    self.at += 1;
                    nesting.enter(true);
                    if self.token() != b'}' {
                        self.name()?;
                        continue 'value;
                    }
                }
                b'[' => {
                    self.at += 1;
                    nesting.enter(false);
                    if self.token() != b']' {
                        continue 'value;
                    }
                }
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal("true")?,
                b'f' => self.literal("false")?,
                b'n' => self.literal("null")?,
                _ => return None,
            }
            while nesting.depth > 0 {
                match (self.token(), nesting.is_object()) {
                    (b',', true) => {
                        self.at += 1;
                        self.token();
                        self.name()?;
                        continue 'value;
                    }
                    (b',', false) => {
                        self.at += 1;
                        continue 'value;
                    }
                    (b'}', true) | (b']', false) => {
                        self.at += 1;
                        nesting.leave();
                    }
                    _ => return None,
                }
            }
            return Some(());
        }
    }

    /// Passes the name of a field and its colon.
    #[inline(always)]
    fn name(&mut self) -> Option<()> {
        if self.peek() != b'"' {
            return None;
        }
        self.string()?;
        if self.token() != b':' {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Passes a string that starts here.
    #[inline(always)]
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.at += plain_prefix(&self.bytes[self.at..]);
            match self.peek() {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.escape()?,
                _ => return None,
            }
        }
    }

    /// Passes an escape sequence that starts here.
    fn escape(&mut self) -> Option<()> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => self.at += 1,
            b'u' => {
                let first = self.code_unit()?;
                let is_paired = match first {
                    0xd800..=0xdbff => {
                        self.bytes[self.at..].starts_with(b"\\u") && {
                            self.at += 1;
                            matches!(self.code_unit()?, 0xdc00..=0xdfff)
                        }
                    }
                    _ => !matches!(first, 0xdc00..=0xdfff),
                };
                if !is_paired {
                    self.at = start;
                    self.has_lone_surrogate = true;
                    return None;
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Passes a `u` and its four digits.
    fn code_unit(&mut self) -> Option<u32> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            unit = unit << 4 | char::from(self.peek()).to_digit(16)?;
            self.at += 1;
        }
        Some(unit)
    }

    fn number(&mut self) -> Option<()> {
        if self.peek() == b'-' {
            self.at += 1;
        }
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            if matches!(self.peek(), b'+' | b'-') {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    /// Passes at least one digit.
    #[inline(always)]
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    #[inline(always)]
    fn literal(&mut self, word: &str) -> Option<()> {
        for expected in word.bytes() {
            if self.peek() != expected {
                return None;
            }
            self.at += 1;
        }
        Some(())
    }

    /// What is wrong at the place where checking stopped.
    #[cold]
    fn flaw(&self, text: &str) -> Flaw {
        match text.get(self.at..).and_then(|rest| rest.chars().next()) {
            None if text.is_empty() => Flaw::Empty,
            None => Flaw::EndsEarly,
            Some(_) if self.has_lone_surrogate => Flaw::LoneSurrogate { after: self.at },
            Some('\u{feff}') if self.at == 0 => Flaw::ByteOrderMark,
            Some(found) => Flaw::Unexpected { found, after: self.at },
        }
    }

    /// Passes a string of a valid text.
    fn skip_string(&mut self) {
        self.at += 1;
        loop {
            self.at += plain_prefix(&self.bytes[self.at..]);
            match self.peek() {
                b'\\' => self.at += 2,
                _ => {
                    self.at += 1;
                    return;
                }
            }
        }
    }

    /// Passes a value of a valid text.
    fn skip_value(&mut self) {
        let mut depth = 0;
        loop {
            match self.peek() {
                b'"' => self.skip_string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                _ => {
                    while !matches!(self.peek(), 0 | b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r') {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// What a step passed.
    fn span(&mut self, step: fn(&mut Scan<'a>)) -> &'a str {
        let start = self.at;
        step(self);
        &self.text[start..self.at]
    }
}

/// How many bytes from the start need no escape in a JSON string: no quote, backslash or control character.
#[inline(always)]
pub fn plain_prefix(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk::<8>() {
        let chunk = u64::from_le_bytes(*chunk);
        let quote = chunk ^ (ONES * b'"' as u64);
        let backslash = chunk ^ (ONES * b'\\' as u64);
        // A byte that is zero, or below 0x20, borrows into its highest bit. A borrow may go on to
        // the byte above, so only the lowest mark is exact, and only that one is used.
        let marks =
            (quote.wrapping_sub(ONES) | backslash.wrapping_sub(ONES) | chunk.wrapping_sub(ONES * 0x20))
                & !chunk
                & HIGHS;
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < bytes.len() && !matches!(bytes[at], 0..0x20 | b'"' | b'\\') {
        at += 1;
    }
    at
}
