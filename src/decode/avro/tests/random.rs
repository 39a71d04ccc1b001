//! Random schemas with random data: what a small encoder wrote is decoded to what it was given.

use super::encode::{Datum, long, sized, string};
use super::{Schema, UnionNames, written};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::HashSet;

/// A type without parts whose data are made below.
#[derive(Clone, Copy, Debug)]
enum Simple {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Date,
    TimeMillis,
    TimestampMicros,
    LocalTimestampNanos,
    Decimal { scale: usize },
}

#[derive(Clone, Debug)]
enum Kind {
    Simple(Simple),
    Fixed(usize),
    Enum(Vec<String>),
    Array(Box<Kind>),
    Map(Box<Kind>),
    Union(Vec<Kind>),
    Record(Vec<(String, Kind)>),
}

/// A datum, and the JSON text that it is.
type Case = (Vec<u8>, String);

fn kinds() -> impl Strategy<Value = Kind> {
    use Simple::*;
    let simple = vec![
        Null,
        Boolean,
        Int,
        Long,
        Float,
        Double,
        Bytes,
        String,
        Date,
        TimeMillis,
        TimestampMicros,
        LocalTimestampNanos,
        Decimal { scale: 0 },
        Decimal { scale: 7 },
    ];
    let leaf = prop_oneof![
        6 => prop::sample::select(simple).prop_map(Kind::Simple),
        1 => (0..20_usize).prop_map(Kind::Fixed),
        1 => prop::collection::vec(any::<std::string::String>(), 1..4).prop_map(Kind::Enum),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            inner.clone().prop_map(|kind| Kind::Array(Box::new(kind))),
            inner.clone().prop_map(|kind| Kind::Map(Box::new(kind))),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Kind::Union),
            prop::collection::vec((any::<std::string::String>(), inner), 0..6).prop_map(record),
        ]
    })
}

/// A record, whose fields have names of their own.
fn record(mut fields: Vec<(String, Kind)>) -> Kind {
    let mut names = HashSet::new();
    fields.retain(|(name, _)| names.insert(name.clone()));
    Kind::Record(fields)
}

/// Writes schemas; every second named type is only referred to and stands among the references.
#[derive(Debug, Default)]
struct Texts {
    named: usize,
    references: Vec<String>,
}

impl Texts {
    fn of(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Simple(simple) => Texts::simple(*simple),
            Kind::Fixed(size) => self.named(json!({"type": "fixed", "size": size})),
            Kind::Enum(symbols) => self.named(json!({"type": "enum", "symbols": symbols})),
            Kind::Array(items) => json!({"type": "array", "items": self.of(items)}),
            Kind::Map(values) => json!({"type": "map", "values": self.of(values)}),
            Kind::Union(branches) => branches.iter().map(|branch| self.of(branch)).collect(),
            Kind::Record(fields) => {
                let field = |(name, kind): &(String, Kind)| json!({"name": name, "type": self.of(kind)});
                let fields: Vec<Value> = fields.iter().map(field).collect();
                self.named(json!({"type": "record", "fields": fields}))
            }
        }
    }

    fn simple(simple: Simple) -> Value {
        let logical = |base: &str, name: &str| json!({"type": base, "logicalType": name});
        match simple {
            Simple::Null => json!("null"),
            Simple::Boolean => json!("boolean"),
            Simple::Int => json!({"type": "int"}),
            Simple::Long => json!("long"),
            Simple::Float => json!("float"),
            Simple::Double => json!("double"),
            Simple::Bytes => json!("bytes"),
            Simple::String => json!({"type": "string", "avro.java.string": "String"}),
            Simple::Date => logical("int", "date"),
            Simple::TimeMillis => logical("int", "time-millis"),
            Simple::TimestampMicros => logical("long", "timestamp-micros"),
            Simple::LocalTimestampNanos => logical("long", "local-timestamp-nanos"),
            Simple::Decimal { scale } => {
                json!({"type": "bytes", "logicalType": "decimal", "precision": 50, "scale": scale})
            }
        }
    }

    fn named(&mut self, mut definition: Value) -> Value {
        let name = format!("n-{}.Type", self.named);
        self.named += 1;
        definition["name"] = Value::from(name.as_str());
        if self.named.is_multiple_of(2) {
            return definition;
        }
        self.references.push(definition.to_string());
        Value::from(name)
    }
}

