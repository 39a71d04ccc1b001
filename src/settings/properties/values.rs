//! Values that stand somewhere else: `env:NAME` and `file:PATH`.

use crate::{files, secrets};
use std::ops::Deref;
use std::path::Path;

/// A value, and how it was written where that is not the value itself.
///
/// It is its text wherever that is used, and has no `Display`: messages take `shown` or `quoted`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    text: String,
    /// `env:NAME` or `file:PATH`, whence it came.
    written: Option<String>,
}

impl Value {
    /// A value as it was written.
    pub fn plain(text: impl Into<String>) -> Value {
        Value { text: text.into(), written: None }
    }

    /// Reads the value from the variable or file that it names; any other is itself.
    ///
    /// # Errors
    /// What is missing, by its name.
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

    /// Another text that was made of this one.
    pub fn with(&self, text: impl Into<String>) -> Value {
        Value { text: text.into(), written: self.written.clone() }
    }

    /// Whether librdkafka takes it for true.
    pub fn is_true(&self) -> bool {
        ["true", "t", "1"].contains(&self.text.to_ascii_lowercase().as_str())
    }

    /// Whether it stands somewhere else.
    pub fn is_from_elsewhere(&self) -> bool {
        self.written.is_some()
    }

    /// The value of a property as messages repeat it: never a secret, never what a variable or a file holds.
    pub fn shown(&self, name: &str) -> String {
        self.written.clone().unwrap_or_else(|| secrets::shown(name, &self.text))
    }

    /// A part of the text as messages repeat it.
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

/// The variable that a value names.
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

/// Says how a secret can be given, for hints.
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
