//! Words of other tools, and what replaces them in kcons: by meaning, before names that only look alike.

pub mod table;

use table::{Replacement, TABLE};

/// The hint for a word behind a command.
pub fn find(typed: &str, command: &str) -> Option<&'static str> {
    let fits = |meant: &&Replacement| {
        meant.typed.contains(&typed) && (meant.behind.is_empty() || meant.behind.contains(&command))
    };
    TABLE.iter().find(fits).map(|meant| meant.hint)
}

#[cfg(test)]
mod tests;
