//! The files of a schema: read as .proto text or as descriptors, with what they import.

use super::built_in;
use crate::files;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use prost::Message as _;
use prost_types::FileDescriptorProto;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// One file, read but not linked.
#[derive(Clone, Debug)]
pub(super) struct SchemaFile {
    pub descriptor: FileDescriptorProto,
    /// Read from text, not from a descriptor.
    pub is_text: bool,
}

/// A file and all that could be found of what it imports, the file first.
#[derive(Debug)]
pub(super) struct SchemaFiles {
    pub files: Vec<SchemaFile>,
    /// How many of them were given or found; the rest is built in.
    pub given: usize,
    /// Imports that were not found; no harm if no field needs them.
    pub missing: Vec<String>,
}

/// The built-in files, which every schema may refer to.
static BUILT_IN: LazyLock<Vec<SchemaFile>> = LazyLock::new(|| {
    let read = |text: &&str| {
        SchemaFile::parse("built in", text).expect("the texts are part of the program and tested")
    };
    built_in::TEXTS.iter().map(read).collect()
});

/// The name of a file that has none, for messages.
const UNNAMED: &str = "schema";

impl SchemaFile {
    /// Reads .proto text, or a descriptor in base64.
    pub(super) fn read(name: &str, text: &str) -> Result<SchemaFile, String> {
        let packed: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        // No .proto text is without a space, a semicolon or a bracket.
        let Some(bytes) = STANDARD.decode(packed).ok().filter(|bytes| !bytes.is_empty()) else {
            return SchemaFile::parse(name, text);
        };
        let descriptor = FileDescriptorProto::decode(&*bytes)
            .map_err(|_| format!("{name}: neither .proto text nor a descriptor"))?;
        Ok(SchemaFile { descriptor, is_text: false })
    }

    fn parse(name: &str, text: &str) -> Result<SchemaFile, String> {
        // The parser does not know editions. Their fields need no label, as those of proto3, but zeros are not left out.
        let edition = edition(text);
        let readable = edition.clone().map(|statement| {
            format!("{}syntax = \"proto3\"{}", &text[..statement.start], &text[statement.end..])
        });
        let parsed = protox_parse::parse(name, readable.as_deref().unwrap_or(text));
        let mut descriptor = parsed.map_err(|error| syntax_error(name, &error))?;
        if edition.is_some() {
            descriptor.syntax = Some("editions".to_owned());
        }
        Ok(SchemaFile { descriptor, is_text: true })
    }

    /// Whether fields without a label leave out zeros.
    pub(super) fn is_proto3(&self) -> bool {
        self.descriptor.syntax() == "proto3"
    }
}

impl SchemaFiles {
    /// A registry's schema, and the schemas that it refers to with their names.
    pub(super) fn of_schema(text: &str, imports: &[(&str, &str)]) -> Result<SchemaFiles, String> {
        let mut files = vec![SchemaFile::read(UNNAMED, text)?];
        let mut names = HashSet::new();
        for (name, text) in imports {
            // A file that is reached on two ways is given twice.
            if names.insert(*name) {
                files.push(SchemaFile::read(name, text)?);
            }
        }
        Ok(SchemaFiles::complete(files, |name| names.contains(name)))
    }

    /// A file, and what it imports: from folders, or from the file's own folder and those around it, which is where
    /// imports start in most projects.
    pub(super) fn of_file(file: &Path, folders: &[PathBuf]) -> Result<SchemaFiles, String> {
        let folders: Vec<_> = folders.iter().map(PathBuf::as_path).chain(file.ancestors().skip(1)).collect();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let text = files::read_text(file).map_err(|error| format!("{name}: {error}"))?;
        let mut files = vec![SchemaFile::read(&name, &text)?];
        let mut wanted: VecDeque<String> = files[0].descriptor.dependency.clone().into();
        let mut found = HashSet::new();
        while let Some(name) = wanted.pop_front() {
            let place = folders.iter().map(|folder| folder.join(&name)).find(|path| path.is_file());
            let Some(place) = place.filter(|_| !found.contains(&name)) else { continue };
            let text = files::read_text(&place).map_err(|error| format!("{name}: {error}"))?;
            let file = SchemaFile::read(&name, &text)?;
            wanted.extend(file.descriptor.dependency.iter().cloned());
            files.push(file);
            found.insert(name);
        }
        Ok(SchemaFiles::complete(files, |name| found.contains(name)))
    }

    /// Adds what is built in, and notes what is missing.
    fn complete(mut files: Vec<SchemaFile>, is_here: impl Fn(&str) -> bool) -> SchemaFiles {
        let imports = files.iter().flat_map(|file| &file.descriptor.dependency);
        let is_missing = |name: &&String| !built_in::has(name) && !is_here(name);
        let missing: BTreeSet<_> = imports.filter(is_missing).cloned().collect();
        let given = files.len();
        // Behind the others, because of two definitions of a type the first one counts.
        files.extend_from_slice(&BUILT_IN);
        SchemaFiles { files, given, missing: missing.into_iter().collect() }
    }
}

fn syntax_error(name: &str, error: &protox_parse::ParseError) -> String {
    match error.span() {
        // Its debug form has the name, the line and the column.
        Some(_) => format!("{error:?}"),
        None => format!("{name}: {error}"),
    }
}

/// Where the statement `edition = "2023"` stands, without its semicolon, if it is the first one.
fn edition(text: &str) -> Option<std::ops::Range<usize>> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        rest = if let Some(comment) = rest.strip_prefix("//") {
            comment.split_once('\n')?.1
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/")?.1
        } else {
            break;
        }
        .trim_start();
    }
    let value = rest.strip_prefix("edition")?.trim_start().strip_prefix('=')?.trim_start();
    if !value.starts_with(['"', '\'']) {
        return None;
    }
    let start = text.len() - rest.len();
    Some(start..start + rest.find(';')?)
}
