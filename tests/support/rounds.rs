//! How often a test of random moments tries its luck.

use std::env;

/// The variable that says it for all such tests; each has its own number without it.
const VARIABLE: &str = "KCONS_TEST_ROUNDS";

/// The rounds of a test that does `usual` of them where nobody asked for more or fewer.
pub fn rounds(usual: usize) -> usize {
    let Ok(text) = env::var(VARIABLE) else { return usual };
    match text.parse() {
        Ok(rounds) if rounds > 0 => rounds,
        Ok(_) | Err(_) => panic!("{VARIABLE} is `{text}`, not a number of rounds"),
    }
}
