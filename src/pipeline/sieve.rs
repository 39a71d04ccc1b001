//! What is decided about a record before it is printed or handled: `--filter`, and the event id of `--dedup`.

use crate::decode::Undecodable;
use crate::jq::{EventId, NoId, Program};
use crate::record::Record;
use crate::render::Renderer;
use crate::settings::{Consume, Format, Output};
use std::sync::Arc;

/// Looks at the JSON envelopes of records.
pub struct Sieve<'a> {
    filter: Option<&'a Program>,
    id: Option<&'a Program>,
    envelopes: Renderer,
    envelope: Vec<u8>,
    has_warned: bool,
    /// What is to be said about a record without an id: only of the first.
    pub warning: Option<String>,
}

/// What came of a look; the default is a record at which nobody looks.
#[derive(Default)]
pub struct Sifted {
    pub is_left_out: bool,
    pub event_id: Option<Arc<str>>,
    /// An expression failed: which one, and jq's words.
    pub failure: Option<String>,
    /// It is not in the formats asked for.
    pub undecodable: Option<Undecodable>,
}

impl Sieve<'_> {
    /// `None` if there is nothing to look at: every record passes.
    pub fn new(settings: &Consume) -> Option<Sieve<'_>> {
        let handling = settings.handling.as_ref();
        let id = handling.and_then(|handling| handling.dedup.as_ref()).map(|dedup| &dedup.id);
        // With a handler nobody else on this thread finds out that a record cannot be decoded.
        let is_checking = handling.is_some() && settings.output.can_fail();
        if settings.filter.is_none() && id.is_none() && !is_checking {
            return None;
        }
        let format = Format::Json { is_terminal: false };
        let output = Output { format, ..settings.output.clone() };
        let envelopes = Renderer::new(&output);
        Some(Sieve {
            filter: settings.filter.as_ref(),
            id,
            envelopes,
            envelope: Vec::new(),
            has_warned: false,
            warning: None,
        })
    }

    pub fn sift(&mut self, record: &Record<'_>) -> Sifted {
        self.envelope.clear();
        let undecodable = self.envelopes.render(record, &mut self.envelope).err();
        let failed = |words| Sifted { failure: Some(words), ..Sifted::default() };
        Sifted { undecodable, ..self.judge(record).unwrap_or_else(failed) }
    }

    fn judge(&mut self, record: &Record<'_>) -> Result<Sifted, String> {
        let failed = |option: &str, words: String| format!("`{option}` failed: {words}");
        if let Some(filter) = self.filter
            && !filter.is_true(&self.envelope).map_err(|words| failed("--filter", words))?
        {
            return Ok(Sifted { is_left_out: true, ..Sifted::default() });
        }
        let Some(id) = self.id else { return Ok(Sifted::default()) };
        match id.id(&self.envelope).map_err(|words| failed("--dedup", words))? {
            EventId::One(id) => Ok(Sifted { event_id: Some(Arc::from(id)), ..Sifted::default() }),
            EventId::None(why) => {
                let why = match why {
                    NoId::Nothing => "nothing",
                    NoId::Null => "`null`",
                    NoId::Several => "several values",
                };
                if !std::mem::replace(&mut self.has_warned, true) {
                    let place = record.place();
                    self.warning = Some(format!(
                        "{place}: `--dedup` yields {why}: such records are processed without dedup (said once)"
                    ));
                }
                Ok(Sifted::default())
            }
        }
    }
}
