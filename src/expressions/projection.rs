//! Which parts of a record a program looks at that only jq can run.

use crate::jq::{constant, is_shallow};
use crate::render::{Projection, ValueProjection};
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::load::{self, lex::StrPart};
use jaq_core::path::{Opt, Part};

/// The parts that a filter looks at; `None` if it may look at everything.
pub fn of_filter(program: &str) -> Option<Projection> {
    let term = parsed(program)?;
    let mut usage = Usage::default();
    usage.truth(&term, Input::Record)?;
    Some(usage.0)
}

/// The parts that a program looks at whose results count; `None` if it may look at everything.
pub fn of_results(program: &str) -> Option<Projection> {
    let term = parsed(program)?;
    let mut usage = Usage::default();
    usage.operand(&term, Input::Record)?;
    Some(usage.0)
}

fn parsed(program: &str) -> Option<Term<&str>> {
    is_shallow(program).then(|| load::parse(program, |parser| parser.term())).flatten()
}

/// What a term gets or yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// The record as a whole, of which nobody has looked at anything.
    Record,
    /// Its value, in the same way.
    Value,
    /// Something that was looked at already, or that has nothing of the record.
    Seen,
}

/// The parts that were named so far.
#[derive(Default)]
struct Usage(Projection);

impl Usage {
    fn value(&mut self, value: ValueProjection) {
        self.0 = std::mem::take(&mut self.0).and(Projection { value, ..Projection::default() });
    }

    /// A term whose results are looked at as wholes.
    fn operand(&mut self, term: &Term<&str>, input: Input) -> Option<()> {
        let output = self.term(term, input)?;
        self.seen(output)
    }

    fn seen(&mut self, output: Input) -> Option<()> {
        match output {
            Input::Record => return None,
            Input::Value => self.value(ValueProjection::Whole),
            Input::Seen => {}
        }
        Some(())
    }

    /// A term of whose results it only counts whether they are true: an object is.
    fn truth(&mut self, term: &Term<&str>, input: Input) -> Option<()> {
        match self.term(term, input)? {
            Input::Value => self.value(ValueProjection::Fields(Vec::new())),
            Input::Record | Input::Seen => {}
        }
        Some(())
    }

    /// The results of either term.
    fn either(&mut self, left: Input, right: Input) -> Option<Input> {
        if left != right {
            self.seen(left)?;
            self.seen(right)?;
            return Some(Input::Seen);
        }
        Some(left)
    }

    fn term(&mut self, term: &Term<&str>, input: Input) -> Option<Input> {
        if input == Input::Seen {
            // Variables have nothing that was not seen when they were set, so there is nothing else inside.
            return Some(Input::Seen);
        }
        match term {
            Term::Id => return Some(input),
            Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => {}
            Term::Recurse => self.seen(input)?,
            Term::Str(_, parts) => {
                for part in parts {
                    if let StrPart::Term(term) = part {
                        self.operand(term, input)?;
                    }
                }
            }
            Term::Arr(Some(term)) | Term::Neg(term) => self.operand(term, input)?,
            Term::Obj(fields) => {
                for (name, value) in fields {
                    self.field(name, value.as_ref(), input)?;
                }
            }
            Term::BinOp(left, operator, right) => return self.binary(left, operator, right, input),
            Term::Label(_, term) => return self.term(term, input),
            Term::Fold(_, values, _, arguments) => {
                self.operand(values, input)?;
                self.operand(arguments.first()?, input)?;
            }
            Term::TryCatch(term, catch) => {
                let output = self.term(term, input)?;
                return if catch.is_some() { self.either(output, Input::Seen) } else { Some(output) };
            }
            Term::IfThenElse(branches, otherwise) => {
                let mut output = match otherwise {
                    Some(otherwise) => self.term(otherwise, input)?,
                    None => input,
                };
                for (condition, then) in branches {
                    self.truth(condition, input)?;
                    let then = self.term(then, input)?;
                    output = self.either(output, then)?;
                }
                return Some(output);
            }
            Term::Call(name, arguments) => return self.call(name, arguments, input),
            Term::Path(start, path) => return self.path(start, &path.0, input),
            Term::Def(..) => return None,
        }
        Some(Input::Seen)
    }

