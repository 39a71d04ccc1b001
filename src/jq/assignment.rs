//! Programs that assign where a comparison was meant.

use super::source::is_shallow;
use jaq_core::load;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Math;
use jaq_core::path::Part;

/// The operator of a program that is an assignment as a whole. What it yields is never `false` or `null`.
pub fn assignment(program: &str) -> Option<&'static str> {
    let term = is_shallow(program).then(|| load::parse(program, |parser| parser.term())).flatten()?;
    of_term(&term)
}

fn of_term(term: &Term<&str>) -> Option<&'static str> {
    match term {
        Term::BinOp(_, BinaryOp::Pipe(_), last) | Term::Def(_, last) | Term::Label(_, last) => of_term(last),
        // The input itself is what was assigned to it.
        Term::BinOp(place, operator, value) if !matches!(**place, Term::Id) && yields(value) => {
            spelled(operator)
        }
        _ => None,
    }
}

fn spelled(operator: &BinaryOp<&str>) -> Option<&'static str> {
    Some(match operator {
        BinaryOp::Assign => "=",
        BinaryOp::Update => "|=",
        BinaryOp::UpdateMath(Math::Add) => "+=",
        BinaryOp::UpdateMath(Math::Sub) => "-=",
        BinaryOp::UpdateMath(Math::Mul) => "*=",
        BinaryOp::UpdateMath(Math::Div) => "/=",
        BinaryOp::UpdateMath(Math::Rem) => "%=",
        BinaryOp::UpdateAlt => "//=",
        BinaryOp::Pipe(_)
        | BinaryOp::Comma
        | BinaryOp::Alt
        | BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Math(_)
        | BinaryOp::Cmp(_) => return None,
    })
}

/// Whether a term surely yields something: without a value nothing is assigned, and the record is left out.
fn yields(term: &Term<&str>) -> bool {
    match term {
        Term::Id | Term::Num(_) | Term::Str(_, _) | Term::Arr(_) | Term::Var(_) => true,
        Term::Neg(term) => yields(term),
        Term::Call(name, arguments) => arguments.is_empty() && ["true", "false", "null"].contains(name),
        Term::Path(start, path) => {
            yields(start) && path.0.iter().all(|(part, _)| matches!(part, Part::Index(_)))
        }
        Term::BinOp(left, BinaryOp::And | BinaryOp::Or | BinaryOp::Math(_) | BinaryOp::Cmp(_), right) => {
            yields(left) && yields(right)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_assigns_is_told_from_one_that_compares() {
        for (program, operator) in [
            (".value.id = 5", Some("=")),
            (".value.name = \"x\"", Some("=")),
            (".key == \"a\" and .value.id = 5", Some("=")),
            (".value.id = 5 and .key == \"a\"", Some("=")),
            (".value | .id = .other", Some("=")),
            ("(.value.id = -5)", Some("=")),
            (".value.ok = true", Some("=")),
            (".value.id |= 5", Some("|=")),
            (".value.id += 5", Some("+=")),
            (".value.id //= 5", Some("//=")),
            (".value.id == 5", None),
            (".value.id >= 5", None),
            (".", None),
            // It is a condition on what was assigned.
            ("(.value.id = 5) | .key", None),
            ("(.value.id = 5) == .", None),
            // What it yields depends on the record.
            (". = false", None),
            (".value.id = (.key | select(. != null))", None),
            (".value.id = .key[]", None),
            (".value.id = empty", None),
        ] {
            assert_eq!(assignment(program), operator, "{program}");
        }
    }
}
