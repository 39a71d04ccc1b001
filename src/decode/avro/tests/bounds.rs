//! Data that would take for ever, or all memory: they are refused in a moment.

use super::encode::{Datum, long};
use super::{Schema, UnionNames, flaw, schema, text, written};
use std::time::{Duration, Instant};

#[test]
fn a_value_may_nest_200_levels_deep() {
    let arrays = r#"{"type":"record","name":"A","fields":[{"name":"a","type":["null","A"]}]}"#;
    let nested = |depth: usize| [vec![2; depth - 1], vec![0]].concat();
    let expected = format!("{}null{}", "{\"a\":".repeat(200), "}".repeat(200));
    assert_eq!(text(arrays, &nested(200)), expected);
    let flaw = flaw(arrays, &nested(201));
    assert!(flaw.starts_with("nested deeper than 200 levels in `a.a.a.a.….a"), "{flaw}");
    let mixed = r#"{"type":"record","name":"A","fields":[{"name":"a","type":{"type":"array","items":{"type":"map",
        "values":"A"}}}]}"#;
    let mut datum = Vec::new();
    (0..67).for_each(|_| datum.extend([2, 2, 2, b'k']));
    assert!(super::flaw(mixed, &datum).starts_with("nested deeper than 200 levels"));
    // The names of branches are levels, too.
    let two = r#"{"type":"record","name":"B","fields":[]}"#;
    let named = arrays.replace("[\"null\",\"A\"]", &format!("[\"null\",\"A\",{two}]"));
    let named = Schema::parse(&named, &[], UnionNames::Shown).expect("a schema");
    assert!(written(&named, &nested(100)).is_ok());
    let flaw = written(&named, &nested(102)).expect_err("202 levels");
    assert!(flaw.starts_with("nested deeper than 200 levels"), "{flaw}");
}

#[test]
fn a_record_that_must_contain_itself_has_no_data() {
    let schema = r#"{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}"#;
    assert!(flaw(schema, &[]).starts_with("nested deeper than 200 levels"));
}

#[test]
fn items_without_bytes_are_bounded() {
    for items in [
        "\"null\"",
        r#"{"type":"fixed","name":"F","size":0}"#,
        r#"{"type":"record","name":"R","fields":[{"name":"a","type":"null"}]}"#,
    ] {
        let array = schema(&format!("{{\"type\":\"array\",\"items\":{items}}}"));
        let started = Instant::now();
        for count in [100_001, 1 << 31, i64::MAX] {
            let flaw = written(&array, &Datum::default().long(count).long(0).0);
            assert_eq!(flaw, Err("more than 100000 items without bytes in `[100000]`".to_owned()));
        }
        assert!(started.elapsed() < Duration::from_secs(30));
        let text = written(&array, &Datum::default().long(100_000).long(0).0).expect("as many as may be");
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }
}

#[test]
fn records_that_double_from_level_to_level_are_bounded() {
    let level = |i: u32| {
        let next = if i < 99 { format!("\"L{}\"", i + 1) } else { "\"null\"".to_owned() };
        format!(
            r#"{{"type":"record","name":"L{i}","fields":[{{"name":"a","type":{next}}},{{"name":"b","type":{next}}}]}}"#
        )
    };
    let levels: Vec<String> = (0..100).map(level).collect();
    let references: Vec<&str> = levels.iter().map(String::as_str).collect();
    let schema = Schema::parse("\"L0\"", &references, UnionNames::Hidden).expect("a schema");
    let started = Instant::now();
    let flaw = written(&schema, &[]).expect_err("no memory holds it");
    assert!(flaw.starts_with("more than 16777216 bytes as JSON in `a.a.a.a.…"), "{flaw}");
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn long_symbols_and_decimals_are_bounded() {
    let symbol = "s".repeat(1 << 20);
    let long_enum = format!(r#"{{"type":"enum","name":"E","symbols":["{symbol}"]}}"#);
    let decimal = r#"{"type":"bytes","logicalType":"decimal","precision":4096,"scale":4096}"#;
    for items in [long_enum.as_str(), decimal] {
        let array = schema(&format!("{{\"type\":\"array\",\"items\":{items}}}"));
        let written = written(&array, &Datum::default().long(100_000).raw(&[0; 100_000]).long(0).0);
        let start = written.err().map(|flaw| flaw[..38].to_owned());
        assert_eq!(start.as_deref(), Some("more than 36778016 bytes as JSON in `["));
    }
}

#[test]
fn unions_in_unions_are_levels() {
    let union = format!("{}\"null\",\"A\"{}", "[".repeat(150), "]".repeat(150));
    let record = format!(r#"{{"type":"record","name":"A","fields":[{{"name":"a","type":{union}}}]}}"#);
    assert_eq!(text(&record, &[0; 150]), r#"{"a":null}"#);
    let datum = [[0; 149].as_slice(), &[2]].concat().repeat(1000);
    assert_eq!(flaw(&record, &datum), "nested deeper than 200 levels in `a.a`");
}

#[test]
fn a_name_that_is_too_long_is_read_where_it_stands_only() {
    let named = |length: usize| {
        let name = format!("{}.F", "n".repeat(length - 2));
        let schema = format!(r#"[{{"type":"fixed","name":"{name}","size":1}},"{name}"]"#);
        Schema::parse(&schema, &[], UnionNames::Hidden)
    };
    assert_eq!(written(&named(1000).expect("short enough"), &[2, 0xff]).as_deref(), Ok("\"/w==\""));
    assert_eq!(named(1001).err(), Some(format!("unknown type `{}.F`", "n".repeat(999))));
    let schema = format!(
        r#"{{"type":"record","name":"R","namespace":"{}","fields":[{{"name":"a","type":{{"type":"enum","name":"E",
        "symbols":["ON"]}}}},{{"name":"b","type":"E"}}]}}"#,
        "n".repeat(5000)
    );
    assert_eq!(text(&schema, &[0, 0]), r#"{"a":"ON","b":"ON"}"#);
}

#[test]
fn a_length_that_is_a_lie_takes_no_memory() {
    for kind in
        ["string", r#"{"type":"map","values":"bytes"}"#, r#"{"type":"bytes","logicalType":"big-decimal"}"#]
    {
        let schema = schema(kind);
        let mut out = Vec::new();
        assert!(schema.write_json(&long(1 << 60), &mut out).is_err());
        assert!(out.capacity() < 1 << 20);
    }
}

#[test]
fn long_decimals_take_no_long_time() {
    let schema = schema(r#"{"type":"array","items":{"type":"bytes","logicalType":"decimal","precision":4}}"#);
    let mut datum = Datum::default().long(200);
    for _ in 0..200 {
        datum = datum.sized(&[0x7f; 1024]);
    }
    let started = Instant::now();
    let text = written(&schema, &datum.long(0).0).expect("as long as may be");
    assert_eq!(text.split(',').map(str::len).max(), Some(2466 + 3));
    assert!(started.elapsed() < Duration::from_secs(30));
}
