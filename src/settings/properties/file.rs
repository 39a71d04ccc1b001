//! Reads files of properties: lines `key=value` as clients of Java and librdkafka write them.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Chars;

/// A property in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The number of the line in which the property starts, from 1.
    pub number: usize,
    pub name: String,
    pub value: String,
}

/// Parses the text of a file: `key=value`, `key: value` or `key value`, with comments after `#` or `!` at the
/// beginning of a line. A backslash at the end of a line continues it in the next one.
///
/// The escapes that Java itself writes are replaced, and `\"`, which is common in `sasl.jaas.config`. Any other
/// backslash stays: files of librdkafka clients have no escapes, and a password with a backslash should work.
///
/// # Errors
/// The number of the first line without a value, and what is wrong with it.
pub fn parse(text: &str) -> Result<Vec<Line>, (usize, String)> {
    let mut lines = Vec::new();
    let mut numbered = text.trim_start_matches('\u{feff}').lines().enumerate();
    while let Some((index, first)) = numbered.next() {
        let number = index + 1;
        let first = first.trim_start();
        if first.is_empty() || first.starts_with(['#', '!']) {
            continue;
        }
        let mut whole = first.trim_end().to_owned();
        while goes_on(&whole) {
            whole.pop();
            match numbered.next() {
                Some((_, next)) => whole.push_str(next.trim()),
                None => break,
            }
        }
        let (name, value) = split(&whole).map_err(|reason| (number, reason))?;
        lines.push(Line { number, name, value: value.trim().to_owned() });
    }
    Ok(lines)
}

/// Keeps the last of several lines with the same name, as Java does.
pub fn last_of_each(lines: Vec<Line>) -> Vec<Line> {
    let mut last = HashMap::new();
    for (index, line) in lines.iter().enumerate() {
        last.insert(line.name.clone(), index);
    }
    let is_last = |(index, line): &(usize, Line)| last.get(&line.name) == Some(index);
    lines.into_iter().enumerate().filter(is_last).map(|(_, line)| line).collect()
}

/// The kind of quote around a value. Quotes are part of the value, which people who write them do not expect.
pub fn quote_around(value: &str) -> Option<char> {
    let mut characters = value.chars();
    let first = characters.next().filter(|c| matches!(c, '"' | '\''))?;
    (characters.next_back() == Some(first)).then_some(first)
}

