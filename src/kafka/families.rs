//! Brokers whose name has IPv4 and IPv6 addresses, on a machine that speaks only one of them.

use super::errors::{self, Trouble, TroubleKind};
use super::words;
use crate::error::reason;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long each address may take. Only the message waits for it.
const LIMIT: Duration = Duration::from_secs(1);

/// Whether another address of the broker could give a better reason.
pub fn is_unexplained(trouble: &Trouble) -> bool {
    let is_strange = || words::is_of_another_family(&errors::cause(&trouble.reason).words);
    trouble.kind == TroubleKind::Transport && is_strange()
}

/// Replaces the reason by that of an address which this machine could reach. librdkafka tries one address at a time
/// in an order of its own, and reports each.
pub fn explain(trouble: Trouble) -> Trouble {
    let broker = errors::cause(&trouble.reason).broker;
    let addresses = broker.as_deref().and_then(|broker| broker.to_socket_addrs().ok());
    let reasons = addresses.into_iter().flatten().filter_map(|address| {
        let error = TcpStream::connect_timeout(&address, LIMIT).err()?;
        Some(reason(&error).to_lowercase())
    });
    let found = reasons
        .filter_map(|words| words::connection(&words))
        .find(|words| !words::is_of_another_family(words));
    match (broker, found) {
        (Some(broker), Some(words)) => Trouble { reason: format!("{broker}/address: {words}"), ..trouble },
        (Some(_) | None, _) => trouble,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strange(broker: &str) -> Trouble {
        let reason = format!(
            "{broker}/bootstrap: Failed to connect to broker at [x]:1: Cannot assign requested address (after 1ms in state CONNECT)"
        );
        Trouble { kind: TroubleKind::Transport, reason }
    }

    #[test]
    fn the_reason_of_an_address_that_is_spoken_counts() {
        let trouble = strange("127.0.0.1:1");
        assert!(is_unexplained(&trouble));
        let explained = explain(trouble);
        assert!(!is_unexplained(&explained));
        let cause = errors::cause(&explained.reason);
        assert_eq!(
            (cause.broker.as_deref(), cause.words.as_str()),
            (Some("127.0.0.1:1"), "connection refused")
        );
        let unknown = strange("kcons.invalid:1");
        assert_eq!(explain(unknown.clone()), unknown);
    }
}
