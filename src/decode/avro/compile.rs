//! Texts of schemas, compiled into nodes.
//!
//! Read as leniently as Java reads them, and a little more: what has no meaning for the bytes (defaults, aliases, orders,
//! the rules for names and unions) may be anything.

use super::node::{Branch, NodeIndex, SchemaField, SchemaNode};
use super::{Schema, UnionNames, logical, names};
use crate::decode::json::{self, Nesting};
use crate::{escape, json_text};
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Compiles a schema that uses named types of `references`.
pub fn schema(text: &str, references: &[&str], unions: UnionNames) -> Result<Schema, String> {
    let schema = parsed(text)?;
    let references: Result<Vec<Value>, String> = references.iter().map(|text| parsed(text)).collect();
    let references = references.map_err(|wrong| format!("a referenced schema is {wrong}"))?;
    let mut compiler = Compiler {
        unions,
        nodes: Vec::new(),
        definitions: HashMap::new(),
        asked_for: Vec::new(),
        place: None,
    };
    for value in std::iter::once(&schema).chain(&references) {
        compiler.collect(value, "");
    }
    let root = compiler.compile(&schema, "")?.node;
    compiler.compile_asked_for()?;
    Ok(Schema { nodes: compiler.nodes, root })
}

/// A schema as JSON; the name of a primitive type may have lost its quotes.
fn parsed(text: &str) -> Result<Value, String> {
    let name = text.trim();
    if primitive(name).is_some() {
        return Ok(Value::from(name));
    }
    let mut nesting = Nesting::default();
    if json::check(text.as_bytes(), &mut nesting).is_none() {
        return Err(format!("not JSON: {}", json::flaw(text.as_bytes(), &mut nesting)));
    }
    // Not nested too deep, so nothing else need bound it.
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    let value = parser.into_iter().next().expect("one text was found");
    value.map_err(|error| format!("not JSON: {error}"))
}

/// Compiles types; what refers to a type gets its index at once, so that types can refer to each other.
struct Compiler<'s> {
    unions: UnionNames,
    nodes: Vec<SchemaNode>,
    definitions: HashMap<String, Definition<'s>>,
    /// Types that have an index and are not compiled. A list, because a chain of them may be longer than the stack.
    asked_for: Vec<String>,
    /// The field that is compiled, for messages.
    place: Option<String>,
}

/// The first definition of a named type.
struct Definition<'s> {
    value: &'s Value,
    /// The namespace around it.
    enclosing: String,
    node: Option<NodeIndex>,
    is_compiled: bool,
}

/// A type that may be a branch of a union.
struct Compiled {
    node: NodeIndex,
    /// The full name of a named type.
    name: Option<String>,
}

