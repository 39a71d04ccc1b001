//! Properties from options, `-X`, `-F` and the environment, each with its origin.

use std::time::Duration;

/// How to reach the cluster.
#[derive(Debug, Default)]
pub struct Connection {
    /// As given, for messages: `localhost:9092`.
    pub brokers: String,
    /// Everything to set on librdkafka, secrets resolved.
    pub properties: Vec<(String, String)>,
    /// `None`: try for ever.
    pub connect_timeout: Option<Duration>,
}
