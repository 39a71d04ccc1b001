//! The server of `--metrics`: figures for Prometheus, and answers to the probes of an orchestrator.

mod figures;
mod request;
mod server;

use crate::alarm::Bell;
use crate::choices::ListenAddress;
use crate::error::{Failure, Kind, reason};
use figures::Figures;
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use figures::{Counts, Read, RecordCounts, Snapshot};

/// A run whose loop has not turned for longer than this is not alive.
const STALLED: Duration = Duration::from_secs(30);

/// How long a scrape waits for fresh figures. If the loop is stuck, it gets the previous ones.
const FRESH: Duration = Duration::from_millis(500);

/// How far a run is ready to process records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// No broker or topic was found yet, or all brokers are lost.
    Unconnected,
    /// We are not in the group yet, or not any more.
    Outside,
    /// We are in the group, or connected without one.
    Ready,
    /// No more records are started.
    Ending,
}

impl Readiness {
    const ALL: [Readiness; 4] =
        [Readiness::Unconnected, Readiness::Outside, Readiness::Ready, Readiness::Ending];

    /// What `/ready` says if the run is not ready.
    fn trouble(self) -> Option<&'static str> {
        match self {
            Readiness::Unconnected => Some("not connected"),
            Readiness::Outside => Some("not in the group"),
            Readiness::Ready => None,
            Readiness::Ending => Some("shutting down"),
        }
    }
}

/// What the loop and the server share. The loop counts on its own and hands its figures over when a scrape asks for
/// them.
struct MeterState {
    opened: Instant,
    /// When the loop last turned, in milliseconds since `opened`.
    turned: AtomicU64,
    readiness: AtomicU8,
    is_asked: AtomicBool,
    bell: Bell,
    /// How often figures were handed over, and the last ones.
    figures: Mutex<(u64, Figures)>,
    is_fresh: Condvar,
}

impl MeterState {
    fn figures(&self) -> MutexGuard<'_, (u64, Figures)> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text of `/metrics`, with fresh figures unless the loop is stuck.
    fn scrape(&self) -> String {
        let before = self.figures();
        let times = before.0;
        self.is_asked.store(true, Ordering::Release);
        self.bell.ring();
        let waited = self.is_fresh.wait_timeout_while(before, FRESH, |(now, _)| *now == times);
        let (figures, _) = waited.unwrap_or_else(PoisonError::into_inner);
        figures.1.text()
    }

    /// How long the loop has been stuck, if that is too long.
    fn stalled(&self, now: Instant) -> Option<Duration> {
        let turned = self.opened + Duration::from_millis(self.turned.load(Ordering::Relaxed));
        Some(now.saturating_duration_since(turned)).filter(|time| *time > STALLED)
    }

    /// Why the run is not ready.
    fn trouble(&self) -> Option<&'static str> {
        let readiness = Readiness::ALL.get(usize::from(self.readiness.load(Ordering::Relaxed)));
        readiness.copied().unwrap_or(Readiness::Unconnected).trouble()
    }
}

/// The loop's side of the server; it does nothing without `--metrics`.
#[derive(Clone, Default)]
pub struct Meter(Option<Arc<MeterState>>);

