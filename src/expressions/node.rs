//! Translated expressions.

use super::functions::{Function, Relation};
use super::number::Number;
use super::pattern::Pattern;
use super::value::{JsonValue, Text};
use jaq_core::ops::{Cmp, Math};

/// What yields results for an input.
#[derive(Debug)]
pub enum Node {
    /// `.`
    Identity,
    Constant(Literal),
    /// A part of the record, whatever the input.
    Field(RecordField),
    /// A field of the record's value, by its place among the names of the expression.
    Named(usize),
    Path(Box<Node>, Vec<PathPart>),
    Pipe(Box<Node>, Box<Node>),
    Comma(Box<Node>, Box<Node>),
    /// `l // r`
    Alternative(Box<Node>, Box<Node>),
    /// `l and r`, or `l or r`; the first side decides alone if it is `stop`.
    Logic {
        left: Box<Node>,
        stop: bool,
        right: Box<Node>,
    },
    Compare(Box<Node>, Cmp, Box<Node>),
    Math(Box<Node>, Math, Box<Node>),
    Negate(Box<Node>),
    /// `if f then t else e end`
    If(Box<[Node; 3]>),
    /// `f?`
    Try(Box<Node>),
    Array(Box<Node>),
    /// Names and values.
    Object(Vec<(Node, Node)>),
    Empty,
    Select(Box<Node>),
    First(Box<Node>),
    /// `any(generator; condition)`, or `all`, for which the results that decide are false.
    Any {
        generator: Box<Node>,
        condition: Box<Node>,
        decisive: bool,
    },
    /// A function of the input alone.
    Apply(Function),
    /// A function of the input and each result of the argument; `is_swapped`: of the argument and the input.
    Relate {
        relation: Relation,
        argument: Box<Node>,
        is_swapped: bool,
    },
    Test(Pattern),
}

/// The parts of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordField {
    Topic,
    Partition,
    Offset,
    Timestamp,
    Key,
    Value,
    Headers,
}

/// A step of a path. With `is_optional` nothing comes of a value that cannot be stepped into.
#[derive(Debug)]
pub struct PathPart {
    pub to: PartKind,
    pub is_optional: bool,
}

#[derive(Debug)]
pub enum PartKind {
    Name(Box<str>),
    /// An element; a negative one counts from the end.
    Element(isize),
    /// All elements of an array, or all values of an object.
    Each,
}

#[derive(Debug)]
pub enum Literal {
    Null,
    Bool(bool),
    Integer(i64),
    /// As it was typed, and not a small integer.
    Number(String),
    Text(String),
}

impl RecordField {
    pub fn of_name(name: &str) -> Option<RecordField> {
        Some(match name {
            "topic" => RecordField::Topic,
            "partition" => RecordField::Partition,
            "offset" => RecordField::Offset,
            "timestamp" => RecordField::Timestamp,
            "key" => RecordField::Key,
            "value" => RecordField::Value,
            "headers" => RecordField::Headers,
            _ => return None,
        })
    }
}

impl Literal {
    #[inline]
    pub fn value(&self) -> JsonValue<'_> {
        match self {
            Literal::Null => JsonValue::Null,
            Literal::Bool(is_true) => JsonValue::Bool(*is_true),
            Literal::Integer(number) => JsonValue::Number(Number::Integer(*number)),
            Literal::Number(text) => JsonValue::Number(Number::of_text(text.as_bytes())),
            Literal::Text(text) => JsonValue::Text(Text::Plain(text.as_bytes())),
        }
    }
}

impl Node {
    /// Whether there is exactly one result, or a failure, for every input.
    pub fn yields_one(&self) -> bool {
        match self {
            Node::Identity
            | Node::Constant(_)
            | Node::Field(_)
            | Node::Named(_)
            | Node::Array(_)
            | Node::Apply(_)
            | Node::Any { .. }
            | Node::Test(_) => true,
            Node::Path(start, steps) => {
                let is_one = |step: &PathPart| !step.is_optional && !matches!(step.to, PartKind::Each);
                start.yields_one() && steps.iter().all(is_one)
            }
            Node::Pipe(left, right)
            | Node::Alternative(left, right)
            | Node::Logic { left, right, .. }
            | Node::Compare(left, _, right)
            | Node::Math(left, _, right) => left.yields_one() && right.yields_one(),
            Node::Negate(node) | Node::Relate { argument: node, .. } => node.yields_one(),
            Node::If(nodes) => nodes.iter().all(Node::yields_one),
            Node::Object(fields) => {
                fields.iter().all(|(name, value)| name.yields_one() && value.yields_one())
            }
            Node::Comma(..) | Node::Try(_) | Node::Empty | Node::Select(_) | Node::First(_) => false,
        }
    }
}
