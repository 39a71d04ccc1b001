//! What templates print of the records of a real Kafka, beside kcat.

use std::io::{self, Write};
use std::process::{Command, Stdio};

use super::reading::{LONG, consume, named_topic};
use crate::support::Produced;
use crate::support::kafka::kafka;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;

/// Set where the comparison must run.
const REQUIRED: &str = "KCONS_REQUIRE_KCAT";

/// Templates that mean the same to both.
const SHARED: &[&str] = &[
    r"t=%t p=%p o=%o k=[%k] K=%K s=[%s] S=%S h=[%h]\n",
    "%R%s",
    r"%T %o\t%k\r\n",
    r"100%% of %s\n",
    r"%%s %o%%\n",
    r"\n\t\r\\ \x41\x4a\x0f \101 \0101 \065 \9 \10 \e\a\é%o",
    r"\%s\\%k\n",
    "no token",
    "- %s -",
];

/// A topic with each shape of key, value and headers.
fn fixture() -> String {
    let topic = named_topic("fx", 1);
    let headers = |record: Produced| {
        record.header("h1", "a").header("h1", "b").null_header("nullh").header("emptyh", "")
    };
    let records = [
        headers(Produced::value("v1").key("k1")),
        Produced::value("v2-nokey"),
        Produced::tombstone("k3"),
        Produced::value("v4").key(""),
        Produced::value("v5"),
        Produced::value("").key("k6"),
        Produced::value(b"\xff\xfe\0A").key("bk"),
        Produced::value("multi\nline").key("ml"),
    ];
    kafka().produce(&topic, &records);
    topic
}

/// What kcons prints by a template.
fn kcons(topic: &str, template: &str, arguments: &[&str]) -> Vec<u8> {
    let outcome = consume(topic).args(["-e", "-f", template]).args(arguments).run();
    outcome.has_code(0).has_stderr("");
    outcome.stdout
}

/// What kcat prints by a template.
fn kcat(topic: &str, template: &str, arguments: &[&str]) -> Vec<u8> {
    let kcat =
        Kcons::other("kcat", ["-C", "-e", "-q", "-b", &kafka().brokers(), "-t", topic, "-f", template]);
    let outcome = kcat.args(arguments).deadline(LONG).run();
    outcome.has_code(0);
    outcome.stdout
}

/// Whether kcat is there; says so if it is not.
fn has_kcat() -> bool {
    if Command::new("kcat").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok() {
        return true;
    }
    assert!(std::env::var_os(REQUIRED).is_none(), "kcat is missing");
    let _ = writeln!(io::stderr(), "left out, no kcat: the comparison of templates");
    false
}

pub fn a_template_prints_byte_for_byte_what_kcat_prints() {
    let topic = fixture();
    let mut expected = format!(
        "t={topic} p=0 o=0 k=[k1] K=2 s=[v1] S=2 h=[h1=a,h1=b,nullh=NULL,emptyh=]\n\
         t={topic} p=0 o=1 k=[] K=-1 s=[v2-nokey] S=8 h=[]\n\
         t={topic} p=0 o=2 k=[k3] K=2 s=[] S=-1 h=[]\n\
         t={topic} p=0 o=3 k=[] K=0 s=[v4] S=2 h=[]\n\
         t={topic} p=0 o=4 k=[] K=-1 s=[v5] S=2 h=[]\n\
         t={topic} p=0 o=5 k=[k6] K=2 s=[] S=0 h=[]\n\
         t={topic} p=0 o=6 k=[bk] K=2 s=["
    )
    .into_bytes();
    expected.extend(b"\xff\xfe\0A");
    expected.extend(format!("] S=4 h=[]\nt={topic} p=0 o=7 k=[ml] K=2 s=[multi\nline] S=10 h=[]\n").bytes());
    assert_eq!(text(&kcons(&topic, SHARED[0], &[])), text(&expected));
    let lengths = b"\0\0\0\x02v1\0\0\0\x08v2-nokey\xff\xff\xff\xff\0\0\0\x02v4\0\0\0\x02v5\0\0\0\0\
                    \0\0\0\x04\xff\xfe\0A\0\0\0\x0amulti\nline";
    assert_eq!(text(&kcons(&topic, SHARED[1], &[])), text(lengths));
    if !has_kcat() {
        return;
    }
    for template in SHARED {
        let (ours, theirs) = (kcons(&topic, template, &[]), kcat(&topic, template, &[]));
        assert_eq!(text(&ours), text(&theirs), "{template}");
        assert!(!ours.is_empty(), "{template}");
    }
}

pub fn what_kcat_takes_for_something_else_is_as_the_manual_says() {
    let topic = fixture();
    let first = |template: &str| kcons(&topic, template, &["-n", "1"]);
    assert_eq!(first(r"a\0b\x00c"), b"a\0b\0c");
    assert_eq!(first(r"\xff\xF\x414"), b"\xff\x0fA4");
    let nulls = kcons(&topic, r"%k %s\n", &["-Z", "NULL", "--to", "6"]);
    assert_eq!(text(&nulls), r"k1 v1\nNULL v2-nokey\nk3 NULL\n v4\nNULL v5\nk6 \n");
    if !has_kcat() {
        return;
    }
    // Once kcat prints the same, the manual has a difference too many.
    assert_eq!(kcat(&topic, r"a\0b\x00c", &["-c", "1"]), b"a");
    assert_ne!(kcat(&topic, r"\xff\xF\x414", &["-c", "1"]), b"\xff\x0fA4");
    let theirs = kcat(&topic, r"%k %s\n", &["-Z", "-c", "6"]);
    assert_eq!(text(&theirs), r"k1 v1\nNULL v2-nokey\nk3 NULL\nNULL v4\nNULL v5\nk6 NULL\n");
}

pub fn a_terminal_gets_no_control_characters_of_a_record() {
    let topic = named_topic("fx", 1);
    kafka().produce(&topic, &[Produced::value("a\u{1b}[31m\u{202e}b").key("k\u{7}")]);
    let template = r"\x1b[1m%k\x1b[0m %s %{value:json}\n";
    let outcome = consume(&topic).args(["-e", "-f", template]).spawn_on_terminal(OnTerminal::Stdout).finish();
    outcome
        .has_code(0)
        .has_stdout("\u{1b}[1mk\\x07\u{1b}[0m a\\x1b[31m\\u{202e}b \"a\\u001b[31m\\u202eb\"\n");
}

/// Bytes that can be read in a failed comparison.
fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
