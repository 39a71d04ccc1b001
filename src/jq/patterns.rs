//! Regular expressions that stand in programs: a wrong one is found before anything is read.

use super::regexp::Regexp;
use jaq_core::load;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::Part;

/// Functions whose first argument is a regular expression, and the number of arguments with which it is. The last
/// argument of the most arguments are flags.
const FUNCTIONS: [(&str, usize, usize); 8] = [
    ("test", 1, 2),
    ("match", 1, 2),
    ("capture", 1, 2),
    ("scan", 1, 2),
    ("split", 2, 2),
    ("splits", 1, 2),
    ("sub", 2, 3),
    ("gsub", 2, 3),
];

/// Compiles all regular expressions of a program that are plain strings.
///
/// # Errors
/// What is wrong with the first one that does not compile.
pub fn check(program: &str) -> Result<(), String> {
    let Some(term) = load::parse(program, |parser| parser.term()) else { return Ok(()) };
    let mut search = Search::default();
    search.term(&term);
    // A program may have a function of that name, which takes something else.
    match search.wrong {
        Some(words) if !search.is_redefined => Err(words),
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Search {
    wrong: Option<String>,
    is_redefined: bool,
}

impl Search {
    fn all<'p>(&mut self, terms: impl IntoIterator<Item = &'p Term<&'p str>>) {
        terms.into_iter().for_each(|term| self.term(term));
    }

    fn term(&mut self, term: &Term<&str>) {
        match term {
            Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => {}
            Term::Str(_, parts) => {
                for part in parts {
                    if let StrPart::Term(term) = part {
                        self.term(term);
                    }
                }
            }
            Term::Arr(Some(term)) | Term::Neg(term) | Term::Label(_, term) => self.term(term),
            Term::Obj(fields) => {
                for (name, value) in fields {
                    self.term(name);
                    self.all(value);
                }
            }
            Term::BinOp(left, operator, right) => {
                if let BinaryOp::Pipe(Some(pattern)) = operator {
                    self.pattern(pattern);
                }
                self.term(left);
                self.term(right);
            }
            Term::Fold(_, source, pattern, terms) => {
                self.term(source);
                self.pattern(pattern);
                self.all(terms);
            }
            Term::TryCatch(term, caught) => {
                self.term(term);
                self.all(caught.as_deref());
            }
            Term::IfThenElse(branches, otherwise) => {
                for (condition, then) in branches {
                    self.term(condition);
                    self.term(then);
                }
                self.all(otherwise.as_deref());
            }
            Term::Def(definitions, term) => {
                self.definitions(definitions);
                self.term(term);
            }
            Term::Call(name, arguments) => {
                self.call(name, arguments);
                self.all(arguments);
            }
            Term::Path(start, path) => {
                self.term(start);
                for (part, _) in &path.0 {
                    match part {
                        Part::Index(index) => self.term(index),
                        Part::Range(from, to) => self.all([from, to].into_iter().flatten()),
                    }
                }
            }
        }
    }

    fn pattern(&mut self, pattern: &Pattern<&str>) {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| self.pattern(pattern)),
            Pattern::Obj(fields) => {
                for (name, pattern) in fields {
                    self.term(name);
                    self.pattern(pattern);
                }
            }
        }
    }

    fn definitions(&mut self, definitions: &[Def<&str>]) {
        for definition in definitions {
            self.is_redefined |= FUNCTIONS.iter().any(|(name, ..)| *name == definition.name);
            self.term(&definition.body);
        }
    }

    fn call(&mut self, name: &str, arguments: &[Term<&str>]) {
        let Some((_, fewest, most)) = FUNCTIONS.iter().find(|(function, ..)| *function == name) else {
            return;
        };
        if !(*fewest..=*most).contains(&arguments.len()) || self.wrong.is_some() {
            return;
        }
        let flags = match arguments.get(most - 1) {
            Some(Term::Call("null", _)) | None => Some(String::new()),
            Some(flags) => constant(flags),
        };
        if let (Some(pattern), Some(flags)) = (constant(&arguments[0]), flags) {
            self.wrong = Regexp::compile(&pattern, &flags).err();
        }
    }
}

/// A string without anything in it that has to be evaluated.
pub fn constant(term: &Term<&str>) -> Option<String> {
    let Term::Str(None, parts) = term else { return None };
    let mut text = String::new();
    for part in parts {
        match part {
            StrPart::Str(part) => text.push_str(part),
            StrPart::Char(character) => text.push(*character),
            StrPart::Term(_) => return None,
        }
    }
    Some(text)
}
