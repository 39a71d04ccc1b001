//! Tests of schemas and data together.

mod bounds;
mod damage;
mod encode;
mod looks;
mod random;
mod schemas;
mod vectors;

use super::{Schema, UnionNames};

fn schema(text: &str) -> Schema {
    Schema::parse(text, &[], UnionNames::Hidden).unwrap_or_else(|wrong| panic!("{wrong}: {text}"))
}

/// The JSON text of a datum, or what is wrong with it.
fn written(schema: &Schema, datum: &[u8]) -> Result<String, String> {
    let mut out = b"before ".to_vec();
    let result = schema.write_json(datum, &mut out);
    let text = String::from_utf8(out).expect("always UTF-8").split_off(7);
    assert!(result.is_ok() || text.is_empty(), "something is left behind: {text}");
    result.map(|()| text).map_err(|flaw| flaw.to_string())
}

/// What a datum of a schema without references looks like.
fn text(schema_text: &str, datum: &[u8]) -> String {
    written(&schema(schema_text), datum).unwrap_or_else(|flaw| panic!("{flaw}: {schema_text}"))
}

fn flaw(schema_text: &str, datum: &[u8]) -> String {
    written(&schema(schema_text), datum).expect_err(schema_text)
}
