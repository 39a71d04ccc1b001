//! What `kcons lag --watch` shows: a line of figures, then as much of the table as fits. Pure.

use super::rows::{behind, behind_in_all, some_rows};
use super::throughput::{Outlook, Throughput};
use crate::escape;
use crate::kafka::lag::{GroupLag, PartitionLag};
use crate::plural::counted;
use crate::render::cells;
use crate::render::style::Style;
use crate::render::styled_line::StyledLine;
use std::borrow::Cow;
use std::cmp::Reverse;

/// What is shown.
pub struct LastLook<'a> {
    pub group_lags: &'a [GroupLag],
    pub throughput: &'a Throughput,
    /// The time of day.
    pub time: &'a str,
}

/// Draws lines from the upper left corner of the screen on; what stood there before goes, and in between nothing is
/// blank.
pub fn redrawn(lines: &[StyledLine], has_color: bool) -> String {
    let lines = lines.iter().map(|line| format!("{}\x1b[K\n", line.text(has_color)));
    format!("\x1b[H{}\x1b[J", lines.collect::<String>())
}

impl LastLook<'_> {
    /// The lines for a window of so many lines and columns, and no more.
    pub fn screen(&self, warnings: &[String], (lines, columns): (usize, usize)) -> Vec<StyledLine> {
        // Behind the last line stands the cursor. A terminal that has filled its last column erases it with the rest of
        // the line.
        let (lines, columns) = (lines.saturating_sub(1), columns.saturating_sub(1));
        let mut screen = vec![self.headline(columns)];
        screen.extend(self.group_lines(lines / 3, columns));
        let warnings = warnings
            .iter()
            .take(lines / 3)
            .map(|warning| StyledLine::of(Style::Warning, format!("warning: {}", escape::message(warning))));
        let warnings: Vec<StyledLine> = warnings.collect();
        screen.extend(self.partition_lines(lines.saturating_sub(screen.len() + warnings.len()), columns));
        screen.extend(warnings);
        screen.truncate(lines);
        screen.into_iter().map(|line| line.cut(columns)).collect()
    }

    /// The line above the table: who, how far behind, how fast, when caught up, and the time of day.
    pub fn headline(&self, columns: usize) -> StyledLine {
        let (who, group) = match self.group_lags {
            [only] => (only.group.name.clone(), Some(only.group.name.as_str())),
            several => (format!("{} groups", several.len()), None),
        };
        let behind = behind_in_all(self.group_lags);
        let mut parts = self.figures(group, behind, &behind.to_string());
        parts.insert(0, Part::always(StyledLine::of(Style::Title, escape::line(&who))));
        parts.push(Part { rank: 1, line: StyledLine::of(Style::Dim, self.time) });
        joined(parts, columns)
    }

    /// A line for each of several groups, those with most lag first.
    fn group_lines(&self, lines: usize, columns: usize) -> Vec<StyledLine> {
        let mut groups: Vec<(&str, u64)> = match self.group_lags {
            [_] => Vec::new(),
            several => several.iter().map(|one| (one.group.name.as_str(), behind_in_all([one]))).collect(),
        };
        groups.sort_by_key(|(_, behind)| Reverse(*behind));
        let fits = if groups.len() > lines { lines.saturating_sub(1) } else { groups.len() };
        let rest = groups.split_off(fits);
        let names: Vec<_> = groups.iter().map(|(name, _)| escape::line(name)).collect();
        let widest = names.iter().map(|name| cells::width(name)).max().unwrap_or(0);
        let most = groups.first().map_or(0, |(_, behind)| behind.to_string().len());
        let line = |((name, behind), shown): (&(&str, u64), &Cow<'_, str>)| {
            let name_and_space = format!("  {shown}{}", " ".repeat(widest - cells::width(shown)));
            let mut parts = self.figures(Some(name), *behind, &format!("{behind:>most$}"));
            parts.insert(0, Part::always(StyledLine::of(Style::Plain, name_and_space)));
            joined(parts, columns)
        };
        let mut shown: Vec<StyledLine> = groups.iter().zip(&names).map(line).collect();
        if !rest.is_empty() {
            let more = counted(rest.len() as u64, "more group", "more groups");
            shown.push(StyledLine::of(Style::Dim, format!("  … {more}")));
        }
        shown
    }

    /// Lag, rates, and when a group or all groups have caught up.
    fn figures(&self, group: Option<&str>, behind: u64, lag: &str) -> Vec<Part> {
        let rates = self.throughput.rates(group);
        let outlook = rates.map(|rates| rates.outlook(behind));
        let style = match outlook {
            _ if behind == 0 => Style::Plain,
            None | Some(Outlook::CaughtUp | Outlook::CatchingUp(_)) => Style::Warning,
            Some(Outlook::FallingBehind | Outlook::StandingStill) => Style::Alarm,
        };
        let mut figures = vec![Part::always(StyledLine::of(style, format!("lag {lag}")))];
        if let Some((rates, outlook)) = rates.zip(outlook) {
            let words = format!("read {:.0}/s  written {:.0}/s", rates.read, rates.written);
            figures.push(Part { rank: 0, line: StyledLine::of(Style::Plain, words) });
            figures.push(Part { rank: 2, line: StyledLine::of(style, outlook.words()) });
        }
        figures
    }

    /// The partitions with most lag, as many as there are lines for, and how many are left out.
    fn partition_lines(&self, lines: usize, columns: usize) -> Vec<StyledLine> {
        let mut all: Vec<(&GroupLag, &PartitionLag)> = self
            .group_lags
            .iter()
            .flat_map(|group_lag| group_lag.partitions.iter().map(move |progress| (group_lag, progress)))
            .collect();
        all.sort_by_key(|(_, progress)| Reverse(behind(progress)));
        // Above them stands the head, below them what is left out.
        let fits = if all.len() < lines { all.len() } else { lines.saturating_sub(2) };
        let left_out = all.split_off(fits);
        let mut shown = some_rows(&all).lines(Some(columns));
        if !left_out.is_empty() {
            shown.push(StyledLine::of(Style::Dim, left_out_words(&left_out, columns)));
        }
        shown
    }
}

