//! Tests of the store on a real Redis, if one is installed on the machine.

use super::*;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::process::Child;

/// Set where these tests must run.
const REQUIRED: &str = "KCONS_REQUIRE_REDIS";

struct Server {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server; returns none and prints a line that says so where no Redis is installed.
    fn start() -> Option<Server> {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let Some(process) = Server::spawn(port, folder.path()) else {
            assert!(std::env::var_os(REQUIRED).is_none(), "redis-server is missing");
            writeln!(std::io::stderr(), "left out, no redis-server: a test of --dedup-store redis://")
                .unwrap();
            return None;
        };
        let server = Server { process, port, folder };
        server.wait_until_reached();
        Some(server)
    }

    fn spawn(port: u16, folder: &Path) -> Option<Child> {
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--requirepass", "secret"])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--save", "", "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .ok()
    }

    fn wait_until_reached(&self) {
        let deadline = Instant::now() + WAIT;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not listen");
            std::thread::yield_now();
        }
    }

    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn start_again(&mut self) {
        self.process = Server::spawn(self.port, self.folder.path()).unwrap();
        self.wait_until_reached();
    }

    fn url(&self, user: &str) -> String {
        format!("redis://{user}@127.0.0.1:{}/0", self.port)
    }

    fn open(&self) -> Opened {
        self.open_with(TIMES)
    }

    fn open_with(&self, times: Times) -> Opened {
        let (alarm, choice) = (Alarm::new().unwrap(), StoreChoice::Redis(Value::plain(self.url(":secret"))));
        let store = Store::open_with(&choice, &names(), times, (alarm.bell(), Box::new(|| 0))).unwrap();
        Opened { store, alarm }
    }

    fn ask<T: ::redis::FromRedisValue>(&self, command: &str, key: &str) -> T {
        let mut connection = ::redis::Client::open(self.url(":secret")).unwrap().get_connection().unwrap();
        ::redis::cmd(command).arg(key).query(&mut connection).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A port that nobody listens on. Above 32767 outgoing connections sit on ports of their own choice.
fn free_port() -> u16 {
    let any = || 12_000 + (RandomState::new().hash_one(std::process::id()) % 20_000) as u16;
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(any).find(is_free).unwrap()
}

fn news(opened: &mut Opened) -> News {
    let deadline = Instant::now() + WAIT;
    loop {
        if let Some(news) = opened.store.news() {
            return news;
        }
        assert!(Instant::now() < deadline, "no news");
        opened.alarm.wait(Duration::from_secs(1), false);
    }
}

#[test]
fn members_share_what_is_kept_and_it_expires_there() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (server.open(), server.open());
    assert_eq!(one.look_up("a:1"), Ok(IdState::New));
    assert_eq!(one.keep("a:1"), Ok(IdState::Kept));
    assert_eq!(other.look_up("a:1"), Ok(IdState::Known));
    assert_eq!(other.look_up("a"), Ok(IdState::New));
    let left: i64 = server.ask("PTTL", "kcons:c:g:a:1");
    assert!((1..=10_000).contains(&left), "{left}");
    let _: i64 = server.ask("DEL", "kcons:c:g:a:1");
    assert_eq!(one.look_up("a:1"), Ok(IdState::New));
}

#[test]
fn requests_wait_for_a_server_that_is_away_which_is_said_once() {
    let Some(mut server) = Server::start() else { return };
    let mut opened = server.open();
    opened.keep("a").unwrap();
    server.stop();
    opened.store.look_up(1, "a".into());
    opened.store.keep(2, "b".into());
    let away = news(&mut opened);
    assert!(
        matches!(&away, News::Away { reason } if reason.contains(":***@") && reason.ends_with("Connection refused")),
        "{away:?}"
    );
    assert_eq!(opened.store.answer(), None);
    server.start_again();
    assert!(matches!(news(&mut opened), News::Back { .. }));
    let mut answers = [opened.answer(), opened.answer()];
    answers.sort_by_key(|answer| answer.ticket);
    assert_eq!(answers.map(|answer| answer.answer), [Ok(IdState::Known), Ok(IdState::Kept)]);
}

#[test]
fn a_server_that_refuses_is_an_error_in_words_without_the_password() {
    let Some(server) = Server::start() else { return };
    let start = |user: &str| {
        open_at(&StoreChoice::Redis(Value::plain(server.url(user))), Box::new(|| 0))
            .map(|_| ())
            .expect_err(user)
    };
    let failure = start(":wrong");
    assert_eq!(failure.kind, Kind::Run);
    assert!(failure.message.contains("cannot use the dedup store `redis://:***@127.0.0.1"), "{failure:?}");
    assert!(failure.causes[0].contains("invalid username-password pair"), "{failure:?}");
    // Whatever stands under our key, it is not taken for nothing.
    let mut opened = server.open();
    let _: i64 = server.ask("INCR", "kcons:c:g:x");
    assert_eq!(opened.look_up("x"), Ok(IdState::Known));
}

impl Opened {
    fn claim(&mut self, id: &str) -> Result<IdState, String> {
        self.store.claim(3, id.into());
        self.answer().answer
    }
}

