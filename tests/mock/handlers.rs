//! Records handled by programs instead of printed, on the mock broker.

mod burdens;
mod crashes;
mod dedup;
mod exec;
mod failures;
mod said;
mod worker;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced};

const LONG: Duration = Duration::from_secs(30);

const TOPIC: &str = "t";
const GROUP: &str = "g";
const DEAD: &str = "t.dead";

const MEMBER: [&str; 6] = [
    "-g",
    GROUP,
    "-X",
    "partition.assignment.strategy=cooperative-sticky",
    "-X",
    "heartbeat.interval.ms=200",
];

/// A mock broker with a topic, one for dead letters, and a folder for what handlers write.
struct Stage {
    mock: Mock,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new(partitions: i32) -> Stage {
        let mock = Mock::start(1);
        mock.create_topic(TOPIC, partitions);
        mock.create_topic(DEAD, 1);
        Stage { mock, folder: tempfile::tempdir().expect("a folder") }
    }

    /// Records `KEY:VALUE` in partition 0; those without a colon have no key.
    fn with(records: &[&str]) -> Stage {
        let stage = Stage::new(1);
        stage.produce(records);
        stage
    }

    fn produce(&self, records: &[&str]) {
        let records: Vec<Produced> = records
            .iter()
            .map(|record| match record.split_once(':').filter(|(key, _)| !key.starts_with('{')) {
                Some((key, value)) => Produced::value(value).key(key).partition(0),
                None => Produced::value(*record).partition(0),
            })
            .collect();
        self.mock.produce(TOPIC, &records);
    }

    /// Reads to the end, alone.
    fn alone(&self, options: &[&str]) -> Kcons {
        let brokers = self.mock.brokers();
        Kcons::new(["consume", TOPIC, "-e", "-b", &brokers]).args(options).env("OUT", self.out())
    }

    /// Reads to the end in the group.
    fn member(&self, options: &[&str]) -> Kcons {
        self.alone(&MEMBER).args(["-X", "session.timeout.ms=10000"]).args(options)
    }

    /// A member with a short session: on the mock the next one waits for that long, even if this one has left.
    /// A commit that is late may cost it its place.
    fn mortal(&self, options: &[&str]) -> Kcons {
        self.alone(&MEMBER).args(["-X", "session.timeout.ms=3000"]).args(options)
    }

    /// A member that goes on at the end.
    fn staying(&self, options: &[&str]) -> Kcons {
        let brokers = self.mock.brokers();
        let arguments = ["consume", TOPIC, "-b", &brokers];
        let member = Kcons::new(arguments).env("OUT", self.out()).args(MEMBER);
        member.args(["-X", "session.timeout.ms=10000"]).args(options)
    }

    /// A file that handlers find in `$OUT`.
    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn written(&self) -> String {
        fs::read_to_string(self.out()).unwrap_or_default()
    }

    fn committed(&self) -> i64 {
        self.mock.committed(GROUP, &[TOPIC]).get(&(TOPIC.to_owned(), 0)).copied().unwrap_or(-1)
    }

    /// What is in the dead-letter topic.
    fn dead_letters(&self) -> Outcome {
        Kcons::new(["consume", DEAD, "-e", "-o", "json", "-b", &self.mock.brokers()]).run()
    }
}
