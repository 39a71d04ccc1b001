//! What templates print of records.

use super::*;
use crate::decode::{DataFormats, Decoders, Schemas};
use crate::memory;
use crate::settings::Template;
use proptest::prelude::*;

const RECORD: Record<'_> = Record {
    topic: "fx",
    partition: 0,
    offset: 0,
    timestamp: Some(1_763_888_400_123),
    key: None,
    value: None,
    headers: &[],
};

const HEADERS: &[Header<'_>] = &[
    Header { name: b"h1", value: Some(b"a") },
    Header { name: b"h1", value: Some(b"b") },
    Header { name: b"nullh", value: None },
    Header { name: b"emptyh", value: Some(b"") },
];

/// Records with each shape of key, value and headers.
fn fixture() -> Vec<Record<'static>> {
    let record = |key, value: Option<&'static [u8]>| Record { key, value, ..RECORD };
    let mut records = vec![
        Record { headers: HEADERS, ..record(Some(b"k1"), Some(b"v1")) },
        record(None, Some(b"v2-nokey")),
        record(Some(b"k3"), None),
        record(Some(b""), Some(b"v4")),
        record(None, Some(b"v5")),
        record(Some(b"k6"), Some(b"")),
        record(Some(b"bk"), Some(b"\xff\xfe\0A")),
        record(Some(b"ml"), Some(b"multi\nline")),
    ];
    (0..).zip(&mut records).for_each(|(offset, record)| record.offset = offset);
    records
}

fn renderer(template: &str, null: &str, is_terminal: bool) -> TemplateRenderer {
    let template = Template::parse(template).unwrap_or_else(|mistake| panic!("{template}: {mistake}"));
    TemplateRenderer::new(&TemplateSettings { template, null: null.as_bytes().to_vec(), is_terminal })
}

fn append(renderer: &mut TemplateRenderer, record: &Record<'_>, out: &mut Vec<u8>) {
    let mut decoders = Decoders::new(&DataFormats::default(), &Schemas::default());
    let content = decoders.decode(record);
    renderer.render(record, &content, out);
}

