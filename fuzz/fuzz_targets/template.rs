//! Any text as a template: parsed or refused with its place, never a panic.
#![no_main]

use kcons_fuzz::settings::template::Template;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(mistake) = Template::parse(text) {
        assert!(text.contains(&mistake.token));
        assert!(mistake.after <= text.chars().count());
        assert!(!mistake.to_string().is_empty());
    }
});
