//! Records are printed: rendered, and handed to the writer.

use super::writer::Writer;
use super::{Ended, Fate, PartitionPlace, Submitted};
use crate::decode::Schemas;
use crate::error::{Failure, Kind};
use crate::metrics::RecordCounts;
use crate::record::Record;
use crate::render::Renderer;
use crate::settings::{Consume, FilterFailure};
use crate::talk::{Event, Notice};

/// How many records are looked at for a title before its absence is told.
const TITLES: u64 = 100;

/// Renders records for stdout.
pub struct Printer {
    renderer: Renderer,
    is_strict: bool,
    filter_failure: FilterFailure,
    /// `-n`: the run ends with that many records.
    count: Option<u64>,
    /// Records rendered so far.
    pub rendered: u64,
    /// Some were not printed because `--filter` failed on them.
    pub has_failed_records: bool,
    pub counts: RecordCounts,
}

impl Printer {
    pub fn new(settings: &Consume, schemas: &Schemas) -> Printer {
        Printer {
            renderer: Renderer::new(&settings.output, schemas),
            is_strict: settings.output.is_strict,
            filter_failure: settings.filter_failure,
            count: settings.stops.count,
            rendered: 0,
            has_failed_records: false,
            counts: RecordCounts::default(),
        }
    }

    /// Whether headers of records are looked at.
    pub fn reads_headers(&self) -> bool {
        self.renderer.reads_headers()
    }

    /// Prints a record. One that is not in the format asked for is printed as well as it can be and told, or, with
    /// `--strict`, ends the run.
    ///
    /// # Errors
    /// The run ends with this record, which stays unsettled.
    #[inline(always)]
    pub fn print(
        &mut self,
        writer: &mut Writer,
        place: &PartitionPlace<'_>,
        record: &Record<'_>,
    ) -> Result<Submitted, Box<Ended>> {
        let before = writer.bytes().len();
        let mut notices = Vec::new();
        if let Err(trouble) = self.renderer.render(record, writer.bytes()) {
            self.counts.failed += 1;
            let (reason, is_common) = (trouble.to_string(), trouble.is_common());
            if self.is_strict {
                writer.bytes().truncate(before);
                return Err(ended(place, record.offset, reason));
            }
            notices.push(Notice::AfterRecords(failed(place, record.offset, reason, is_common)));
        }
        writer.add(place.id, record.offset);
        self.rendered += 1;
        if self.rendered == TITLES {
            let message = self.missing_title(&format!("none of the first {TITLES} records"));
            notices.extend(message.map(|message| Notice::AfterRecords(Event::Warning { message })));
        }
        let fate = if self.count == Some(self.rendered) { Fate::Last } else { Fate::Taken };
        Ok(Submitted { fate, notices })
    }

    /// What is said at the end of a run that was too short to say it before.
    pub fn last_warning(&self) -> Option<Notice> {
        (1..TITLES).contains(&self.rendered).then(|| self.missing_title("no record"))?.map(Notice::Warning)
    }

    /// That records have no title where it was asked for; `which` of them.
    #[cold]
    fn missing_title(&self, which: &str) -> Option<String> {
        let title = self.renderer.missing_title()?;
        let mut message = format!("{which} has `{title}` (`--title-field`)");
        if !title.starts_with('.') && title.contains('.') {
            message.push_str(&format!("; a path starts with a dot: `.{title}`"));
        }
        Some(message)
    }

    /// Leaves out a record on which `--filter` failed.
    ///
    /// # Errors
    /// The run ends with this record, which stays unsettled.
    pub fn leave_out(
        &mut self,
        place: &PartitionPlace<'_>,
        offset: i64,
        what: String,
    ) -> Result<Submitted, Box<Ended>> {
        self.counts.failed += 1;
        match self.filter_failure {
            FilterFailure::Stop => return Err(ended(place, offset, what)),
            FilterFailure::Remembered => self.has_failed_records = true,
            FilterFailure::Skip => {}
        }
        let notices = vec![Notice::AfterRecords(failed(place, offset, what, false))];
        Ok(Submitted { fate: Fate::LeftOut, notices })
    }
}

fn failed(place: &PartitionPlace<'_>, offset: i64, reason: String, is_common: bool) -> Event {
    Event::RecordFailed { partition: place.partition.clone(), offset, reason, is_common, ends_run: false }
}

/// The run ends with a record that is never settled: nothing is committed past it.
fn ended(place: &PartitionPlace<'_>, offset: i64, reason: String) -> Box<Ended> {
    let partition = place.partition.clone();
    let failure = Failure::new(Kind::Record, format!("{partition} @ {offset}: {reason}"));
    let event = Event::RecordFailed { partition, offset, reason, is_common: false, ends_run: true };
    Box::new(Ended { notices: vec![Notice::Event(event)], failure })
}
