//! What both suites and the benchmark need: brokers, the program under test, faults on the wire, and the checker of the guarantees.

// Each suite is a crate of its own and uses its own part of this.
#![allow(dead_code, unused_imports)]

pub mod apicurio;
mod certificates;
mod fixtures;
mod folder;
pub mod forger;
mod groups;
pub mod harness;
pub mod http;
mod install;
pub mod kafka;
pub mod mock;
pub mod oracle;
mod outcome;
pub mod pages;
pub mod ports;
mod process;
mod properties;
pub mod proxy;
pub mod raw;
pub mod redis;
pub mod registry;
mod rounds;
pub mod run;
pub mod shells;
pub mod shown;
mod stored;
mod stream;
pub mod terminal;
pub mod tokens;
pub mod vectors;
mod waiting;

pub use fixtures::{OpenTransaction, Place, Produced};
pub use folder::{own_folder, unique_name};
pub use groups::{Committed, Member};
pub use install::{VERSION as KAFKA_VERSION, missing as missing_for_kafka};
pub use outcome::Outcome;
pub use rounds::rounds;
pub use waiting::{block_on, try_until, wait_until};
