//! Ids that are known, new, expired; stores that are damaged, locked, killed and away.

mod server;

use super::*;
use crate::alarm::Alarm;
use crate::settings::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

const WAIT: Duration = Duration::from_secs(60);
const TIMES: Times = Times { ttl: Duration::from_secs(10), claim: Duration::from_secs(3) };

struct Opened {
    store: Store,
    alarm: Alarm,
}

fn names() -> StoreName {
    StoreName { cluster: "c".to_owned(), group: Some("g".to_owned()) }
}

fn open_at(choice: &StoreChoice, clock: WallClock) -> Result<Opened, Failure> {
    let alarm = Alarm::new().unwrap();
    Ok(Opened { store: Store::open_with(choice, &names(), TIMES, (alarm.bell(), clock))?, alarm })
}

fn file(path: &Path) -> StoreChoice {
    StoreChoice::File(Value::plain(path.to_str().expect("text")))
}

fn open(path: &Path) -> Result<Opened, Failure> {
    open_at(&file(path), Box::new(|| 1000))
}

impl Opened {
    fn answer(&mut self) -> StoreAnswer {
        let deadline = Instant::now() + WAIT;
        loop {
            if let Some(answer) = self.store.answer() {
                return answer;
            }
            assert!(Instant::now() < deadline && self.store.is_alive(), "no answer");
            self.alarm.wait(Duration::from_secs(1), false);
        }
    }

    fn look_up(&mut self, id: &str) -> Result<IdState, String> {
        self.store.look_up(1, id.into());
        self.answer().answer
    }

    fn keep(&mut self, id: &str) -> Result<IdState, String> {
        self.store.keep(2, id.into());
        self.answer().answer
    }

    fn close(self) {
        assert!(self.store.close(Instant::now() + WAIT));
    }
}

#[test]
fn an_id_is_known_once_it_is_kept_and_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let choice = StoreChoice::InFolder(folder.path().join("new/state"));
    let mut opened = open_at(&choice, Box::new(|| 1000)).unwrap();
    assert_eq!(opened.look_up("a"), Ok(IdState::New));
    assert_eq!(opened.keep("a"), Ok(IdState::Kept));
    assert_eq!(opened.look_up("a"), Ok(IdState::Known));
    assert_eq!(opened.look_up("b"), Ok(IdState::New));
    opened.close();
    let file = names().file(&folder.path().join("new/state"));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
    assert_eq!(open_at(&choice, Box::new(|| 1000)).unwrap().look_up("a"), Ok(IdState::Known));
}

#[test]
fn a_batch_is_answered_as_if_one_came_after_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut opened = open(&folder.path().join("s")).unwrap();
    let count = 5000;
    for ticket in 0..count {
        let id: Arc<str> = (ticket / 4).to_string().into();
        match ticket % 4 {
            0 | 3 => opened.store.look_up(ticket, id),
            _ => opened.store.keep(ticket, id),
        }
    }
    for _ in 0..count {
        let StoreAnswer { ticket, answer } = opened.answer();
        let expected = [IdState::New, IdState::Kept, IdState::Kept, IdState::Known]
            [usize::try_from(ticket % 4).unwrap()];
        assert_eq!(answer, Ok(expected), "{ticket}");
    }
}

#[test]
fn an_expired_id_is_new_and_leaves_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let now = Arc::new(AtomicU64::new(1000));
    let clock = {
        let now = Arc::clone(&now);
        Box::new(move || now.load(Ordering::SeqCst))
    };
    let path = folder.path().join("s");
    let mut opened = open_at(&file(&path), clock).unwrap();
    for id in ["a", "b", "c"] {
        opened.keep(id).unwrap();
    }
    now.store(10_999, Ordering::SeqCst);
    assert_eq!(opened.look_up("a"), Ok(IdState::Known));
    now.store(11_000, Ordering::SeqCst);
    assert_eq!(opened.look_up("a"), Ok(IdState::New));
    assert_eq!(opened.keep("d"), Ok(IdState::Kept));
    opened.close();
    let database = ::redb::Database::open(path).unwrap();
    let table: ::redb::TableDefinition<'_, &str, u64> = ::redb::TableDefinition::new("ids");
    let table = database.begin_read().unwrap().open_table(table).unwrap();
    assert_eq!(::redb::ReadableTableMetadata::len(&table).unwrap(), 1);
}

