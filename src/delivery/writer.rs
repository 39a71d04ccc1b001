//! The writer: rendered records go to stdout on a thread of its own, and what was written is answered.

use crate::alarm::Bell;
use crate::commits::AssignmentId;
use crate::error;
use crate::talk::{LineOrder, LinesAfterRecords, Stderr, Way};
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use std::io::Write;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A sheet is handed to the writer at this size: large enough that a `write` costs nothing per record.
const SHEET: usize = 256 * 1024;

/// A sheet that grew beyond this by one large record gives its memory back.
const LARGEST_KEPT: usize = 1024 * 1024;

/// Sheets in all: one being filled, one being written, two waiting.
const SHEETS: usize = 4;

/// No record waits longer than this for the next one: well below the promised 50 ms.
const LONGEST_WAIT: Duration = Duration::from_millis(15);

/// A sheet that is not full is handed over this long after the last one at the earliest: while records pour in,
/// each hand-over wakes a thread that the client's threads could use the core of.
const PAUSE: Duration = Duration::from_millis(1);

/// Records of one partition on a sheet, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub id: AssignmentId,
    /// The offset after the last of them.
    pub next: i64,
}

/// What became of a sheet.
pub struct Written {
    pub spans: Vec<Span>,
    /// Tickets of records whose handlers wrote what is on it.
    pub handled: Vec<u64>,
    pub result: Result<(), Unwritable>,
}

/// Why stdout takes nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unwritable {
    /// The reader is gone: not an error.
    Closed,
    Failed(String),
}

/// Rendered bytes with the records they stand for, and what is said on stderr after them.
#[derive(Default)]
struct Sheet {
    /// What is written before `bytes`, and what is to be dropped with it.
    pieces: Vec<Vec<u8>>,
    places: Vec<Box<dyn Send>>,
    bytes: Vec<u8>,
    said: Vec<LinesAfterRecords>,
    spans: Vec<Span>,
    handled: Vec<u64>,
    since: Option<Instant>,
}

/// The poller's side of the writer.
pub struct Writer {
    sheet: Sheet,
    spare: Vec<Sheet>,
    sheets: mpsc::Sender<Sheet>,
    answers: mpsc::Receiver<(Sheet, Result<(), Unwritable>)>,
    in_flight: usize,
    /// When a sheet was handed over last.
    sealed: Option<Instant>,
    /// The time of the loop's turn, and when that was by the clock.
    turn: (Instant, Instant),
}

