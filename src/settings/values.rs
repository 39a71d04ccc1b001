//! Values that stand somewhere else: `env:NAME` and `file:PATH`.

use crate::error::reason;

/// Reads a value from the variable or file that it names; any other value is itself.
///
/// # Errors
/// What is missing, by its name.
pub fn resolve(value: String, environment: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    if let Some(name) = value.strip_prefix("env:") {
        return environment(name).ok_or_else(|| format!("environment variable `{name}` is not set"));
    }
    let Some(path) = value.strip_prefix("file:") else { return Ok(value) };
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read `{path}`: {}", reason(&error)))?;
    let mut text = String::from_utf8(bytes).map_err(|_| format!("`{path}` is not UTF-8 text"))?;
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
        resolve(value.to_owned(), &environment)
    }

    #[test]
    fn a_variable_is_read_and_a_missing_one_is_named() {
        assert_eq!(resolved("env:SECRET"), Ok("xyzzy".to_owned()));
        assert_eq!(resolved("env:OTHER"), Err("environment variable `OTHER` is not set".to_owned()));
        assert_eq!(resolved("plain"), Ok("plain".to_owned()));
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
