//! Decodes what names its schema, by the schema that a registry has.

use super::{Decoder, KEPT, Part, raw_form};
use crate::choices::{DataFormat, SchemaLanguage};
use crate::decode::formats::reads_frames;
use crate::decode::frame::{Frame, KEY_HEADER, VALUE_HEADER};
use crate::decode::json::{self, Json};
use crate::decode::reason::{Reason, SchemaTrouble};
use crate::decode::schemas::{RegisteredSchema, SchemaForm, not_in_registry};
use crate::decode::{Decoded, Form, SchemaId, Schemas};
use crate::plural::counted;
use crate::record::Header;
use std::fmt::Display;

impl Decoder {
    /// The schema that the bytes name, if the format takes one from there.
    #[inline]
    pub fn frame<'a>(&self, bytes: &'a [u8], headers: &[Header<'a>]) -> Option<Frame<'a>> {
        if !reads_frames(self.format) || self.schemas.decide(self.format) {
            return None;
        }
        let header = match self.part {
            Part::Key => KEY_HEADER,
            Part::Value => VALUE_HEADER,
            Part::Header => return None,
        };
        let is_asked_for = self.format != DataFormat::Auto;
        Frame::of(bytes, headers, header).filter(|frame| is_asked_for || !frame.is_small_number())
    }

    /// The schema that the bytes name if it has not come yet, and may come.
    #[inline]
    pub fn awaited(&self, bytes: &[u8], headers: &[Header<'_>], schemas: &Schemas) -> Option<SchemaId> {
        let id = self.frame(bytes, headers)?.schema;
        let slot = if id.is_possible() { schemas.slot(self.part.index(), id) } else { None };
        slot.is_some_and(|slot| !slot.is_settled()).then_some(id)
    }

    /// Decodes by the schema that the bytes name; what names none by the format alone.
    #[inline]
    pub fn decode_by_schema<'a>(
        &'a mut self,
        bytes: &'a [u8],
        headers: &[Header<'a>],
        schemas: &Schemas,
    ) -> Decoded<'a> {
        match self.frame(bytes, headers) {
            Some(frame) => self.decode_frame(&frame, bytes, schemas),
            None => match self.format.schema_language().filter(|_| !self.schemas.decide(self.format)) {
                Some(language) => raw(self.part, bytes, &mut self.nesting, unframed(language.name(), bytes)),
                None => self.decode(bytes),
            },
        }
    }

    fn decode_frame<'a>(&'a mut self, frame: &Frame<'a>, bytes: &'a [u8], schemas: &Schemas) -> Decoded<'a> {
        let part = self.part.index();
        let slot = schemas.slot(part, frame.schema).filter(|_| frame.schema.is_possible());
        let registered = slot.as_ref().and_then(|slot| slot.registered());
        let Some(RegisteredSchema { number, form }) = registered else {
            let why = match slot.as_ref().and_then(|slot| slot.fault()) {
                Some(why) => why,
                None => not_in_registry(frame.schema).into(),
            };
            let may_be_number = self.format == DataFormat::Auto && frame.may_be_number();
            let is_unknown = slot.as_ref().is_none_or(|slot| slot.is_unknown());
            if may_be_number && is_unknown && matches!(self.part, Part::Key) {
                // Keys often are such numbers, times for example.
                return self.decode(bytes);
            }
            let reason = Reason::Schema(SchemaTrouble::Lacking { why, may_be_number });
            return raw(self.part, bytes, &mut self.nesting, Box::new(reason));
        };
        let id = number.map_or(frame.schema, SchemaId::Number);
        match self.read(frame, form, id) {
            // The memory of the decoder is borrowed for as long as the form.
            Ok(Written::Here) => {
                Decoded { schema_id: Some(id), ..Decoded::new(Form::Json(Json::written(&self.written))) }
            }
            Ok(Written::InPayload(json)) => Decoded { schema_id: Some(id), ..Decoded::new(Form::Json(json)) },
            Err(reason) => raw(self.part, bytes, &mut self.nesting, reason),
        }
    }

    /// Decodes a payload.
    fn read<'a>(
        &mut self,
        frame: &Frame<'a>,
        form: &SchemaForm,
        id: SchemaId,
    ) -> Result<Written<'a>, Box<Reason>> {
        let Decoder { format, nesting, written, indexes, .. } = self;
        written.clear();
        if written.capacity() > KEPT {
            written.shrink_to(KEPT);
        }
        let asked = format.schema_language().map(SchemaLanguage::name);
        if let Some((asked, is)) = asked.zip(form.language()).filter(|(asked, is)| asked != is) {
            return Err(Box::new(Reason::Schema(SchemaTrouble::Data(format!(
                "not {asked}: schema {id} is {is}"
            )))));
        }
        match form {
            SchemaForm::Avro(schema) => match schema.write_json(frame.payload, written) {
                Ok(()) => Ok(Written::Here),
                Err(flaw) => Err(broken("Avro", id, &flaw)),
            },
            SchemaForm::Protobuf(messages) => {
                let Ok(payload) = frame.message(indexes) else {
                    return Err(broken("Protobuf", id, &"the index list of the message is broken"));
                };
                let Some(message) = messages.at(indexes) else {
                    return Err(broken("Protobuf", id, &format!("there is no message {indexes:?}")));
                };
                match message.write_json(payload, written) {
                    Ok(()) => Ok(Written::Here),
                    Err(flaw) => Err(broken("Protobuf", id, &flaw)),
                }
            }
            SchemaForm::Json => match json::check(frame.payload, nesting) {
                Some(json) => Ok(Written::InPayload(json)),
                None => Err(broken("JSON", id, &json::flaw(frame.payload, nesting))),
            },
            SchemaForm::Unusable(why) => {
                let why = format!("schema {id} cannot be used: {why}").into();
                Err(Box::new(Reason::Schema(SchemaTrouble::Lacking { why, may_be_number: false })))
            }
        }
    }
}

/// Where the JSON of a payload is.
enum Written<'a> {
    /// In the memory of the decoder.
    Here,
    InPayload(Json<'a>),
}

fn raw<'a>(part: Part, bytes: &'a [u8], nesting: &mut json::Nesting, reason: Box<Reason>) -> Decoded<'a> {
    Decoded { reason: Some(reason), ..Decoded::new(raw_form(part, bytes, nesting)) }
}

#[cold]
fn broken(language: &str, id: SchemaId, flaw: &dyn Display) -> Box<Reason> {
    Box::new(Reason::Schema(SchemaTrouble::Data(format!("not {language} of schema {id}: {flaw}"))))
}

/// Says why bytes name no schema.
#[cold]
fn unframed(language: &str, bytes: &[u8]) -> Box<Reason> {
    let what = match bytes.first() {
        Some(0) => format!("it has {} instead of 5 or more", counted(bytes.len() as u64, "byte", "bytes")),
        Some(first) => format!("it starts with the byte {first:02x}, not 00"),
        None => "it is empty".to_owned(),
    };
    Box::new(Reason::Schema(SchemaTrouble::Data(format!("not {language} that names a schema: {what}"))))
}

#[cfg(test)]
mod tests;
