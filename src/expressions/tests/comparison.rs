//! Compares what an expression says of a record with what jq says.

use crate::choices::DataFormat;
use crate::decode::{Content, DataFormats, Decoders, Schemas};
use crate::expressions::{Envelope, Expression, Parts, Unsure};
use crate::jq::{EventId, NoId, Program, Watch};
use crate::record::{Header, Record};
use crate::render::Projection;
use crate::render::json::JsonRenderer;

/// An expression with the names of the fields that it looks up.
pub struct NamedExpression {
    pub expression: Expression,
    pub names: Vec<Box<str>>,
}

pub fn translated(program: &str) -> Option<NamedExpression> {
    let mut names = Vec::new();
    Expression::translate(program, &mut names).map(|expression| NamedExpression { expression, names })
}

/// A record with its parts.
#[derive(Clone, Debug)]
pub struct Sample {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub value_format: DataFormat,
}

impl Sample {
    pub fn of_value(value: &str) -> Sample {
        Sample {
            key: Some(b"k\"1".to_vec()),
            value: Some(value.as_bytes().to_vec()),
            headers: vec![(b"trace".to_vec(), Some(b"a1".to_vec())), (b"none".to_vec(), None)],
            value_format: DataFormat::Auto,
        }
    }

    pub fn with<T>(&self, parts: Parts, work: impl FnOnce(&Record<'_>, &mut Content<'_>) -> T) -> T {
        let headers: Vec<Header<'_>> =
            self.headers.iter().map(|(name, value)| Header { name, value: value.as_deref() }).collect();
        let record = Record {
            topic: "orders",
            partition: 3,
            offset: 17,
            timestamp: Some(1_763_888_400_000),
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: if parts.headers { &headers } else { &[] },
        };
        let formats = DataFormats { value: self.value_format, ..DataFormats::default() };
        let mut decoders = Decoders::new(&formats, &Schemas::default());
        work(&record, &mut decoders.decode_some(&record, (parts.key, parts.value)))
    }

    /// The record as jq gets it.
    pub fn json(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let all = Parts { key: true, value: true, headers: true };
        self.with(all, |record, content| JsonRenderer::default().render(record, content, &mut out));
        out
    }

    /// The parts of the record that a program names, as jq gets them.
    pub fn projected(&self, projection: &Projection) -> Vec<u8> {
        let mut out = Vec::new();
        let all = Parts { key: true, value: true, headers: true };
        self.with(all, |record, content| projection.render(record, content, &mut out));
        out
    }

    /// What the expression yields, each result as compact JSON and bare; what it is as a filter and as an event id.
    pub fn evaluated(&self, translated: &NamedExpression) -> [Result<String, Unsure>; 3] {
        // Only the parts that it asks for are there.
        let NamedExpression { expression, names } = translated;
        let formats = DataFormats { value: self.value_format, ..DataFormats::default() };
        let mut decoders = Decoders::new(&formats, &Schemas::default());
        self.with(expression.parts(), |record, content| {
            // The fields are found while the value is checked, or when they are asked for.
            let parts = (expression.parts().key, expression.parts().value);
            let (_, found) = decoders.decode_with_fields(record, parts, names);
            let found = found.filter(|_| record.value.is_some_and(|value| value.len() % 2 == 0));
            let key = content.key.as_ref().map(|decoded| decoded.form);
            let value = content.value.as_ref().map(|decoded| decoded.form);
            let envelope = Envelope { record, key, value, names, found: found.as_ref() };
            let mut out = Vec::new();
            let results = expression.results(&envelope, |value| {
                for is_bare in [false, value.is_text()] {
                    value.write(is_bare, &mut out)?;
                    out.push(b'\n');
                }
                Ok(())
            });
            let results = results.map(|()| String::from_utf8(out).expect("UTF-8"));
            let is_true = expression.is_true(&envelope).map(|is_true| is_true.to_string());
            [results, is_true, expression.id(&envelope).map(|id| format!("{id:?}"))]
        })
    }

    /// The same of jq.
    pub fn run(&self, program: &Program) -> [Result<String, String>; 3] {
        run(program, &self.json())
    }
}

/// What jq says of an envelope: its results, whether one is true, and the event id. What the last two are is found in the
/// results, because jq takes its time.
pub fn run(program: &Program, json: &[u8]) -> [Result<String, String>; 3] {
    let mut results = Vec::new();
    let outcome = program.results(json, &Watch::default(), |result| {
        results.push((result.json(), result.bare(), result.is_true()));
    });
    let is_true = results.iter().any(|(.., is_true)| *is_true);
    let id = match results.as_slice() {
        [] => EventId::None(NoId::Nothing),
        [(json, _, false)] if json == "null" => EventId::None(NoId::Null),
        [(_, bare, _)] => EventId::One(bare.clone()),
        [_, _, ..] => EventId::None(NoId::Several),
    };
    let is_several = results.len() > 1;
    let or_failure =
        |is_known: bool, text: String| if is_known { Ok(text) } else { outcome.clone().map(|()| text) };
    let lines: Vec<_> = results.iter().map(|(json, bare, _)| format!("{json}\n{bare}\n")).collect();
    [
        or_failure(false, lines.concat()),
        or_failure(is_true, is_true.to_string()),
        or_failure(is_several, format!("{id:?}")),
    ]
}

/// How often an expression and jq said the same, and how often only jq could tell.
#[derive(Debug, Default)]
pub struct Agreement {
    pub same: usize,
    pub unsure: usize,
}

/// Compares what an expression says with what jq says.
pub fn compare(
    text: &str,
    expression: &NamedExpression,
    program: &Program,
    sample: &Sample,
    tally: &mut Agreement,
) {
    for (ours, theirs) in sample.evaluated(expression).into_iter().zip(sample.run(program)) {
        match ours {
            Ok(ours) => {
                assert_eq!(Ok(ours), theirs, "{text} on {}", String::from_utf8_lossy(&sample.json()));
                tally.same += 1;
            }
            Err(Unsure) => tally.unsure += 1,
        }
    }
}
