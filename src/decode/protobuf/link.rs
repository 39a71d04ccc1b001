//! From descriptors to tables: names of types are looked up, and fields get the form in which they are written.
//!
//! Lenient, because the writer's compiler has accepted the schema: an import may be missing as long as no field needs
//! it, whatever is defined twice counts once, and what only a compiler needs is not looked at.

use super::files::SchemaFile;
use super::types::{EnumType, FieldKind, JsonShape, MessageField, MessageType, NumberKind, Presence, Types};
use crate::json_text;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto};
use std::collections::HashMap;

/// A message of the first file, and what is nested in it, as in the descriptor.
#[derive(Debug)]
pub(super) struct MessageNode {
    pub message: usize,
    pub nested: Vec<MessageNode>,
}

/// What becomes of files.
pub(super) struct Linked {
    pub types: Types,
    /// The messages of the first file.
    pub roots: Vec<MessageNode>,
    /// How many messages the files have that were given.
    pub given: usize,
}

/// Makes tables of files, of which the first `given` ones are not built in.
///
/// # Errors
/// A field is of a type that no file defines.
pub(super) fn link(files: &[SchemaFile], given: usize) -> Result<Linked, String> {
    let mut linker = Linker::default();
    let mut roots = Vec::new();
    let mut given_messages = 0;
    for (index, file) in files.iter().enumerate() {
        let package = file.descriptor.package();
        for message in &file.descriptor.message_type {
            let node = linker.declare(file, message, package);
            if index == 0 {
                roots.push(node);
            }
        }
        for declared in &file.descriptor.enum_type {
            linker.declare_enum(declared, package);
        }
        if index < given {
            given_messages = linker.types.messages.len();
        }
    }
    for (index, declared) in std::mem::take(&mut linker.declared).into_iter().enumerate() {
        linker.types.messages[index].fields = linker.fields(&declared)?;
    }
    for file in files {
        let package = file.descriptor.package();
        linker.extend(&file.descriptor.extension, package);
        for message in &file.descriptor.message_type {
            linker.extend_with_those_in(message, package);
        }
    }
    Ok(Linked { types: finished(linker.types), roots, given: given_messages })
}

/// Sorts fields by number, and decides what depends on all fields of a message.
fn finished(mut types: Types) -> Types {
    for message in &mut types.messages {
        message.fields.sort_by_key(|field| field.number);
        message.fields.dedup_by_key(|field| field.number);
    }
    let are_entries: Vec<bool> = types.messages.iter().map(is_entry).collect();
    for message in &mut types.messages {
        for field in &mut message.fields {
            match field.kind {
                FieldKind::Message(index) if field.presence == Presence::Repeated && are_entries[index] => {
                    field.presence = Presence::Map;
                }
                FieldKind::Message(_) | FieldKind::Number(_) | FieldKind::Text | FieldKind::Bytes => {}
            }
        }
        message.shape = shape(message);
    }
    types
}

/// Whether a message is a key and a value, as a compiler makes them for a map.
fn is_entry(message: &MessageType) -> bool {
    let [key, value] = &message.fields[..] else { return false };
    let is_key = match key.kind {
        FieldKind::Number(NumberKind::Double | NumberKind::Float | NumberKind::Enum(_)) => false,
        FieldKind::Number(_) | FieldKind::Text => true,
        FieldKind::Bytes | FieldKind::Message(_) => false,
    };
    let is_single = |field: &MessageField| matches!(field.presence, Presence::Implicit | Presence::Explicit);
    message.is_map_entry
        && key.number == 1
        && value.number == 2
        && is_key
        && is_single(key)
        && is_single(value)
}

#[derive(Default)]
struct Linker<'a> {
    types: Types,
    /// What each of the messages was made of.
    declared: Vec<Declared<'a>>,
    enums: HashMap<String, usize>,
}

struct Declared<'a> {
    descriptor: &'a DescriptorProto,
    full_name: String,
    /// Whether fields without a label leave out zeros.
    is_implicit: bool,
}

impl<'a> Linker<'a> {
    fn declare(&mut self, file: &'a SchemaFile, descriptor: &'a DescriptorProto, scope: &str) -> MessageNode {
        let full_name = joined(scope, descriptor.name());
        let index = self.types.messages.len();
        // The first definition counts.
        self.types.by_name.entry(full_name.clone()).or_insert(index);
        self.types.messages.push(MessageType {
            full_name: full_name.clone(),
            shape: JsonShape::Object,
            is_map_entry: descriptor.options.as_ref().is_some_and(|options| options.map_entry()),
            fields: Vec::new(),
        });
        self.declared.push(Declared {
            descriptor,
            full_name: full_name.clone(),
            is_implicit: file.is_proto3(),
        });
        for declared in &descriptor.enum_type {
            self.declare_enum(declared, &full_name);
        }
        let nested = descriptor.nested_type.iter().map(|nested| self.declare(file, nested, &full_name));
        MessageNode { message: index, nested: nested.collect() }
    }

