//! Whether anything listens at a port of this machine, where that is known at once.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv6Addr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// This machine answers within microseconds; a port whose queue is full does not, and is one that somebody listens at.
const LIMIT: Duration = Duration::from_millis(100);

/// Whether a host is this machine.
pub fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// Whether something may listen at `HOST:PORT`, at any address of that host.
pub fn is_listening(address: &str) -> bool {
    let Ok(addresses) = with_port(address).to_socket_addrs() else { return true };
    let mut failures = addresses.map(|address| TcpStream::connect_timeout(&address, LIMIT).err());
    // A machine may be without one of the families.
    let is_free = |failure: std::io::Error| {
        use ErrorKind::{AddrNotAvailable, ConnectionRefused, NetworkUnreachable};
        matches!(failure.kind(), ConnectionRefused | AddrNotAvailable | NetworkUnreachable)
    };
    !failures.all(|failure| failure.is_some_and(is_free))
}

/// An address of IPv6 may be typed without a port.
fn with_port(address: &str) -> String {
    match address.parse::<Ipv6Addr>() {
        Ok(_) => format!("[{address}]:9092"),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::time::Instant;

    #[test]
    fn a_port_is_taken_if_somebody_listens_at_one_address() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("it is bound").port();
        assert!(is_listening(&format!("127.0.0.1:{port}")) && is_listening(&format!("localhost:{port}")));
        for closed in ["127.0.0.1:1", "localhost:1"] {
            // A busy machine may be late with its refusal.
            let deadline = Instant::now() + Duration::from_secs(30);
            while is_listening(closed) {
                assert!(Instant::now() < deadline, "{closed}");
            }
        }
        assert!(is_listening("no-such-host.invalid:1"), "nothing is known");
    }

    #[test]
    fn this_machine_has_several_names() {
        for (host, expected) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("127.1.2.3", true),
            ("::1", true),
            ("10.0.0.7", false),
            ("kafka", false),
            ("", false),
        ] {
            assert_eq!(is_here(host), expected, "{host}");
        }
    }
}
