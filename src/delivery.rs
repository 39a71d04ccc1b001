//! What is done with records: they are printed, or given to handlers. A delivery never calls the broker; it answers
//! with values, on which the loop acts.

mod assignments;
mod closing;
mod figures;
mod filter;
mod handle;
mod newest;
mod print;
mod selection;
#[cfg(test)]
pub mod testing;
mod values;
mod waiting;
mod writer;

use crate::alarm::Alarm;
use crate::commits::{AssignmentId, Commits};
use crate::decode::Schemas;
use crate::error::{Failure, Kind};
use crate::record::Record;
use crate::registry::Registry;
use crate::settings::Consume;
use crate::talk::{HandlerOutput, LineOrder, Notice};
use filter::Filter;
use handle::Handlers;
use newest::NewestRecords;
use print::Printer;
use selection::Selector;
use std::sync::Arc;
use std::time::Instant;
use waiting::WaitingRecords;
use writer::Writer;

pub use filter::{Checked, Upcoming};
pub use values::{Decision, Ended, Fate, HeaderUse, PartitionPlace, Progress, Settled, Submitted};
pub use waiting::ReadyRecord;
pub use writer::{Unwritable, write_all};

/// The way of records behind the offsets: filter, then stdout or handlers.
pub struct Delivery<'a> {
    writer: Writer,
    /// Absent if no record is left out by its bytes.
    selector: Option<Selector>,
    /// Absent if every record passes and nobody has to know more of it.
    filter: Option<Filter>,
    /// Absent if every record can be decoded at once.
    waiting: Option<Box<WaitingRecords>>,
    /// Absent if records are delivered as they come.
    newest: Option<Box<NewestRecords>>,
    target: Target<'a>,
}

enum Target<'a> {
    Print(Box<Printer>),
    Handle(Box<Handlers<'a>>),
}

impl<'a> Delivery<'a> {
    /// Starts the writer, and whoever handles records. `lines`: how what handlers say is told, and the order
    /// of what is said.
    ///
    /// # Errors
    /// A program that does not exist, or no threads.
    pub fn start(
        settings: &'a Consume,
        alarm: &Alarm,
        (lines, order): (HandlerOutput, LineOrder),
        now: Instant,
    ) -> Result<Delivery<'a>, Failure> {
        let schemas = match &settings.registry {
            Some(registry) => {
                Schemas::of(Arc::new(Registry::start(registry, alarm.bell()).map_err(|words| {
                    Failure::new(Kind::Run, "cannot start the client of the registry").caused_by(words)
                })?))
            }
            None => Schemas::default(),
        };
        let handlers = Handlers::start(settings, &schemas, alarm, lines)?;
        let writer = Writer::start(alarm.bell(), order).map_err(|error| {
            Failure::new(Kind::Run, "cannot start the writer").caused_by(error.to_string())
        })?;
        Ok(Delivery::new(settings, &schemas, writer, handlers, alarm, now))
    }

    /// A delivery that has no record yet; without handlers records are printed.
    pub fn new(
        settings: &'a Consume,
        schemas: &Schemas,
        writer: Writer,
        handlers: Option<Handlers<'a>>,
        alarm: &Alarm,
        now: Instant,
    ) -> Delivery<'a> {
        let filter = || Filter::new(settings, schemas, alarm.bell(), now);
        let target = match handlers {
            Some(handlers) => Target::Handle(Box::new(handlers)),
            None => Target::Print(Box::new(Printer::new(settings, schemas))),
        };
        let waiting = WaitingRecords::new(settings, schemas, filter());
        let selector = Selector::new(&settings.selection);
        let newest = NewestRecords::new(settings.stops.last);
        Delivery { writer, selector, filter: filter(), waiting, newest, target }
    }

    /// Tells the time of a turn of the loop.
    pub fn begin_turn(&mut self, now: Instant) {
        self.writer.begin_turn(now);
    }

    /// Which records somebody looks at the headers of. jq sees them by itself, but for what has waited.
    pub fn header_use(&self) -> HeaderUse {
        let are_decisive = self.waiting.is_some()
            || self.selector.as_ref().is_some_and(Selector::reads_headers)
            || self.filter.as_ref().is_some_and(Filter::reads_headers);
        let are_delivered = match &self.target {
            Target::Print(printer) => printer.reads_headers(),
            Target::Handle(_) => true,
        };
        match (are_decisive, are_delivered) {
            (true, _) => HeaderUse::All,
            (false, true) if self.leaves_records_out() => HeaderUse::Kept,
            (false, true) => HeaderUse::All,
            (false, false) => HeaderUse::None,
        }
    }

    pub fn has_handlers(&self) -> bool {
        matches!(self.target, Target::Handle(_))
    }

    /// Whether `decide` has to be asked about records before they are taken. They may be left out then.
    pub fn leaves_records_out(&self) -> bool {
        self.filter.is_some() || self.selector.is_some()
    }

    fn handlers(&self) -> Option<&Handlers<'a>> {
        match &self.target {
            Target::Print(_) => None,
            Target::Handle(handlers) => Some(handlers),
        }
    }

    fn handlers_mut(&mut self) -> Option<&mut Handlers<'a>> {
        match &mut self.target {
            Target::Print(_) => None,
            Target::Handle(handlers) => Some(handlers),
        }
    }
}

