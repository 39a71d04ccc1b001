//! Schemas that are strange and are read, and those that are not.

use super::encode::{Datum, long};
use super::{Schema, UnionNames, text, written};

fn with(schema: &str, references: &[&str]) -> Schema {
    Schema::parse(schema, references, UnionNames::Hidden).unwrap_or_else(|wrong| panic!("{wrong}: {schema}"))
}

fn wrong(schema: &str, references: &[&str]) -> String {
    Schema::parse(schema, references, UnionNames::Hidden).expect_err(schema)
}

#[test]
fn any_characters_make_a_name() {
    // Change capture names its types like this.
    let envelope = r#"{"type":"record","name":"Envelope","namespace":"abc-123-20231005.table","fields":[
        {"name":"before","type":["null",{"type":"record","name":"Value","fields":[{"name":"id","type":"long"}]}]},
        {"name":"after","type":["null","Value"]},
        {"name":"user-id","type":{"type":"enum","name":"1 e","symbols":["in-progress"]}}]}"#;
    let expected = r#"{"before":{"id":7},"after":{"id":8},"user-id":"in-progress"}"#;
    assert_eq!(text(envelope, &[2, 14, 2, 16, 0]), expected);
}

#[test]
fn a_schema_may_have_lost_its_quotes_or_have_too_many_braces() {
    for schema in ["int", " int\n", "\"int\"", r#"{"type":"int"}"#, r#"{"type":{"type":{"type":"int"}}}"#] {
        assert_eq!(text(schema, &long(7)), "7");
    }
    assert_eq!(text(r#"{"type":["null","int"]}"#, &[2, 14]), "7");
    assert_eq!(text(r#"{"type":["null","int"]}"#, &[0]), "null");
}

#[test]
fn names_mean_what_the_specification_says() {
    let leaf = |name: &str| format!(r#"{{"type":"fixed","size":1,{name}}}"#);
    for (definition, reference) in [
        (r#""name":"F""#, "F"),
        (r#""name":"F""#, "n.F"),
        (r#""name":"F","namespace":"m""#, "m.F"),
        (r#""name":"m.F""#, "m.F"),
        (r#""name":"m.F","namespace":"ignored""#, "m.F"),
        (r#""name":"F","namespace":"""#, "F"),
        (r#""name":".F""#, "F"),
        (r#""name":"F","namespace":"""#, ".F"),
        // Java falls back to a type outside of all namespaces.
        (r#""name":"F","namespace":"""#, "o.F"),
        (r#""name":"int","namespace":"m""#, "m.int"),
    ] {
        let schema = format!(
            r#"{{"type":"record","name":"n.R","fields":[{{"name":"a","type":{}}},{{"name":"b","type":"{reference}"}}]}}"#,
            leaf(definition)
        );
        assert_eq!(text(&schema, b"\xff\xff"), r#"{"a":"/w==","b":"/w=="}"#);
    }
    // The name of a primitive type is never that of another.
    let schema = r#"["int",{"type":"record","name":"int","fields":[]},"int"]"#;
    assert_eq!(text(schema, &[4, 14]), "7");
}

#[test]
fn types_may_be_defined_behind_those_that_use_them() {
    let schema = r#"{"type":"record","name":"A","fields":[{"name":"b","type":"B"},{"name":"c","type":"B"},
        {"name":"d","type":{"type":"record","name":"B","fields":[{"name":"x","type":"int"}]}}]}"#;
    assert_eq!(text(schema, &[2, 4, 6]), r#"{"b":{"x":1},"c":{"x":2},"d":{"x":3}}"#);
}

#[test]
fn types_that_contain_each_other_are_read() {
    let schema = r#"{"type":"record","name":"A","fields":[{"name":"b","type":{"type":"record","name":"B","fields":[
        {"name":"a","type":["null","A"]},{"name":"all","type":{"type":"map","values":{"type":"array","items":"B"}}}]}}]}"#;
    let inner = Datum::default().long(0).long(0).0;
    let datum =
        Datum::default().long(1).raw(&inner).long(1).string("k").long(1).raw(&inner).long(0).long(0).0;
    let expected = r#"{"b":{"a":{"b":{"a":null,"all":{}}},"all":{"k":[{"a":null,"all":{}}]}}}"#;
    assert_eq!(text(schema, &datum), expected);
}

#[test]
fn references_come_in_any_order_and_several_times() {
    let address =
        r#"{"type":"record","name":"Address","namespace":"n","fields":[{"name":"street","type":"string"}]}"#;
    let order =
        r#"{"type":"record","name":"Order","namespace":"n","fields":[{"name":"to","type":"Address"}]}"#;
    let invoice =
        r#"{"type":"record","name":"Invoice","namespace":"n","fields":[{"name":"to","type":"n.Address"}]}"#;
    let root = r#"{"type":"record","name":"Root","namespace":"m","fields":[{"name":"order","type":"n.Order"},
        {"name":"invoice","type":"n.Invoice"},{"name":"again","type":["null","n.Order"]}]}"#;
    let datum = Datum::default().string("a").string("b").long(1).string("c").0;
    let expected =
        r#"{"order":{"to":{"street":"a"}},"invoice":{"to":{"street":"b"}},"again":{"to":{"street":"c"}}}"#;
    for references in [
        vec![address, order, invoice],
        vec![invoice, order, address],
        vec![address, order, address, invoice, root, order],
    ] {
        assert_eq!(written(&with(root, &references), &datum).as_deref(), Ok(expected));
    }
    // Each with a copy of the type that they share.
    let inlined = |text: &str| text.replace("\"Address\"", address).replace("\"n.Address\"", address);
    let (order, invoice) = (inlined(order), inlined(invoice));
    assert_eq!(written(&with(root, &[&order, &invoice]), &datum).as_deref(), Ok(expected));
}

#[test]
fn a_second_definition_of_a_name_counts_where_it_stands() {
    let schema = r#"[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":2},"F"]"#;
    assert_eq!(text(schema, &[0, 0xff]), "\"/w==\"");
    assert_eq!(text(schema, &[2, 0xff, 0xff]), "\"//8=\"");
    assert_eq!(text(schema, &[4, 0xff]), "\"/w==\"");
    // The own types of a schema go before those of references.
    let schema =
        with(r#"[{"type":"fixed","name":"F","size":1},"F"]"#, &[r#"{"type":"fixed","name":"F","size":2}"#]);
    assert_eq!(written(&schema, &[2, 0xff]).as_deref(), Ok("\"/w==\""));
}

#[test]
fn a_long_chain_of_types_needs_no_deep_stack() {
    let link = |i: u32| {
        let next = if i < 49_999 { format!("\"T{}\"", i + 1) } else { "\"int\"".to_owned() };
        format!(r#"{{"type":"record","name":"T{i}","fields":[{{"name":"n","type":["null",{next}]}}]}}"#)
    };
    let links: Vec<String> = (0..50_000).map(link).collect();
    let schema = with("\"T0\"", &[&format!("[{}]", links.join(","))]);
    assert_eq!(written(&schema, &[2, 2, 0]).as_deref(), Ok(r#"{"n":{"n":{"n":null}}}"#));
}

#[test]
fn what_means_nothing_for_the_bytes_may_be_anything() {
    let schema = r#"{"type":"record","name":"A","aliases":7,"doc":[],"fields":[
        {"name":"a","type":"int","default":"wrong","aliases":["x y"],"order":"sideways","doc":null},
        {"name":"b","type":{"type":"enum","name":"E","symbols":["X"],"default":"Y"},"default":null}]}"#;
    assert_eq!(text(schema, &[14, 0]), r#"{"a":7,"b":"X"}"#);
    // A definition that only refers.
    let schema =
        r#"[{"type":"fixed","name":"F","size":1},{"type":"F","logicalType":"decimal","precision":2}]"#;
    assert_eq!(text(schema, &[2, 0xff]), "\"/w==\"");
}

#[test]
fn what_is_wrong_with_a_schema_is_said_in_a_line() {
    let field =
        |kind: &str| format!(r#"{{"type":"record","name":"n.A","fields":[{{"name":"f","type":{kind}}}]}}"#);
    let twice = field("\"int\"},{\"name\":\"f\",\"type\":\"long\"");
    let inner = field(r#"[{"type":"record","name":"B","fields":[{"name":"g","type":"int"}]},"C"]"#);
    for (schema, expected) in [
        ("", "not JSON: empty"),
        ("strin", "not JSON: unexpected `s` at byte 1"),
        ("7", "type `7`"),
        ("\"strin\"", "unknown type `strin`"),
        ("{}", "a schema without `type`"),
        (r#"{"type":"array"}"#, "`array` without `items`"),
        (r#"{"type":"map"}"#, "`map` without `values`"),
        (r#"{"type":"record","name":"A"}"#, "record `A` without `fields`"),
        (r#"{"type":"record","name":"A","fields":[7]}"#, "a field of `A` without a name"),
        (r#"{"type":"record","name":"A","fields":[{"name":"a"}]}"#, "no type in `a` of `A`"),
        (&twice, "field `f` stands twice in record `n.A`"),
        (&field(&twice), "field `f` stands twice in record `n.A` in `f` of `n.A`"),
        (r#"{"type":"enum","name":"E"}"#, "enum `E` without `symbols`"),
        (r#"{"type":"enum","name":"E","symbols":[7]}"#, "enum `E` without `symbols`"),
        (r#"{"type":"fixed","name":"F"}"#, "fixed `F` without `size`"),
        (r#"{"type":"fixed","name":"F","size":-1}"#, "fixed `F` without `size`"),
        (&field("\"m.B\""), "unknown type `m.B` in `f` of `n.A`"),
        (&inner, "unknown type `C` in `f` of `n.A`"),
    ] {
        assert_eq!(wrong(schema, &[]), expected);
    }
    assert_eq!(wrong("int", &["{"]), "a referenced schema is not JSON: ends too early");
    let deep = "[".repeat(100_000);
    assert_eq!(wrong(&deep, &[]), "not JSON: nested deeper than 200 levels");
    assert_eq!(wrong("\"a\u{202e}\\n`b\"", &[]), "unknown type `a\\u{202e}\\n`b`");
}
