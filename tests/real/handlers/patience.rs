//! Handlers that take longer than a session lasts, and keep their partitions.

use std::time::Duration;

use super::{LONG, Work};
use crate::support::kafka::kafka;

pub fn a_handler_slower_than_the_poll_interval_keeps_its_partition_and_is_committed() {
    let mut work = Work::new(kafka(), 1);
    work.scene.produce(2);
    let options = ["-e", "--commit", "manual", "-X", "max.poll.interval.ms=6000"];
    let outcome = work.member(&options, "[ $KCONS_OFFSET = 1 ] || sleep 8").deadline(LONG * 2).run();
    outcome.has_code(0).stderr_lacks("partitions_lost").stderr_lacks("\"event\":\"warning\"");
    outcome.check(outcome.elapsed > Duration::from_secs(8), "it did not wait for its handler");
    work.add("patient", &outcome);
    work.close();
    work.must_be_clean();
}
