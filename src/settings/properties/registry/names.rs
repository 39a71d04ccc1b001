//! The names of properties of registries: those that count here, and those of other clients that have no use.

use super::{LOGINS, PREFIX};
use crate::near::nearest;
use crate::settings::properties::stores::Stores;

/// Properties that count only with their prefix; without it they are about brokers, or nothing.
const WITH_PREFIX: [&str; 16] = [
    "url",
    "ssl.ca.location",
    "ssl.ca.pem",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.key.location",
    "ssl.key.pem",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
];

/// What only Java's clients have, with the prefix or without it (`SchemaRegistryClientConfig` of Confluent).
const OF_JAVA: [&str; 10] = [
    "bearer.auth.cache.expiry.buffer.seconds",
    "bearer.auth.client.id",
    "bearer.auth.client.secret",
    "bearer.auth.custom.provider.class",
    "bearer.auth.identity.pool.id",
    "bearer.auth.issuer.endpoint.url",
    "bearer.auth.logical.cluster",
    "bearer.auth.scope",
    "bearer.auth.scope.claim.name",
    "bearer.auth.sub.claim.name",
];

/// The same with the prefix: settings of Java's clients, and of the registry itself.
const OF_JAVA_WITH_PREFIX: [&str; 35] = [
    "cache.capacity",
    "group.id",
    "http.connect.timeout.ms",
    "http.read.timeout.ms",
    "inter.instance.protocol",
    "latest.cache.size",
    "latest.cache.ttl.sec",
    "max.retries",
    "missing.cache.size",
    "missing.id.cache.ttl.sec",
    "missing.schema.cache.ttl.sec",
    "missing.version.cache.ttl.sec",
    "proxy.host",
    "proxy.port",
    "resource.extension.class",
    "retries.max.wait.ms",
    "retries.wait.ms",
    "ssl.alpn",
    "ssl.cipher.suites",
    "ssl.client.authentication",
    "ssl.enabled.protocols",
    "ssl.endpoint.identification.algorithm",
    "ssl.engine.factory.class",
    "ssl.key.alias",
    "ssl.key.password",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.provider",
    "ssl.secure.random.implementation",
    "ssl.trustmanager.algorithm",
    "ssl.verify.host",
    "topic",
    "url.randomize",
    "use.latest.version",
    "zk.namespace",
];

/// Beginnings of such names, whose ends people choose.
const OF_JAVA_PREFIXES: [&str; 2] = ["bearer.auth.client.assertion.", "request.header."];

/// The name here of a property that counts for a registry.
pub fn canonical(name: &str) -> Option<&str> {
    let bare = name.strip_prefix(PREFIX);
    if LOGINS.contains(&bare.unwrap_or(name)) {
        return Some(bare.unwrap_or(name));
    }
    bare.filter(|bare| WITH_PREFIX.contains(bare) || Stores::is_one(bare)).map(|_| name)
}

/// Whether a property of a registry is known to have no use here.
pub fn is_java_alone(name: &str) -> bool {
    let begins = |name: &str| OF_JAVA_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    match name.strip_prefix(PREFIX) {
        Some(bare) => OF_JAVA.contains(&bare) || OF_JAVA_WITH_PREFIX.contains(&bare) || begins(bare),
        None => OF_JAVA.contains(&name) || (begins(name) && name.starts_with("bearer.")),
    }
}

/// Up to three names that resemble a name that is unknown, the nearest first.
pub fn near(name: &str) -> Vec<String> {
    let bare = LOGINS.iter().map(|name| (*name).to_owned());
    let with_prefix = LOGINS.iter().chain(&WITH_PREFIX).map(|bare| format!("{PREFIX}{bare}"));
    let all: Vec<String> = bare.chain(with_prefix).collect();
    nearest(name, all.iter().map(String::as_str)).into_iter().map(str::to_owned).collect()
}