/// Whether a line ends with a backslash that is not itself escaped.
fn goes_on(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

fn split(line: &str) -> Result<(String, String), String> {
    let mut rest = line.chars().peekable();
    let mut name = String::new();
    while let Some(character) = rest.next_if(|c| !is_separator(*c)) {
        push(&mut name, character, &mut rest)?;
    }
    let had_blank = skip_blanks(&mut rest);
    let had_sign = rest.next_if(|c| matches!(c, '=' | ':')).is_some();
    skip_blanks(&mut rest);
    if name.is_empty() || (!had_sign && (!had_blank || rest.peek().is_none())) {
        return Err("it is not of the form key=value".to_owned());
    }
    let mut value = String::new();
    while let Some(character) = rest.next() {
        push(&mut value, character, &mut rest)?;
    }
    Ok((name, value))
}

fn is_separator(character: char) -> bool {
    matches!(character, '=' | ':') || is_blank(character)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\u{c}')
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) -> bool {
    let mut had_one = false;
    while rest.next_if(|c| is_blank(*c)).is_some() {
        had_one = true;
    }
    had_one
}

fn push(text: &mut String, character: char, rest: &mut Peekable<Chars<'_>>) -> Result<(), String> {
    if character != '\\' {
        text.push(character);
        return Ok(());
    }
    match rest.peek().copied() {
        Some('n') => text.push('\n'),
        Some('t') => text.push('\t'),
        Some('r') => text.push('\r'),
        Some('f') => text.push('\u{c}'),
        Some(plain @ ('\\' | '=' | ':' | '#' | '!' | ' ' | '"' | '\'')) => text.push(plain),
        Some('u') => {
            rest.next();
            text.push(unicode(rest)?);
            return Ok(());
        }
        Some(_) | None => {
            text.push('\\');
            return Ok(());
        }
    }
    rest.next();
    Ok(())
}

/// Reads Java's `\uXXXX`, a UTF-16 unit; some characters are written as two of them.
fn unicode(rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    let invalid = || "`\\u` needs four hexadecimal digits of a character".to_owned();
    let mut units = vec![unit(rest).ok_or_else(invalid)?];
    if matches!(units[0], 0xd800..=0xdbff) {
        let has_second = rest.next() == Some('\\') && rest.next() == Some('u');
        units.push(unit(rest).filter(|_| has_second).ok_or_else(invalid)?);
    }
    char::decode_utf16(units).next().and_then(Result::ok).ok_or_else(invalid)
}

fn unit(rest: &mut Peekable<Chars<'_>>) -> Option<u16> {
    let digits: String = rest.by_ref().take(4).collect();
    let is_hex = digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u16::from_str_radix(&digits, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let lines = parse(text).expect("valid");
        lines.into_iter().map(|line| (line.name, line.value)).collect()
    }

    fn one(text: &str) -> (String, String) {
        let mut pairs = pairs(text);
        assert_eq!(pairs.len(), 1, "{text}");
        pairs.remove(0)
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn three_separators_are_known() {
        for text in
            ["a.b=c d", "a.b = c d", "a.b:c d", "  a.b :  c d  ", "a.b c d", "a.b\tc d\r", "\u{feff}a.b=c d"]
        {
            assert_eq!(one(text), pair("a.b", "c d"), "{text:?}");
        }
        assert_eq!(one("a=b=c:d"), pair("a", "b=c:d"));
        assert_eq!(one("a="), pair("a", ""));
    }

    #[test]
    fn comments_and_empty_lines_are_left_out() {
        assert_eq!(pairs("# a=b\n\n  ! c=d\n e=f # g\n"), [pair("e", "f # g")]);
    }

    #[test]
    fn a_backslash_at_the_end_goes_on_in_the_next_line() {
        assert_eq!(one("a = b, \\\n    c, \\\r\n    d"), pair("a", "b, c, d"));
        assert_eq!(pairs("a=b\\\\\nc=d"), [pair("a", "b\\"), pair("c", "d")]);
        assert_eq!(one("a=b\\"), pair("a", "b"));
        let lines = parse("a=b\\\nc\n\nd=e").expect("valid");
        assert_eq!(lines[1].number, 4);
    }

    #[test]
    fn the_escapes_that_java_writes_are_taken_back() {
        assert_eq!(one(r"a\:b=c\=d\#\!\\"), pair("a:b", r"c=d#!\"));
        assert_eq!(one(r"a=\u00e9\ud83d\ude00\tb\nc"), pair("a", "é😀\tb\nc"));
        assert_eq!(
            one(r#"a=Module required username=\"x\";"#),
            pair("a", r#"Module required username="x";"#)
        );
        assert_eq!(one(r"sasl.password=ab\cd"), pair("sasl.password", r"ab\cd"));
    }

    #[test]
    fn the_last_line_of_a_name_counts() {
        let lines = last_of_each(parse("a=1\nb=2\na=3\n").expect("valid"));
        let lines: Vec<_> = lines.iter().map(|line| (line.number, line.value.as_str())).collect();
        assert_eq!(lines, [(2, "2"), (3, "3")]);
    }

    #[test]
    fn quotes_around_a_value_are_seen() {
        for (value, quote) in
            [("'a'", Some('\'')), ("\"a\"", Some('"')), ("'", None), ("'a\"", None), ("a'b'", None)]
        {
            assert_eq!(quote_around(value), quote, "{value}");
        }
    }

    #[test]
    fn a_line_without_a_value_is_an_error_with_its_number() {
        for bad in ["a", "=b", "a ", r"a=\u12", r"a=\ud83d", r"a=\uzzzz"] {
            assert_eq!(parse(&format!("x=y\n{bad}\n")).map_err(|(number, _)| number), Err(2), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), other in r"[a=:\\u0-9 \n]{0,20}") {
            let _ = parse(&text);
            let _ = parse(&other);
        }
    }
}
