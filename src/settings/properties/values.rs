//! Values that may be read from elsewhere: `env:NAME` and `file:PATH`.

use crate::{files, secrets};
use std::ops::Deref;
use std::path::Path;

/// A value, and how it was written if it is read from elsewhere.
///
/// A value dereferences to its text. There is no `Display`, so that no message shows a secret: messages use `shown`
/// or `quoted`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    text: String,
    /// `env:NAME` or `file:PATH`, if the value is read from there.
    written: Option<String>,
}

impl Value {
    /// A value that is written directly.
    pub fn plain(text: impl Into<String>) -> Value {
        Value { text: text.into(), written: None }
    }

    /// Reads a value from the variable or file that it names; a text that names none is the value itself.
    ///
    /// # Errors
    /// Why the variable or file cannot be read.
    pub fn read(written: String, environment: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
        let text = if let Some(name) = variable(&written) {
            environment(name).ok_or_else(|| format!("environment variable `{name}` is not set"))?
        } else if let Some(path) = written.strip_prefix("file:") {
            read_file(path)?
        } else {
            return Ok(Value::plain(written));
        };
        Ok(Value { text, written: Some(written) })
    }

    /// A value that is derived from this one and has the same origin.
    pub fn with(&self, text: impl Into<String>) -> Value {
        Value { text: text.into(), written: self.written.clone() }
    }

    /// Whether librdkafka takes the value for true.
    pub fn is_true(&self) -> bool {
        ["true", "t", "1"].contains(&self.text.to_ascii_lowercase().as_str())
    }

    /// Whether the value is read from a variable or a file.
    pub fn is_from_elsewhere(&self) -> bool {
        self.written.is_some()
    }

    /// The value of a property as messages show it: never a secret, and never what a variable or a file holds.
    pub fn shown(&self, name: &str) -> String {
        self.written.clone().unwrap_or_else(|| secrets::shown(name, &self.text))
    }

    /// A part of the value as messages show it.
    pub fn quoted(&self, part: &str) -> String {
        self.written.clone().unwrap_or_else(|| secrets::without_password(part))
    }

    pub fn into_text(self) -> String {
        self.text
    }
}

impl Deref for Value {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// The environment variable that a value is read from, if it is written as `env:NAME`.
pub fn variable(written: &str) -> Option<&str> {
    written.strip_prefix("env:")
}

fn read_file(path: &str) -> Result<String, String> {
    let mut text = match files::read_text(Path::new(path)) {
        Ok(text) => text,
        Err(words) => return Err(format!("cannot read `{path}`: {words}")),
    };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// A hint that says how to give the secret of an option.
pub fn how_to_give_option(option: &str) -> String {
    format!("{option} env:NAME reads it from a variable, {option} file:PATH from a file")
}

/// A hint that says how to give a secret.
pub fn how_to_give(name: &str) -> String {
    format!("-X {name}=env:NAME reads it from a variable, -X {name}=file:PATH from a file")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        (name == "SECRET").then(|| "xyzzy".to_owned())
    }

    fn resolved(value: &str) -> Result<String, String> {
        Value::read(value.to_owned(), &environment).map(Value::into_text)
    }

    #[test]
    fn a_variable_is_read_and_a_missing_one_is_named() {
        assert_eq!(resolved("env:SECRET"), Ok("xyzzy".to_owned()));
        assert_eq!(resolved("env:OTHER"), Err("environment variable `OTHER` is not set".to_owned()));
        assert_eq!(resolved("plain"), Ok("plain".to_owned()));
    }

    #[test]
    fn what_stands_elsewhere_is_shown_as_it_was_written() {
        let value = Value::read("env:SECRET".to_owned(), &environment).expect("it is set");
        for value in [value.with("part"), value] {
            assert_eq!(
                (value.shown("client.id"), value.quoted("part")),
                ("env:SECRET".into(), "env:SECRET".into())
            );
            assert_eq!(value.shown("sasl.password"), "env:SECRET");
        }
        let plain = Value::plain("x");
        assert_eq!((plain.shown("client.id"), plain.quoted("part")), ("x".into(), "part".into()));
        assert_eq!(plain.shown("sasl.password"), "***");
    }

    #[test]
    fn a_file_loses_its_last_line_break_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        let value = format!("file:{}", path.display());
        for (content, expected) in [("a b\n", "a b"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("a", "a"), ("", "")]
        {
            std::fs::write(&path, content).expect("written");
            assert_eq!(resolved(&value).as_deref(), Ok(expected));
        }
        std::fs::write(&path, [0xff]).expect("written");
        assert!(resolved(&value).is_err_and(|error| error.contains("not UTF-8")));
        let missing = resolved("file:/no/such/secret");
        assert_eq!(missing, Err("cannot read `/no/such/secret`: No such file or directory".to_owned()));
    }
}
