//! Serves small answers on a separate thread, to few clients at once and to none for long. The process does not wait
//! for it to end.

use super::MeterState;
use super::request::{LONGEST_HEAD, answer};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many clients are served at once; with more, the oldest is dropped.
const MOST_CLIENTS: usize = 64;

/// How many new clients are accepted in one turn. Each has several turns before it is the oldest, so that a probe
/// gets through a flood of others.
const MOST_A_TURN: usize = 16;

/// How long a client may take for its request and for reading the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause after a client could not be accepted, for example because we are out of descriptors.
const AGAIN: Duration = Duration::from_millis(100);

/// Starts to serve.
///
/// # Errors
/// The system is out of threads, or the listener cannot be polled.
pub fn start(listener: TcpListener, shared: Arc<MeterState>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let work = move || {
        let mut clients = Vec::new();
        loop {
            wait(&listener, &clients);
            accept(&listener, &mut clients);
            clients.retain_mut(|client| client.serve(&shared));
        }
    };
    std::thread::Builder::new().name("metrics".to_owned()).spawn(work).map(drop)
}

struct Client {
    stream: TcpStream,
    deadline: Instant,
    step: ClientStep,
}

enum ClientStep {
    /// The client sends its request; has the head so far.
    Asking(Vec<u8>),
    /// The client is sent its answer; has what is left of it.
    Answering(Vec<u8>),
    /// Everything is sent. Closing while part of the request is unread would reset the connection and take the
    /// answer away.
    Leaving,
}

/// Waits until a client can go on, or its time is over.
fn wait(listener: &TcpListener, clients: &[Client]) {
    let mut watched = vec![PollFd::new(listener, PollFlags::IN)];
    watched.extend(clients.iter().map(|client| {
        let flags = match client.step {
            ClientStep::Asking(_) | ClientStep::Leaving => PollFlags::IN,
            ClientStep::Answering(_) => PollFlags::OUT,
        };
        PollFd::new(&client.stream, flags)
    }));
    let due = clients.iter().map(|client| client.deadline).min();
    let limit = due.and_then(|due| {
        // The time is rounded up, since waking a little early would mean many turns for nothing.
        Timespec::try_from(due.saturating_duration_since(Instant::now()) + Duration::from_millis(1)).ok()
    });
    // An interrupted wait counts as a turn.
    let _ = rustix::event::poll(&mut watched, limit.as_ref());
}

fn accept(listener: &TcpListener, clients: &mut Vec<Client>) {
    for _ in 0..MOST_A_TURN {
        match listener.accept() {
            Ok((stream, _)) => {
                if stream.set_nonblocking(true).is_err() {
                    continue;
                }
                if clients.len() >= MOST_CLIENTS {
                    clients.remove(0);
                }
                let deadline = Instant::now() + PATIENCE;
                clients.push(Client { stream, deadline, step: ClientStep::Asking(Vec::new()) });
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            // The client was gone before it was accepted.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(_) => return std::thread::sleep(AGAIN),
        }
    }
}

impl Client {
    /// Serves the client as far as possible without waiting; returns false when it is done with.
    fn serve(&mut self, shared: &MeterState) -> bool {
        if Instant::now() >= self.deadline {
            return false;
        }
        let result = match &mut self.step {
            ClientStep::Asking(head) => read_head(&mut self.stream, head).map(|()| answer(head, shared)),
            ClientStep::Answering(_) | ClientStep::Leaving => Ok(None),
        };
        match result {
            Ok(Some(bytes)) => self.step = ClientStep::Answering(bytes),
            Ok(None) => {}
            Err(_) => return false,
        }
        if let ClientStep::Answering(rest) = &mut self.step {
            match send(&mut self.stream, rest) {
                Ok(()) if rest.is_empty() && self.stream.shutdown(Shutdown::Write).is_ok() => {
                    self.step = ClientStep::Leaving;
                }
                Ok(()) if rest.is_empty() => return false,
                Ok(()) => {}
                Err(_) => return false,
            }
        }
        match &self.step {
            ClientStep::Asking(_) | ClientStep::Answering(_) => true,
            ClientStep::Leaving => has_more_to_say(&mut self.stream),
        }
    }
}

/// Adds to the head what has come of it.
fn read_head(stream: &mut TcpStream, head: &mut Vec<u8>) -> io::Result<()> {
    let mut buffer = [0; 2048];
    while head.len() < LONGEST_HEAD {
        match stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => head.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Sends what the client takes now.
fn send(stream: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<()> {
    while !rest.is_empty() {
        match stream.write(rest) {
            Ok(count) => drop(rest.drain(..count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads on past the request until the client closes its side, a little in each turn; the deadline ends it anyway.
fn has_more_to_say(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 2048];
    match stream.read(&mut buffer) {
        Ok(count) => count > 0,
        Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}
