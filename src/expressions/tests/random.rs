//! Random programs on random records.

use super::*;
use proptest::prelude::*;
use proptest::sample::select;

fn json() -> impl Strategy<Value = String> {
    let words = vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "1.0",
        "-1.5",
        "2",
        "1e2",
        "9007199254740993",
        "9223372036854775808",
        "1e400",
        "\"\"",
        "\"a\"",
        "\"b\"",
        "\"\\u0061\"",
        "\"ab\"",
        "\"1\"",
        "\"\\n\"",
        "\"é\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
    ];
    let leaf = select(words).prop_map(str::to_owned);
    let name = select(vec!["\"a\"", "\"b\"", "\"\\u0061\"", "\"c d\"", "\"\""]);
    leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec((name.clone(), inner), 0..4).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name} : {value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

pub fn samples() -> impl Strategy<Value = Sample> {
    let object = (json(), json()).prop_map(|(a, b)| format!("{{\"a\":{a},\"b\":{b}}}"));
    let value = prop_oneof![4 => object, 3 => json(), 1 => any::<String>()];
    let key = prop::option::of(select(vec![&b"a"[..], b"k\"", b"\xff", b""]).prop_map(<[u8]>::to_vec));
    let format =
        select(vec![DataFormat::Auto, DataFormat::Auto, DataFormat::Auto, DataFormat::Hex, DataFormat::Text]);
    (prop::option::weighted(0.95, value), key, format).prop_map(|(value, key, value_format)| Sample {
        key,
        value: value.map(String::into_bytes),
        headers: vec![(b"a".to_vec(), Some(b"b".to_vec())), (b"h".to_vec(), Some(b"\xff".to_vec()))],
        value_format,
    })
}

/// Programs of the kind that is translated, and some that are not quite.
pub fn programs() -> impl Strategy<Value = String> {
    let leaf = select(vec![
        ".",
        ".value",
        ".value.a",
        ".value.b",
        ".value.a?",
        ".value.b?",
        ".value?.a?",
        ".value[0]?",
        ".value.a[]?",
        ".value[]?",
        ".value.a.b?",
        ".key",
        ".offset",
        ".timestamp",
        ".headers",
        ".headers[].value",
        ".a?",
        ".b",
        ".[0]?",
        ".[]?",
        ".[-1]",
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "1.0",
        "2.50",
        "1e400",
        "9223372036854775808",
        "\"a\"",
        "\"ab\"",
        "[]",
        "{}",
        "empty",
        "not",
        "length",
        "type",
        "tostring",
        "tonumber",
        "ascii_downcase",
        "ascii_upcase",
        "isnumber",
        "values",
        "nulls",
        "strings",
        "numbers",
        "arrays",
        "objects",
        "any",
        "all",
        "test(\"a\")",
        "test(\"^[ab]+$\"; \"i\")",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 24, 3, |inner| {
        let operators = select(vec![
            "|", "|", "|", ",", "//", "and", "or", "==", "!=", "<", "<=", ">", ">=", "+", "-", "/", "%",
        ]);
        let functions = select(vec![
            "select", "map", "first", "has", "in", "contains", "inside", "startswith", "endswith", "ltrimstr", "rtrimstr", "any",
            "all",
        ]);
        let suffixes = select(vec!["?", ".a", ".a?", ".b", "[0]", "[-1]?", "[]", "[]?", "[\"b\"]"]);
        prop_oneof![
            6 => (inner.clone(), operators, inner.clone()).prop_map(|(left, operator, right)| format!("({left}) {operator} ({right})")),
            3 => (functions, inner.clone()).prop_map(|(name, argument)| format!("{name}({argument})")),
            1 => (select(vec!["any", "all"]), inner.clone(), inner.clone()).prop_map(|(name, generator, condition)| format!("{name}({generator}; {condition})")),
            3 => (inner.clone(), suffixes).prop_map(|(inner, suffix)| format!("({inner}){suffix}")),
            1 => inner.clone().prop_map(|inner| format!("[{inner}]")),
            1 => inner.clone().prop_map(|inner| format!("-({inner})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("{{a: ({one}), b: ({two})}}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(name, value)| format!("{{({name}): ({value}), a: 1}}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(one, two)| format!("\"x\\({one})y\\({two})\"")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(one, two, three)| format!("if {one} then {two} else {three} end")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn a_random_program_says_what_jq_says(
        program in programs(),
        samples in prop::collection::vec(samples(), 10),
    ) {
        let compiled = Program::compile(&program).expect("a program");
        if let Some(expression) = translated(&program) {
            let mut tally = Agreement::default();
            for sample in &samples {
                compare(&program, &expression, &compiled, sample, &mut tally);
            }
        }
    }

    #[test]
    fn a_random_pattern_matches_what_it_matches_for_jq(
        pattern in "[abé.^$|()\\[\\]*+?0-9{},\\\\dwsSbBpL #-]{1,8}",
        flags in select(vec!["", "i", "x", "p", "s"]),
        texts in prop::collection::vec("[abAB 0-9éÉ\n_.#-]{0,6}", 8),
    ) {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let program = format!(".value | test({}; {})", quoted(&pattern), quoted(flags));
        let Ok(compiled) = Program::compile(&program) else { return Ok(()) };
        if let Some(expression) = translated(&program) {
            let mut tally = Agreement::default();
            for text in &texts {
                compare(&program, &expression, &compiled, &Sample::of_value(&quoted(text)), &mut tally);
            }
            prop_assert_eq!(tally.unsure, 0);
        }
    }
}
