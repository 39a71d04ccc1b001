//! Properties of librdkafka: where they come from, what they mean, and which of them may be set.

mod brokers;
pub mod connection;
mod digest;
mod file;
mod former;
pub mod gather;
mod guarded;
mod jaas;
mod java;
pub mod known;
mod limits;
mod logins;
mod oauth;
pub mod origin;
pub mod print;
pub mod producer;
mod security;
mod stores;
pub mod values;
