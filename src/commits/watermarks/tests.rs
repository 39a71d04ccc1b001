//! The tracker against a slow and obvious model of the promise.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn partition() -> TopicPartition {
    TopicPartition { topic: "t".into(), partition: 0 }
}

#[test]
fn never_passes_a_record_in_hand() {
    let mut tracker = Watermarks::default();
    let claim = tracker.assign(partition(), 10, 10);
    for offset in [10, 12, 15] {
        assert!(tracker.take(claim, offset));
    }
    assert_eq!(tracker.watermark(claim), Some(10));
    assert!(tracker.settle(claim, 12));
    assert_eq!(tracker.watermark(claim), Some(10));
    assert!(tracker.settle(claim, 10));
    assert_eq!(tracker.watermark(claim), Some(15));
    assert!(tracker.settle(claim, 15));
    assert_eq!(tracker.watermark(claim), Some(16));
    assert_eq!(tracker.in_hand(), 0);
}

#[test]
fn passes_markers_with_nothing_in_hand() {
    let mut tracker = Watermarks::default();
    let claim = tracker.assign(partition(), 0, 0);
    tracker.take(claim, 0);
    tracker.advance(claim, 2);
    assert_eq!(tracker.watermark(claim), Some(0));
    tracker.settle_before(claim, 1);
    assert_eq!(tracker.watermark(claim), Some(2));
}

#[test]
fn a_held_record_is_never_passed() {
    let mut tracker = Watermarks::default();
    let claim = tracker.assign(partition(), 0, 0);
    tracker.take(claim, 0);
    tracker.hold(claim, 3);
    tracker.settle_before(claim, 1);
    tracker.advance(claim, 9);
    assert_eq!(tracker.watermark(claim), Some(1));
}

#[test]
fn drops_results_of_an_earlier_assignment() {
    let mut tracker = Watermarks::default();
    let old = tracker.assign(partition(), 0, 0);
    tracker.take(old, 0);
    tracker.release(old);
    let new = tracker.assign(partition(), 0, 0);
    assert_eq!(old.slot, new.slot);
    tracker.take(new, 0);
    assert_eq!(tracker.settle_before(old, 5), 0);
    assert!(!tracker.settle(old, 0));
    assert_eq!(tracker.watermark(new), Some(0));
    assert_eq!(tracker.stale(), 2);
    assert_eq!(tracker.in_hand(), 1);
}

#[test]
fn an_ended_assignment_owes_nothing_and_ends_no_other() {
    let mut tracker = Watermarks::default();
    let old = tracker.assign(partition(), 0, 0);
    tracker.release(old);
    let new = tracker.assign(partition(), 0, 0);
    tracker.take(new, 0);
    tracker.settle_before(new, 1);
    tracker.take(new, 1);
    assert_eq!((tracker.owed(old), tracker.next(old), tracker.settled_since_confirmed(old)), (None, None, 0));
    assert!(tracker.is_settled(old));
    tracker.release(old);
    assert_eq!((tracker.owed(new), tracker.in_hand()), (Some(1), 1));
}

#[test]
fn a_partition_whose_log_was_cut_starts_over_below() {
    let mut tracker = Watermarks::default();
    let other = tracker.assign(partition(), 0, 0);
    let old = tracker.assign(partition(), 50, 50);
    tracker.release(other);
    tracker.take(old, 50);
    let new = tracker.restart(old, 10);
    assert_eq!(new.slot, old.slot);
    assert_eq!(tracker.in_hand(), 0);
    assert_eq!(tracker.settle_before(old, 51), 0, "what was in hand is of the old log");
    assert!(tracker.take(new, 10));
    assert_eq!(tracker.watermark(new), Some(10));
}

#[test]
fn owes_nothing_until_something_is_settled() {
    let mut tracker = Watermarks::default();
    let claim = tracker.assign(partition(), 100, 100);
    assert_eq!(tracker.owed(claim), None);
    tracker.take(claim, 100);
    assert_eq!(tracker.owed(claim), None);
    tracker.settle(claim, 100);
    assert_eq!(tracker.owed(claim), Some(101));
    tracker.confirm(claim, 101, 1);
    assert_eq!(tracker.owed(claim), None);
    assert_eq!(tracker.settled_since_confirmed(claim), 0);
}