#[test]
fn a_damaged_file_is_an_error_and_never_an_empty_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut opened = open(&path).unwrap();
    for id in 0..2000u64 {
        opened.store.keep(id, format!("id {id}").into());
    }
    for _ in 0..2000 {
        opened.answer().answer.unwrap();
    }
    opened.close();
    let whole = fs::read(&path).unwrap();
    let check = |bytes: &[u8], what: &str| {
        fs::write(&path, bytes).unwrap();
        let failure = open(&path).map(|_| ()).expect_err(what);
        assert_eq!(failure.kind, Kind::Run, "{what}");
        assert!(failure.message.contains(&format!("`{}` is damaged", path.display())), "{what}: {failure:?}");
    };
    check(b"", "empty");
    check(b"some text\n", "another file");
    for part in [1, 100, 4096, whole.len() / 2] {
        check(&whole[..part], &format!("cut off after {part}"));
    }
    // It is changed everywhere, since some of the pages that hold it are free by now.
    let mut changed = whole.clone();
    for place in (0..whole.len() - 4).filter(|place| whole[*place..].starts_with(b"id 7")) {
        changed[place] = b'x';
    }
    check(&changed, "pages overwritten");
    check(&vec![0; whole.len()], "zeros");
}

#[test]
fn a_file_serves_one_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let _opened = open(&path).unwrap();
    let failure = open(&path).map(|_| ()).unwrap_err();
    assert!(failure.message.contains("in use by another process"), "{failure:?}");
    assert!(failure.hint.unwrap().contains("redis://"));
}

#[test]
fn a_place_that_cannot_be_written_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let failure = open(&file.join("s")).map(|_| ()).unwrap_err();
    assert!(failure.message.starts_with("cannot create the dedup store"), "{failure:?}");
    let failure = open(folder.path()).map(|_| ()).unwrap_err();
    assert_eq!(failure.causes, ["Is a directory"]);
}

/// Where the store of the child below is.
const CHILD: &str = "KCONS_TEST_CHILD_STORE";

#[test]
#[ignore = "the writing half of the next test"]
fn child_that_writes_until_it_is_killed() {
    let mut opened = open(Path::new(&std::env::var_os(CHILD).expect("told where"))).unwrap();
    for number in 0.. {
        for id in 0..50 {
            opened.store.keep(0, format!("{number} {id}").into());
        }
        for _ in 0..50 {
            opened.answer().answer.unwrap();
        }
        // The file is replaced as a whole: a reader in the middle of `9` could otherwise go on in `10` and see `90`.
        let done = std::env::var_os(CHILD).expect("told where").into_string().unwrap() + ".done";
        let beside = done.clone() + ".new";
        fs::write(&beside, number.to_string()).unwrap();
        fs::rename(&beside, &done).unwrap();
    }
}

#[test]
fn a_store_killed_in_mid_write_opens_again_with_all_that_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let done = folder.path().join("s.done");
    for round in 1..=3u64 {
        let _ = fs::remove_file(&done);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "dedup::tests::child_that_writes_until_it_is_killed", "--ignored"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + WAIT;
        let last = loop {
            let number = fs::read_to_string(&done).ok().and_then(|text| text.parse::<u64>().ok());
            match number {
                Some(number) if number >= round * 7 => break number,
                Some(_) | None => assert!(Instant::now() < deadline, "the child does not write"),
            }
            std::thread::yield_now();
        };
        child.kill().unwrap();
        child.wait().unwrap();
        let mut opened = open(&path).unwrap();
        for number in 0..=last {
            assert_eq!(opened.look_up(&format!("{number} 49")), Ok(IdState::Known), "{number} of {last}");
        }
        opened.close();
    }
}

#[test]
fn a_store_that_was_deleted_is_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut opened = open(&path).unwrap();
    opened.keep("a").unwrap();
    opened.close();
    fs::remove_file(&path).unwrap();
    assert_eq!(open(&path).unwrap().look_up("a"), Ok(IdState::New));
}

#[test]
#[ignore = "the writing half of the next test"]
fn child_that_writes_until_the_disk_is_full() {
    let mut opened = open(Path::new(&std::env::var_os(CHILD).expect("told where"))).unwrap();
    let long = "x".repeat(1000);
    let (number, words) = (0..10_000)
        .find_map(|number| opened.keep(&format!("{number} {long}")).err().map(|words| (number, words)))
        .expect("a limit");
    assert!(
        number > 10 && words.contains("the dedup store `") && words.ends_with("File too large"),
        "{words}"
    );
    assert_eq!(opened.look_up(&format!("{} {long}", number - 1)), Ok(IdState::Known));
    assert_eq!(opened.look_up(&format!("{number} {long}")), Ok(IdState::New));
}

#[test]
fn a_full_disk_is_an_error_that_loses_nothing_kept_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "dedup::tests::child_that_writes_until_the_disk_is_full",
            "--ignored",
            "--nocapture",
        ])
        .env(CHILD, &path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    drop(open(&path).unwrap());
}
