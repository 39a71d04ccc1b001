//! kcons on a real Apache Kafka.

mod support;

mod real {
    pub mod commits;
    pub mod crashes;
    pub mod members;
    pub mod outages;
    pub mod scene;
    pub mod shutdown;
    pub mod smoke;
}

use real::{commits, crashes, members, outages, shutdown, smoke};

fn main() -> std::process::ExitCode {
    support::harness::run(tests![
        smoke::records_make_the_round_trip,
        smoke::many_records_keep_their_order,
        smoke::topics_can_be_changed,
        smoke::transactions_leave_markers,
        smoke::groups_and_their_members_are_seen,
        smoke::a_killed_or_stopped_broker_comes_back_with_its_records,
        smoke::a_frozen_broker_answers_when_it_is_thawed,
        smoke::a_proxied_broker_sends_clients_to_the_proxy_but_not_the_fixtures,
        smoke::three_brokers_outlive_the_loss_of_one,
        smoke::a_secured_broker_knows_its_users,
        smoke::committed_offsets_are_sampled,
        smoke::a_broker_ends_and_leaves_nothing_when_it_is_dropped,
        smoke::a_broker_dies_with_a_killed_test_process,
        commits::each_mode_commits_all_that_was_printed_at_a_clean_end,
        commits::never_uses_the_positions_of_a_group_and_moves_nothing,
        commits::a_batch_is_committed_when_it_is_full_and_not_before,
        commits::manual_commits_after_each_record_before_the_next_one,
        commits::an_interval_says_how_often_auto_commits,
        commits::a_count_commits_exactly_what_was_printed,
        commits::a_group_is_at_the_end_behind_transaction_markers,
        commits::a_running_group_follows_markers_that_come_later,
        commits::latest_loses_nothing_over_a_restart,
        commits::latest_is_for_groups_that_have_nothing_in_the_topic,
        commits::earliest_starts_at_the_beginning_and_none_refuses,
        commits::a_committed_offset_outside_the_log_is_never_passed_over_in_silence,
        crashes::a_crash_in_manual_mode_repeats_one_record_at_most,
        crashes::a_crash_in_batch_mode_repeats_one_batch_at_most,
        crashes::a_crash_with_commits_in_the_background_loses_nothing,
        crashes::a_crash_in_auto_mode_repeats_what_came_since_the_last_interval,
        members::a_static_member_that_restarts_keeps_its_partitions,
        members::of_two_members_with_one_instance_id_one_is_told_and_ends,
        members::two_members_that_stop_at_the_end_share_the_records,
        members::members_come_and_go_with_the_range_assignor,
        members::members_come_and_go_with_the_cooperative_assignor,
        members::members_come_and_go_with_the_consumer_protocol,
        members::members_come_and_go_with_manual_commits,
        members::a_member_whose_reader_blocks_commits_what_it_took_when_it_hands_over,
        shutdown::a_signal_under_load_loses_and_repeats_nothing,
        shutdown::a_second_signal_ends_the_run_at_once,
        shutdown::a_reader_that_stops_reading_ends_the_run_at_its_deadline_with_what_it_took_committed,
        shutdown::a_hang_up_that_was_ignored_stays_ignored,
        shutdown::a_frozen_broker_holds_the_end_up_only_for_a_commit,
        shutdown::a_killed_broker_holds_the_end_up_only_for_a_commit,
        shutdown::a_reader_that_leaves_ends_the_run_and_the_membership,
        shutdown::a_reader_that_blocks_for_longer_than_the_session_keeps_its_partitions,
        outages::a_group_goes_on_after_its_broker_was_gone,
        outages::a_group_goes_on_while_three_brokers_are_restarted_in_turn,
        outages::a_member_that_was_frozen_commits_nothing_stale,
        outages::partitions_that_are_added_while_a_group_runs_are_read,
        members::a_member_without_partitions_ends_and_says_who_holds_them,
    ])
}
