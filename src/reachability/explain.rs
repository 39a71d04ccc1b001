//! What is told when a broker cannot be reached or refuses us, and what to check. Pure.

use crate::error::{Failure, Kind};
use crate::http;
use crate::kafka::errors::{self, Cause};
use crate::kafka::{Trouble, TroubleKind, words};
use crate::reachability::local;
use crate::tokens::TokenFaultKind;
use std::net::Ipv6Addr;

/// What messages name: the brokers as typed, who we log in as, the group.
#[derive(Debug)]
pub struct FailureText {
    brokers: String,
    /// What sets the brokers: `` `--brokers` ``.
    setting: String,
    user: Option<String>,
    group: Option<String>,
}

impl FailureText {
    pub fn new(brokers: &str, user: Option<&str>, group: Option<&str>) -> FailureText {
        FailureText {
            brokers: brokers.to_owned(),
            setting: "`--brokers`".to_owned(),
            user: user.map(str::to_owned),
            group: group.map(str::to_owned),
        }
    }

    /// Notes what sets the brokers.
    pub fn set_by(self, setting: String) -> FailureText {
        FailureText { setting, ..self }
    }

    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    pub fn has_group(&self) -> bool {
        self.group.is_some()
    }

    /// The broker is one of those given with `--brokers`.
    pub fn is_typed(&self, broker: &str) -> bool {
        self.addresses().any(|typed| is_same(typed, broker))
    }

