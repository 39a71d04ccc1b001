//! Programs and records that somebody thought of.

use super::*;

/// Programs that are translated.
const TRANSLATED: &[&str] = &[
    ".value",
    ".value.a",
    ".value.a.b",
    ".value.a?",
    ".value?.a?.b?",
    ".value[\"a\"]",
    ".value[\"a\\u0062\"]",
    ".value | .a",
    ".value.a | .b",
    ".value[0]",
    ".value[-1]",
    ".value[1]?",
    ".value.a[0]",
    ".value[0].a",
    ".value[]",
    ".value[]?",
    ".value.a[]?",
    ".value[].a",
    ".value[].a?",
    ".value.\"a b\"",
    ".key",
    ".key?",
    ".topic, .partition, .offset, .timestamp",
    ".headers",
    ".headers[]",
    ".headers[0].value",
    ".headers[] | select(.key == \"trace\") | .value",
    ".headers | map({(.key): .value})",
    ".headers | length",
    "null, true, false, 1, -1, 1.0, -1.50, 1e3, 12345678901234567890, -12345678901234567890, \"a\\n\\u0041\"",
    "[]",
    "{}",
    "[.value]",
    "[.value[]?]",
    "{a: .value}",
    "{a: .value.a?, b: .offset}",
    "{offset}",
    "{value, key}",
    "{\"a b\": 1, c: 2, \"a b\": 3}",
    "{(.key): .value}",
    "{(.key, \"x\"): (1, 2), y: (3, 4)}",
    "{a: (1, 2)} | .a",
    ".value == 1",
    ".value == 1.0",
    ".value == -0",
    ".value != \"A\"",
    ".value < 1",
    ".value <= \"b\"",
    ".value > 10000000000000000000000",
    ".value >= null",
    ".value == []",
    ".value == {}",
    ".value < {}",
    ".value.a == .value.b",
    ".value.a? < .value.b?",
    ".value == (1, 2, \"a\")",
    "(.value, .key) == (.key, .value)",
    ".value and true",
    ".value.a? and .value.b?",
    ".value or .key",
    "(true, false) and (true, false)",
    "(true, false) or (true, false)",
    ".value | not",
    ".value // 7",
    ".value.a? // .value.b? // \"none\"",
    "(.value, .key, null, false) // 1",
    "empty // 1",
    "(null, false) // empty",
    "select(.value)",
    "select(.value == 1) | .offset",
    "select(.value.a?) | .value.a",
    ".value | select(. > 0)",
    "(select(.offset > 1), .key) | .value?",
    "[select(.offset > 1)] | .[0].value",
    "if .value then .value else .key end",
    "if .value == 1 then \"one\" elif .value == 2 then \"two\" else \"many\" end",
    "if .value then .key end | .offset?",
    "if (true, false) then 1 else 2 end",
    ".value | test(\"a\")",
    ".value | test(\"^a.*b$\"; \"i\")",
    ".value | test(\"[0-9]{2,}|\\\\d\\\\.\")",
    ".value? | test(\"A\")?",
    ".value | test(\"\\\\p{L}\")",
    ".value | test(\"\\\\w\\\\b\")",
    ".value | test(\"É\"; \"i\")",
    ".value | test(\"a b\"; \"x\")",
    ".value | test(\"(?i)a\")",
    ".value | startswith(\"a\")",
    ".value | endswith(\"b\", \"c\")",
    ".value | contains(\"b\")",
    ".value | contains(1)",
    ".value | contains(\"b\", null)",
    ".value | contains(null, true)?",
    ".value[0]?, .value.a[0]?",
    "(.value | ltrimstr(1)), (.value | rtrimstr(null))",
    ".value / 0?",
    ".value % 1.5?",
    ".value | tonumber? // 7",
    ".value | ltrimstr(\"a\")",
    ".value | rtrimstr(\"b\")",
    ".value | ascii_downcase",
    ".value | ascii_upcase",
    ".value | length",
    ".value.a? | length",
    ".value[]? | length?",
    ".value | has(\"a\")",
    ".value | has(0)",
    ".value | has(-1)",
    ".value | has(\"a\", \"b\")?",
    "\"a\" | in({\"a\": 1})",
    ".value | in({\"a\": 1, \"b\": 2})?",
    "\"a\" | inside(\"abc\")",
    ".value | type",
    ".value | tostring",
    ".value | tonumber?",
    ".value | isnumber, isstring, isboolean, isarray, isobject",
    ".value | values",
    ".value | nulls",
    ".value[]? | numbers",
    ".value[]? | strings, booleans, arrays, objects",
    ".value | map(. == 1)",
    ".value | map(.a)?",
    ".value | any",
    ".value | all",
    ".value | any(. == 1)",
    ".value | all(. == 1)",
    "any(.value[]?; . > 1)",
    "all(.value[]?; . > 1)",
    "any(.value[]; . > 1, .a)?",
    "first(.value[]?)",
    "first(.value[]?, 1)",
    "first(empty)",
    "\"\\(.key): \\(.value)\"",
    "\"a\\(1, 2)b\\(3, 4)\"",
    "\"\\(.value)\"",
    ".value + 1",
    ".value - 1",
    ".value * 2",
    ".value / 2",
    ".value % 2",
    ".value % 0",
    "1 / 0",
    ".value + null",
    ".value + \"x\"",
    ".key + .value",
    ".value + .value",
    "-.value",
    "-(.offset)",
    "(.value.a, 1)?",
    "(1, .value.a, 2)?",
    "[(1, .value.a, 2)?]",
    "(.value.a?) == empty",
    "(.key)? | .a",
    "(.value)? | .a.b",
    "(.value.a == empty)?",
    "((.value.a == empty), 1)?",
    "((.value.a + (empty, 1)), 1)?",
    "({a: .value.a, b: empty}, 1)?",
    "({(.key): .value.a, b: select(.offset == 1)}, 1)?",
    "(1 / .value)?",
    "((.value | startswith(\"a\")) == (empty, 1))?",
    "({a: .value.a, b: empty})?",
    "({a: .value.a, b: 1})?",
    "([.value.a, 1] | first(.[]))?",
    "(.value | select(.a))? | .b?",
    ". | .offset",
    ".offset | . + 1 | tostring",
    "[.offset, .partition] | .[1]",
    "{a: {b: .offset}} | .a.b, .a[\"c\"], .a",
    "[1, [2]] | .[1][0], .[2], .[-1], .[-3], length",
    "{a: 1} | has(\"a\"), has(\"b\"), length, .[0]?",
    "[3, 4] | has(1), has(2), has(-2), has(-3)",
    "\"é\\u0000\" | length, .",
    "[.value[]? | select(type == \"number\")]",
];

