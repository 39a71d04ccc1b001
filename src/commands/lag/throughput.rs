//! How fast groups read and others write, by what the last looks have shown.

use crate::duration::whole_units;
use crate::kafka::lag::GroupLag;
use crate::record::TopicPartition;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// Rates are those of this time. Groups commit every 5 s by default: from one look to the next they would seem to
/// stand still, or to read in leaps.
const RECENT: Duration = Duration::from_secs(10);

/// What the looks of the last while have shown, the oldest first: at least two, once there are two.
#[derive(Debug, Default)]
pub struct Throughput {
    looks: VecDeque<Figures>,
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
        self.looks.push_back(Figures { at, offsets: known.collect() });
        while self.looks.get(1).is_some_and(|look| at.duration_since(look.at) >= RECENT) {
            self.looks.pop_front();
        }
    }

    /// The rates of a group, or of all groups, in the partitions that several looks have shown; `None` before the
    /// second look.
    pub fn rates(&self, group: Option<&str>) -> Option<Rates> {
        let mut looks = self.looks.iter().rev();
        let last = looks.next().filter(|_| self.looks.len() > 1)?;
        let mut rates = Rates { read: 0.0, written: 0.0 };
        for (key, now) in &last.offsets {
            if group.is_none_or(|group| key.0 == group)
                && let Some((at, then)) = since(looks.clone(), key, *now)
            {
                let seconds = last.at.duration_since(at).as_secs_f64().max(0.001);
                rates.read += (now.committed - then.committed) as f64 / seconds;
                rates.written += (now.end - then.end) as f64 / seconds;
            }
        }
        Some(rates)
    }
}

/// The oldest figures of a partition since which it has only gone forward: a reset of the group or another topic of
/// this name is no rate. `looks`: the newest first.
fn since<'a>(
    looks: impl Iterator<Item = &'a Figures>,
    key: &(String, TopicPartition),
    now: Offsets,
) -> Option<(Instant, Offsets)> {
    let known = looks.map_while(|look| Some((look.at, *look.offsets.get(key)?)));
    let mut later = now;
    let forward = known.take_while(|(_, then)| {
        let is_forward = then.committed <= later.committed && then.end <= later.end;
        later = *then;
        is_forward
    });
    forward.last()
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
    fn a_group_that_commits_every_five_seconds_reads_all_the_time() {
        let now = Instant::now();
        let mut throughput = Throughput::default();
        let mut rates = Vec::new();
        for second in (0..60).step_by(2) {
            // A hundred a second, committed when five seconds are over.
            let committed = second / 5 * 500;
            throughput.add(&look(committed, 100_000), now + Duration::from_secs(second as u64));
            rates.extend(throughput.rates(None).map(|rates| rates.read));
        }
        let settled = &rates[4..];
        assert!(settled.iter().all(|rate| (80.0..=150.0).contains(rate)), "{settled:?}");
        assert!(throughput.looks.len() <= 6, "{}", throughput.looks.len());
        throughput.add(&look(5_500, 100_000), now + Duration::from_secs(90));
        assert_eq!(
            throughput.rates(None),
            Some(Rates { read: 0.0, written: 0.0 }),
            "what is long ago counts"
        );
    }

    #[test]
    fn a_reset_is_no_rate() {
        let now = Instant::now();
        let mut throughput = Throughput::default();
        for (second, committed) in [(0, 800), (1, 0), (2, 50), (3, 100)] {
            throughput.add(&look(committed, 1_000), now + Duration::from_secs(second));
        }
        assert_eq!(throughput.rates(None), Some(Rates { read: 50.0, written: 0.0 }));
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
