//! Translates programs, as far as they are of the kind that needs no jq.

use super::functions::{Function, Relation};
use super::node::{Literal, Node, PartKind, PathPart, RecordField};
use super::pattern::Pattern;
use super::value::ValueKind;
use super::{Expression, Parts};
use crate::decode::json::FIELDS_AT_ONCE;
use crate::jq::{constant, is_shallow};
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::load::{self};
use jaq_core::ops::{Cmp, Math};
use jaq_core::path::{Opt, Part};

/// Translates a program that compiles.
pub fn translate(program: &str, names: &mut Vec<Box<str>>) -> Option<Expression> {
    // What is nested deeply is nothing for the stacks of the threads that evaluate it.
    let term = is_shallow(program).then(|| load::parse(program, |parser| parser.term())).flatten()?;
    let mut translation = Translation { names: names.clone(), parts: Parts::default() };
    let root = translation.node(&term, Input::Record)?.0;
    *names = translation.names;
    Some(Expression { root, parts: translation.parts })
}

/// What is known of the input of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    Record,
    Any,
}

struct Translation {
    names: Vec<Box<str>>,
    parts: Parts,
}

/// A node, and what its results are.
type Translated = (Node, Input);

fn any(node: Node) -> Option<Translated> {
    Some((node, Input::Any))
}

impl Translation {
    fn node(&mut self, term: &Term<&str>, input: Input) -> Option<Translated> {
        match term {
            Term::Id => {
                self.uses_anything(input);
                Some((Node::Identity, input))
            }
            Term::Num(text) => any(Node::Constant(number(text, false)?)),
            Term::Neg(negated) => match &**negated {
                Term::Num(text) => any(Node::Constant(number(text, true)?)),
                other => any(Node::Negate(self.boxed(other, input)?)),
            },
            Term::Str(None, parts) => any(self.string(parts, input)?),
            Term::Arr(None) => any(Node::Array(Box::new(Node::Empty))),
            Term::Arr(Some(elements)) => any(Node::Array(self.boxed(elements, input)?)),
            Term::Obj(fields) => {
                let field = |(name, value): &(Term<&str>, Option<Term<&str>>)| {
                    self.field(name, value.as_ref(), input)
                };
                any(Node::Object(fields.iter().map(field).collect::<Option<_>>()?))
            }
            Term::BinOp(left, operator, right) => self.binary(left, operator, right, input),
            Term::TryCatch(tried, None) => {
                let (node, output) = self.node(tried, input)?;
                Some((Node::Try(Box::new(node)), output))
            }
            Term::IfThenElse(branches, otherwise) => {
                let last = match otherwise {
                    Some(otherwise) => self.value(otherwise, input)?,
                    None => self.value(&Term::Id, input)?,
                };
                let branch = |last, (condition, then): &(Term<&str>, Term<&str>)| {
                    let nodes = [self.value(condition, input)?, self.value(then, input)?, last];
                    Some(Node::If(Box::new(nodes)))
                };
                any(branches.iter().rev().try_fold(last, branch)?)
            }
            Term::Call(name, arguments) => self.call(name, arguments, input),
            Term::Path(start, path) => self.path(start, &path.0, input),
            _ => None,
        }
    }

    /// A node of whose results it is not known any more whether they are the record.
    fn value(&mut self, term: &Term<&str>, input: Input) -> Option<Node> {
        let (node, output) = self.node(term, input)?;
        self.uses_anything(output);
        Some(node)
    }

    fn boxed(&mut self, term: &Term<&str>, input: Input) -> Option<Box<Node>> {
        self.value(term, input).map(Box::new)
    }

    fn binary(
        &mut self,
        left: &Term<&str>,
        operator: &BinaryOp<&str>,
        right: &Term<&str>,
        input: Input,
    ) -> Option<Translated> {
        if let BinaryOp::Pipe(None) = operator {
            let (left, between) = self.node(left, input)?;
            let (right, output) = self.node(right, between)?;
            return Some((Node::Pipe(Box::new(left), Box::new(right)), output));
        }
        let (left, right) = (self.boxed(left, input)?, self.boxed(right, input)?);
        any(match operator {
            BinaryOp::Comma => Node::Comma(left, right),
            BinaryOp::Alt => Node::Alternative(left, right),
            BinaryOp::And => Node::Logic { left, stop: false, right },
            BinaryOp::Or => Node::Logic { left, stop: true, right },
            BinaryOp::Cmp(operator) => Node::Compare(left, *operator, right),
            BinaryOp::Math(operation) => Node::Math(left, *operation, right),
            _ => return None,
        })
    }

