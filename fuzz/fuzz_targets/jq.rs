//! Expressions on the bytes of records: whatever they say jq says, too.
#![no_main]

use kcons_fuzz::choices::DataFormat;
use kcons_fuzz::comparison::{Sample, Agreement, NamedExpression, compare, translated};
use kcons_fuzz::jq::Program;
use libfuzzer_sys::fuzz_target;

/// What programs look at.
const PATHS: [&str; 12] = [
    ".value",
    ".value.a",
    ".value.a?",
    ".value.a.b?",
    ".value[0]?",
    ".value[-1]?",
    ".value[]?",
    ".value.a[]?",
    ".value[\"b\"]?",
    ".key",
    ".headers[].value",
    "(.value.a?, .offset)",
];

/// What they do with it.
const USES: [&str; 21] = [
    "P",
    "P == 1.0",
    "P != \"a\"",
    "P < P",
    "[P] >= [null, 2]",
    "P + P",
    "P - 1",
    "P // P // \"none\"",
    "P | length",
    "P | type",
    "P | tostring",
    "P | tonumber",
    "P | contains(\"a\")",
    "P | startswith(\"a\")",
    "P | test(\"^[ab]+$\"; \"i\")",
    "{a: P, (P | tostring): 1}",
    "\"x\\(P)y\"",
    "if P then [P] else empty end",
    "P | has(\"a\")",
    "any(P; . == 1)",
    "map(P)",
];

type Compiled = (String, NamedExpression, Program);

fn compiled(text: &str) -> Option<Compiled> {
    let program = Program::compile(text).ok()?;
    Some((text.to_owned(), translated(text)?, program))
}

thread_local! {
    static PROGRAMS: Vec<Compiled> = {
        let texts = USES.iter().flat_map(|by| PATHS.iter().map(|path| by.replace('P', path)));
        texts.filter_map(|text| compiled(&text)).collect()
    };
}

fuzz_target!(|data: &[u8]| {
    let Some(([first, second], value)) = data.split_first_chunk() else { return };
    let choice = usize::from(u16::from_be_bytes([*first, *second]));
    PROGRAMS.with(|programs| match programs.get(choice) {
        Some(program) => check(program, value),
        None => {
            // A program of its own, a zero byte, and the value.
            let Some(end) = value.iter().position(|byte| *byte == 0) else { return };
            let text = std::str::from_utf8(&value[..end]).ok();
            if let Some(program) = text.and_then(compiled) {
                check(&program, &value[end + 1..]);
            }
        }
    });
});

fn check((text, expression, program): &Compiled, value: &[u8]) {
    let sample = Sample {
        key: value.get(..3).map(<[u8]>::to_vec),
        value: Some(value.to_vec()),
        headers: vec![(b"h".to_vec(), value.get(1..5).map(<[u8]>::to_vec))],
        value_format: DataFormat::Auto,
    };
    compare(text, expression, program, &sample, &mut Agreement::default());
}
