//! The modules of kcons that read what others wrote, for fuzzing: links to the sources of the program.
#![allow(dead_code, unused_imports)]

pub mod choices;
/// What expressions say, compared with jq.
pub mod comparison;
pub mod date_time;
pub mod decode;
pub mod encode;
pub mod error;
pub mod escape;
pub mod expressions;
pub mod files;
pub mod jq;
pub mod json_text;
pub mod memory;
pub mod plural;
pub mod quiet;
pub mod record;

pub mod render {
    pub mod json;
    pub mod projection;

    pub use projection::{Projection, ValueProjection};
}

pub mod settings {
    pub mod escapes;
    pub mod template;
}

/// Fails unless these bytes are one JSON text without a line break.
///
/// # Panics
/// They are not.
pub fn is_one_line_of_json(bytes: &[u8]) {
    assert!(!bytes.contains(&b'\n') && !bytes.contains(&b'\r'), "{}", String::from_utf8_lossy(bytes));
    let mut nesting = decode::json::Nesting::default();
    assert!(decode::json::check(bytes, &mut nesting).is_some(), "{}", String::from_utf8_lossy(bytes));
}
