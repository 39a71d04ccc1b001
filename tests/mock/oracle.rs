//! The checker is checked: a good history passes, and each fault is found by the oracle that is made for it.

use std::time::{Duration, Instant};

use crate::support::Committed;
use crate::support::oracle::{
    Event, EventKind, History, Oracle, Partition, Printed, Run, Sample, log_violations,
};
use crate::support::run::Kcons;

const ALL: [Oracle; 8] = [
    Oracle::CommitsAreOfPrinted,
    Oracle::OrderIsKept,
    Oracle::WatermarksGoForward,
    Oracle::CommitsGoForward,
    Oracle::EverythingIsPrinted,
    Oracle::NothingLags,
    Oracle::NothingIsRepeated,
    Oracle::OnlyOwnedPartitions,
];

fn partition(number: i32) -> Partition {
    ("t".to_owned(), number)
}

/// A history that is written line by line, ten seconds apart, so that no slack hides anything.
struct Writer {
    history: History,
    now: Instant,
}

impl Writer {
    fn later(&mut self) -> Instant {
        self.now += Duration::from_secs(10);
        self.now
    }

    fn run(&mut self, name: &str) -> &mut Run {
        if !self.history.runs.iter().any(|run| run.name == name) {
            self.history.runs.push(Run { name: name.to_owned(), ..Run::default() });
        }
        self.history.runs.iter_mut().find(|run| run.name == name).expect("it was just made")
    }

    fn event(&mut self, run: &str, kind: EventKind) {
        let at = self.later();
        self.run(run).events.push(Event { at, kind });
    }

    fn assigned(&mut self, run: &str, number: i32) {
        self.event(run, EventKind::Assigned(vec![partition(number)]));
    }

    fn revoked(&mut self, run: &str, number: i32) {
        self.event(run, EventKind::Revoked(vec![partition(number)]));
    }

    fn prints(&mut self, run: &str, number: i32, offsets: &[i64]) {
        for offset in offsets {
            let (at, partition) = (self.later(), partition(number));
            let id = Some(format!("{number}-{offset}"));
            self.run(run).printed.push(Printed { at, partition, offset: *offset, id });
        }
    }

    /// The run says that it committed, and the broker has it.
    fn commits(&mut self, run: &str, number: i32, offset: i64) {
        self.says_committed(run, number, offset);
        self.sample(number, offset);
    }

    fn says_committed(&mut self, run: &str, number: i32, offset: i64) {
        let offsets = vec![(partition(number), offset)];
        self.event(run, EventKind::Committed { offsets, is_ok: true });
    }

    fn sample(&mut self, number: i32, offset: i64) {
        let at = self.later();
        let mut committed =
            self.history.samples.last().map_or(Committed::new(), |last| last.committed.clone());
        committed.insert(partition(number), offset);
        self.history.samples.push(Sample { at, committed });
    }
}

/// Two members share two partitions; partition 0 has offsets 0, 1 and, behind a marker, 3; partition 1 has 0 and 1.
///
/// `a` starts with both; `b` takes over partition 1 after its first record. `end` is written before the last commits.
fn history(change: impl FnOnce(&mut Writer)) -> History {
    let mut writer = Writer { history: History::default(), now: Instant::now() };
    for (number, offset) in [(0, 0), (0, 1), (0, 3), (1, 0), (1, 1)] {
        writer.history.add_produced("t", (number, offset), format!("{number}-{offset}"));
    }
    writer.history.ends = [(partition(0), 5), (partition(1), 2)].into();
    writer.assigned("a", 0);
    writer.assigned("a", 1);
    writer.prints("a", 0, &[0, 1]);
    writer.commits("a", 0, 2);
    writer.prints("a", 1, &[0]);
    writer.commits("a", 1, 1);
    writer.revoked("a", 1);
    writer.assigned("b", 1);
    change(&mut writer);
    writer.prints("b", 1, &[1]);
    writer.commits("b", 1, 2);
    writer.prints("a", 0, &[3]);
    writer.commits("a", 0, 5);
    writer.history
}

