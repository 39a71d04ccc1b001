//! A program says the same of the parts that it names as of the whole record.

use super::programs::samples;
use super::random;
use super::*;
use crate::render::ValueProjection;
use proptest::prelude::*;

/// Programs that name what they look at.
const NAMING: &[&str] = &[
    ".value.a | ascii_downcase",
    ".value.a | keys",
    ".value.a.b[1:]",
    ".value as $v | .offset + ($v | length)",
    ".value.a as {a: $x} | [$x, .key]",
    "reduce .value[]? as $x (0; . + 1)",
    "foreach .value.a[]? as $x (0; . + 1; [., $x])",
    "reduce .value.a[]? as [$x] (.key; . + \"x\")",
    ".value | keys",
    ".value | to_entries",
    ".value | .a | tojson",
    "[.value.a, .value.b] | sort",
    "select(.value) | .offset",
    "select(.value.a == 1 and (.key | length > 1)) | [.topic, .value.b]",
    "select(.value | not) | .offset",
    "if .value.a? then .value.b? | keys else .headers | sort end",
    "try .value.a.b.c catch .",
    "try error(.key) catch length",
    "first(.value.a[]?, .value.b[]?) | sqrt",
    "limit(2; .value[]?) | tojson",
    ".headers | from_entries",
    ".headers | map({(.key): .value}) | add",
    "\"\\(.value.a) \\(.key)\" | ascii_downcase",
    "@base64 \"\\(.key)\"",
    ".value_encoding, .key_encoding | tojson",
    ".value.a[.offset]?",
    ".value.a[.value.b]?",
    "{value, key} | tojson",
    "label $out | .value[]? | if . == 1 then break $out else . end",
    "-(.value.a // 1) | tojson",
    ".nothing | tojson",
    "[.value.a | ..]",
    "any(.value; type == \"number\")",
    "isempty(.value.a[]?) | tojson",
    "[.timestamp / 1000 | floor, .partition]",
];

/// Programs that look at the whole record, or may do so.
const ALL: &[&str] = &[
    ".",
    "keys",
    ".value.a |= 1 | .key",
    "[.]",
    "{a: .}",
    ". as $r | $r.key",
    "tojson",
    ".[]",
    "..",
    ".key = 1",
    "del(.value)",
    "with_entries(.)",
    "def f: .key; f",
    "if .key then . else 1 end",
    ".offset, .",
    "first(.)",
    "error",
    "\"\\(.)\"",
    "@json",
    "path(.value.a)",
    "getpath([\"value\"])",
    ".[\"key\", \"value\"]",
    ".[.key]?",
    "reduce . as $r (0; 1)",
    "select(.offset)",
    "has(\"key\")",
];

/// Compares what a program says of the parts that it names with what it says of the whole.
fn compare_parts(text: &str, sample: &Sample) {
    let program = Program::compile(text).expect(text);
    let [results, is_true, id] = sample.run(&program);
    if let Some(projection) = projection::of_results(text) {
        let [of_parts, _, id_of_parts] = run(&program, &sample.projected(&projection));
        assert_eq!(
            (of_parts, id_of_parts),
            (results, id),
            "{text} on {}",
            String::from_utf8_lossy(&sample.json())
        );
    }
    if let Some(projection) = projection::of_filter(text) {
        let [_, of_parts, _] = run(&program, &sample.projected(&projection));
        assert_eq!(of_parts, is_true, "{text} on {}", String::from_utf8_lossy(&sample.json()));
    }
}

#[test]
fn what_a_program_names_is_enough_for_it() {
    for text in NAMING {
        assert!(projection::of_results(text).is_some(), "{text}");
        samples().iter().filter(|sample| !is_refused(sample)).for_each(|sample| compare_parts(text, sample));
    }
}

/// Whether jq refuses the record whatever the program.
fn is_refused(sample: &Sample) -> bool {
    sample.with(Parts { key: true, value: true, headers: true }, |record, _| has_long_number(record))
}

#[test]
fn a_program_that_may_look_at_everything_gets_everything() {
    for text in ALL {
        Program::compile(text).expect(text);
        assert_eq!(projection::of_results(text), None, "{text}");
    }
}

#[test]
fn only_what_is_named_is_written() {
    let sample = Sample::of_value("{\"a\":1,\"b\":{\"c\":[2]},\"a\":3}");
    for (text, expected) in [
        (".value.a | tojson", "{\"value\":{\"a\":1,\"a\":3}}"),
        (".value | tojson", "{\"value\":{\"a\":1,\"b\":{\"c\":[2]},\"a\":3}}"),
        ("select(.value) | .key", "{\"key\":\"k\\\"1\",\"value\":{}}"),
        ("now", "{}"),
        (
            ".headers",
            "{\"topic\":\"orders\",\"partition\":3,\"offset\":17,\"timestamp\":1763888400000,\
             \"headers\":[{\"key\":\"trace\",\"value\":\"a1\"},{\"key\":\"none\",\"value\":null}]}",
        ),
    ] {
        let projection = projection::of_results(text).expect(text);
        assert_eq!(String::from_utf8(sample.projected(&projection)).expect("UTF-8"), format!("{expected}\n"));
    }
    let projection = projection::of_filter("select(.value.x, .value.y.z, .value.x)").expect("a projection");
    assert_eq!(projection.value, ValueProjection::Fields(vec!["x".into(), "y".into()]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn what_a_random_program_names_is_enough_for_it(
        program in random::programs(),
        samples in prop::collection::vec(random::samples(), 8),
    ) {
        for sample in &samples {
            compare_parts(&program, sample);
        }
    }
}
