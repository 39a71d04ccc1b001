//! Where a run ends: silence taken for the end of a log, and answers that never came.

mod commits;
mod damage;
mod leaders;
mod members;
mod silence;

use std::time::Duration;

use crate::support::harness::Test;
use crate::support::run::Kcons;
use crate::tests;

/// Waiting is part of what is tested here; a busy machine takes longer.
const LONG: Duration = Duration::from_secs(90);

/// All of them.
pub const TESTS: &[Test] = tests![
    members::a_member_that_is_out_of_its_group_for_long_is_not_one_to_spare,
    silence::a_quota_is_waited_for,
    leaders::a_frozen_leader_is_waited_for_and_the_other_partitions_are_read,
    leaders::a_partition_without_a_leader_silences_no_other,
    leaders::a_broker_that_sends_us_nowhere_is_waited_for_without_a_limit,
    silence::a_fetch_error_for_ever_is_no_end,
    silence::a_fetch_error_once_costs_no_record,
    silence::a_time_out_in_a_silent_partition_is_a_failure,
    silence::an_open_transaction_is_no_failure_of_a_run_that_reads_on,
    damage::an_answer_above_the_limit_is_an_error_with_the_record,
    damage::handlers_get_what_was_read_before_a_damaged_batch,
    damage::a_record_that_cannot_be_parsed_is_an_error,
    damage::a_number_that_is_damaged_on_its_way_leaves_no_record_out,
    commits::an_empty_partition_gets_its_position_committed,
    commits::what_is_written_once_the_start_is_said_is_read,
    commits::the_last_offset_may_hold_no_record_which_is_said,
];

/// `kcons consume TOPIC` on these brokers.
fn consume(brokers: &str, topic: &str) -> Kcons {
    Kcons::new(["consume", topic, "--brokers", brokers]).deadline(LONG)
}
