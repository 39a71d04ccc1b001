//! Event ids in Redis, for all members of a group.

use super::{Backend, Names, News, milliseconds};
use crate::alarm::Bell;
use crate::error::{Failure, Kind, reason};
use redis::{Client, Connection, ErrorKind, RedisError};
use std::io;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

/// For making a connection, and for one answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Between attempts to reach a server that is away: doubled from the one to the other.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub struct Server {
    /// Without its password.
    url: String,
    client: Client,
    connection: Option<Connection>,
    prefix: String,
    ttl: Duration,
    news: (Sender<News>, Bell),
}

impl Server {
    pub fn open(
        url: &str,
        names: &Names,
        ttl: Duration,
        news: (Sender<News>, Bell),
    ) -> Result<Server, Failure> {
        let shown = without_password(url);
        let client = Client::open(url).map_err(|error| {
            Failure::usage(format!("`--dedup-store {shown}`: {}", words(&error)))
                .hint("for example `redis://HOST:6379`, with a password `redis://:PASSWORD@HOST:6379/0`")
        })?;
        let connection = connect(&client).map_err(|error| {
            let verb = if is_away(&error) { "reach" } else { "use" };
            Failure::new(Kind::Run, format!("cannot {verb} the dedup store `{shown}`"))
                .caused_by(words(&error))
                .hint("check `--dedup-store`")
        })?;
        Ok(Server { url: shown, client, connection: Some(connection), prefix: names.prefix(), ttl, news })
    }

    /// Does the work again until the server answers: while it is away, everything waits for it.
    fn with<T>(&mut self, work: impl Fn(&mut Connection) -> Result<T, RedisError>) -> Result<T, String> {
        let (mut away_since, mut pause) = (None, FIRST_PAUSE);
        loop {
            let result = match self.connection.take() {
                Some(connection) => Ok(connection),
                None => connect(&self.client),
            };
            let result = result.and_then(|mut connection| {
                let done = work(&mut connection)?;
                self.connection = Some(connection);
                Ok(done)
            });
            match result {
                Ok(done) => {
                    if let Some(since) = away_since {
                        self.tell(News::Back { after: Instant::now() - since });
                    }
                    return Ok(done);
                }
                Err(error) if is_away(&error) => {
                    // A connection that the server closed while nothing was asked is no news.
                    if pause > FIRST_PAUSE && away_since.is_none() {
                        away_since = Some(Instant::now());
                        let reason =
                            format!("cannot reach the dedup store `{}`: {}", self.url, words(&error));
                        self.tell(News::Away { reason });
                    }
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(format!("the dedup store `{}`: {}", self.url, words(&error))),
            }
        }
    }

    fn tell(&self, news: News) {
        // The run may be over already.
        let _ = self.news.0.send(news);
        self.news.1.ring();
    }

    fn keys(&self, ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| format!("{}{id}", self.prefix)).collect()
    }
}

impl Backend for Server {
    fn look_up(&mut self, ids: &[&str]) -> Result<Vec<bool>, String> {
        let keys = self.keys(ids);
        self.with(|connection| {
            let values: Vec<Option<Vec<u8>>> = redis::cmd("MGET").arg(&keys).query(connection)?;
            Ok(values.iter().map(Option::is_some).collect())
        })
    }

    /// As durable as the server is told to be (`appendfsync`).
    fn keep(&mut self, ids: &[&str]) -> Result<(), String> {
        let keys = self.keys(ids);
        let ttl = milliseconds(self.ttl).max(1);
        self.with(|connection| {
            let mut pipeline = redis::pipe();
            for key in &keys {
                pipeline.cmd("SET").arg(key).arg(1).arg("PX").arg(ttl).ignore();
            }
            pipeline.query::<()>(connection)
        })
    }
}

fn connect(client: &Client) -> Result<Connection, RedisError> {
    let mut connection = client.get_connection_with_timeout(LIMIT)?;
    connection.set_read_timeout(Some(LIMIT))?;
    connection.set_write_timeout(Some(LIMIT))?;
    redis::cmd("PING").query::<()>(&mut connection)?;
    Ok(connection)
}

/// The connection failed, or the server is starting: it passes by itself.
fn is_away(error: &RedisError) -> bool {
    let is_loading = matches!(error.code(), Some("LOADING" | "MASTERDOWN" | "BUSY"));
    is_loading || matches!(error.kind(), ErrorKind::Io)
}

fn words(error: &RedisError) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.category()),
        // The system's words alone.
        None => reason(&io::Error::other(error.to_string())),
    }
}

/// The URL with `***` for the password.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((user, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    match user.split_once(':') {
        Some((name, _)) => format!("{scheme}://{name}:***@{host}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("redis://h:6379/0", "redis://h:6379/0"),
            ("redis://:p@h", "redis://:***@h"),
            ("redis://u:p:@q@h/1", "redis://u:***@h/1"),
            ("h", "h"),
        ] {
            assert_eq!(without_password(url), shown);
        }
    }
}