/// A part of a line of figures. On a narrow screen those of the lowest rank are left out first.
struct Part {
    rank: u8,
    line: StyledLine,
}

impl Part {
    fn always(line: StyledLine) -> Part {
        Part { rank: u8::MAX, line }
    }
}

/// Joins as many of the parts as fit.
fn joined(mut parts: Vec<Part>, columns: usize) -> StyledLine {
    let width = |parts: &[Part]| parts.iter().map(|part| part.line.width() + 2).sum::<usize>();
    let lowest = |parts: &[Part]| {
        let optional = parts.iter().enumerate().filter(|(_, part)| part.rank < u8::MAX);
        optional.min_by_key(|(_, part)| part.rank).map(|(at, _)| at)
    };
    while width(&parts) > columns.saturating_add(2)
        && let Some(at) = lowest(&parts)
    {
        parts.remove(at);
    }
    let mut joined = StyledLine::default();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            joined.push(Style::Plain, "  ");
        }
        joined.append(part.line);
    }
    joined
}

/// What is not shown, in words that fit.
fn left_out_words(left_out: &[(&GroupLag, &PartitionLag)], columns: usize) -> String {
    let caught_up = left_out.iter().filter(|(_, progress)| behind(progress) == Some(0)).count();
    let all = left_out.len() as u64;
    let more = format!("… {}", counted(all, "more partition", "more partitions"));
    let forms = match caught_up as u64 {
        0 => vec![more],
        some if some == all => vec![format!("… {} caught up", counted(all, "partition", "partitions"))],
        some => vec![
            format!("{more}, {some} of them caught up"),
            format!("{more}, {some} caught up"),
            format!("… {all} more, {some} caught up"),
        ],
    };
    let shortest = format!("… {all} more");
    forms.into_iter().find(|form| cells::width(form) <= columns).unwrap_or(shortest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::lag::testing::{group_lag, held, partition_lag};
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    /// How a group with 40 partitions stands, of which three lag, after a first look two seconds ago.
    fn mailer(at: i64) -> Vec<GroupLag> {
        let partition = |number: i32| {
            let (committed, end) = match number {
                7 => (Some(90 + at), 100 + at),
                12 => (None, 1_000),
                31 => (Some(40), 41),
                _ => (Some(5), 5),
            };
            held(partition_lag("task-created", number, committed, end))
        };
        vec![group_lag("mailer", (0..40).map(partition).collect())]
    }

    fn seen(looks: &[Vec<GroupLag>], window: (usize, usize)) -> Vec<String> {
        let now = Instant::now();
        let mut throughput = Throughput::default();
        for (number, look) in looks.iter().enumerate() {
            throughput.add(look, now + Duration::from_secs(2 * number as u64));
        }
        let group_lags = looks.last().expect("somebody looked");
        let watched = LastLook { group_lags, throughput: &throughput, time: "23:06:11" };
        watched.screen(&[], window).iter().map(|line| line.text(false)).collect()
    }

    #[test]
    fn the_partitions_with_most_lag_are_shown_as_far_as_the_screen_goes() {
        let expected = [
            "mailer  lag 1011  read 20/s  written 20/s  standing still  23:06:11",
            "GROUP   TOPIC         PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG  CONSUMER…",
            "mailer  task-created         12               -            1000    -  kcons-70…",
            "mailer  task-created          7             130             140   10  kcons-70…",
            "mailer  task-created         31              40              41    1  kcons-70…",
            "mailer  task-created          0               5               5    0  kcons-70…",
            "… 36 partitions caught up",
        ];
        assert_eq!(seen(&[mailer(0), mailer(40)], (8, 80)), expected);
    }

    #[test]
    fn what_lags_and_is_left_out_is_counted() {
        let screen = seen(&[mailer(0)], (5, 80));
        assert_eq!(screen[0], "mailer  lag 1011  23:06:11");
        assert_eq!(screen.last().map(String::as_str), Some("… 39 more partitions, 37 of them caught up"));
        for (columns, last) in [
            (43, "… 39 more partitions, 37 of them caught up"),
            (42, "… 39 more partitions, 37 caught up"),
            (34, "… 39 more, 37 caught up"),
            (20, "… 39 more"),
        ] {
            assert_eq!(seen(&[mailer(0)], (5, columns)).last().map(String::as_str), Some(last), "{columns}");
        }
        let mut small = mailer(0);
        small[0].partitions.truncate(2);
        let all = seen(&[small], (24, 80));
        assert_eq!(all.len(), 4, "{all:?}");
    }

    proptest! {
        #[test]
        fn no_screen_is_higher_or_wider_than_its_window(
            groups in proptest::collection::vec((".{0,30}", 0..50_i32), 0..12),
            has_warnings: bool,
            lines in 0..40_usize,
            columns in 0..150_usize,
        ) {
            let group = |(name, count): &(String, i32)| {
                let partition = |number| partition_lag("task-created", number, Some(0), i64::from(number % 3));
                group_lag(name, (0..*count).map(partition).collect())
            };
            let group_lags: Vec<GroupLag> = groups.iter().map(group).collect();
            let mut throughput = Throughput::default();
            throughput.add(&group_lags, Instant::now());
            throughput.add(&group_lags, Instant::now());
            let look = LastLook { group_lags: &group_lags, throughput: &throughput, time: "23:06:11" };
            let warnings = if has_warnings { vec!["t [0] has no leader".to_owned(); 5] } else { Vec::new() };
            let screen = look.screen(&warnings, (lines, columns));
            prop_assert!(screen.len() <= lines.saturating_sub(1));
            prop_assert!(screen.iter().all(|line| line.width() <= columns.saturating_sub(1)));
        }
    }
}
