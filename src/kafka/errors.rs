//! What librdkafka's error codes mean for a run.

use super::words;
use crate::tokens::TokenFaultKind;
use rdkafka::types::RDKafkaErrorCode as Code;

/// Something that went wrong inside the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// What happened in librdkafka's own words, as in `HOST:PORT/NODE: Connect failed (after 0ms in state CONNECT)`.
    pub reason: String,
}

/// What an error code asks for (`rdkafka.h`, `rd_kafka_resp_err_t`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    /// A connection failed or broke, a name does not resolve, or an answer is late. It may pass by itself.
    Transport,
    AllBrokersDown,
    Authentication,
    /// There is no token to log in with. The reason begins with the place where it was looked for.
    Token(TokenFaultKind),
    Tls,
    TopicAuthorization,
    GroupAuthorization,
    /// A right other than those is missing, such as on the cluster or a transactional id.
    Authorization,
    UnknownTopic,
    InvalidGroup,
    UnknownGroup,
    /// The group is not a group of consumers; the reason says what it is.
    ForeignGroup,
    /// The members of the group have no assignor in common.
    InconsistentProtocol,
    /// `max.poll.interval.ms` went by without a poll.
    PollExceeded,
    /// Another member has joined with our `group.instance.id`.
    Fenced,
    /// A member that may be gone still holds our `group.instance.id` (`group.protocol=consumer`).
    Unreleased,
    /// A commit came in the middle of a rebalance. The next one may succeed.
    Rebalancing,
    OffsetOutOfRange,
    /// A batch of the log cannot be read, because of a bad checksum or an unknown compression.
    BadRecord,
    /// The broker is too old for what was asked, or no full Kafka.
    Unsupported,
    Other,
}

impl TroubleKind {
    /// Whether nobody answered, rather than refused.
    pub fn is_absence(self) -> bool {
        matches!(self, TroubleKind::Transport | TroubleKind::AllBrokersDown)
    }
}

impl Trouble {
    /// The trouble of a question that nobody answered in time.
    pub fn unanswered() -> Trouble {
        trouble(Code::OperationTimedOut, "")
    }
}

pub fn trouble(code: Code, reason: &str) -> Trouble {
    let reason = if reason.is_empty() { name(code) } else { reason.to_owned() };
    let kind = match kind(code) {
        // The connection broke while we logged in, which is no refusal.
        TroubleKind::Authentication if is_broken_handshake(&reason) => TroubleKind::Transport,
        kind => kind,
    };
    Trouble { kind, reason }
}

fn is_broken_handshake(reason: &str) -> bool {
    ["handshake failed: Local: Broker transport failure", "handshake failed: Local: Timed out"]
        .iter()
        .any(|part| reason.contains(part))
}

impl Trouble {
    /// What happened, as the cause of a failure.
    pub fn told(&self) -> String {
        words::told(&cause(&self.reason).words)
    }
}

pub fn kind(code: Code) -> TroubleKind {
    match code {
        Code::BrokerTransportFailure
        | Code::Resolve
        | Code::OperationTimedOut
        | Code::RequestTimedOut
        | Code::NetworkException
        | Code::TimedOutQueue
        | Code::MessageTimedOut
        | Code::BrokerNotAvailable
        | Code::LeaderNotAvailable
        | Code::NotLeaderForPartition
        | Code::CoordinatorNotAvailable
        | Code::CoordinatorLoadInProgress
        | Code::NotCoordinator
        | Code::WaitingForCoordinator
        | Code::Outdated
        | Code::InProgress
        | Code::ReplicaNotAvailable
        | Code::OffsetNotAvailable
        | Code::PreferredLeaderNotAvailable
        | Code::EligibleLeadersNotAvailable
        // Leaders and brokers change, which is over once the client has asked for metadata.
        | Code::FencedLeaderEpoch
        | Code::UnknownLeaderEpoch
        | Code::FetchSessionIdNotFound
        | Code::InvalidFetchSessionEpoch
        | Code::KafkaStorageError => TroubleKind::Transport,
        Code::AllBrokersDown => TroubleKind::AllBrokersDown,
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState => TroubleKind::Authentication,
        Code::SSL => TroubleKind::Tls,
        Code::TopicAuthorizationFailed => TroubleKind::TopicAuthorization,
        Code::GroupAuthorizationFailed => TroubleKind::GroupAuthorization,
        Code::ClusterAuthorizationFailed | Code::TransactionalIdAuthorizationFailed => {
            TroubleKind::Authorization
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => {
            TroubleKind::UnknownTopic
        }
        Code::GroupIdNotFound => TroubleKind::UnknownGroup,
        Code::InvalidGroupId => TroubleKind::InvalidGroup,
        Code::InconsistentGroupProtocol => TroubleKind::InconsistentProtocol,
        Code::PollExceeded => TroubleKind::PollExceeded,
        Code::FencedInstanceId => TroubleKind::Fenced,
        Code::UnreleasedInstanceId => TroubleKind::Unreleased,
        Code::RebalanceInProgress
        | Code::IllegalGeneration
        | Code::UnknownMemberId
        | Code::StaleMemberEpoch
        | Code::FencedMemberEpoch
        | Code::AssignmentLost => TroubleKind::Rebalancing,
        Code::OffsetOutOfRange | Code::AutoOffsetReset => TroubleKind::OffsetOutOfRange,
        Code::BadMessage | Code::InvalidMessage | Code::BadCompression | Code::NotImplemented => {
            TroubleKind::BadRecord
        }
        Code::UnsupportedFeature => TroubleKind::Unsupported,
        // librdkafka has about 200 codes, and more with each version.
        _ => TroubleKind::Other,
    }
}

/// librdkafka's name for a code, as in `Broker: Group authorization failed`.
pub fn name(code: Code) -> String {
    let text = code.to_string();
    // `GroupAuthorizationFailed (Broker: Group authorization failed)`
    let text = match (text.find('('), text.strip_suffix(')')) {
        (Some(start), Some(text)) => text[start + 1..].to_owned(),
        _ => text,
    };
    // The code comes from a newer broker.
    if text == "Success" { words::UNKNOWN.to_owned() } else { text }
}

/// The broker and the reason of a trouble, taken apart for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The broker as `HOST:PORT`, if the text names one.
    pub broker: Option<String>,
    /// The reason, in our words where we have some: `connection refused`, ``cannot resolve `HOST` ``.
    pub words: String,
}

