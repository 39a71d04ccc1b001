//! Programs, what they yield, and what is said of wrong ones.

mod answers;
mod limits;
mod same;

use super::*;
use std::time::{Duration, Instant};

fn results(program: &str, json: &str) -> Result<Vec<String>, String> {
    let mut results = Vec::new();
    Program::compile(program).map_err(|error| error.words)?.run(
        json.as_bytes(),
        &Watch::default(),
        |result| {
            results.push(result.json());
            ControlFlow::Continue(())
        },
    )?;
    Ok(results)
}

#[test]
fn programs_yield_compact_json_with_digits_untouched() {
    for (program, json, expected) in [
        (".", r#"{"b": 1, "a": [true, null]}"#, &[r#"{"b":1,"a":[true,null]}"#][..]),
        (".id", r#"{"id":12345678901234567890123}"#, &["12345678901234567890123"]),
        (".", "1.10", &["1.10"]),
        (".", "1e3", &["1e3"]),
        (".a + 1", r#"{"a":9007199254740993}"#, &["9007199254740994"]),
        (".[]", "[1,2]", &["1", "2"]),
        ("empty", "1", &[]),
        ("6 / 2, 1 / 4, nan, infinite", "0", &["3", "0.25", "null", "1.7976931348623157e+308"]),
        (".", r#""a\n\u0000\"é""#, &[r#""a\n\u0000\"é""#]),
        (r#"select(.value.kind == "paid") | .offset"#, r#"{"value":{"kind":"paid"},"offset":7}"#, &["7"]),
        (
            ".headers | map({(.key): .value}) | add",
            r#"{"headers":[{"key":"a","value":"1"}]}"#,
            &[r#"{"a":"1"}"#],
        ),
        (r#".key | test("^a")"#, r#"{"key":"abc"}"#, &["true"]),
        (".value.id // .key", r#"{"value":null,"key":"k"}"#, &[r#""k""#]),
        ("$ENV | type, (env | type)", "0", &[r#""object""#, r#""object""#]),
        ("limit(2; repeat(1))", "0", &["1", "1"]),
        ("now > 0", "0", &["true"]),
        ("[paths]", r#"{"a":[1]}"#, &[r#"[["a"],["a",0]]"#]),
        ("debug", "1", &["1"]),
        (r#"@csv"#, r#"["a\"b",1,null,true]"#, &[r#""\"a\"\"b\",1,,true""#]),
        (r#"@tsv"#, r#"["a\tb\\","c"]"#, &[r#""a\\tb\\\\\tc""#]),
        (r#"@sh"#, r#"["a'b",1]"#, &[r#""'a'\\''b' 1""#]),
        ("@base64, @uri, @json", "\"a b\"", &["\"YSBi\"", "\"a%20b\"", r#""\"a b\"""#]),
    ] {
        let expected = expected.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(results(program, json), Ok(expected), "{program}");
    }
}

#[test]
fn a_wrong_program_is_told_in_one_line_with_the_place() {
    for (program, expected) in [
        ("", "it ends where a value is expected"),
        (".a |", "it ends where a value is expected"),
        (".a.", "it ends where a key is expected"),
        (".a | / 5", "expected a value at character 6, not `/`"),
        (".a 5", "unexpected `5` at character 4"),
        (".a | )", "unexpected `)` at character 6"),
        ("(.a", "expected closing parenthesis at the end"),
        (".a == \"x", "expected closing quote at the end"),
        ("äß | foo", "unexpected `äß` at character 1"),
        (".a | foo", "no function `foo` at character 6"),
        ("foo(1)", "no function `foo` with 1 argument at character 1"),
        ("map(1; 2)", "no function `map` with 2 arguments at character 1"),
        ("$x", "no variable `$x` at character 1"),
        ("input", "no function `input` at character 1"),
        ("inputs", "no function `inputs` at character 1"),
        ("include \"x\"; .", "modules cannot be loaded: `x`"),
    ] {
        assert_eq!(Program::compile(program).expect_err(program).words, expected, "{program}");
    }
}

#[test]
fn what_another_language_writes_gets_what_jq_writes() {
    for (program, hint) in [
        ("value.id==5", Some("did you mean `.value`?")),
        (".a | select(key == 1)", Some("did you mean `.key`?")),
        ("value(1)", None),
        ("$value", None),
        ("foo", None),
        (".a == 'x y'", Some("a string has double quotes: `\"x y\"`")),
        (".a == 'x", Some("a string has double quotes")),
        (".a == 1 && .b", Some("jq writes `and`")),
        (".a AND .b", Some("jq writes `and`")),
        (".a || .b", Some("jq writes `or`")),
        (".a === 5", Some("jq writes `==`")),
        (".a <> 5", Some("jq writes `!=`")),
        ("!.a", Some("jq writes `| not`")),
        (".a >", None),
        (".a 5", None),
    ] {
        assert_eq!(Program::compile(program).expect_err(program).hint.as_deref(), hint, "{program}");
    }
}

#[test]
fn a_failure_while_running_has_the_words_of_jq() {
    for (program, json, expected) in [
        (".a", "1", "cannot index 1 with \"a\""),
        ("error", "\"own words\"", "own words"),
        ("error", "\"two\\nlines\"", "two\\nlines"),
        ("fromjson", "\"x\"", "cannot parse \"x\" as JSON: "),
        ("halt", "1", "the program halted with 0"),
        ("halt_error", "1", "the program halted with 5"),
        (".", "{", "not JSON: byte offset 1: value or end of sequence expected"),
    ] {
        let failure = results(program, json).expect_err(program);
        assert!(failure.contains(expected), "{program}: {failure}");
    }
}

#[test]
fn a_record_passes_if_any_result_is_neither_false_nor_null() {
    for (program, expected) in [
        ("true", true),
        ("false", false),
        ("null", false),
        ("empty", false),
        ("0", true),
        ("\"\"", true),
        ("false, 1", true),
        ("repeat(1)", true),
        (".a == 1", true),
        (".b.c.d", false),
    ] {
        let program = Program::compile(program).expect(program);
        assert_eq!(program.is_true(br#"{"a":1}"#, &Watch::default()), Ok(expected), "{program:?}");
    }
    assert!(Program::compile(".a.b").unwrap().is_true(br#"{"a":1}"#, &Watch::default()).is_err());
}

#[test]
fn an_event_id_is_one_result_that_is_not_null() {
    for (program, expected) in [
        (".s", EventId::One("x y".to_owned())),
        (".n", EventId::One("12345678901234567890".to_owned())),
        ("[.s, 1]", EventId::One(r#"["x y",1]"#.to_owned())),
        ("false", EventId::One("false".to_owned())),
        (".none", EventId::None(NoId::Null)),
        ("empty", EventId::None(NoId::Nothing)),
        (".s, .n", EventId::None(NoId::Several)),
        ("null, 1", EventId::None(NoId::Several)),
        ("repeat(1)", EventId::None(NoId::Several)),
    ] {
        let id = Program::compile(program)
            .expect(program)
            .id(br#"{"s":"x y","n":12345678901234567890}"#, &Watch::default());
        assert_eq!(id, Ok(expected), "{program}");
    }
}

#[test]
fn a_record_nested_without_end_is_an_error_and_does_not_exhaust_the_stack() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(results("flatten[0]", &nested(DEEPEST)), Ok(vec!["1".to_owned()]));
    assert!(results(".", &nested(DEEPEST + 1)).is_err_and(|words| words.contains("nested deeper")));
    assert!(results(".", &nested(1_000_000)).is_err());
    assert_eq!(results("length", &format!("\"\\\"{}\"", "[".repeat(5000))), Ok(vec!["5001".to_owned()]));
}

#[test]
fn a_number_of_very_many_digits_is_an_error_before_it_is_read() {
    let million = "7".repeat(1_000_000);
    for (json, is_refused) in [
        (format!(r#"{{"id":{million}}}"#), true),
        (format!("-{million}"), true),
        (format!("[1.{million}]"), true),
        (format!("[{}.{}e5]", "1".repeat(600), "2".repeat(600)), true),
        (format!("1e{million}"), true),
        (format!("[{}]", vec!["7".repeat(LONGEST_NUMBER); 50].join(",")), false),
        (format!("[1{}]", ",1".repeat(5000)), false),
        (format!(r#"["{million}","\"{million}"]"#), false),
        (format!(r#"{{"{million}":{{"a":1}}}}"#), false),
        ("1e999999999999".to_owned() + &" ".repeat(2000), false),
    ] {
        let started = std::time::Instant::now();
        let outcome = results("empty", &json);
        match is_refused {
            true => assert_eq!(outcome, Err("the record has a number of more than 1000 digits".to_owned())),
            false => assert_eq!(outcome, Ok(Vec::new())),
        }
        assert!(started.elapsed().as_secs() < 30, "{}", &json[..20]);
    }
}

#[test]
fn a_text_that_a_program_reads_has_the_same_bounds() {
    let text = format!("\"{}\"", "7".repeat(1_000_000));
    for program in ["tonumber", "fromjson", "\"[\" + . + \"]\" | fromjson"] {
        let words = results(program, &text).expect_err(program);
        assert!(words.ends_with("has a number of more than 1000 digits"), "{words}");
    }
    let deep = format!("\"{}\"", "[".repeat(1_000_000));
    assert!(results("fromjson", &deep).is_err_and(|words| words.contains("is nested deeper than")));
    assert_eq!(results("map(tonumber)", r#"["1.10","-3",4]"#), Ok(vec!["[1.10,-3,4]".to_owned()]));
    assert!(results("fromjson", "\"1 }\"").is_err_and(|words| words.starts_with("cannot parse")));
    assert!(results("fromjson", "1").is_err_and(|words| words == "cannot use 1 as string"));
}

#[test]
fn what_a_failure_quotes_is_short_and_on_one_line() {
    let words = results(".value.x", &format!(r#"{{"value":"\u009b\u202e{}"}}"#, "0".repeat(100_000)));
    let words = words.expect_err("a string has no fields");
    assert!(
        words.chars().count() < 300 && words.starts_with(r#"cannot index "\u{9b}\u{202e}000"#),
        "{words}"
    );
    assert!(words.ends_with(r#"000" with "x""#) && words.contains('…'), "{words}");
}

#[test]
fn a_program_may_go_to_another_thread() {
    fn goes<T: Send>(_: T) {}
    goes(Program::compile(".").unwrap());
}

/// What comes of a program on a thread of its own that is told to stop after that long.
fn watched(program: &str, json: &str, limit: Duration) -> Result<bool, String> {
    let watch = Arc::new(Watch::default());
    let (program, json) = (Program::compile(program).expect(program), json.to_owned());
    let thread = {
        let watch = Arc::clone(&watch);
        let work = move || {
            watch.enter();
            watch.run(7, json.len(), || program.is_true(json.as_bytes(), &watch))
        };
        std::thread::Builder::new().stack_size(STACKS[0]).spawn(work).expect("a thread can be had")
    };
    let deadline = Instant::now() + limit;
    while !thread.is_finished() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    watch.stop(7);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !thread.is_finished() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(thread.is_finished(), "it went on");
    thread.join().expect("no panic gets out")
}

#[test]
fn a_program_that_does_not_end_is_ended() {
    for program in [
        "repeat(false)",
        "def f: f; f",
        "last(repeat(1))",
        "[limit(1; range(1e15) | select(. < 0))]",
        "until(false; .)",
        "reduce range(1e15) as $i (0; . + $i)",
        "first(repeat(1) | select(. == 2))",
        "[.[] | repeat(empty)]",
        "range(1e15) | select(false)",
        "any(range(1e15); false)",
        "all(repeat(true); .)",
        "try repeat(error) catch repeat(false)",
        "label $out | foreach range(1e15) as $i (0; .; empty)",
        ".[0] |= repeat(empty)",
        "isempty(repeat(empty))",
        "while(true; .) | select(false)",
        "[recurse(if . == [] then . else [] end; true)] | length",
    ] {
        let outcome = watched(program, "[1]", Duration::from_millis(100));
        let is_ended =
            |words: &str| words.starts_with("it took longer") || words.starts_with("it took more than");
        assert!(outcome.as_ref().is_err_and(|words| is_ended(words)), "{program}: {outcome:?}");
    }
}

#[test]
fn a_program_that_takes_too_much_memory_is_ended() {
    let program = "def grow: . + . | grow; \"0123456789\" | grow";
    let outcome = watched(program, "1", Duration::from_secs(60));
    assert_eq!(outcome, Err("it took more than 128 MiB of memory".to_owned()));
    // A record may take what its size needs.
    let large = format!("[{}]", vec!["{\"a\":1}"; 400_000].join(","));
    assert_eq!(watched("map(.a) | add == 400000", &large, Duration::from_secs(60)), Ok(true));
}

#[test]
fn values_that_a_program_nests_as_deeply_as_memory_allows_are_dropped() {
    for program in [
        "reduce range(1000000) as $i (null; [.]) | false",
        "reduce range(200000) as $i (null; [.]) | . == .",
        "reduce range(200000) as $i (null; {a: .}) | tojson | false",
    ] {
        let outcome = watched(program, "1", Duration::from_secs(60));
        let is_ended = outcome.as_ref().is_err_and(|words| words.starts_with("it took more than"));
        assert!(outcome.is_ok() || is_ended, "{program}: {outcome:?}");
    }
}

#[test]
fn a_program_that_calls_itself_too_deeply_is_ended() {
    for program in ["def f: 1 + f; f", "def f: [f]; f", "def f: f | .; f"] {
        let outcome = watched(program, "1", Duration::from_secs(10));
        assert!(outcome.is_err(), "{program}: {outcome:?}");
    }
    let deep = "reduce range(100000) as $i (null; [.]) | [recurse(.[]?)] | length > 1";
    assert_eq!(watched(deep, "1", Duration::from_secs(20)), Ok(true));
}
