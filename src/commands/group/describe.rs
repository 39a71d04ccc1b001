//! `kcons group describe`: a group and how far behind it is.

use super::members;
use crate::choices::TableFormat;
use crate::commands::lag::{Look, rows, table};
use crate::commands::session::{Session, Stop};
use crate::escape;
use crate::kafka::admin::groups::{GroupDescription, GroupMember};
use crate::kafka::lag::LagQuery;
use crate::settings::GroupInspection;
use serde_json::json;

/// # Errors
/// The group is missing or forbidden, or there is no answer.
pub fn run(session: &mut Session, settings: &GroupInspection) -> Result<(), Stop> {
    let query = LagQuery { groups: settings.groups.clone(), topics: Vec::new() };
    let told = Look::default().group_lags(session, &query)?;
    if told.group_lags.is_empty() {
        return told.end(session);
    }
    let heads = told.group_lags.iter().map(|group_lag| match settings.output.format {
        TableFormat::Table => head(&group_lag.group),
        TableFormat::Json => object(&group_lag.group),
    });
    let head: String = heads.collect();
    session.print(&format!("{head}{}", table(&rows::rows(&told.group_lags), &settings.output)))?;
    told.end(session)
}

fn head(group: &GroupDescription) -> String {
    let coordinator = group.coordinator.as_ref();
    let coordinator =
        coordinator.map_or_else(|| "-".to_owned(), |(at, node)| format!("{at} (broker {node})"));
    let assignor = if group.assignor.is_empty() { "-" } else { group.assignor.as_str() };
    let [state, coordinator, assignor] = [&group.state, &coordinator, assignor].map(escape::line);
    let members = member_lines(group);
    format!("State:       {state}\nCoordinator: {coordinator}\nAssignor:    {assignor}\n{members}\n")
}

/// How many members there are, and which of them have nothing to do: they are in no row.
fn member_lines(group: &GroupDescription) -> String {
    let (all, spare) = (group.members.len(), spare(group));
    let mut lines = match spare.len() {
        0 => format!("Members:     {all}\n"),
        count => format!("Members:     {all}, {count} without partitions:\n"),
    };
    for member in members::listed(&spare) {
        lines.extend(["             ", &escape::line(&member), "\n"]);
    }
    lines
}

/// The members without partitions; while the group shares them out nobody has any.
fn spare(group: &GroupDescription) -> Vec<&GroupMember> {
    if group.state != "Stable" {
        return Vec::new();
    }
    group.members.iter().filter(|member| member.partitions.is_empty() && !member.is_unreadable).collect()
}

fn object(group: &GroupDescription) -> String {
    let object = json!({
        "group": group.name,
        "state": group.state,
        "protocol": group.kind.to_string(),
        "coordinator": group.coordinator.as_ref().map(|(at, _)| at),
        "assignor": (!group.assignor.is_empty()).then_some(&group.assignor),
        "members": group.members.len(),
        "members_without_partitions":
            spare(group).iter().map(|member| &member.consumer_id).collect::<Vec<_>>(),
    });
    escape::json_line(&object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TopicPartition;

    #[test]
    fn the_head_says_what_the_group_is() {
        let mut group = GroupDescription {
            coordinator: Some(("kafka-0:9092".to_owned(), 1)),
            ..GroupDescription::of(Vec::new())
        };
        let expected = "State:       Stable\nCoordinator: kafka-0:9092 (broker 1)\nAssignor:    range\nMembers:     0\n\n";
        assert_eq!(head(&group), expected);
        group.assignor = "range\nState:       \u{1b}[31m".to_owned();
        assert!(
            head(&group).contains("Assignor:    range\\nState:       \\x1b[31m\nMembers:"),
            "{}",
            head(&group)
        );
        group.assignor = "range".to_owned();
        let expected = "{\"group\":\"g\",\"state\":\"Stable\",\"protocol\":\"classic\",\
                        \"coordinator\":\"kafka-0:9092\",\"assignor\":\"range\",\"members\":0,\
                        \"members_without_partitions\":[]}\n";
        assert_eq!(object(&group), expected);
        group.assignor.clear();
        group.coordinator = None;
        assert_eq!(head(&group), "State:       Stable\nCoordinator: -\nAssignor:    -\nMembers:     0\n\n");
    }

    #[test]
    fn members_without_partitions_are_named() {
        let partition = TopicPartition { topic: "t".into(), partition: 0 };
        let member = |id: &str, partitions: &[&TopicPartition], is_unreadable| GroupMember {
            consumer_id: id.to_owned(),
            client_id: "kcons".to_owned(),
            host: "/10.0.0.1".to_owned(),
            partitions: partitions.iter().map(|partition| (*partition).clone()).collect(),
            is_unreadable,
        };
        let members = vec![
            member("busy", &[&partition], false),
            member("sp\nare", &[], false),
            member("odd", &[], true),
        ];
        let group = GroupDescription::of(members);
        let expected = "Members:     3, 1 without partitions:\n             `sp\\nare` (kcons) at 10.0.0.1\n";
        assert_eq!(member_lines(&group), expected);
        assert!(object(&group).contains(r#""members":3,"members_without_partitions":["sp\nare"]"#));
        let group = GroupDescription { state: "PreparingRebalance".to_owned(), ..group };
        assert_eq!(member_lines(&group), "Members:     3\n");
    }
}
