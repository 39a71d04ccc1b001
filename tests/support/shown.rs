//! Compares what a block of the docs shows with what its command prints.

use super::pages::Typed;

/// Fails unless these lines are what is shown, in whatever order: that of partitions is not fixed.
///
/// What a run says about itself may be left out, and where nothing is shown everything may. Times differ.
#[track_caller]
pub fn check_shown(place: &str, typed: &Typed, seen: &str) {
    let (shown, seen) = compared(&typed.shown, seen);
    assert!(shown.is_empty() || shown == seen, "{place}: `$ {}` shows\n{seen:#?}", typed.command);
}

/// Both sides as sorted lines, without colours and what may differ.
pub fn compared(shown: &[String], seen: &str) -> (Vec<String>, Vec<String>) {
    let is_whole = shown.iter().any(|line| is_about_the_run(line));
    let seen = without_colours(seen);
    let seen = seen.lines().filter(|line| is_whole || !is_about_the_run(line));
    let mut seen: Vec<String> = seen.map(steady).collect();
    let mut shown: Vec<String> = shown.iter().map(|line| steady(line)).collect();
    seen.sort();
    shown.sort();
    (shown, seen)
}

fn is_about_the_run(line: &str) -> bool {
    let starts = ["Subscribed to topic", "Reached end of ", "Closing consumer...", "Consumer closed."];
    starts.iter().any(|start| line.starts_with(start))
}

/// A text without what sets colours: `ESC [ … m`.
fn without_colours(text: &str) -> String {
    let mut pieces = text.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |plain, piece| plain + piece.split_once('m').map_or(piece, |(_, rest)| rest))
}

/// A line with every number of 13 digits or more, and how long a run took, as `TIME`.
fn steady(line: &str) -> String {
    if let Some((start, (time, rest))) =
        line.split_once(" in ").and_then(|(start, rest)| Some((start, rest.split_once(" s: ")?)))
        && start.starts_with("Processed ")
        && time.parse::<f64>().is_ok()
    {
        return format!("{start} in TIME s: {rest}");
    }
    let mut steady = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let digits = rest[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - start);
        steady.push_str(&rest[..start]);
        steady.push_str(if digits >= 13 { "TIME" } else { &rest[start..start + digits] });
        rest = &rest[start + digits..];
    }
    steady + rest
}
