//! Runs expressions: each result is handed on as it comes, in jq's order.

use super::compare::holds;
use super::envelope::Envelope;
use super::node::{Node, PartKind, PathPart, RecordField};
use super::pattern::Pattern;
use super::value::{JsonValue, Text, of_found};
use super::{Stop, Unsure};
use crate::decode::{Form, FoundFields};
use jaq_core::ops::Math;
use std::cell::{Cell, OnceCell};

/// So many steps are taken for a record, which are some ten milliseconds: others wait for the loop. jq, which has a thread of
/// its own, may take longer.
const MOST_STEPS: u32 = 500_000;

/// Takes a result.
type Take<'t, 'a> = &'t mut dyn FnMut(JsonValue<'a>) -> Result<(), Stop>;

/// The evaluation of an expression on one record.
pub struct Evaluation<'a> {
    envelope: &'a Envelope<'a>,
    /// The fields of the value that have these names, once they are looked for.
    found: OnceCell<FoundFields<'a>>,
    steps: Cell<u32>,
}

impl<'a> Evaluation<'a> {
    #[inline]
    pub fn new(envelope: &'a Envelope<'a>) -> Evaluation<'a> {
        Evaluation { envelope, found: OnceCell::new(), steps: Cell::new(0) }
    }

    /// Whether an expression is true, if it is a condition that is known to have one result, whatever the input: most
    /// filters are no more than that.
    #[inline]
    pub fn condition(&self, node: &'a Node) -> Option<Result<bool, Stop>> {
        match node {
            Node::Compare(left, operator, right) => {
                let (left, right) = (self.leaf(left)?, self.leaf(right)?);
                Some(left.and_then(|left| Ok(holds(*operator, &left, &right?)?)))
            }
            Node::Pipe(input, condition) => match &**condition {
                Node::Test(pattern) => Some(self.leaf(input)?.and_then(|input| test(pattern, &input))),
                _ => None,
            },
            _ => None,
        }
    }

    /// The result of an expression without others in it.
    #[inline]
    fn leaf(&self, node: &'a Node) -> Option<Result<JsonValue<'a>, Stop>> {
        match node {
            Node::Constant(literal) => Some(Ok(literal.value())),
            Node::Field(field) => Some(self.envelope.field(*field)),
            Node::Named(place) => Some(self.named(*place)),
            _ => None,
        }
    }

    /// Hands over each result of an expression for an input.
    ///
    /// # Errors
    /// Why it ended before the last one.
    pub fn each(&self, node: &'a Node, input: &JsonValue<'a>, take: Take<'_, 'a>) -> Result<(), Stop> {
        if let Some(is_true) = self.condition(node) {
            return take(JsonValue::Bool(is_true?));
        }
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > MOST_STEPS {
            return Err(Stop::Unsure);
        }
        match node {
            Node::Identity => take(input.clone()),
            Node::Constant(literal) => take(literal.value()),
            Node::Field(field) => take(self.envelope.field(*field)?),
            Node::Named(place) => take(self.named(*place)?),
            Node::Path(start, steps) => self.each(start, input, &mut |value| self.follow(steps, value, take)),
            Node::Pipe(left, right) => self.each(left, input, &mut |value| self.each(right, &value, take)),
            Node::Comma(left, right) => {
                self.each(left, input, take)?;
                self.each(right, input, take)
            }
            Node::Alternative(left, right) => self.alternative(left, right, input, take),
            Node::Logic { left, stop, right } => self.each(left, input, &mut |value| {
                if value.is_true() == *stop {
                    return take(JsonValue::Bool(*stop));
                }
                self.each(right, input, &mut |value| take(JsonValue::Bool(value.is_true())))
            }),
            Node::Compare(left, operator, right) => self.pairs(left, right, input, &mut |left, right| {
                take(JsonValue::Bool(holds(*operator, left, &right)?))
            }),
            Node::Math(left, operation, right) => self.pairs(left, right, input, &mut |left, right| {
                take(compute(left.clone(), *operation, right)?)
            }),
            Node::Negate(node) => self.each(node, input, &mut |value| match value {
                JsonValue::Number(number) => take(JsonValue::Number(number.negate()?)),
                _ => Err(Stop::Failed),
            }),
            Node::If(nodes) => {
                let [condition, then, otherwise] = &**nodes;
                self.each(condition, input, &mut |value| {
                    self.each(if value.is_true() { then } else { otherwise }, input, take)
                })
            }
            Node::Try(node) => self.attempt(node, input, take),
            Node::Array(node) => {
                let mut elements = Vec::new();
                self.each(node, input, &mut |value| {
                    elements.push(value);
                    Ok(())
                })?;
                take(JsonValue::Array(elements.into()))
            }
            Node::Object(fields) => self.object(fields, &mut Vec::new(), input, take),
            Node::Empty => Ok(()),
            Node::Select(condition) => self.each(condition, input, &mut |value| {
                if value.is_true() { take(input.clone()) } else { Ok(()) }
            }),
            Node::First(node) => match self.first(node, input)? {
                Some(value) => take(value),
                None => Ok(()),
            },
            Node::Any { generator, condition, decisive } => {
                let mut is_decided = false;
                let outcome = self.each(generator, input, &mut |value| {
                    self.each(condition, &value, &mut |value| {
                        is_decided = value.is_true() == *decisive;
                        if is_decided { Err(Stop::Enough) } else { Ok(()) }
                    })
                });
                if !is_decided {
                    outcome?;
                }
                take(JsonValue::Bool(is_decided == *decisive))
            }
            Node::Apply(function) => take(function.apply(input)?),
            Node::Relate { relation, argument, is_swapped } => self.each(argument, input, &mut |value| {
                take(if *is_swapped {
                    relation.apply(&value, input)?
                } else {
                    relation.apply(input, &value)?
                })
            }),
            Node::Test(pattern) => take(JsonValue::Bool(test(pattern, input)?)),
        }
    }

    /// A field of the value that is looked up together with others.
    #[inline]
    fn named(&self, place: usize) -> Result<JsonValue<'a>, Stop> {
        match self.envelope.value {
            Some(Form::Json(json)) if json.is_object() => {
                let found = self.envelope.found;
                let found = found
                    .unwrap_or_else(|| self.found.get_or_init(|| json.fields_named(self.envelope.names)));
                Ok(of_found(found[place])?)
            }
            _ => Ok(self
                .envelope
                .field(RecordField::Value)?
                .field(self.envelope.names[place].as_bytes())?
                .unwrap_or(JsonValue::Null)),
        }
    }

    /// Takes the steps of a path from a value.
    fn follow(&self, steps: &'a [PathPart], value: JsonValue<'a>, take: Take<'_, 'a>) -> Result<(), Stop> {
        let Some((step, rest)) = steps.split_first() else { return take(value) };
        let next = match &step.to {
            PartKind::Name(name) => self.step_to(&value, name),
            PartKind::Element(index) => value.element(*index),
            PartKind::Each => {
                return self
                    .step_to_each(&value, step.is_optional, &mut |next| self.follow(rest, next, take));
            }
        };
        match next {
            Err(Stop::Failed) if step.is_optional => Ok(()),
            next => self.follow(rest, next?, take),
        }
    }

    #[inline]
    fn step_to(&self, value: &JsonValue<'a>, name: &str) -> Result<JsonValue<'a>, Stop> {
        match value {
            JsonValue::Record => self.envelope.field(RecordField::of_name(name).ok_or(Unsure)?),
            other => Ok(other.field(name.as_bytes())?.unwrap_or(JsonValue::Null)),
        }
    }

    fn step_to_each(&self, value: &JsonValue<'a>, is_optional: bool, take: Take<'_, 'a>) -> Result<(), Stop> {
        match value {
            JsonValue::Json(json) if json.is_array() => {
                json.elements().try_for_each(|element| take(JsonValue::of_json(element)?))
            }
            JsonValue::Json(json) => {
                let fields = json.unique_fields().ok_or(Unsure)?;
                fields.into_iter().try_for_each(|(_, value)| take(JsonValue::of_json(value)?))
            }
            JsonValue::Array(elements) => elements.iter().try_for_each(|element| take(element.clone())),
            JsonValue::Object(fields) => fields.iter().try_for_each(|(_, value)| take(value.clone())),
            JsonValue::Record => Err(Stop::Unsure),
            JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) | JsonValue::Text(_)
                if is_optional =>
            {
                Ok(())
            }
            JsonValue::Null | JsonValue::Bool(_) | JsonValue::Number(_) | JsonValue::Text(_) => {
                Err(Stop::Failed)
            }
        }
    }

    fn alternative(
        &self,
        left: &'a Node,
        right: &'a Node,
        input: &JsonValue<'a>,
        take: Take<'_, 'a>,
    ) -> Result<(), Stop> {
        let mut has_any = false;
        self.each(left, input, &mut |value| {
            if !value.is_true() {
                return Ok(());
            }
            has_any = true;
            take(value)
        })?;
        if has_any { Ok(()) } else { self.each(right, input, take) }
    }

    /// Hands over all pairs of results: for each of the left side those of the right one.
    #[inline]
    fn pairs(
        &self,
        left: &'a Node,
        right: &'a Node,
        input: &JsonValue<'a>,
        take: &mut dyn FnMut(&JsonValue<'a>, JsonValue<'a>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if let Node::Constant(literal) = right {
            return self.each(left, input, &mut |left| take(&left, literal.value()));
        }
        let is_further = Cell::new(false);
        let outcome = self.each(left, input, &mut |left| {
            let outcome = self.each(right, input, &mut |right| take(&left, right));
            is_further.set(outcome.is_err());
            outcome
        });
        match outcome {
            // jq asks the right side even then, and fails as often as that has results.
            Err(Stop::Failed) if !is_further.get() && !right.yields_one() => Err(Stop::Unsure),
            outcome => outcome,
        }
    }

    /// Hands over the results up to a failure, which ends them. What becomes of them further on is not caught.
    fn attempt(&self, node: &'a Node, input: &JsonValue<'a>, take: Take<'_, 'a>) -> Result<(), Stop> {
        let mut is_further = false;
        let outcome = self.each(node, input, &mut |value| {
            let outcome = take(value);
            is_further = outcome.is_err();
            outcome
        });
        match outcome {
            Err(Stop::Failed) if !is_further => Ok(()),
            outcome => outcome,
        }
    }

    fn first(&self, node: &'a Node, input: &JsonValue<'a>) -> Result<Option<JsonValue<'a>>, Stop> {
        let mut first = None;
        let outcome = self.each(node, input, &mut |value| {
            first = Some(value);
            Err(Stop::Enough)
        });
        match outcome {
            Ok(()) | Err(Stop::Enough) => Ok(first),
            Err(stop) => Err(stop),
        }
    }

    /// Hands over objects: one for each combination of what the names and values yield.
    fn object(
        &self,
        fields: &'a [(Node, Node)],
        made: &mut Vec<(Text<'a>, JsonValue<'a>)>,
        input: &JsonValue<'a>,
        take: Take<'_, 'a>,
    ) -> Result<(), Stop> {
        let Some(((name, value), rest)) = fields.split_first() else { return take(of_fields(made)) };
        let is_further = Cell::new(false);
        let outcome = self.pairs(name, value, input, &mut |name, value| {
            let JsonValue::Text(name) = name else { return Err(Stop::Unsure) };
            made.push((name.clone(), value));
            let outcome = self.object(rest, made, input, take);
            made.pop();
            is_further.set(outcome.is_err());
            outcome
        });
        let is_sure = || rest.iter().all(|(name, value)| name.yields_one() && value.yields_one());
        match outcome {
            Err(Stop::Failed) if !is_further.get() && !is_sure() => Err(Stop::Unsure),
            outcome => outcome,
        }
    }
}