/// Takes a text of librdkafka's apart (`rdkafka_broker.c`, `rd_kafka_broker_set_error`).
pub fn cause(reason: &str) -> Cause {
    let mut rest = reason.trim();
    let mut broker = None;
    // `sasl_ssl://host:9093/bootstrap: text` or `host:9092/1: text`
    while let Some((head, tail)) = rest.split_once(": ") {
        let address = head.rsplit("://").next().unwrap_or(head);
        let Some((address, _)) = address.split_once('/') else { break };
        if !address.contains(':') || address.contains(' ') {
            break;
        }
        broker = Some(address.to_owned());
        rest = tail;
    }
    let text = rest.split(" (after ").next().unwrap_or(rest);
    let text = text.split(" (in state ").next().unwrap_or(text).trim_end_matches(['.', ' ']);
    let host = broker.as_deref().and_then(|address| address.rsplit_once(':')).map_or("", |(host, _)| host);
    let lower = text.to_lowercase();
    let words = match words::connection(&lower) {
        _ if lower.contains("failed to resolve") => format!("cannot resolve `{host}`"),
        Some(words) => words.to_owned(),
        None if lower.contains("invalid response size") || lower.contains("invalid frame size") => {
            words::told(text)
        }
        None => text.to_owned(),
    };
    Cause { broker, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_apart(reason: &str) -> (Option<String>, String) {
        let cause = cause(reason);
        (cause.broker, cause.words)
    }

    #[test]
    fn a_reason_is_taken_apart() {
        assert_eq!(
            taken_apart(
                "localhost:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)"
            ),
            (Some("localhost:9092".to_owned()), "connection refused".to_owned())
        );
        assert_eq!(
            taken_apart(
                "kafka-0.kafka:9092/1: Failed to resolve 'kafka-0.kafka:9092': Name or service not known (after 3ms in state CONNECT)"
            ),
            (Some("kafka-0.kafka:9092".to_owned()), "cannot resolve `kafka-0.kafka`".to_owned())
        );
        assert_eq!(
            taken_apart(
                "ssl://localhost:9093/bootstrap: SSL handshake failed: broken (after 2ms in state SSL_HANDSHAKE)"
            ),
            (Some("localhost:9093".to_owned()), "SSL handshake failed: broken".to_owned())
        );
        assert_eq!(
            taken_apart(
                "ssl://localhost:9092/bootstrap: SSL handshake failed: Disconnected: SSL connection closed by peer: \
                 connecting to a PLAINTEXT broker listener? (after 2ms in state SSL_HANDSHAKE)"
            ).1,
            "the broker closed the connection instead of answering in TLS"
        );
        assert_eq!(taken_apart("1/1 brokers are down"), (None, "1/1 brokers are down".to_owned()));
    }

    #[test]
    fn a_connection_that_breaks_in_a_login_is_no_refusal() {
        let reason = "h:1/bootstrap: SASL PLAIN mechanism handshake failed: Local: Broker transport failure: broker's supported mechanisms: (n/a)";
        assert_eq!(trouble(Code::Authentication, reason).kind, TroubleKind::Transport);
        let reason =
            "h:1/bootstrap: SASL PLAIN mechanism handshake failed: Broker: Unsupported SASL mechanism";
        assert_eq!(trouble(Code::Authentication, reason).kind, TroubleKind::Authentication);
    }

    #[test]
    fn what_is_over_with_the_next_metadata_is_no_news() {
        for code in [Code::NotLeaderForPartition, Code::UnknownLeaderEpoch, Code::KafkaStorageError] {
            assert_eq!(kind(code), TroubleKind::Transport, "{code}");
        }
        assert_eq!(kind(Code::InvalidMessage), TroubleKind::BadRecord);
    }

    #[test]
    fn a_code_that_is_not_known_is_no_success() {
        assert_eq!(name(Code::NoError), "an error that this version does not know");
    }

    #[test]
    fn a_code_has_the_brokers_words() {
        assert_eq!(name(Code::GroupAuthorizationFailed), "Broker: Group authorization failed");
    }
}
