//! TAB in bash, zsh and fish, for what only a real Kafka tells.

use super::reading::new_topic;
use crate::support::kafka::kafka;
use crate::support::shells::{Completions, Shell, ShellName};
use crate::support::unique_name;

pub fn groups_are_completed_in_each_shell() {
    let topic = new_topic(1);
    let start = unique_name("group");
    let group = format!("{start}-mailer");
    kafka().commit(&group, &[(&topic, 0, 0)]);
    let brokers = kafka().brokers();
    for name in ShellName::all() {
        let mut shell = Shell::start(name, Completions::Sourced, &[("KCONS_BROKERS", &brokers)], |_| {});
        for before in [
            "kcons lag ",
            "kcons lag another ",
            "kcons group describe ",
            "kcons group delete ",
            "kcons group reset ",
            "kcons consume t -g",
            "kcons consume t --group ",
            "kcons consume t --group=",
        ] {
            let expected = format!("{before}{group} ");
            let line = shell.complete_to(&format!("{before}{start}-ma"), &expected);
            assert_eq!(line, expected, "{}", name.program());
        }
    }
}
