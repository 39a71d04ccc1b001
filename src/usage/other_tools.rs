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

/// Whether a name is most likely a misspelling of another one: one or two letters differ, or it is the beginning of
/// it.
pub fn is_near(typed: &str, name: &str) -> bool {
    let (typed, name) = (typed.trim_start_matches('-'), name.trim_start_matches('-'));
    let most = if typed.chars().count() < 5 { 1 } else { 2 };
    let is_beginning = typed.len() >= 3 && name.starts_with(typed);
    is_beginning || strsim::damerau_levenshtein(typed, name) <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_a_slip_of_the_fingers() {
        for (typed, name) in [
            ("--grup", "--group"),
            ("consum", "consume"),
            ("lst", "list"),
            ("con", "consume"),
            ("jsn", "json"),
            ("--fliter", "--filter"),
        ] {
            assert!(is_near(typed, name), "{typed} {name}");
        }
        for (typed, name) in [
            ("--limit", "--delimiter"),
            ("newest", "earliest"),
            ("--formatter", "--forward"),
            ("--zookeeper", "--worker"),
            ("--raw", "--rate"),
            ("--cnt", "--connect-timeout"),
            ("ls", "lag"),
        ] {
            assert!(!is_near(typed, name), "{typed} {name}");
        }
    }
}
