//! The grammar of RFC 8259, checked in one pass without recursion.

use super::fields::{FIELDS_AT_ONCE, FieldPlaces};
use super::{Flaw, Json};
use crate::json_text::plain::{self, Plain};

/// The deepest nesting of a text. jq 1.6 and others end at 256 levels, some of which are of the envelope: one such record
/// would end a pipe.
const DEEPEST: usize = 200;

/// Checks that bytes are one JSON text that every parser takes.
///
/// That is the grammar of RFC 8259 in UTF-8 less escapes of lone surrogates (`"\ud800"`): no Unicode
/// text has them, jq 1.6 stops reading for good at one, and strict parsers refuse the whole line. Nor is it nested too
/// deep.
#[inline(always)]
pub fn check<'a>(bytes: &'a [u8], nesting: &mut Nesting) -> Option<Json<'a>> {
    let mut scan = Scan::new(bytes);
    let text = scan.whole(nesting, &mut Nobody)?;
    // The grammar has ASCII only, but for strings: most texts need no second look.
    if !scan.is_ascii && simdutf8::basic::from_utf8(text).is_err() {
        return None;
    }
    Some(Json { text, has_line_breaks: scan.has_line_breaks })
}

/// As [`check`]; of an object it finds the fields of these names on the way, of several with a name the last one.
#[inline(always)]
pub fn check_fields<'a>(
    bytes: &'a [u8],
    nesting: &mut Nesting,
    names: &[Box<str>],
) -> Option<(Json<'a>, [Option<Json<'a>>; FIELDS_AT_ONCE])> {
    let mut places = FieldPlaces::new(names);
    let mut scan = Scan::new(bytes);
    let text = scan.whole(nesting, &mut places)?;
    if !scan.is_ascii && simdutf8::basic::from_utf8(text).is_err() {
        return None;
    }
    let part = |text| Json { text, has_line_breaks: scan.has_line_breaks };
    Some((part(text), places.found(|range| part(&bytes[range]))))
}

/// Is shown the fields of the outermost object while a text is checked.
pub trait FieldWatcher {
    /// Whether it looks at anything.
    const LOOKS: bool;
    /// The name of the field that comes, as a JSON string.
    fn name(&mut self, name: &[u8]);
    /// Where its value starts.
    fn start(&mut self, at: usize);
    /// Where its value ends. It comes once more behind the last field.
    fn end(&mut self, at: usize);
}

struct Nobody;

impl FieldWatcher for Nobody {
    const LOOKS: bool = false;
    fn name(&mut self, _: &[u8]) {}
    fn start(&mut self, _: usize) {}
    fn end(&mut self, _: usize) {}
}

/// Says why [`check`] refused the bytes.
#[cold]
pub fn flaw(bytes: &[u8], nesting: &mut Nesting) -> Flaw {
    let mut scan = Scan::new(bytes);
    let _ = scan.whole(nesting, &mut Nobody);
    let after = scan.at.min(bytes.len());
    match std::str::from_utf8(bytes).map(|text| text[after..].chars().next()) {
        Err(error) => Flaw::NotUtf8 { after: error.valid_up_to() },
        Ok(None) if bytes.is_empty() => Flaw::Empty,
        Ok(None) => Flaw::EndsEarly,
        Ok(Some(_)) if scan.is_too_deep => Flaw::TooDeep { deepest: DEEPEST },
        Ok(Some(_)) if scan.has_lone_surrogate => Flaw::LoneSurrogate { after },
        Ok(Some('\u{feff}')) if after == 0 => Flaw::ByteOrderMark,
        Ok(Some(found)) => Flaw::Unexpected { found, after },
    }
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
        if self.depth.is_multiple_of(64) && self.depth > 0 {
            self.outer.push(self.inner);
        }
        self.inner = self.inner << 1 | u64::from(is_object);
        self.depth += 1;
    }

    fn leave(&mut self) {
        self.inner >>= 1;
        self.depth -= 1;
        if self.depth.is_multiple_of(64) && self.depth > 0 {
            self.inner = self.outer.pop().expect("64 levels are pushed before the 65th");
        }
    }

    fn is_object(&self) -> bool {
        self.inner & 1 == 1
    }
}

/// A place in bytes that are to be a JSON text. Past the end it reads NUL, which no JSON text holds.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    has_line_breaks: bool,
    is_ascii: bool,
    has_lone_surrogate: bool,
    is_too_deep: bool,
}

impl<'a> Scan<'a> {
    fn new(bytes: &'a [u8]) -> Scan<'a> {
        Scan {
            bytes,
            at: 0,
            has_line_breaks: false,
            is_ascii: true,
            has_lone_surrogate: false,
            is_too_deep: false,
        }
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

    /// Passes one value and the white space around it; returns the value's text.
    #[inline(never)]
    fn whole<W: FieldWatcher>(&mut self, nesting: &mut Nesting, watcher: &mut W) -> Option<&'a [u8]> {
        self.token();
        let start = self.at;
        // White space around the value is left out anyway, only what is in it counts.
        self.has_line_breaks = false;
        self.value(nesting, watcher)?;
        let text = &self.bytes[start..self.at];
        let has_line_breaks = self.has_line_breaks;
        self.token();
        self.has_line_breaks = has_line_breaks;
        (self.at == self.bytes.len()).then_some(text)
    }

    /// Passes one value; `None` leaves the place at what is wrong.
    #[inline(always)]
    fn value<W: FieldWatcher>(&mut self, nesting: &mut Nesting, watcher: &mut W) -> Option<()> {
        nesting.clear();
        'value: loop {
            let first = self.token();
            if W::LOOKS && nesting.depth == 1 {
                watcher.start(self.at);
            }
            match first {
                b'"' => self.string()?,
                b'{' => {
                    self.enter(true, nesting)?;
                    if self.token() != b'}' {
                        self.named(nesting, watcher)?;
                        continue 'value;
                    }
                }
                b'[' => {
                    self.enter(false, nesting)?;
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
                if W::LOOKS && nesting.depth == 1 {
                    watcher.end(self.at);
                }
                match (self.token(), nesting.is_object()) {
                    (b',', true) => {
                        self.at += 1;
                        self.token();
                        self.named(nesting, watcher)?;
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

    /// Passes the bracket of an object or an array.
    #[inline(always)]
    fn enter(&mut self, is_object: bool, nesting: &mut Nesting) -> Option<()> {
        if nesting.depth == DEEPEST {
            self.is_too_deep = true;
            return None;
        }
        self.at += 1;
        nesting.enter(is_object);
        Some(())
    }

    /// Passes the name of a field and its colon, and shows it.
    #[inline(always)]
    fn named<W: FieldWatcher>(&mut self, nesting: &Nesting, watcher: &mut W) -> Option<()> {
        let start = self.at;
        let end = self.name()?;
        if W::LOOKS && nesting.depth == 1 {
            watcher.name(&self.bytes[start..end]);
        }
        Some(())
    }

    /// Passes the name of a field and its colon; returns where the name ends.
    #[inline(always)]
    fn name(&mut self) -> Option<usize> {
        if self.peek() != b'"' {
            return None;
        }
        self.string()?;
        let end = self.at;
        if self.token() != b':' {
            return None;
        }
        self.at += 1;
        Some(end)
    }

    /// Passes a string that starts here.
    #[inline(always)]
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let Plain { length, is_ascii } = plain::prefix(&self.bytes[self.at..]);
            self.at += length;
            self.is_ascii &= is_ascii;
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
}
