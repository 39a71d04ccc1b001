//! When which question is asked, with a clock that the test moves.

use super::*;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

/// A registry that answers from a list, and a clock.
struct Script {
    start: Instant,
    now: Cell<Instant>,
    /// How long each request takes.
    takes: Duration,
    answers: RefCell<BTreeMap<String, VecDeque<Result<String, FetchFault>>>>,
    asked: RefCell<Vec<String>>,
}

impl Script {
    fn new(answers: &[(&str, &[Result<&str, FetchFault>])]) -> Script {
        let owned = |answer: &Result<&str, FetchFault>| answer.clone().map(str::to_owned);
        let answers = answers.iter();
        let answers =
            answers.map(|(path, answers)| ((*path).to_owned(), answers.iter().map(owned).collect()));
        let (start, asked) = (Instant::now(), RefCell::default());
        let answers = RefCell::new(answers.collect());
        Script { start, now: Cell::new(start), takes: Duration::ZERO, answers, asked }
    }

    /// The paths asked for since the last look, each with the milliseconds since the start.
    fn asked(&self) -> Vec<String> {
        self.asked.take()
    }
}

impl Asker for &Script {
    fn get(&mut self, path: &str, until: Instant) -> Result<Vec<u8>, FetchFault> {
        let since = self.now.get() - self.start;
        self.asked.borrow_mut().push(format!("{} {path}", since.as_millis()));
        let end = self.now.get() + self.takes;
        self.now.set(end.min(until));
        if end > until {
            return Err(away("timed out"));
        }
        let mut answers = self.answers.borrow_mut();
        let Some(answers) = answers.get_mut(path) else { return Err(FetchFault::Unknown) };
        // The last answer is given for ever.
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        answer.expect("there is one").map(String::into_bytes)
    }

    fn now(&self) -> Instant {
        self.now.get()
    }
}

fn away(words: &str) -> FetchFault {
    FetchFault::Away { words: words.to_owned(), wait: None }
}

fn passing(words: &str) -> FetchFault {
    FetchFault::Passing { words: words.to_owned(), wait: None }
}

type TestFetcher<'a> = Fetcher<&'a Script, Box<dyn Fn() + 'a>>;

fn fetcher<'a>(script: &'a Script, rings: &'a Cell<usize>) -> TestFetcher<'a> {
    Fetcher::new(script, UnionNames::Hidden, Box::new(|| rings.set(rings.get() + 1)))
}

fn ask(fetcher: &mut TestFetcher<'_>, id: SchemaId) -> Arc<SchemaSlot> {
    let slot = Arc::<SchemaSlot>::default();
    fetcher.take(SchemaQuestion { id, slot: Arc::clone(&slot) });
    slot
}

/// Lets time pass up to this many milliseconds after the start.
fn pass(fetcher: &mut TestFetcher<'_>, script: &Script, milliseconds: u64) {
    let end = script.start + Duration::from_millis(milliseconds);
    while let Some(due) = fetcher.step().filter(|due| *due <= end) {
        script.now.set(due.max(script.now.get()));
    }
    script.now.set(end.max(script.now.get()));
}

