//! Programs that are refused before anything is read.

use crate::jq::source::{DEEPEST, SHALLOW};
use crate::jq::{Path, Program};

/// Programs of a kind, nested that deep.
fn nested(depth: usize) -> Vec<String> {
    let around = |before: &str, inside: &str, behind: &str| {
        format!("{}{inside}{}", before.repeat(depth), behind.repeat(depth))
    };
    vec![
        around("(", "1", ")"),
        around("[", "", "]"),
        around("{a: ", "1", "}"),
        around(".[", "0", "]"),
        around("map(", ".", ")"),
        around("not | ", "not", ""),
        around(". | ", ".", ""),
        around("1 + ", "1", ""),
        around("1, ", "1", ""),
        around("", "1", " - 1"),
        around("-", "1", ""),
        around("if . then ", ".", " end"),
        around("if ", ".", " then 1 else 2 end"),
        around("if . then 1 elif ", ".", " then 1 end"),
        around("try ", "1", ""),
        around("", ".a", "?"),
        around("reduce ", "1", " as $i (0; .)"),
        around(". as $x | ", ".", ""),
        around(". as [", "$x", "] | ."),
        around("def f: ", "1", "; f"),
        around("label $x | ", "1", ""),
        around("\"\\(", "1", ")\""),
        around("1 and ", "1", ""),
        around("1 // ", "1", ""),
    ]
}

#[test]
fn a_program_that_is_nested_too_deeply_is_refused() {
    for depth in [DEEPEST + 1, 100_000] {
        for program in nested(depth) {
            let words = Program::compile(&program).expect_err(&program[..40]).words;
            assert!(words.starts_with("it is nested deeper than 3000 levels"), "{}: {words}", &program[..40]);
        }
    }
}

#[test]
fn a_program_that_is_nested_as_deeply_as_it_may_overflows_no_stack() {
    let work = || {
        // Some are refused at once, which is as good.
        for depth in [SHALLOW / 2, SHALLOW - 2, DEEPEST / 2, DEEPEST - 2] {
            for program in nested(depth) {
                let _ = Program::compile(&program);
                let _ = Path::parse(&program);
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(work);
    thread.expect("a thread can be had").join().expect("it does not panic");
}

#[test]
fn a_long_program_that_is_not_nested_is_taken() {
    let many = |part: &str, between: &str| vec![part; 3000].join(between);
    for program in [
        format!("{{{}}}", (0..3000).map(|i| format!("a{i}: (.a | .b + {i})")).collect::<Vec<_>>().join(",")),
        format!("\"{}\"", many("((((||||", " ")),
        format!("# {}\n.", many("((((", " ")),
        format!("{} 1", many("def f: 1 + 1;", " ")),
    ] {
        let work = move || Program::compile(&program).map(drop);
        let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(work);
        assert_eq!(thread.expect("a thread can be had").join().expect("it does not panic"), Ok(()));
    }
}

#[test]
fn a_constant_pattern_that_does_not_compile_is_refused() {
    for (program, words) in [
        (r#"test("(")"#, "regular expression `(`: unclosed group"),
        (r#".a | if test("[") then 1 else 2 end"#, "regular expression `[`: unclosed character class"),
        (
            r#"[.[] | select(.x | match("a**b{2,1}"; "g"))]"#,
            "regular expression `a**b{2,1}`: invalid repetition count range, the start must be <= the end",
        ),
        (
            r#"{a: sub("(?=a)"; "b")}"#,
            "regular expression `(?=a)`: look-around, including look-ahead and look-behind, is not supported",
        ),
        (r#"test("(a)\\1")"#, "regular expression `(a)\\1`: backreferences are not supported"),
        (r#"test("a"; "q")"#, "`q` is no flag of regular expressions"),
        (r#""\(split("*"; null))""#, "regular expression `*`: repetition operator missing expression"),
        (r#"def f: capture("\\q"); 1"#, "regular expression `\\q`: unrecognized escape sequence"),
        (r#"test("\\w{1000}{100}")"#, "regular expression `\\w{1000}{100}`: it is too large"),
    ] {
        assert_eq!(Program::compile(program).expect_err(program).words, words, "{program}");
    }
    for program in [r#"test(.a)"#, r#"split("(")"#, r#"def test(f): f; test("(")"#, r#"test("\("(")")"#] {
        assert!(Program::compile(program).is_ok(), "{program}");
    }
}
