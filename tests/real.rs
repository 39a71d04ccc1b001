//! kcons on a real Apache Kafka.

#![expect(clippy::print_stdout, reason = "figures are printed, never asserted")]

mod support;

mod real {
    pub mod commits;
    pub mod crashes;
    pub mod ends;
    pub mod errors;
    pub mod members;
    pub mod outages;
    pub mod output;
    pub mod positions;
    pub mod reading;
    pub mod scene;
    pub mod shutdown;
    pub mod smoke;
    pub mod topics;
}

use real::{commits, crashes, ends, errors, members, outages, output, positions, shutdown, smoke, topics};

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
        output::the_scenario_of_the_manual_is_on_the_terminal_byte_for_byte,
        output::records_are_styled_only_when_color_is_asked_for,
        output::a_pipe_gets_json_that_jq_reads,
        output::the_lines_about_the_run_are_said_with_pretty_on_a_terminal_and_with_v,
        output::every_shape_of_a_record_is_valid_json,
        output::raw_is_the_bytes_and_the_delimiter,
        output::pretty_shows_what_has_no_title_and_more_with_v,
        output::several_topics_are_told_apart,
        output::a_terminal_gets_no_control_characters,
        output::formats_say_how_values_and_keys_are_shown,
        output::a_record_that_cannot_be_decoded_is_warned_of_and_shown_raw,
        output::strict_ends_the_run_at_a_record_that_cannot_be_decoded,
        output::a_file_gets_json,
        output::a_full_disk_is_an_error,
        output::a_reader_that_leaves_ends_the_run_quietly,
        output::a_reader_that_leaves_while_no_record_comes_ends_the_run_too,
        positions::a_start_is_an_offset_or_counts_from_an_end,
        positions::a_stop_is_an_offset_or_counts_from_an_end_or_the_start,
        positions::times_are_looked_up,
        positions::an_age_counts_from_now,
        positions::a_map_has_a_position_for_some_partitions,
        positions::only_the_partitions_asked_for_are_read,
        positions::a_partition_that_does_not_exist_is_an_error,
        positions::an_offset_outside_the_log_is_an_error,
        positions::a_count_is_exact,
        positions::a_count_waits_for_records_to_come,
        positions::an_idle_run_ends_after_its_time,
        positions::a_duration_ends_the_run_though_records_come,
        positions::an_offset_above_the_end_is_waited_for,
        positions::a_time_to_come_ends_a_partition_at_its_first_later_record,
        positions::a_time_to_come_ends_quiet_partitions_when_it_has_come,
        positions::records_that_come_after_the_end_was_fixed_are_not_printed,
        positions::a_position_that_is_none_is_refused_with_the_list,
        ends::empty_partitions_end,
        ends::a_record_alone_in_its_topic_is_quick,
        ends::commit_and_abort_markers_end_a_partition,
        ends::a_partition_of_nothing_but_aborted_records_ends,
        ends::an_open_transaction_is_the_end_or_is_read,
        ends::deleted_records_end_where_the_log_does,
        ends::compacted_records_leave_holes_and_an_end,
        ends::a_tail_whose_records_were_all_compacted_ends,
        ends::a_topic_that_is_written_to_all_the_time_ends,
        ends::many_partitions_end,
        ends::a_group_finds_the_same_ends,
        ends::an_end_is_said_once,
        ends::with_v_an_end_is_said_each_time_it_is_reached,
        topics::an_unknown_topic_is_an_error_with_the_nearest_name_and_is_not_made,
        topics::one_unknown_topic_among_several_is_an_error,
        topics::an_expression_reads_what_it_matches_in_both_modes,
        topics::kafkas_own_topics_only_match_when_asked_for,
        topics::an_expression_that_matches_nothing_is_an_error,
        topics::a_topic_can_be_waited_for,
        topics::a_topic_deleted_while_running_is_warned_of_until_none_is_left,
        topics::a_topic_deleted_and_made_again_ends_the_run_and_commits_nothing_more,
        topics::a_topic_made_later_joins_a_group_with_an_expression,
        topics::a_topic_made_later_does_not_join_a_run_alone,
        topics::a_cluster_that_makes_topics_by_itself_is_not_asked_to,
        errors::no_broker_is_an_error_with_the_reason,
        errors::a_name_that_does_not_resolve_is_an_error,
        errors::a_broker_that_never_answers_is_an_error,
        errors::of_several_brokers_each_has_its_reason,
        errors::a_broker_that_sends_us_nowhere_is_named,
        errors::without_a_limit_a_broker_is_waited_for,
        errors::brokers_lost_and_back_are_two_lines_and_no_record_is_missing,
        errors::records_of_two_outages_through_a_proxy_are_read_once,
        errors::a_secured_broker_says_what_is_wrong,
        errors::usage_errors_come_before_any_connection,
    ])
}
