//! The bar that shows on a terminal how far a run is, and stderr beside it.

use super::progress::DonePart;
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

/// The bar of this process, if it shows one: whoever writes to stderr has it step aside.
static BAR: OnceLock<ProgressBar> = OnceLock::new();

/// Whether it stands on the terminal now.
static IS_DRAWN: AtomicBool = AtomicBool::new(false);

/// Draws a second, at most.
const DRAWS: u8 = 10;

/// Columns of the bar where there is room, and the fewest that tell anything.
const COLUMNS: RangeInclusive<usize> = 6..=24;

/// A run that is over by then shows no bar: most are, and what they print may be shown on the same terminal.
const SHORT: Duration = Duration::from_millis(500);

/// What the bar is to show.
#[derive(Debug)]
struct Shown {
    part: Option<DonePart>,
    text: String,
    is_last: bool,
}

/// Draws the bar on a thread of its own: a terminal may take nothing for long.
pub struct Bar {
    started: Instant,
    is_shown: bool,
    shown: SyncSender<Shown>,
    /// Ends when everything is drawn.
    drawn: Receiver<()>,
}

impl Bar {
    /// `None` if no thread can be started.
    pub fn start(now: Instant) -> Option<Bar> {
        let (shown, queue) = mpsc::sync_channel::<Shown>(1);
        let (end, drawn) = mpsc::channel();
        let draw = move || {
            draw_all(&queue);
            drop(end);
        };
        let thread = std::thread::Builder::new().name("progress".to_owned()).spawn(draw);
        thread.is_ok().then_some(Bar { started: now, is_shown: false, shown, drawn })
    }

    /// Shows how far the run is, unless the terminal still takes what was shown before. A run that has just started, or
    /// that has nothing left to do when it is first looked at, gets no bar.
    pub fn show(&mut self, part: Option<DonePart>, text: String, now: Instant) {
        let is_long =
            now.duration_since(self.started) >= SHORT && part.is_none_or(|part| part.fraction() < 1.0);
        self.is_shown |= is_long;
        if self.is_shown {
            let _ = self.shown.try_send(Shown { part, text, is_last: false });
        }
    }

    /// Shows how far the run came, if there is a bar, and takes it away, within `limit`.
    pub fn finish(self, part: Option<DonePart>, text: String, limit: Duration) {
        let Bar { is_shown, shown, drawn, .. } = self;
        if is_shown {
            let _ = shown.try_send(Shown { part, text, is_last: true });
        }
        drop(shown);
        let _ = drawn.recv_timeout(limit);
    }
}

fn draw_all(queue: &Receiver<Shown>) {
    while let Ok(Shown { part, text, is_last }) = queue.recv() {
        // Not before there is something to show: each line that is said has it drawn again.
        let bar = BAR.get_or_init(new_bar);
        bar.set_message(line(part, text, usize::from(Term::stderr().size().1)));
        IS_DRAWN.store(true, Ordering::Relaxed);
        if is_last {
            // It is drawn whenever the last time was.
            bar.abandon();
        }
    }
    if let Some(bar) = BAR.get() {
        bar.finish_and_clear();
        IS_DRAWN.store(false, Ordering::Relaxed);
    }
}

fn new_bar() -> ProgressBar {
    // Whether this is a terminal that can be drawn on is decided elsewhere.
    let target = ProgressDrawTarget::term_like_with_hz(Box::new(Term::buffered_stderr()), DRAWS);
    let bar = ProgressBar::with_draw_target(None, target);
    match ProgressStyle::with_template("{wide_msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The bar and the figures beside it, for a terminal of `width` columns: `[=======>   ] 75%, 600 records`. The bar gives
/// way to the figures.
fn line(part: Option<DonePart>, figures: String, width: usize) -> String {
    // Two brackets and a blank; and many terminals wrap when the last column is used.
    let room = width.saturating_sub(figures.len() + 4).min(*COLUMNS.end());
    let Some(part) = part.filter(|_| COLUMNS.contains(&room)) else { return figures };
    let filled = (part.fraction() * room as f64) as usize;
    let head = if filled < room { ">" } else { "" };
    format!("[{:<room$}] {figures}", "=".repeat(filled) + head)
}

/// What takes the bar away, for whoever cannot wait for the thread that draws it.
pub fn eraser() -> &'static [u8] {
    if IS_DRAWN.load(Ordering::Relaxed) { b"\r\x1b[K" } else { b"" }
}

/// stderr, with the bar out of the way while something is written: whole lines only.
pub struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match BAR.get() {
            None => io::stderr().write_all(bytes),
            Some(bar) => bar.suspend(|| io::stderr().write_all(bytes)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_gives_way_to_the_figures() {
        let part = |done| Some(DonePart { done, all: 4 });
        let figures = "75%, 600 records, 1183 records/s, 2 s left";
        for (part, width, expected) in [
            (part(3), 100, format!("[==================>     ] {figures}")),
            (part(4), 100, format!("[========================] {figures}")),
            (part(0), 100, format!("[>                       ] {figures}")),
            (part(3), 56, format!("[=======>  ] {figures}")),
            (part(3), 50, figures.to_owned()),
            (None, 100, figures.to_owned()),
        ] {
            assert_eq!(line(part, figures.to_owned(), width), expected, "{width}");
        }
    }
}
