//! What the tests of all formats have in common.

use super::SchemalessFlaw;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

/// What `write_json` appends, which must be JSON; or what is wrong, and then nothing is appended.
pub fn json(
    write_json: fn(&[u8], &mut Vec<u8>) -> Result<(), SchemalessFlaw>,
    format: &str,
    bytes: &[u8],
) -> String {
    let mut out = b"before ".to_vec();
    let outcome = write_json(bytes, &mut out);
    let text = String::from_utf8(out).expect("UTF-8").split_off(7);
    match outcome {
        Ok(()) => {
            serde_json::from_str::<&RawValue>(&text).expect("JSON");
            text
        }
        Err(flaw) => {
            assert_eq!(text, "");
            format!("not {format}: {flaw}")
        }
    }
}

/// Any JSON value with integers and short floats.
pub fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-300..300_i64).prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 20, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..20)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}
