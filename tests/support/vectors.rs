//! Records of real serializers, and what they decode to (`tests/data/vectors`).

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// A record that decodes.
pub struct Vector {
    /// The name of its file without the ending: `avro-long`.
    pub name: String,
    pub schema_id: u64,
    /// The value, in Confluent's wire format.
    pub record: Vec<u8>,
    pub decoded: Value,
}

/// All records that decode, in the order of their names.
pub fn all() -> Vec<Vector> {
    let entries = fs::read_dir(folder()).expect("the vectors are there");
    let mut names: Vec<String> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| ["avro-", "protobuf-", "json-"].iter().any(|kind| name.starts_with(kind)));
    names.sort();
    let vector = |file: &String| {
        let vector = read(file);
        Vector {
            name: file.trim_end_matches(".json").to_owned(),
            schema_id: vector["schema_id"].as_u64().expect("a number"),
            record: bytes(&vector["record_hex"]),
            decoded: vector["decoded"].clone(),
        }
    };
    let all: Vec<Vector> = names.iter().map(vector).collect();
    assert!(all.len() >= 19, "only {} vectors are there", all.len());
    all
}

/// One record that decodes.
pub fn named(name: &str) -> Vector {
    all().into_iter().find(|vector| vector.name == name).unwrap_or_else(|| panic!("no vector {name}"))
}

/// Records that do not decode, each with what it is.
pub fn errors() -> Vec<(String, Vec<u8>)> {
    let errors = read("errors.json");
    let error =
        |error: &Value| (error["what"].as_str().expect("a text").to_owned(), bytes(&error["record_hex"]));
    errors.as_array().expect("a list").iter().map(error).collect()
}

/// What a registry answers to each `GET PATH`.
pub fn registry() -> Map<String, Value> {
    read("registry.json").as_object().expect("an object").clone()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors")
}

fn read(file: &str) -> Value {
    let text = fs::read_to_string(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().expect("hexadecimal digits");
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(byte).collect()
}
