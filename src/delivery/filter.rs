//! What is decided about a record before it is printed or handled: `--filter`, the event id of `--dedup`, and the
//! results of `--jq`.

mod thread;
mod translated;

use super::Decision;
use crate::alarm::Bell;
use crate::decode::{Schemas, Undecodable};
use crate::error::Failure;
use crate::expressions::{has_long_number, projection};
use crate::jq::NoId;
use crate::kafka::Source;
use crate::record::Record;
use crate::render::{Projection, Renderer, ResultsRenderer};
use crate::settings::Consume;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use thread::{FilterVerdict, Looked, Portion, Programs, ResultProgram, Thread};
use translated::{Judgement, Translated};

/// Envelopes that are handed over at once: enough that handing over costs nothing, so little that it stays small.
const PORTION: usize = 256 << 10;

/// Has the JSON envelopes of records looked at.
pub struct Filter {
    envelopes: Renderer,
    /// Whether headers have to be in a format.
    reads_headers: bool,
    /// What jq looks at of a record; `None` if that may be all of it.
    projection: Option<Projection>,
    /// Absent if jq has to look at every record.
    translated: Option<Translated>,
    /// Without programs records are only looked at whether they can be decoded.
    thread: Option<Thread>,
    /// Records of the batch that were handed over, in order.
    waiting: VecDeque<Waiting>,
    last_number: u64,
    has_warned: bool,
}

/// A record that was handed over.
#[derive(Debug)]
struct Waiting {
    /// The record's place in the batch.
    index: usize,
    number: u64,
    undecodable: Option<Undecodable>,
}