/// What a pipe gets of these records.
fn printed(template: &str, null: &str, records: &[Record<'_>]) -> Vec<u8> {
    let mut renderer = renderer(template, null, false);
    let mut out = Vec::new();
    records.iter().for_each(|record| append(&mut renderer, record, &mut out));
    out
}

fn text(template: &str, record: Record<'_>) -> String {
    String::from_utf8(printed(template, "", &[record])).expect("UTF-8")
}

#[test]
fn numbers_in_a_row_are_all_printed_however_long_they_are() {
    let record = Record {
        partition: i32::MIN,
        offset: i64::MIN,
        timestamp: Some(i64::MIN),
        value: Some(b"12345"),
        ..RECORD
    };
    let template = "%o%T%p%S%K-%o a text of more than 16 characters %p%{timestamp:unix}%o%o%o";
    let expected = format!(
        "{o}{o}{p}5-1-{o} a text of more than 16 characters {p}{unix}{o}{o}{o}",
        o = i64::MIN,
        p = i32::MIN,
        unix = i64::MIN.div_euclid(1000),
    );
    assert_eq!(text(template, record), expected);
    // Each of these is as long as what is put together at most, or one character longer.
    for padding in 0..30 {
        let padding = "x".repeat(padding);
        let template = format!("%o{padding}%p%o%p{padding}%o");
        let (o, p) = (i64::MIN, i32::MIN);
        assert_eq!(text(&template, record), format!("{o}{padding}{p}{o}{p}{padding}{o}"));
    }
}

#[test]
fn every_shape_of_a_record_is_printed_as_kcat_does() {
    let expected = b"t=fx p=0 o=0 k=[k1] K=2 s=[v1] S=2 h=[h1=a,h1=b,nullh=NULL,emptyh=]
t=fx p=0 o=1 k=[] K=-1 s=[v2-nokey] S=8 h=[]
t=fx p=0 o=2 k=[k3] K=2 s=[] S=-1 h=[]
t=fx p=0 o=3 k=[] K=0 s=[v4] S=2 h=[]
t=fx p=0 o=4 k=[] K=-1 s=[v5] S=2 h=[]
t=fx p=0 o=5 k=[k6] K=2 s=[] S=0 h=[]
t=fx p=0 o=6 k=[bk] K=2 s=[\xff\xfe\0A] S=4 h=[]
t=fx p=0 o=7 k=[ml] K=2 s=[multi
line] S=10 h=[]
";
    let template = r"t=%t p=%p o=%o k=[%k] K=%K s=[%s] S=%S h=[%h]\n";
    assert_eq!(printed(template, "", &fixture()), expected);
    let by_name = r"t=%{topic} p=%{partition} o=%{offset} k=[%{key}] K=%K s=[%{value}] S=%S h=[%{headers}]\n";
    assert_eq!(printed(by_name, "", &fixture()), expected);
}

#[test]
fn a_length_can_stand_in_front_of_a_value_as_four_bytes() {
    let mut expected = Vec::new();
    for value in fixture().iter().map(|record| record.value) {
        expected.extend(value.map_or(-1, |value| value.len() as i32).to_be_bytes());
        expected.extend(value.unwrap_or_default());
    }
    assert_eq!(&expected[..6], b"\0\0\0\x02v1");
    assert_eq!(printed("%R%s", "", &fixture()), expected);
}

#[test]
fn a_null_is_what_it_is_told_to_be_and_an_empty_one_stays_empty() {
    let keys = printed(r"%k|%{key:hex}|%K\n", r"\N", &fixture()[1..4]);
    assert_eq!(String::from_utf8_lossy(&keys), "\\N|\\N|-1\nk3|6b33|2\n||0\n");
    let values = printed(r"%s|%{value:base64}|%{value:json}\n", "nil", &fixture()[1..6]);
    assert_eq!(
        String::from_utf8_lossy(&values),
        "v2-nokey|djItbm9rZXk=|\"v2-nokey\"\nnil|nil|null\nv4|djQ=|\"v4\"\nv5|djU=|\"v5\"\n||\"\"\n"
    );
}

#[test]
fn values_and_keys_can_be_encoded_or_decoded() {
    let record = Record { key: Some(b"{ }"), value: Some(b"{\n\"a\" : 1.50}"), ..RECORD };
    assert_eq!(text("%{value:json} %{key:json}", record), r#"{"a":1.50} "{ }""#);
    assert_eq!(text("%{value:hex} %{key:hex}", record), "7b0a226122203a20312e35307d 7b207d");
    assert_eq!(text("%{value:base64} %{key:base64}", record), "ewoiYSIgOiAxLjUwfQ== eyB9");
    let bytes = Record { value: Some(b"\xff"), ..RECORD };
    assert_eq!(text("%{value:json}", bytes), r#""/w==""#);
}

#[test]
fn a_header_is_the_last_one_of_its_name() {
    let record = Record { headers: HEADERS, ..RECORD };
    for (name, expected) in [("h1", "b"), ("nullh", ""), ("emptyh", ""), ("none", ""), ("H1", "")] {
        assert_eq!(text(&format!("[%{{header:{name}}}]"), record), format!("[{expected}]"));
    }
}

#[test]
fn a_time_is_a_number_or_an_rfc_3339_time() {
    let template = "%T %{timestamp} %{timestamp:unix} %{timestamp:iso}";
    for (timestamp, expected) in [
        (Some(1_763_888_400_123), "1763888400123 1763888400123 1763888400 2025-11-23T09:00:00.123Z"),
        (Some(0), "0 0 0 1970-01-01T00:00:00.000Z"),
        (Some(-1), "-1 -1 -1 1969-12-31T23:59:59.999Z"),
        (None, "-1 -1 -1 "),
    ] {
        assert_eq!(text(template, Record { timestamp, ..RECORD }), expected);
    }
}

#[test]
fn a_terminal_gets_nothing_of_a_record_that_acts_on_it_but_the_text_as_typed() {
    let headers = [Header { name: b"n\x1b", value: Some(b"v\x1b") }];
    let value = "a\n\t\u{1b}[31m\u{202e}";
    let record =
        Record { key: Some(b"k\x07\xff"), value: Some(value.as_bytes()), headers: &headers, ..RECORD };
    let mut out = Vec::new();
    let template = r"\x1b[1m%k\x1b[0m %s %h %{header:n} %R %{value:json}\r";
    append(&mut renderer(template, "", true), &record, &mut out);
    let expected = concat!(
        "\u{1b}[1mk\\x07\\xff\u{1b}[0m a\n\t\\x1b[31m\\u{202e} n\\x1b=v\\x1b  \\x00\\x00\\x00\\x0b ",
        r#""a\n\t\u001b[31m\u202e""#,
        "\r"
    );
    assert_eq!(String::from_utf8_lossy(&out), expected);
    assert_eq!(printed("%s", "", &[record]), value.as_bytes());
}

#[test]
fn a_record_takes_no_memory_but_that_of_the_output() {
    let template =
        r"%t %p %o %k %K %s %S %R %T %h %{value:hex} %{value:base64} %{header:h1} %{timestamp:iso}\n";
    let mut renderer = renderer(template, "NULL", false);
    let (records, content) = (fixture(), Content::default());
    let mut out = Vec::with_capacity(1 << 20);
    renderer.render(&RECORD, &content, &mut out);
    let before = memory::allocations();
    for offset in 0..100 {
        for record in &records {
            let timestamp = Some(offset * 700);
            renderer.render(&Record { offset, timestamp, ..*record }, &content, &mut out);
        }
    }
    assert_eq!(memory::allocations(), before);
    drop(vec![b"counted"]);
    assert_eq!(memory::allocations(), before + 1);
}

proptest! {
    #[test]
    fn any_template_prints_any_record_without_a_panic(
        tokens in proptest::collection::vec(proptest::sample::select(TOKENS), 0..6),
        value in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..40)),
        key in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..8)),
        (timestamp, offset, partition) in (any::<Option<i64>>(), any::<i64>(), any::<i32>()),
        is_terminal: bool,
    ) {
        let headers = [Header { name: key.as_deref().unwrap_or(b"h"), value: value.as_deref() }];
        let (value, key) = (value.as_deref(), key.as_deref());
        let record = Record { value, key, timestamp, offset, partition, headers: &headers, ..RECORD };
        let mut out = Vec::new();
        append(&mut renderer(&tokens.concat(), "", is_terminal), &record, &mut out);
        if is_terminal {
            let shown = String::from_utf8(out).expect("what a terminal gets is text");
            let mut left = shown.chars().filter(|c| !matches!(c, '\n' | '\t'));
            prop_assert!(left.all(|c| !c.is_control()), "{shown:?}");
        } else {
            // Each token prints what it prints alone.
            let apart: Vec<u8> = tokens.iter().flat_map(|token| printed(token, "", &[record])).collect();
            prop_assert_eq!(out, apart);
        }
    }
}

const TOKENS: &[&str] = &[
    "%s",
    "%S",
    "%R",
    "%k",
    "%K",
    "%T",
    "%h",
    "%t",
    "%p",
    "%o",
    "%%",
    "text",
    "%{value:base64}",
    "%{value:hex}",
    "%{value:json}",
    "%{key:json}",
    "%{timestamp:iso}",
    "%{timestamp:unix}",
    "%{header:h}",
];
