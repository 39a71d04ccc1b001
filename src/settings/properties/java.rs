//! Translates properties of Java clients into properties of librdkafka.

use super::jaas::{self, JaasLogin};
use super::registry;
use super::unsupported_logins;
use super::values::Value;
use crate::error::Failure;

/// What a property of a Java client means for librdkafka.
#[derive(Debug)]
pub enum Meaning {
    /// The property has the same name and meaning for librdkafka, or it is none of Java's.
    Same,
    /// The property stands for these properties of librdkafka.
    These(Vec<(&'static str, String)>),
    /// A login, from `sasl.jaas.config`.
    Login(JaasLogin),
    /// The property has no meaning, because only Java clients have what it controls.
    Nothing,
    /// The property has no meaning with this value, for a reason that is worth a message.
    NothingBecause(&'static str),
}

/// Translates a property. What librdkafka cannot express is refused by name, with what to do instead.
pub fn translate(name: &str, given: &Value) -> Result<Meaning, Failure> {
    let value: &str = given;
    let one = |name: &'static str, value: &str| Ok(Meaning::These(vec![(name, value.to_owned())]));
    match name {
        "sasl.jaas.config" => jaas::parse(given).map(Meaning::Login),
        "ssl.endpoint.identification.algorithm" if value.is_empty() => {
            one("ssl.endpoint.identification.algorithm", "none")
        }
        "ssl.cipher.suites" if value.contains("_WITH_") => {
            Ok(Meaning::NothingBecause("OpenSSL names cipher suites differently"))
        }
        "partition.assignment.strategy" => assignors(given),
        "auto.offset.reset" if value == "none" => one("auto.offset.reset", "error"),
        "auto.offset.reset" if value.starts_with("by_duration:") => Err(Failure::usage(format!(
            "`auto.offset.reset` cannot be translated: `{}`",
            given.quoted(value)
        ))
        .hint("without a group `--from -1h` starts at records of that age")),
        "fetch.max.wait.ms" => one("fetch.wait.max.ms", value),
        "request.timeout.ms" => one("socket.timeout.ms", value),
        // Java's -1 leaves the size to the system, which is 0 for librdkafka.
        "receive.buffer.bytes" => one("socket.receive.buffer.bytes", if value == "-1" { "0" } else { value }),
        "send.buffer.bytes" => one("socket.send.buffer.bytes", if value == "-1" { "0" } else { value }),
        "connections.max.idle.ms" if value == "-1" => one("connections.max.idle.ms", "0"),
        "sasl.login.callback.handler.class" if TOKEN_HANDLERS.contains(&value) => {
            one("sasl.oauthbearer.method", "oidc")
        }
        "sasl.login.callback.handler.class" if value == UNSECURED_HANDLER => {
            one("sasl.oauthbearer.method", "default")
        }
        "sasl.login.callback.handler.class" | "sasl.client.callback.handler.class" | "sasl.login.class"
            if unsupported_logins::refuse_class(value).is_some() =>
        {
            unsupported_logins::refuse_class(value).map_or(Ok(Meaning::Same), Err)
        }
        JWT_RETRIEVER => match value.rsplit('.').next().unwrap_or_default() {
            "DefaultJwtRetriever" => Ok(Meaning::Nothing),
            "ClientCredentialsJwtRetriever" => one("sasl.oauthbearer.method", "oidc"),
            _ => Err(Failure::usage(format!("`{name}` cannot be translated"))
                .caused_by("it names a Java class")
                .hint("tokens come from a token endpoint, with a client id and a secret")),
        },
        "sasl.client.callback.handler.class"
        | "sasl.login.callback.handler.class"
        | "sasl.login.class"
        | "ssl.engine.factory.class" => Err(Failure::usage(format!("`{name}` cannot be translated"))
            .caused_by("it names a Java class")
            .hint("set what it provides with `sasl.*` and `ssl.*` properties")),
        "config.providers" => Err(Failure::usage("`config.providers` cannot be translated")
            .caused_by("it names Java classes")
            .hint("a value `env:NAME` or `file:PATH` is read from there")),
        _ if is_java_alone(name) => Ok(Meaning::Nothing),
        _ => Ok(Meaning::Same),
    }
}

/// Kafka's own class for token endpoints, and its name before Kafka 3.4.
const TOKEN_HANDLERS: [&str; 2] = [
    "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
    "org.apache.kafka.common.security.oauthbearer.secured.OAuthBearerLoginCallbackHandler",
];

const JWT_RETRIEVER: &str = "sasl.oauthbearer.jwt.retriever.class";

const UNSECURED_HANDLER: &str = "org.apache.kafka.common.security.oauthbearer.internals.unsecured.OAuthBearerUnsecuredLoginCallbackHandler";

fn is_java_alone(name: &str) -> bool {
    JAVA_ALONE.contains(&name)
        || JAVA_ALONE_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || registry::names::is_java_alone(name)
}

/// Properties of Java's clients and serializers that librdkafka does not have.
const JAVA_ALONE: [&str; 44] = [
    "auto.include.jmx.reporter",
    "auto.register.schemas",
    "buffer.memory",
    "default.api.timeout.ms",
    "exclude.internal.topics",
    "interceptor.classes",
    "key.deserializer",
    "key.serializer",
    "key.subject.name.strategy",
    "latest.compatibility.strict",
    "max.block.ms",
    "max.poll.records",
    "max.request.size",
    "metadata.max.idle.ms",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "normalize.schemas",
    "partitioner.class",
    "partitioner.ignore.keys",
    "sasl.kerberos.ticket.renew.jitter",
    "sasl.kerberos.ticket.renew.window.factor",
    "sasl.login.connect.timeout.ms",
    "sasl.login.read.timeout.ms",
    "sasl.login.retry.backoff.max.ms",
    "sasl.login.retry.backoff.ms",
    "sasl.oauthbearer.jwt.validator.class",
    "sasl.oauthbearer.scope.claim.name",
    "sasl.oauthbearer.sub.claim.name",
    "security.providers",
    "socket.connection.setup.timeout.max.ms",
    "ssl.enabled.protocols",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
    "transaction.two.phase.commit.enable",
    "use.latest.version",
    "value.deserializer",
    "value.serializer",
    "value.subject.name.strategy",
    "use.schema.id",
];

const JAVA_ALONE_PREFIXES: [&str; 15] = [
    "avro.",
    "compression.gzip.",
    "compression.lz4.",
    "compression.zstd.",
    "confluent.",
    "internal.",
    "partitioner.adaptive.",
    "partitioner.availability.",
    "sasl.login.refresh.",
    "sasl.oauthbearer.clock.",
    "sasl.oauthbearer.expected.",
    "sasl.oauthbearer.jwks.",
    "share.",
    "specific.avro.",
    "specific.protobuf.",
];

/// Translates a list of assignors: Java's classes, or librdkafka's names, which stay as they are.
fn assignors(given: &Value) -> Result<Meaning, Failure> {
    let value: &str = given;
    let mut names = Vec::new();
    for class in value.split(',').map(str::trim).filter(|class| !class.is_empty()) {
        names.push(match class.strip_prefix("org.apache.kafka.clients.consumer.") {
            Some("RangeAssignor") => "range",
            Some("RoundRobinAssignor") => "roundrobin",
            Some("CooperativeStickyAssignor") => "cooperative-sticky",
            Some(_) => {
                return Err(Failure::usage(format!(
                    "`partition.assignment.strategy` cannot be translated: `{}`",
                    given.quoted(class)
                ))
                .hint("range, roundrobin and cooperative-sticky are built in"));
            }
            None if ["range", "roundrobin", "cooperative-sticky"].contains(&class) => class,
            None => {
                return Err(Failure::usage(format!(
                    "invalid value `{}` for property `partition.assignment.strategy`",
                    given.quoted(class)
                ))
                .hint("valid: range, roundrobin, cooperative-sticky"));
            }
        });
    }
    if names.is_empty() {
        return Err(Failure::usage("property `partition.assignment.strategy` is empty")
            .hint("valid: range, roundrobin, cooperative-sticky"));
    }
    // Java's own default lists both kinds and works as the eager one; librdkafka takes one kind only.
    let is_java = value.contains("org.apache.kafka.");
    let is_eager = |name: &&str| *name != "cooperative-sticky";
    if is_java && names.iter().any(is_eager) {
        names.retain(is_eager);
    }
    if names.iter().any(is_eager) && !names.iter().all(is_eager) {
        return Err(Failure::usage("`partition.assignment.strategy` mixes eager and cooperative assignors")
            .hint("use range and roundrobin, or cooperative-sticky alone"));
    }
    Ok(Meaning::These(vec![("partition.assignment.strategy", names.join(","))]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translate(name: &str, value: &str) -> Result<Meaning, Failure> {
        super::translate(name, &Value::plain(value))
    }

    fn these(name: &str, value: &str) -> Vec<(&'static str, String)> {
        match translate(name, value) {
            Ok(Meaning::These(properties)) => properties,
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn a_login_becomes_user_and_password() {
        let plain =
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" password=\"b\";";
        assert!(
            matches!(translate("sasl.jaas.config", plain), Ok(Meaning::Login(login)) if login.mechanism == Some("PLAIN"))
        );
    }

    #[test]
    fn kafkas_own_handlers_of_tokens_say_the_method() {
        for (class, method) in
            [(TOKEN_HANDLERS[0], "oidc"), (TOKEN_HANDLERS[1], "oidc"), (UNSECURED_HANDLER, "default")]
        {
            let translated = these("sasl.login.callback.handler.class", class);
            assert_eq!(translated, [("sasl.oauthbearer.method", method.to_owned())]);
        }
    }

    #[test]
    fn javas_names_are_translated() {
        for (name, value, there, same) in [
            ("fetch.max.wait.ms", "100", "fetch.wait.max.ms", "100"),
            ("request.timeout.ms", "9000", "socket.timeout.ms", "9000"),
            ("receive.buffer.bytes", "-1", "socket.receive.buffer.bytes", "0"),
            ("send.buffer.bytes", "4096", "socket.send.buffer.bytes", "4096"),
            ("connections.max.idle.ms", "-1", "connections.max.idle.ms", "0"),
            ("ssl.endpoint.identification.algorithm", "", "ssl.endpoint.identification.algorithm", "none"),
            ("auto.offset.reset", "none", "auto.offset.reset", "error"),
        ] {
            assert_eq!(these(name, value), [(there, same.to_owned())]);
        }
    }

    #[test]
    fn assignors_are_known_by_class_and_by_name() {
        let class = |name: &str| format!("org.apache.kafka.clients.consumer.{name}");
        let both = format!("{}, {}", class("RangeAssignor"), class("CooperativeStickyAssignor"));
        for (value, expected) in [
            (class("CooperativeStickyAssignor"), "cooperative-sticky"),
            (both, "range"),
            ("roundrobin, range".to_owned(), "roundrobin,range"),
        ] {
            assert_eq!(these("partition.assignment.strategy", &value)[0].1, expected);
        }
        for bad in [
            class("StickyAssignor"),
            "rangee".to_owned(),
            "range,cooperative-sticky".to_owned(),
            ",".to_owned(),
        ] {
            assert!(translate("partition.assignment.strategy", &bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_only_java_has_means_nothing() {
        for name in ["key.deserializer", "max.poll.records", "schema.registry.max.retries", "ssl.protocol"] {
            assert!(matches!(translate(name, "x"), Ok(Meaning::Nothing)), "{name}");
        }
        assert!(matches!(translate("ssl.cipher.suites", "TLS_RSA_WITH_AES"), Ok(Meaning::NothingBecause(_))));
        assert!(matches!(translate("client.id", "x"), Ok(Meaning::Same)));
    }

    #[test]
    fn what_cannot_be_translated_is_refused_by_name() {
        for name in ["sasl.login.callback.handler.class", "config.providers", "ssl.engine.factory.class"] {
            assert!(translate(name, "x").is_err_and(|failure| failure.message.contains(name)), "{name}");
        }
        assert!(translate("auto.offset.reset", "by_duration:PT1H").is_err());
    }
}
