//! Names of types, which a namespace makes full.

use serde_json::{Map, Value};

/// The longest full name that can be referred to: the namespace of a type is part of the names of all inside it, so that
/// longer ones could fill the memory.
const LONGEST: usize = 1000;

/// The full name of a named type, and the namespace that types inside it are in. `None` for a type without a name, which
/// nothing refers to. Any characters make a name: change capture puts hyphens into namespaces.
pub fn of_definition(object: &Map<String, Value>, enclosing: &str) -> Option<(String, String)> {
    let name = object.get("name")?.as_str()?;
    let (namespace, simple) = name
        .rsplit_once('.')
        .unwrap_or_else(|| (object.get("namespace").and_then(Value::as_str).unwrap_or(enclosing), name));
    let is_short = namespace.len() + simple.len() < LONGEST;
    is_short.then(|| (join(namespace, simple), namespace.to_owned()))
}

/// The full names that a reference may mean, the likelier one first: as Java does, a name that the namespace does not
/// have is looked for outside of all.
pub fn of_reference(name: &str, enclosing: &str) -> [String; 2] {
    match name.rsplit_once('.') {
        Some((namespace, simple)) => [join(namespace, simple), simple.to_owned()],
        None => [join(enclosing, name), name.to_owned()],
    }
}

fn join(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}
