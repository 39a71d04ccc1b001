//! Translates Java's key and trust stores. Those that librdkafka cannot read are refused, with the command that
//! converts them.

use super::values::Value;
use crate::error::Failure;
use crate::files;
use std::collections::BTreeMap;
use std::path::Path;

/// The properties of one source that are about stores, by name.
#[derive(Debug, Default)]
pub struct Stores {
    values: BTreeMap<String, Value>,
}

const NAMES: [&str; 9] = [
    "ssl.truststore.location",
    "ssl.truststore.type",
    "ssl.truststore.password",
    "ssl.truststore.certificates",
    "ssl.keystore.location",
    "ssl.keystore.type",
    "ssl.keystore.password",
    "ssl.keystore.key",
    "ssl.keystore.certificate.chain",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StoreFormat {
    Pem,
    Pkcs12,
    Jks,
}

impl Stores {
    /// Whether a property is about stores. Such properties are translated together: one depends on the others.
    pub fn is_one(name: &str) -> bool {
        NAMES.contains(&name)
    }

    pub fn insert(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Translates the stores into properties of librdkafka.
    pub fn translate(mut self) -> Result<Vec<(&'static str, Value)>, Failure> {
        let mut translated = Vec::new();
        if let Some(certificates) = self.values.remove("ssl.truststore.certificates") {
            translated.push(("ssl.ca.pem", certificates.with(pem(&certificates))));
        }
        if let Some(chain) = self.values.remove("ssl.keystore.certificate.chain") {
            translated.push(("ssl.certificate.pem", chain.with(pem(&chain))));
        }
        if let Some(key) = self.values.remove("ssl.keystore.key") {
            translated.push(("ssl.key.pem", key.with(pem(&key))));
        }
        if let Some(path) = self.values.remove("ssl.truststore.location") {
            match self.kind(&path, "ssl.truststore.type")? {
                Some(StoreFormat::Pem) => translated.push(("ssl.ca.location", path)),
                Some(kind @ (StoreFormat::Jks | StoreFormat::Pkcs12)) => {
                    return Err(refuse_trust_store(&path, kind));
                }
                None => return Err(unreadable(&path, "ssl.truststore.location")),
            }
        }
        if let Some(path) = self.values.remove("ssl.keystore.location") {
            match self.kind(&path, "ssl.keystore.type")? {
                Some(StoreFormat::Pem) => {
                    translated.push(("ssl.certificate.location", path.clone()));
                    translated.push(("ssl.key.location", path));
                }
                Some(StoreFormat::Pkcs12) => {
                    translated.push(("ssl.keystore.location", path));
                    let password = self.values.remove("ssl.keystore.password");
                    translated.extend(password.map(|password| ("ssl.keystore.password", password)));
                }
                Some(StoreFormat::Jks) => return Err(refuse_key_store(&path)),
                None => return Err(unreadable(&path, "ssl.keystore.location")),
            }
        } else if let Some(password) = self.values.remove("ssl.keystore.password") {
            translated.push(("ssl.keystore.password", password));
        }
        Ok(translated)
    }

    /// The format of a store: PEM if its type says so. Otherwise its first bytes decide, because Java reads PKCS#12
    /// under the type JKS too.
    fn kind(&self, path: &Value, type_name: &str) -> Result<Option<StoreFormat>, Failure> {
        let given = self.values.get(type_name);
        let declared = match given.map(|kind| kind.to_ascii_uppercase()).as_deref() {
            Some("PEM") => return Ok(Some(StoreFormat::Pem)),
            Some("JKS") => Some(StoreFormat::Jks),
            Some("PKCS12") => Some(StoreFormat::Pkcs12),
            Some(other) => {
                let shown = given.map_or_else(String::new, |kind| kind.quoted(other));
                return Err(Failure::usage(format!("`{type_name}` cannot be translated: `{shown}`"))
                    .hint("convert the store to PEM and set the type PEM"));
            }
            None => None,
        };
        Ok(found(path).or(declared))
    }
}

fn found(path: &str) -> Option<StoreFormat> {
    let head = files::head(Path::new(path), 64 * 1024)?;
    match head.as_slice() {
        [0xfe, 0xed, 0xfe, 0xed, ..] | [0xce, 0xce, 0xce, 0xce, ..] => Some(StoreFormat::Jks),
        [0x30, ..] => Some(StoreFormat::Pkcs12),
        text => text.windows(10).any(|window| window == b"-----BEGIN").then_some(StoreFormat::Pem),
    }
}

fn unreadable(path: &Value, name: &str) -> Failure {
    let cause = match files::check(Path::new(&**path)) {
        Ok(()) => "it is neither PEM, PKCS12 nor JKS".to_owned(),
        Err(words) => words,
    };
    let path = path.quoted(path);
    Failure::usage(format!("cannot read `{path}`")).caused_by(cause).hint(format!("check `{name}`"))
}

fn refuse_trust_store(path: &Value, kind: StoreFormat) -> Failure {
    let path = path.quoted(path);
    let (kind, command) = match kind {
        StoreFormat::Pkcs12 => ("PKCS12", format!("openssl pkcs12 -in {path} -nokeys -out ca.pem")),
        StoreFormat::Jks | StoreFormat::Pem => {
            ("JKS", format!("keytool -list -rfc -keystore {path} > ca.pem"))
        }
    };
    Failure::usage(format!("`ssl.truststore.location` cannot be translated: `{path}` is a {kind} store"))
        .hint(format!("{command}, then set `ssl.ca.location` to ca.pem"))
}

fn refuse_key_store(path: &Value) -> Failure {
    let path = path.quoted(path);
    Failure::usage(format!("`ssl.keystore.location` cannot be translated: `{path}` is a JKS store")).hint(
        format!(
            "keytool -importkeystore -srckeystore {path} -destkeystore client.p12 -deststoretype PKCS12, \
         then set `ssl.keystore.location` to client.p12"
        ),
    )
}

/// Adds line breaks to PEM on one line: Java accepts that, OpenSSL does not.
fn pem(text: &str) -> String {
    if text.contains('\n') || !text.starts_with("-----BEGIN ") {
        return text.to_owned();
    }
    let mut lines = String::new();
    for piece in text.split("-----").map(str::trim) {
        if piece.starts_with("BEGIN ") || piece.starts_with("END ") {
            lines.push_str(&format!("-----{piece}-----\n"));
        } else {
            lines.extend(piece.split_whitespace().flat_map(|line| [line, "\n"]));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translate(given: &[(&str, &str)]) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut stores = Stores::default();
        for (name, value) in given {
            assert!(Stores::is_one(name));
            stores.insert(name, Value::plain(*value));
        }
        let translated = stores.translate()?;
        Ok(translated.into_iter().map(|(name, value)| (name, value.into_text())).collect())
    }

    fn file(content: &[u8]) -> (tempfile::TempDir, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store");
        std::fs::write(&path, content).expect("written");
        let path = path.to_str().expect("text").to_owned();
        (folder, path)
    }

    #[test]
    fn pem_stores_become_certificate_and_key_files() {
        let given = [
            ("ssl.truststore.type", "PEM"),
            ("ssl.truststore.location", "/ca.pem"),
            ("ssl.keystore.type", "pem"),
            ("ssl.keystore.location", "/me.pem"),
        ];
        assert_eq!(
            translate(&given),
            Ok(vec![
                ("ssl.ca.location", "/ca.pem".to_owned()),
                ("ssl.certificate.location", "/me.pem".to_owned()),
                ("ssl.key.location", "/me.pem".to_owned()),
            ])
        );
    }

    #[test]
    fn without_a_type_the_content_decides() {
        let (_folder, path) = file(b"Bag Attributes\n-----BEGIN CERTIFICATE-----\n");
        assert_eq!(
            translate(&[("ssl.truststore.location", &path)]),
            Ok(vec![("ssl.ca.location", path.clone())])
        );
        let (_folder, path) = file(&[0x30, 0x82, 1, 2]);
        let given = [
            ("ssl.keystore.location", path.as_str()),
            ("ssl.keystore.type", "JKS"),
            ("ssl.keystore.password", "x"),
        ];
        assert_eq!(
            translate(&given),
            Ok(vec![("ssl.keystore.location", path.clone()), ("ssl.keystore.password", "x".to_owned())])
        );
    }

    #[test]
    fn a_java_store_is_refused_with_the_command_that_converts_it() {
        let (_folder, path) = file(&[0xfe, 0xed, 0xfe, 0xed, 0]);
        for name in ["ssl.truststore.location", "ssl.keystore.location"] {
            let failure = translate(&[(name, &path)]).expect_err("JKS");
            assert_eq!(failure.message, format!("`{name}` cannot be translated: `{path}` is a JKS store"));
            assert!(failure.hint.is_some_and(|hint| hint.starts_with("keytool") && hint.contains(&path)));
        }
        assert!(
            translate(&[("ssl.truststore.location", "/no/such"), ("ssl.truststore.type", "PKCS12")]).is_err()
        );
        let (_folder, path) = file(&[0x30, 0x82, 1, 2]);
        let hint = translate(&[("ssl.truststore.location", &path)]).expect_err("PKCS12").hint;
        let command = format!("openssl pkcs12 -in {path} -nokeys -out ca.pem, ");
        assert!(hint.is_some_and(|hint| hint.starts_with(&command)));
        let failure = translate(&[("ssl.truststore.location", "/no/such/file")]).expect_err("missing");
        assert_eq!(failure.message, "cannot read `/no/such/file`");
    }

    #[test]
    fn certificates_on_one_line_get_their_line_breaks_back() {
        let given = [(
            "ssl.truststore.certificates",
            "-----BEGIN CERTIFICATE----- AAA BBB -----END CERTIFICATE----- -----BEGIN CERTIFICATE-----CC-----END CERTIFICATE-----",
        )];
        let expected = "-----BEGIN CERTIFICATE-----\nAAA\nBBB\n-----END CERTIFICATE-----\n\
                        -----BEGIN CERTIFICATE-----\nCC\n-----END CERTIFICATE-----\n";
        assert_eq!(translate(&given), Ok(vec![("ssl.ca.pem", expected.to_owned())]));
        for odd in ["", "not PEM", "-----BEGIN X-----\nName: a b\n"] {
            assert_eq!(pem(odd), odd);
        }
    }
}