/// What can happen to a partition, as the poller sees it.
#[derive(Clone, Debug)]
enum Step {
    /// Read the next record, after a hole of that many offsets.
    Take(i64),
    /// Read an offset again that was passed before.
    TakeAgain(usize),
    /// One in hand, by index, is settled.
    Settle(usize),
    SettleBefore(usize),
    SettleUnderOldEpoch(usize),
    Advance(i64),
    CommitSucceeds,
    CommitFails,
    Reassign,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0i64..4).prop_map(Step::Take),
        1 => (0usize..50).prop_map(Step::TakeAgain),
        6 => (0usize..50).prop_map(Step::Settle),
        2 => (0usize..50).prop_map(Step::SettleBefore),
        1 => (0usize..50).prop_map(Step::SettleUnderOldEpoch),
        1 => (0i64..3).prop_map(Step::Advance),
        2 => Just(Step::CommitSucceeds),
        1 => Just(Step::CommitFails),
        1 => Just(Step::Reassign),
    ];
    proptest::collection::vec(step, 0..120)
}

/// Every offset ever taken in this assignment, and whether it is settled.
#[derive(Default)]
struct Model {
    taken: BTreeMap<i64, bool>,
    passed: i64,
    committed: i64,
}

impl Model {
    fn watermark(&self) -> i64 {
        self.taken.iter().find(|(_, settled)| !**settled).map_or(self.passed, |(offset, _)| *offset)
    }

    fn pick(&self, index: usize) -> Option<i64> {
        let offsets: Vec<i64> = self.taken.keys().copied().collect();
        (!offsets.is_empty()).then(|| offsets[index % offsets.len()])
    }
}

fn apply(
    step: Step,
    tracker: &mut Watermarks,
    claim: &mut AssignmentId,
    old: &mut Option<AssignmentId>,
    model: &mut Model,
) {
    match step {
        Step::Take(hole) => {
            let offset = model.passed + hole;
            assert!(tracker.take(*claim, offset));
            model.taken.insert(offset, false);
            model.passed = offset + 1;
        }
        Step::TakeAgain(index) => {
            if let Some(offset) = model.pick(index) {
                assert!(!tracker.take(*claim, offset));
            }
        }
        Step::Settle(index) => {
            if let Some(offset) = model.pick(index) {
                let was_settled = model.taken.insert(offset, true);
                assert_eq!(tracker.settle(*claim, offset), was_settled == Some(false));
            }
        }
        Step::SettleBefore(index) => {
            if let Some(next) = model.pick(index) {
                let below = model.taken.range_mut(..next).filter(|(_, settled)| !**settled);
                let count = below.map(|(_, settled)| *settled = true).count();
                assert_eq!(tracker.settle_before(*claim, next), count as u64);
            }
        }
        Step::SettleUnderOldEpoch(index) => {
            if let (Some(old), Some(offset)) = (*old, model.pick(index)) {
                assert!(!tracker.settle(old, offset));
                assert_eq!(tracker.settle_before(old, offset + 1), 0);
            }
        }
        Step::Advance(by) => {
            model.passed += by;
            tracker.advance(*claim, model.passed);
        }
        Step::CommitSucceeds => {
            if let Some(offset) = tracker.owed(*claim) {
                assert!(offset > model.committed, "a commit goes forward");
                tracker.confirm(*claim, offset, tracker.settled_since_confirmed(*claim));
                model.committed = offset;
            }
        }
        // A failed commit leaves everything owed.
        Step::CommitFails => {
            let before = tracker.owed(*claim);
            assert_eq!(tracker.owed(*claim), before);
        }
        Step::Reassign => {
            tracker.release(*claim);
            *old = Some(*claim);
            *claim = tracker.assign(partition(), model.committed, model.committed);
            *model = Model { taken: BTreeMap::new(), passed: model.committed, committed: model.committed };
        }
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(steps in steps()) {
        let mut tracker = Watermarks::default();
        let mut claim = tracker.assign(partition(), 0, 0);
        let mut old = None;
        let mut model = Model::default();
        for step in steps {
            let before = (claim, tracker.watermark(claim));
            apply(step, &mut tracker, &mut claim, &mut old, &mut model);
            prop_assert_eq!(tracker.watermark(claim), Some(model.watermark()));
            let unsettled = model.taken.values().filter(|settled| !**settled).count() as u64;
            prop_assert_eq!(tracker.in_hand(), unsettled);
            prop_assert_eq!(tracker.owed(claim), Some(model.watermark()).filter(|mark| *mark > model.committed));
            if before.0 == claim {
                prop_assert!(tracker.watermark(claim) >= before.1, "the watermark only moves forward");
            }
        }
    }
}
