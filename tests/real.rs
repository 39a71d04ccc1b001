//! kcons on a real Apache Kafka.

mod support;

mod real {
    pub mod smoke;
}

use real::smoke;

fn main() -> std::process::ExitCode {
    support::harness::run(tests![smoke::records_make_the_round_trip,])
}
