//! Groups as their coordinators list and describe them, with assignments as bytes: the only question whose answer
//! librdkafka does not take apart itself.

use super::assignment;
use super::{GroupDescription, GroupKind, GroupMember, foreign};
use crate::kafka::client::Consumer;
use crate::kafka::errors::{self, Trouble};
use crate::kafka::metadata::{elements, trouble};
use crate::kafka::native::{c_string, milliseconds, native, text};
use rdkafka::bindings as rd;
use rdkafka::types::RDKafkaRespErr;
use std::ptr;
use std::time::Duration;

/// A group as one broker lists and describes it.
pub struct RawGroup {
    pub name: String,
    /// The coordinator as `HOST:PORT`, and its number.
    pub coordinator: (String, i32),
    pub found: RawFinding,
}

/// What a group is, as far as the description of a classic group tells.
pub enum RawFinding {
    /// A classic group of consumers.
    Consumers(GroupDescription),
    /// A classic group of something other than consumers.
    Others {
        kind: GroupKind,
        state: String,
        members: usize,
    },
    /// Not a classic group: it is of a newer kind, or gone.
    NotClassic,
    Forbidden(Trouble),
}

/// The groups of all brokers that answered.
pub struct RawAnswer {
    pub groups: Vec<RawGroup>,
    /// Whether all brokers answered.
    pub is_complete: bool,
}

/// Lists and describes all groups, or the one with this name, of the brokers that answer in time.
///
/// # Errors
/// A broker refused, or cannot be reached.
pub fn ask(client: &Consumer, name: Option<&str>, limit: Duration) -> Result<RawAnswer, Trouble> {
    let name = name.map(c_string);
    let mut list: *const rd::rd_kafka_group_list = ptr::null();
    // SAFETY: the client is alive, the name is null or ends with NUL; the list is written to a pointer of ours.
    let code = unsafe {
        rd::rd_kafka_list_groups(
            native(client),
            name.as_ref().map_or(ptr::null(), |name| name.as_ptr()),
            &raw mut list,
            milliseconds(limit),
        )
    };
    let is_complete = code == RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
    // After a time-out, the brokers that have answered know of no group.
    let is_partial = code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__PARTIAL
        || code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__TIMED_OUT;
    if !is_complete && !is_partial {
        return Err(errors::trouble(code.into(), ""));
    }
    if list.is_null() {
        return Ok(RawAnswer { groups: Vec::new(), is_complete });
    }
    // SAFETY: the list is alive until it is destroyed, once; what is read of it is copied.
    unsafe {
        let groups = elements((*list).groups, (*list).group_cnt).map(|one| group(one)).collect();
        rd::rd_kafka_group_list_destroy(list);
        Ok(RawAnswer { groups, is_complete })
    }
}

/// # Safety
/// The group must be alive, and its arrays as long as they say, or null.
unsafe fn group(group: *const rd::rd_kafka_group_info) -> RawGroup {
    // SAFETY: the caller vouches for the group. The code is read as a number: it comes from the wire.
    unsafe {
        let (name, state, kind) = (text((*group).group), text((*group).state), text((*group).protocol_type));
        let broker = &(*group).broker;
        let coordinator = (format!("{}:{}", text(broker.host), broker.port), broker.id);
        let members: Vec<GroupMember> =
            elements((*group).members, (*group).member_cnt).map(|one| member(one)).collect();
        let found = match trouble((&raw const (*group).err).cast()) {
            Some(trouble) => RawFinding::Forbidden(trouble),
            None if state == "Dead" => RawFinding::NotClassic,
            None if kind.is_empty() || kind == "consumer" => RawFinding::Consumers(GroupDescription {
                name: name.clone(),
                state,
                kind: GroupKind::Classic,
                assignor: text((*group).protocol),
                coordinator: Some(coordinator.clone()),
                members,
            }),
            None => RawFinding::Others { kind: GroupKind::Other(kind), state, members: members.len() },
        };
        RawGroup { name, coordinator, found }
    }
}

/// # Safety
/// The member must be alive, and its assignment as long as it says, or null.
unsafe fn member(member: *const rd::rd_kafka_group_member_info) -> GroupMember {
    // SAFETY: the caller vouches for the member.
    unsafe {
        let (start, size) = ((*member).member_assignment.cast::<u8>(), (*member).member_assignment_size);
        let size = usize::try_from(size).unwrap_or(0);
        let bytes = if start.is_null() || size == 0 { &[] } else { std::slice::from_raw_parts(start, size) };
        let partitions = assignment::partitions(bytes);
        GroupMember {
            consumer_id: text((*member).member_id),
            client_id: text((*member).client_id),
            host: text((*member).client_host),
            is_unreadable: partitions.is_none(),
            partitions: partitions.unwrap_or_default(),
        }
    }
}

impl RawGroup {
    /// The description of the group or why there is none, if its kind is known.
    pub fn described(self) -> Option<Result<GroupDescription, Trouble>> {
        match self.found {
            RawFinding::Consumers(group) => Some(Ok(group)),
            RawFinding::Others { kind, .. } => Some(Err(foreign(&self.name, &kind))),
            RawFinding::Forbidden(trouble) => Some(Err(trouble)),
            RawFinding::NotClassic => None,
        }
    }
}
