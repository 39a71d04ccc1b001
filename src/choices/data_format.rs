//! How the bytes of a key, a value or a header are decoded.

use clap::ValueEnum;
use clap::builder::PossibleValue;

/// How the bytes of a key, a value or a header are decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataFormat {
    #[default]
    Auto,
    Json,
    Text,
    Base64,
    Hex,
    Uuid,
    Number(NumberFormat),
    Avro,
    Protobuf,
    MessagePack,
    Cbor,
}

/// What a schema without which nothing is decoded is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaLanguage {
    Avro,
    Protobuf,
}

impl SchemaLanguage {
    /// Its name in messages.
    pub fn name(self) -> &'static str {
        match self {
            SchemaLanguage::Avro => "Avro",
            SchemaLanguage::Protobuf => "Protobuf",
        }
    }
}

impl DataFormat {
    /// The language of the schemas that the format asks for; `None` if it asks for none, as `auto` does, which takes any.
    #[inline]
    pub fn schema_language(self) -> Option<SchemaLanguage> {
        match self {
            DataFormat::Avro => Some(SchemaLanguage::Avro),
            DataFormat::Protobuf => Some(SchemaLanguage::Protobuf),
            DataFormat::Auto
            | DataFormat::Json
            | DataFormat::Text
            | DataFormat::Base64
            | DataFormat::Hex
            | DataFormat::Uuid
            | DataFormat::Number(_)
            | DataFormat::MessagePack
            | DataFormat::Cbor => None,
        }
    }
}

/// A number of a fixed number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    pub kind: NumberType,
    pub order: ByteOrder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberType {
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
}

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The highest, as Kafka's own serializers write it.
    Big,
    /// The lowest.
    Little,
}

impl NumberType {
    /// The bytes that a number takes.
    pub fn size(self) -> usize {
        match self {
            NumberType::I8 | NumberType::U8 => 1,
            NumberType::I16 | NumberType::U16 => 2,
            NumberType::I32 | NumberType::U32 | NumberType::F32 => 4,
            NumberType::I64 | NumberType::U64 | NumberType::F64 => 8,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            NumberType::I8 => "i8",
            NumberType::I16 => "i16",
            NumberType::I32 => "i32",
            NumberType::I64 => "i64",
            NumberType::U8 => "u8",
            NumberType::U16 => "u16",
            NumberType::U32 => "u32",
            NumberType::U64 => "u64",
            NumberType::F32 => "f32",
            NumberType::F64 => "f64",
        }
    }

    fn described(self) -> &'static str {
        match self {
            NumberType::I8 => "1 byte, signed",
            NumberType::I16 => "2 bytes, signed",
            NumberType::I32 => "4 bytes, signed",
            NumberType::I64 => "8 bytes, signed",
            NumberType::U8 => "1 byte, unsigned",
            NumberType::U16 => "2 bytes, unsigned",
            NumberType::U32 => "4 bytes, unsigned",
            NumberType::U64 => "8 bytes, unsigned",
            NumberType::F32 => "4 bytes, floating point",
            NumberType::F64 => "8 bytes, floating point",
        }
    }
}

const fn big(kind: NumberType) -> DataFormat {
    DataFormat::Number(NumberFormat { kind, order: ByteOrder::Big })
}

const fn little(kind: NumberType) -> DataFormat {
    DataFormat::Number(NumberFormat { kind, order: ByteOrder::Little })
}

const ALL: &[DataFormat] = &[
    DataFormat::Auto,
    DataFormat::Json,
    DataFormat::Text,
    DataFormat::Base64,
    DataFormat::Hex,
    DataFormat::Uuid,
    big(NumberType::I8),
    big(NumberType::I16),
    big(NumberType::I32),
    big(NumberType::I64),
    big(NumberType::U8),
    big(NumberType::U16),
    big(NumberType::U32),
    big(NumberType::U64),
    big(NumberType::F32),
    big(NumberType::F64),
    little(NumberType::I16),
    little(NumberType::I32),
    little(NumberType::I64),
    little(NumberType::U16),
    little(NumberType::U32),
    little(NumberType::U64),
    little(NumberType::F32),
    little(NumberType::F64),
    DataFormat::Avro,
    DataFormat::Protobuf,
    DataFormat::MessagePack,
    DataFormat::Cbor,
];

impl ValueEnum for DataFormat {
    fn value_variants<'a>() -> &'a [DataFormat] {
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = |name: &'static str, help: &'static str| PossibleValue::new(name).help(help);
        Some(match self {
            DataFormat::Auto => value("auto", "what the bytes look like"),
            DataFormat::Json => value("json", "a JSON text"),
            DataFormat::Text => value("text", "UTF-8"),
            DataFormat::Base64 => value("base64", "any bytes, shown in base64"),
            DataFormat::Hex => value("hex", "any bytes, shown in hexadecimal"),
            DataFormat::Uuid => value("uuid", "the 16 bytes of a UUID"),
            DataFormat::Avro => value("avro", "Avro, by a schema"),
            DataFormat::Protobuf => value("protobuf", "Protobuf, by a schema"),
            DataFormat::MessagePack => value("msgpack", "MessagePack"),
            DataFormat::Cbor => value("cbor", "CBOR"),
            DataFormat::Number(NumberFormat { kind, order: ByteOrder::Big }) => {
                let value = value(kind.name(), kind.described());
                // One byte has no order; somebody may write it all the same.
                if kind.size() == 1 { value.alias(format!("le:{}", kind.name())) } else { value }
            }
            DataFormat::Number(NumberFormat { kind, order: ByteOrder::Little }) => {
                PossibleValue::new(format!("le:{}", kind.name()))
                    .help(format!("{}, little-endian", kind.described()))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_a_name_of_its_own() {
        let names: Vec<String> =
            ALL.iter().filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned())).collect();
        let expected = "auto json text base64 hex uuid i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 \
                        le:i16 le:i32 le:i64 le:u16 le:u32 le:u64 le:f32 le:f64 avro protobuf msgpack cbor";
        assert_eq!(names.join(" "), expected);
        for (format, name) in ALL.iter().zip(names) {
            assert_eq!(DataFormat::from_str(&name, false).as_ref(), Ok(format));
        }
        assert_eq!(DataFormat::from_str("le:u8", false), Ok(big(NumberType::U8)));
        for wrong in ["", "i", "i128", "be:i32", "le:", "le:json", "LE:I32", "int"] {
            assert!(DataFormat::from_str(wrong, false).is_err(), "{wrong}");
        }
    }
}
