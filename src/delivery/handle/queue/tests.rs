//! Lanes, delays and counts, and a proptest that nothing is ever forgotten.

use super::*;
use crate::record::{Record, TopicPartition};
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::Duration;

fn claim(slot: usize) -> AssignmentId {
    AssignmentId { slot, epoch: slot as u64 + 1 }
}

fn record(partition: i32, offset: i64, key: Option<&str>) -> Arc<OwnedRecord> {
    let record = Record {
        topic: "t",
        partition,
        offset,
        timestamp: None,
        key: key.map(str::as_bytes),
        value: Some(b"v"),
        headers: &[],
    };
    Arc::new(OwnedRecord::copy(&record, TopicPartition { topic: "t".into(), partition }))
}

fn queue(order: Order, keys: &[Option<&str>]) -> Queue {
    let mut queue = Queue::new(order);
    for (offset, key) in keys.iter().enumerate() {
        queue.add(claim(0), record(0, offset as i64, *key), None);
    }
    queue
}

fn started(queue: &mut Queue, now: Instant) -> Vec<u64> {
    std::iter::from_fn(|| queue.start(now).map(|(ticket, _)| ticket)).collect()
}

const KEYS: [Option<&str>; 5] = [Some("a"), Some("b"), Some("a"), None, None];

#[test]
fn records_with_one_key_are_at_work_one_at_a_time() {
    let now = Instant::now();
    let mut queue = queue(Order::Key, &KEYS);
    assert_eq!(started(&mut queue, now), [1, 2, 4, 5], "records without a key are free");
    queue.remove(2);
    assert_eq!(started(&mut queue, now), [0; 0]);
    queue.remove(1);
    assert_eq!(started(&mut queue, now), [3]);
}

#[test]
fn a_partition_can_be_kept_in_order_or_nothing_at_all() {
    let now = Instant::now();
    assert_eq!(started(&mut queue(Order::None, &KEYS), now), [1, 2, 3, 4, 5]);
    let mut queue = queue(Order::Partition, &KEYS);
    queue.add(claim(1), record(1, 0, Some("a")), None);
    assert_eq!(started(&mut queue, now), [1, 6]);
}

#[test]
fn a_delayed_record_holds_up_its_lane_and_no_other() {
    let now = Instant::now();
    let mut queue = queue(Order::Key, &[Some("a"), Some("b"), Some("a")]);
    assert_eq!(started(&mut queue, now), [1, 2]);
    queue.delay(1, now + Duration::from_secs(1));
    queue.remove(2);
    assert_eq!(started(&mut queue, now), [0; 0]);
    assert_eq!(queue.due(), Some(now + Duration::from_secs(1)));
    assert_eq!(started(&mut queue, now + Duration::from_secs(1)), [1]);
    assert_eq!(queue.due(), None);
}

#[test]
fn a_record_whose_id_is_looked_up_waits_and_can_go_from_the_middle() {
    let now = Instant::now();
    let mut queue = Queue::new(Order::Partition);
    for offset in 0..4 {
        queue.add(claim(0), record(0, offset, None), Some("id".into()));
    }
    queue.clear(3);
    assert_eq!(started(&mut queue, now), [0; 0], "it is not its turn");
    queue.remove(2);
    queue.remove(4);
    queue.clear(1);
    assert_eq!(started(&mut queue, now), [1]);
    queue.remove(1);
    assert_eq!(started(&mut queue, now), [3]);
}

#[test]
fn what_is_put_back_starts_before_what_came_later() {
    let now = Instant::now();
    let mut queue = queue(Order::Key, &[Some("a"), Some("b"), Some("a")]);
    started(&mut queue, now);
    queue.put_back(2);
    queue.put_back(1);
    assert_eq!(queue.running(), 0);
    assert_eq!(started(&mut queue, now), [1, 2]);
    assert_eq!(queue.running(), 2);
}