    fn path(
        &mut self,
        start: &Term<&str>,
        parts: &[(Part<Term<&str>>, Opt)],
        input: Input,
    ) -> Option<Translated> {
        let mut steps = parts.iter().map(step).collect::<Option<Vec<_>>>()?;
        if !(input == Input::Record && matches!(start, Term::Id)) {
            return any(Node::Path(self.boxed(start, input)?, steps));
        }
        let PartKind::Name(name) = &steps.first()?.to else { return None };
        let field = RecordField::of_name(name)?;
        self.uses(field);
        // An object has fields, so that it does not matter whether this step is optional.
        steps.remove(0);
        let is_named = matches!(steps.first(), Some(PathPart { to: PartKind::Name(_), is_optional: false }));
        let start = match field {
            RecordField::Value if is_named => match self.named(&steps[0]) {
                Some(named) => {
                    steps.remove(0);
                    named
                }
                None => Node::Field(field),
            },
            field => Node::Field(field),
        };
        any(if steps.is_empty() { start } else { Node::Path(Box::new(start), steps) })
    }

    fn uses(&mut self, field: RecordField) {
        match field {
            RecordField::Key => self.parts.key = true,
            RecordField::Value => self.parts.value = true,
            RecordField::Headers => self.parts.headers = true,
            RecordField::Topic | RecordField::Partition | RecordField::Offset | RecordField::Timestamp => {}
        }
    }

    /// What may be the record may be stepped into.
    fn uses_anything(&mut self, from: Input) {
        if from == Input::Record {
            self.parts = Parts { key: true, value: true, headers: true };
        }
    }

    /// The place of a field among those that are looked up at once, as long as there is room.
    fn named(&mut self, step: &PathPart) -> Option<Node> {
        let PartKind::Name(name) = &step.to else { return None };
        let place = match self.names.iter().position(|other| other == name) {
            Some(place) => place,
            None if self.names.len() < FIELDS_AT_ONCE => {
                self.names.push(name.clone());
                self.names.len() - 1
            }
            None => return None,
        };
        Some(Node::Named(place))
    }

    /// A field of an object that is made.
    fn field(&mut self, name: &Term<&str>, value: Option<&Term<&str>>, input: Input) -> Option<(Node, Node)> {
        let value = match value {
            Some(value) => self.value(value, input)?,
            // `{name}` is short for `{name: .name}`.
            None => self.path(&Term::Id, &[(Part::Index(name.clone()), Opt::Essential)], input)?.0,
        };
        Some((self.value(name, input)?, value))
    }