/// Taking records.
impl Delivery<'_> {
    /// Whether one more record may be taken now.
    #[inline]
    pub fn has_room(&self, commits: &Commits) -> bool {
        if self.waiting.as_ref().is_some_and(|waiting| waiting.is_full()) {
            return false;
        }
        match &self.target {
            Target::Print(_) => !self.writer.is_full() && self.room(commits) > 0,
            Target::Handle(handlers) => handlers.has_room(commits.total()),
        }
    }

    /// How many more records may be printed before the next commit. Those that wait for their schemas may be many before
    /// one of them is, and are not in the way of others.
    #[inline]
    fn room(&self, commits: &Commits) -> u64 {
        let waiting = self.waiting.as_ref().map_or(0, |waiting| waiting.count());
        commits.room(commits.watermarks().in_hand().saturating_sub(waiting))
    }

    /// Another batch of records is looked at from now on.
    pub fn begin_batch(&mut self) {
        if let Some(filter) = &mut self.filter {
            filter.begin_batch();
        }
    }

    /// Ends programs that take too long.
    ///
    /// # Errors
    /// Programs got stuck too often.
    pub fn watch_filter(&mut self, now: Instant) -> Result<(), Failure> {
        if let Some(waiting) = &mut self.waiting {
            waiting.watch_filter(now)?;
        }
        self.filter.as_mut().map_or(Ok(()), |filter| filter.watch(now))
    }

    /// What is decided about a record that could be taken; `index` is its place in the batch. A record that has to wait
    /// for its schemas is looked at later.
    #[inline]
    pub fn decide(&mut self, id: AssignmentId, index: usize, record: &Record<'_>) -> Decision {
        if self.selector.as_ref().is_some_and(|selector| !selector.keeps(record)) {
            return Decision::LeftOut;
        }
        match &mut self.filter {
            Some(filter) if self.waiting.as_ref().is_none_or(|waiting| !waiting.must_wait(id, record)) => {
                filter.decide(index, record)
            }
            Some(_) | None => Decision::Known(None),
        }
    }

    /// Hands the record that `source` gives next over to jq, and those behind it. `is_open` tells of a slot and an offset
    /// whether a record there would be taken: a program that takes long does so for records alone that are wanted.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn hand_over(
        &mut self,
        source: &mut impl Upcoming,
        is_open: impl Fn(usize, i64) -> bool,
    ) -> Result<(), Failure> {
        let Some(filter) = &mut self.filter else { return Ok(()) };
        let (selector, waiting) = (&self.selector, &self.waiting);
        filter.hand_over(source, |slot, record| {
            is_open(slot, record.offset)
                && selector.as_ref().is_none_or(|selector| selector.keeps(record))
                && waiting.as_ref().is_none_or(|waiting| waiting.can_decode(record))
        })
    }

    /// Counts a record that nobody wants.
    pub fn leave_out(&mut self) -> Fate {
        self.counts_mut().filtered += 1;
        Fate::LeftOut
    }

    /// Prints a record, or takes it in hand for a handler.
    ///
    /// # Errors
    /// The run ends with this record, which stays unsettled.
    #[inline(always)]
    pub fn submit(
        &mut self,
        place: &PartitionPlace<'_>,
        record: &Record<'_>,
        checked: Option<Checked>,
    ) -> Result<Submitted, Box<Ended>> {
        if let Some(submitted) = self.wait_if_it_must(place, record) {
            return Ok(submitted);
        }
        self.submit_now(place, record, checked)
    }

    /// Submits a record that can be decoded, and that comes after no other that waits.
    ///
    /// # Errors
    /// The run ends with this record, which stays unsettled.
    #[inline(always)]
    pub fn submit_now(
        &mut self,
        place: &PartitionPlace<'_>,
        record: &Record<'_>,
        checked: Option<Checked>,
    ) -> Result<Submitted, Box<Ended>> {
        match (checked, &mut self.target) {
            // By far the most records come this way.
            (None, Target::Print(printer)) if self.newest.is_none() => {
                printer.print(&mut self.writer, place, record)
            }
            (checked, _) => self.submit_checked(place, record, checked),
        }
    }

    #[inline(never)]
    fn submit_checked(
        &mut self,
        place: &PartitionPlace<'_>,
        record: &Record<'_>,
        checked: Option<Checked>,
    ) -> Result<Submitted, Box<Ended>> {
        let checked = match self.keep_if_newest(place, record, checked) {
            Ok(kept) => return Ok(kept),
            Err(checked) => checked.unwrap_or_default(),
        };
        let warning = self.filter.as_mut().and_then(|filter| filter.warning(&checked, record));
        let mut submitted = match &mut self.target {
            Target::Print(printer) if checked.is_filtered => {
                printer.leave_out_undecoded(place, record.offset, checked.undecodable)?
            }
            Target::Print(printer) => match checked.failure {
                Some(what) => printer.leave_out(place, record.offset, (what, checked.undecodable))?,
                None => match checked.results {
                    Some(lines) => {
                        let results = (&lines[..], checked.undecodable);
                        let printed = printer.print_results(&mut self.writer, place, record.offset, results);
                        if let Some(filter) = &mut self.filter {
                            filter.take_back(lines);
                        }
                        printed?
                    }
                    None => printer.print(&mut self.writer, place, record)?,
                },
            },
            Target::Handle(handlers) => handlers.take(place, record, checked),
        };
        submitted.notices.splice(0..0, warning.map(Notice::Warning));
        Ok(submitted)
    }

    /// In the waiting commit modes nothing more is taken until what was printed is written and committed.
    pub fn seal_for_commit(&mut self, commits: &Commits) {
        if !self.has_handlers() && self.room(commits) == 0 {
            self.writer.seal();
        }
    }
}

