//! The decoder of keys, of values, or of headers.

mod framed;

use super::formats::{FileSchemas, takes_anything};
use super::json::{self, Json, Nesting};
use super::numbers;
use super::reason::Reason;
use super::{Decoded, Form, FoundFields, by_file, cbor, msgpack};
use crate::choices::DataFormat;

/// Memory that is kept for the next record.
const KEPT: usize = 1 << 20;

/// Decodes keys, values or headers.
#[derive(Debug)]
pub struct Decoder {
    part: Part,
    format: DataFormat,
    schemas: FileSchemas,
    nesting: Nesting,
    /// Where a format of bytes writes what it decodes, as JSON on one line.
    written: Vec<u8>,
    /// Which message of a schema was written.
    indexes: Vec<usize>,
}

/// A part of a record.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    Key,
    Value,
    Header,
}

impl Part {
    /// Where `Schemas` keep what they have seen for this part.
    #[inline]
    fn index(self) -> usize {
        match self {
            Part::Key => 0,
            Part::Value | Part::Header => 1,
        }
    }
}

impl Decoder {
    /// Decodes such parts; `auto` looks for JSON in values alone.
    pub fn new(part: Part, format: DataFormat, schemas: &FileSchemas) -> Decoder {
        Decoder {
            part,
            format,
            schemas: schemas.clone(),
            nesting: Nesting::default(),
            written: Vec::new(),
            indexes: Vec::new(),
        }
    }

    /// Decodes; what is not in the format asked for comes in its raw form, with the reason.
    #[inline(always)]
    pub fn decode<'a>(&'a mut self, bytes: &'a [u8]) -> Decoded<'a> {
        match self.format {
            DataFormat::Auto => Decoded::new(raw_form(self.part, bytes, &mut self.nesting)),
            DataFormat::Json
            | DataFormat::Text
            | DataFormat::Base64
            | DataFormat::Hex
            | DataFormat::Uuid
            | DataFormat::Number(_)
            | DataFormat::Avro
            | DataFormat::Protobuf
            | DataFormat::MessagePack
            | DataFormat::Cbor => self.decode_as_asked(bytes),
        }
    }

    /// Decodes an object in JSON and finds the fields of these names on the way; `None` if it is none, or has another
    /// format.
    #[inline(always)]
    pub fn decode_with_fields<'a>(
        &mut self,
        bytes: &'a [u8],
        names: &[Box<str>],
    ) -> Option<(Decoded<'a>, FoundFields<'a>)> {
        if !matches!(self.format, DataFormat::Auto | DataFormat::Json) {
            return None;
        }
        let (json, found) = json::check_fields(bytes, &mut self.nesting, names)?;
        Some((Decoded::new(Form::Json(json)), found))
    }

    #[inline(never)]
    fn decode_as_asked<'a>(&'a mut self, bytes: &'a [u8]) -> Decoded<'a> {
        let Decoder { part, format, schemas, nesting, written, indexes } = self;
        let found = match *format {
            DataFormat::Auto => Ok(raw_form(*part, bytes, nesting)),
            DataFormat::Json => json::check(bytes, nesting).map(Form::Json).ok_or_else(|| {
                // Finding the place takes longer than seeing that there is one.
                Box::new(Reason::Json(json::flaw(bytes, nesting)))
            }),
            DataFormat::Text => simdutf8::compat::from_utf8(bytes)
                .map(Form::Text)
                .map_err(|error| Box::new(Reason::Text { after: error.valid_up_to() })),
            DataFormat::Base64 => Ok(Form::Base64(bytes)),
            DataFormat::Hex => Ok(Form::Hex(bytes)),
            DataFormat::Uuid => <&[u8; 16]>::try_from(bytes)
                .map(Form::Uuid)
                .map_err(|_| Box::new(Reason::Uuid { bytes: bytes.len() })),
            DataFormat::Number(number) => {
                as_json(written, |written| numbers::write_json(number, bytes, written))
            }
            DataFormat::MessagePack => {
                as_json(written, |written| msgpack::write_json(bytes, written).map_err(Reason::MessagePack))
            }
            DataFormat::Cbor => {
                as_json(written, |written| cbor::write_json(bytes, written).map_err(Reason::Cbor))
            }
            DataFormat::Avro => as_json(written, |written| by_file::write_avro(schemas, bytes, written)),
            DataFormat::Protobuf => {
                as_json(written, |written| by_file::write_protobuf(schemas, bytes, indexes, written))
            }
        };
        match found {
            Ok(form) => Decoded::new(form),
            Err(reason) => Decoded { reason: Some(reason), ..Decoded::new(raw_form(*part, bytes, nesting)) },
        }
    }

    /// Says why the bytes are not in the format asked for.
    #[inline]
    pub fn check(&mut self, bytes: &[u8]) -> Option<Box<Reason>> {
        if self.takes_anything() { None } else { self.decode(bytes).reason }
    }

    /// Whether the format has a form for any bytes.
    #[inline]
    pub fn takes_anything(&self) -> bool {
        takes_anything(self.format)
    }
}

/// The JSON that `write` makes of bytes, in memory that serves all records.
fn as_json<'a>(
    written: &'a mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), Reason>,
) -> Result<Form<'a>, Box<Reason>> {
    written.clear();
    if written.capacity() > KEPT {
        written.shrink_to(KEPT);
    }
    write(written)?;
    Ok(Form::Json(Json::written(written)))
}