    /// A string is the sum of its parts.
    fn string(&mut self, parts: &[StrPart<&str, Term<&str>>], input: Input) -> Option<Node> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut text = String::new();
        for part in parts {
            match part {
                StrPart::Str(part) => text.push_str(part),
                StrPart::Char(character) => text.push(*character),
                StrPart::Term(term) => {
                    nodes.push(Node::Constant(Literal::Text(std::mem::take(&mut text))));
                    let to_string = Node::Apply(Function::ToString);
                    nodes.push(Node::Pipe(self.boxed(term, input)?, Box::new(to_string)));
                }
            }
        }
        nodes.push(Node::Constant(Literal::Text(text)));
        let add = |sum, node| Node::Math(Box::new(node), Math::Add, Box::new(sum));
        nodes.into_iter().rev().reduce(add)
    }

    fn call(&mut self, name: &str, arguments: &[Term<&str>], input: Input) -> Option<Translated> {
        match arguments {
            [] => self.function(name, input),
            [argument] => self.call_with_one(name, argument, input),
            [first, second] => self.call_with_two(name, [first, second], input),
            _ => None,
        }
    }

    fn function(&mut self, name: &str, input: Input) -> Option<Translated> {
        let is = |kind| Node::Apply(Function::Is(kind));
        let of_kind = |kind| Some((Node::Select(Box::new(is(kind))), input));
        let compared_to_null = |operator| {
            let null = Box::new(Node::Constant(Literal::Null));
            Some((Node::Select(Box::new(Node::Compare(Box::new(Node::Identity), operator, null))), input))
        };
        any(match name {
            "empty" => Node::Empty,
            "null" => Node::Constant(Literal::Null),
            "true" => Node::Constant(Literal::Bool(true)),
            "false" => Node::Constant(Literal::Bool(false)),
            "not" => Node::Apply(Function::Not),
            "length" => Node::Apply(Function::Length),
            "type" => Node::Apply(Function::Type),
            "tostring" => Node::Apply(Function::ToString),
            "tonumber" => Node::Apply(Function::ToNumber),
            "ascii_downcase" => Node::Apply(Function::LowerCase),
            "ascii_upcase" => Node::Apply(Function::UpperCase),
            "isboolean" => is(ValueKind::Bool),
            "isnumber" => is(ValueKind::Number),
            "isstring" => is(ValueKind::Text),
            "isarray" => is(ValueKind::Array),
            "isobject" => is(ValueKind::Object),
            "values" => return compared_to_null(Cmp::Ne),
            "nulls" => return compared_to_null(Cmp::Eq),
            "booleans" => return of_kind(ValueKind::Bool),
            "numbers" => return of_kind(ValueKind::Number),
            "strings" => return of_kind(ValueKind::Text),
            "arrays" => return of_kind(ValueKind::Array),
            "objects" => return of_kind(ValueKind::Object),
            "any" => each_is(Node::Identity, true),
            "all" => each_is(Node::Identity, false),
            _ => return None,
        })
    }

    fn call_with_one(&mut self, name: &str, argument: &Term<&str>, input: Input) -> Option<Translated> {
        if name == "test" {
            return any(Node::Test(Pattern::translate(&constant(argument)?, "")?));
        }
        if matches!(name, "map" | "any" | "all") {
            let node = self.value(argument, Input::Any)?;
            return any(match name {
                "map" => Node::Array(Box::new(Node::Pipe(Box::new(elements()), Box::new(node)))),
                name => each_is(node, name == "any"),
            });
        }
        if name == "first" {
            let (node, output) = self.node(argument, input)?;
            return Some((Node::First(Box::new(node)), output));
        }
        let argument = self.boxed(argument, input)?;
        let relate = |relation, argument, is_swapped| Node::Relate { relation, argument, is_swapped };
        Some(match name {
            "select" => (Node::Select(argument), input),
            "has" => (relate(Relation::Has, argument, false), Input::Any),
            "in" => (relate(Relation::Has, argument, true), Input::Any),
            "contains" => (relate(Relation::Contains, argument, false), Input::Any),
            "inside" => (relate(Relation::Contains, argument, true), Input::Any),
            "startswith" => (relate(Relation::StartsWith, argument, false), Input::Any),
            "endswith" => (relate(Relation::EndsWith, argument, false), Input::Any),
            "ltrimstr" => (relate(Relation::TrimStart, argument, false), Input::Any),
            "rtrimstr" => (relate(Relation::TrimEnd, argument, false), Input::Any),
            _ => return None,
        })
    }

    fn call_with_two(
        &mut self,
        name: &str,
        [first, second]: [&Term<&str>; 2],
        input: Input,
    ) -> Option<Translated> {
        match name {
            "test" => {
                let pattern = Pattern::translate(&constant(first)?, &constant(second)?)?;
                any(Node::Test(pattern))
            }
            "any" | "all" => {
                let (generator, between) = self.node(first, input)?;
                let condition = self.boxed(second, between)?;
                any(Node::Any { generator: Box::new(generator), condition, decisive: name == "any" })
            }
            _ => None,
        }
    }
}

/// `.[]`
fn elements() -> Node {
    Node::Path(Box::new(Node::Identity), vec![PathPart { to: PartKind::Each, is_optional: false }])
}

/// Whether `any` or else all elements fulfil a condition.
fn each_is(condition: Node, is_any: bool) -> Node {
    Node::Any { generator: Box::new(elements()), condition: Box::new(condition), decisive: is_any }
}

fn step((part, optional): &(Part<Term<&str>>, Opt)) -> Option<PathPart> {
    let to = match part {
        Part::Index(index) => match index {
            Term::Num(text) => PartKind::Element(text.parse().ok()?),
            Term::Neg(negated) => match &**negated {
                Term::Num(text) => PartKind::Element(text.parse::<isize>().ok()?.checked_neg()?),
                _ => return None,
            },
            name => PartKind::Name(constant(name)?.into()),
        },
        Part::Range(None, None) => PartKind::Each,
        Part::Range(..) => return None,
    };
    Some(PathPart { to, is_optional: matches!(optional, Opt::Optional) })
}

fn number(text: &str, is_negative: bool) -> Option<Literal> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(Literal::Integer(if is_negative { -number } else { number }));
    }
    let is_plain = !text.starts_with('0') || text.starts_with("0.");
    is_plain.then(|| Literal::Number(if is_negative { format!("-{text}") } else { text.to_owned() }))
}
