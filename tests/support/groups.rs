//! Groups as the broker sees them: committed offsets, state and members.

use std::collections::BTreeMap;
use std::ffi::{CStr, CString};
use std::mem::ManuallyDrop;
use std::os::raw::c_char;
use std::ptr::null_mut;
use std::time::Duration;

use rdkafka::bindings::*;
use rdkafka::client::{Client, ClientContext};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::{ClientConfig, Offset};

use super::fixtures::client_config;
use super::kafka::Kafka;
use super::waiting::{try_until, wait_until};

/// The committed offset of each (topic, partition) that has one.
pub type Committed = BTreeMap<(String, i32), i64>;

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub client_id: String,
    pub member_id: String,
    pub instance_id: Option<String>,
    pub partitions: Vec<(String, i32)>,
}

const LIMIT: Duration = Duration::from_secs(30);

impl Kafka {
    /// The committed offsets of a group; empty if there is no such group.
    pub fn committed(&self, group: &str) -> Committed {
        wait_until(&format!("committed offsets of {group}"), LIMIT, || {
            committed(self.group_client(), group).ok()
        })
    }

    /// The members of a group with the partitions they hold.
    pub fn members(&self, group: &str) -> Vec<Member> {
        self.describe(group).1
    }

    /// The state of a group: `Stable`, `Empty`, `PreparingRebalance`, `Dead` (there is none), …
    pub fn group_state(&self, group: &str) -> String {
        self.describe(group).0
    }

    /// Waits until a group is in a state.
    #[track_caller]
    pub fn wait_for_state(&self, group: &str, state: &str) {
        wait_until(&format!("{group} to be {state}"), LIMIT, || {
            (self.group_state(group) == state).then_some(())
        });
    }

    /// The names of all groups.
    pub fn groups(&self) -> Vec<String> {
        wait_until("the list of groups", LIMIT, || groups(self.client()).ok())
    }

    /// Waits until a group is stable with this many members that hold all `partitions` among them.
    #[track_caller]
    pub fn wait_for_members(&self, group: &str, members: usize, partitions: usize) -> Vec<Member> {
        wait_until(&format!("{members} members of {group} with {partitions} partitions"), LIMIT, || {
            let (state, found) = describe(self.client(), group).ok()?;
            let held: usize = found.iter().map(|member| member.partitions.len()).sum();
            (state == "Stable" && found.len() == members && held == partitions).then_some(found)
        })
    }

    /// Commits offsets for a group that has no members.
    pub fn commit(&self, group: &str, offsets: &[(&str, i32, i64)]) {
        let consumer: BaseConsumer =
            client_config(&self.brokers()).set("group.id", group).create().expect("the properties are valid");
        let mut list = TopicPartitionList::new();
        for (topic, partition, offset) in offsets {
            list.add_partition_offset(topic, *partition, Offset::Offset(*offset))
                .expect("the offset is valid");
        }
        // In a cluster that has just made the topic of all offsets its leaders move about.
        let mut last = None;
        let done = try_until(LIMIT, || match consumer.commit(&list, CommitMode::Sync) {
            Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NotCoordinator)) => None,
            result => {
                last = result.err();
                Some(())
            }
        });
        assert!(done.is_some() && last.is_none(), "cannot commit for {group}: {last:?}");
    }

    /// Reads one record as a member of a group and commits it.
    pub(super) fn consume_one(&self, topic: &str, group: &str) {
        let mut config = client_config(&self.brokers());
        config.set("group.id", group).set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().expect("the properties are valid");
        consumer.subscribe(&[topic]).expect("the name is valid");
        let record = try_until(LIMIT, || consumer.poll(Duration::from_millis(100))?.ok());
        let record = record.unwrap_or_else(|| panic!("no record came from {topic}"));
        consumer.commit_message(&record, CommitMode::Sync).expect("a member can commit");
        assert_eq!(record.topic(), topic);
    }

    fn describe(&self, group: &str) -> (String, Vec<Member>) {
        wait_until(&format!("the description of {group}"), LIMIT, || describe(self.client(), group).ok())
    }
}

