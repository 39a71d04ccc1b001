//! Which registry a command line comes to.

use super::*;
use crate::settings::Consume;
use crate::settings::testing::TestWorld;

fn resolved(words: &str) -> Result<Consume, Failure> {
    TestWorld::new(&[]).consume(words)
}

#[test]
fn a_registry_is_resolved_where_something_is_decoded_by_it() {
    let url_of = |words: &str| {
        let registry = resolved(words).expect(words).registry;
        registry.map(|registry| registry.urls[0].url.clone())
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("client.properties");
    std::fs::write(&path, "schema.registry.url=http://f\n").expect("written");
    let path = path.display();
    for (words, expected) in [
        ("t --registry http://h/", Some("http://h")),
        ("t -X schema.registry.url=http://x", Some("http://x")),
        ("t --registry http://h --value-format avro --union-names", Some("http://h")),
        ("t --registry http://h --value-format json", Some("http://h")),
        ("t --registry http://h --exec a --stdin json", Some("http://h")),
        ("t --registry http://h -o raw --filter .a", Some("http://h")),
        ("t", None),
    ] {
        assert_eq!(url_of(words).as_deref(), expected, "{words}");
    }
    // A file is for many commands.
    for (words, expected) in [
        ("t", Some("http://f")),
        ("t -o raw", None),
        ("t --exec a", None),
        ("t -f %s", None),
        ("t --value-format hex --key-format text", None),
        ("t -X schema.registry.url=", None),
    ] {
        assert_eq!(url_of(&format!("{words} -F {path}")).as_deref(), expected, "{words}");
    }
    for (words, message) in [
        ("t --value-format avro", "`--value-format avro` needs `--avro-schema` or `--registry`"),
        ("t --key-format avro", "`--key-format avro` needs `--avro-schema` or `--registry`"),
        ("t --value-format protobuf", "`--value-format protobuf` needs `--proto` or `--registry`"),
        ("t --union-names", "`--union-names` needs `--avro-schema` or `--registry`"),
        ("t --registry-user a:b", "`--registry-user` needs `--registry`"),
        (
            "t --registry http://a -X schema.registry.url=http://b",
            "`--registry` and `-X schema.registry.url` contradict each other",
        ),
    ] {
        assert_eq!(resolved(words).expect_err(words).message, message, "{words}");
    }
}
