//! What requests over HTTP(S) have in common: whom they trust, who they say they are, and why they fail.

use crate::error::reason;
use crate::files;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use ureq::Error;
use ureq::tls::{Certificate, ClientCert, PemItem, RootCerts, parse_pem};

const NO_HOST: &str = "cannot resolve the host";

/// The words for a connection that ended from the other side.
pub const CLOSED: &str = "the connection was closed";

/// The words for an answer in another protocol.
pub const NO_HTTP: &str = "the answer is not HTTP";

pub const NO_URL: &str = "not a URL that can be requested";

/// The authorities whose certificates are trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorities {
    System,
    /// The authorities in a PEM file, or in a folder of them.
    Location(String),
    Pem(String),
}

impl Authorities {
    /// Reads the certificates.
    ///
    /// # Errors
    /// They cannot be read, or there is none.
    pub fn roots(&self) -> Result<RootCerts, String> {
        let pem = match self {
            Authorities::System => return Ok(RootCerts::PlatformVerifier),
            Authorities::Pem(pem) => pem.clone().into_bytes(),
            Authorities::Location(path) => read(Path::new(path))?,
        };
        let mut certificates = certificates(&pem);
        // Damaged ones would be passed over later, and then nobody is trusted.
        certificates.retain(|certificate| native_tls::Certificate::from_der(certificate.der()).is_ok());
        match certificates.is_empty() {
            true => Err("there is no certificate to trust".to_owned()),
            false => Ok(RootCerts::Specific(Arc::new(certificates))),
        }
    }
}

/// A certificate and its key in PEM, by which a client says who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
}

/// What is wrong with the identity of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityFault {
    NoCertificate,
    NoKey,
    EncryptedKey,
    /// A key in a form of its own kind, `BEGIN RSA PRIVATE KEY`.
    OldKey,
    /// One of the two cannot be read.
    Damaged,
    /// The key is not the one of the certificate.
    OtherKey,
}

impl ClientIdentity {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// One of them is missing, the key is not in PKCS #8 without a password, or it is another certificate's.
    pub fn parse(&self) -> Result<ClientCert, IdentityFault> {
        let certificates = certificates(&self.certificate);
        if certificates.is_empty() {
            return Err(IdentityFault::NoCertificate);
        }
        let text = String::from_utf8_lossy(&self.key);
        let key = parse_pem(&self.key).find_map(|item| match item {
            Ok(PemItem::PrivateKey(key)) => Some(key),
            _ => None,
        });
        match key {
            _ if text.contains("ENCRYPTED") => Err(IdentityFault::EncryptedKey),
            None => Err(IdentityFault::NoKey),
            Some(_) if !text.contains("-----BEGIN PRIVATE KEY-----") => Err(IdentityFault::OldKey),
            Some(key) => {
                self.check_pair(&text)?;
                Ok(ClientCert::new_with_certs(&certificates, key))
            }
        }
    }

    /// Tries what a connection would, so that mistakes are known before.
    fn check_pair(&self, key: &str) -> Result<(), IdentityFault> {
        // In a file with both, the key may come last.
        let key = &key[key.find("-----BEGIN PRIVATE KEY-----").unwrap_or_default()..];
        let identity = native_tls::Identity::from_pkcs8(&self.certificate, key.as_bytes());
        let identity = identity.map_err(|_| IdentityFault::Damaged)?;
        match native_tls::TlsConnector::builder().identity(identity).build() {
            Ok(_) => Ok(()),
            Err(error) if error.to_string().contains("mismatch") => Err(IdentityFault::OtherKey),
            Err(_) => Err(IdentityFault::Damaged),
        }
    }
}

/// What kind of fault left a request without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestFault {
    /// Nobody answers. It may pass by itself.
    Unreachable,
    /// The two sides do not agree on an encrypted connection.
    Tls(TlsFault),
    /// The address cannot be requested.
    Address,
}

