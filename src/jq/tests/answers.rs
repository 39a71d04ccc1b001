//! More programs that yield what jq yields for them, and how long it takes.

use super::results;
use super::same::check;
use super::watched;
use std::time::Duration;

#[test]
fn rows_and_words_are_made_of_what_jq_takes() {
    check(&[
        ("@csv", r#"[null,true,1.50,"a\"b","c\u0000"]"#, Some(&[r#"",true,1.50,\"a\"\"b\",\"c\\0\"""#])),
        ("[nan] | @csv, @tsv", "null", Some(&[r#""""#, r#""""#])),
        ("@csv, @tsv, @sh", "[]", Some(&[r#""""#, r#""""#, r#""""#])),
        ("@tsv", r#"[null,true,"a\tb\\c\nd\re"]"#, Some(&[r#""\ttrue\ta\\tb\\\\c\\nd\\re""#])),
        ("@sh", r#"["a'b",null,true,1]"#, Some(&[r#""'a'\\''b' null true 1""#])),
        ("@sh", r#""a b""#, Some(&[r#""'a b'""#])),
        (r#"@csv "\(.)!", @sh "echo \(.)""#, r#"["a",1]"#, Some(&[r#""\"a\",1!""#, r#""echo 'a' 1""#])),
        ("@csv", "[[1]]", None),
        ("@csv", r#"{"a":1}"#, None),
        ("@tsv", r#""a""#, None),
        ("@sh", "[[1]]", None),
        ("try @csv catch .", "[[1]]", Some(&[r#""array ([1]) is not valid in a csv row""#])),
        ("try @tsv catch .", r#"[{"a":1}]"#, Some(&[r#""object ({\"a\":1}) is not valid in a csv row""#])),
        (
            "try @csv catch .",
            r#""abcdefghijklmnop""#,
            Some(&[r#""string (\"abcdefghij...) cannot be csv-formatted, only array""#]),
        ),
        ("try @sh catch .", r#"{"a":1}"#, Some(&[r#""object ({\"a\":1}) can not be escaped for shell""#])),
        ("join(1)", "[]", Some(&[r#""""#])),
        ("join(1)", r#"["a"]"#, Some(&[r#""a""#])),
        ("join(1)", r#"["a","b"]"#, None),
        ("join(null)", r#"["a","b"]"#, Some(&[r#""ab""#])),
        ("join(\",\")", r#"{"a":"x","b":"y"}"#, Some(&[r#""x,y""#])),
        ("implode", "[97,1.5,-1,55296,1114112]", Some(&[r#""a\u0001���""#])),
        ("implode", r#"["a"]"#, None),
        ("implode", r#""a""#, None),
    ]);
}

#[test]
fn what_matches_is_replaced() {
    check(&[
        (
            r#"[gsub("X"; "1", "2")], [sub("X"; "1", "2")]"#,
            r#""aXbX""#,
            Some(&[r#"["a1b1","a2b2"]"#, r#"["a1bX","a2bX"]"#]),
        ),
        (
            r#"gsub("X"; empty), gsub("Y"; 1), gsub("X"; null)"#,
            r#""aXbX""#,
            Some(&[r#""aXbX""#, r#""aXbX""#, r#""ab""#]),
        ),
        (r#"gsub("(?<x>X)(?<y>Y)?"; .x + (.y // "n"))"#, r#""aXbXY""#, Some(&[r#""aXnbXY""#])),
        (
            r#"gsub(""; "-"), gsub("^"; "-"), gsub("(X)"; tojson)"#,
            r#""aX""#,
            Some(&[r#""-a-X-""#, r#""-aX""#, r#""a{}""#]),
        ),
        (r#"gsub("x"; "y"; "i"), sub("x"; "y"; "gi")"#, r#""Xx""#, Some(&[r#""yy""#, r#""yy""#])),
        (r#"gsub("X"; 1)"#, r#""aX""#, None),
        (r#"gsub("X"; "y")"#, "1", None),
    ]);
}

#[test]
fn texts_of_many_parts_are_made_in_time_and_memory_that_grow_with_them() {
    let text = format!(r#""{}""#, r#"a\"x\n"#.repeat(250_000));
    for program in [
        "[.] | @csv | length == 1250002",
        "[.] | @tsv | length > 1000000",
        "@sh | length == 1000002",
        "@html | length > 1000000",
        r#"gsub("\n"; " ") | length == 1000000"#,
        r#"gsub("(?<q>x)"; .q + "!") | length == 1250000"#,
        r#"[splits("x")] | length == 250001"#,
        "explode | implode | length == 1000000",
        r#"split("x") | join("y") | length == 1000000"#,
        "tojson | fromjson | length == 1000000",
        "ascii_downcase | ltrimstr(\"a\") | length == 999999",
    ] {
        assert_eq!(watched(program, &text, Duration::from_secs(60)), Ok(true), "{program}");
    }
}

#[test]
fn dates_are_those_of_the_c_library() {
    check(&[
        (
            "todate, todateiso8601",
            "1700000099.001",
            Some(&[r#""2023-11-14T22:14:59Z""#, r#""2023-11-14T22:14:59Z""#]),
        ),
        ("gmtime", "1700000000.75", Some(&["[2023,10,14,22,13,20.75,2,317]"])),
        ("gmtime | mktime, todate", "1700000000.75", Some(&["1700000000", r#""2023-11-14T22:13:20Z""#])),
        ("todate", "1700000000000", Some(&[r#""55840-11-08T22:13:20Z""#])),
        ("todate", "-1", Some(&[r#""1969-12-31T23:59:59Z""#])),
        ("fromdate, fromdateiso8601", r#""2015-03-05T23:51:47Z""#, Some(&["1425599507", "1425599507"])),
        ("fromdate", r#""2015-02-30T23:51:47Z""#, Some(&["1425340307"])),
        ("fromdate", r#""2015-03-05T23:51:47.123Z""#, None),
        ("fromdate", r#""2015-03-05T23:51:47+01:00""#, None),
        ("fromdate", "null", None),
        (
            "try fromdate catch .",
            r#""x""#,
            Some(&[r#""date \"x\" does not match format \"%Y-%m-%dT%H:%M:%SZ\"""#]),
        ),
        (
            "dateadd(\"seconds\"; 10), datesub(\"seconds\"; 10) | date",
            "10",
            Some(&[r#""1970-01-01T00:00:20Z""#, r#""1970-01-01T00:00:00Z""#]),
        ),
        (
            "strftime(\"%c\"), strftime(\"%A %j %H:%M %Z %z\")",
            "1700000000",
            Some(&[r#""Tue Nov 14 22:13:20 2023""#, r#""Tuesday 318 22:13 UTC +0000""#]),
        ),
        ("strftime(\"\"), strftime(\"%Q\")", "0", Some(&[r#""""#, r#""%Q""#])),
        (
            "[2024,1,10,15,0,51.9,0,0] | mktime, todate",
            "null",
            Some(&["1707577251", r#""2024-02-10T15:00:51Z""#]),
        ),
        ("[2024,1,45,15,0,51,0,0] | todate", "null", Some(&[r#""2024-03-16T15:00:51Z""#])),
        (
            "strptime(\"%Y-%m\"), (strptime(\"%Y-%m\") | mktime)",
            r#""2015-03""#,
            Some(&["[2015,2,0,0,0,0,6,58]", "1425081600"]),
        ),
        ("strptime(\"%H:%M\")", r#""10:20""#, Some(&["[1900,0,0,10,20,0,8,367]"])),
        ("strptime(\"%Y\")", r#""2015 x""#, Some(&[r#"[2015,0,0,0,0,0,3,-1," x"]"#])),
        ("strptime(\"%d %b %Y\")", r#""10 Mar 2015""#, Some(&["[2015,2,10,0,0,0,2,68]"])),
        ("strptime(\"%Y\")", "1", None),
        ("todate", r#""a""#, None),
        ("try todate catch .", "null", Some(&[r#""strftime/1 requires parsed datetime inputs""#])),
        ("try gmtime catch .", "null", Some(&[r#""gmtime() requires numeric inputs""#])),
        (
            "try todate catch .",
            "1e18",
            Some(&[r#""error converting number of seconds since epoch to datetime""#]),
        ),
        ("nan | todate", "null", None),
        ("infinite | todate", "null", None),
        ("[2024,1,10] | mktime", "null", None),
        ("mktime", r#""a""#, None),
        ("strftime(1)", "0", None),
    ]);
    // The local time depends on where this runs.
    assert!(results("strflocaltime(\"%c\") | length", "0").is_ok_and(|length| length == ["24"]));
    assert_eq!(results("[1e9, 17e8] | map(localtime | length)", "0"), Ok(vec!["[8,8]".to_owned()]));
}

#[test]
fn arrays_are_those_of_jq() {
    check(&[
        ("flatten(1), flatten", "[]", Some(&["[]", "[]"])),
        ("flatten", r#"{"a":[1,[2]]}"#, Some(&["[1,2]"])),
        ("flatten(0), flatten(1), flatten(1.5)", "[1,[[2]]]", Some(&["[1,[[2]]]", "[1,[2]]", "[1,2]"])),
        ("flatten", "null", None),
        ("flatten", r#""x""#, None),
        ("flatten(-1)", "[1]", None),
        ("flatten(null)", "[1]", None),
        ("map(reverse)", r#"[null,0,"",{},[1,2]]"#, Some(&["[[],[],[],[],[2,1]]"])),
        (".[] | try reverse catch 0", r#"["abc",1,{"a":1},true]"#, Some(&["0", "0", "0", "0"])),
        ("combinations", "null", Some(&["[]"])),
        ("[combinations], [.[1] | combinations(2)]", "[[1,2],[3]]", Some(&["[[1,3],[2,3]]", "[[3,3]]"])),
        ("[combinations(2)]", "[0,1]", Some(&["[[0,0],[0,1],[1,0],[1,1]]"])),
        ("transpose", "[]", Some(&["[]"])),
        ("transpose", "[[1],[2,3]]", Some(&["[[1,2],[null,3]]"])),
        (
            "[range(0; 10; 0)], [range(0; 1; 0.3)], [range(3; 0; -1)]",
            "null",
            Some(&["[]", "[0,0.3,0.6,0.8999999999999999]", "[3,2,1]"]),
        ),
        ("try range(\"a\") catch .", "null", Some(&[r#""Range bounds must be numeric""#])),
        ("[range(null; 3)]", "null", None),
        ("[range(0; \"a\")]", "null", None),
        ("indices([]), .[[]], .[[1]]", "[3,1]", Some(&["[]", "[]", "[1]"])),
        ("sort_by(-.)", "[1,2]", Some(&["[2,1]"])),
        ("sort_by(-.)", r#"["s"]"#, None),
        ("[nth(1; range(5))]", "null", Some(&["[1]"])),
        ("nth(-1; range(5))", "null", None),
        ("pick(.a[1])", r#"{"a":[5,6,7]}"#, Some(&[r#"{"a":[null,6]}"#])),
        ("pick(.a.b, .c)", r#"{"a":{"b":1,"x":2}}"#, Some(&[r#"{"a":{"b":1},"c":null}"#])),
        ("pick(first)", "[1,2]", Some(&["[1]"])),
        ("pick(.[-1])", "[1,2]", None),
        ("[recurse_down]", "[1]", Some(&["[[1],1]"])),
        ("[JOIN({\"1\": \"a\"}; tostring)]", "[1,2]", Some(&[r#"[[[1,"a"],[2,null]]]"#])),
    ]);
}

#[test]
fn a_fold_goes_on_with_the_last_result() {
    check(&[
        ("[foreach range(3) as $i (0; (. + $i, 10))]", "null", Some(&["[0,10,11,10,12,10]"])),
        (
            "[foreach range(2) as $i (0; (. + $i, 10); [$i, .])]",
            "null",
            Some(&["[[0,0],[0,10],[1,11],[1,10]]"]),
        ),
        ("[foreach (1, 2) as $x (0; (1, empty, 2); (., 9))]", "null", Some(&["[1,9,2,9,1,9,2,9]"])),
        ("[foreach .[] as $x (0; if $x == 2 then empty else . + $x end)]", "[1,2,3]", Some(&["[1,3]"])),
        ("[foreach (1, 2) as $x ((0, 5); . + $x)]", "null", Some(&["[1,3,6,8]"])),
        (
            "[reduce (1, 2) as $x (0; empty)], [reduce (1, 2) as $x (0; (. + $x, 10))]",
            "null",
            Some(&["[null]", "[10]"]),
        ),
        ("reduce .[] as $x (0; if $x == 2 then empty else . + $x end)", "[1,2,3]", Some(&["3"])),
        (
            "def f: reduce .[] as {a: $x} (0; ., . + $x); f, ($ENV | type)",
            r#"[{"a":1},{"a":2}]"#,
            Some(&["3", r#""object""#]),
        ),
    ]);
    let words = results("reduce .[] as $x (0; ., foo)", "1").expect_err("there is no such function");
    assert_eq!(words, "no function `foo` at character 25");
}

#[test]
fn an_update_that_leads_nowhere_makes_nothing() {
    check(&[
        ("(.b[]? | select(. == 1)) |= 2, .b[]? |= 2, .b[]? += 2", r#"{"a":1}"#, Some(&[r#"{"a":1}"#; 3])),
        ("(.b | select(. == 1)) |= 2, (.b.c | select(.)) = 2", r#"{"a":1}"#, Some(&[r#"{"a":1}"#; 2])),
        (
            "(.b | select(. == null)) |= 2, .b |= ., .b = null",
            r#"{}"#,
            Some(&[r#"{"b":2}"#, r#"{"b":null}"#, r#"{"b":null}"#]),
        ),
        ("(.x | .c, .b[]?) |= 2, (.x | .b[]?, .c) |= 2", "null", Some(&[r#"{"x":{"c":2}}"#; 2])),
        (
            ".a[2] |= ., (.a[2] | select(.)) |= 2",
            r#"{"a":[1]}"#,
            Some(&[r#"{"a":[1,null,null]}"#, r#"{"a":[1]}"#]),
        ),
        (".[1:2] |= map(\"q\")", "null", None),
    ]);
}

#[test]
fn a_step_that_does_not_go_with_a_value_fails() {
    check(&[
        (".[{}]", "[1]", None),
        (".[null]", "null", None),
        (".[true]", "null", None),
        (".[[\"a\"]]", "null", None),
        ("indices([1, 2])", "null", None),
        (".[{}], indices(1), indices(\"a\")", "null", Some(&["null", "null", "null"])),
    ]);
}

#[test]
fn computed_numbers_are_written_as_jq_writes_them() {
    check(&[
        (
            "map(. * 1.0 | tostring)",
            "[1e17, 1e16, 1e15, 0.001, 0.0001, 0.00001, 5e-324]",
            Some(&[r#"["1e+17","1e+16","1000000000000000","0.001","0.0001","1e-05","5e-324"]"#]),
        ),
        (
            "1e17 * 10, -1e300 * 15, 0.00015 * 0.1",
            "null",
            Some(&["1e+18", "-1.5e+301", "1.4999999999999999e-05"]),
        ),
        (
            "pow(2; 53, 60, 64), -pow(2; 60)",
            "null",
            Some(&[
                "9007199254740992",
                "1152921504606847000",
                "18446744073709552000",
                "-1152921504606847000",
            ]),
        ),
        (
            "1e15 / 7, 1 / 3, 3.0 * 1.0, 1e16 / 7, 12345678901234567.0 * 1",
            "null",
            Some(&[
                "142857142857142.84",
                "0.3333333333333333",
                "3",
                "1428571428571428.5",
                "12345678901234568",
            ]),
        ),
        ("infinite, -infinite", "null", Some(&["1.7976931348623157e+308", "-1.7976931348623157e+308"])),
        ("-0.4 | round, nearbyint", "null", Some(&["0", "-0"])),
        (
            "5 | gamma, lgamma, lgamma_r",
            "null",
            Some(&["3.1780538303479458", "3.1780538303479458", "[3.1780538303479458,1]"]),
        ),
        ("2.5, 3.5 | nearbyint", "null", Some(&["2", "4"])),
        ("., .[0]", "[1e17, 1.50, 0.00001]", Some(&["[1e17,1.50,0.00001]", "1e17"])),
    ]);
}
