//! Any bytes as JSON: the checker and `serde_json` agree, and a line says the same.
#![no_main]

use kcons_fuzz::decode::json::{self, Nesting};
use libfuzzer_sys::fuzz_target;
use serde_json::value::RawValue;

fuzz_target!(|data: &[u8]| {
    let found = json::check(data, &mut Nesting::default());
    let is_json = serde_json::from_slice::<&RawValue>(data).is_ok();
    // It refuses more than 127 levels, and does not look at surrogates.
    let depth = data.iter().filter(|byte| matches!(byte, b'[' | b'{')).count();
    assert!(found.is_none() || is_json || depth >= 127);
    assert!(found.is_some() || !is_json || memchr::memmem::find(data, b"\\u").is_some() || depth > 200);
    match found {
        Some(json) => {
            let mut line = Vec::new();
            json.write_line(&mut line);
            kcons_fuzz::is_one_line_of_json(&line);
        }
        None => assert!(!json::flaw(data, &mut Nesting::default()).to_string().is_empty()),
    }
});
