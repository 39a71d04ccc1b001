//! Ids of records that were processed, remembered over restarts.

mod names;
mod redb;
mod redis;

pub use names::StoreName;

use crate::alarm::Bell;
use crate::error::{Failure, Kind, reason};
use crate::settings::StoreChoice;
use std::collections::HashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How many requests at most are answered together, with one transaction.
const TOGETHER: usize = 1000;

/// A store of event ids, which works on a thread of its own.
pub struct Store {
    requests: Sender<StoreRequest>,
    answers: Receiver<StoreAnswer>,
    news: Receiver<News>,
    /// Closed by the thread when it ends.
    ended: Receiver<()>,
    has_claims: bool,
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreAnswer {
    pub ticket: u64,
    /// What the store says about the id; a message if the store could not be read or written, which never counts as
    /// an empty store.
    pub answer: Result<IdState, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdState {
    /// The id was kept before and has not expired.
    Known,
    New,
    /// The id is durable from now on.
    Kept,
    /// The id is claimed for us: our handler may start, and no other member's does.
    Claimed,
    /// Another member is handling a record with this id.
    Elsewhere,
}

/// How long ids and claims last.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// How long a processed id is remembered.
    pub ttl: Duration,
    /// How long a claim outlives a member that died. It is renewed long before, but has to outlive an attempt.
    pub claim: Duration,
}

/// News about the store itself, on which requests may have to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The server is away; told once.
    Away {
        reason: String,
    },
    Back {
        after: Duration,
    },
    /// This many claims of ours expired, and other members took them.
    Overtaken {
        ids: usize,
    },
}

enum StoreRequest {
    LookUp { ticket: u64, id: Arc<str> },
    Keep { ticket: u64, id: Arc<str> },
    Claim { ticket: u64, id: Arc<str> },
    GiveBack { id: Arc<str> },
}

/// The outcome of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Claimed {
    /// There is nothing to claim, since the id is kept.
    Kept,
    Elsewhere,
    Ours,
}

/// A place where ids are kept. Errors are messages.
trait Backend: Send {
    /// Whether each id is known.
    fn look_up(&mut self, ids: &[&str]) -> Result<Vec<bool>, String>;

    /// Keeps these ids and gives back the claims on them. They are durable when it returns.
    fn keep(&mut self, ids: &[&str]) -> Result<(), String>;

    /// Whether others use the store at the same time, so that an id has to be claimed before its handler starts.
    fn has_claims(&self) -> bool {
        false
    }

    /// Claims each id for this process, or renews a claim that is ours already.
    fn claim(&mut self, ids: &[&str]) -> Result<Vec<Claimed>, String> {
        Ok(vec![Claimed::Ours; ids.len()])
    }

    /// Gives claims back, so that others need not wait until they expire.
    fn give_back(&mut self, _ids: &[&str]) -> Result<(), String> {
        Ok(())
    }

    /// When claims have to be renewed.
    fn due(&self) -> Option<Instant> {
        None
    }

    fn renew(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// Ends the work: nothing more is asked for.
    fn close(&mut self) {}
}

/// The wall clock, in milliseconds since 1970.
type WallClock = Box<dyn Fn() -> u64 + Send>;

impl Store {
    /// Opens the store, or makes a new one, and starts its thread.
    ///
    /// # Errors
    /// The store cannot be used; the failure says what to do.
    pub fn open(choice: &StoreChoice, names: &StoreName, times: Times, bell: Bell) -> Result<Store, Failure> {
        Store::open_with(choice, names, times, (bell, Box::new(wall_clock)))
    }

    fn open_with(
        choice: &StoreChoice,
        names: &StoreName,
        times: Times,
        (bell, clock): (Bell, WallClock),
    ) -> Result<Store, Failure> {
        let (tell, news) = mpsc::channel();
        let backend: Box<dyn Backend> = match choice {
            StoreChoice::InFolder(folder) => {
                let path = names.file(folder);
                let shown = path.display().to_string();
                Box::new(redb::File::open(redb::StorePath { path, shown }, times.ttl, clock)?)
            }
            StoreChoice::File(path) => {
                let place = redb::StorePath { path: PathBuf::from(&**path), shown: path.quoted(path) };
                Box::new(redb::File::open(place, times.ttl, clock)?)
            }
            StoreChoice::Redis(url) => {
                Box::new(redis::Server::open(url, names, times, (tell.clone(), bell.clone()))?)
            }
        };
        Store::start(backend, bell, news).map_err(|error| {
            Failure::new(Kind::Run, "cannot start the thread of the dedup store").caused_by(reason(&error))
        })
    }

    fn start(backend: Box<dyn Backend>, bell: Bell, news: Receiver<News>) -> io::Result<Store> {
        let (requests, to_do) = mpsc::channel();
        let (answered, answers) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let has_claims = backend.has_claims();
        let mut work = StoreThread { backend, answered, bell };
        let run = move || {
            while let Some(first) = work.next(&to_do) {
                let mut batch = vec![first];
                batch.extend(to_do.try_iter().take(TOGETHER - 1));
                work.serve(batch);
            }
            work.backend.close();
            // The file is closed before the end is told.
            drop(work);
            drop(end);
        };
        std::thread::Builder::new().name("dedup".to_owned()).spawn(run)?;
        Ok(Store { requests, answers, news, ended, has_claims })
    }

    /// Whether an id has to be claimed before its handler starts.
    pub fn has_claims(&self) -> bool {
        self.has_claims
    }