/// Why there is no encrypted connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate of the other side is not trusted.
    Untrusted,
    /// The other side speaks something else.
    NoTls,
    /// The other side wants a certificate of ours, or refuses it.
    ClientCertificate,
    Other,
}

/// Why a request has no answer, in a few words. They never repeat the URL.
pub fn fault(error: &Error) -> (RequestFault, String) {
    let text = error.to_string();
    match error {
        Error::HostNotFound => (RequestFault::Unreachable, NO_HOST.to_owned()),
        Error::Timeout(_) => (RequestFault::Unreachable, "timed out".to_owned()),
        // ureq's words would repeat the URL.
        Error::BadUri(_) | Error::Http(_) => (RequestFault::Address, NO_URL.to_owned()),
        Error::NativeTls(_) | Error::Tls(_) => tls(&text),
        // In TLS 1.3 the other side judges our certificate after the handshake.
        Error::Io(_) if text.contains("SSL routines") => tls(&text),
        Error::Io(error) => (RequestFault::Unreachable, io_words(error)),
        Error::Protocol(_) => (RequestFault::Unreachable, NO_HTTP.to_owned()),
        // More errors may come with new versions of ureq.
        _ => (RequestFault::Unreachable, text),
    }
}

/// OpenSSL's reason not to trust a certificate, without the place in its source: of `… certificate verify
/// failed:file.c:1889: (self-signed certificate)`, what stands in parentheses.
pub fn untrusted(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("certificate verify failed")?;
    let found = rest.rsplit_once('(').and_then(|(_, rest)| rest.split(')').next());
    Some(match found {
        Some(found) => format!("certificate verify failed: {found}"),
        None => "certificate verify failed".to_owned(),
    })
}

/// Whether OpenSSL met something that is not TLS at all.
pub fn is_no_tls(words: &str) -> bool {
    [
        "wrong version number",
        "http request",
        "unknown protocol",
        "packet length too long",
        "record layer failure",
    ]
    .iter()
    .any(|part| words.contains(part))
}

fn tls(text: &str) -> (RequestFault, String) {
    let lower = text.to_lowercase();
    if lower.contains("unexpected eof") {
        return (RequestFault::Unreachable, CLOSED.to_owned());
    }
    let is_about_client = ["certificate", "handshake failure", "unknown ca", "access denied"]
        .iter()
        .any(|part| lower.contains(part));
    let (fault, words) = match untrusted(text) {
        Some(words) => (TlsFault::Untrusted, words),
        None if is_no_tls(text) => (TlsFault::NoTls, "it answers, but not in TLS".to_owned()),
        None if lower.contains("alert") && is_about_client => {
            (TlsFault::ClientCertificate, reason_of_openssl(text))
        }
        None => (TlsFault::Other, reason_of_openssl(text)),
    };
    (RequestFault::Tls(fault), words)
}

/// The reason of `… error:0A000410:SSL routines:function:reason:file.c:865:…`.
fn reason_of_openssl(text: &str) -> String {
    let reason = text.split_once("SSL routines:").and_then(|(_, rest)| rest.split(':').nth(1));
    reason.unwrap_or_else(|| text.trim_start_matches("native-tls: ")).to_owned()
}

fn certificates(pem: &[u8]) -> Vec<Certificate<'static>> {
    parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            // A file may hold keys and other things besides certificates.
            _ => None,
        })
        .collect()
}

/// Reads a file, or all files of a folder.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    if !path.is_dir() {
        return files::read(path);
    }
    let mut all = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| reason(&error))?.flatten() {
        // A file that cannot be read only makes us trust fewer authorities.
        let is_file = entry.path().is_file();
        all.extend(is_file.then(|| files::read(&entry.path()).ok()).flatten().unwrap_or_default());
        all.push(b'\n');
    }
    Ok(all)
}

fn io_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        io::ErrorKind::TimedOut => "timed out".to_owned(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => CLOSED.to_owned(),
        // Errors of the resolver have no kind of their own.
        _ if error.to_string().contains("failed to lookup address") => NO_HOST.to_owned(),
        _ => reason(error),
    }
}