/// What becomes of records.
impl Delivery<'_> {
    /// Takes what the writer has written, or could not write.
    pub fn take_written(&mut self) -> Progress {
        let mut progress = Progress::default();
        while let Some(written) = self.writer.written() {
            match written.result {
                Ok(()) => {
                    let before = |span: &writer::Span| Settled::Before { id: span.id, next: span.next };
                    progress.settled.extend(written.spans.iter().map(before));
                    if let Target::Handle(handlers) = &mut self.target {
                        for ticket in written.handled {
                            handlers.written(ticket, &mut progress);
                        }
                    }
                }
                Err(unwritable) => {
                    if let Unwritable::Failed(reason) = unwritable {
                        let failure = Failure::new(Kind::Run, format!("cannot write to stdout: {reason}"));
                        progress.failure.get_or_insert(failure);
                    }
                    progress.is_unwritable = true;
                    if let Target::Handle(handlers) = &mut self.target {
                        handlers.unwritten(&written.handled);
                    }
                }
            }
        }
        progress
    }

    /// Takes what handlers have answered, up to a failure that ends the run.
    pub fn poll(&mut self, now: Instant) -> Progress {
        match &mut self.target {
            Target::Print(_) => Progress::default(),
            Target::Handle(handlers) => handlers.poll(&mut self.writer, now),
        }
    }

    /// Starts what may start now, up to a record that no handler gets: call it again after it has told of one.
    pub fn start_attempts(&mut self, commits: &Commits, now: Instant) -> Option<Progress> {
        if self.writer.is_full() {
            return None;
        }
        self.handlers_mut()?.start_until_a_fault(commits, now)
    }

    /// Looks after those that tell nothing by themselves when they break; about once a second.
    pub fn look_after(&mut self, now: Instant) -> Progress {
        self.handlers_mut().map_or_else(Progress::default, |handlers| handlers.look_after(now))
    }

    /// A commit of all that is settled is on its way.
    pub fn commit_sent(&mut self) {
        if let Some(handlers) = self.handlers_mut() {
            handlers.commit_sent();
        }
    }

    /// The commit under way is confirmed, or has failed.
    pub fn commit_ended(&mut self, is_confirmed: bool) {
        match self.handlers_mut() {
            Some(handlers) if is_confirmed => handlers.commit_confirmed(),
            Some(handlers) => handlers.commit_failed(),
            None => {}
        }
    }

    /// A commit was due and nothing is owed: nobody waits for one any more.
    pub fn nothing_to_commit(&mut self) {
        if let Some(handlers) = self.handlers_mut() {
            handlers.stop_waiting_for_commits();
        }
    }
}
