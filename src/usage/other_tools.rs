//! Words of other tools, and what replaces them in kcons: by meaning, before names that only look alike.

pub mod table;

use table::{Replacement, TABLE, WITHOUT_VALUES};

/// The hint for a word behind a command.
pub fn find(typed: &str, command: &str) -> Option<&'static str> {
    find_in(TABLE, typed, command)
}

/// The hint for an option behind a command that has no value.
pub fn without_value(option: &str, command: &str) -> Option<&'static str> {
    find_in(WITHOUT_VALUES, option, command)
}

fn find_in(table: &[Replacement], typed: &str, command: &str) -> Option<&'static str> {
    let fits = |meant: &&Replacement| {
        meant.typed.contains(&typed) && (meant.behind.is_empty() || meant.behind.contains(&command))
    };
    table.iter().find(fits).map(|meant| meant.hint)
}

#[cfg(test)]
mod tests;
