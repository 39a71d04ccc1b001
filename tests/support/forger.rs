//! A TCP proxy that changes answers of a broker on their way.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Changes an answer: the key of its request, and its bytes behind the length.
pub type Forge = Box<dyn FnMut(i16, &mut [u8]) + Send>;

/// A running proxy on 127.0.0.1; it ends with the process.
pub struct Forger {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    target: Option<SocketAddr>,
    forge: Option<Forge>,
}

impl Forger {
    pub fn start() -> Forger {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Mutex::new(Shared::default()));
        let of_listener = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let target = of_listener.lock().unwrap_or_else(PoisonError::into_inner).target;
                let Some(broker) = target.and_then(|target| TcpStream::connect(target).ok()) else {
                    continue;
                };
                forward(client, broker, &of_listener);
            }
        });
        Forger { address, shared }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where new connections go, as `host:port` with a number for the host.
    pub fn forward_to(&self, target: &str) {
        self.shared().target = Some(target.parse().expect("an address and a port"));
    }

    /// Has answers changed from now on.
    pub fn set(&self, forge: impl FnMut(i16, &mut [u8]) + Send + 'static) {
        self.shared().forge = Some(Box::new(forge));
    }

    fn shared(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forwards both directions until one ends, each on a thread of its own.
fn forward(client: TcpStream, broker: TcpStream, shared: &Arc<Mutex<Shared>>) {
    let keys = Arc::new(Mutex::new(HashMap::new()));
    let both = |stream: &TcpStream| stream.try_clone().expect("descriptors");
    let (requests, answers) = ((both(&client), both(&broker)), (broker, client));
    let (asked, shared) = (Arc::clone(&keys), Arc::clone(shared));
    thread::spawn(move || {
        let (mut from, mut to) = requests;
        let _ = frames(&mut from, &mut to, |frame| {
            // The head of a request: key, version, correlation id.
            let key = i16::from_be_bytes([frame[0], frame[1]]);
            let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.insert(frame[4..8].to_vec(), key);
        });
    });
    thread::spawn(move || {
        let (mut from, mut to) = answers;
        let _ = frames(&mut from, &mut to, |frame| {
            let key = keys.lock().unwrap_or_else(PoisonError::into_inner).remove(&frame[..4]);
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if let (Some(key), Some(forge)) = (key, &mut shared.forge) {
                forge(key, frame);
            }
        });
    });
}

/// Forwards frames, each after a look at it; when one side ends, both do.
fn frames(from: &mut TcpStream, to: &mut TcpStream, mut look: impl FnMut(&mut [u8])) -> io::Result<()> {
    let result = (|| {
        loop {
            let mut length = [0; 4];
            from.read_exact(&mut length)?;
            let mut frame = vec![0; u32::from_be_bytes(length) as usize];
            from.read_exact(&mut frame)?;
            look(&mut frame);
            to.write_all(&[&length[..], &frame].concat())?;
        }
    })();
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    result
}
