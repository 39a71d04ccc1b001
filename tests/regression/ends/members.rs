//! Members of a group that hold nothing for a while.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use super::consume;
use crate::support::kafka::{Kafka, Kind};
use crate::support::{Produced, unique_name};

/// A member that gets no partition ends after a minute. One whose brokers were away for longer than its session and that
/// minute counted as such: as soon as they were back it ended, with exit 0 and the rest of the records unread.
pub fn a_member_that_is_out_of_its_group_for_long_is_not_one_to_spare() {
    const AWAY: Duration = Duration::from_secs(75);
    let kafka = Kafka::start(Kind::Plain, &[]);
    let (topic, group) = (unique_name("topic"), unique_name("group"));
    kafka.create_topic(&topic, 2, &[]);
    kafka.produce_many(&topic, 20, |number| Produced::value(number.to_string()).partition(number as i32 % 2));
    let session = ["-X", "session.timeout.ms=6000", "-X", "heartbeat.interval.ms=1000"];
    let options = ["-e", "--group", &group, "--commit", "manual", "--exec", "sleep 0.5; cat; echo"];
    let slow = AWAY + super::LONG;
    let mut running = consume(&kafka.brokers(), &topic).args(options).args(session).deadline(slow).spawn();
    running.wait_for_lines(3);
    kafka.kill(1);
    running.wait_for_stderr("lost all brokers");
    thread::sleep(AWAY);
    kafka.start_again(1);
    let outcome = running.finish();
    outcome.has_code(0);
    let lines: BTreeSet<String> = outcome.lines().into_iter().map(|line| line.to_string()).collect();
    outcome.check(lines.len() == 20, "records are missing");
}
