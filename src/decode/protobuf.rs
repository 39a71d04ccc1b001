//! Protobuf: from the bytes of a message to JSON text, as the canonical JSON mapping has it.
//!
//! Fields come in the order of their numbers, with their JSON names; what is not set, or zero without presence, is
//! left out. Numbers of enums without a name stay numbers, and fields that the schema does not have are skipped. Strange
//! values of well-known types are shown with their fields, and an `Any` of an unknown type with its bytes.

mod built_in;
mod files;
mod flaw;
mod known;
mod link;
mod types;
mod values;
mod wire;
mod write;

#[cfg(test)]
mod tests;

pub use flaw::ProtobufFlaw;

use crate::escape;
use files::SchemaFiles;
use link::{Linked, MessageNode};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use types::Types;

/// Levels of messages in messages; what is deeper is an error, not a full stack.
const DEEPEST: usize = 200;

/// The messages of one schema.
#[derive(Clone, Debug)]
pub struct Messages {
    types: Arc<Types>,
    /// The messages of the file itself, as they are nested.
    roots: Arc<[MessageNode]>,
    /// How many messages of `types` are not built in; they are the first ones.
    given: usize,
    /// Whether it was text, not a descriptor.
    is_text: bool,
}

/// One message type, to decode with.
#[derive(Clone, Debug)]
pub struct Message {
    types: Arc<Types>,
    index: usize,
}

impl Messages {
    /// Reads the schema that a registry gave, as .proto text or as a descriptor in base64, and those that it imports,
    /// with the names that it has for them. Well-known and common types need not be given.
    ///
    /// # Errors
    /// What is wrong with the schema, in one line.
    pub fn of_schema(text: &str, imports: &[(&str, &str)]) -> Result<Messages, String> {
        SchemaFiles::of_schema(text, imports).and_then(Messages::of).map_err(shown)
    }

    /// Reads a .proto file and what it imports, which is looked for in `folders`, beside the file, and in the folders
    /// around it.
    ///
    /// # Errors
    /// What is wrong with a file, in one line.
    pub fn of_file(file: &Path, folders: &[PathBuf]) -> Result<Messages, String> {
        SchemaFiles::of_file(file, folders).and_then(Messages::of).map_err(shown)
    }

    fn of(files: SchemaFiles) -> Result<Messages, String> {
        let linked = link::link(&files.files, files.given).map_err(|error| match &files.missing[..] {
            [] => error,
            missing => format!("{error}; not found: `{}`", missing.join("`, `")),
        })?;
        let is_text = files.files.first().is_some_and(|file| file.is_text);
        let Linked { types, roots, given } = linked;
        Ok(Messages { types: Arc::new(types), roots: roots.into(), given, is_text })
    }

    /// The message that a list of indexes names: `[0]` the first one, `[1, 0]` the first one inside the second.
    ///
    /// Writers that register text (Java) do not count the messages that a compiler makes for maps; those that
    /// register descriptors (Python, Go, .NET) do. A list that names nothing in the one way is taken in the other.
    pub fn at(&self, indexes: &[usize]) -> Option<Message> {
        let with = self.find(indexes, true);
        let without = self.find(indexes, false);
        let index = if self.is_text { without.or(with) } else { with.or(without) };
        index.map(|index| self.message(index))
    }

    fn find(&self, indexes: &[usize], counts_entries: bool) -> Option<usize> {
        let mut nodes = &self.roots[..];
        let mut found = None;
        for &index in indexes {
            let is_counted =
                |node: &&MessageNode| counts_entries || !self.types.messages[node.message].is_map_entry;
            let node = nodes.iter().filter(is_counted).nth(index)?;
            nodes = &node.nested;
            found = Some(node.message);
        }
        found.filter(|index| !self.types.messages[*index].is_map_entry)
    }

    /// A message by its full name, or by the last part of it if that is unambiguous; see `all_named`.
    pub fn named(&self, name: &str) -> Option<Message> {
        only(self.all_named(name))
    }

    /// The messages that a name may mean: the one with this full name, else those whose full names end so. Those of the
    /// file itself hide those of other files, and these the built-in ones, of which nested ones need their full name.
    pub fn all_named(&self, name: &str) -> Vec<Message> {
        let name = name.strip_prefix('.').unwrap_or(name);
        if let Some(&index) = self.types.by_name.get(name) {
            return vec![self.message(index)];
        }
        let ends_so = |index: &usize| {
            let message = &self.types.messages[*index];
            !message.is_map_entry
                && message.full_name.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'))
        };
        let all = self.types.by_name.values().copied();
        let given = all.clone().filter(|index| *index < self.given);
        let levels: [Vec<usize>; 3] = [
            self.own_messages().into_iter().filter(ends_so).collect(),
            given.filter(ends_so).collect(),
            all.filter(|index| ends_so(index) && !self.is_nested(*index)).collect(),
        ];
        let mut found = levels.into_iter().find(|level| !level.is_empty()).unwrap_or_default();
        found.sort_unstable();
        found.into_iter().map(|index| self.message(index)).collect()
    }

    fn is_nested(&self, index: usize) -> bool {
        let around = self.types.messages[index].full_name.rsplit_once('.');
        around.is_some_and(|(around, _)| self.types.by_name.contains_key(around))
    }

    /// The full names of all messages of the file itself.
    pub fn names(&self) -> Vec<String> {
        self.own_messages().into_iter().map(|index| self.types.messages[index].full_name.clone()).collect()
    }

    fn own_messages(&self) -> Vec<usize> {
        let mut found = Vec::new();
        let mut open: Vec<_> = self.roots.iter().rev().collect();
        while let Some(node) = open.pop() {
            if !self.types.messages[node.message].is_map_entry {
                found.push(node.message);
            }
            open.extend(node.nested.iter().rev());
        }
        found
    }

    fn message(&self, index: usize) -> Message {
        Message { types: Arc::clone(&self.types), index }
    }
}

/// An error as people may see it: it has names from a stranger's descriptor in it.
fn shown(error: String) -> String {
    escape::message(&error).into_owned()
}

/// The one element, if there is just one.
fn only(all: Vec<Message>) -> Option<Message> {
    let [only]: [Message; 1] = all.try_into().ok()?;
    Some(only)
}

impl Message {
    pub fn full_name(&self) -> &str {
        &self.types.messages[self.index].full_name
    }

    /// Appends the message as one JSON text on one line. On an error `out` is as it was before.
    ///
    /// # Errors
    /// The bytes are not such a message.
    pub fn write_json(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Box<ProtobufFlaw>> {
        let start = out.len();
        let written = write::write(&self.types, self.index, bytes, out);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }
}
