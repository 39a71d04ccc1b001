//! Values, keys and headers decoded by schemas of files.

use std::fs;

use tempfile::TempDir;

use crate::support::mock::Mock;
use crate::support::registry::StubRegistry;
use crate::support::run::Kcons;
use crate::support::vectors;
use crate::support::{Outcome, Produced, own_folder, unique_name};

const PAYMENT: &str = r#"{"type":"record","name":"Payment","namespace":"com.acme","fields":[
    {"name":"id","type":"string"},
    {"name":"means","type":["null",
        {"type":"record","name":"Card","fields":[{"name":"number","type":"long"}]},
        {"type":"record","name":"Cash","fields":[]}]}]}"#;

const TASK: &str = r#"syntax = "proto3";
package acme;
import "common/owner.proto";
message Task { string title = 1; common.Owner owner = 2; }
message Other { int64 number = 1; }
"#;

const OWNER: &str = r#"syntax = "proto3"; package common; message Owner { string name = 1; }"#;

/// A folder with schemas, and a topic with one partition.
struct Scene {
    folder: TempDir,
    mock: Mock,
    topic: String,
}

impl Scene {
    fn new(files: &[(&str, &str)], records: &[Produced]) -> Scene {
        let folder = own_folder();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("the folder is ours");
            fs::write(path, text).expect("the folder is ours");
        }
        let mock = Mock::start(1);
        let topic = unique_name("payments");
        mock.create_topic(&topic, 1);
        mock.produce(&topic, records);
        Scene { folder, mock, topic }
    }

    /// Reads the topic to its end; `@NAME` in an argument is a file of the folder.
    fn read(&self, arguments: &[&str]) -> Outcome {
        let arguments = arguments.iter().map(|argument| match argument.strip_prefix('@') {
            Some(name) => self.folder.path().join(name).into_os_string(),
            None => argument.into(),
        });
        let brokers = self.mock.brokers();
        Kcons::new(["consume", &self.topic, "--brokers", &brokers, "-e"]).args(arguments).run()
    }
}