    /// The brokers without their protocols.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.brokers.split(',').map(|typed| {
            let typed = typed.trim();
            typed.rsplit("://").next().unwrap_or(typed)
        })
    }

    /// Whether all brokers are on this machine, and nothing else is known of them but that nothing listens there.
    pub fn are_refused_here(&self, causes: &[Cause]) -> bool {
        self.addresses().all(|address| {
            let is_of_it =
                |cause: &&Cause| cause.broker.as_ref().is_some_and(|broker| is_same(address, broker));
            let mut own = causes.iter().filter(is_of_it).peekable();
            local::is_here(host(address))
                && own.peek().is_some()
                && own.all(|cause| cause.words == words::REFUSED)
        })
    }

    pub fn unreachable(&self, causes: &[Cause]) -> Failure {
        let message = format!("cannot reach any broker at `{}`", self.brokers);
        let failure = Failure::new(Kind::Connection, message);
        // The last word about each broker, in the order in which they were typed.
        let mut words: Vec<(&str, String)> = Vec::new();
        for address in self.addresses() {
            let last = causes.iter().rev().find_map(|cause| {
                let broker = cause.broker.as_deref().filter(|broker| is_same(address, broker))?;
                Some((broker, first_sentence(&cause.words)))
            });
            words.extend(last.filter(|(broker, _)| !words.iter().any(|(known, _)| known == broker)));
        }
        let failure = match words.as_slice() {
            [] => failure.caused_by("timed out"),
            [(_, words)] => failure.caused_by(words.clone()),
            several => several
                .iter()
                .fold(failure, |failure, (broker, words)| failure.caused_by(format!("`{broker}`: {words}"))),
        };
        // A port that speaks something else hangs up before it has answered anything.
        let is_protocol = causes.iter().any(|cause| {
            let words = &cause.words;
            words.contains("security.protocol")
                || words.contains("SSL")
                || words.contains("in TLS")
                || words == words::CLOSED
        });
        let is_foreign = causes.iter().any(|cause| cause.words.starts_with(words::ANSWERS_IN));
        let check = format!("check {}", self.setting);
        failure.hint(if is_foreign && !is_protocol {
            format!("{check}: another server listens there")
        } else if is_protocol {
            "check `-X security.protocol`: the port may speak TLS, SASL or neither".to_owned()
        } else {
            format!("{check}; from outside Kubernetes: kubectl port-forward svc/NAME 9092:9092")
        })
    }

    /// The brokers answer, but name one that cannot be reached.
    pub fn sent_nowhere(&self, cause: &Cause) -> Failure {
        let broker = cause.broker.as_deref().unwrap_or_default();
        let words = first_sentence(&cause.words);
        // The host is in the message already.
        let words = if words.starts_with("cannot resolve") { "cannot resolve".to_owned() } else { words };
        let message = format!("`{}` answered, but sends us to `{broker}`: {words}", self.brokers);
        Failure::new(Kind::Connection, message).hint("check the broker's `advertised.listeners`")
    }

    /// A topic that may not be read.
    pub fn forbidden_topic(&self, topic: &str) -> Failure {
        Failure::new(Kind::Connection, format!("no right to read topic `{topic}`{}", self.for_user()))
            .hint("ask for READ and DESCRIBE on the topic")
    }

    /// The failure for a trouble that somebody has to do something about.
    pub fn failure(&self, trouble: &Trouble) -> Failure {
        let cause = errors::cause(&trouble.reason);
        let group = self.group.as_deref().unwrap_or_default();
        let failure = |message: String| Failure::new(Kind::Connection, message);
        match trouble.kind {
            TroubleKind::Authentication => self.log_in(&cause),
            TroubleKind::Token(fault) => no_token(fault, &trouble.reason),
            TroubleKind::Tls => self.tls(&cause),
            TroubleKind::GroupAuthorization => {
                failure(format!("no right to use group `{group}`{}", self.for_user()))
                    .hint("ask for READ on the group, or read without `--group`")
            }
            TroubleKind::TopicAuthorization => match quoted_topic(&cause.words) {
                Some(topic) => self.forbidden_topic(topic),
                None => failure(format!("no right to read a topic{}", self.for_user()))
                    .caused_by(cause.words)
                    .hint("ask for READ and DESCRIBE on the topic"),
            },
            TroubleKind::InvalidGroup => failure(format!("the broker refuses group `{group}`"))
                .caused_by(cause.words)
                .hint("check `--group`"),
            TroubleKind::InconsistentProtocol => {
                let message = format!("the members of group `{group}` have no assignor in common");
                failure(message).hint(
                    "give `-X partition.assignment.strategy` and `-X group.protocol` the values the other members use",
                )
            }
            TroubleKind::Fenced | TroubleKind::Unreleased => Failure::new(
                Kind::Run,
                format!("another member of group `{group}` uses the same `--instance-id`"),
            )
            .hint("give each member an id of its own"),
            TroubleKind::ForeignGroup => Failure::new(Kind::Run, trouble.reason.clone()),
            TroubleKind::Authorization => {
                failure(format!("no right to use the cluster{}", self.for_user())).caused_by(cause.words)
            }
            TroubleKind::Transport | TroubleKind::AllBrokersDown => {
                Failure::new(Kind::Connection, format!("`{}` cannot be reached", self.brokers))
                    .caused_by(trouble.told())
            }
            TroubleKind::UnknownTopic => {
                Failure::new(Kind::Missing, "a topic or partition does not exist").caused_by(trouble.told())
            }
            TroubleKind::UnknownGroup => {
                Failure::new(Kind::Missing, format!("group `{group}` does not exist"))
            }
            TroubleKind::Rebalancing => {
                Failure::new(Kind::Run, format!("group `{group}` is being rebalanced"))
                    .hint("try again in a moment")
            }
            TroubleKind::Unsupported => Failure::new(Kind::Run, "the broker does not support this"),
            TroubleKind::PollExceeded
            | TroubleKind::OffsetOutOfRange
            | TroubleKind::BadRecord
            | TroubleKind::Other => {
                Failure::new(Kind::Run, "the broker's answer is an error").caused_by(trouble.told())
            }
        }
    }

    pub fn tls(&self, cause: &Cause) -> Failure {
        let at = cause.broker.as_ref().unwrap_or(&self.brokers);
        if http::is_no_tls(&cause.words) {
            return Failure::new(Kind::Connection, format!("cannot set up TLS with `{at}`"))
                .caused_by("it answers, but not in TLS")
                .hint("check `-X security.protocol`: the port may speak TLS, SASL or neither");
        }
        let hint = if cause.words.contains("alert") {
            "the broker wants a client certificate: check `-X ssl.certificate.location` and `-X ssl.key.location`"
                .to_owned()
        } else if cause.words.contains("certificate has expired") {
            "renew the broker's certificate, or check the clock of this machine".to_owned()
        } else if cause.words.contains("hostname mismatch") || cause.words.contains("IP address mismatch") {
            format!("the certificate is for another name: check {}", self.setting)
        } else {
            "check `-X ssl.ca.location`".to_owned()
        };
        Failure::new(Kind::Connection, format!("cannot set up TLS with `{at}`"))
            .caused_by(first_sentence(&cause.words))
            .hint(hint)
    }

    fn log_in(&self, cause: &Cause) -> Failure {
        let at = cause.broker.as_ref().unwrap_or(&self.brokers);
        let who = self.user.as_ref().map_or_else(String::new, |user| format!(" as `{user}`"));
        let hint = if cause.words.contains("not valid in current SASL state") {
            "check `-X security.protocol`: the port does not accept SASL"
        } else if cause.words.contains("Unsupported SASL mechanism") {
            "check `-X sasl.mechanism`"
        } else if cause.words.contains("token") {
            "the broker does not accept the token: check its issuer, audience and expiry"
        } else {
            "check `-X sasl.username` and `-X sasl.password`"
        };
        Failure::new(Kind::Connection, format!("cannot log in at `{at}`{who}"))
            // A broker without SASL has no list to show.
            .caused_by(cause.words.trim_end_matches(": broker's supported mechanisms:"))
            .hint(hint)
    }

    fn for_user(&self) -> String {
        self.user.as_ref().map_or_else(String::new, |user| format!(" for user `{user}`"))
    }
}

