//! Any bytes in each format that needs no schema: no panic, and what is decoded is one JSON text on one line.
#![no_main]

use kcons_fuzz::choices::DataFormat;
use kcons_fuzz::decode::{DataFormats, Decoders, Form, Schemas};
use kcons_fuzz::record::{Header, Record};
use libfuzzer_sys::fuzz_target;

const FORMATS: [&str; 10] = ["auto", "json", "text", "uuid", "msgpack", "cbor", "i8", "u64", "le:f32", "f64"];

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let name = FORMATS[usize::from(*choice) % FORMATS.len()];
    let format: DataFormat = clap::ValueEnum::from_str(name, false).expect("a format");
    let formats = DataFormats { key: format, value: format, headers: format, ..DataFormats::default() };
    let headers = [Header { name: b"h", value: Some(bytes) }];
    let record = Record {
        topic: "t",
        partition: 0,
        offset: 0,
        timestamp: None,
        key: Some(bytes),
        value: Some(bytes),
        headers: &headers,
    };
    let mut decoders = Decoders::new(&formats, &Schemas::default());
    let content = decoders.decode(&record);
    for decoded in [&content.key, &content.value] {
        let form = decoded.as_ref().map(|decoded| decoded.form);
        if let Some(Form::Json(json)) = form {
            let mut line = Vec::new();
            json.write_line(&mut line);
            kcons_fuzz::is_one_line_of_json(&line);
        }
    }
    if let Err(undecodable) = content.outcome(&record) {
        assert!(!undecodable.to_string().is_empty());
    }
});