    fn declare_enum(&mut self, descriptor: &EnumDescriptorProto, scope: &str) {
        let full_name = joined(scope, descriptor.name());
        let is_null = full_name == "google.protobuf.NullValue";
        let mut values: Vec<_> =
            descriptor.value.iter().map(|value| (value.number(), quoted(value.name()))).collect();
        // Of several names of a number the first one counts: the sort is stable.
        values.sort_by_key(|(number, _)| *number);
        values.dedup_by_key(|(number, _)| *number);
        self.enums.entry(full_name).or_insert(self.types.enums.len());
        self.types.enums.push(EnumType { is_null, values });
    }

    fn fields(&self, declared: &Declared<'_>) -> Result<Vec<MessageField>, String> {
        let field = |field| self.field(field, declared);
        declared.descriptor.field.iter().map(field).collect()
    }

    fn field(
        &self,
        descriptor: &FieldDescriptorProto,
        declared: &Declared<'_>,
    ) -> Result<MessageField, String> {
        let kind = self.kind(descriptor, &declared.full_name)?;
        let oneof = descriptor.oneof_index.filter(|_| !descriptor.proto3_optional());
        let is_message = matches!(kind, FieldKind::Message(_));
        let presence = if is_repeated(descriptor) {
            Presence::Repeated
        } else if declared.is_implicit && !is_message && oneof.is_none() && !descriptor.proto3_optional() {
            Presence::Implicit
        } else {
            Presence::Explicit
        };
        Ok(MessageField {
            number: u32::try_from(descriptor.number()).unwrap_or_default(),
            kind,
            presence,
            oneof: oneof.and_then(|index| u32::try_from(index).ok()),
            prefix: prefix(&json_name(descriptor)),
        })
    }

    fn kind(&self, descriptor: &FieldDescriptorProto, scope: &str) -> Result<FieldKind, String> {
        let number = FieldKind::Number;
        let known = descriptor.r#type.and_then(|number| Type::try_from(number).ok());
        Ok(match known {
            Some(Type::Double) => number(NumberKind::Double),
            Some(Type::Float) => number(NumberKind::Float),
            Some(Type::Int64) => number(NumberKind::Int64),
            Some(Type::Uint64) => number(NumberKind::Uint64),
            Some(Type::Int32) => number(NumberKind::Int32),
            Some(Type::Fixed64) => number(NumberKind::Fixed64),
            Some(Type::Fixed32) => number(NumberKind::Fixed32),
            Some(Type::Bool) => number(NumberKind::Bool),
            Some(Type::String) => FieldKind::Text,
            Some(Type::Bytes) => FieldKind::Bytes,
            Some(Type::Uint32) => number(NumberKind::Uint32),
            Some(Type::Sfixed32) => number(NumberKind::Sfixed32),
            Some(Type::Sfixed64) => number(NumberKind::Sfixed64),
            Some(Type::Sint32) => number(NumberKind::Sint32),
            Some(Type::Sint64) => number(NumberKind::Sint64),
            // A parser knows a named type before it knows what that is.
            Some(Type::Enum | Type::Message | Type::Group) | None => {
                let found = self.named(descriptor.type_name(), scope);
                return found.ok_or_else(|| {
                    format!(
                        "`{}` is of type `{}`, which is not defined",
                        joined(scope, descriptor.name()),
                        descriptor.type_name()
                    )
                });
            }
        })
    }

    /// Looks a type up: from the innermost scope to the outermost.
    fn named(&self, name: &str, scope: &str) -> Option<FieldKind> {
        if let Some(full_name) = name.strip_prefix('.') {
            return self.full_named(full_name);
        }
        let mut scope = scope;
        loop {
            if let Some(kind) = self.full_named(&joined(scope, name)) {
                return Some(kind);
            }
            if scope.is_empty() {
                return None;
            }
            scope = scope.rsplit_once('.').map_or("", |(outer, _)| outer);
        }
    }

    fn full_named(&self, full_name: &str) -> Option<FieldKind> {
        let message = self.types.by_name.get(full_name).map(|&index| FieldKind::Message(index));
        message.or_else(|| self.enums.get(full_name).map(|&index| FieldKind::Number(NumberKind::Enum(index))))
    }