/// Properties of a client for [`committed`].
///
/// librdkafka takes an answer NOT_COORDINATOR to the client's own group, and crashes if it has none.
pub fn group_client_config(brokers: &str) -> ClientConfig {
    let mut config = client_config(brokers);
    config.set("group.id", "kcons-fixtures");
    config
}

/// Asks for the committed offsets of a group; the error is librdkafka's, in words.
///
/// For stable ones, or a coordinator that has just taken over tells what it knew a moment before: it reads up to its
/// high watermark, which comes behind (KAFKA-14499, part 4).
pub fn committed<C: ClientContext>(client: &Client<C>, group: &str) -> Result<Committed, String> {
    let name = c_string(group);
    let answer =
        ask(client, rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, |options, queue| {
            // SAFETY: librdkafka copies the request before the call returns; null asks for all partitions.
            unsafe {
                let error = rd_kafka_AdminOptions_set_require_stable_offsets(options.cast_mut(), 1);
                assert!(error.is_null(), "the option is one of this operation");
                let mut request = rd_kafka_ListConsumerGroupOffsets_new(name.as_ptr(), null_mut());
                rd_kafka_ListConsumerGroupOffsets(client.native_ptr(), &mut request, 1, options, queue);
                rd_kafka_ListConsumerGroupOffsets_destroy(request);
            }
        })?;
    let mut committed = Committed::new();
    // SAFETY: everything read here belongs to the event, which lives as long as `answer`.
    unsafe {
        let result = rd_kafka_event_ListConsumerGroupOffsets_result(answer.0);
        let mut count = 0;
        let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &mut count);
        for number in 0..count {
            let group = *groups.add(number);
            check(rd_kafka_group_result_error(group))?;
            let list = rd_kafka_group_result_partitions(group);
            for number in 0..if list.is_null() { 0 } else { (*list).cnt as usize } {
                let partition = &*(*list).elems.add(number);
                if partition.err != rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                    return Err(format!("{:?}", partition.err));
                }
                if partition.offset >= 0 {
                    committed.insert((text(partition.topic), partition.partition), partition.offset);
                }
            }
        }
    }
    Ok(committed)
}

fn groups<C: ClientContext>(client: &Client<C>) -> Result<Vec<String>, String> {
    let answer = ask(client, rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, |options, queue| {
        // SAFETY: all three handles are alive during the call.
        unsafe { rd_kafka_ListConsumerGroups(client.native_ptr(), options, queue) }
    })?;
    // SAFETY: everything read here belongs to the event, which lives as long as `answer`.
    unsafe {
        let result = rd_kafka_event_ListConsumerGroups_result(answer.0);
        let mut count = 0;
        let valid = rd_kafka_ListConsumerGroups_result_valid(result, &mut count);
        Ok((0..count)
            .map(|number| text(rd_kafka_ConsumerGroupListing_group_id(*valid.add(number))))
            .collect())
    }
}

fn describe<C: ClientContext>(client: &Client<C>, group: &str) -> Result<(String, Vec<Member>), String> {
    let name = c_string(group);
    let answer =
        ask(client, rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, |options, queue| {
            // SAFETY: librdkafka copies the names before the call returns.
            unsafe {
                rd_kafka_DescribeConsumerGroups(client.native_ptr(), &mut name.as_ptr(), 1, options, queue)
            }
        })?;
    // SAFETY: everything read here belongs to the event, which lives as long as `answer`.
    unsafe {
        let result = rd_kafka_event_DescribeConsumerGroups_result(answer.0);
        let mut count = 0;
        let groups = rd_kafka_DescribeConsumerGroups_result_groups(result, &mut count);
        let group = *groups;
        check(rd_kafka_ConsumerGroupDescription_error(group))?;
        let state = rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(group));
        let members = 0..rd_kafka_ConsumerGroupDescription_member_count(group);
        let member = |number| member(rd_kafka_ConsumerGroupDescription_member(group, number));
        Ok((text(state), members.map(member).collect()))
    }
}

