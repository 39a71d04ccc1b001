//! What is typed and what stands in files: secrets, positions, profiles, hints.

mod files;
mod names;
mod positions;
mod profiles;
mod secrets;
mod tokens;
mod words;

use crate::support::harness::Test;
use crate::tests;

/// All of them.
pub const TESTS: &[Test] = tests![
    files::a_device_or_a_silent_pipe_is_no_file_of_settings,
    files::a_large_file_takes_no_long_time,
    files::what_comes_out_of_a_pipe_is_read,
    names::a_file_that_kcat_took_is_taken,
    names::a_login_of_others_is_said_to_be_missing,
    names::an_address_of_the_web_is_no_broker,
    names::quotes_in_a_file_are_named,
    names::stores_that_openssl_reads_need_no_keytool,
    positions::a_start_to_come_is_warned_of,
    positions::digits_tell_seconds_from_milliseconds,
    positions::the_positions_are_a_list,
    positions::words_and_times_of_day_are_positions,
    profiles::a_typed_profile_goes_before_the_environment,
    profiles::changes_of_a_group_say_on_which_cluster,
    secrets::a_file_loads_no_code,
    secrets::no_openssl_of_others_loads_code,
    secrets::a_store_that_a_variable_names_is_shown_as_that,
    secrets::a_token_from_a_file_is_refused_and_not_shown,
    secrets::handlers_do_not_inherit_a_variable_with_a_secret,
    secrets::no_message_repeats_a_secret,
    secrets::switching_verification_off_is_warned_of,
    secrets::the_log_of_librdkafka_repeats_no_secret,
    tokens::a_life_without_end_is_no_panic,
    tokens::a_short_life_floods_no_endpoint,
    tokens::a_token_or_a_word_of_an_endpoint_has_no_control_characters,
    tokens::an_address_that_stands_elsewhere_is_not_shown,
    tokens::extensions_are_checked_before_a_connection_is_made,
    words::a_port_of_another_protocol_is_named,
    words::options_of_other_tools_get_the_right_hint,
    words::waiting_without_end_is_said_in_any_log,
    secrets::what_a_variable_holds_is_shown_as_it_was_written,
];