    fn field(&mut self, name: &Term<&str>, value: Option<&Term<&str>>, input: Input) -> Option<()> {
        match (name, value) {
            (_, Some(value)) => {
                self.operand(name, input)?;
                self.operand(value, input)
            }
            (Term::Var(_), None) => Some(()),
            (name, None) => {
                let output = self.path(&Term::Id, &[(Part::Index(name.clone()), Opt::Essential)], input)?;
                self.seen(output)
            }
        }
    }

    fn binary(
        &mut self,
        left: &Term<&str>,
        operator: &BinaryOp<&str>,
        right: &Term<&str>,
        input: Input,
    ) -> Option<Input> {
        match operator {
            BinaryOp::Pipe(None) => {
                let between = self.term(left, input)?;
                return self.term(right, between);
            }
            BinaryOp::Pipe(Some(_)) => {
                self.operand(left, input)?;
                return self.term(right, input);
            }
            BinaryOp::Comma | BinaryOp::Alt => {
                let (left, right) = (self.term(left, input)?, self.term(right, input)?);
                return self.either(left, right);
            }
            BinaryOp::Or | BinaryOp::And => {
                self.truth(left, input)?;
                self.truth(right, input)?;
            }
            BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
                self.operand(left, input)?;
                self.operand(right, input)?;
            }
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                self.seen(input)?;
            }
        }
        Some(Input::Seen)
    }

    fn call(&mut self, name: &str, arguments: &[Term<&str>], input: Input) -> Option<Input> {
        match (name, arguments) {
            ("empty" | "null" | "true" | "false" | "now" | "env" | "nan" | "infinite", []) => {}
            ("not", []) => self.truth(&Term::Id, input)?,
            ("select", [condition]) => {
                self.truth(condition, input)?;
                return Some(input);
            }
            ("isempty", [generator]) => {
                self.term(generator, input)?;
            }
            ("error", [message]) => self.operand(message, input)?,
            ("first" | "last", [term]) => return self.term(term, input),
            ("limit" | "skip", [count, term]) => {
                self.operand(count, input)?;
                return self.term(term, input);
            }
            ("any" | "all", [generator, condition]) => {
                let between = self.term(generator, input)?;
                self.truth(condition, between)?;
            }
            _ => self.seen(input)?,
        }
        Some(Input::Seen)
    }

    fn path(&mut self, start: &Term<&str>, parts: &[(Part<Term<&str>>, Opt)], input: Input) -> Option<Input> {
        let mut at = self.term(start, input)?;
        for (part, _) in parts {
            // What stands in brackets has the same input as the start.
            match part {
                Part::Index(index) => self.operand(index, input)?,
                Part::Range(from, upto) => {
                    for bound in [from, upto].into_iter().flatten() {
                        self.operand(bound, input)?;
                    }
                }
            }
            at = self.step(at, part)?;
        }
        Some(at)
    }

    fn step(&mut self, from: Input, part: &Part<Term<&str>>) -> Option<Input> {
        let name = match part {
            Part::Index(index) => constant(index),
            Part::Range(..) => None,
        };
        match (from, name) {
            (Input::Record, Some(name)) => {
                match name.as_str() {
                    "value" => return Some(Input::Value),
                    "headers" => self.0.headers = true,
                    // How the value and the key are encoded, and what else is said of them.
                    other if other.starts_with("value") => self.value(ValueProjection::Whole),
                    other if other.starts_with("key") => self.0.key = true,
                    _ => self.0.place = true,
                }
            }
            (Input::Value, Some(name)) => self.value(ValueProjection::Fields(vec![name.into()])),
            (Input::Record | Input::Value, None) => self.seen(from)?,
            (Input::Seen, _) => {}
        }
        Some(Input::Seen)
    }
}