    /// Asks whether an id is known.
    pub fn look_up(&self, ticket: u64, id: Arc<str>) {
        // The thread ends before us only if it panicked. Then no answer comes, which `is_alive` tells.
        let _ = self.requests.send(StoreRequest::LookUp { ticket, id });
    }

    /// Asks for an id to be kept, once its record was processed.
    pub fn keep(&self, ticket: u64, id: Arc<str>) {
        let _ = self.requests.send(StoreRequest::Keep { ticket, id });
    }

    /// Claims an id for the handler of a record that is about to start.
    pub fn claim(&self, ticket: u64, id: Arc<str>) {
        let _ = self.requests.send(StoreRequest::Claim { ticket, id });
    }

    /// Gives the claim on an id back, whose handler has ended without processing the record.
    pub fn give_back(&self, id: Arc<str>) {
        let _ = self.requests.send(StoreRequest::GiveBack { id });
    }

    /// Returns the next answer. Requests are not answered in order.
    pub fn answer(&self) -> Option<StoreAnswer> {
        self.answers.try_recv().ok()
    }

    /// Returns the next news about the store.
    pub fn news(&self) -> Option<News> {
        self.news.try_recv().ok()
    }

    /// Whether the thread still runs. If it crashed, nothing is answered any more.
    pub fn is_alive(&self) -> bool {
        !matches!(self.ended.try_recv(), Err(mpsc::TryRecvError::Disconnected))
    }

    /// Serves all requests and closes the store; returns whether that was done by `deadline`. A file that was not
    /// closed is repaired when it is opened again.
    pub fn close(self, deadline: Instant) -> bool {
        let Store { requests, ended, .. } = self;
        drop(requests);
        let left = deadline.saturating_duration_since(Instant::now());
        matches!(ended.recv_timeout(left), Err(mpsc::RecvTimeoutError::Disconnected))
    }
}

/// What the thread of a store works with.
struct StoreThread {
    backend: Box<dyn Backend>,
    answered: Sender<StoreAnswer>,
    bell: Bell,
}

impl StoreThread {
    /// Waits for the next request and renews claims meanwhile; returns none when no more requests come.
    fn next(&mut self, to_do: &Receiver<StoreRequest>) -> Option<StoreRequest> {
        loop {
            let Some(due) = self.backend.due() else { return to_do.recv().ok() };
            let now = Instant::now();
            if now >= due {
                if let Err(words) = self.backend.renew() {
                    // No record asked for this, but the run cannot go on without its claims.
                    self.tell(0, Err(words));
                    self.bell.ring();
                }
                continue;
            }
            match to_do.recv_timeout(due - now) {
                Ok(request) => return Some(request),
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Answers a batch: first all look-ups, then all ids to be kept, then claims in their order. A look-up sees ids
    /// that were to be kept before it.
    fn serve(&mut self, batch: Vec<StoreRequest>) {
        let (mut asked, mut kept, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        let mut claims: Vec<(Option<u64>, Arc<str>)> = Vec::new();
        let mut ids = HashSet::new();
        for request in batch {
            match request {
                StoreRequest::LookUp { ticket, id } if ids.contains(&id) => waiting.push(ticket),
                StoreRequest::LookUp { ticket, id } => asked.push((ticket, id)),
                StoreRequest::Keep { ticket, id } => {
                    ids.insert(Arc::clone(&id));
                    kept.push((ticket, id));
                }
                StoreRequest::Claim { ticket, id } => claims.push((Some(ticket), id)),
                StoreRequest::GiveBack { id } => claims.push((None, id)),
            }
        }
        if !asked.is_empty() {
            let result = self.backend.look_up(&asked.iter().map(|(_, id)| &**id).collect::<Vec<_>>());
            for (index, (ticket, _)) in asked.iter().enumerate() {
                let found = |known: &Vec<bool>| if known[index] { IdState::Known } else { IdState::New };
                self.tell(*ticket, result.as_ref().map(found).map_err(String::clone));
            }
        }
        if !kept.is_empty() {
            let result = self.backend.keep(&ids.iter().map(|id| &**id).collect::<Vec<_>>());
            for (ticket, _) in kept {
                self.tell(ticket, result.clone().map(|()| IdState::Kept));
            }
            for ticket in waiting {
                self.tell(ticket, result.clone().map(|()| IdState::Known));
            }
        }
        for group in claims.chunk_by(|one, next| one.0.is_some() == next.0.is_some()) {
            self.serve_claims(group);
        }
        self.bell.ring();
    }

    /// Claims these ids if they have tickets, or gives their claims back if they have none. Either all have tickets
    /// or none has.
    fn serve_claims(&mut self, claims: &[(Option<u64>, Arc<str>)]) {
        let ids: Vec<&str> = claims.iter().map(|(_, id)| &**id).collect();
        if claims.iter().all(|(ticket, _)| ticket.is_none()) {
            if let Err(words) = self.backend.give_back(&ids) {
                self.tell(0, Err(words));
            }
            return;
        }
        let result = self.backend.claim(&ids);
        for (index, (ticket, _)) in claims.iter().enumerate() {
            let Some(ticket) = *ticket else { continue };
            let found = |claimed: &Vec<Claimed>| match claimed[index] {
                Claimed::Kept => IdState::Known,
                Claimed::Elsewhere => IdState::Elsewhere,
                Claimed::Ours => IdState::Claimed,
            };
            self.tell(ticket, result.as_ref().map(found).map_err(String::clone));
        }
    }

    fn tell(&self, ticket: u64, answer: Result<IdState, String>) {
        // The receiver goes away only when the run is over.
        let _ = self.answered.send(StoreAnswer { ticket, answer });
    }
}

fn wall_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
