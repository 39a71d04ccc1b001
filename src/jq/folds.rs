//! `reduce` and `foreach` whose update has several results, or none: jq goes on with the last one, or null, where jaq
//! goes on with each.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::load::{self};
use jaq_core::path::{Opt, Part, Path};

/// The name under which a program is called that was changed.
pub const PROGRAM: &str = "program_";

/// The program as a definition, if it has to be changed.
pub fn changed(program: &str) -> Option<Def<&str>> {
    if !program.contains("reduce") && !program.contains("foreach") {
        return None;
    }
    let mut body = load::parse(program, |parser| parser.term())?;
    let mut is_changed = false;
    change(&mut body, &mut is_changed);
    is_changed.then(|| Def { name: PROGRAM, args: Vec::new(), body })
}

fn change(term: &mut Term<&str>, is_changed: &mut bool) {
    each_inside(term, &mut |inside| change(inside, is_changed));
    let Term::Fold(name, _, _, terms) = term else { return };
    if terms.get(1).is_none_or(is_one) {
        return;
    }
    *is_changed = true;
    let take = |terms: &mut Vec<Term<_>>, at: usize| std::mem::take(&mut terms[at]);
    let update = take(terms, 1);
    if *name == "reduce" {
        terms[1] = Term::Call("last_result", vec![update]);
        return;
    }
    // What goes on is an array of all results.
    let init = take(terms, 0);
    terms[0] = pipe(init, Term::Arr(Some(Box::new(Term::Id))));
    let last = Part::Index(Term::Neg(Box::new(Term::Num("1"))));
    terms[1] = Term::Arr(Some(Box::new(pipe(step(last), update))));
    if terms.len() < 3 {
        terms.push(Term::Id);
    }
    let projection = take(terms, 2);
    terms[2] = pipe(step(Part::Range(None, None)), projection);
}

fn pipe<'p>(left: Term<&'p str>, right: Term<&'p str>) -> Term<&'p str> {
    Term::BinOp(Box::new(left), BinaryOp::Pipe(None), Box::new(right))
}

fn step(part: Part<Term<&str>>) -> Term<&str> {
    Term::Path(Box::new(Term::Id), Path(vec![(part, Opt::Essential)]))
}

/// Whether a term surely has one result, or fails.
fn is_one(term: &Term<&str>) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Arr(_) => true,
        Term::Str(_, parts) => parts.iter().all(|part| !matches!(part, StrPart::Term(term) if !is_one(term))),
        Term::Obj(fields) => {
            fields.iter().all(|(name, value)| is_one(name) && value.as_ref().is_none_or(is_one))
        }
        Term::Neg(term) => is_one(term),
        Term::BinOp(left, operator, right) => match operator {
            BinaryOp::Pipe(_) | BinaryOp::Math(_) | BinaryOp::Cmp(_) | BinaryOp::And | BinaryOp::Or => {
                is_one(left) && is_one(right)
            }
            // As many as there are on the right.
            BinaryOp::Assign | BinaryOp::UpdateMath(_) => is_one(right),
            BinaryOp::Update => true,
            _ => false,
        },
        Term::IfThenElse(branches, otherwise) => {
            branches.iter().all(|(condition, then)| is_one(condition) && is_one(then))
                && otherwise.as_deref().is_none_or(is_one)
        }
        Term::Path(start, path) => {
            let is_one_part = |(part, opt): &(Part<Term<&str>>, Opt)| {
                let is_one_place = match part {
                    Part::Index(index) => is_one(index),
                    Part::Range(None, None) => false,
                    Part::Range(from, to) => [from, to].into_iter().flatten().all(is_one),
                };
                is_one_place && matches!(opt, Opt::Essential)
            };
            is_one(start) && path.0.iter().all(is_one_part)
        }
        Term::Call(name, arguments) => match *name {
            "length" | "tostring" | "not" | "add" | "type" | "map" | "sort" | "null" | "true" | "false" => {
                true
            }
            "min" | "max" | "keys" | "floor" | "tonumber" | "unique" | "ascii_downcase" => {
                arguments.is_empty()
            }
            "setpath" | "has" | "startswith" | "test" => arguments.iter().all(is_one),
            _ => false,
        },
        _ => false,
    }
}

/// Hands over the terms that are directly inside.
fn each_inside<'p>(term: &mut Term<&'p str>, take: &mut dyn FnMut(&mut Term<&'p str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) => {}
        Term::Str(_, parts) => {
            for part in parts {
                if let StrPart::Term(term) = part {
                    take(term);
                }
            }
        }
        Term::Arr(inside) => inside.iter_mut().for_each(|term| take(term)),
        Term::Neg(term) | Term::Label(_, term) => take(term),
        Term::Obj(fields) => {
            for (name, value) in fields {
                take(name);
                value.iter_mut().for_each(&mut *take);
            }
        }
        Term::BinOp(left, operator, right) => {
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                each_in_pattern(pattern, take);
            }
            take(left);
            take(right);
        }
        Term::Fold(_, source, pattern, terms) => {
            take(source);
            each_in_pattern(pattern, take);
            terms.iter_mut().for_each(take);
        }
        Term::TryCatch(term, caught) => {
            take(term);
            caught.iter_mut().for_each(|term| take(term));
        }
        Term::IfThenElse(branches, otherwise) => {
            for (condition, then) in branches {
                take(condition);
                take(then);
            }
            otherwise.iter_mut().for_each(|term| take(term));
        }
        Term::Def(definitions, term) => {
            definitions.iter_mut().for_each(|definition| take(&mut definition.body));
            take(term);
        }
        Term::Call(_, arguments) => arguments.iter_mut().for_each(take),
        Term::Path(start, path) => {
            take(start);
            for (part, _) in &mut path.0 {
                match part {
                    Part::Index(index) => take(index),
                    Part::Range(from, to) => [from, to].into_iter().flatten().for_each(&mut *take),
                }
            }
        }
    }
}

fn each_in_pattern<'p>(pattern: &mut Pattern<&'p str>, take: &mut dyn FnMut(&mut Term<&'p str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => patterns.iter_mut().for_each(|pattern| each_in_pattern(pattern, take)),
        Pattern::Obj(fields) => {
            for (name, pattern) in fields {
                take(name);
                each_in_pattern(pattern, take);
            }
        }
    }
}
