//! The same on a real Redis, which is looked for on the machine.

use super::*;
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
    /// None, and a line that says so, where no Redis is installed.
    fn start() -> Option<Server> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
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
        open_at(&StoreChoice::Redis(self.url(":secret")), Box::new(|| 0)).unwrap()
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
    assert_eq!(one.look_up("a:1"), Ok(Found::New));
    assert_eq!(one.keep("a:1"), Ok(Found::Kept));
    assert_eq!(other.look_up("a:1"), Ok(Found::Known));
    assert_eq!(other.look_up("a"), Ok(Found::New));
    let left: i64 = server.ask("PTTL", "kcons:c:g:a:1");
    assert!((1..=10_000).contains(&left), "{left}");
    let _: i64 = server.ask("DEL", "kcons:c:g:a:1");
    assert_eq!(one.look_up("a:1"), Ok(Found::New));
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
    assert_eq!(answers.map(|answer| answer.answer), [Ok(Found::Known), Ok(Found::Kept)]);
}

#[test]
fn a_server_that_refuses_is_an_error_in_words_without_the_password() {
    let Some(server) = Server::start() else { return };
    let start = |user: &str| {
        open_at(&StoreChoice::Redis(server.url(user)), Box::new(|| 0)).map(|_| ()).expect_err(user)
    };
    let failure = start(":wrong");
    assert_eq!(failure.kind, Kind::Run);
    assert!(failure.message.contains("cannot use the dedup store `redis://:***@127.0.0.1"), "{failure:?}");
    assert!(failure.causes[0].contains("Password authentication failed"), "{failure:?}");
    // Another type under our key: the server answers with an error, nothing is taken for new.
    let mut opened = server.open();
    let _: i64 = server.ask("INCR", "kcons:c:g:x");
    assert_eq!(opened.look_up("x"), Ok(Found::Known));
}

#[test]
fn a_server_that_is_not_there_at_the_start_is_named() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("redis://u:secret@{closed}");
    let failure = open_at(&StoreChoice::Redis(url), Box::new(|| 0)).map(|_| ()).unwrap_err();
    assert_eq!(failure.message, format!("cannot reach the dedup store `redis://u:***@{closed}`"));
    assert_eq!(failure.causes, ["Connection refused"]);
}
