//! `kcons group describe`: a group and how far behind it is.

use crate::cli::TableFormat;
use crate::commands::lag::{self, rows};
use crate::commands::session::{Session, Stop};
use crate::escape;
use crate::kafka::admin::groups::Group;
use crate::settings::operations::Names;
use serde_json::json;

/// # Errors
/// The group is missing or forbidden, or there is no answer.
pub fn run(session: &mut Session, settings: &Names) -> Result<(), Stop> {
    let told = lag::standings(session, &settings.names)?;
    if told.standings.is_empty() {
        return told.end(session);
    }
    let heads = told.standings.iter().map(|standing| match settings.format {
        TableFormat::Table => head(&standing.group),
        TableFormat::Json => object(&standing.group),
    });
    let head: String = heads.collect();
    session.print(&format!("{head}{}", rows::rows(&told.standings).render(settings.format)))?;
    told.end(session)
}

fn head(group: &Group) -> String {
    let coordinator = group.coordinator.as_ref();
    let coordinator =
        coordinator.map_or_else(|| "-".to_owned(), |(at, node)| format!("{at} (broker {node})"));
    let assignor = if group.assignor.is_empty() { "-" } else { group.assignor.as_str() };
    let [state, coordinator, assignor] = [&group.state, &coordinator, assignor].map(escape::line);
    format!("State:       {state}\nCoordinator: {coordinator}\nAssignor:    {assignor}\n\n")
}

fn object(group: &Group) -> String {
    let object = json!({
        "group": group.name,
        "state": group.state,
        "protocol": group.kind.to_string(),
        "coordinator": group.coordinator.as_ref().map(|(at, _)| at),
        "assignor": (!group.assignor.is_empty()).then_some(&group.assignor),
        "members": group.members.len(),
    });
    escape::json_line(&object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::admin::groups::Kind;

    #[test]
    fn the_head_says_what_the_group_is() {
        let mut group = Group {
            name: "g".to_owned(),
            state: "Stable".to_owned(),
            kind: Kind::Classic,
            assignor: "range".to_owned(),
            coordinator: Some(("kafka-0:9092".to_owned(), 1)),
            members: Vec::new(),
        };
        let expected = "State:       Stable\nCoordinator: kafka-0:9092 (broker 1)\nAssignor:    range\n\n";
        assert_eq!(head(&group), expected);
        group.assignor = "range\nState:       \u{1b}[31m".to_owned();
        assert!(
            head(&group).ends_with("Assignor:    range\\nState:       \\x1b[31m\n\n"),
            "{}",
            head(&group)
        );
        group.assignor = "range".to_owned();
        let expected = "{\"group\":\"g\",\"state\":\"Stable\",\"protocol\":\"classic\",\
                        \"coordinator\":\"kafka-0:9092\",\"assignor\":\"range\",\"members\":0}\n";
        assert_eq!(object(&group), expected);
        group.assignor.clear();
        group.coordinator = None;
        assert_eq!(head(&group), "State:       Stable\nCoordinator: -\nAssignor:    -\n\n");
    }
}
