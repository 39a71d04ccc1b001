//! Records that cannot be decoded before their schemas have come, step by step.

use super::cluster::{Cluster, SharedCluster};
use super::judge::Oracle;
use super::{Simulation, history, partition, settings};
use crate::decode::frame::{Frame, KEY_HEADER};
use crate::decode::{RegisteredSchema, SchemaForm, SchemaId, SchemaSlot, SchemaSource, Schemas};
use crate::handlers::Outcome;
use crate::settings::Consume;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Keys that name a schema each: a frame around the JSON `1`.
pub const A: &str = "\0\0\0\0a1";
pub const B: &str = "\0\0\0\0b1";
pub const C: &str = "\0\0\0\0c1";

/// A registry that answers when the test says so.
#[derive(Debug, Default)]
pub struct LateSchemas(Mutex<HashMap<SchemaId, Arc<SchemaSlot>>>);

impl LateSchemas {
    /// The schema of records with this key has come.
    pub fn learn(&self, key: &str) {
        let frame = Frame::of(key.as_bytes(), &[], KEY_HEADER).expect("a frame");
        self.slot(frame.schema).fill(RegisteredSchema { number: None, form: SchemaForm::Json });
    }
}

impl SchemaSource for LateSchemas {
    fn slot(&self, id: SchemaId) -> Arc<SchemaSlot> {
        Arc::clone(self.0.lock().expect("nobody panics").entry(id).or_default())
    }
}

/// A member that holds all partitions and knows no schema.
fn member<'a>(settings: &'a Consume, cluster: &SharedCluster) -> (Simulation<'a>, Arc<LateSchemas>) {
    let source = Arc::new(LateSchemas::default());
    let schemas = Schemas::of(source.clone());
    let mut member = Simulation::start_with(&schemas, settings, cluster, "member", Instant::now());
    member.settle();
    let partitions: Vec<i32> = cluster.borrow().logs.keys().map(|partition| partition.partition).collect();
    cluster.borrow_mut().give(&partitions);
    member.settle();
    (member, source)
}

fn filled(partitions: &[&[Option<&str>]]) -> SharedCluster {
    let cluster = Cluster::new(i32::try_from(partitions.len()).expect("a few"));
    for (number, keys) in (0..).zip(partitions) {
        cluster.borrow_mut().produce(number, keys);
    }
    cluster
}

fn printed(member: &Simulation<'_>, number: i32) -> Vec<i64> {
    let is_meant = |printed: &&super::Printed| printed.partition.1 == number;
    member.run.printed.iter().filter(is_meant).map(|printed| printed.offset).collect()
}

#[track_caller]
fn must_hold(cluster: &SharedCluster, member: Simulation<'_>, oracles: &[Oracle]) {
    history(&cluster.borrow(), vec![member.run]).must_satisfy(oracles.iter().copied());
}

#[test]
fn a_partition_waits_in_order_for_a_schema_and_the_others_go_on() {
    let keys = [None, Some(A), None, Some(B), None];
    let (settings, cluster) = (settings("-g g -o raw -e"), filled(&[&keys, &[None; 4]]));
    let (mut member, schemas) = member(&settings, &cluster);
    member.pass(Duration::from_secs(20));
    assert_eq!((printed(&member, 0), printed(&member, 1)), (vec![0], vec![0, 1, 2, 3]));
    assert_eq!((member.committed(0), member.committed(1)), (Some(1), Some(4)));
    schemas.learn(B);
    member.settle();
    assert_eq!(printed(&member, 0), [0], "`B` stands behind `A`");
    schemas.learn(A);
    member.pass(Duration::from_secs(5));
    assert_eq!(printed(&member, 0), [0, 1, 2, 3, 4]);
    assert_eq!((member.result(), member.committed(0)), (Ok(()), Some(5)), "`-e` has waited for them");
    must_hold(&cluster, member, &[&Oracle::ALWAYS[..], &Oracle::AT_THE_END[..]].concat());
}

