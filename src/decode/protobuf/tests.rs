//! Records of real serializers, schemas as registries have them, and damaged bytes.

mod library;
mod records;
mod schemas;

use super::Messages;
use serde_json::Value;

/// The only message of a schema, or the first one.
fn messages(schema: &str) -> Messages {
    Messages::of_schema(schema, &[]).expect("a schema")
}

/// The JSON text of the first message of a schema.
fn json(schema: &str, bytes: &[u8]) -> Result<String, String> {
    let message = messages(schema).at(&[0]).expect("a message");
    let mut out = b"before".to_vec();
    let written = message.write_json(bytes, &mut out);
    let text = String::from_utf8(out.split_off(6)).expect("UTF-8");
    assert_eq!(out, b"before");
    match written {
        Ok(()) => {
            serde_json::from_str::<Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            Ok(text)
        }
        Err(flaw) => {
            assert_eq!(text, "");
            Err(flaw.to_string())
        }
    }
}
