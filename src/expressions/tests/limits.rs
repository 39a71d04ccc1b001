//! Programs that are too much for the loop.

use super::programs::samples;
use super::*;

#[test]
fn a_program_that_takes_long_is_left_to_jq() {
    let sample = Sample::of_value("1");
    for (times, is_known) in [(3, true), (7, false)] {
        let program = ["(1, 2, 3, 4, 5, 6, 7, 8, 9, null)"; 7][..times].join(" | ");
        let [results, ..] = sample.evaluated(&translated(&program).expect("it is translated"));
        assert_eq!(results.is_ok(), is_known, "{program}");
    }
}

#[test]
fn a_deeply_nested_program_is_left_to_jq() {
    let work = || {
        for depth in [100, 140, 2000] {
            for (before, inside, behind) in
                [("(", "1", ")"), (". | ", ".", ""), ("1 + ", "1", ""), ("if . then ", ".", " end")]
            {
                let program = format!("{}{inside}{}", before.repeat(depth), behind.repeat(depth));
                let expression = translated(&program);
                assert_eq!(expression.is_some(), depth < 300, "{before} {depth}");
                let is_known = projection::of_filter(&program).is_some();
                assert!(depth < 300 || !is_known, "{before} {depth}");
                if let Some(expression) = expression {
                    let samples = samples();
                    let program = Program::compile(&program).expect(before);
                    samples.iter().for_each(|sample| {
                        compare(before, &expression, &program, sample, &mut Agreement::default())
                    });
                }
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(work);
    thread.expect("a thread can be had").join().expect("it does not panic");
}