    fn extend_with_those_in(&mut self, message: &DescriptorProto, scope: &str) {
        let full_name = joined(scope, message.name());
        self.extend(&message.extension, &full_name);
        for nested in &message.nested_type {
            self.extend_with_those_in(nested, &full_name);
        }
    }

    /// Adds extensions to the messages that they extend. Most extend the options of a compiler, which are not here.
    fn extend(&mut self, extensions: &[FieldDescriptorProto], scope: &str) {
        for extension in extensions {
            let Some(FieldKind::Message(extended)) = self.named(extension.extendee(), scope) else {
                continue;
            };
            let Ok(kind) = self.kind(extension, scope) else { continue };
            self.types.messages[extended].fields.push(MessageField {
                number: u32::try_from(extension.number()).unwrap_or_default(),
                kind,
                presence: if is_repeated(extension) { Presence::Repeated } else { Presence::Explicit },
                oneof: None,
                prefix: prefix(&format!("[{}]", joined(scope, extension.name()))),
            });
        }
    }
}

fn is_repeated(field: &FieldDescriptorProto) -> bool {
    field.label == Some(Label::Repeated as i32)
}

fn joined(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}

/// The name in JSON: the one that is given, else the field's in lowerCamelCase.
fn json_name(field: &FieldDescriptorProto) -> String {
    if let Some(name) = field.json_name.as_ref().filter(|name| !name.is_empty()) {
        return name.clone();
    }
    let mut name = String::new();
    let mut is_after_underscore = false;
    for character in field.name().chars() {
        if character == '_' {
            is_after_underscore = true;
        } else {
            name.push(if is_after_underscore { character.to_ascii_uppercase() } else { character });
            is_after_underscore = false;
        }
    }
    name
}

fn prefix(name: &str) -> Box<[u8]> {
    [b",", &*quoted(name), b":"].concat().into()
}

fn quoted(name: &str) -> Box<[u8]> {
    let mut text = vec![b'"'];
    json_text::characters(name, &mut text);
    text.push(b'"');
    text.into()
}

/// How a message looks in JSON. One that only has the name of a well-known type is an object like any other.
fn shape(message: &MessageType) -> JsonShape {
    let Some(name) = message.full_name.strip_prefix("google.protobuf.") else { return JsonShape::Object };
    let are = |expected: &[(u32, FieldKind)]| {
        message.fields.iter().map(|field| (field.number, field.kind)).eq(expected.iter().copied())
    };
    let value = |is_right: bool, unset| if is_right { JsonShape::OneValue(unset) } else { JsonShape::Object };
    let only = |kind, unset| value(are(&[(1, kind)]), unset);
    let number = FieldKind::Number;
    let numeric = |kind, unset| only(number(kind), unset);
    let one = |is_right: bool, shape| if is_right { shape } else { JsonShape::Object };
    let first = message.fields.first();
    let is_alone = message.fields.len() == 1;
    match name {
        "Any" => one(are(&[(1, FieldKind::Text), (2, FieldKind::Bytes)]), JsonShape::Any),
        "Duration" => {
            one(are(&[(1, number(NumberKind::Int64)), (2, number(NumberKind::Int32))]), JsonShape::Duration)
        }
        "Timestamp" => {
            one(are(&[(1, number(NumberKind::Int64)), (2, number(NumberKind::Int32))]), JsonShape::Timestamp)
        }
        "FieldMask" => one(
            are(&[(1, FieldKind::Text)]) && first.is_some_and(|field| field.presence == Presence::Repeated),
            JsonShape::FieldMask,
        ),
        "Struct" => value(is_alone && first.is_some_and(|field| field.presence == Presence::Map), "{}"),
        "ListValue" => {
            value(is_alone && first.is_some_and(|field| field.presence == Presence::Repeated), "[]")
        }
        "Value" => value(message.fields.iter().all(|field| field.oneof == Some(0)), "null"),
        "DoubleValue" => numeric(NumberKind::Double, "0.0"),
        "FloatValue" => numeric(NumberKind::Float, "0.0"),
        "Int64Value" => numeric(NumberKind::Int64, "\"0\""),
        "UInt64Value" => numeric(NumberKind::Uint64, "\"0\""),
        "Int32Value" => numeric(NumberKind::Int32, "0"),
        "UInt32Value" => numeric(NumberKind::Uint32, "0"),
        "BoolValue" => numeric(NumberKind::Bool, "false"),
        "StringValue" => only(FieldKind::Text, "\"\""),
        "BytesValue" => only(FieldKind::Bytes, "\"\""),
        _ => JsonShape::Object,
    }
}
