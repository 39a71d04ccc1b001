//! A TCP proxy between client and broker that can refuse, go silent, or be slow.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};

use super::ports::{free_port, local};
use super::process::not_starting;
use super::waiting::wait_until;

/// What the proxy does, to open and to new connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Forwards everything.
    Pass,
    /// Nobody listens; open connections are reset.
    Refuse,
    /// Accepts and forwards nothing; open connections freeze. What was sent meanwhile is forwarded later.
    Silent,
    /// Forwards requests and holds the answers back, which are forwarded later.
    HoldAnswers,
    /// Forwards everything later by this, in each direction.
    Delay(Duration),
}

/// A running proxy on 127.0.0.1; closed when the value is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    mode: Mode,
    target: Option<SocketAddr>,
    is_over: bool,
    is_listening: bool,
    /// Directions that are forwarded: two for each connection.
    directions: usize,
    accepted: usize,
}

// How soon a change of the mode is seen by a connection that is quiet.
const TURN: Duration = Duration::from_millis(10);

impl Proxy {
    /// Listens on a free port; where to is said by [`Proxy::forward_to`].
    pub fn start() -> Proxy {
        let address = local(free_port());
        let state = State {
            mode: Mode::Pass,
            target: None,
            is_over: false,
            is_listening: false,
            directions: 0,
            accepted: 0,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&shared, address)
        });
        let proxy = Proxy { address, shared, acceptor: Some(acceptor) };
        proxy.wait_for("the proxy to listen", |state| state.is_listening);
        proxy
    }

    /// Sets where new connections are forwarded to, as `host:port` with a number for the host.
    pub fn forward_to(&self, target: &str) {
        self.shared.state().target = Some(target.parse().expect("an address and a port"));
    }

    /// The address to give to clients.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what it does; when this returns the change has happened.
    pub fn set(&self, mode: Mode) {
        self.shared.state().mode = mode;
        self.shared.changed.notify_all();
        if mode == Mode::Refuse {
            self.wait_for("the proxy to refuse", |state| !state.is_listening && state.directions == 0);
        } else {
            self.wait_for("the proxy to listen", |state| state.is_listening);
        }
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.shared.state().directions.div_ceil(2)
    }

    /// How many connections have been accepted since the start.
    pub fn accepted(&self) -> usize {
        self.shared.state().accepted
    }

    fn wait_for(&self, what: &str, fact: impl Fn(&State) -> bool) {
        wait_until(what, Duration::from_secs(10), || fact(&self.shared.state()).then_some(()));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.state().is_over = true;
        self.shared.changed.notify_all();
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The mode, or nothing when connections are to be reset.
    fn mode(&self) -> Option<Mode> {
        let state = self.state();
        (!state.is_over && state.mode != Mode::Refuse).then_some(state.mode)
    }

    /// Waits a turn, less if something changes.
    fn wait(&self, turn: Duration) {
        let state = self.state();
        drop(self.changed.wait_timeout(state, turn));
    }
}

fn accept(shared: &Arc<Shared>, address: SocketAddr) {
    let mut listener: Option<TcpListener> = None;
    while !shared.state().is_over {
        if shared.mode().is_none() {
            if let Some(listener) = listener.take() {
                let _not_starting = not_starting();
                drop(listener);
            }
            shared.state().is_listening = false;
            shared.wait(TURN);
            continue;
        }
        match listener.as_ref().map(TcpListener::accept) {
            None => {
                let bound = TcpListener::bind(address).expect("the port is ours");
                bound.set_nonblocking(true).expect("a listener can be made non-blocking");
                listener = Some(bound);
                shared.state().is_listening = true;
            }
            Some(Ok((client, _))) => {
                client.set_nonblocking(false).expect("a connection can be made blocking");
                open(shared, client);
            }
            Some(Err(_)) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Connects a new client with the target, later if the proxy is silent.
fn open(shared: &Arc<Shared>, client: TcpStream) {
    let target = {
        let mut state = shared.state();
        state.accepted += 1;
        state.directions += 2;
        state.target.expect("the proxy knows where to forward to")
    };
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        while shared.mode() == Some(Mode::Silent) {
            shared.wait(TURN);
        }
        let server = shared.mode().and_then(|_| TcpStream::connect(target).ok());
        let pair =
            server.and_then(|server| Some((client.try_clone().ok()?, server.try_clone().ok()?, server)));
        let Some((client_too, server_too, server)) = pair else {
            reset(&client);
            drop(client);
            shared.state().directions -= 2;
            return;
        };
        let answers = thread::spawn({
            let shared = Arc::clone(&shared);
            move || forward(&shared, server_too, client_too, true)
        });
        forward(&shared, client, server, false);
        let _ = answers.join();
    });
}

/// Forwards one direction until it ends.
fn forward(shared: &Shared, mut from: TcpStream, mut to: TcpStream, is_answers: bool) {
    let _ = from.set_read_timeout(Some(TURN));
    let _ = (from.set_nodelay(true), to.set_nodelay(true));
    let mut buffer = vec![0; 64 * 1024];
    while let Some(mode) = shared.mode() {
        if mode == Mode::Silent || (mode == Mode::HoldAnswers && is_answers) {
            shared.wait(TURN);
            continue;
        }
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                // The mode may have changed while the read was waiting.
                if !hold(shared, is_answers, Instant::now()) || to.write_all(&buffer[..count]).is_err() {
                    break;
                }
            }
            Err(error) if is_time_out(&error) => {}
            Err(_) => break,
        }
    }
    if shared.mode().is_none() {
        // No shutdown here: it would say goodbye politely before the close resets.
        reset(&from);
        reset(&to);
    } else {
        // The other direction may still have something to say, but no client of Kafka half-closes.
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }
    drop((from, to));
    shared.state().directions -= 1;
}

/// Holds bytes that were read at `since` as long as the mode wants; whether they are to be forwarded at all.
fn hold(shared: &Shared, is_answers: bool, since: Instant) -> bool {
    loop {
        let turn = match shared.mode() {
            None | Some(Mode::Refuse) => return false,
            Some(Mode::Pass) => return true,
            Some(Mode::HoldAnswers) if !is_answers => return true,
            Some(Mode::HoldAnswers | Mode::Silent) => TURN,
            Some(Mode::Delay(delay)) if since.elapsed() >= delay => return true,
            Some(Mode::Delay(delay)) => delay - since.elapsed().min(delay),
        };
        shared.wait(turn);
    }
}

/// Makes the close of this connection a reset.
fn reset(connection: &TcpStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    let _ = setsockopt(connection, sockopt::Linger, &linger);
}

fn is_time_out(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
