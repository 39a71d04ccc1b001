//! What the grammar of POS takes and what it refuses.

use super::*;
use proptest::prelude::*;

/// 2026-11-23T09:00:00Z, in a zone one hour east.
fn clock() -> Clock {
    Clock {
        now: "2026-11-23T09:00:00Z".parse().expect("a time"),
        zone: || TimeZone::fixed(jiff::tz::offset(1)),
    }
}

const NOON: i64 = 1_795_424_400_000;

fn from(text: &str) -> Result<Positions, Failure> {
    Positions::parse(text, Role::From, &clock())
}

fn to(text: &str, from: Option<&Positions>) -> Result<Positions, Failure> {
    Positions::parse(text, Role::To { from }, &clock())
}

fn at(text: &str) -> Position {
    match from(text) {
        Ok(Positions::All(position)) => position,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn every_form_of_the_grammar_is_understood() {
    for text in ["beginning", "earliest", "start", "oldest", "smallest"] {
        assert_eq!(at(text), Position::Beginning);
    }
    for text in ["end", "latest", "newest", "largest"] {
        assert_eq!(at(text), Position::End);
    }
    assert_eq!(at("17"), Position::Offset(17));
    assert_eq!(at("-10"), Position::BeforeEnd(10));
    assert_eq!(at("+10"), Position::After(10));
    assert_eq!(at("@1763888400000"), Position::Time(1_763_888_400_000));
    assert_eq!(at("-1h"), Position::Time(NOON - 3_600_000));
    assert_eq!(at("-2d"), Position::Time(NOON - 2 * 86_400_000));
    assert_eq!(at("-1w"), Position::Time(NOON - 7 * 86_400_000));
    assert_eq!(at("-1h30m"), Position::Time(NOON - 5_400_000));
    assert_eq!(at("now"), Position::Time(NOON));
}

#[test]
fn the_digits_of_a_number_tell_its_unit() {
    for (text, milliseconds) in [
        ("@1795601100", 1_795_601_100_000),
        ("@999999999", 999_999_999_000),
        ("@1795601100123", 1_795_601_100_123),
        ("@999999999999", 999_999_999_999),
        ("@1795601100123000", 1_795_601_100_123),
        ("@1795601100123001", 1_795_601_100_124),
        ("@999999999999999", 1_000_000_000_000),
        ("@1795601100123000000", 1_795_601_100_123),
        ("@1795601100123000001", 1_795_601_100_124),
        ("@9999999999999999999", 10_000_000_000_000),
    ] {
        assert_eq!(at(text), Position::Time(milliseconds), "{text}");
    }
    for digits in [1, 8, 11, 14, 17, 20, 30] {
        let text = format!("@{}", "1".repeat(digits));
        for failure in [
            from(&text).expect_err(&text),
            to(&text, None).expect_err(&text),
            Positions::parse(&text, Role::Reset, &clock()).expect_err(&text),
            from(&format!("0={text}")).expect_err(&text),
        ] {
            assert!(failure.causes[0].contains(&format!("not {digits} digit")), "{failure:?}");
        }
    }
}

#[test]
fn days_and_times_of_day_are_those_of_the_zone() {
    let today = NOON - 10 * 3_600_000;
    assert_eq!(at("today"), Position::Time(today));
    assert_eq!(at("yesterday"), Position::Time(today - 86_400_000));
    assert_eq!(at("09:00"), Position::Time(NOON - 3_600_000));
    assert_eq!(at("09:00:30"), Position::Time(NOON - 3_570_000));
    assert_eq!(from("0=09:00,1=today").map(|map| map.at(1)), Ok(Some(Position::Time(today))));
}

#[test]
fn a_time_that_the_clock_skips_is_later_and_one_that_comes_twice_is_the_first() {
    let mut clock = clock();
    clock.zone = || TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("the rules of central Europe");
    let time = |text: &str| match Positions::parse(text, Role::From, &clock) {
        Ok(Positions::All(Position::Time(time))) => Timestamp::from_millisecond(time).expect("a time"),
        other => panic!("{text}: {other:?}"),
    };
    assert_eq!(time("2026-03-29T02:30").to_string(), "2026-03-29T01:30:00Z");
    assert_eq!(time("2026-10-25T02:30").to_string(), "2026-10-25T00:30:00Z");
}

#[test]
fn a_time_without_a_zone_is_local() {
    assert_eq!(at("2026-11-23T09:00:00Z"), Position::Time(NOON));
    assert_eq!(at("2026-11-23T09:00Z"), Position::Time(NOON));
    assert_eq!(at("2026-11-23T10:00"), Position::Time(NOON));
    assert_eq!(at("2026-11-23 10:00"), Position::Time(NOON));
    assert_eq!(at("2026-11-23 09:00:00Z"), Position::Time(NOON));
    assert_eq!(at("2026-11-23T10:00:00.250"), Position::Time(NOON + 250));
    // A record before the time must not be in.
    assert_eq!(at("2026-11-23T10:00:00.250000001"), Position::Time(NOON + 251));
    assert_eq!(at("2026-11-23T14:30:00+05:30"), Position::Time(NOON));
    assert_eq!(at("2026-11-23"), Position::Time(NOON - 10 * 3_600_000));
}

#[test]
fn a_map_names_some_partitions() {
    let positions = from("0=5,1=end,2=-10").expect("valid");
    assert_eq!(positions.at(0), Some(Position::Offset(5)));
    assert_eq!(positions.at(1), Some(Position::End));
    assert_eq!(positions.at(2), Some(Position::BeforeEnd(10)));
    assert_eq!(positions.at(3), None);
    assert!(!positions.has_time());
    assert!(from("0=5,1=-1h").expect("valid").has_time());
}

#[test]
fn anything_else_is_refused_with_the_list_of_what_is_valid() {
    for bad in [
        "",
        " ",
        "abc",
        "Beginning",
        "1.5",
        "-",
        "+",
        "--5",
        "+-5",
        "5 ",
        "0x5",
        "@",
        "@-5",
        "@1h",
        "1h",
        "+1h",
        "-1y",
        "-1.5h",
        "-30m1h",
        "tomorrow",
        "Today",
        "9:00",
        "25:00",
        "09:00Z",
        "2026-11-23  09:00",
        "2026-11-23 ",
        "99999999999999999999",
        "-99999999999999999999",
        "+99999999999999999999",
        "@99999999999999999999",
        "-999999d",
        "2026-13-01",
        "2026-02-30",
        "2026-11-23T25:00",
        "2026-11-23t09:00",
        "2026-11-23T",
        "2026-11-23T09",
        "2026-11-23T09:00:00.",
        "2026-11-23T09:00:00X",
        "2026-11-23T09:00[Europe/Paris]",
        "1969-01-01",
        "26-11-23",
        "stored",
        "0=",
        "=5",
        "0=5,",
        ",0=5",
        "0=5,0=6",
        "-1=5",
        "x=5",
        "0=5,end",
        "0=1=2",
        "2147483648=5",
        "０",
        "−5",
    ] {
        let failure = from(bad).expect_err(bad);
        assert_eq!(failure.message, format!("invalid position `{bad}` for `--from`"));
        assert!(failure.hint.is_some_and(|hint| hint.ends_with("POS is one of:")), "{bad}");
        for form in ["beginning, end ", "N ", "-N ", "+N ", "-1h,", "today, ", "@1763888400 ", "0=5,"] {
            assert!(failure.list.iter().any(|line| line.starts_with(form)), "{form}");
        }
    }
}

#[test]
fn a_duration_after_the_start_needs_a_time_to_count_from() {
    let time = Positions::All(Position::Time(1_000));
    assert_eq!(to("+30m", Some(&time)), Ok(Positions::All(Position::Time(1_801_000))));
    assert_eq!(to("+5", None), Ok(Positions::All(Position::After(5))));
    for start in [None, Some(Positions::All(Position::Beginning)), Some(Positions::Some(BTreeMap::new()))] {
        let failure = to("+30m", start.as_ref()).expect_err("no time");
        assert_eq!(failure.causes, ["a duration after `+` needs a time in `--from`"]);
    }
    let map = from("0=1970-01-01T00:00:01Z,1=5").expect("valid");
    assert_eq!(to("0=+1s", Some(&map)).map(|to| to.at(0)), Ok(Some(Position::Time(2_000))));
    assert_eq!(to("0=+1m1s", Some(&map)).map(|to| to.at(0)), Ok(Some(Position::Time(62_000))));
    assert!(to("1=+1s", Some(&map)).is_err());
    assert!(to("+1s", Some(&Positions::All(Position::Time(i64::MAX)))).is_err());
}

#[test]
fn partitions_are_numbers_and_ranges() {
    assert_eq!(partitions("0,2,5-7", "-p"), Ok(BTreeSet::from([0, 2, 5, 6, 7])));
    assert_eq!(partitions("3-3", "-p"), Ok(BTreeSet::from([3])));
    for bad in [
        "",
        "x",
        "7-5",
        "0,",
        ",0",
        "0,,1",
        "-1",
        "1-",
        "1-2-3",
        "0-2147483647",
        "0-200000",
        "2147483648",
        "1 ",
    ] {
        let failure = partitions(bad, "--partitions").expect_err(bad);
        assert_eq!(failure.message, format!("invalid partitions `{bad}` for `--partitions`"));
        assert!(failure.hint.is_some_and(|hint| hint.contains("`0,2,5-7`")));
    }
}

fn any_position() -> impl Strategy<Value = Position> {
    let count = 0..=i64::MAX;
    prop_oneof![
        Just(Position::Beginning),
        Just(Position::End),
        count.clone().prop_map(Position::Offset),
        count.clone().prop_map(Position::BeforeEnd),
        count.clone().prop_map(Position::After),
        // To the end of the year 9999.
        (0..=253_402_207_199_999_i64).prop_map(Position::Time),
    ]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[-+@=,:.TZ0-9a-zé ]{0,24}", other in any::<String>()) {
        for text in [text, other] {
            let time = Positions::All(Position::Time(i64::MAX));
            let _ = from(&text);
            let _ = to(&text, Some(&time));
            let _ = partitions(&text, "-p");
        }
    }

    #[test]
    fn what_is_displayed_is_understood(position in any_position()) {
        let positions = Positions::All(position);
        prop_assert_eq!(from(&positions.to_string()), Ok(positions.clone()));
        prop_assert_eq!(to(&positions.to_string(), None), Ok(positions));
    }

    #[test]
    fn a_displayed_map_is_understood(map in prop::collection::btree_map(0..=i32::MAX, any_position(), 1..5)) {
        let positions = Positions::Some(map);
        prop_assert_eq!(from(&positions.to_string()), Ok(positions));
    }
}

#[test]
fn a_duration_without_a_sign_is_told_what_it_may_mean() {
    let hint = |text: &str| from(text).expect_err(text).hint.unwrap_or_default();
    assert_eq!(hint("1h"), "did you mean `-1h`? POS is one of:");
    assert_eq!(hint("h1"), "POS is one of:");
}