impl Writer {
    /// Starts the writer of stdout; `bell` rings when a sheet was written.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(bell: Bell, order: LineOrder) -> std::io::Result<Writer> {
        Writer::start_with(bell, order, write_all)
    }

    /// Starts a writer that hands all bytes to `sink`.
    #[cfg(test)]
    pub fn start_into(
        bell: Bell,
        sink: impl FnMut(&[u8]) -> Result<(), Unwritable> + Send + 'static,
    ) -> std::io::Result<Writer> {
        Writer::start_with(bell, LineOrder::default(), sink)
    }

    fn start_with(
        bell: Bell,
        order: LineOrder,
        mut write: impl FnMut(&[u8]) -> Result<(), Unwritable> + Send + 'static,
    ) -> std::io::Result<Writer> {
        let (sheets, queue) = mpsc::channel::<Sheet>();
        let (answer, answers) = mpsc::channel();
        let write_sheets = move || {
            let mut unwritable: Option<Unwritable> = None;
            for sheet in queue {
                if unwritable.is_none() {
                    unwritable = sheet.all_bytes().try_for_each(&mut write).err();
                }
                for lines in &sheet.said {
                    if unwritable.is_none() {
                        order.wait_for(lines.before);
                        // There is nobody left to tell that stderr is gone.
                        let _ = Stderr.write_all(&lines.bytes);
                    }
                    order.wrote(Way::AfterRecords, lines.count);
                }
                let result = unwritable.clone().map_or(Ok(()), Err);
                // The poller may have left already.
                let _ = answer.send((sheet, result));
                bell.ring();
            }
        };
        std::thread::Builder::new().name("writer".to_owned()).spawn(write_sheets)?;
        let spare = (1..SHEETS).map(|_| Sheet::default()).collect();
        Ok(Writer {
            sheet: Sheet::default(),
            spare,
            sheets,
            answers,
            in_flight: 0,
            sealed: None,
            turn: (Instant::now(), Instant::now()),
        })
    }

    /// Tells the time of a turn of the loop.
    pub fn begin_turn(&mut self, now: Instant) {
        self.turn = (now, Instant::now());
    }

    /// Where to render the next record; close it with `add`.
    pub fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.sheet.bytes
    }

    /// Counts the record just rendered as one that this sheet settles.
    #[inline]
    pub fn add(&mut self, id: AssignmentId, offset: i64) {
        match self.sheet.spans.last_mut() {
            // The newest records may come in another order than their offsets.
            Some(span) if span.id == id => span.next = span.next.max(offset + 1),
            _ => self.sheet.spans.push(Span { id, next: offset + 1 }),
        }
        if self.sheet.bytes.len() >= SHEET {
            self.seal();
        }
    }

    /// Adds what a handler wrote as the output of a record; `place` is dropped when it is written.
    pub fn add_handled(&mut self, ticket: u64, pieces: Vec<Vec<u8>>, place: impl Send + 'static) {
        let size: usize = pieces.iter().map(Vec::len).sum();
        if size < SHEET {
            pieces.iter().for_each(|piece| self.sheet.bytes.extend_from_slice(piece));
        } else {
            // Not copied. What stands on the sheet is before it.
            let before = std::mem::take(&mut self.sheet.bytes);
            self.sheet.pieces.extend(std::iter::once(before).chain(pieces));
            self.sheet.places.push(Box::new(place));
        }
        self.sheet.handled.push(ticket);
        if self.sheet.size() >= SHEET {
            self.seal();
        }
    }

    /// Says a line on stderr once everything rendered so far is on stdout.
    pub fn say(&mut self, line: LinesAfterRecords) {
        line.add_to(&mut self.sheet.said);
        if self.sheet.size() >= SHEET {
            self.seal();
        }
    }

    /// All sheets wait for the reader: take no record now.
    pub fn is_full(&self) -> bool {
        self.spare.is_empty() && self.sheet.size() >= SHEET
    }

    /// Everything rendered and said is written.
    pub fn is_idle(&self) -> bool {
        self.in_flight == 0 && self.sheet.is_empty()
    }

    /// The writer has sheets that it has not answered.
    pub fn is_writing(&self) -> bool {
        self.in_flight > 0
    }

    /// Hands the sheet on if the writer has had nothing to do for a moment, or a record has waited long enough.
    pub fn seal_if_waiting(&mut self, now: Instant) {
        if self.sheet.is_empty() {
            return;
        }
        let since = *self.sheet.since.get_or_insert(now);
        let is_early = self.sealed.is_some_and(|sealed| now.duration_since(sealed) < PAUSE);
        if self.in_flight == 0 && !is_early || now.duration_since(since) >= LONGEST_WAIT {
            self.seal();
        }
    }

    /// How long the sheet waits to be handed over, if nothing else happens; the writer's answer is something.
    pub fn pause(&self, now: Instant) -> Option<Duration> {
        let is_waiting = self.in_flight == 0 && !self.sheet.is_empty();
        self.sealed.filter(|_| is_waiting).map(|sealed| (sealed + PAUSE).saturating_duration_since(now))
    }

    /// Hands the sheet to the writer, if there is one to fill in its place.
    pub fn seal(&mut self) {
        if self.sheet.is_empty() {
            return;
        }
        let Some(spare) = self.spare.pop() else { return };
        let full = std::mem::replace(&mut self.sheet, spare);
        self.in_flight += 1;
        let (now, began) = self.turn;
        self.sealed = Some(now + began.elapsed());
        // The writer ends only when this sender is dropped.
        let _ = self.sheets.send(full);
    }

    /// The next sheet that was written, or could not be.
    pub fn written(&mut self) -> Option<Written> {
        let (mut sheet, result) = self.answers.try_recv().ok()?;
        self.in_flight -= 1;
        let spans = std::mem::take(&mut sheet.spans);
        let handled = std::mem::take(&mut sheet.handled);
        sheet.clear();
        self.spare.push(sheet);
        Some(Written { spans, handled, result })
    }
}

impl Sheet {
    fn is_empty(&self) -> bool {
        self.pieces.is_empty()
            && self.bytes.is_empty()
            && self.said.is_empty()
            && self.spans.is_empty()
            && self.handled.is_empty()
    }

    fn size(&self) -> usize {
        let said = self.said.iter().map(|lines| lines.bytes.len()).sum::<usize>();
        self.all_bytes().map(<[u8]>::len).sum::<usize>() + said
    }

    /// What goes to stdout, in order.
    fn all_bytes(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().chain([&self.bytes]).map(Vec::as_slice)
    }

    fn clear(&mut self) {
        self.pieces.clear();
        self.places.clear();
        self.said.clear();
        self.bytes.clear();
        self.bytes.shrink_to(LARGEST_KEPT);
        self.since = None;
    }
}

/// Writes to stdout past the standard library, which would look for line ends.
///
/// # Errors
/// Why it takes nothing any more.
pub fn write_all(mut bytes: &[u8]) -> Result<(), Unwritable> {
    let stdout = rustix::stdio::stdout();
    while !bytes.is_empty() {
        match rustix::io::write(stdout, bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(Errno::INTR) => {}
            // Whoever shares the descriptor made it non-blocking.
            Err(Errno::AGAIN) => {
                let _ = rustix::event::poll(&mut [PollFd::new(&stdout, PollFlags::OUT)], None);
            }
            Err(Errno::PIPE) => return Err(Unwritable::Closed),
            Err(errno) => return Err(Unwritable::Failed(error::reason(&errno.into()))),
        }
    }
    Ok(())
}
