//! Where each partition of a group is moved to. Pure.

use crate::kafka::ranges::Range;
use crate::position::Position;
use crate::record::TopicPartition;
use crate::settings::ResetTarget;
use std::collections::BTreeMap;

/// A partition that is moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub partition: TopicPartition,
    pub old: Option<i64>,
    pub new: i64,
    /// What to warn of if the offset that was meant is not in the log.
    pub warning: Option<String>,
}

/// Plans the moves, in the order of the ranges. Partitions that the target does not name stay.
///
/// # Errors
/// The partitions that have nothing to be shifted.
pub fn changes(
    ranges: &[Range],
    committed: &BTreeMap<TopicPartition, i64>,
    target: &ResetTarget,
) -> Result<Vec<Change>, Vec<TopicPartition>> {
    let mut changes = Vec::with_capacity(ranges.len());
    let mut stray = Vec::new();
    for range in ranges {
        let old = committed.get(&range.partition).copied();
        let wanted = match target {
            ResetTarget::To(positions) => {
                positions.at(range.partition.partition).map(|to| resolved(range, to))
            }
            ResetTarget::Shift(shift) => match old {
                Some(old) => Some(old.saturating_add(*shift)),
                None => {
                    stray.push(range.partition.clone());
                    None
                }
            },
        };
        if let Some(wanted) = wanted {
            changes.push(clamped(range, old, wanted, target));
        }
    }
    if stray.is_empty() { Ok(changes) } else { Err(stray) }
}

fn resolved(range: &Range, to: Position) -> i64 {
    match to {
        Position::Beginning => range.begin,
        Position::End => range.end,
        Position::Offset(offset) => offset,
        // Back to the beginning at most, which needs no warning.
        Position::BeforeEnd(count) => range.end.saturating_sub(count).max(range.begin),
        Position::After(count) => range.begin.saturating_add(count),
        Position::Time(_) => range.from.unwrap_or(range.end),
    }
}

fn clamped(range: &Range, old: Option<i64>, wanted: i64, target: &ResetTarget) -> Change {
    let Range { partition, begin, end, .. } = range;
    let new = wanted.clamp(*begin, *end);
    let warning = (new != wanted).then(|| {
        let what = match (target, old) {
            // The number that comes of it nobody has typed.
            (ResetTarget::Shift(shift), Some(old)) => format!("`--shift {shift:+}` from {old}"),
            (ResetTarget::Shift(_) | ResetTarget::To(_), _) => format!("offset {wanted}"),
        };
        format!("{partition}: {what} is outside {begin}..{end}, taking {new}")
    });
    Change { partition: partition.clone(), old, new, warning }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::Positions;

    fn range(partition: i32, begin: i64, end: i64, from: Option<i64>) -> Range {
        let partition = TopicPartition { topic: "t".into(), partition };
        Range { partition, begin, end, high: end, committed: None, from, to: None }
    }

    fn news(target: &ResetTarget) -> Result<Vec<i64>, usize> {
        let ranges = [range(0, 10, 20, Some(15)), range(1, 0, 5, None)];
        let committed = ranges.iter().map(|range| (range.partition.clone(), range.begin + 3)).collect();
        let changes = changes(&ranges, &committed, target).map_err(|stray| stray.len())?;
        Ok(changes.into_iter().map(|change| change.new).collect())
    }

    #[test]
    fn each_position_is_resolved_in_the_log() {
        for (position, expected) in [
            (Position::Beginning, [10, 0]),
            (Position::End, [20, 5]),
            (Position::Offset(4), [10, 4]),
            (Position::Offset(12), [12, 5]),
            (Position::BeforeEnd(7), [13, 0]),
            (Position::After(6), [16, 5]),
            (Position::After(i64::MAX), [20, 5]),
            (Position::Time(1), [15, 5]),
        ] {
            assert_eq!(
                news(&ResetTarget::To(Positions::All(position))),
                Ok(expected.to_vec()),
                "{position:?}"
            );
        }
    }

    #[test]
    fn a_shift_counts_from_what_is_committed() {
        assert_eq!(news(&ResetTarget::Shift(1)), Ok(vec![14, 4]));
        assert_eq!(news(&ResetTarget::Shift(-2)), Ok(vec![11, 1]));
        assert_eq!(news(&ResetTarget::Shift(i64::MIN)), Ok(vec![10, 0]));
        assert_eq!(news(&ResetTarget::Shift(i64::MAX)), Ok(vec![20, 5]));
        assert!(changes(&[range(0, 0, 9, None)], &BTreeMap::new(), &ResetTarget::Shift(1)).is_err());
    }

    #[test]
    fn a_map_leaves_the_other_partitions_alone() {
        let map = BTreeMap::from([(1, Position::Offset(2))]);
        assert_eq!(news(&ResetTarget::To(Positions::Some(map))), Ok(vec![2]));
    }

    #[test]
    fn outside_the_log_is_clamped_with_a_warning() {
        let warning = |old, wanted, target: &ResetTarget| {
            let change = clamped(&range(0, 10, 20, None), old, wanted, target);
            (change.new, change.warning)
        };
        let to = |offset| ResetTarget::To(Positions::All(Position::Offset(offset)));
        let text = |text: &str| Some(format!("t [0]: {text}"));
        let above = text("offset 9999 is outside 10..20, taking 20");
        assert_eq!(warning(Some(1), 9_999, &to(9_999)), (20, above));
        assert_eq!(warning(None, 20, &to(20)), (20, None));
        assert_eq!(warning(None, 3, &to(3)), (10, text("offset 3 is outside 10..20, taking 10")));
        let shifted = text("`--shift -5` from 12 is outside 10..20, taking 10");
        assert_eq!(warning(Some(12), 7, &ResetTarget::Shift(-5)), (10, shifted));
        let shifted = text("`--shift +9` from 12 is outside 10..20, taking 20");
        assert_eq!(warning(Some(12), 21, &ResetTarget::Shift(9)), (20, shifted));
    }
}
