//! Groups that are to be changed must have no members.

use crate::commands::session::{Session, Stop};
use crate::error::{Failure, Kind};
use crate::kafka::TroubleKind;
use crate::kafka::admin::COORDINATOR_LIMIT;
use crate::kafka::admin::groups::{self, GroupDescription, GroupMember};

/// How many members are listed at most.
const LISTED: usize = 10;

/// Describes groups; `None` for one that does not exist.
///
/// # Errors
/// One that is forbidden, or no answer.
pub fn described(
    session: &mut Session,
    names: &[String],
) -> Result<Vec<(String, Option<GroupDescription>)>, Stop> {
    let asked = names.to_vec();
    let described = session.ask(move |client| {
        let described = groups::describe(client, &asked, COORDINATOR_LIMIT);
        let passing = described.iter().find_map(|(_, group)| {
            group.as_ref().err().filter(|trouble| trouble.kind == TroubleKind::Transport)
        });
        match passing {
            Some(trouble) => Err(trouble.clone()),
            None => Ok(described),
        }
    })?;
    let mut found = Vec::with_capacity(described.len());
    for (name, group) in described {
        match group {
            Ok(group) if group.state == "Dead" => found.push((name, None)),
            Err(trouble) if trouble.kind == TroubleKind::UnknownGroup => found.push((name, None)),
            Ok(group) => found.push((name, Some(group))),
            Err(trouble) => return Err(session.refused(Some(&name), &trouble).into()),
        }
    }
    Ok(found)
}

/// Refuses to `verb` a group that has members.
///
/// # Errors
/// The group has members, which are listed.
pub fn refuse_members(group: &GroupDescription, verb: &str) -> Result<(), Failure> {
    if group.members.is_empty() {
        return Ok(());
    }
    let count = match group.members.len() {
        1 => "a member".to_owned(),
        many => format!("{many} members"),
    };
    let message = format!("group `{}` has {count} and cannot be {verb}", group.name);
    let mut failure = Failure::new(Kind::Run, message);
    for line in listed(&group.members.iter().collect::<Vec<_>>()) {
        failure = failure.caused_by(line);
    }
    Err(failure.hint("stop its members first"))
}

/// A line for each member, and one for those that are too many.
pub fn listed(members: &[&GroupMember]) -> Vec<String> {
    let line = |member: &&GroupMember| {
        let host = member.host.trim_start_matches('/');
        format!("`{}` ({}) at {host}", member.consumer_id, member.client_id)
    };
    let mut lines: Vec<String> = members.iter().take(LISTED).map(line).collect();
    if let Some(more) = members.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("and {more} more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(members: usize) -> GroupDescription {
        let member = |number| GroupMember {
            consumer_id: format!("m-{number}"),
            client_id: "c".to_owned(),
            host: "/10.0.0.1".to_owned(),
            partitions: Vec::new(),
            is_unreadable: false,
        };
        GroupDescription::of((0..members).map(member).collect())
    }

    #[test]
    fn members_are_listed() {
        assert_eq!(refuse_members(&group(0), "reset"), Ok(()));
        let failure = refuse_members(&group(1), "reset").expect_err("it has one");
        assert_eq!(failure.message, "group `g` has a member and cannot be reset");
        assert_eq!(failure.causes, ["`m-0` (c) at 10.0.0.1"]);
        assert_eq!(failure.kind, Kind::Run);
        let failure = refuse_members(&group(12), "deleted").expect_err("it has some");
        assert_eq!(failure.message, "group `g` has 12 members and cannot be deleted");
        assert_eq!(failure.causes.len(), 11);
        assert_eq!(failure.causes[10], "and 2 more");
    }
}
