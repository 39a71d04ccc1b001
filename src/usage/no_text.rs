//! Arguments that are not UTF-8.

use crate::error::Failure;
use crate::secrets;
use std::ffi::OsString;

/// The failure for an argument that is not UTF-8, of which clap does not tell which one it is.
pub fn failure(words: &[OsString]) -> Failure {
    let place = words.iter().position(|word| word.to_str().is_none()).unwrap_or_default();
    let word = words.get(place).map(|word| word.to_string_lossy()).unwrap_or_default();
    let before = place.checked_sub(1).and_then(|before| words[before].to_str()).unwrap_or_default();
    let option = match word.split_once('=') {
        Some((option, _)) if option.starts_with("--") => option,
        Some(_) | None => before,
    };
    let what = match option.starts_with('-') && option != "--" {
        true => format!("the value of `{option}`"),
        false => format!("the argument `{}`", secrets::word(&word)),
    };
    Failure::usage(format!("{what} is not UTF-8 text"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::usage::parse;
    use std::os::unix::ffi::OsStringExt;

    #[test]
    fn an_argument_that_is_no_text_is_named() {
        for (words, what) in [
            ("kcons consume t --grep ?", "the value of `--grep` is not UTF-8 text"),
            ("kcons consume t --key=?", "the value of `--key` is not UTF-8 text"),
            ("kcons consume ?", "the argument `\u{fffd}` is not UTF-8 text"),
        ] {
            let word = |word: &str| {
                OsString::from_vec(word.bytes().map(|byte| if byte == b'?' { 0xff } else { byte }).collect())
            };
            let words: Vec<OsString> = words.split(' ').map(word).collect();
            assert_eq!(parse(&words).map(|_| ()).map_err(|failure| failure.message), Err(what.to_owned()));
        }
    }
}