/// Programs for which jq is asked.
const NOT_TRANSLATED: &[&str] = &[
    "..",
    ".value as $v | $v",
    "def f: 1; f",
    "def select(f): 5; select(false)",
    "reduce .value[] as $x (0; . + $x)",
    ".value | keys",
    ".value | test(.key)",
    ".value | test(\"a\"; \"g\")",
    ".value | test([\"a\", \"i\"])",
    ".value | test(\"a\"; null)",
    ".value | test(\"\\\\B\")",
    ".value[1:]",
    ".value[1.5]",
    ".value[.offset]",
    ".nothing",
    ".value_encoding",
    "try .value.a catch .",
    "$ENV | type",
    "now",
    "@base64 \"\\(.key)\"",
    ".value = 1",
    "error",
    "limit(1; .value[])",
    "label $out | break $out",
];

/// JSON texts of all kinds, and texts that are none.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "2",
    "-1",
    "1.0",
    "1.50",
    "-0.0",
    "0e0",
    "1e3",
    "1E+2",
    "1e1000",
    "-1e1000",
    "1e-1000",
    "9007199254740993",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "10000000000000000000000",
    "-10000000000000000000000",
    "0.1",
    "100000000000000000000.5",
    "\"\"",
    "\"a\"",
    "\"A\"",
    "\"\\u0041\"",
    "\"ab\"",
    "\"a\\\\b\\n\\\"\\/\\u00e9\\ud83d\\ude00\"",
    "\"a\\u0000b\"",
    "\"12.5\"",
    "\"é\"",
    "[]",
    "[ ]",
    "[1]",
    "[1,2,3]",
    "[null,false]",
    "[1,\"a\",null,true,[2],{\"a\":1}]",
    "[[1],[2]]",
    "[{\"a\":1},{\"a\":\"x\"}]",
    "{}",
    "{ }",
    "{\"a\":1}",
    "{\"a\":null}",
    "{\"a\":false,\"b\":1}",
    "{\"a\":1,\"b\":1.0}",
    "{\"a\":\"x\",\"b\":\"\\u0078\"}",
    "{\"a\":{\"b\":[1,2]}}",
    "{\"a\":[1,2],\"b\":[1,2]}",
    "{\"a\":1,\"a\":2}",
    "{\"\\u0061\":5}",
    "{\"a\":1,\"\\u0061\":2}",
    "{\"a b\":1,\"c\":[ 1 , {\"d\" : -0} ]}",
    "{\"ab\":\"b\"}",
    " {\n \"a\" : \"x\\ty\" ,\r\n \"b\":[ ]\t}\n",
    "{\"\":1}",
    "{\"a\":{\"a\":{\"a\":1}}}",
    "{\"a\":\"a\\\\\"}",
    "\"\\\\\"",
    "{\"\\\\\":1}",
    "plain text",
    "",
    " ",
    "{",
    "{\"a\":1",
    "{'a':1}",
    "[1,]",
    "01",
    "NaN",
    "1 2",
    "\"\\ud800\"",
    "nul",
    "\u{feff}{}",
    "{\"a\":1}x",
    "[\"\t\"]",
    "\u{0}\u{1b}\"\\",
];

