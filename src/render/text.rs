//! Keys and values as people read them: all of them, or as much as will be seen.

use super::cells::head;
use crate::decode::Form;
use crate::{encode, json_text};
use std::borrow::Cow;

/// The beginning of a key or value in about `most` bytes, and whether it is all. Text is bare, and bytes say what their
/// characters mean.
pub fn bare(form: Form<'_>, most: usize) -> (Cow<'_, str>, bool) {
    match form {
        Form::Json(json) => json.line_start(most),
        Form::Text(text) => {
            let start = head(text, most);
            (Cow::Borrowed(start), start.len() == text.len())
        }
        Form::Base64(bytes) => {
            let start = &bytes[..bytes.len().min(most.div_ceil(4) * 3)];
            (ascii(|out| encode::base64(start, out), "base64 "), start.len() == bytes.len())
        }
        Form::Hex(bytes) => {
            let start = &bytes[..bytes.len().min(most.div_ceil(2))];
            (ascii(|out| encode::hex(start, out), ""), start.len() == bytes.len())
        }
        Form::Uuid(bytes) => (ascii(|out| encode::uuid(bytes, out), ""), true),
    }
}

fn ascii(write: impl FnOnce(&mut Vec<u8>), mark: &str) -> Cow<'static, str> {
    let mut characters = mark.as_bytes().to_vec();
    write(&mut characters);
    Cow::Owned(String::from_utf8(characters).expect("ASCII"))
}

/// Appends the beginning of a value as the JSON envelope shows it, in about `most` bytes of the value; says whether it is
/// all. A string that is not whole has no quote at its end.
pub fn json(form: Option<Form<'_>>, most: usize, out: &mut Vec<u8>) -> bool {
    let Some(form) = form else {
        out.extend_from_slice(b"null");
        return true;
    };
    let is_all = match form {
        Form::Json(json) if most == usize::MAX => {
            json.write_line(out);
            return true;
        }
        Form::Json(json) => {
            let (start, is_all) = json.line_start(most);
            out.extend_from_slice(start.as_bytes());
            return is_all;
        }
        Form::Text(text) => {
            let start = head(text, most);
            out.push(b'"');
            json_text::characters(start, out);
            start.len() == text.len()
        }
        Form::Base64(bytes) => {
            let start = &bytes[..bytes.len().min(most.div_ceil(4) * 3)];
            out.push(b'"');
            encode::base64(start, out);
            start.len() == bytes.len()
        }
        Form::Hex(bytes) => {
            let start = &bytes[..bytes.len().min(most.div_ceil(2))];
            out.push(b'"');
            encode::hex(start, out);
            start.len() == bytes.len()
        }
        Form::Uuid(bytes) => {
            out.push(b'"');
            encode::uuid(bytes, out);
            true
        }
    };
    if is_all {
        out.push(b'"');
    }
    is_all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::json::{Nesting, check};

    #[test]
    fn a_beginning_is_as_long_as_asked_for_and_says_whether_it_is_all() {
        let text = "{\n\"a\" : [1, \"é\"]}";
        let json_text = check(text.as_bytes(), &mut Nesting::default()).expect("JSON");
        for (form, most, bare_text, json_of, is_all) in [
            (Form::Text("Buy \"milk\""), 100, "Buy \"milk\"", r#""Buy \"milk\"""#, true),
            (Form::Text("Buy \"milk\""), 5, "Buy \"", r#""Buy \""#, false),
            (Form::Json(json_text), 100, r#"{"a":[1,"é"]}"#, r#"{"a":[1,"é"]}"#, true),
            (Form::Json(json_text), 10, r#"{"a":[1,""#, r#"{"a":[1,""#, false),
            (Form::Base64(b"\xff\xfe\x00A"), 100, "base64 //4AQQ==", r#""//4AQQ==""#, true),
            (Form::Base64(b"\xff\xfe\x00A"), 4, "base64 //4A", r#""//4A"#, false),
            (Form::Hex(b"\xff\xfe"), 4, "fffe", r#""fffe""#, true),
            (Form::Hex(b"\xff\xfe"), 2, "ff", r#""ff"#, false),
        ] {
            assert_eq!(bare(form, most), (Cow::Borrowed(bare_text), is_all));
            let mut out = Vec::new();
            assert_eq!(json(Some(form), most, &mut out), is_all);
            assert_eq!(String::from_utf8_lossy(&out), json_of);
        }
        let mut out = Vec::new();
        assert!(json(None, 0, &mut out));
        assert_eq!(out, b"null");
    }
}