/// Data of a type.
fn data(kind: &Kind) -> BoxedStrategy<Case> {
    match kind {
        Kind::Simple(simple) => simple_data(*simple),
        Kind::Fixed(size) => prop::collection::vec(any::<u8>(), *size)
            .prop_map(|bytes| (bytes.clone(), quoted(&STANDARD.encode(bytes))))
            .boxed(),
        Kind::Enum(symbols) => {
            let symbols = symbols.clone();
            (0..symbols.len()).prop_map(move |index| (long(index as i64), quoted(&symbols[index]))).boxed()
        }
        Kind::Array(items) => blocks(data(items)).prop_map(|case| enclosed("[", case, "]")).boxed(),
        Kind::Map(values) => {
            let entry = (any::<String>(), data(values)).prop_map(|(key, (bytes, text))| {
                (Datum::default().string(&key).raw(&bytes).0, format!("{}:{text}", quoted(&key)))
            });
            blocks(entry.boxed()).prop_map(|case| enclosed("{", case, "}")).boxed()
        }
        Kind::Union(branches) => {
            let branch = |(index, kind)| {
                data(kind)
                    .prop_map(move |(bytes, text)| (Datum::default().long(index).raw(&bytes).0, text))
                    .boxed()
            };
            prop::strategy::Union::new((0..).zip(branches).map(branch)).boxed()
        }
        Kind::Record(fields) => {
            let field = |(name, kind): &(String, Kind)| {
                let name = quoted(name);
                data(kind).prop_map(move |(bytes, text)| (bytes, format!("{name}:{text}"))).boxed()
            };
            let fields: Vec<_> = fields.iter().map(field).collect();
            fields.prop_map(|fields| enclosed("{", joined(fields), "}")).boxed()
        }
    }
}

/// Items of an array or map in blocks, some of which say their size.
fn blocks(item: BoxedStrategy<Case>) -> impl Strategy<Value = Case> {
    let block = (prop::collection::vec(item, 1..4), any::<bool>());
    prop::collection::vec(block, 0..3).prop_map(|blocks| {
        let mut datum = Datum::default();
        let mut texts = Vec::new();
        for (items, says_size) in blocks {
            let count = items.len() as i64;
            let bytes: Vec<u8> = items.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            datum = if says_size { datum.long(-count).sized(&bytes) } else { datum.long(count).raw(&bytes) };
            texts.extend(items.into_iter().map(|(_, text)| text));
        }
        (datum.long(0).0, texts.join(","))
    })
}

fn joined(cases: Vec<Case>) -> Case {
    let (bytes, texts): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    (bytes.concat(), texts.join(","))
}

