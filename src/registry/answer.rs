//! What a registry answers, read with care: registries differ, and something else may answer in their place.

use serde_json::Value;

/// A schema as the registry gives it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaAnswer {
    /// Its number, if the answer has it.
    pub number: Option<u32>,
    pub kind: SchemaKind,
    pub text: String,
    pub references: Vec<Reference>,
}

/// The language of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaKind {
    Avro,
    Protobuf,
    Json,
    Other(String),
}

/// Another schema that a schema needs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// What the schema calls it: a type of Avro, an import of Protobuf.
    pub name: String,
    pub subject: String,
    pub version: String,
}

impl SchemaAnswer {
    /// Reads the answer to a question for a schema; `None` if it is something else.
    pub fn parse(body: &[u8]) -> Option<SchemaAnswer> {
        let answer: Value = serde_json::from_slice(body).ok()?;
        let text = answer.get("schema")?.as_str()?.to_owned();
        let kind = match answer["schemaType"].as_str() {
            // Avro was there first: a schema without a type is one of Avro.
            None | Some("AVRO" | "") => SchemaKind::Avro,
            Some("PROTOBUF") => SchemaKind::Protobuf,
            Some("JSON") => SchemaKind::Json,
            Some(other) => SchemaKind::Other(other.to_owned()),
        };
        let references = answer["references"].as_array().map(Vec::as_slice).unwrap_or_default();
        let number = answer["id"].as_u64().and_then(|id| u32::try_from(id).ok());
        Some(SchemaAnswer {
            number,
            kind,
            text,
            references: references.iter().filter_map(reference).collect(),
        })
    }
}

/// Whether this may be an answer of a registry, which is an object in JSON.
pub fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

fn reference(value: &Value) -> Option<Reference> {
    let subject = value["subject"].as_str()?.to_owned();
    let version = match &value["version"] {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    let name = value["name"].as_str().unwrap_or_default().to_owned();
    Some(Reference { name, subject, version })
}

/// Whether the body of a 404 says that the registry has no such schema, subject or version, rather than that there is
/// no registry at this address.
pub fn is_unknown(body: &[u8]) -> bool {
    let answer: Value = serde_json::from_slice(body).unwrap_or_default();
    answer["error_code"].as_u64().is_some_and(|code| (40400..40500).contains(&code))
}

/// Whether a server says that it speaks TLS only.
pub fn wants_tls(body: &[u8]) -> bool {
    String::from_utf8_lossy(body).to_lowercase().contains("https")
}

/// The words of an error.
pub fn message(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    answer["message"].as_str().filter(|words| !words.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_without_a_type_is_avro() {
        for (body, kind) in [
            (r#"{"schema":"\"long\""}"#, SchemaKind::Avro),
            (r#"{"schema":"\"long\"","schemaType":"AVRO","references":[]}"#, SchemaKind::Avro),
            (r#"{"schema":"","schemaType":"PROTOBUF"}"#, SchemaKind::Protobuf),
            (r#"{"schema":"{}","schemaType":"JSON","references":null}"#, SchemaKind::Json),
            (r#"{"schema":"","schemaType":"THRIFT"}"#, SchemaKind::Other("THRIFT".to_owned())),
        ] {
            let answer = SchemaAnswer::parse(body.as_bytes()).expect(body);
            assert_eq!((answer.kind, answer.references.len(), answer.number), (kind, 0, None), "{body}");
        }
    }

    #[test]
    fn references_name_a_version_of_a_subject() {
        let body = r#"{"schema":"\"A\"","id":8,"references":[
            {"name":"a.A","subject":"s","version":1},{"name":"b","subject":"t","version":"latest"},{"name":"c"},7]}"#;
        let answer = SchemaAnswer::parse(body.as_bytes()).expect("an answer");
        let names: Vec<_> = answer
            .references
            .iter()
            .map(|reference| {
                (reference.name.as_str(), reference.subject.as_str(), reference.version.as_str())
            })
            .collect();
        assert_eq!((names, answer.number), (vec![("a.A", "s", "1"), ("b", "t", "latest")], Some(8)));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for body in ["", "<html>", "[]", "{}", r#"{"schema":7}"#, "{\"schema\":\"x\"", "null"] {
            assert_eq!(SchemaAnswer::parse(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_missing_schema_is_told_from_a_missing_registry() {
        for (body, expected) in [
            (r#"{"error_code":40403,"message":"Schema not found"}"#, true),
            (r#"{"error_code":40401,"message":"Subject not found"}"#, true),
            (r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#, false),
            ("<html>404</html>", false),
            ("", false),
        ] {
            assert_eq!(is_unknown(body.as_bytes()), expected, "{body}");
        }
        assert_eq!(message(br#"{"message":"no"}"#).as_deref(), Some("no"));
        assert_eq!(message(b"<html>"), None);
        assert!(wants_tls(b"Client sent an HTTP request to an HTTPS server."));
        assert!(wants_tls(b"<center>The plain HTTP request was sent to HTTPS port</center>"));
        assert!(!wants_tls(b"<html>Bad Request</html>"));
    }
}