/// The oracles that find something wrong, with the first thing each says.
fn found(history: &History) -> Vec<(Oracle, String)> {
    ALL.into_iter()
        .filter_map(|oracle| Some((oracle, oracle.violations(history).into_iter().next()?)))
        .collect()
}

#[track_caller]
fn finds(history: &History, expected: &[(Oracle, &str)]) {
    let found = found(history);
    let found: Vec<_> = found.iter().map(|(oracle, words)| (*oracle, words.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_good_history_passes() {
    let history = history(|_| {});
    finds(&history, &[]);
    assert_eq!(history.repeats_by_run(), [0, 0]);
    history.must_satisfy(ALL);
}

#[test]
fn a_commit_past_a_record_that_is_printed_later_is_found() {
    let words = "the broker has committed 4 for t [0], but t [0] @ 3 was not printed";
    finds(&history(|writer| writer.sample(0, 4)), &[(Oracle::CommitsAreOfPrinted, words)]);
    let words = "a committed 4 for t [0], but t [0] @ 3 was not printed";
    finds(&history(|writer| writer.says_committed("a", 0, 4)), &[(Oracle::CommitsAreOfPrinted, words)]);
}

#[test]
fn a_commit_that_is_one_too_high_is_found_and_one_at_a_gap_is_not() {
    // Offset 2 is a marker: 3 says no more than 2 does.
    finds(&history(|writer| writer.commits("a", 0, 3)), &[]);
    let history = history(|writer| writer.commits("b", 1, 2));
    let words = "the broker has committed 2 for t [1], but t [1] @ 1 was not printed";
    finds(&history, &[(Oracle::CommitsAreOfPrinted, words)]);
}

#[test]
fn records_below_the_start_are_nobodys_business() {
    let mut history = history(|_| {});
    history.runs[0].printed.retain(|printed| printed.offset != 0 || printed.partition.1 != 0);
    history.starts.insert(partition(0), 1);
    finds(&history, &[]);
}

#[test]
fn a_record_out_of_order_is_found() {
    let mut swapped = history(|_| {});
    swapped.runs[0].printed.swap(0, 1);
    let (first, second) = (swapped.runs[0].printed[0].at, swapped.runs[0].printed[1].at);
    swapped.runs[0].printed[0].at = second;
    swapped.runs[0].printed[1].at = first;
    finds(&swapped, &[(Oracle::OrderIsKept, "a printed t [0] @ 0 after 1 in one assignment")]);
}

#[test]
fn going_back_is_allowed_once_for_each_new_assignment() {
    let again = history(|writer| {
        writer.assigned("a", 0);
        writer.prints("a", 0, &[0, 1]);
    });
    finds(&again, &[(Oracle::NothingIsRepeated, "a printed t [0] @ 0, which a had printed")]);
    assert_eq!(again.repeats_by_run(), [2, 0]);
    assert_eq!(again.repeats(), 2);
    let twice = history(|writer| {
        writer.assigned("a", 0);
        writer.prints("a", 0, &[0, 0]);
    });
    let order = (Oracle::OrderIsKept, "a printed t [0] @ 0 after 0 in one assignment");
    finds(&twice, &[order, (Oracle::NothingIsRepeated, "a printed t [0] @ 0, which a had printed")]);
}

#[test]
fn a_watermark_that_goes_back_is_found() {
    let words = "a committed 1 for t [0] after 2";
    finds(&history(|writer| writer.says_committed("a", 0, 1)), &[(Oracle::WatermarksGoForward, words)]);
    let after_a_new_assignment = history(|writer| {
        writer.assigned("a", 0);
        writer.says_committed("a", 0, 1);
    });
    finds(&after_a_new_assignment, &[]);
}

#[test]
fn a_committed_offset_that_goes_back_or_away_is_found() {
    let words = "committed for t [0] went back from 2 to 1";
    finds(&history(|writer| writer.sample(0, 1)), &[(Oracle::CommitsGoForward, words)]);
    let gone = history(|writer| {
        let at = writer.later();
        writer.history.samples.push(Sample { at, committed: [(partition(1), 1)].into() });
    });
    finds(&gone, &[(Oracle::CommitsGoForward, "committed for t [0] was 2 and is gone")]);
}

#[test]
fn a_missing_a_foreign_and_a_changed_record_are_found() {
    let mut history = history(|writer| writer.prints("a", 0, &[2]));
    finds(&history, &[(Oracle::EverythingIsPrinted, "a printed t [0] @ 2, which nobody produced")]);
    history.runs[0].printed.retain(|printed| printed.offset != 2);
    history.runs[1].printed[0].id = Some("other".to_owned());
    finds(&history, &[(Oracle::EverythingIsPrinted, "b printed t [1] @ 1 as `other`, it is `1-1`")]);
    history.runs[1].printed.clear();
    let words = "the broker has committed 2 for t [1], but t [1] @ 1 was not printed";
    let missing = "t [1] @ 1 (`1-1`) was never printed";
    finds(&history, &[(Oracle::CommitsAreOfPrinted, words), (Oracle::EverythingIsPrinted, missing)]);
}

#[test]
fn lag_is_found() {
    let mut history = history(|_| {});
    history.samples.pop();
    finds(&history, &[(Oracle::NothingLags, "t [0] ends at 5, committed is 2")]);
    history.samples.clear();
    let said = Oracle::NothingLags.violations(&history);
    assert_eq!(said, ["t [0] ends at 5, committed is nothing", "t [1] ends at 2, committed is nothing"]);
    history.ends = [(partition(2), 0)].into();
    assert!(Oracle::NothingLags.violations(&history).is_empty());
}

#[test]
fn a_repeat_across_runs_is_found() {
    let history = history(|writer| writer.prints("b", 1, &[0]));
    finds(&history, &[(Oracle::NothingIsRepeated, "b printed t [1] @ 0, which a had printed")]);
    assert_eq!(history.repeats_by_run(), [0, 1]);
}

#[test]
fn printing_and_committing_without_owning_are_found() {
    let after_revoke = history(|writer| writer.prints("a", 1, &[1]));
    let owned = (Oracle::OnlyOwnedPartitions, "a printed t [1] @ 1 without holding the partition");
    finds(&after_revoke, &[(Oracle::NothingIsRepeated, "b printed t [1] @ 1, which a had printed"), owned]);
    let never_owned = history(|writer| writer.says_committed("b", 0, 2));
    finds(&never_owned, &[(Oracle::OnlyOwnedPartitions, "b committed 2 for t [0] without holding it")]);
    let on_loss = history(|writer| {
        writer.event("a", EventKind::Lost(vec![partition(0)]));
        writer.says_committed("a", 0, 2);
        writer.assigned("a", 0);
    });
    finds(&on_loss, &[(Oracle::OnlyOwnedPartitions, "a committed 2 for t [0] without holding it")]);
}

#[test]
fn a_failure_shows_what_is_wrong_and_what_each_run_did() {
    let history = history(|writer| writer.sample(0, 1));
    let panic = std::panic::catch_unwind(|| history.must_satisfy(Oracle::ALWAYS)).expect_err("it is broken");
    let said = panic.downcast::<String>().expect("it says why");
    assert!(said.contains("CommitsGoForward: committed for t [0] went back from 2 to 1"), "{said}");
    assert!(said.contains("b: 1 records printed, 0 of them again, 2 events"), "{said}");
}

#[test]
fn a_run_is_read_from_json_lines_and_events() {
    let printed =
        r#"{"topic":"t","partition":1,"offset":7,"timestamp":1,"key":null,"value":{"id":"x"},"headers":[]}"#;
    let text = r#"{"topic":"t","partition":0,"offset":8,"timestamp":1,"key":null,"value":"y","headers":[]}"#;
    let assigned =
        r#"{"timestamp":"","event":"partitions_assigned","partitions":[{"topic":"t","partition":1}]}"#;
    let committed = r#"{"timestamp":"","event":"offsets_committed","offsets":[{"topic":"t","partition":1,"offset":8}],"result":"ok"}"#;
    let other = r#"{"timestamp":"","event":"startup_complete"}"#;
    let script = format!(
        "printf '%s\\n' '{printed}' '{text}'; printf '%s\\n' '{assigned}' '{committed}' '{other}' >&2"
    );
    let run = Run::of("one", &Kcons::other("/bin/sh", ["-c", &script]).run());
    let seen: Vec<_> = run.printed.iter().map(|p| (p.partition.1, p.offset, p.id.as_deref())).collect();
    assert_eq!(seen, [(1, 7, Some("x")), (0, 8, Some("y"))]);
    let kinds: Vec<_> = run.events.into_iter().map(|event| event.kind).collect();
    let commit = EventKind::Committed { offsets: vec![(partition(1), 8)], is_ok: true };
    assert_eq!(kinds, [EventKind::Assigned(vec![partition(1)]), commit]);
}

/// A line of `--log json`; `what` is the event with its partitions, as `assigned 0,1` or `committed 0=5`.
fn line(second: u32, what: &str) -> String {
    let (event, list) = what.split_once(' ').expect("an event and its partitions");
    let place = |text: &str| {
        let (number, offset) = text.split_once('=').unwrap_or((text, ""));
        let offset = if offset.is_empty() { String::new() } else { format!(",\"offset\":{offset}") };
        format!("{{\"topic\":\"t\",\"partition\":{number}{offset}}}")
    };
    let places: Vec<_> = list.split(',').map(place).collect();
    let (name, field, end) = match event {
        "committed" => ("offsets_committed", "offsets", ",\"result\":\"ok\""),
        "refused" => ("offsets_committed", "offsets", ",\"result\":\"no\""),
        "assigned" => ("partitions_assigned", "partitions", ""),
        "revoked" => ("partitions_revoked", "partitions", ""),
        _ => ("partitions_lost", "partitions", ""),
    };
    let time = format!("2026-11-23T09:00:{second:02}.000Z");
    format!("{{\"timestamp\":\"{time}\",\"event\":\"{name}\",\"{field}\":[{}]{end}}}\n", places.join(","))
}

/// Two members' logs: `a` has both partitions and hands the second over to `b`. `wrong` is added to the log of one.
fn replayed(wrong: &[(usize, String)]) -> Vec<String> {
    let mut logs = [
        vec![
            line(1, "assigned 0,1"),
            line(2, "committed 0=5,1=3"),
            line(4, "committed 1=4"),
            line(5, "revoked 1"),
            line(8, "committed 0=7"),
        ],
        vec![line(5, "assigned 1"), line(7, "refused 1=9"), line(7, "committed 1=6")],
    ];
    for (member, line) in wrong {
        logs[*member].push(line.clone());
    }
    let [a, b] = logs.map(|log| log.concat());
    log_violations(&[("a", &a), ("b", &b)])
}

#[test]
fn a_good_log_passes_a_replay() {
    assert!(replayed(&[]).is_empty(), "{:?}", replayed(&[]));
}

#[test]
fn a_falsified_log_fails_a_replay() {
    let at = |second: u32| format!("2026-11-23T09:00:{second:02}.000Z");
    for (member, wrong, words) in [
        (0, line(6, "committed 1=4"), format!("{}: a committed 4 for t [1] without holding it", at(6))),
        (1, line(9, "committed 0=8"), format!("{}: b committed 8 for t [0] without holding it", at(9))),
        (0, line(9, "committed 0=6"), format!("{}: a committed 6 for t [0] after 7", at(9))),
        (1, line(9, "committed 1=3"), format!("{}: b committed 3 for t [1] after 6", at(9))),
        (1, line(6, "assigned 0"), format!("{}: b got t [0], which a held", at(6))),
        (1, "error: plain text\n".to_owned(), "b: not an event: error: plain text".to_owned()),
    ] {
        // What follows from it may be found too.
        assert_eq!(replayed(&[(member, wrong)]).first(), Some(&words));
    }
    let lost = [(1, line(8, "lost 1")), (1, line(9, "committed 1=7"))];
    assert_eq!(replayed(&lost), [format!("{}: b committed 7 for t [1] without holding it", at(9))]);
}