const SEVEN: &str = "/schemas/ids/7";
const LONG: Result<&str, FetchFault> = Ok(r#"{"schema":"\"long\""}"#);

#[test]
fn a_schema_is_asked_for_once_and_those_who_wait_are_woken() {
    let (script, rings) = (Script::new(&[(SEVEN, &[LONG])]), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    let slot = ask(&mut fetcher, SchemaId::Number(7));
    assert!(!slot.is_settled());
    pass(&mut fetcher, &script, 100_000);
    assert_eq!((script.asked(), rings.get()), (vec![format!("0 {SEVEN}")], 1));
    let registered = slot.registered().expect("it came");
    assert!(registered.number == Some(7) && matches!(registered.form, SchemaForm::Avro(_)));
}

#[test]
fn an_unknown_id_is_asked_for_again_with_growing_pauses_while_somebody_misses_it() {
    let (script, rings) = (Script::new(&[]), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    let slot = ask(&mut fetcher, SchemaId::Number(7));
    pass(&mut fetcher, &script, 10);
    assert_eq!(slot.fault().as_deref(), Some("schema 7 is not in the registry"));
    assert_eq!(script.asked(), [format!("0 {SEVEN}")]);
    for second in 1..=130 {
        pass(&mut fetcher, &script, second * 1_000);
        slot.fault();
    }
    let seconds: Vec<_> =
        script.asked().iter().map(|asked| asked.split("000 ").next().map(str::to_owned)).collect();
    let expected = ["1", "3", "7", "15", "31", "63", "123"].map(|second| Some(second.to_owned()));
    assert_eq!(seconds, expected);
    // Nobody misses it any more.
    slot.take_missed();
    pass(&mut fetcher, &script, 1_000_000);
    assert_eq!(script.asked(), [""; 0]);
    // Somebody does again, and by now it is there.
    slot.fault();
    script.answers.borrow_mut().insert(SEVEN.to_owned(), [LONG.map(str::to_owned)].into());
    pass(&mut fetcher, &script, 1_100_000);
    assert_eq!(script.asked().len(), 1);
    assert!(slot.registered().is_some());
}

#[test]
fn a_fault_that_may_pass_is_tried_again_until_the_limit() {
    let answers = [Err(passing("503")), Err(passing("503")), LONG];
    let (script, rings) = (Script::new(&[(SEVEN, &answers)]), Cell::new(0));
    let mut first = fetcher(&script, &rings);
    let slot = ask(&mut first, SchemaId::Number(7));
    pass(&mut first, &script, 299);
    assert_eq!((slot.is_settled(), rings.get()), (false, 0));
    pass(&mut first, &script, 300);
    assert_eq!(script.asked(), [0, 100, 300].map(|at| format!("{at} {SEVEN}")));
    assert!(slot.registered().is_some());

    let (script, rings) = (Script::new(&[(SEVEN, &[Err(away("`u`: connection refused"))])]), Cell::new(0));
    let mut second = fetcher(&script, &rings);
    let slot = ask(&mut second, SchemaId::Number(7));
    pass(&mut second, &script, 7_000);
    assert!(!slot.is_settled());
    pass(&mut second, &script, 10_000);
    assert_eq!(slot.fault().as_deref(), Some("schema 7 cannot be had: `u`: connection refused"));
    // While it is asked for again it stays settled.
    pass(&mut second, &script, 60_000);
    assert!(slot.is_settled());
}

#[test]
fn a_registry_that_says_how_long_to_wait_is_obeyed_within_the_limit() {
    for (seconds, asked) in [(3, vec!["0", "3000"]), (30, vec!["0"])] {
        let busy = FetchFault::Passing { words: "429".to_owned(), wait: Some(Duration::from_secs(seconds)) };
        let (script, rings) = (Script::new(&[(SEVEN, &[Err(busy), LONG])]), Cell::new(0));
        let mut fetcher = fetcher(&script, &rings);
        let slot = ask(&mut fetcher, SchemaId::Number(7));
        pass(&mut fetcher, &script, 5_000);
        assert!(slot.is_settled());
        assert_eq!(script.asked(), asked.iter().map(|at| format!("{at} {SEVEN}")).collect::<Vec<_>>());
    }
}

#[test]
fn a_refusal_is_final_for_now() {
    let refused = FetchFault::Lasting("`u`: 401 Unauthorized; check `--registry-user`".to_owned());
    let (script, rings) = (Script::new(&[(SEVEN, &[Err(refused)])]), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    let slot = ask(&mut fetcher, SchemaId::Number(7));
    pass(&mut fetcher, &script, 50);
    let expected = "schema 7 cannot be had: `u`: 401 Unauthorized; check `--registry-user`";
    assert_eq!((slot.fault().as_deref(), rings.get()), (Some(expected), 1));
}

#[test]
fn all_questions_to_a_silent_registry_are_given_up_together() {
    let (mut script, rings) = (Script::new(&[]), Cell::new(0));
    script.takes = Duration::from_secs(3_600);
    let mut fetcher = fetcher(&script, &rings);
    let slots: Vec<_> = (1..=20).map(|id| ask(&mut fetcher, SchemaId::Number(id))).collect();
    pass(&mut fetcher, &script, 11_000);
    assert!(slots.iter().all(|slot| slot.is_settled()));
    let expected = "schema 20 cannot be had: timed out";
    assert_eq!(slots[19].fault().as_deref(), Some(expected));
}

/// A registry that is down for these schemas, in this way.
fn down(fault: &FetchFault) -> Script {
    let script = Script::new(&[]);
    let answers = (1..=20).map(|id| (format!("/schemas/ids/{id}"), VecDeque::from([Err(fault.clone())])));
    *script.answers.borrow_mut() = answers.collect();
    script
}

#[test]
fn a_registry_that_is_away_is_noticed_once_for_all_schemas() {
    let (script, rings) = (down(&away("refused")), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    let first = [1, 2].map(|id| ask(&mut fetcher, SchemaId::Number(id)));
    pass(&mut fetcher, &script, 7_000);
    assert!(first.iter().all(|slot| !slot.is_settled()), "a short outage is waited out");
    pass(&mut fetcher, &script, 10_000);
    assert!(first.iter().all(|slot| slot.is_settled()));
    script.asked();
    // Those that are needed now are given up without a question.
    let others = (3..=15).map(|id| ask(&mut fetcher, SchemaId::Number(id))).collect::<Vec<_>>();
    pass(&mut fetcher, &script, 10_001);
    assert_eq!(others[12].fault().as_deref(), Some("schema 15 cannot be had: refused"));
    assert!(others.iter().all(|slot| slot.is_settled()));
    assert_eq!(script.asked(), [""; 0]);
    // Then one of them tries for all.
    for second in 11..=40 {
        others.iter().for_each(|slot| drop(slot.fault()));
        pass(&mut fetcher, &script, second * 1_000);
    }
    assert!((3..=6).contains(&script.asked().len()), "after 1, 2, 4, 8, 8 s");
    // It is back, and soon all are there.
    script.answers.borrow_mut().values_mut().for_each(|answers| *answers = [LONG.map(str::to_owned)].into());
    others.iter().for_each(|slot| drop(slot.fault()));
    pass(&mut fetcher, &script, 49_000);
    assert!(others.iter().all(|slot| slot.registered().is_some()));
    assert_eq!(script.asked().len(), 13);
}

#[test]
fn after_a_fault_that_may_be_a_schemas_own_each_other_one_is_tried_once() {
    let (script, rings) = (down(&passing("500")), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    script.answers.borrow_mut().insert("/schemas/ids/4".to_owned(), [LONG.map(str::to_owned)].into());
    let first = ask(&mut fetcher, SchemaId::Number(1));
    pass(&mut fetcher, &script, 10_000);
    assert!(first.is_settled());
    script.asked();
    let others = [2, 3, 4].map(|id| ask(&mut fetcher, SchemaId::Number(id)));
    pass(&mut fetcher, &script, 10_001);
    assert!(others.iter().all(|slot| slot.is_settled()));
    assert_eq!(script.asked(), [2, 3, 4].map(|id| format!("10000 /schemas/ids/{id}")));
    assert!(others[2].registered().is_some());
    // Now it is known that the registry answers: the next one is waited for.
    let next = ask(&mut fetcher, SchemaId::Number(5));
    pass(&mut fetcher, &script, 17_000);
    assert!(!next.is_settled());
}

#[test]
fn what_was_known_of_a_registry_is_forgotten_when_nobody_asks() {
    let (script, rings) = (down(&away("refused")), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    ask(&mut fetcher, SchemaId::Number(1));
    pass(&mut fetcher, &script, 10_000);
    pass(&mut fetcher, &script, 100_000);
    let later = ask(&mut fetcher, SchemaId::Number(2));
    pass(&mut fetcher, &script, 107_000);
    assert!(!later.is_settled());
    pass(&mut fetcher, &script, 110_000);
    assert!(later.is_settled());
}

#[test]
fn records_that_wait_go_before_schemas_that_are_asked_for_again() {
    let (mut script, rings) = (Script::new(&[]), Cell::new(0));
    script.takes = Duration::from_millis(900);
    let mut fetcher = fetcher(&script, &rings);
    let missing: Vec<_> = (1..=20).map(|id| ask(&mut fetcher, SchemaId::Number(id))).collect();
    pass(&mut fetcher, &script, 18_000);
    missing.iter().for_each(|slot| drop(slot.fault()));
    let awaited = ask(&mut fetcher, SchemaId::Number(21));
    pass(&mut fetcher, &script, 19_900);
    assert!(awaited.is_settled());
}

#[test]
fn a_slow_registry_answers_every_question() {
    let (mut script, rings) = (Script::new(&[]), Cell::new(0));
    script.takes = Duration::from_millis(900);
    script.answers = RefCell::new(
        (1..=20)
            .map(|id| (format!("/schemas/ids/{id}"), VecDeque::from([LONG.map(str::to_owned)])))
            .collect(),
    );
    let mut fetcher = fetcher(&script, &rings);
    let slots: Vec<_> = (1..=20).map(|id| ask(&mut fetcher, SchemaId::Number(id))).collect();
    pass(&mut fetcher, &script, 30_000);
    assert!(slots.iter().all(|slot| slot.registered().is_some()));
}

#[test]
fn a_page_in_place_of_an_answer_may_pass_too() {
    let (script, rings) = (Script::new(&[(SEVEN, &[Ok("<html>"), LONG])]), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    let slot = ask(&mut fetcher, SchemaId::Number(7));
    pass(&mut fetcher, &script, 100);
    assert!(slot.registered().is_some());
}

#[test]
fn a_guid_has_a_path_of_its_own_and_the_answer_says_the_number() {
    const PATH: &str = "/schemas/guids/07070707-0707-0707-0707-070707070707";
    let (script, rings) = (Script::new(&[(PATH, &[Ok(r#"{"schema":"\"long\"","id":7}"#)])]), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    let slot = ask(&mut fetcher, SchemaId::Global([7; 16]));
    let unknown = ask(&mut fetcher, SchemaId::Global([8; 16]));
    pass(&mut fetcher, &script, 10);
    assert_eq!(slot.registered().and_then(|registered| registered.number), Some(7));
    let expected = "schema 08080808-0808-0808-0808-080808080808 is not in the registry";
    assert_eq!(unknown.fault().as_deref(), Some(expected));
}

const PERSON: &str = r#"{"schema":"[\"A\",\"B\"]","references":[
    {"name":"A","subject":"a/1","version":1},{"name":"B","subject":"b","version":2}]}"#;
const A: &str = r#"{"schema":"{\"type\":\"record\",\"name\":\"A\",\"fields\":[]}"}"#;
const B: &str = r#"{"schema":"{\"type\":\"record\",\"name\":\"B\",\"fields\":[]}"}"#;

#[test]
fn references_are_asked_for_once_though_several_schemas_need_them() {
    let script = Script::new(&[
        (SEVEN, &[Ok(PERSON)]),
        ("/schemas/ids/8", &[Ok(PERSON)]),
        ("/subjects/a%2F1/versions/1?deleted=true", &[Ok(A)]),
        // This registry does not know the parameter.
        ("/subjects/b/versions/2", &[Ok(B)]),
    ]);
    let rings = Cell::new(0);
    let mut fetcher = fetcher(&script, &rings);
    let slots = [7, 8].map(|id| ask(&mut fetcher, SchemaId::Number(id)));
    pass(&mut fetcher, &script, 10);
    assert_eq!(
        script.asked(),
        [
            "0 /schemas/ids/7",
            "0 /subjects/a%2F1/versions/1?deleted=true",
            "0 /subjects/b/versions/2?deleted=true",
            "0 /subjects/b/versions/2",
            "0 /schemas/ids/8",
        ]
    );
    assert!(slots.iter().all(|slot| slot.registered().is_some()));
}

#[test]
fn a_reference_that_is_not_there_is_named() {
    let (script, rings) = (Script::new(&[(SEVEN, &[Ok(PERSON)])]), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    let slot = ask(&mut fetcher, SchemaId::Number(7));
    pass(&mut fetcher, &script, 10);
    let expected = "schema 7 cannot be had: version 1 of `a/1`, to which it refers, is not in the registry";
    assert_eq!(slot.fault().as_deref(), Some(expected));
}

#[test]
fn a_schema_that_cannot_be_read_is_here_and_says_why() {
    let (script, rings) =
        (Script::new(&[(SEVEN, &[Ok(r#"{"schema":"","schemaType":"THRIFT"}"#)])]), Cell::new(0));
    let mut fetcher = fetcher(&script, &rings);
    let slot = ask(&mut fetcher, SchemaId::Number(7));
    pass(&mut fetcher, &script, 10);
    let form = &slot.registered().expect("it came").form;
    assert!(matches!(form, SchemaForm::Unusable(why) if why == "its type `THRIFT` is not known"));
}