/// # Safety
/// The member must belong to an event that is alive.
unsafe fn member(member: *const rd_kafka_MemberDescription_t) -> Member {
    // SAFETY: the caller's.
    unsafe {
        let instance_id = rd_kafka_MemberDescription_group_instance_id(member);
        let assignment = rd_kafka_MemberDescription_assignment(member);
        let list = rd_kafka_MemberAssignment_partitions(assignment);
        let partitions = (0..if list.is_null() { 0 } else { (*list).cnt as usize }).map(|number| {
            let partition = &*(*list).elems.add(number);
            (text(partition.topic), partition.partition)
        });
        Member {
            client_id: text(rd_kafka_MemberDescription_client_id(member)),
            member_id: text(rd_kafka_MemberDescription_consumer_id(member)),
            instance_id: (!instance_id.is_null()).then(|| text(instance_id)),
            partitions: partitions.collect(),
        }
    }
}

/// An answer of the admin interface, freed with this value.
struct Answer(*mut rd_kafka_event_t);

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: the event is ours and destroyed once.
        unsafe { rd_kafka_event_destroy(self.0) }
    }
}

/// Sends one admin request and waits for its answer on a queue of its own.
fn ask<C: ClientContext>(
    client: &Client<C>,
    operation: rd_kafka_admin_op_t,
    send: impl FnOnce(*const rd_kafka_AdminOptions_t, *mut rd_kafka_queue_t),
) -> Result<Answer, String> {
    // librdkafka aborts the process when a coordinator comes up after it has given up the question for it: its own
    // time-out is longer than any test process lives.
    const GIVEN_UP: i32 = 3_600_000;
    const WAIT: i32 = 60_000;
    // SAFETY: the options live during the call, the queue during the wait; an answer that comes later is dropped.
    unsafe {
        let options = rd_kafka_AdminOptions_new(client.native_ptr(), operation);
        let mut said = [0 as c_char; 256];
        rd_kafka_AdminOptions_set_request_timeout(options, GIVEN_UP, said.as_mut_ptr(), said.len());
        let queue = rd_kafka_queue_new(client.native_ptr());
        send(options, queue);
        let event = rd_kafka_queue_poll(queue, WAIT);
        rd_kafka_AdminOptions_destroy(options);
        rd_kafka_queue_destroy(queue);
        if event.is_null() {
            return Err("no answer".to_owned());
        }
        let answer = Answer(event);
        match rd_kafka_event_error(event) {
            rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR => Ok(answer),
            _ => Err(text(rd_kafka_event_error_string(event))),
        }
    }
}

/// # Safety
/// The error must be null or belong to an event that is alive.
unsafe fn check(error: *const rd_kafka_error_t) -> Result<(), String> {
    // SAFETY: the caller's; an error code of 0 and a null pointer both mean that all is well.
    unsafe {
        if error.is_null() || rd_kafka_error_code(error) == rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Ok(());
        }
        Err(text(rd_kafka_error_string(error)))
    }
}

/// # Safety
/// The pointer must be a C string that is alive.
unsafe fn text(pointer: *const c_char) -> String {
    // SAFETY: the caller's.
    unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned()
}

fn c_string(text: &str) -> CString {
    CString::new(text).expect("a name has no NUL")
}

/// A member of a group that reads and commits nothing.
// Never destroyed: librdkafka may wait for ever for a member that was thrown out.
pub struct Idle(ManuallyDrop<BaseConsumer>);

impl Idle {
    /// Keeps its place in the group.
    pub fn poll(&self) {
        let _ = self.0.poll(Duration::from_millis(10));
    }
}

impl Kafka {
    /// Joins a group with this `group.instance.id`.
    pub fn join_as(&self, topic: &str, group: &str, id: &str) -> Idle {
        let mut config = client_config(&self.brokers());
        config.set("group.id", group).set("group.instance.id", id).set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().expect("the properties are valid");
        consumer.subscribe(&[topic]).expect("the name is valid");
        Idle(ManuallyDrop::new(consumer))
    }
}
