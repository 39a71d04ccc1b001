//! Everything that touches librdkafka: the only folder that names it, and the only one with `unsafe`.

pub mod admin;
mod arrival;
mod batch;
mod certificate;
mod client;
mod close;
pub mod commit;
pub mod errors;
mod families;
mod fetch_size;
pub mod lag;
pub mod look_up;
pub mod merge;
mod message;
mod metadata;
pub mod mock;
mod native;
pub mod openssl;
mod outage;
pub mod probe;
pub mod producer;
pub mod properties;
pub mod ranges;
mod recycler;
mod route;
mod routes;
pub mod source;
mod tokens;
pub mod words;

pub use arrival::Arrival;
pub use client::{ClientEvent, Consumer, Fetched};
pub use errors::{Trouble, TroubleKind};
pub use native::{leave_process, library_version};
pub use source::Source;
