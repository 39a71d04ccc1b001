//! What to do about a registry that refuses us, or that cannot be understood.

use super::address::{RegistryNames, RegistrySettings};
use super::place::RequestPlace;
use crate::http::{self, TlsFault};

/// Advice for one registry, from what was given for it.
pub struct Advice(RegistryNames);

impl Advice {
    pub fn of(settings: &RegistrySettings) -> Advice {
        Advice(settings.names.clone())
    }

    /// About a login that is missing or refused.
    pub fn login(&self, place: &RequestPlace<'_>) -> String {
        let target = place.target;
        if target.authorization.is_some() && place.authorization().is_none() {
            return format!("; the login is not sent to another host: name that one in {}", self.0.url);
        }
        match &self.0.login {
            _ if target.has_login_in_url => format!("; check the login in the URL of {}", self.0.url),
            Some(name) => format!("; check {name}"),
            None => "; log in with `--registry-user` or `--registry-token`".to_owned(),
        }
    }

    /// About a path at which there is nothing.
    pub fn path(&self) -> String {
        format!("; check the path of {}", self.0.url)
    }

    /// About an encrypted connection that did not come about; `words` say why.
    pub fn tls(&self, fault: TlsFault, words: &str) -> String {
        match fault {
            TlsFault::NoTls => "; the URL may have to start with http://".to_owned(),
            TlsFault::ClientCertificate => match &self.0.identity {
                None => {
                    "; it wants a client certificate: give `--registry-cert` and `--registry-key`".to_owned()
                }
                Some(names) => format!("; check {names}"),
            },
            TlsFault::Untrusted if words.contains("mismatch") => {
                format!("; the certificate is for another name: check {}", self.0.url)
            }
            TlsFault::Untrusted if words.contains("has expired") => {
                "; renew the registry's certificate, or check the clock of this machine".to_owned()
            }
            TlsFault::Untrusted => match &self.0.authorities {
                None => "; `--registry-ca FILE` names the authority to trust".to_owned(),
                Some(name) => format!("; check {name}"),
            },
            TlsFault::Other => String::new(),
        }
    }

    /// About a connection without an answer, or with one in another protocol; `words` say which.
    pub fn connection(&self, place: &RequestPlace<'_>, words: &str) -> String {
        match (place.is_encrypted(), words, &self.0.identity) {
            (false, http::CLOSED | http::NO_HTTP, _) => "; it may want https://".to_owned(),
            (true, http::CLOSED, None) => {
                "; it may speak http:// only, or want `--registry-cert` and `--registry-key`".to_owned()
            }
            (true, http::CLOSED, Some(names)) => {
                format!("; it may speak http:// only, or refuse {names}")
            }
            (_, _, _) => String::new(),
        }
    }
}
