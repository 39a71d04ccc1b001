//! Names of types, which a namespace makes full.

use serde_json::{Map, Value};

/// The full name of a named type, and the namespace that types inside it are in. `None` for a type without a name, which
/// nothing refers to. Any characters make a name: change capture puts hyphens into namespaces.
pub fn of_definition(object: &Map<String, Value>, enclosing: &str) -> Option<(String, String)> {
    let name = object.get("name")?.as_str()?;
    if let Some((namespace, _)) = name.rsplit_once('.') {
        return Some((name.trim_start_matches('.').to_owned(), namespace.to_owned()));
    }
    let namespace = object.get("namespace").and_then(Value::as_str).unwrap_or(enclosing);
    Some((join(namespace, name), namespace.to_owned()))
}

/// The full names that a reference may mean, the likelier one first: as Java does, a name that the namespace does not
/// have is looked for outside of all.
pub fn of_reference(name: &str, enclosing: &str) -> [String; 2] {
    match name.rsplit_once('.') {
        Some((_, simple)) => [name.trim_start_matches('.').to_owned(), simple.to_owned()],
        None => [join(enclosing, name), name.to_owned()],
    }
}

fn join(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}.{name}") }
}