impl Meter {
    /// Listens and answers from now on; `bell` wakes the loop. Returns the address as well.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub fn open(
        address: &ListenAddress,
        bell: Bell,
        versions: [&str; 2],
    ) -> Result<(Meter, SocketAddr), Failure> {
        let refused = |error: std::io::Error| {
            let failure = Failure::new(Kind::Run, format!("cannot listen on `{address}`"));
            let is_taken = error.kind() == std::io::ErrorKind::AddrInUse;
            let failure = failure.caused_by(reason(&error));
            if is_taken {
                failure.hint("choose another port for `--metrics`; 0 picks a free one")
            } else {
                failure
            }
        };
        let figures = Figures::new(versions)
            .map_err(|words| Failure::new(Kind::Run, "cannot count").caused_by(words.to_string()))?;
        let listener = listen(address).map_err(refused)?;
        let bound = listener.local_addr().map_err(refused)?;
        let shared = Arc::new(MeterState {
            opened: Instant::now(),
            turned: AtomicU64::new(0),
            readiness: AtomicU8::new(Readiness::Unconnected as u8),
            is_asked: AtomicBool::new(false),
            bell,
            figures: Mutex::new((0, figures)),
            is_fresh: Condvar::new(),
        });
        server::start(listener, Arc::clone(&shared)).map_err(refused)?;
        Ok((Meter(Some(shared)), bound))
    }

    /// Whether there is a server, so that counting is worth it.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Notes that the loop has turned; returns whether a scrape waits for `publish`.
    pub fn turned(&self, now: Instant, readiness: Readiness) -> bool {
        let Some(shared) = &self.0 else { return false };
        let time = now.saturating_duration_since(shared.opened).as_millis();
        shared.turned.store(u64::try_from(time).unwrap_or(u64::MAX), Ordering::Relaxed);
        shared.readiness.store(readiness as u8, Ordering::Relaxed);
        shared.is_asked.load(Ordering::Acquire)
    }

    /// Hands over the current figures.
    pub fn publish(&self, snapshot: &Snapshot<'_>) {
        let Some(shared) = &self.0 else { return };
        shared.is_asked.store(false, Ordering::Release);
        let mut figures = shared.figures();
        figures.1.take(snapshot);
        figures.0 += 1;
        drop(figures);
        shared.is_fresh.notify_all();
    }
}

/// Listens on an address. An empty host means every interface, with IPv6 where there is any.
fn listen(address: &ListenAddress) -> std::io::Result<TcpListener> {
    let ListenAddress { host, port } = address;
    if !host.is_empty() {
        return TcpListener::bind((host.as_str(), *port));
    }
    match TcpListener::bind(("::", *port)) {
        Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => TcpListener::bind(("0.0.0.0", *port)),
        bound => bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alarm::Alarm;

    fn shared() -> (Meter, Arc<MeterState>) {
        let alarm = Alarm::new().expect("descriptors");
        let address = ListenAddress { host: "127.0.0.1".to_owned(), port: 0 };
        let (meter, _) = Meter::open(&address, alarm.bell(), ["1", "2"]).expect("a free port");
        let shared = meter.0.clone().expect("it is on");
        (meter, shared)
    }

    #[test]
    fn a_loop_that_has_not_turned_for_30_s_is_not_alive() {
        let (meter, shared) = shared();
        let now = shared.opened + Duration::from_secs(100);
        meter.turned(now, Readiness::Ready);
        assert_eq!(shared.stalled(now + STALLED), None);
        assert_eq!(shared.stalled(now + Duration::from_secs(31)), Some(Duration::from_secs(31)));
    }

    #[test]
    fn what_the_loop_says_last_is_whether_it_is_ready() {
        let (meter, shared) = shared();
        assert_eq!(shared.trouble(), Some("not connected"));
        for (readiness, trouble) in [
            (Readiness::Outside, Some("not in the group")),
            (Readiness::Ready, None),
            (Readiness::Ending, Some("shutting down")),
            (Readiness::Unconnected, Some("not connected")),
        ] {
            meter.turned(Instant::now(), readiness);
            assert_eq!(shared.trouble(), trouble);
        }
    }

    #[test]
    fn a_scrape_waits_for_the_loop_but_not_for_ever() {
        let (meter, shared) = shared();
        assert!(shared.scrape().contains("kcons_processed_records_total 0\n"), "a loop that is stuck");
        let scraping = Arc::clone(&shared);
        let scrape = std::thread::spawn(move || scraping.scrape());
        let counts = Counts::default();
        while !meter.turned(Instant::now(), Readiness::Ready) {
            std::thread::yield_now();
        }
        meter.publish(&Snapshot { processed: 5, ..Snapshot::of(&counts, &RecordCounts::default()) });
        assert!(scrape.join().expect("no panic").contains("kcons_processed_records_total 5\n"));
    }

    #[test]
    fn a_port_that_is_taken_is_named() {
        let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = taken.local_addr().expect("bound").port();
        let address = ListenAddress { host: "127.0.0.1".to_owned(), port };
        let alarm = Alarm::new().expect("descriptors");
        let failure = Meter::open(&address, alarm.bell(), ["1", "2"]).map(drop).expect_err("it is taken");
        assert_eq!(failure.message, format!("cannot listen on `127.0.0.1:{port}`"));
        assert_eq!((failure.kind, failure.causes), (Kind::Run, vec!["Address already in use".to_owned()]));
    }
}
