//! The schemas that a schema needs: each is fetched once, what is needed first comes first.

use super::answer::{Reference, SchemaAnswer};
use std::collections::BTreeSet;
use std::sync::Arc;

/// References are followed so deep.
const DEEPEST: usize = 64;

/// A schema has so many references in all.
const MOST: usize = 1_000;

/// Why the references of a schema are not complete.
#[derive(Debug, PartialEq, Eq)]
pub enum ReferenceFault<E> {
    TooMany,
    Failed(E),
}

/// A schema under the name by which another one refers to it.
#[derive(Debug, PartialEq, Eq)]
pub struct Referenced {
    pub name: String,
    pub answer: Arc<SchemaAnswer>,
    /// Whether it was listed before under another name.
    pub is_again: bool,
}

/// All schemas that `root` refers to, also through others; one that is referred to stands before the one that does.
/// Circles are cut.
///
/// # Errors
/// What `get` says, or there are too many.
pub fn collect<E>(
    root: &SchemaAnswer,
    get: &mut dyn FnMut(&Reference) -> Result<Arc<SchemaAnswer>, E>,
) -> Result<Vec<Referenced>, ReferenceFault<E>> {
    let mut walk = Walk { get, seen: BTreeSet::new(), named: BTreeSet::new(), found: Vec::new() };
    walk.follow(root, 0)?;
    Ok(walk.found)
}

struct Walk<'a, E> {
    get: &'a mut dyn FnMut(&Reference) -> Result<Arc<SchemaAnswer>, E>,
    /// Versions of subjects.
    seen: BTreeSet<(String, String)>,
    named: BTreeSet<Reference>,
    found: Vec<Referenced>,
}

impl<E> Walk<'_, E> {
    fn follow(&mut self, answer: &SchemaAnswer, depth: usize) -> Result<(), ReferenceFault<E>> {
        for reference in &answer.references {
            if !self.named.insert(reference.clone()) {
                continue;
            }
            if depth >= DEEPEST || self.named.len() > MOST {
                return Err(ReferenceFault::TooMany);
            }
            let needed = (self.get)(reference).map_err(ReferenceFault::Failed)?;
            let is_again = !self.seen.insert((reference.subject.clone(), reference.version.clone()));
            if !is_again {
                self.follow(&needed, depth + 1)?;
            }
            self.found.push(Referenced { name: reference.name.clone(), answer: needed, is_again });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::answer::SchemaKind;
    use std::collections::HashMap;

    /// A schema whose references are the subjects behind `:`.
    fn schema(text: &str) -> (String, Arc<SchemaAnswer>) {
        let (name, references) = text.split_once(':').unwrap_or((text, ""));
        let references = references.split_whitespace();
        let references = references.map(|subject| Reference {
            name: subject.to_uppercase(),
            subject: subject.trim_end_matches('\'').to_owned(),
            version: "1".to_owned(),
        });
        let (kind, text) = (SchemaKind::Avro, name.to_owned());
        (
            name.to_owned(),
            Arc::new(SchemaAnswer { number: None, kind, text, references: references.collect() }),
        )
    }

    /// The names in order, and how often each was asked for.
    fn collected(schemas: &[&str]) -> (Vec<String>, HashMap<String, usize>) {
        let known: HashMap<String, Arc<SchemaAnswer>> = schemas.iter().map(|text| schema(text)).collect();
        let root = &schema(schemas[0]).1;
        let mut asked: HashMap<String, usize> = HashMap::new();
        let found = collect::<()>(root, &mut |reference| {
            *asked.entry(reference.subject.clone()).or_default() += 1;
            Ok(Arc::clone(&known[&reference.subject]))
        });
        (found.expect("few").into_iter().map(|one| one.answer.text.clone()).collect(), asked)
    }

    #[test]
    fn what_is_needed_comes_first_and_a_diamond_is_asked_for_once() {
        let (order, asked) = collected(&["root: a b", "a: c", "b: c", "c: d", "d"]);
        assert_eq!(order, ["d", "c", "a", "b"]);
        assert!(asked.values().all(|count| *count == 1), "{asked:?}");
    }

    #[test]
    fn circles_are_cut() {
        let (order, _) = collected(&["root: a", "a: b", "b: a"]);
        assert_eq!(order, ["b", "a"]);
    }

    #[test]
    fn two_names_of_one_schema_are_both_told() {
        let known: HashMap<String, Arc<SchemaAnswer>> =
            ["root: a a'", "a"].iter().map(|text| schema(text)).collect();
        let found =
            collect::<()>(&known["root"], &mut |reference| Ok(Arc::clone(&known[&reference.subject])));
        let found: Vec<_> = found.expect("few").into_iter().map(|one| (one.name, one.is_again)).collect();
        assert_eq!(found, [("A".to_owned(), false), ("A'".to_owned(), true)]);
    }

    #[test]
    fn a_chain_without_end_is_given_up() {
        let mut count = 0;
        let endless = |reference: &Reference| Ok::<_, ()>(schema(&format!("x: {}y", reference.subject)).1);
        let found = collect(&schema("root: a").1, &mut |reference| {
            count += 1;
            endless(reference)
        });
        assert_eq!((found, count), (Err(ReferenceFault::TooMany), DEEPEST));
    }

    #[test]
    fn a_fault_is_passed_on() {
        let found = collect(&schema("root: a").1, &mut |_| Err("refused"));
        assert_eq!(found, Err(ReferenceFault::Failed("refused")));
    }
}
