//! Programs that are evaluated at once, on the bytes of a record: the loop does that itself.

use super::{Checked, Programs};
use crate::decode::{Decoders, Schemas, Undecodable};
use crate::expressions::{Envelope, Expression, Parts, Unsure};
use crate::jq::{EventId, Program};
use crate::record::Record;
use crate::render::ResultsRenderer;
use crate::settings::OutputSettings;

/// The programs of a run as far as they are translated.
pub struct Translated {
    decoders: Decoders,
    /// Keys and values are decoded, whoever looks at them, because that may fail.
    decodes_all: bool,
    reads_headers: bool,
    parts: Parts,
    /// The fields of values that the expressions name.
    names: Vec<Box<str>>,
    filter: Option<Expression>,
    findings: Findings,
}

/// What a run wants to know of the records that the filter keeps.
struct Findings {
    id: Wanted<Expression>,
    results: Wanted<(Expression, ResultsRenderer)>,
    /// Memory for results that is not in use.
    spare: Vec<u8>,
}

/// What is found out by a program beside the filter.
enum Wanted<T> {
    Nothing,
    /// Only jq can find it out.
    OfJq,
    Of(T),
}

/// What is found out about a record.
pub enum Judgement {
    Known(Checked),
    /// The filter does not keep the record, or there are no results of it; and why it could not be decoded.
    LeftOut(Option<Undecodable>),
    /// Only jq can tell the rest.
    Unknown {
        /// The filter keeps the record.
        is_kept: bool,
    },
}

impl<T> Wanted<T> {
    fn of(
        program: Option<&Program>,
        names: &mut Vec<Box<str>>,
        with: impl FnOnce(Expression) -> T,
    ) -> Wanted<T> {
        match program.map(|program| Expression::translate(program.text(), names)) {
            None => Wanted::Nothing,
            Some(None) => Wanted::OfJq,
            Some(Some(expression)) => Wanted::Of(with(expression)),
        }
    }
}

impl Translated {
    /// `None` if that would spare jq nothing.
    pub fn new(programs: &Programs, output: &OutputSettings, schemas: &Schemas) -> Option<Translated> {
        let mut names = Vec::new();
        let filter = match &programs.filter {
            Some(program) => Some(Expression::translate(program.text(), &mut names)?),
            None => None,
        };
        let results =
            Wanted::of(programs.results.as_ref().map(|results| &results.program), &mut names, |expression| {
                let renderer = programs.results.as_ref().map(|results| results.renderer.clone());
                (expression, renderer.unwrap_or_default())
            });
        let id = Wanted::of(programs.id.as_ref(), &mut names, |expression| expression);
        let is_useful =
            filter.is_some() || matches!((&id, &results), (Wanted::Of(_), _) | (_, Wanted::Of(_)));
        let mut parts = filter.as_ref().map(Expression::parts).unwrap_or_default();
        if let Wanted::Of(expression) = &id {
            parts = parts.and(expression.parts());
        }
        if let Wanted::Of((expression, _)) = &results {
            parts = parts.and(expression.parts());
        }
        // Headers are looked at as their bytes look.
        let is_able = !parts.headers || output.formats.headers_are_plain();
        (is_useful && is_able).then(|| Translated {
            decoders: Decoders::new(&output.formats, schemas),
            decodes_all: output.formats.can_fail() || schemas.are_asked_for(),
            reads_headers: parts.headers || !output.formats.headers_are_plain() || schemas.are_asked_for(),
            parts,
            names,
            filter,
            findings: Findings { id, results, spare: Vec::new() },
        })
    }

    pub fn reads_headers(&self) -> bool {
        self.reads_headers
    }

    /// Takes the memory of results back that were printed.
    pub fn take_back(&mut self, lines: Vec<u8>) {
        self.findings.spare = lines;
    }

    /// Looks at a record.
    pub fn look_at(&mut self, record: &Record<'_>) -> Judgement {
        let Parts { key, value, .. } = self.parts;
        let parts = (key || self.decodes_all, value || self.decodes_all);
        let (content, found) = self.decoders.decode_with_fields(record, parts, &self.names);
        let envelope = Envelope {
            record,
            key: content.key.as_ref().map(|decoded| decoded.form),
            value: content.value.as_ref().map(|decoded| decoded.form),
            names: &self.names,
            found: found.as_ref(),
        };
        let kept = self.filter.as_ref().map_or(Ok(true), |filter| filter.is_true(&envelope));
        match kept {
            Ok(true) => {}
            Ok(false) => return Judgement::LeftOut(content.outcome(record).err()),
            Err(Unsure) => return Judgement::Unknown { is_kept: false },
        }
        match self.findings.of(&envelope) {
            Ok(None) => Judgement::LeftOut(content.outcome(record).err()),
            Ok(Some(mut checked)) => {
                checked.undecodable = content.outcome(record).err();
                Judgement::Known(checked)
            }
            Err(Unsure) => Judgement::Unknown { is_kept: true },
        }
    }
}

impl Findings {
    /// What is found in a record that the filter keeps; `None` if there are to be results and are none.
    fn of(&mut self, envelope: &Envelope<'_>) -> Result<Option<Checked>, Unsure> {
        let mut checked = Checked::default();
        match &self.id {
            Wanted::Nothing => {}
            Wanted::OfJq => return Err(Unsure),
            Wanted::Of(expression) => match expression.id(envelope)? {
                EventId::One(id) => checked.event_id = Some(super::thread::bounded(id)),
                EventId::None(why) => checked.no_id = Some(why),
            },
        }
        match &mut self.results {
            Wanted::Nothing => {}
            Wanted::OfJq => return Err(Unsure),
            Wanted::Of((expression, renderer)) => {
                let mut lines = std::mem::take(&mut self.spare);
                lines.clear();
                let outcome = expression.results(envelope, |value| {
                    renderer.add(value.is_text(), &mut lines, |is_bare, out| value.write(is_bare, out))
                });
                // Every result is a line.
                if outcome.is_err() || lines.is_empty() {
                    self.spare = lines;
                    return outcome.map(|()| None);
                }
                checked.results = Some(lines);
            }
        }
        Ok(Some(checked))
    }
}
