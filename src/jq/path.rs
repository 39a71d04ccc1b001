//! Paths of the jq language, which name one place in a value and are looked up without running a program.

use super::{Program, is_shallow};
use jaq_core::load::lex::StrPart;
use jaq_core::load::{self, parse::Term};
use jaq_core::path::{self, Part};

/// A place in a JSON value: `.customer.name`, `.items[0].sku`, `."a field"`, or `.`, the value itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<PathStep>);

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// To a field of an object.
    Field(String),
    /// To an element of an array; a negative one counts from the end.
    Element(isize),
}

impl Path {
    /// The path to a field of the value itself.
    pub fn to_field(name: &str) -> Path {
        Path(vec![PathStep::Field(name.to_owned())])
    }

    /// Reads a path in jq's notation.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Path, String> {
        let term = is_shallow(text).then(|| load::parse(text, |parser| parser.term())).flatten();
        match term.and_then(|term| steps(&term)) {
            Some(steps) => Ok(Path(steps)),
            None => {
                let error = Program::compile(text).err().map(|error| error.words);
                Err(error.unwrap_or_else(|| "a jq program, not a path".to_owned()))
            }
        }
    }

    pub fn steps(&self) -> &[PathStep] {
        &self.0
    }
}

/// The steps of a term; `None` if it is anything but a path to one place.
fn steps(term: &Term<&str>) -> Option<Vec<PathStep>> {
    match term {
        Term::Id => Some(Vec::new()),
        Term::Path(start, path::Path(parts)) => {
            let mut all = steps(start)?;
            for (part, _) in parts {
                let Part::Index(index) = part else { return None };
                all.push(step(index)?);
            }
            Some(all)
        }
        _ => None,
    }
}

fn step(index: &Term<&str>) -> Option<PathStep> {
    match index {
        Term::Str(None, parts) => {
            let mut name = String::new();
            for part in parts {
                match part {
                    StrPart::Str(text) => name.push_str(text),
                    StrPart::Char(character) => name.push(*character),
                    StrPart::Term(_) => return None,
                }
            }
            Some(PathStep::Field(name))
        }
        Term::Num(number) => Some(PathStep::Element(number.parse().ok()?)),
        Term::Neg(number) => match step(number)? {
            PathStep::Element(index) => Some(PathStep::Element(-index)),
            PathStep::Field(_) => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str) -> PathStep {
        PathStep::Field(name.to_owned())
    }

    #[test]
    fn a_path_is_its_steps() {
        for (text, steps) in [
            (".", vec![]),
            (".title", vec![field("title")]),
            (".customer.name", vec![field("customer"), field("name")]),
            (".items[0].sku", vec![field("items"), PathStep::Element(0), field("sku")]),
            (".[-1]", vec![PathStep::Element(-1)]),
            (".a?.b?", vec![field("a"), field("b")]),
            (r#"."first name""#, vec![field("first name")]),
            (r#".["a.b"]["\u00e9\n"]"#, vec![field("a.b"), field("é\n")]),
            ("(.a).b", vec![field("a"), field("b")]),
            (" .a ", vec![field("a")]),
        ] {
            assert_eq!(Path::parse(text), Ok(Path(steps)), "{text}");
        }
        assert_eq!(Path::to_field("a.b").steps(), [field("a.b")]);
    }

    #[test]
    fn what_is_no_path_to_one_place_is_refused() {
        let program = "a jq program, not a path";
        for (text, what) in [
            (".[]", program),
            (".a[1:]", program),
            (".a | .b", program),
            (".a // .b", program),
            (".a[.b]", program),
            (r#"."a\(.b)""#, program),
            (".[1.5]", program),
            ("..", program),
            (".a + 1", program),
            (".a.", "it ends where a key is expected"),
            (".a[", "expected closing bracket at the end"),
            (". x", "unexpected `x` at character 3"),
        ] {
            assert_eq!(Path::parse(text), Err(what.to_owned()), "{text}");
        }
    }
}
