//! Free ports, chosen at run time.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::process::not_starting;
use super::waiting::wait_until;

// Above 32767 outgoing connections sit on ports of their own choice.
const LOWEST: u32 = 12_000;
const COUNT: u32 = 20_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Finds a port on 127.0.0.1 that nobody listens on; this process never gets the same one twice.
pub fn free_port() -> u16 {
    let _ = NEXT.compare_exchange(0, somewhere(), Relaxed, Relaxed);
    for _ in 0..COUNT {
        let port = (LOWEST + NEXT.fetch_add(1, Relaxed) % COUNT) as u16;
        if is_free(port) {
            return port;
        }
    }
    panic!("no port between {LOWEST} and {} is free", LOWEST + COUNT);
}

/// Waits until a port is free again: it stays taken for a moment after its owner was killed.
pub fn wait_until_free(port: u16) {
    wait_until(&format!("port {port} to be free"), Duration::from_secs(30), || is_free(port).then_some(()));
}

pub fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn is_free(port: u16) -> bool {
    let _not_starting = not_starting();
    TcpListener::bind(local(port)).is_ok()
}

/// Two test processes that start at once begin at different places.
fn somewhere() -> u32 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.subsec_nanos());
    1 + (process::id().wrapping_mul(7919) ^ (time / 1000)) % COUNT
}