fn enclosed(start: &str, (bytes, text): Case, end: &str) -> Case {
    (bytes, format!("{start}{text}{end}"))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn simple_data(simple: Simple) -> BoxedStrategy<Case> {
    // What a timestamp of years 0 to 9999 can be; days, microseconds.
    const DAYS: std::ops::RangeInclusive<i32> = -719_528..=2_932_896;
    const SECONDS: std::ops::Range<i64> = -719_528 * 86_400..2_932_897 * 86_400;
    const MICROSECONDS: std::ops::Range<i64> = SECONDS.start * 1_000_000..SECONDS.end * 1_000_000;
    match simple {
        Simple::Null => Just((vec![], "null".to_owned())).boxed(),
        Simple::Boolean => any::<bool>().prop_map(|value| (vec![value.into()], value.to_string())).boxed(),
        Simple::Int => any::<i32>().prop_map(|value| (long(value.into()), value.to_string())).boxed(),
        Simple::Long => any::<i64>().prop_map(|value| (long(value), value.to_string())).boxed(),
        Simple::Float => prop::num::f32::ANY
            .prop_map(|value| {
                (
                    value.to_le_bytes().to_vec(),
                    float(value.into(), serde_json::to_string(&value).expect("JSON")),
                )
            })
            .boxed(),
        Simple::Double => prop::num::f64::ANY
            .prop_map(|value| (value.to_le_bytes().to_vec(), float(value, json!(value).to_string())))
            .boxed(),
        Simple::Bytes => prop::collection::vec(any::<u8>(), 0..40)
            .prop_map(|bytes| (sized(&bytes), quoted(&STANDARD.encode(bytes))))
            .boxed(),
        Simple::String => any::<String>().prop_map(|text| (string(&text), quoted(&text))).boxed(),
        Simple::Date => DAYS.prop_map(|day| (long(day.into()), date(day))).boxed(),
        Simple::TimeMillis => (0..86_400_000_i64).prop_map(|time| (long(time), time_of_day(time))).boxed(),
        Simple::TimestampMicros => MICROSECONDS
            .prop_map(|time| {
                let stamp = Timestamp::from_microsecond(time).expect("years 0 to 9999");
                (long(time), quoted(&stamp.strftime("%Y-%m-%dT%H:%M:%S%.fZ").to_string()))
            })
            .boxed(),
        Simple::LocalTimestampNanos => any::<i64>()
            .prop_map(|time| {
                let stamp = Timestamp::from_nanosecond(time.into()).expect("all are in range");
                (long(time), quoted(&stamp.strftime("%Y-%m-%dT%H:%M:%S%.f").to_string()))
            })
            .boxed(),
        Simple::Decimal { scale } => (any::<i128>(), 0..127_u32, 0..4_usize)
            .prop_map(move |(number, shift, more)| decimal(number >> shift, scale, more))
            .boxed(),
    }
}

/// The text of a float: `json` unless JSON has no number for it.
fn float(value: f64, json: String) -> String {
    match value {
        f64::INFINITY => "\"Infinity\"".to_owned(),
        f64::NEG_INFINITY => "\"-Infinity\"".to_owned(),
        _ if value.is_nan() => "\"NaN\"".to_owned(),
        _ => json,
    }
}

fn date(day: i32) -> String {
    let date = DateTime::constant(1970, 1, 1, 0, 0, 0, 0) + SignedDuration::from_hours(24 * i64::from(day));
    quoted(&date.strftime("%Y-%m-%d").to_string())
}

fn time_of_day(time: i64) -> String {
    let time = DateTime::constant(1970, 1, 1, 0, 0, 0, 0) + SignedDuration::from_millis(time);
    quoted(&time.strftime("%H:%M:%S%.f").to_string())
}

/// A number in a few bytes more than it takes.
fn decimal(number: i128, scale: usize, more: usize) -> Case {
    let bytes = [[if number < 0 { 0xff } else { 0 }].repeat(more), number.to_be_bytes().to_vec()].concat();
    let digits = format!("{:0>width$}", number.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let point = if scale > 0 { "." } else { "" };
    let sign = if number < 0 { "-" } else { "" };
    (sized(&bytes), format!("\"{sign}{whole}{point}{fraction}\""))
}

fn compiled(kind: &Kind) -> Schema {
    let mut texts = Texts::default();
    let schema = texts.of(kind).to_string();
    let references: Vec<&str> = texts.references.iter().map(String::as_str).collect();
    Schema::parse(&schema, &references, UnionNames::Hidden)
        .unwrap_or_else(|wrong| panic!("{wrong}: {schema}"))
}

/// JSON with the words of schemas.
fn pieces() -> impl Strategy<Value = Value> {
    let words = vec![
        "int", "bytes", "record", "enum", "fixed", "array", "map", "A", "n.A", "", ".", "decimal", "uuid",
        "date",
    ];
    let keys = vec![
        "type",
        "type",
        "name",
        "namespace",
        "fields",
        "items",
        "values",
        "symbols",
        "size",
        "logicalType",
        "precision",
        "scale",
    ];
    let leaf = prop_oneof![
        8 => prop::sample::select(words).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let member = (prop::sample::select(keys.clone()).prop_map(str::to_owned), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            prop::collection::vec(member, 1..7).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn data_of_any_schema_are_what_was_encoded(
        (kind, (datum, expected)) in kinds().prop_flat_map(|kind| (Just(kind.clone()), data(&kind)))
    ) {
        let schema = compiled(&kind);
        prop_assert_eq!(written(&schema, &datum), Ok(expected));
    }

    #[test]
    fn any_bytes_of_any_schema_are_json_or_a_flaw(
        kind in kinds(),
        datum in prop::collection::vec(prop_oneof![0..8_u8, any::<u8>()], 0..60),
    ) {
        match written(&compiled(&kind), &datum) {
            Ok(text) => prop_assert!(serde_json::from_str::<Value>(&text).is_ok(), "{}", text),
            Err(flaw) => prop_assert!(!flaw.is_empty()),
        }
    }

    #[test]
    fn any_json_is_a_schema_or_what_is_wrong_with_it(schema in pieces(), reference in pieces()) {
        match Schema::parse(&schema.to_string(), &[&reference.to_string()], UnionNames::Shown) {
            Ok(schema) => {
                let _ = schema.write_json(&[2; 20], &mut Vec::new());
            }
            Err(wrong) => prop_assert!(!wrong.is_empty() && !wrong.contains('\n'), "{}", wrong),
        }
    }
}