impl<'s> Compiler<'s> {
    /// Finds the definitions in a schema, so that order does not matter.
    fn collect(&mut self, value: &'s Value, enclosing: &str) {
        match value {
            Value::Array(branches) => branches.iter().for_each(|branch| self.collect(branch, enclosing)),
            Value::Object(object) => self.collect_object(value, object, enclosing),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn collect_object(&mut self, value: &'s Value, object: &'s Map<String, Value>, enclosing: &str) {
        let kind = match object.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(inner) => return self.collect(inner, enclosing),
            None => return,
        };
        let part = |name| object.get(name).unwrap_or(&Value::Null);
        match kind {
            "array" => self.collect(part("items"), enclosing),
            "map" => self.collect(part("values"), enclosing),
            "record" | "error" | "enum" | "fixed" => {
                let mut inner = enclosing.to_owned();
                if let Some((name, namespace)) = names::of_definition(object, enclosing) {
                    let enclosing = enclosing.to_owned();
                    let definition = Definition { value, enclosing, node: None, is_compiled: false };
                    self.definitions.entry(name).or_insert(definition);
                    inner = namespace;
                }
                for field in part("fields").as_array().into_iter().flatten() {
                    self.collect(field.get("type").unwrap_or(&Value::Null), &inner);
                }
            }
            _ => {}
        }
    }

    /// Compiles the types that were referred to and stand elsewhere.
    fn compile_asked_for(&mut self) -> Result<(), String> {
        while let Some(name) = self.asked_for.pop() {
            let definition = self.definitions.get(&name).expect("only types that are defined are asked for");
            if !definition.is_compiled {
                let (value, enclosing) = (definition.value, definition.enclosing.clone());
                self.compile(value, &enclosing)?;
            }
        }
        Ok(())
    }

    fn compile(&mut self, value: &'s Value, enclosing: &str) -> Result<Compiled, String> {
        match value {
            Value::String(name) => self.named(name, enclosing),
            Value::Array(branches) => {
                let node = self.union(branches, enclosing)?;
                Ok(self.unnamed(node))
            }
            Value::Object(object) => self.object(value, object, enclosing),
            Value::Null | Value::Bool(_) | Value::Number(_) => Err(self.wrong(&format!("type `{value}`"))),
        }
    }

    fn object(
        &mut self,
        value: &'s Value,
        object: &'s Map<String, Value>,
        enclosing: &str,
    ) -> Result<Compiled, String> {
        let kind = match object.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(inner) => return self.compile(inner, enclosing),
            None => return Err(self.wrong("a schema without `type`")),
        };
        match kind {
            "record" | "error" | "enum" | "fixed" => self.definition(value, object, enclosing),
            "array" | "map" => {
                let part = if kind == "array" { "items" } else { "values" };
                let missing = || format!("`{kind}` without `{part}`");
                let inner = object.get(part).ok_or_else(|| self.wrong(&missing()))?;
                let inner = self.compile(inner, enclosing)?.node;
                let is_array = kind == "array";
                Ok(self.unnamed(if is_array {
                    SchemaNode::Array { items: inner }
                } else {
                    SchemaNode::Map { values: inner }
                }))
            }
            _ => match primitive(kind) {
                Some(base) => Ok(self.unnamed(logical::node(object, base))),
                None => self.named(kind, enclosing),
            },
        }
    }

    /// A type that is said by its name alone.
    fn named(&mut self, name: &str, enclosing: &str) -> Result<Compiled, String> {
        if let Some(node) = primitive(name) {
            return Ok(self.unnamed(node));
        }
        let full_names = names::of_reference(name, enclosing);
        let Some(full_name) = full_names.into_iter().find(|name| self.definitions.contains_key(name)) else {
            return Err(self.wrong(&format!("unknown type `{name}`")));
        };
        let node = self.index_of(&full_name);
        self.asked_for.push(full_name.clone());
        Ok(Compiled { node, name: Some(full_name) })
    }

    /// The index of a named type, whether it is compiled or not.
    fn index_of(&mut self, full_name: &str) -> NodeIndex {
        let definition = self.definitions.get_mut(full_name).expect("the caller looked");
        *definition.node.get_or_insert_with(|| {
            self.nodes.push(SchemaNode::Null);
            self.nodes.len() as NodeIndex - 1
        })
    }

    /// Compiles a named type where it is defined. A second definition of a name counts where it stands, the first one for
    /// all who refer to it.
    fn definition(
        &mut self,
        value: &'s Value,
        object: &'s Map<String, Value>,
        enclosing: &str,
    ) -> Result<Compiled, String> {
        let (name, namespace) = names::of_definition(object, enclosing).unzip();
        let first = name.as_ref().filter(|name| {
            self.definitions.get(*name).is_some_and(|definition| std::ptr::eq(definition.value, value))
        });
        let index = match first {
            Some(name) => {
                let index = self.index_of(name);
                let definition = self.definitions.get_mut(name).expect("it was found");
                if definition.is_compiled {
                    return Ok(Compiled { node: index, name: Some(name.clone()) });
                }
                definition.is_compiled = true;
                index
            }
            None => self.unnamed(SchemaNode::Null).node,
        };
        let shown = name.as_deref().unwrap_or("record");
        let node = match object.get("type").and_then(Value::as_str) {
            Some("enum") => self.symbols(shown, object)?,
            Some("fixed") => self.fixed(shown, object)?,
            _ => self.record(shown, object, namespace.as_deref().unwrap_or(enclosing))?,
        };
        self.nodes[index as usize] = node;
        Ok(Compiled { node: index, name })
    }

