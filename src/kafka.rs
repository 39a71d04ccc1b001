//! Everything that names librdkafka.

pub mod properties;
