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
}

/// A number of a fixed number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    pub kind: NumberKind,
    pub order: ByteOrder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberKind {
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

impl NumberKind {
    /// The bytes that a number takes.
    pub fn size(self) -> usize {
        match self {
            NumberKind::I8 | NumberKind::U8 => 1,
            NumberKind::I16 | NumberKind::U16 => 2,
            NumberKind::I32 | NumberKind::U32 | NumberKind::F32 => 4,
            NumberKind::I64 | NumberKind::U64 | NumberKind::F64 => 8,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            NumberKind::I8 => "i8",
            NumberKind::I16 => "i16",
            NumberKind::I32 => "i32",
            NumberKind::I64 => "i64",
            NumberKind::U8 => "u8",
            NumberKind::U16 => "u16",
            NumberKind::U32 => "u32",
            NumberKind::U64 => "u64",
            NumberKind::F32 => "f32",
            NumberKind::F64 => "f64",
        }
    }

    fn described(self) -> &'static str {
        match self {
            NumberKind::I8 => "1 byte, signed",
            NumberKind::I16 => "2 bytes, signed",
            NumberKind::I32 => "4 bytes, signed",
            NumberKind::I64 => "8 bytes, signed",
            NumberKind::U8 => "1 byte, unsigned",
            NumberKind::U16 => "2 bytes, unsigned",
            NumberKind::U32 => "4 bytes, unsigned",
            NumberKind::U64 => "8 bytes, unsigned",
            NumberKind::F32 => "4 bytes, floating point",
            NumberKind::F64 => "8 bytes, floating point",
        }
    }
}

const fn big(kind: NumberKind) -> DataFormat {
    DataFormat::Number(NumberFormat { kind, order: ByteOrder::Big })
}

const fn little(kind: NumberKind) -> DataFormat {
    DataFormat::Number(NumberFormat { kind, order: ByteOrder::Little })
}

const ALL: &[DataFormat] = &[
    DataFormat::Auto,
    DataFormat::Json,
    DataFormat::Text,
    DataFormat::Base64,
    DataFormat::Hex,
    DataFormat::Uuid,
    big(NumberKind::I8),
    big(NumberKind::I16),
    big(NumberKind::I32),
    big(NumberKind::I64),
    big(NumberKind::U8),
    big(NumberKind::U16),
    big(NumberKind::U32),
    big(NumberKind::U64),
    big(NumberKind::F32),
    big(NumberKind::F64),
    little(NumberKind::I16),
    little(NumberKind::I32),
    little(NumberKind::I64),
    little(NumberKind::U16),
    little(NumberKind::U32),
    little(NumberKind::U64),
    little(NumberKind::F32),
    little(NumberKind::F64),
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
                        le:i16 le:i32 le:i64 le:u16 le:u32 le:u64 le:f32 le:f64";
        assert_eq!(names.join(" "), expected);
        for (format, name) in ALL.iter().zip(names) {
            assert_eq!(DataFormat::from_str(&name, false).as_ref(), Ok(format));
        }
        assert_eq!(DataFormat::from_str("le:u8", false), Ok(big(NumberKind::U8)));
        for wrong in ["", "i", "i128", "be:i32", "le:", "le:json", "LE:I32", "int"] {
            assert!(DataFormat::from_str(wrong, false).is_err(), "{wrong}");
        }
    }
}