#[test]
fn what_has_not_started_can_be_given_up() {
    let now = Instant::now();
    let mut queue = queue(Order::Key, &KEYS);
    queue.start(now);
    for ticket in queue.tickets(|job| job.record.offset > 1).into_iter().rev() {
        queue.remove(ticket);
    }
    assert_eq!(queue.load(claim(0)).records, 2);
    assert_eq!(started(&mut queue, now), [2]);
    queue.remove(1);
    queue.remove(2);
    assert!(queue.is_empty());
    assert_eq!((queue.total(), queue.load(claim(0))), (Load::default(), Load::default()));
}

#[derive(Clone, Debug)]
enum Step {
    Add(usize, Option<u8>),
    Start,
    Remove(prop::sample::Index),
    PutBack(prop::sample::Index),
    Delay(prop::sample::Index),
    GiveUp(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(
        prop_oneof![
            4 => (0..2_usize, prop::option::of(0..3_u8)).prop_map(|(slot, key)| Step::Add(slot, key)),
            4 => Just(Step::Start),
            3 => any::<prop::sample::Index>().prop_map(Step::Remove),
            1 => any::<prop::sample::Index>().prop_map(Step::PutBack),
            1 => any::<prop::sample::Index>().prop_map(Step::Delay),
            1 => (0..4_u8).prop_map(Step::GiveUp),
        ],
        0..60,
    )
}

proptest! {
    #[test]
    fn lanes_keep_their_order_and_nothing_is_forgotten(steps in steps()) {
        let now = Instant::now();
        let mut queue = Queue::new(Order::Key);
        let mut lanes: HashMap<(usize, u8), Vec<u64>> = HashMap::new();
        let mut alive: HashSet<u64> = HashSet::new();
        let mut running: Vec<u64> = Vec::new();
        let forget = |ticket: u64, lanes: &mut HashMap<(usize, u8), Vec<u64>>, alive: &mut HashSet<u64>| {
            alive.remove(&ticket);
            lanes.values_mut().for_each(|lane| lane.retain(|other| *other != ticket));
        };
        let mut offset = 0;
        for step in steps {
            match step {
                Step::Add(slot, key) => {
                    offset += 1;
                    let text = key.map(|key| key.to_string());
                    let ticket = queue.add(claim(slot), record(slot as i32, offset, text.as_deref()), None);
                    alive.insert(ticket);
                    if let Some(key) = key {
                        lanes.entry((slot, key)).or_default().push(ticket);
                    }
                }
                Step::Start => {
                    if let Some((ticket, _)) = queue.start(now) {
                        prop_assert!(!running.contains(&ticket));
                        let lane = lanes.values().find(|lane| lane.contains(&ticket));
                        prop_assert!(lane.is_none_or(|lane| lane[0] == ticket));
                        running.push(ticket);
                    }
                }
                Step::Remove(index) if !running.is_empty() => {
                    let ticket = running.swap_remove(index.index(running.len()));
                    queue.remove(ticket);
                    forget(ticket, &mut lanes, &mut alive);
                }
                Step::PutBack(index) if !running.is_empty() => {
                    queue.put_back(running.swap_remove(index.index(running.len())));
                }
                Step::Delay(index) if !running.is_empty() => {
                    queue.delay(running.swap_remove(index.index(running.len())), now);
                }
                Step::GiveUp(part) => {
                    let is_meant = |job: &Job| {
                        job.stage != Stage::Running && job.record.offset % 4 == i64::from(part)
                    };
                    for ticket in queue.tickets(is_meant).into_iter().rev() {
                        queue.remove(ticket);
                        forget(ticket, &mut lanes, &mut alive);
                    }
                }
                Step::Remove(_) | Step::PutBack(_) | Step::Delay(_) => {}
            }
            prop_assert_eq!(queue.total().records, alive.len());
            prop_assert_eq!(queue.running(), running.len());
        }
        // Everything can be brought to its end.
        while !alive.is_empty() {
            running.extend(started(&mut queue, now));
            prop_assert!(!running.is_empty(), "stuck with {} records", alive.len());
            for ticket in running.drain(..) {
                queue.remove(ticket);
                forget(ticket, &mut lanes, &mut alive);
            }
        }
        prop_assert!(queue.is_empty());
        prop_assert_eq!(queue.total(), Load::default());
    }
}
