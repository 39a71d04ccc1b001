//! jq expressions on the records of a real Kafka: some are evaluated at once, some by jq, and the order stays.

use std::collections::BTreeMap;

use super::reading::{consume, new_topic, offsets};
use crate::support::kafka::kafka;
use crate::support::{Produced, unique_name};

/// More than are fetched at once.
const RECORDS: usize = 5000;

/// A topic of one partition in which every seventh record has something that only jq can compare.
fn mixed_topic() -> String {
    let topic = new_topic(1);
    kafka().produce_many(&topic, RECORDS, |number| {
        let tags = if number % 7 == 0 { "[\"a\"]" } else { "\"a\"" };
        let value = format!("{{\"n\":{number},\"tags\":{tags},\"title\":\"task {number}\"}}");
        Produced::value(value).key(format!("k{}", number % 10)).header("h", (number % 3).to_string())
    });
    topic
}

pub fn records_that_only_jq_can_judge_stay_in_order_among_the_others() {
    let topic = mixed_topic();
    for (program, is_kept) in [
        (".value.n % 3 == 1", (|number| number % 3 == 1) as fn(usize) -> bool),
        (".value.tags == [\"a\"]", |number| number % 7 == 0),
        (".value.tags != [\"a\"] and .value.n < 4000", |number| number % 7 != 0 && number < 4000),
        (".headers[] | select(.key == \"h\") | .value == \"2\"", |number| number % 3 == 2),
        (".key == \"k3\" and (.value.title | test(\"7\"))", |number| {
            number % 10 == 3 && number.to_string().contains('7')
        }),
        // Jq has to look at all of them, or at those that pass.
        ("[.value.n] | add % 5 == 0", |number| number % 5 == 0),
        ("select(.value.n > 4990) | . as $r | $r.offset > 4995", |number| number > 4995),
    ] {
        let expected: Vec<_> = (0..RECORDS).filter(|number| is_kept(*number)).collect();
        let lines =
            |numbers: &[usize]| numbers.iter().map(|number| format!("{number}\n")).collect::<String>();
        let printed = consume(&topic).args(["-e", "--filter", program, "--jq", ".offset"]).run();
        printed.has_code(0).has_stderr("").has_stdout(lines(&expected));
        let some = consume(&topic).args(["-e", "--filter", program, "-n", "3"]).run();
        assert!(
            offsets(&some).iter().zip(&expected).all(|(offset, number)| *offset == *number as i64),
            "{some}"
        );
        assert_eq!(offsets(&some).len(), 3, "{some}");
    }
}

pub fn results_are_the_same_whoever_evaluates() {
    let topic = mixed_topic();
    for program in [
        ".value.title",
        "{n: .value.n, key, offset, h: .headers[0].value}",
        "[.value.tags, .topic == \"x\", (.value.n | tostring)]",
        "select(.value.tags | type == \"array\") | .value",
        ".value.title | split(\" \") | .[1]",
        ".value | keys",
    ] {
        let ours = consume(&topic).args(["-e", "--jq", program]).run();
        ours.has_code(0).has_stderr("");
        // A definition leaves everything to jq.
        let slow = consume(&topic).args(["-e", "--jq", &format!("def same: .; {program}")]).run();
        assert_eq!(ours.stdout, slow.stdout, "{program}");
        assert!(!ours.stdout.is_empty());
    }
}

pub fn records_that_are_kept_have_their_headers() {
    let topic = mixed_topic();
    // Looked at on the spot, and by jq.
    for kept in [
        &["--filter", ".value.n == 4"][..],
        &["--filter", "def same: .; same | .value.n == 4"],
        &["--key", "k4", "-n", "1"],
    ] {
        for (output, shown) in [
            (&["-o", "json"][..], "\"headers\":[{\"key\":\"h\",\"value\":\"1\"}]"),
            (&["-f", "%h\\n"], "h=1\n"),
            (&["--exec", "echo $KCONS_HEADER_H", "--group", &unique_name("group")], "1\n"),
        ] {
            let outcome = consume(&topic).arg("-e").args(kept).args(output).run();
            outcome.has_code(0).stdout_contains(shown);
            assert_eq!(outcome.stdout_text().lines().count(), 1, "{outcome}");
        }
    }
}

pub fn a_group_commits_behind_records_that_are_left_out_by_either_way() {
    let topic = mixed_topic();
    let group = unique_name("group");
    let program = ".value.tags == [\"a\"] and .value.n < 100";
    let member =
        consume(&topic).args(["-e", "--group", &group, "--filter", program, "--jq", ".value.n"]).run();
    member.has_code(0);
    let expected: String = (0..100).step_by(7).map(|number| format!("{number}\n")).collect();
    assert_eq!(member.stdout_text(), expected, "{member}");
    let committed = kafka().committed(&group);
    assert_eq!(committed, BTreeMap::from([((topic, 0), RECORDS as i64)]));
}