/// Shows records before they are taken.
pub trait Upcoming {
    /// Shows the next records, each with the slot of its partition and its place in the batch, as long as `look` wants
    /// more.
    fn look_ahead(&mut self, look: &mut dyn FnMut(usize, usize, &Record<'_>) -> bool);
}

impl Upcoming for Source {
    fn look_ahead(&mut self, look: &mut dyn FnMut(usize, usize, &Record<'_>) -> bool) {
        Source::look_ahead(self, look);
    }
}

/// What is known of a record before it is delivered; the default is that of a record that nobody looks at.
#[derive(Debug, Default)]
pub struct Checked {
    /// The filter does not keep the record, as far as it could be decoded: nobody wants it unless that is a failure.
    pub is_filtered: bool,
    pub event_id: Option<Arc<str>>,
    no_id: Option<NoId>,
    /// What `--jq` yields: lines to be printed.
    pub results: Option<Vec<u8>>,
    /// An expression failed: which one, and jq's words.
    pub failure: Option<String>,
    /// Why the record is not in the formats asked for.
    pub undecodable: Option<Undecodable>,
}

impl Filter {
    /// `None` if there is nothing to look at: every record passes.
    pub fn new(settings: &Consume, schemas: &Schemas, bell: Bell, now: Instant) -> Option<Filter> {
        let handling = settings.handling.as_ref();
        let id = handling.and_then(|handling| handling.dedup.as_ref()).map(|dedup| dedup.id.clone());
        let results = settings.results.as_ref().map(|results| ResultProgram {
            program: results.program.clone(),
            renderer: ResultsRenderer::new(results),
        });
        let programs = Programs { filter: settings.filter.clone(), id, results };
        // With a handler nobody else on this thread finds out that a record cannot be decoded.
        let is_checking =
            handling.is_some() && (settings.output.formats.can_fail() || schemas.are_asked_for());
        let has_programs = programs.filter.is_some() || programs.id.is_some() || programs.results.is_some();
        if !has_programs && !is_checking {
            return None;
        }
        Some(Filter {
            projection: named_by(&programs),
            translated: Translated::new(&programs, &settings.output, schemas),
            envelopes: Renderer::json(&settings.output, schemas),
            reads_headers: !settings.output.formats.headers_are_plain() || schemas.are_asked_for(),
            thread: has_programs.then(|| Thread::new(programs, bell, now)),
            waiting: VecDeque::new(),
            last_number: 0,
            has_warned: false,
        })
    }

    /// Verdicts are awaited.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Another batch is looked at from now on: places in the last one mean nothing any more.
    pub fn begin_batch(&mut self) {
        self.waiting.clear();
    }

    /// Ends what takes too long.
    ///
    /// # Errors
    /// Programs got stuck too often.
    pub fn watch(&mut self, now: Instant) -> Result<(), Failure> {
        self.thread.as_mut().map_or(Ok(()), |thread| thread.watch(now))
    }

    /// What is decided about a record; `index` is its place in the batch.
    pub fn decide(&mut self, index: usize, record: &Record<'_>) -> Decision {
        let Some(thread) = &mut self.thread else {
            let undecodable = self.envelopes.check(record).err();
            return Decision::Known(Some(Checked { undecodable, ..Checked::default() }));
        };
        while self.waiting.front().is_some_and(|waiting| waiting.index < index) {
            self.waiting.pop_front();
        }
        if let Some(waiting) = self.waiting.front().filter(|waiting| waiting.index == index) {
            let Some(verdict) = thread.verdict(waiting.number) else { return Decision::Waiting };
            let undecodable = self.waiting.pop_front().and_then(|waiting| waiting.undecodable);
            return Checked::decision(verdict, undecodable);
        }
        match self.translated.as_mut().map(|translated| translated.look_at(record)) {
            Some(Judgement::Known(checked)) => Decision::Known(Some(checked)),
            Some(Judgement::LeftOut(undecodable)) => Checked::left_out(undecodable),
            Some(Judgement::Unknown { .. }) | None => Decision::NeedsJq,
        }
    }

    /// Hands the record that `source` gives next over to jq, and those behind it that are wanted; `is_wanted` tells of a
    /// slot and a record there.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn hand_over(
        &mut self,
        source: &mut impl Upcoming,
        is_wanted: impl Fn(usize, &Record<'_>) -> bool,
    ) -> Result<(), Failure> {
        let Some(thread) = &mut self.thread else { return Ok(()) };
        // Not handed over, or its partition was not read when those behind it were.
        self.waiting.clear();
        let mut portion = Portion { first: self.last_number + 1, ..Portion::default() };
        source.look_ahead(&mut |slot, index, record| {
            if !is_wanted(slot, record) {
                return true;
            }
            let mut is_kept = false;
            if let Some(translated) = &mut self.translated {
                match translated.look_at(record) {
                    // It is looked at once more when it is its turn.
                    Judgement::Known(_) | Judgement::LeftOut(_) => return true,
                    Judgement::Unknown { is_kept: known } => is_kept = known,
                }
            }
            let rendered = match &self.projection {
                Some(projection) if !has_long_number(record) => {
                    self.envelopes.render_parts(projection, record, &mut portion.envelopes)
                }
                Some(_) | None => self.envelopes.render(record, &mut portion.envelopes),
            };
            let undecodable = rendered.err();
            portion.records.push(Looked { end: portion.envelopes.len(), is_kept });
            self.last_number += 1;
            self.waiting.push_back(Waiting { index, number: self.last_number, undecodable });
            portion.envelopes.len() < PORTION
        });
        thread.look_at(portion)
    }

    /// Takes the memory of results back that were printed.
    pub fn take_back(&mut self, lines: Vec<u8>) {
        if let Some(translated) = &mut self.translated {
            translated.take_back(lines);
        }
    }

    /// Whether `decide` looks at the headers of records.
    pub fn reads_headers(&self) -> bool {
        match (&self.thread, &self.translated) {
            (None, _) => self.reads_headers,
            (Some(_), translated) => translated.as_ref().is_some_and(Translated::reads_headers),
        }
    }

    /// What is to be said about a record without an id: only of the first.
    pub fn warning(&mut self, checked: &Checked, record: &Record<'_>) -> Option<String> {
        let why = match checked.no_id? {
            NoId::Nothing => "nothing",
            NoId::Null => "`null`",
            NoId::Several => "several values",
        };
        let place = record.place();
        (!std::mem::replace(&mut self.has_warned, true)).then(|| {
            format!(
                "{place}: `--dedup` yields {why}: such records are processed without dedup (reported once)"
            )
        })
    }
}

/// The parts of records that the programs name, if all of them do.
fn named_by(programs: &Programs) -> Option<Projection> {
    let filter = programs.filter.as_ref().map(|program| projection::of_filter(program.text()));
    let results = programs.results.as_ref().map(|results| &results.program);
    let others = [programs.id.as_ref(), results].into_iter().flatten();
    let others = others.map(|program| projection::of_results(program.text()));
    filter.into_iter().chain(others).try_fold(Projection::default(), |all, one| Some(all.and(one?)))
}

impl Checked {
    fn decision(verdict: FilterVerdict, undecodable: Option<Undecodable>) -> Decision {
        let FilterVerdict { is_left_out, event_id, no_id, results, failure } = verdict;
        match is_left_out {
            true => Checked::left_out(undecodable),
            false => {
                let is_filtered = false;
                Decision::Known(Some(Checked { is_filtered, event_id, no_id, results, failure, undecodable }))
            }
        }
    }

    /// Of a record that the filter does not keep.
    fn left_out(undecodable: Option<Undecodable>) -> Decision {
        match undecodable {
            None => Decision::LeftOut,
            Some(_) => {
                Decision::Known(Some(Checked { is_filtered: true, undecodable, ..Checked::default() }))
            }
        }
    }
}
