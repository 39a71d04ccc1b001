//! Reading backwards to the newest records (`--last`): from the end in steps that grow, each of them read forwards.

use super::partition::{AssignedPartition, PositionTrust, Reading};
use super::partitions::Partitions;
use super::silence::Silence;
use super::start_stop::StopPoint;
use crate::consume::action::{Action, Context, ReadChange};
use crate::error::{Failure, Kind};
use crate::plural::counted;

/// The first step is that much longer than the number of records: a transaction marker is an offset as well.
const MARGIN: u64 = 32;

/// A step is that many times as long as the one before: offsets without records and filters that rarely match cost few
/// steps, and no more than that is read beyond what is needed.
const GROWTH: i64 = 4;

/// How many offsets are read first of each partition.
pub fn first_step(wanted: u64) -> i64 {
    i64::try_from(wanted.saturating_add(MARGIN)).unwrap_or(i64::MAX)
}

/// The failure of a run that stops before all is known.
pub fn stopped_too_early(wanted: u64) -> Failure {
    let which = counted(wanted, "newest record was", "newest records were");
    Failure::new(Kind::Run, format!("stopped before the {which} found"))
}

/// Whether a partition has to be read further back before its newest records are known.
pub fn goes_back(partition: &AssignedPartition, context: &Context<'_, '_>) -> bool {
    context.delivery.is_collecting()
        && partition.is_finished()
        && partition.start > partition.log_start
        && !context.delivery.has_enough_of(partition.id.slot)
}

/// Reads the step before the one that a partition has finished.
fn go_back(partition: &mut AssignedPartition, context: &mut Context<'_, '_>) {
    let stop = partition.start;
    let length = partition.stop_offset().unwrap_or(partition.end).saturating_sub(stop).max(1);
    let start = stop.saturating_sub(length.saturating_mul(GROWTH)).max(partition.log_start);
    partition.id = context.commits.watermarks_mut().restart(partition.id, start);
    (partition.start, partition.stop) = (start, Some(StopPoint::Offset(stop)));
    partition.reading = Reading::Open;
    // The client knows none until something comes from the new place.
    partition.position = PositionTrust::Trusted;
    partition.silence = Silence::default();
    partition.moved_at = context.now;
    partition.mark_dirty();
    partition.fetching_starts(context.now);
    context.act(Action::Read(ReadChange::ReadBack { partition: partition.name.clone(), offset: start }));
}

/// Reads partitions further back in which too little was found. What waits to be decoded is counted first.
pub fn read_back(partitions: &mut Partitions<'_>, context: &mut Context<'_, '_>) {
    if !context.delivery.is_collecting() || !context.delivery.has_nothing_in_hand() {
        return;
    }
    for partition in partitions.iter_mut() {
        if goes_back(partition, context) {
            go_back(partition, context);
        }
    }
}

/// Has the newest records delivered, now that all are known: they are taken in hand under assignments of their own,
/// since those of the steps are over.
pub fn show(partitions: &mut Partitions<'_>, context: &mut Context<'_, '_>) {
    let mut offsets = context.delivery.kept_offsets();
    let mut ids = Vec::new();
    for partition in partitions.iter_mut() {
        let offsets = offsets.remove(&partition.name).unwrap_or_default();
        let watermarks = context.commits.watermarks_mut();
        partition.id = watermarks.restart(partition.id, offsets.first().copied().unwrap_or(partition.end));
        for offset in offsets {
            watermarks.take(partition.id, offset);
        }
        watermarks.advance(partition.id, partition.end);
        ids.push(partition.id);
    }
    context.act(Action::ShowNewest(ids));
}
