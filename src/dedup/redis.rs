//! Event ids in Redis, for all members of a group.

mod wire;

use super::{Backend, Claimed, News, StoreName, Times, milliseconds};
use crate::alarm::Bell;
use crate::error::{Failure, Kind, reason};
use crate::pause::GrowingPause;
use crate::settings;
use redis::{Cmd, ConnectionInfo, ErrorKind, IntoConnectionInfo, RedisError, Value};
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};
use wire::{Wire, odd};

/// How long connecting may take, and each answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The pauses between attempts to reach a server that is away.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The prefix of the key of a claim, which is followed by the key of its id. No key of an id begins like this.
const CLAIM_PREFIX: &str = "claim-";

/// Claims ids. KEYS are the key of each id and of its claim; ARGV are the owner and the milliseconds for which to
/// claim.
///
/// One step checks that an id is not kept and that nobody else claims it, and claims it. A claim of our own is
/// renewed.
const CLAIM: &str = "
local answers = {}
for i = 1, #KEYS, 2 do
  local owner = redis.call('GET', KEYS[i + 1])
  if redis.call('EXISTS', KEYS[i]) == 1 then
    answers[#answers + 1] = 0
  elseif owner and owner ~= ARGV[1] then
    answers[#answers + 1] = 1
  else
    redis.call('SET', KEYS[i + 1], ARGV[1], 'PX', ARGV[2])
    answers[#answers + 1] = 2
  end
end
return answers";

/// Gives back claims that are still ours. KEYS are the keys of the claims, ARGV is the owner.
const GIVE_BACK: &str = "
for i = 1, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end
end
return #KEYS";

pub struct Server {
    /// The URL as messages show it: without its password, or the variable that holds it.
    url: String,
    info: ConnectionInfo,
    wire: Option<Wire>,
    prefix: String,
    times: Times,
    /// The owner of our claims; no other process has this name.
    owner: String,
    /// Ids that we have claimed.
    claimed: HashSet<String>,
    renew_at: Option<Instant>,
    news: (Sender<News>, Bell),
}

impl Server {
    pub fn open(
        url: &settings::Value,
        names: &StoreName,
        times: Times,
        news: (Sender<News>, Bell),
    ) -> Result<Server, Failure> {
        let shown = url.quoted(url);
        let info = (**url).into_connection_info().map_err(|error| {
            Failure::usage(format!("`--dedup-store {shown}`: {}", words(&error)))
                .hint("for example `redis://HOST:6379`, with a password `redis://:PASSWORD@HOST:6379/0`")
        })?;
        let wire = Wire::open(&info, LIMIT).map_err(|error| {
            let verb = if is_away(&error) { "reach" } else { "use" };
            Failure::new(Kind::Run, format!("cannot {verb} the dedup store `{shown}`"))
                .caused_by(words(&error))
                .hint("check `--dedup-store`")
        })?;
        Ok(Server {
            url: shown,
            info,
            wire: Some(wire),
            prefix: names.prefix(),
            times,
            owner: unique_name(),
            claimed: HashSet::new(),
            renew_at: None,
            news,
        })
    }

    /// Repeats the work until the server answers. While it is away, everything waits for it.
    fn with<T>(&mut self, work: impl Fn(&mut Wire) -> Result<T, RedisError>) -> Result<T, String> {
        let mut pause = GrowingPause::new(FIRST_PAUSE, LONGEST_PAUSE);
        let (mut away_since, mut has_failed) = (None, false);
        loop {
            let result = match self.wire.take() {
                Some(wire) => Ok(wire),
                None => Wire::open(&self.info, LIMIT),
            };
            let result = result.and_then(|mut wire| {
                let done = work(&mut wire)?;
                self.wire = Some(wire);
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
                    // It is no news that the server closed an idle connection.
                    if std::mem::replace(&mut has_failed, true) && away_since.is_none() {
                        away_since = Some(Instant::now());
                        let reason =
                            format!("cannot reach the dedup store `{}`: {}", self.url, words(&error));
                        self.tell(News::Away { reason });
                    }
                    std::thread::sleep(pause.advance());
                }
                Err(error) => return Err(format!("the dedup store `{}`: {}", self.url, words(&error))),
            }
        }
    }

    fn tell(&self, news: News) {
        // The receiver goes away only when the run is over.
        let _ = self.news.0.send(news);
        self.news.1.ring();
    }

    fn key(&self, id: &str) -> String {
        format!("{}{id}", self.prefix)
    }

    fn claim_key(&self, id: &str) -> String {
        format!("{CLAIM_PREFIX}{}{id}", self.prefix)
    }

    /// Claims ids, or renews what is claimed.
    fn claim_all(&mut self, ids: &[&str]) -> Result<Vec<Claimed>, String> {
        let mut command = redis::cmd("EVAL");
        command.arg(CLAIM).arg(2 * ids.len());
        for id in ids {
            command.arg(self.key(id)).arg(self.claim_key(id));
        }
        command.arg(&self.owner).arg(milliseconds(self.times.claim).max(1));
        self.with(|wire| {
            let answers: Vec<i64> = redis::from_redis_value(wire.ask(&command)?)?;
            let claimed = answers.iter().filter_map(|answer| match answer {
                0 => Some(Claimed::Kept),
                1 => Some(Claimed::Elsewhere),
                2 => Some(Claimed::Ours),
                _ => None,
            });
            all_of(ids, claimed.collect())
        })
    }

    fn giving_back(&self, ids: &[&str]) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(GIVE_BACK).arg(ids.len());
        for id in ids {
            command.arg(self.claim_key(id));
        }
        command.arg(&self.owner);
        command
    }
}

impl Backend for Server {
    fn look_up(&mut self, ids: &[&str]) -> Result<Vec<bool>, String> {
        // A key of ours counts whatever its value is.
        let commands: Vec<Cmd> =
            ids.iter().map(|id| Cmd::new().arg("EXISTS").arg(self.key(id)).to_owned()).collect();
        self.with(|wire| {
            let answers = wire.ask_all(&commands)?;
            let known =
                answers.into_iter().map(redis::from_redis_value::<i64>).collect::<Result<Vec<_>, _>>()?;
            all_of(ids, known.into_iter().map(|count| count > 0).collect())
        })
    }

    /// Keeps ids as durably as the server is configured to (`appendfsync`).
    fn keep(&mut self, ids: &[&str]) -> Result<(), String> {
        let ttl = milliseconds(self.times.ttl).max(1);
        let set = |id: &&str| Cmd::new().arg("SET").arg(self.key(id)).arg(1).arg("PX").arg(ttl).to_owned();
        let mut commands: Vec<Cmd> = ids.iter().map(set).collect();
        // Claims are given back after the ids are kept, so that whoever waits for a claim finds the id.
        commands.push(self.giving_back(ids));
        self.with(|wire| {
            let answers = wire.ask_all(&commands)?;
            let is_kept = answers.iter().filter(|answer| is_done(answer)).count() == ids.len();
            is_kept.then_some(()).ok_or_else(|| odd("it did not confirm that everything was stored"))
        })?;
        for id in ids {
            self.claimed.remove(*id);
        }
        Ok(())
    }

    fn has_claims(&self) -> bool {
        true
    }

    fn claim(&mut self, ids: &[&str]) -> Result<Vec<Claimed>, String> {
        let claimed = self.claim_all(ids)?;
        for (id, claimed) in ids.iter().zip(&claimed) {
            if *claimed == Claimed::Ours {
                self.claimed.insert((*id).to_owned());
            }
        }
        if !self.claimed.is_empty() && self.renew_at.is_none() {
            self.renew_at = Instant::now().checked_add(self.times.claim / 3);
        }
        Ok(claimed)
    }

    fn give_back(&mut self, ids: &[&str]) -> Result<(), String> {
        let command = self.giving_back(ids);
        self.with(|wire| wire.ask(&command).map(drop))?;
        for id in ids {
            self.claimed.remove(*id);
        }
        Ok(())
    }

    fn due(&self) -> Option<Instant> {
        self.renew_at
    }

    fn renew(&mut self) -> Result<(), String> {
        self.renew_at = None;
        let ids: Vec<String> = self.claimed.iter().cloned().collect();
        for ids in ids.chunks(super::TOGETHER) {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let claimed = self.claim_all(&ids)?;
            let lost: Vec<&str> = ids
                .iter()
                .zip(claimed)
                .filter(|(_, claimed)| *claimed != Claimed::Ours)
                .map(|(id, _)| *id)
                .collect();
            for id in &lost {
                self.claimed.remove(*id);
            }
            if !lost.is_empty() {
                self.tell(News::Overtaken { ids: lost.len() });
            }
        }
        if !self.claimed.is_empty() {
            self.renew_at = Instant::now().checked_add(self.times.claim / 3);
        }
        Ok(())
    }

    fn close(&mut self) {
        let ids: Vec<String> = self.claimed.drain().collect();
        for ids in ids.chunks(super::TOGETHER) {
            let command = self.giving_back(&ids.iter().map(String::as_str).collect::<Vec<_>>());
            // What cannot be given back expires.
            let _ = self.with(|wire| wire.ask(&command).map(drop));
        }
    }
}

/// Checks that there is an answer for each id.
fn all_of<T>(ids: &[&str], answers: Vec<T>) -> Result<Vec<T>, RedisError> {
    if answers.len() == ids.len() {
        Ok(answers)
    } else {
        Err(odd("it is for another number of ids than were asked for"))
    }
}

fn is_done(answer: &Value) -> bool {
    matches!(answer, Value::Okay) || matches!(answer, Value::SimpleString(word) if word == "OK")
}

/// A name from our process id and 128 random bits.
fn unique_name() -> String {
    let random = || RandomState::new().hash_one(std::process::id());
    format!("{}-{:016x}{:016x}", std::process::id(), random(), random())
}

/// Whether the connection failed or the server is starting, which passes by itself.
fn is_away(error: &RedisError) -> bool {
    let is_loading = matches!(error.code(), Some("LOADING" | "MASTERDOWN" | "BUSY"));
    is_loading || matches!(error.kind(), ErrorKind::Io)
}

fn words(error: &RedisError) -> String {
    let detail = error.detail().map(|detail| detail.trim_end_matches('.'));
    match (error.kind(), detail) {
        (ErrorKind::Parse, Some(detail)) => format!("unexpected answer: {detail}"),
        (ErrorKind::UnexpectedReturnType, _) => "unexpected answer".to_owned(),
        (_, Some(detail)) => format!("{}: {detail}", error.category()),
        // The system's words, without what Rust adds to them.
        (_, None) => reason(&io::Error::other(error.to_string())),
    }
}