#[test]
fn an_id_is_claimed_by_one_until_it_is_kept_or_given_back() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (server.open(), server.open());
    assert_eq!(one.claim("a"), Ok(IdState::Claimed));
    assert_eq!(other.claim("a"), Ok(IdState::Elsewhere));
    // The id is not known, since nobody has processed it.
    assert_eq!(other.look_up("a"), Ok(IdState::New));
    assert_eq!(one.claim("a"), Ok(IdState::Claimed), "again by the one who has it");
    one.store.give_back("a".into());
    assert_eq!(one.claim("b"), Ok(IdState::Claimed), "behind it");
    assert_eq!(other.claim("a"), Ok(IdState::Claimed));
    // A claim of another's is not given back.
    one.store.give_back("a".into());
    assert_eq!(one.claim("a"), Ok(IdState::Elsewhere));
    assert_eq!(other.keep("a"), Ok(IdState::Kept));
    assert_eq!(one.claim("a"), Ok(IdState::Known));
    assert_eq!(server.ask::<i64>("EXISTS", "claim-kcons:c:g:a"), 0);
}

#[test]
fn a_claim_is_renewed_while_it_is_needed_and_given_back_at_the_end() {
    let Some(server) = Server::start() else { return };
    let (mut one, mut other) = (server.open(), server.open());
    assert_eq!(one.claim("a"), Ok(IdState::Claimed));
    let claimed_at = Instant::now();
    let left = || server.ask::<i64>("PTTL", "claim-kcons:c:g:a");
    // Longer than a claim lasts.
    while claimed_at.elapsed() < TIMES.claim + Duration::from_secs(1) {
        assert!(left() > 0, "it ran out");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(other.claim("a"), Ok(IdState::Elsewhere));
    one.close();
    assert_eq!(other.claim("a"), Ok(IdState::Claimed));
}

#[test]
fn a_claim_that_ran_out_is_anybodys_and_told_to_who_had_it() {
    let Some(server) = Server::start() else { return };
    let times = Times { claim: Duration::from_secs(20), ..TIMES };
    let (mut one, mut other) = (server.open_with(times), server.open_with(times));
    assert_eq!(one.claim("a"), Ok(IdState::Claimed));
    // As if `one` had been frozen for that long.
    let _: i64 = server.ask("DEL", "claim-kcons:c:g:a");
    assert_eq!(other.claim("a"), Ok(IdState::Claimed));
    assert_eq!(news(&mut one), News::Overtaken { ids: 1 });
    assert_eq!(one.claim("a"), Ok(IdState::Elsewhere));
}

/// A server that answers everything the same way, but for the words of a greeting.
fn answers(with: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut request = [0; 4096];
                while std::io::Read::read(&mut stream, &mut request).is_ok_and(|count| count > 0) {
                    let is_greeting = request.windows(4).any(|word| word == b"PING");
                    let answer: &[u8] = if is_greeting { b"+PONG\r\n" } else { with };
                    request.fill(0);
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[test]
fn what_is_no_answer_of_redis_is_an_error_and_never_much_memory() {
    // Each part is small enough.
    let many: &'static [u8] = [&b"*60000\r\n"[..], &b"$0\r\n\r\n".repeat(60_000)].concat().leak();
    let long: &'static [u8] =
        [&b"*20\r\n"[..], &[b"$65536\r\n", &[b'x'; 65_536][..], b"\r\n"].concat().repeat(20)].concat().leak();
    let table: &[(&'static [u8], &str)] = &[
        (many, "unexpected answer: too large"),
        (long, "unexpected answer: too large"),
        (b"*0\r\n", "unexpected answer"),
        (b"*1000000000\r\n", "unexpected answer: too large"),
        (b"$2000000000\r\n", "unexpected answer: too large"),
        (b"$-7\r\n", "unexpected answer: too large"),
        (b"*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "unexpected answer: too large"),
        (b":9999999999999999999999\r\n", "unexpected answer: not a number"),
        (b"+OK\r\n", "unexpected answer"),
        (b"$1\r\nab\r\n", "unexpected answer"),
        (b"\x00\xff\xfe\r\n", "unexpected answer: not text"),
        (b"?\r\n", "unexpected answer: of an unknown kind"),
        (b"\r\n", "unexpected answer: an empty line"),
        (b"\n", "unexpected answer: an unfinished line"),
        (b"-ERR no\r\n", "response error: no"),
    ];
    for (answer, words) in table {
        let choice = StoreChoice::Redis(Value::plain(answers(answer)));
        for ask in [Opened::look_up, Opened::claim] {
            let mut opened = open_at(&choice, Box::new(|| 0)).unwrap();
            let found = ask(&mut opened, "a");
            let text = String::from_utf8_lossy(&answer[..answer.len().min(50)]);
            assert!(found.as_ref().is_err_and(|error| error.contains(words)), "{text:?}: {found:?}");
        }
    }
}

#[test]
fn a_server_that_is_not_there_at_the_start_is_named() {
    let closed = "127.0.0.1:1";
    let url = format!("redis://u:secret@{closed}");
    let failure = open_at(&StoreChoice::Redis(Value::plain(url)), Box::new(|| 0)).map(|_| ()).unwrap_err();
    assert_eq!(failure.message, format!("cannot reach the dedup store `redis://u:***@{closed}`"));
    assert_eq!(failure.causes, ["Connection refused"]);
}
