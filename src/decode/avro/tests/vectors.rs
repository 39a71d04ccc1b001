//! Records of a real serializer, with the answers of a real registry.

use super::{Schema, UnionNames, written};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

fn json(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors").join(file);
    serde_json::from_slice(&std::fs::read(path).expect("the vectors can be read")).expect("vectors are JSON")
}

fn files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors");
    let names = folder.read_dir().expect("the vectors can be read");
    let names = names.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"));
    let files: Vec<String> = names.filter(|name| name.starts_with("avro-")).collect();
    assert!(files.len() >= 9, "{files:?}");
    files
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// Texts of references, those of references first.
fn references(registry: &Value, answer: &Value, texts: &mut Vec<String>) {
    for reference in answer["references"].as_array().into_iter().flatten() {
        let subject = reference["subject"].as_str().expect("a subject");
        let answer = &registry[format!("GET /subjects/{subject}/versions/{}", reference["version"])];
        references(registry, answer, texts);
        texts.push(answer["schema"].as_str().expect("a schema").to_owned());
    }
}

fn of_registry(registry: &Value, id: u32) -> Option<Schema> {
    let answer = registry.get(format!("GET /schemas/ids/{id}"))?;
    if answer.get("schemaType").is_some() {
        return None;
    }
    let mut texts = Vec::new();
    references(registry, answer, &mut texts);
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let schema = Schema::parse(answer["schema"].as_str().expect("a schema"), &texts, UnionNames::Hidden);
    Some(schema.unwrap_or_else(|wrong| panic!("{wrong}: {answer}")))
}

/// The schemas and the data behind the headers.
fn all() -> BTreeMap<String, (Schema, Vec<u8>, Value)> {
    let registry = json("registry.json");
    let case = |file: String| {
        let vector = json(&file);
        let record = bytes(vector["record_hex"].as_str().expect("hex"));
        let id = u32::from_be_bytes(*record[1..].first_chunk().expect("a header"));
        let schema = of_registry(&registry, id).expect("an Avro schema");
        (file, (schema, record[5..].to_vec(), vector["decoded"].clone()))
    };
    files().into_iter().map(case).collect()
}

#[test]
fn records_of_a_real_serializer_are_what_others_decode() {
    for (file, (schema, datum, decoded)) in all() {
        let text = written(&schema, &datum).unwrap_or_else(|flaw| panic!("{file}: {flaw}"));
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value, decoded, "{file}");
        assert!(!text.contains('\n'), "{file}");
    }
}

#[test]
fn a_record_that_is_cut_anywhere_has_a_flaw() {
    for (file, (schema, datum, _)) in all() {
        for end in 0..datum.len() {
            let flaw = written(&schema, &datum[..end]).expect_err(&file);
            assert!(flaw.starts_with("ends too early"), "{file}, {end} bytes: {flaw}");
        }
        let longer = [&datum[..], &[0, 0]].concat();
        assert_eq!(written(&schema, &longer), Err("2 bytes are left over".to_owned()), "{file}");
    }
}

#[test]
fn a_record_with_any_byte_changed_is_decoded_or_refused() {
    for (file, (schema, datum, _)) in all() {
        for at in 0..datum.len() {
            for byte in 0..=u8::MAX {
                let mut damaged = datum.clone();
                damaged[at] = byte;
                match written(&schema, &damaged) {
                    Ok(text) => drop(serde_json::from_str::<Value>(&text).expect(&file)),
                    Err(flaw) => assert!(!flaw.is_empty()),
                }
            }
        }
    }
}

#[test]
fn damaged_records_are_refused() {
    let registry = json("registry.json");
    let mut refused = Vec::new();
    for damaged in json("errors.json").as_array().expect("a list") {
        let record = bytes(damaged["record_hex"].as_str().expect("hex"));
        let [0, id @ ..] = record[..].first_chunk::<5>().copied().unwrap_or([1; 5]) else { continue };
        if let Some(schema) = of_registry(&registry, u32::from_be_bytes(id)) {
            refused.push(written(&schema, &record[5..]).expect_err("it is damaged"));
        }
    }
    let expected = [
        "ends too early in `s`",
        "ends too early in `flag`",
        "1 byte is left over",
        "ends too early",
        "enum symbol 4 of 2 in `state`",
    ];
    assert_eq!(refused, expected);
}
