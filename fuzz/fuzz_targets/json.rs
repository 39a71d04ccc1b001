//! Any bytes as JSON: the checker and `serde_json` agree, and a line says the same.
#![no_main]

use kcons_fuzz::decode::json::{self, Nesting};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|data: &[u8]| {
    let found = json::check(data, &mut Nesting::default());
    // It counts levels differently, and refuses more than 127.
    let depth = data.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if depth < 127 {
        assert_eq!(found.is_some(), serde_json::from_slice::<&RawValue>(data).is_ok());
    }
    match found {
        Some(json) => {
            let mut line = Vec::new();
            json.write_line(&mut line);
            kcons_fuzz::is_one_line_of_json(&line);
        }
        None => assert!(!json::flaw(data, &mut Nesting::default()).to_string().is_empty()),
    }
});
