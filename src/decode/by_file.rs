//! Data decoded by schemas of files.

use super::avro;
use super::formats::FileSchemas;
use super::frame::{Frame, VALUE_HEADER};
use super::reason::Reason;

/// Appends an Avro datum as JSON. It may be alone, or follow the prefix of a schema registry (a zero byte, and an id of
/// four bytes) or that of Avro's single-object encoding (C3 01, and a fingerprint of eight bytes): the file is the
/// schema all the same.
///
/// # Errors
/// The bytes are not of the schema, or there is none.
pub fn write_avro(schemas: &FileSchemas, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Reason> {
    let schema: &avro::Schema = schemas.avro.as_deref().ok_or(Reason::NoSchema)?;
    let Err(flaw) = schema.write_json(bytes, out) else { return Ok(()) };
    // Both prefixes could be the beginning of a datum, so the whole comes first: that it fits by chance is next to
    // impossible, since nothing may be left over.
    let datum = match bytes {
        [0xc3, 1, _, _, _, _, _, _, _, _, datum @ ..] => Some(datum),
        _ => prefixed(bytes).map(|frame| frame.payload),
    };
    let Some(datum) = datum else { return Err(Reason::Avro(flaw)) };
    schema.write_json(datum, out).map_err(|_| Reason::Avro(flaw))
}

/// Appends a Protobuf message as JSON. It may be alone, or follow the prefix of a schema registry: a zero byte, an id of
/// four bytes, and a list that says which message of the schema it is, which the command line has said already. It goes into
/// `indexes`.
///
/// # Errors
/// The bytes are not such a message, or there is no schema.
pub fn write_protobuf(
    schemas: &FileSchemas,
    bytes: &[u8],
    indexes: &mut Vec<usize>,
    out: &mut Vec<u8>,
) -> Result<(), Reason> {
    let message = schemas.protobuf.as_ref().ok_or(Reason::NoSchema)?;
    // No field has the number zero, so no message begins like the prefix.
    let in_frame = prefixed(bytes).and_then(|frame| frame.message(indexes).ok());
    message
        .write_json(in_frame.unwrap_or(bytes), out)
        .map_err(|flaw| Reason::Protobuf { message: message.full_name().to_owned(), flaw })
}

/// What stands behind the prefix of a schema registry.
fn prefixed(bytes: &[u8]) -> Option<Frame<'_>> {
    Frame::of(bytes, &[], VALUE_HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::avro::UnionNames;
    use crate::decode::protobuf;
    use std::sync::Arc;

    fn schemas() -> FileSchemas {
        let avro = r#"{"type":"record","name":"A","fields":[{"name":"a","type":"string"}]}"#;
        let avro = avro::Schema::parse(avro, &[], UnionNames::Hidden).expect("a schema");
        let messages = protobuf::Messages::of_schema("syntax = \"proto3\"; message A { string a = 1; }", &[])
            .expect("a schema");
        FileSchemas { avro: Some(Arc::new(avro)), protobuf: messages.named("A") }
    }

    type Write = fn(&FileSchemas, &[u8], &mut Vec<u8>) -> Result<(), Reason>;

    fn json(write: Write, bytes: &[u8]) -> Result<String, String> {
        let mut out = b"before ".to_vec();
        let outcome = write(&schemas(), bytes, &mut out);
        let json = String::from_utf8(out).expect("UTF-8").split_off(7);
        assert!(outcome.is_ok() || json.is_empty(), "{json}");
        outcome.map(|()| json).map_err(|reason| reason.to_string())
    }

    fn protobuf(schemas: &FileSchemas, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Reason> {
        write_protobuf(schemas, bytes, &mut Vec::new(), out)
    }

    #[test]
    fn an_avro_datum_may_follow_a_prefix() {
        for datum in [&b"\x04hi"[..], b"\0\0\0\0\x07\x04hi", b"\xc3\x01abcdefgh\x04hi"] {
            assert_eq!(json(write_avro, datum).as_deref(), Ok(r#"{"a":"hi"}"#), "{datum:?}");
        }
        for (datum, reason) in [
            (&b""[..], "not Avro: ends too early in `a`"),
            (b"\x04h", "not Avro: ends too early in `a`"),
            (b"\0\0\0\0\x07\x04h", "not Avro: 6 bytes are left over"),
            (b"\x01\0\0\0\x07\x04hi", "not Avro: length is -1 in `a`"),
        ] {
            assert_eq!(json(write_avro, datum), Err(reason.to_owned()), "{datum:?}");
        }
        assert_eq!(json(write_avro, b"\0").as_deref(), Ok(r#"{"a":""}"#), "a datum, not a short prefix");
    }

    #[test]
    fn a_protobuf_message_may_follow_a_prefix() {
        for message in [
            &b"\x0a\x02hi"[..],
            b"\0\0\0\0\x07\0\x0a\x02hi",
            b"\0\0\0\0\x07\x04\x02\0\x0a\x02hi",
            b"\0\0\0\0\x07\x02\xfe\x01\x0a\x02hi",
        ] {
            assert_eq!(json(protobuf, message).as_deref(), Ok(r#"{"a":"hi"}"#), "{message:?}");
        }
        assert_eq!(json(protobuf, b"").as_deref(), Ok("{}"));
        for (message, reason) in [
            (&b"\x0a\x05hi"[..], "not Protobuf of `A`: ends too early in `a`"),
            (b"\0\0\0\0\x07\x7e", "not Protobuf of `A`: an invalid field number"),
            (b"\0\0\0\0", "not Protobuf of `A`: an invalid field number"),
        ] {
            assert_eq!(json(protobuf, message), Err(reason.to_owned()), "{message:?}");
        }
    }

    #[test]
    fn without_a_schema_nothing_is_decoded() {
        for write in [write_avro as Write, protobuf] {
            let outcome = write(&FileSchemas::default(), b"", &mut Vec::new());
            assert_eq!(outcome, Err(Reason::NoSchema));
        }
    }
}
