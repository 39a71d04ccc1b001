//! Handlers, their children, dead letters and the memory of event ids.

mod children;
mod dedup;
mod letters;
mod output;
mod stdout;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::support::harness::Test;
use crate::support::kafka::{Kafka, kafka};
use crate::support::run::Kcons;
use crate::support::{Produced, own_folder, unique_name};
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![
    children::orphans_do_not_pile_up_however_many_there_are,
    children::a_handler_that_succeeds_counts_where_the_end_of_children_is_ignored,
    dedup::an_id_that_another_member_has_in_hand_is_waited_for,
    dedup::two_members_with_the_same_ids_have_each_effect_once,
    dedup::an_id_whose_handler_fails_is_free_for_the_other_member,
    dedup::the_ids_of_a_member_that_is_gone_are_taken_over,
    dedup::no_handler_starts_while_its_id_cannot_be_claimed,
    letters::a_letter_of_a_letter_has_one_set_of_headers,
    letters::a_letter_that_is_too_large_goes_without_the_text_of_its_error,
    letters::records_that_are_too_large_together_are_sent_one_by_one,
    output::outputs_are_bounded_over_all_handlers_together,
    stdout::a_closed_stdout_is_an_error_before_anything_is_read,
    stdout::a_stdout_that_cannot_be_written_is_an_error_of_every_command,
    stdout::other_descriptors_may_be_closed_and_output_may_be_thrown_away,
];

const LONG: Duration = Duration::from_secs(60);

/// A topic and a group of the test's own, and a folder for what handlers write.
struct Stage {
    kafka: &'static Kafka,
    topic: String,
    group: String,
    folder: tempfile::TempDir,
}

impl Stage {
    fn new(partitions: i32) -> Stage {
        let topic = unique_name("work");
        kafka().create_topic(&topic, partitions, &[]);
        Stage { kafka: kafka(), topic, group: unique_name("group"), folder: own_folder() }
    }

    /// With these values in partition 0.
    fn with(values: &[&str]) -> Stage {
        let stage = Stage::new(1);
        stage.produce(&values.iter().map(|value| Produced::value(value).partition(0)).collect::<Vec<_>>());
        stage
    }

    fn produce(&self, records: &[Produced]) {
        self.kafka.produce(&self.topic, records);
    }

    /// The words of a run to the end in the group.
    fn words(&self, options: &[&str]) -> Vec<String> {
        let brokers = self.kafka.brokers();
        let words = ["consume", &self.topic, "-e", "-b", &brokers, "-g", &self.group];
        words.iter().chain(options).map(|word| (*word).to_owned()).collect()
    }

    fn member(&self, options: &[&str]) -> Kcons {
        Kcons::new(self.words(options)).env("OUT", self.out())
    }

    /// A file that handlers find in `$OUT`.
    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn written(&self) -> String {
        fs::read_to_string(self.out()).unwrap_or_default()
    }

    /// What is committed for partition 0.
    fn committed(&self) -> Option<i64> {
        self.kafka.committed(&self.group).get(&(self.topic.clone(), 0)).copied()
    }
}

/// kcons started by a shell that does something before, with `exec "$@"`.
fn started_by(script: &str, words: &[String]) -> Kcons {
    let shell = ["-c", script, "sh", env!("CARGO_BIN_EXE_kcons")];
    Kcons::other("/bin/sh", shell.into_iter().map(str::to_owned).chain(words.iter().cloned()))
}