/// What stands between `"value":` and the headers, line by line.
fn values(outcome: &Outcome) -> Vec<String> {
    let text = outcome.stdout_text();
    let value = |line: &str| {
        let (_, rest) = line.split_once(r#""value":"#).expect("a value");
        rest.strip_suffix(r#","headers":[]}"#).expect("no headers").to_owned()
    };
    text.lines().map(value).collect()
}

#[test]
fn values_are_decoded_by_an_avro_schema_of_a_file() {
    let records: [&[u8]; 5] = [
        b"\x02a\x02\xde\x49",
        b"\x02b\0",
        // Behind the prefix of a schema registry, and of the single-object encoding.
        b"\0\0\0\0\x07\x02c\x04",
        b"\xc3\x01abcdefgh\x02d\x04",
        b"\x02e\x06",
    ];
    let scene =
        Scene::new(&[("payment.avsc", PAYMENT)], &records.map(|record| Produced::value(record).key(record)));
    let outcome = scene.read(&["--avro-schema", "@payment.avsc"]);
    let reason = "not Avro: union branch 3 of 3 in `means`";
    outcome.has_code(0).has_stderr(&format!("warning: {} [0] @ 4: value is {reason}\n", scene.topic));
    let undecodable = format!(r#""\u0002e\u0006","value_encoding":"text","value_error":"{reason}""#);
    assert_eq!(
        values(&outcome),
        [
            r#"{"id":"a","means":{"number":4719}}"#,
            r#"{"id":"b","means":null}"#,
            r#"{"id":"c","means":{}}"#,
            r#"{"id":"d","means":{}}"#,
            &undecodable,
        ]
    );
    let named = scene.read(&["--avro-schema", "@payment.avsc", "--union-names", "-n", "1"]);
    assert_eq!(values(&named), [r#"{"id":"a","means":{"com.acme.Card":{"number":4719}}}"#]);
    let decoded = ["--avro-schema", "@payment.avsc", "--filter", ".value.means?.number == 4719", "-o", "raw"];
    scene.read(&decoded).has_code(0).has_stdout(b"\x02a\x02\xde\x49\n");
    let template = ["--avro-schema", "@payment.avsc", "-n", "1", "-f", "%{value:json};"];
    scene.read(&template).has_stdout(r#"{"id":"a","means":{"number":4719}};"#);
    let keys = ["--avro-schema", "@payment.avsc", "--key-format", "avro", "-n", "1"];
    let key = r#""key":{"id":"a","means":{"number":4719}},"value":"AmEC3kk=","value_encoding":"base64""#;
    scene.read(&keys).stdout_contains(key);
    let strict = scene.read(&["--avro-schema", "@payment.avsc", "--strict", "--from", "4"]);
    strict
        .has_code(5)
        .has_stdout("")
        .has_stderr(&format!("error: {} [0] @ 4: value is {reason}\n", scene.topic));
    let handled = ["--avro-schema", "@payment.avsc", "--exec", "cat", "--stdin", "json", "-n", "1"];
    assert_eq!(values(&scene.read(&handled)), [r#"{"id":"a","means":{"number":4719}}"#]);
}

#[test]
fn a_file_is_for_values_and_a_registry_for_keys() {
    let registry = StubRegistry::start();
    let key = vectors::named("avro-string");
    // The registry has another schema of this number.
    let value = b"\0\0\0\0\x07\x02c\x04";
    let scene = Scene::new(&[("payment.avsc", PAYMENT)], &[Produced::value(value).key(&key.record)]);
    let outcome = scene.read(&["--registry", &registry.url(), "--avro-schema", "@payment.avsc"]);
    outcome.has_code(0).has_stderr("");
    let line = &outcome.json_lines()[0];
    assert_eq!((&line["key"], &line["key_schema_id"]), (&key.decoded, &key.schema_id.into()), "{outcome}");
    assert_eq!((line["value"]["id"].as_str(), line.get("value_schema_id")), (Some("c"), None), "{outcome}");
    let idle = ["--registry", "http://h", "--avro-schema", "@payment.avsc", "--key-format", "hex"];
    scene
        .read(&idle)
        .has_code(2)
        .stderr_contains("error: `--registry` needs `--value-format` or `--key-format` auto,");
}

#[test]
fn values_are_decoded_by_a_protobuf_message_of_a_file() {
    let files = [("task.proto", TASK), ("imports/common/owner.proto", OWNER)];
    let records: [&[u8]; 3] = [b"\x0a\x02hi\x12\x05\x0a\x03Ann", b"\0\0\0\0\x07\0\x0a\x02hi", b"\x0a\x09hi"];
    let scene = Scene::new(&files, &records.map(Produced::value));
    let schema = ["--proto", "@task.proto", "--proto-path", "@imports"];
    let read = |more: &[&str]| scene.read(&[&schema[..], more].concat());
    let outcome = read(&["--proto-message", "acme.Task"]);
    let reason = "not Protobuf of `acme.Task`: ends too early in `title`";
    outcome.has_code(0).has_stderr(&format!("warning: {} [0] @ 2: value is {reason}\n", scene.topic));
    let undecodable = format!(r#""\n\thi","value_encoding":"text","value_error":"{reason}""#);
    assert_eq!(
        values(&outcome),
        [r#"{"title":"hi","owner":{"name":"Ann"}}"#, r#"{"title":"hi"}"#, &undecodable]
    );
    // By the last part of its name, for another part of the record, and with values of another kind.
    let other = read(&["--proto-message", "Other", "--value-format", "protobuf", "-n", "1"]);
    other.stdout_contains("value_error");
    let headers =
        ["--proto-message", "Task", "--header-format", "protobuf", "--value-format", "hex", "-n", "1"];
    assert_eq!(values(&read(&headers)), [r#""0a02686912050a03416e6e","value_encoding":"hex""#]);
    let several = read(&[]);
    several.has_code(2).has_stdout("").has_stderr(&format!(
        "error: `--proto` needs `--proto-message`\n  caused by: `{}` has several messages\n  \
         hint: its messages are `acme.Task`, `acme.Other`\n",
        scene.folder.path().join("task.proto").display()
    ));
    let unknown = read(&["--proto-message", "Tsak"]);
    unknown
        .has_code(2)
        .stderr_contains("error: message `Tsak` is not in `")
        .stderr_contains("hint: did you mean `Task`?\n");
    let lost = scene.read(&["--proto", "@task.proto", "--proto-message", "Task"]);
    lost.has_code(2).stderr_contains("common/owner.proto").stderr_contains("hint: `--proto-path DIR`");
    let only = scene.read(&["--proto", "@imports/common/owner.proto", "--strict", "-n", "1"]);
    assert_eq!(values(only.has_code(0)), [r#"{"name":"hi"}"#]);
}

#[test]
fn what_is_wrong_with_a_schema_is_said_before_anything_is_connected() {
    let folder = own_folder();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("broken.avsc"), r#"{"type":"record"}"#).expect("the folder is ours");
    fs::write(path("broken.proto"), "message {").expect("the folder is ours");
    for (arguments, message) in [
        (["--avro-schema", &path("none.avsc")], "cannot read `none.avsc` of `--avro-schema`"),
        (["--avro-schema", &path("broken.avsc")], "`broken.avsc` of `--avro-schema` is not an Avro schema"),
        (["--proto", &path("none.proto")], "cannot read `none.proto` of `--proto`"),
        (["--proto", &path("broken.proto")], "`broken.proto` of `--proto` cannot be used"),
        (["--proto", &path("")], "`` of `--proto` cannot be used"),
        (["--value-format", "avro"], "`--value-format avro` needs `--avro-schema` or `--registry`"),
        (["--key-format", "protobuf"], "`--key-format protobuf` needs `--proto` or `--registry`"),
    ] {
        let outcome = Kcons::new(["consume", "t", "-b", "no-such-host.invalid:1"]).args(arguments).run();
        let start = format!("error: {}", message.replacen('`', &format!("`{}/", folder.path().display()), 1));
        let is_file = arguments[1].starts_with('/');
        let start = if is_file { start } else { format!("error: {message}") };
        outcome.has_code(2).has_stdout("").stderr_contains(&start);
        assert!(!is_file || outcome.stderr_text().contains("\n  caused by: "), "{outcome}");
    }
}

/// Two messages called `T`, and one that is near to their name.
const AMBIGUOUS: &str = r#"syntax = "proto3"; package x.y;
message T { int32 a = 1; }
message Outer { message T { string b = 1; } message Task {} }
"#;

#[test]
fn an_ambiguous_message_is_told_what_it_may_mean() {
    let folder = own_folder();
    let file = folder.path().join("amb.proto").display().to_string();
    fs::write(&file, AMBIGUOUS).expect("the folder is ours");
    let refused = |name: &str| {
        let outcome = Kcons::new(["consume", "t", "-b", "no-such-host.invalid:1", "--proto", &file])
            .args(["--proto-message", name])
            .run();
        outcome.has_code(2).has_stdout("");
        outcome.stderr_text()
    };
    assert_eq!(
        refused("T"),
        format!(
            "error: message `T` is ambiguous\n  caused by: several messages in `{file}` and its imports have that name\n  \
             hint: give the full name of one of them: `x.y.T`, `x.y.Outer.T`\n"
        )
    );
    for (name, hint) in [
        ("z.T", "did you mean `x.y.T` or `x.y.Outer.T`?"),
        ("Tsak", "did you mean `Task`?"),
        ("x.y.Outr.T", "did you mean `x.y.Outer.T`?"),
        ("Payment", "its messages are `x.y.T`, `x.y.Outer`, `x.y.Outer.T`, `x.y.Outer.Task`"),
    ] {
        let expected = format!("error: message `{name}` is not in `{file}`\n  hint: {hint}\n");
        assert_eq!(refused(name), expected, "{name}");
    }
}

#[test]
fn a_folder_of_imports_is_there_and_may_have_the_file_itself() {
    let files = [("pp/shop/owner.proto", OWNER), ("note.txt", "")];
    let scene = Scene::new(&files, &[Produced::value(b"\x0a\x03Ann")]);
    let found = scene.read(&["--proto", "shop/owner.proto", "--proto-path", "@pp"]);
    assert_eq!(values(found.has_code(0).has_stderr("")), [r#"{"name":"Ann"}"#]);
    let none = scene.read(&["--proto", "shop/other.proto", "--proto-path", "@pp"]);
    none.has_code(2).has_stderr(
        "error: cannot read `shop/other.proto` of `--proto`\n  caused by: No such file or directory\n",
    );
    for (folder, why) in [("none", "No such file or directory"), ("note.txt", "it is not a folder")] {
        let path = scene.folder.path().join(folder);
        let refused = scene.read(&["--proto", "@pp/shop/owner.proto", "--proto-path", &format!("@{folder}")]);
        refused.has_code(2).has_stdout("").has_stderr(&format!(
            "error: cannot read `{}` of `--proto-path`\n  caused by: {why}\n",
            path.display()
        ));
    }
}