    fn record(
        &mut self,
        name: &str,
        object: &'s Map<String, Value>,
        namespace: &str,
    ) -> Result<SchemaNode, String> {
        let Some(Value::Array(list)) = object.get("fields") else {
            return Err(self.wrong(&format!("record `{name}` without `fields`")));
        };
        let mut fields = Vec::with_capacity(list.len());
        let mut names = HashSet::with_capacity(list.len());
        for field in list {
            let Some(field_name) = field.get("name").and_then(Value::as_str) else {
                return Err(self.wrong(&format!("a field of `{name}` without a name")));
            };
            // Java refuses it too, and JSON has no place for both.
            if !names.insert(field_name) {
                return Err(self.wrong(&format!("field `{field_name}` stands twice in record `{name}`")));
            }
            let around = self.place.replace(format!("`{field_name}` of `{name}`"));
            let kind = field.get("type").ok_or_else(|| self.wrong("no type"))?;
            let node = self.compile(kind, namespace)?.node;
            self.place = around;
            let before = if fields.is_empty() { "{" } else { "," };
            fields.push(SchemaField {
                name: field_name.into(),
                opening: prepared(before, field_name, ":"),
                node,
            });
        }
        Ok(SchemaNode::Record { fields: fields.into() })
    }

    fn symbols(&self, name: &str, object: &Map<String, Value>) -> Result<SchemaNode, String> {
        let symbols = object.get("symbols").and_then(Value::as_array);
        let symbols =
            symbols.and_then(|symbols| symbols.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        let symbols = symbols.ok_or_else(|| self.wrong(&format!("enum `{name}` without `symbols`")))?;
        Ok(SchemaNode::Enum { symbols: symbols.into_iter().map(|symbol| prepared("", symbol, "")).collect() })
    }

    fn fixed(&self, name: &str, object: &Map<String, Value>) -> Result<SchemaNode, String> {
        let size = object.get("size").and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok());
        let size = size.ok_or_else(|| self.wrong(&format!("fixed `{name}` without `size`")))?;
        Ok(logical::node(object, SchemaNode::Fixed { size }))
    }

    fn union(&mut self, values: &'s [Value], enclosing: &str) -> Result<SchemaNode, String> {
        let branches: Result<Vec<_>, _> = values.iter().map(|value| self.compile(value, enclosing)).collect();
        let branches = branches?;
        let named = branches.iter().filter(|branch| branch.name.is_some()).count();
        let is_shown = self.unions == UnionNames::Shown && named > 1;
        let branch = |compiled: Compiled| {
            let opening = compiled.name.filter(|_| is_shown).map(|name| prepared("{", &name, ":"));
            let is_union = matches!(self.nodes[compiled.node as usize], SchemaNode::Union { .. });
            Branch { node: compiled.node, levels: usize::from(opening.is_some() || is_union), opening }
        };
        Ok(SchemaNode::Union { branches: branches.into_iter().map(branch).collect() })
    }

    fn unnamed(&mut self, node: SchemaNode) -> Compiled {
        self.nodes.push(node);
        Compiled { node: self.nodes.len() as NodeIndex - 1, name: None }
    }

    /// A message that says where it is wrong.
    fn wrong(&self, what: &str) -> String {
        let what = escape::line(what);
        match &self.place {
            Some(place) => format!("{what} in {}", escape::line(place)),
            None => what.into_owned(),
        }
    }
}

fn primitive(name: &str) -> Option<SchemaNode> {
    let node = match name {
        "null" => SchemaNode::Null,
        "boolean" => SchemaNode::Boolean,
        "int" => SchemaNode::Int,
        "long" => SchemaNode::Long,
        "float" => SchemaNode::Float,
        "double" => SchemaNode::Double,
        "bytes" => SchemaNode::Bytes,
        "string" => SchemaNode::String,
        _ => return None,
    };
    Some(node)
}

/// A JSON string between what stands around it.
fn prepared(before: &str, text: &str, after: &str) -> Box<[u8]> {
    let mut bytes = before.as_bytes().to_vec();
    bytes.push(b'"');
    json_text::characters(text, &mut bytes);
    bytes.push(b'"');
    bytes.extend_from_slice(after.as_bytes());
    bytes.into()
}
