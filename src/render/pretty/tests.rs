//! Records as people read them, without and with a title, on terminals of some width.

use super::*;
use crate::choices::DataFormat;
use crate::decode::{DataFormats, Decoders, Schemas};
use crate::jq;
use crate::record::Header;
use crate::settings::Screen;
use jiff::tz;

const RECORD: Record<'_> = Record {
    topic: "task-created",
    partition: 0,
    offset: 0,
    timestamp: Some(1_763_888_400_000),
    key: Some(b"task-123"),
    value: Some(br#"{"id":"task-123","title":"Buy groceries"}"#),
    headers: &[],
};

fn plain() -> Pretty {
    Pretty {
        label: None,
        title: jq::Path::to_field("title"),
        title_field: None,
        has_topic: false,
        is_verbose: false,
        screen: Screen::default(),
    }
}

fn lines_as(settings: &Pretty, formats: [DataFormat; 2], record: &Record<'_>) -> String {
    lines_within(Width::Endless, settings, formats, record)
}

fn lines_within(width: Width, settings: &Pretty, formats: [DataFormat; 2], record: &Record<'_>) -> String {
    let mut out = Vec::new();
    let zone = TimeZone::fixed(tz::offset(1));
    let formats = DataFormats { key: formats[0], value: formats[1], ..DataFormats::default() };
    let mut decoders = Decoders::new(&formats, &Schemas::default());
    let mut content = decoders.decode(record);
    PrettyRenderer::new(settings, zone, width).render(record, &mut content, &mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn lines(settings: &Pretty, record: &Record<'_>) -> String {
    lines_as(settings, [DataFormat::Auto; 2], record)
}

fn with_value(value: &'static str) -> Record<'static> {
    Record { value: Some(value.as_bytes()), ..RECORD }
}

#[test]
fn a_record_is_its_title_key_and_place() {
    let expected = "Received task: Buy groceries\n  Key: task-123\n  Partition: 0, Offset: 0\n";
    assert_eq!(lines(&plain(), &RECORD), expected);
}

#[test]
fn the_noun_is_the_first_word_of_the_last_part_that_is_no_version_or_the_label() {
    for (topic, noun) in [
        ("task-created", "task"),
        ("orders.v1", "orders"),
        ("shop.orders", "orders"),
        ("shop.orders.v1", "orders"),
        ("com.acme.order-paid.V2.3", "order"),
        ("user_events", "user"),
        ("user_events.v1x", "v1x"),
        ("payments", "payments"),
        ("__consumer_offsets", "consumer"),
        ("a._.", "a"),
        ("v1.2", "v1"),
        ("_", "_"),
    ] {
        let record = Record { topic, ..RECORD };
        assert!(lines(&plain(), &record).starts_with(&format!("Received {noun}: Buy")), "{topic}");
    }
    let labelled = Pretty { label: Some("to-do".to_owned()), ..plain() };
    assert!(lines(&labelled, &RECORD).starts_with("Received to-do: Buy"));
}

#[test]
fn a_title_is_on_one_line_a_string_bare_and_anything_else_as_json() {
    for (value, title) in [
        (r#"{"title":""}"#, ""),
        (r#"{"title":"a\nb \"c\" \u00e9"}"#, r#"a\nb "c" é"#),
        (r#"{"title":17.0}"#, "17.0"),
        (r#"{"title":null}"#, "null"),
        ("{\"title\": { \"en\" : \"a b\",\n\"de\":[ ] } }", r#"{"en":"a b","de":[]}"#),
        (r#"{"title":"first","title":"last"}"#, "last"),
    ] {
        let expected = format!("Received task: {title}\n  Key: task-123\n  Partition: 0, Offset: 0\n");
        assert_eq!(lines(&plain(), &with_value(value)), expected);
    }
}

#[test]
fn a_title_is_a_field_or_at_a_path() {
    let value = r#"{"a.b":"field","a":{"b":"path","c":[{"d":1},{"d":[true]}]}}"#;
    for (title, expected) in [
        (jq::Path::to_field("a.b"), "field"),
        (jq::Path::parse(".a.b").expect("a path"), "path"),
        (jq::Path::parse(".a.c[0].d").expect("a path"), "1"),
        (jq::Path::parse(".a.c[-1].d").expect("a path"), "[true]"),
        (jq::Path::parse(".a.c[2].d").expect("a path"), "unknown"),
        (jq::Path::parse(".a.b.c").expect("a path"), "unknown"),
        (jq::Path::parse(".").expect("a path"), value),
    ] {
        let lines = lines(&Pretty { title, ..plain() }, &with_value(value));
        assert!(lines.starts_with(&format!("Received task: {expected}\n")), "{lines}");
    }
}

#[test]
fn a_title_that_was_asked_for_is_missed_until_a_record_has_it() {
    let missing = |title_field: Option<&str>, values: &[&'static str]| {
        let title = jq::Path::to_field(title_field.unwrap_or("title"));
        let settings = Pretty { title, title_field: title_field.map(str::to_owned), ..plain() };
        let mut renderer = PrettyRenderer::new(&settings, TimeZone::UTC, Width::Endless);
        for value in values {
            let record = with_value(value);
            let mut decoders = Decoders::new(&DataFormats::default(), &Schemas::default());
            let mut content = decoders.decode(&record);
            renderer.render(&record, &mut content, &mut Vec::new());
        }
        renderer.missing_title().map(str::to_owned)
    };
    let (with, without) = (r#"{"name":1}"#, "{}");
    assert_eq!(missing(Some("name"), &[without, "text"]).as_deref(), Some("name"));
    assert_eq!(missing(Some("name"), &[without, with, without]), None);
    assert_eq!(missing(None, &[without]), None);
}

#[test]
fn without_a_title_the_value_is_shown() {
    let shown = |value: Option<&[u8]>, format| {
        let lines = lines_as(&plain(), [DataFormat::Auto, format], &Record { value, ..RECORD });
        let start = "Received task: unknown\n  Key: task-123\n  Partition: 0, Offset: 0\n  Value: ";
        lines.strip_prefix(start).and_then(|rest| rest.strip_suffix('\n')).expect(&lines).to_owned()
    };
    let auto = |value: &[u8]| shown(Some(value), DataFormat::Auto);
    assert_eq!(shown(None, DataFormat::Auto), "(tombstone)");
    assert_eq!(auto(b""), "");
    assert_eq!(auto(b"two\nlines"), r"two\nlines");
    assert_eq!(auto(br#"{"id": 1}"#), r#"{"id": 1}"#);
    assert_eq!(auto(b"{\n  \"id\": 1\n}"), r#"{"id":1}"#);
    assert_eq!(auto(b"null"), "null");
    assert_eq!(auto(b"\"title\""), "\"title\"");
    assert_eq!(auto(b"\xff\xfe"), "base64 //4=");
    assert_eq!(shown(Some(br#"{"title":1}"#), DataFormat::Text), r#"{"title":1}"#);
    assert_eq!(shown(Some(b"{}"), DataFormat::Hex), "7b7d");
    assert_eq!(shown(Some(b"not JSON"), DataFormat::Json), "not JSON");
}

#[test]
fn a_value_that_is_cut_says_how_large_it_is() {
    let shown = |value: &[u8], format| {
        let lines = lines_as(&plain(), [DataFormat::Auto, format], &Record { value: Some(value), ..RECORD });
        lines.split_once("  Value: ").expect("a value").1.trim_end().to_owned()
    };
    for (characters, end) in [(119, ""), (120, ""), (121, "… (242 bytes)"), (100_000, "… (200000 bytes)")]
    {
        let expected = format!("{}{end}", "é".repeat(characters.min(120)));
        assert_eq!(shown("é".repeat(characters).as_bytes(), DataFormat::Auto), expected);
    }
    let object = format!("{{\n\"a\": \"{}\"}}", "b".repeat(200));
    let expected = format!("{{\"a\":\"{}… (210 bytes)", "b".repeat(114));
    assert_eq!(shown(object.as_bytes(), DataFormat::Auto), expected);
    let expected = format!("base64 {}… (1000 bytes)", "/".repeat(113));
    assert_eq!(shown(&[0xff; 1000], DataFormat::Auto), expected);
    assert_eq!(shown(&[0; 60], DataFormat::Hex), "0".repeat(120));
    assert_eq!(shown(&[0; 61], DataFormat::Hex), format!("{}… (61 bytes)", "0".repeat(120)));
}

#[test]
fn a_value_on_a_terminal_is_as_wide_as_that() {
    let screen = Screen { is_terminal: true, has_color: false };
    let shown = |columns, value: &str| {
        let settings = Pretty { screen, ..plain() };
        let record = Record { value: Some(value.as_bytes()), ..RECORD };
        let lines = lines_within(Width::Fixed(columns), &settings, [DataFormat::Auto; 2], &record);
        lines.lines().last().expect("a value").to_owned()
    };
    let text = "0123456789".repeat(5);
    assert_eq!(shown(59, &text), format!("  Value: {text}"));
    assert_eq!(shown(58, &text), format!("  Value: {}… (50 bytes)", &text[..37]));
    assert_eq!(shown(31, &text), "  Value: 0123456789… (50 bytes)");
    assert_eq!(shown(30, &text), "  Value: 01234567890123456789…");
    assert_eq!(shown(9, &text), "  Value: …");
    assert_eq!(shown(32, "日本語日本語日本語日本語"), "  Value: 日本語日本… (36 bytes)");
    assert_eq!(shown(40, &"\u{1b}".repeat(10)), r"  Value: \x1b\x1b\x1b\x1b\x1… (10 bytes)");
    for columns in 12..60 {
        for text in [&text, "日本語👩\u{200d}🚀❤\u{fe0f}".repeat(9).as_str()] {
            assert!(shown(columns, text).width() <= columns, "{}", shown(columns, text));
        }
    }
}

#[test]
fn a_key_is_text_else_base64_or_as_asked_for() {
    let shown = |key, format| {
        let lines = lines_as(&plain(), [format, DataFormat::Auto], &Record { key, ..RECORD });
        lines.lines().nth(1).expect("a key").to_owned()
    };
    assert_eq!(shown(None, DataFormat::Auto), "  Key: (none)");
    assert_eq!(shown(Some(b""), DataFormat::Auto), "  Key: ");
    assert_eq!(shown(Some(b"a\nb"), DataFormat::Auto), r"  Key: a\nb");
    assert_eq!(shown(Some(b"\xff"), DataFormat::Auto), "  Key: base64 /w==");
    assert_eq!(shown(Some(b"\xff"), DataFormat::Hex), "  Key: ff");
    assert_eq!(shown(Some(b"{\n\"a\": 1}"), DataFormat::Json), "  Key: {\"a\":1}");
    assert_eq!(shown(Some(&[0xff; 300]), DataFormat::Base64).len(), "  Key: base64 ".len() + 400);
}

#[test]
fn the_topic_follows_the_key_and_more_follows_at_the_end() {
    let headers = [
        Header { name: b"trace", value: Some(b"a1") },
        Header { name: b"trace", value: Some(b"b\n2") },
        Header { name: b"none", value: None },
        Header { name: b"bytes", value: Some(b"\xff") },
    ];
    let settings = Pretty { has_topic: true, is_verbose: true, ..plain() };
    let expected = concat!(
        "Received task: unknown\n  Key: task-123\n  Topic: task-created\n  Partition: 0, Offset: 0\n",
        "  Value: (tombstone)\n  Timestamp: 2025-11-23T10:00:00.000+01:00\n  Header trace: a1\n",
        "  Header trace: b\\n2\n  Header none: (null)\n  Header bytes: base64 /w==\n"
    );
    assert_eq!(lines(&settings, &Record { value: None, headers: &headers, ..RECORD }), expected);
}

#[test]
fn a_time_may_be_missing_or_out_of_any_calendar() {
    let settings = Pretty { is_verbose: true, ..plain() };
    for (timestamp, expected) in [
        (None, "(none)"),
        (Some(-1), "1970-01-01T00:59:59.999+01:00"),
        (Some(i64::MAX), "9223372036854775807"),
    ] {
        let lines = lines(&settings, &Record { timestamp, ..RECORD });
        assert!(lines.ends_with(&format!("  Timestamp: {expected}\n")), "{lines}");
    }
}

#[test]
fn control_characters_are_escaped_on_a_terminal_only() {
    let record =
        Record { key: Some("\u{1b}[2J\u{202e}".as_bytes()), ..with_value(r#"{"title":"a\u001b[31m\tb"}"#) };
    let expected = |title, key| format!("Received task: {title}\n  Key: {key}\n  Partition: 0, Offset: 0\n");
    assert_eq!(lines(&plain(), &record), expected("a\u{1b}[31m\tb", "\u{1b}[2J\u{202e}"));
    let screen = Screen { is_terminal: true, has_color: false };
    let terminal = Pretty { screen, ..plain() };
    assert_eq!(lines(&terminal, &record), expected(r"a\x1b[31m\tb", r"\x1b[2J\u{202e}"));
}

#[test]
fn color_makes_titles_bold_labels_dim_and_keys_stand_out() {
    let screen = Screen { is_terminal: false, has_color: true };
    let colored = |record: &Record<'_>| {
        let settings = Pretty { has_topic: true, is_verbose: true, screen, ..plain() };
        let text = lines(&settings, record);
        let plain_text = lines(&Pretty { screen: Screen::default(), ..settings }, record);
        let codes = ["\x1b[1m", "\x1b[2m", "\x1b[36m", "\x1b[0m"];
        assert_eq!(codes.iter().fold(text.clone(), |text, code| text.replace(code, "")), plain_text);
        text.replace("\x1b[1m", "<b>")
            .replace("\x1b[2m", "<d>")
            .replace("\x1b[36m", "<k>")
            .replace("\x1b[0m", "</>")
    };
    let expected = "\
Received task: <b>Buy groceries</>
<d>  Key: </><k>task-123</>
<d>  Topic: </>task-created
<d>  Partition: </>0<d>, Offset: </>0
<d>  Timestamp: </>2025-11-23T10:00:00.000+01:00
<d>  Header </>trace<d>: </>a1
";
    let headers = [Header { name: b"trace", value: Some(b"a1") }];
    assert_eq!(colored(&Record { headers: &headers, ..RECORD }), expected);
    let bare = colored(&Record { key: None, value: None, ..RECORD });
    assert!(bare.starts_with("Received task: <d>unknown</>\n<d>  Key: </><d>(none)</>\n"), "{bare}");
    assert!(bare.contains("<d>  Value: </><d>(tombstone)</>\n"), "{bare}");
    let long = "x".repeat(200);
    let cut = colored(&Record { value: Some(long.as_bytes()), ..RECORD });
    assert!(cut.contains(&format!("  Value: </>{}<d>… (200 bytes)</>\n", &long[..120])), "{cut}");
}