/// Whether a typed address is that of a broker, which always has a port.
fn is_same(typed: &str, broker: &str) -> bool {
    typed == broker || broker.strip_suffix(":9092") == Some(typed)
}

/// The host of an address `HOST:PORT`.
fn host(address: &str) -> &str {
    if address.parse::<Ipv6Addr>().is_ok() {
        return address;
    }
    address.rsplit_once(':').map_or(address, |(host, _)| host).trim_matches(['[', ']'])
}

/// librdkafka makes no client of the properties, in its words: `Client creation error: NAME failed: …`.
pub fn unfit(words: &str) -> Failure {
    let words = words.trim_start_matches("Client creation error: ");
    let failure = Failure::usage("the properties do not fit together").caused_by(words);
    let name = words.split(" failed: ").next().filter(|name| name.starts_with("ssl."));
    match name {
        Some(_) if words.contains("key values mismatch") => {
            failure.hint("the key does not belong to the certificate: check `ssl.certificate.location`")
        }
        Some(name) if name.starts_with("ssl.key.") => {
            failure.hint(format!("check `{name}` and `ssl.key.password`"))
        }
        Some(name) => failure.hint(format!("check `{name}`")),
        None => failure,
    }
}

/// No broker was asked yet: it is the token that is missing. `place` begins with the endpoint.
fn no_token(fault: TokenFaultKind, place: &str) -> Failure {
    let failure = Failure::new(Kind::Connection, format!("cannot get a token from {place}"));
    failure.hint(match fault {
        TokenFaultKind::Unreachable | TokenFaultKind::Address => {
            "check `-X sasl.oauthbearer.token.endpoint.url`"
        }
        TokenFaultKind::Tls => "check `-X https.ca.location`",
        TokenFaultKind::Client => {
            "check `-X sasl.oauthbearer.client.id` and `-X sasl.oauthbearer.client.secret`"
        }
        TokenFaultKind::Scope => "check `-X sasl.oauthbearer.scope`",
        TokenFaultKind::Token => {
            "check the clocks of both machines, and how long a token of the endpoint is valid"
        }
    })
}

/// librdkafka's explanations run over several sentences; the first says it.
fn first_sentence(words: &str) -> String {
    let end =
        words.find(": This may be").or_else(|| words.find(": might be caused by")).unwrap_or(words.len());
    words[..end].to_owned()
}

/// `Subscribed topic not available: NAME: Broker: Topic authorization failed`
fn quoted_topic(words: &str) -> Option<&str> {
    words.split_once("topic not available: ")?.1.split(':').next()
}

#[cfg(test)]
mod tests;