/// The form that `auto` shows.
#[inline(always)]
fn raw_form<'a>(part: Part, bytes: &'a [u8], nesting: &mut Nesting) -> Form<'a> {
    match part {
        Part::Key | Part::Header => Form::plain(bytes),
        Part::Value => json::check(bytes, nesting).map_or_else(|| Form::plain(bytes), Form::Json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::{ByteOrder, NumberFormat, NumberType};

    const I16: DataFormat = DataFormat::Number(NumberFormat { kind: NumberType::I16, order: ByteOrder::Big });

    fn form_of_value(format: DataFormat, bytes: &'static [u8]) -> (Form<'static>, Option<String>) {
        // What it decodes stands in its memory, which has to outlive the form.
        let decoder = Box::leak(Box::new(Decoder::new(Part::Value, format, &FileSchemas::default())));
        let decoded = decoder.decode(bytes);
        assert_eq!(Decoder::new(Part::Value, format, &FileSchemas::default()).check(bytes), decoded.reason);
        (decoded.form, decoded.reason.map(|reason| reason.to_string()))
    }

    #[test]
    fn a_value_is_json_else_text_else_bytes() {
        let form = |bytes| form_of_value(DataFormat::Auto, bytes);
        assert!(matches!(form(b" {\"a\":1}\n"), (Form::Json(_), None)));
        for text in ["", " ", "Buy milk", "{\"a\":1} x", "{'a':1}", "01", "\u{feff}{}", "\"a\0\"", "NaN"] {
            assert_eq!(form(text.as_bytes()), (Form::Text(text), None));
        }
        for bytes in [&b"\xff\xfe"[..], b"\"\xff\"", b"{\"a\":\"\xc3\"}"] {
            assert_eq!(form(bytes), (Form::Base64(bytes), None));
        }
    }

    #[test]
    fn a_key_or_a_header_is_never_json_by_itself() {
        for part in [Part::Key, Part::Header] {
            let mut decoder = Decoder::new(part, DataFormat::Auto, &FileSchemas::default());
            assert_eq!(decoder.decode(b"17").form, Form::Text("17"));
            assert_eq!(decoder.decode(b"\xff").form, Form::Base64(b"\xff"));
            assert!(matches!(
                Decoder::new(part, DataFormat::Json, &FileSchemas::default()).decode(b"17").form,
                Form::Json(_)
            ));
        }
    }

    #[test]
    fn what_is_not_in_the_format_asked_for_comes_raw_with_the_reason() {
        for (format, bytes, form, reason) in [
            (DataFormat::Json, &b""[..], Form::Text(""), "not JSON: empty"),
            (DataFormat::Json, b"[1,", Form::Text("[1,"), "not JSON: ends too early"),
            (DataFormat::Json, b"Buy", Form::Text("Buy"), "not JSON: unexpected `B` at byte 1"),
            (DataFormat::Json, b"1\x002", Form::Text("1\x002"), "not JSON: unexpected `\\0` at byte 2"),
            (DataFormat::Json, b"{}\xff", Form::Base64(b"{}\xff"), "not JSON: invalid UTF-8 at byte 3"),
            (DataFormat::Text, b"ab\xff", Form::Base64(b"ab\xff"), "not text: invalid UTF-8 at byte 3"),
            (DataFormat::Uuid, b"abc", Form::Text("abc"), "not a UUID: 3 bytes instead of 16"),
            (DataFormat::MessagePack, b"\x81", Form::Base64(b"\x81"), "not MessagePack: ends too early"),
            (DataFormat::Cbor, b"\x01x", Form::Text("\x01x"), "not CBOR: 1 byte is left over"),
            (DataFormat::Avro, b"x", Form::Text("x"), "without the id of a schema"),
            (I16, b"7", Form::Json(Json::written(b"7")), "not an i16: 1 byte instead of 2"),
        ] {
            assert_eq!(form_of_value(format, bytes), (form, Some(reason.to_owned())));
        }
        let bom = "\u{feff}{}";
        let reason = "not JSON: starts with a byte order mark".to_owned();
        assert_eq!(form_of_value(DataFormat::Json, bom.as_bytes()), (Form::Text(bom), Some(reason)));
    }

    #[test]
    fn any_bytes_can_be_encoded() {
        for bytes in [&b"\xff"[..], b"{}", b""] {
            assert_eq!(form_of_value(DataFormat::Base64, bytes), (Form::Base64(bytes), None));
            assert_eq!(form_of_value(DataFormat::Hex, bytes), (Form::Hex(bytes), None));
        }
        assert_eq!(form_of_value(DataFormat::Text, b"{}"), (Form::Text("{}"), None));
    }

    #[test]
    fn values_of_other_notations_are_json() {
        let json = |text: &'static [u8]| (Form::Json(Json::written(text)), None);
        for (format, bytes, text) in [
            (DataFormat::MessagePack, &b"\x81\xa1a\x01"[..], &b"{\"a\":1}"[..]),
            (DataFormat::MessagePack, b"\xc0", b"null"),
            (DataFormat::Cbor, b"\xa1\x61a\x01", b"{\"a\":1}"),
            (DataFormat::Cbor, b"\xf6", b"null"),
        ] {
            assert_eq!(form_of_value(format, bytes), json(text));
        }
    }

    #[test]
    fn what_is_decoded_stands_in_memory_that_serves_all_records() {
        let mut decoder = Decoder::new(Part::Key, I16, &FileSchemas::default());
        for (bytes, json) in [(&b"\x01\x02"[..], "258"), (b"\xff\xff", "-1"), (b"\0\0", "0")] {
            let decoded = decoder.decode(bytes);
            assert_eq!((decoded.form, decoded.reason), (Form::Json(Json::written(json.as_bytes())), None));
        }
        assert_eq!(decoder.decode(b"abc").form, Form::Text("abc"));
        decoder.written = Vec::with_capacity(10 * KEPT);
        decoder.decode(b"\0\0");
        assert!(decoder.written.capacity() < 2 * KEPT);
    }
}
