//! Records are printed: rendered, and handed to the writer.

use super::writer::Writer;
use super::{Ended, Fate, PartitionPlace, Submitted};
use crate::decode::{Schemas, Undecodable};
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
    /// Only results of `--jq` are printed.
    has_results: bool,
    is_strict: bool,
    filter_failure: FilterFailure,
    /// `-n`: the run ends with that many records.
    count: Option<u64>,
    /// Records rendered so far.
    pub rendered: u64,
    /// Some were not printed because a jq program failed on them.
    pub has_failed_records: bool,
    pub counts: RecordCounts,
}

impl Printer {
    pub fn new(settings: &Consume, schemas: &Schemas) -> Printer {
        Printer {
            renderer: Renderer::new(&settings.output, schemas),
            has_results: settings.results.is_some(),
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
        !self.has_results && self.renderer.reads_headers()
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
            let told = self.undecodable(place, record.offset, &trouble);
            notices.push(told.inspect_err(|_| writer.bytes().truncate(before))?);
        }
        let fate = self.printed(writer, place, record.offset);
        if self.rendered == TITLES {
            let message = self.missing_title(&format!("none of the first {TITLES} records"));
            notices.extend(message.map(|message| Notice::AfterRecords(Event::Warning { message })));
        }
        Ok(Submitted { fate, notices })
    }

    /// Prints what `--jq` yields for a record, and tells why the record could not be decoded if it could not.
    ///
    /// # Errors
    /// The run ends with this record, which stays unsettled.
    pub fn print_results(
        &mut self,
        writer: &mut Writer,
        place: &PartitionPlace<'_>,
        offset: i64,
        (lines, trouble): (&[u8], Option<Undecodable>),
    ) -> Result<Submitted, Box<Ended>> {
        let told = trouble.map(|trouble| self.undecodable(place, offset, &trouble)).transpose()?;
        writer.bytes().extend_from_slice(lines);
        let fate = self.printed(writer, place, offset);
        Ok(Submitted { fate, notices: told.into_iter().collect() })
    }

    /// Leaves out a record that the filter does not keep, and tells why it could not be decoded: with its value the filter
    /// might have kept it.
    ///
    /// # Errors
    /// With `--strict` the run ends with this record, which stays unsettled.
    pub fn leave_out_undecoded(
        &mut self,
        place: &PartitionPlace<'_>,
        offset: i64,
        trouble: Option<Undecodable>,
    ) -> Result<Submitted, Box<Ended>> {
        let told = trouble.map(|trouble| self.undecodable(place, offset, &trouble)).transpose()?;
        self.counts.filtered += 1;
        Ok(Submitted { fate: Fate::LeftOut, notices: told.into_iter().collect() })
    }

    /// What is told of a record that is not in the formats asked for.
    ///
    /// # Errors
    /// With `--strict` the run ends with it.
    #[cold]
    fn undecodable(
        &mut self,
        place: &PartitionPlace<'_>,
        offset: i64,
        trouble: &Undecodable,
    ) -> Result<Notice, Box<Ended>> {
        self.counts.failed += 1;
        let reason = trouble.to_string();
        if self.is_strict {
            return Err(ended(place, offset, reason));
        }
        Ok(Notice::AfterRecords(failed(place, offset, reason, trouble.is_common())))
    }

    /// Counts a record whose bytes the writer has.
    #[inline(always)]
    fn printed(&mut self, writer: &mut Writer, place: &PartitionPlace<'_>, offset: i64) -> Fate {
        writer.add(place.id, offset);
        self.rendered += 1;
        if self.count == Some(self.rendered) { Fate::Last } else { Fate::Taken }
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

    /// Leaves out a record on which `--filter` or `--jq` failed. That it could not be decoded is told first: it may be
    /// why.
    ///
    /// # Errors
    /// The run ends with this record, which stays unsettled.
    pub fn leave_out(
        &mut self,
        place: &PartitionPlace<'_>,
        offset: i64,
        (what, trouble): (String, Option<Undecodable>),
    ) -> Result<Submitted, Box<Ended>> {
        let told = trouble.map(|trouble| self.undecodable(place, offset, &trouble)).transpose()?;
        self.counts.failed += u64::from(told.is_none());
        let mut notices: Vec<Notice> = told.into_iter().collect();
        match self.filter_failure {
            FilterFailure::Stop => {
                let mut ended = ended(place, offset, what);
                // With `--strict` that is what was asked for.
                if !self.is_strict {
                    ended.failure = ended.failure.hint("to leave out such records: `--on-failure skip`");
                }
                ended.notices.splice(0..0, notices);
                return Err(ended);
            }
            FilterFailure::Remembered => self.has_failed_records = true,
            FilterFailure::Skip => {}
        }
        notices.push(Notice::AfterRecords(failed(place, offset, what, false)));
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