pub fn samples() -> Vec<Sample> {
    let mut samples: Vec<Sample> = VALUES.iter().map(|value| Sample::of_value(value)).collect();
    let one = Sample::of_value("{\"a\":1}");
    samples.push(Sample { key: None, value: None, headers: Vec::new(), ..one.clone() });
    samples.push(Sample { key: Some(b"\xff".to_vec()), value: Some(b"\xffa".to_vec()), ..one.clone() });
    samples.push(Sample { value_format: DataFormat::Hex, ..one.clone() });
    samples.push(Sample { value_format: DataFormat::Text, ..one.clone() });
    samples.push(Sample { headers: vec![(b"\xfe".to_vec(), Some(b"\xff".to_vec()))], ..one.clone() });
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let long = format!("{{\"a\":{}}}", "7".repeat(1001));
    samples.extend([deep(200), deep(201), long].map(|text| Sample::of_value(&text)));
    samples
}

#[test]
fn a_translated_program_says_of_every_record_what_jq_says() {
    let samples = samples();
    let mut tally = Agreement::default();
    for text in TRANSLATED {
        let expression = translated(text).unwrap_or_else(|| panic!("{text} is not translated"));
        let program = Program::compile(text).expect(text);
        for sample in &samples {
            compare(text, &expression, &program, sample, &mut tally);
        }
    }
    // Most of what is not known are failures, which jq finds words for.
    assert!(tally.same > 2 * tally.unsure, "{tally:?}");
}

#[test]
fn a_program_that_only_jq_can_run_is_left_to_it() {
    for text in NOT_TRANSLATED {
        assert!(translated(text).is_none(), "{text}");
        Program::compile(text).expect(text);
    }
}

#[test]
fn a_record_with_a_number_of_very_many_digits_is_left_to_jq() {
    for (digits, is_known) in [(998, true), (1001, false), (5000, false)] {
        let value = format!(
            "{{\"a\":1,\"b\":[{}-{}.{}]}}",
            "1,".repeat(700),
            "7".repeat(500),
            "7".repeat(digits - 500)
        );
        let sample = Sample::of_value(&value);
        for text in [".value.a", ".value", ".key", "true"] {
            let expression = translated(text).unwrap_or_else(|| panic!("{text}"));
            for outcome in sample.evaluated(&expression) {
                assert_eq!(outcome.is_ok(), is_known, "{text} {digits}");
            }
        }
    }
}

#[test]
fn only_the_parts_that_a_program_names_are_needed() {
    for (text, key, value, headers) in [
        (".offset, .topic, .partition, .timestamp", false, false, false),
        (".key", true, false, false),
        (".value.a == 1", false, true, false),
        (".headers[0]", false, false, true),
        ("select(.key == \"a\") | .offset", true, false, false),
        ("{key, offset}", true, false, false),
        ("{a: .} | .a.offset", true, true, true),
        ("[select(.offset > 1)] | .[0].offset", true, true, true),
        ("if .offset then . else .key end", true, true, true),
    ] {
        let parts = translated(text).unwrap_or_else(|| panic!("{text}")).expression.parts();
        assert_eq!(parts, Parts { key, value, headers }, "{text}");
    }
}