#[inline]
fn test(pattern: &Pattern, input: &JsonValue<'_>) -> Result<bool, Stop> {
    match input {
        JsonValue::Text(text) => Ok(pattern.matches(&text.bytes())),
        _ => Err(Stop::Failed),
    }
}

/// An object of fields; of those with the same name the first place counts, and the last value.
fn of_fields<'a>(made: &[(Text<'a>, JsonValue<'a>)]) -> JsonValue<'a> {
    let is_double =
        |index: usize| made[..index].iter().any(|(name, _)| name.bytes() == made[index].0.bytes());
    if !(1..made.len()).any(is_double) {
        return JsonValue::Object(made.into());
    }
    let mut fields: Vec<(Text<'a>, JsonValue<'a>)> = Vec::new();
    for (name, value) in made {
        match fields.iter_mut().find(|(other, _)| other.bytes() == name.bytes()) {
            Some((_, old)) => *old = value.clone(),
            None => fields.push((name.clone(), value.clone())),
        }
    }
    JsonValue::Object(fields.into())
}

fn compute<'a>(left: JsonValue<'a>, operation: Math, right: JsonValue<'a>) -> Result<JsonValue<'a>, Stop> {
    match (left, operation, right) {
        (JsonValue::Number(left), operation, JsonValue::Number(right)) => {
            // The result of large integers is another text.
            Ok(JsonValue::Number(left.compute(operation, right)?))
        }
        (JsonValue::Text(left), Math::Add, JsonValue::Text(right)) => {
            Ok(JsonValue::Text(Text::made([left.bytes(), right.bytes()].concat())))
        }
        (JsonValue::Null, Math::Add, other) | (other, Math::Add, JsonValue::Null) => Ok(other),
        _ => Err(Stop::Unsure),
    }
}
