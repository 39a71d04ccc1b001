//! How fast groups catch up, from one look to the next.

use super::rows::Sums;
use std::time::{Duration, Instant};

/// What the last two looks have shown.
#[derive(Debug, Default)]
pub struct Throughput {
    before: Option<(Sums, Instant)>,
    last: Option<(Sums, Instant)>,
}

impl Throughput {
    pub fn add(&mut self, sums: Sums, now: Instant) {
        self.before = self.last.replace((sums, now));
    }

    /// The words after the sum: `  read 120/s, written 20/s, caught up in 42 s`.
    pub fn words(&self) -> String {
        let (Some((before, then)), Some((last, now))) = (self.before, self.last) else {
            return String::new();
        };
        let seconds = now.duration_since(then).as_secs_f64().max(0.001);
        let rate = |before: i64, last: i64| (last - before) as f64 / seconds;
        let (read, written) = (rate(before.committed, last.committed), rate(before.written, last.written));
        let outlook = if last.behind == 0 {
            "caught up".to_owned()
        } else if read > written {
            let left = Duration::try_from_secs_f64(last.behind as f64 / (read - written));
            format!("caught up in {}", left.map_or_else(|_| "years".to_owned(), spelled))
        } else if read < written {
            "falling behind".to_owned()
        } else {
            "standing still".to_owned()
        };
        format!("  read {read:.0}/s, written {written:.0}/s, {outlook}")
    }
}

fn spelled(time: Duration) -> String {
    // Rounded up: in no time at all would be too much to promise.
    let seconds = time.as_secs_f64().ceil() as u64;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(before: Sums, last: Sums, seconds: u64) -> String {
        let now = Instant::now();
        let mut throughput = Throughput::default();
        throughput.add(before, now);
        assert_eq!(throughput.words(), "");
        throughput.add(last, now + Duration::from_secs(seconds));
        throughput.words()
    }

    #[test]
    fn two_looks_tell_when_a_group_has_caught_up() {
        let before = Sums { behind: 1_000, committed: 0, written: 1_000 };
        let catching_up = Sums { behind: 840, committed: 200, written: 1_040 };
        assert_eq!(words(before, catching_up, 2), "  read 100/s, written 20/s, caught up in 11 s");
        let falling = Sums { behind: 1_100, committed: 0, written: 1_100 };
        assert_eq!(words(before, falling, 2), "  read 0/s, written 50/s, falling behind");
        assert_eq!(words(before, before, 2), "  read 0/s, written 0/s, standing still");
        let done = Sums { behind: 0, committed: 1_000, written: 1_000 };
        assert_eq!(words(before, done, 2), "  read 500/s, written 0/s, caught up");
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
