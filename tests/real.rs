//! kcons on a real Apache Kafka.

mod support;

mod real {
    pub mod smoke;
}

use real::smoke;

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
    ])
}
