//! Finds out why a broker's certificate is not trusted; librdkafka only says that it is not.

use super::errors::{self, Trouble, TroubleKind};
use crate::files;
use crate::http::untrusted;
use native_tls::{Certificate, HandshakeError, TlsConnector};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;

/// How long each step may take. Only the message waits for it.
const LIMIT: Duration = Duration::from_secs(1);

/// What librdkafka checks a certificate against.
#[derive(Clone, Debug)]
pub struct Verifier {
    location: Option<String>,
    pem: Option<String>,
    checks_names: bool,
}

impl Verifier {
    pub fn of(properties: &[(String, String)]) -> Verifier {
        let get = |wanted: &str| {
            let mut found = properties.iter().filter(|(name, _)| name == wanted);
            found.next().map(|(_, value)| value.clone())
        };
        Verifier {
            location: get("ssl.ca.location").filter(|path| path != "probe"),
            pem: get("ssl.ca.pem"),
            checks_names: get("ssl.endpoint.identification.algorithm").is_none_or(|value| value != "none"),
        }
    }

    /// Adds OpenSSL's reason to the trouble, if a look at the certificate finds one.
    pub fn explain(&self, trouble: Trouble) -> Trouble {
        let broker = errors::cause(&trouble.reason).broker;
        let found = broker.as_deref().and_then(|broker| Some((broker, self.reason(broker)?)));
        match found {
            Some((broker, words)) => Trouble { reason: format!("{broker}/certificate: {words}"), ..trouble },
            None => trouble,
        }
    }

    fn reason(&self, broker: &str) -> Option<String> {
        let (host, _) = broker.rsplit_once(':')?;
        let mut builder = TlsConnector::builder();
        let pem = match (&self.pem, &self.location) {
            (Some(pem), _) => Some(pem.clone().into_bytes()),
            (None, Some(path)) => Some(files::read(Path::new(path)).ok()?),
            (None, None) => None,
        };
        if let Some(pem) = pem {
            builder.disable_built_in_roots(true);
            for certificate in Certificate::stack_from_pem(&pem).ok()? {
                builder.add_root_certificate(certificate);
            }
        }
        builder.danger_accept_invalid_hostnames(!self.checks_names);
        let address = broker.to_socket_addrs().ok()?.next()?;
        let stream = TcpStream::connect_timeout(&address, LIMIT).ok()?;
        stream.set_read_timeout(Some(LIMIT)).ok()?;
        stream.set_write_timeout(Some(LIMIT)).ok()?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match builder.build().ok()?.connect(host, stream) {
            Err(HandshakeError::Failure(error)) => untrusted(&error.to_string()),
            Err(HandshakeError::WouldBlock(_)) | Ok(_) => None,
        }
    }
}

/// Whether a look at the certificate could tell more about a trouble.
pub fn is_unexplained(trouble: &Trouble) -> bool {
    trouble.kind == TroubleKind::Tls && trouble.reason.contains("certificate verify failed")
}
