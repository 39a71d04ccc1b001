//! How fast groups read and others write, from one look to the next.

use crate::duration::whole_units;
use crate::kafka::lag::GroupLag;
use crate::record::TopicPartition;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What the last two looks have shown.
#[derive(Debug, Default)]
pub struct Throughput {
    before: Option<Figures>,
    last: Option<Figures>,
}

/// How far groups and logs were in each partition of which that is known.
#[derive(Debug)]
struct Figures {
    at: Instant,
    offsets: HashMap<(String, TopicPartition), Offsets>,
}

#[derive(Clone, Copy, Debug)]
struct Offsets {
    committed: i64,
    end: i64,
}

/// Offsets a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    pub read: f64,
    pub written: f64,
}

/// When a group will have caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    CaughtUp,
    /// After this time; `None` if that is longer than anybody waits.
    CatchingUp(Option<Duration>),
    FallingBehind,
    StandingStill,
}

impl Throughput {
    pub fn add(&mut self, group_lags: &[GroupLag], at: Instant) {
        let partitions = group_lags.iter().flat_map(|group_lag| {
            let name = &group_lag.group.name;
            group_lag.partitions.iter().map(move |progress| (name.clone(), progress))
        });
        let known = partitions.filter_map(|(group, progress)| {
            let end = progress.end?;
            // What is not committed yet is read from the first offset on.
            let committed = progress.committed.or(progress.begin)?;
            Some(((group, progress.partition.clone()), Offsets { committed, end }))
        });
        self.before = self.last.replace(Figures { at, offsets: known.collect() });
    }

    /// The rates of a group, or of all groups, in the partitions that both looks have shown; `None` before the second
    /// look.
    pub fn rates(&self, group: Option<&str>) -> Option<Rates> {
        let (before, last) = (self.before.as_ref()?, self.last.as_ref()?);
        let seconds = last.at.duration_since(before.at).as_secs_f64().max(0.001);
        let mut rates = Rates { read: 0.0, written: 0.0 };
        for (key, offsets) in &last.offsets {
            if let Some(then) = before.offsets.get(key)
                && group.is_none_or(|group| key.0 == group)
            {
                rates.read += (offsets.committed - then.committed) as f64 / seconds;
                rates.written += (offsets.end - then.end) as f64 / seconds;
            }
        }
        Some(rates)
    }
}

impl Rates {
    pub fn outlook(&self, behind: u64) -> Outlook {
        let gain = self.read - self.written;
        if behind == 0 {
            Outlook::CaughtUp
        } else if gain > 0.0 {
            Outlook::CatchingUp(Duration::try_from_secs_f64(behind as f64 / gain).ok())
        } else if gain < 0.0 {
            Outlook::FallingBehind
        } else {
            Outlook::StandingStill
        }
    }
}

impl Outlook {
    pub fn words(self) -> String {
        match self {
            Outlook::CaughtUp => "caught up".to_owned(),
            Outlook::CatchingUp(None) => "caught up in years".to_owned(),
            Outlook::CatchingUp(Some(left)) => format!("caught up in {}", spelled(left)),
            Outlook::FallingBehind => "falling behind".to_owned(),
            Outlook::StandingStill => "standing still".to_owned(),
        }
    }
}

fn spelled(time: Duration) -> String {
    // Rounded up: in no time at all would be too much to promise.
    whole_units(time.as_secs_f64().ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::lag::rows::behind_in_all;
    use crate::commands::lag::testing::{group_lag, partition_lag};

    /// A group in one partition of a log without a beginning that was cut.
    fn look(committed: i64, end: i64) -> Vec<GroupLag> {
        vec![group_lag("g", vec![partition_lag("t", 0, Some(committed), end)])]
    }

    fn told(before: &[GroupLag], last: &[GroupLag], seconds: u64) -> (Rates, String) {
        let now = Instant::now();
        let mut throughput = Throughput::default();
        throughput.add(before, now);
        assert_eq!(throughput.rates(None), None);
        throughput.add(last, now + Duration::from_secs(seconds));
        let rates = throughput.rates(None).expect("there were two looks");
        assert_eq!(throughput.rates(Some("g")), Some(rates));
        (rates, rates.outlook(behind_in_all(last)).words())
    }

    #[test]
    fn two_looks_tell_when_a_group_has_caught_up() {
        let before = look(0, 1_000);
        for (last, read, written, words) in [
            (look(200, 1_040), 100.0, 20.0, "caught up in 11 s"),
            (look(0, 1_100), 0.0, 50.0, "falling behind"),
            (look(0, 1_000), 0.0, 0.0, "standing still"),
            (look(1_000, 1_000), 500.0, 0.0, "caught up"),
        ] {
            assert_eq!(told(&before, &last, 2), (Rates { read, written }, words.to_owned()));
        }
    }

    #[test]
    fn what_only_one_look_has_shown_has_no_rate() {
        let before = look(10, 20);
        let mut last = look(12, 20);
        last[0].partitions.push(partition_lag("new", 0, Some(900), 1_000));
        last.push(group_lag("other", vec![partition_lag("t", 0, Some(5), 20)]));
        let (rates, _) = told(&before, &last, 1);
        assert_eq!(rates, Rates { read: 2.0, written: 0.0 });
    }

    #[test]
    fn times_are_told_in_one_unit() {
        for (seconds, expected) in
            [(0, "0 s"), (119, "119 s"), (600, "10 min"), (7_200, "2 h"), (172_800, "2 d")]
        {
            assert_eq!(spelled(Duration::from_secs(seconds)), expected);
        }
    }
}