#[test]
fn a_record_that_waits_counts_for_the_commit_mode() {
    let (settings, cluster) =
        (settings("-g g -o raw --commit batch=3"), filled(&[&[None, Some(A), None, None]]));
    let (mut member, schemas) = member(&settings, &cluster);
    member.pass(Duration::from_secs(1));
    assert_eq!((printed(&member, 0), member.committed(0)), (vec![0], None));
    schemas.learn(A);
    member.pass(Duration::from_secs(1));
    assert_eq!((printed(&member, 0), member.committed(0)), (vec![0, 1, 2, 3], Some(3)));
}

#[test]
fn the_filter_sees_a_record_once_it_can_be_decoded() {
    let keys = [Some(A), None, Some(B), None];
    let settings = settings("-g g -o raw --filter .offset!=1");
    let cluster = filled(&[&keys]);
    let (mut member, schemas) = member(&settings, &cluster);
    member.pass(Duration::from_secs(1));
    assert_eq!(printed(&member, 0), Vec::<i64>::new());
    schemas.learn(A);
    schemas.learn(B);
    member.settle_until(|member| printed(member, 0).len() == 3);
    assert_eq!(printed(&member, 0), [0, 2, 3]);
    member.stop();
    assert_eq!(member.committed(0), Some(4));
}

#[test]
fn a_hand_over_gives_up_what_waits_and_commits_what_is_printed() {
    let (settings, cluster) = (settings("-g g -o raw"), filled(&[&[None, None, Some(A), None]]));
    let (mut member, _) = member(&settings, &cluster);
    cluster.borrow_mut().take_back(&[0]);
    member.settle();
    assert!(cluster.borrow().owned.is_empty(), "nobody waits for a schema");
    assert_eq!(member.committed(0), Some(2));
    member.stop();
    must_hold(&cluster, member, &Oracle::ALWAYS);
}

#[test]
fn a_stop_gives_up_what_waits_and_commits_what_is_done() {
    for words in ["-g g -o raw", "-g g --exec true"] {
        let (settings, cluster) = (settings(words), filled(&[&[None, Some(A), None]]));
        let (mut member, _) = member(&settings, &cluster);
        member.accept_all();
        member.is_stopped = true;
        member.settle();
        assert_eq!((member.result(), member.committed(0)), (Ok(()), Some(1)), "{words}");
        must_hold(&cluster, member, &Oracle::ALWAYS);
    }
}

#[test]
fn a_handler_gets_a_record_once_it_can_be_decoded() {
    let settings = settings("-g g --parallel 4 --exec true -n 3");
    let cluster = filled(&[&[Some(A), None, None, None], &[None]]);
    let (mut member, schemas) = member(&settings, &cluster);
    assert_eq!((member.at_work(0), member.at_work(1)), (vec![], vec![0]));
    schemas.learn(A);
    member.settle();
    assert_eq!(member.at_work(0), [0, 1], "with `-n` no more than that many are begun");
    member.answer(1, Outcome::Accepted);
    member.accept_all();
    assert_eq!((member.result(), member.committed(0), member.committed(1)), (Ok(()), Some(2), Some(1)));
}

#[test]
fn much_that_waits_holds_its_partition_and_is_read_to_the_end_afterwards() {
    let mut keys = vec![Some(A)];
    keys.resize(20_000, None);
    let (settings, cluster) = (settings("-g g -o raw -e"), filled(&[&keys, &[None; 10]]));
    let (mut member, schemas) = member(&settings, &cluster);
    member.pass(Duration::from_secs(1));
    assert_eq!(printed(&member, 1).len(), 10);
    let fetched = member.consumer.as_ref().and_then(|consumer| consumer.client.fetched(&partition(0)));
    assert!(fetched < Some(4_000), "{fetched:?} was read while a record has no schema");
    schemas.learn(A);
    member.pass(Duration::from_secs(2));
    member.settle_until(|member| member.finished.is_some());
    assert_eq!((member.result(), printed(&member, 0).len()), (Ok(()), 20_000));
}
