//! The words of a command line in one order: the command first, then everything typed for it.

use crate::cli;
use std::ffi::OsString;

/// A command line whose command stands in front of all options, and what the command is.
#[derive(Debug, PartialEq, Eq)]
pub struct OrderedWords {
    /// The name of the program, the command, and all other words in the order in which they were typed.
    pub words: Vec<OsString>,
    /// The words of the command: `group`, `reset`. Empty if none is typed.
    pub command: Vec<String>,
    /// A word behind `version` or `help COMMAND`, which take none.
    pub stray: Option<String>,
}

impl OrderedWords {
    /// Finds the command among words. Options that every command has may stand in front of it; the parser would take
    /// them for a level of their own, where a later word could not override them.
    ///
    /// `help COMMAND` and `version` become the options that they stand for.
    pub fn of(words: &[OsString]) -> OrderedWords {
        let root = cli::command();
        let (mut place, mut command) = (&root, Vec::new());
        let mut options: Vec<OsString> = Vec::new();
        let mut rest = words.get(1..).unwrap_or_default();
        while let Some(word) = rest.first().and_then(|word| word.to_str()).filter(|_| place.has_subcommands())
        {
            if let Some(found) = place.find_subcommand(word) {
                command.push(found.get_name().to_owned());
                (place, rest) = (found, &rest[1..]);
                continue;
            }
            if let Some(asked) = question(word, &command, &rest[1..]) {
                let stray = stray(&root, (word == "help").then_some(place), &rest[1..]);
                let words: Vec<OsString> = words.iter().take(1).cloned().chain(asked).collect();
                return OrderedWords { stray, ..OrderedWords::of(&words) };
            }
            let Some(length) = length_of_option(word, place) else { break };
            let (option, behind) = rest.split_at(length.min(rest.len()));
            options.extend_from_slice(option);
            rest = behind;
        }
        let mut ordered: Vec<OsString> = words.iter().take(1).cloned().collect();
        ordered.extend(command.iter().map(OsString::from));
        ordered.extend(options);
        ordered.extend_from_slice(rest);
        OrderedWords { words: ordered, command, stray: None }
    }
}

/// The words that `help` and `version` in the place of a command stand for.
fn question(word: &str, command: &[String], rest: &[OsString]) -> Option<Vec<OsString>> {
    match word {
        "version" if command.is_empty() => Some(vec!["--version".into()]),
        "help" => {
            let is_name = |word: &&OsString| *word != "help" && *word != "version";
            let asked = command.iter().map(OsString::from).chain(rest.iter().filter(is_name).cloned());
            Some(asked.chain(["--help".into()]).collect())
        }
        _ => None,
    }
}

/// The first word that is neither a command below `place` nor an option that every command has. What stands in the place
/// of a command and is none is left to the parser.
fn stray(root: &clap::Command, mut place: Option<&clap::Command>, mut rest: &[OsString]) -> Option<String> {
    while let Some(word) = rest.first() {
        let word = word.to_string_lossy();
        let commands = place.filter(|place| place.has_subcommands());
        let found = commands.and_then(|place| place.find_subcommand(&*word));
        place = found.or(place);
        let is_asked_again = ["help", "version"].contains(&&*word) && commands.is_some();
        let length = match length_of_option(&word, root) {
            _ if found.is_some() || is_asked_again || ["-h", "--help"].contains(&&*word) => 1,
            Some(length) => length,
            None if commands.is_some() => return None,
            None => return Some(word.into_owned()),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    None
}

/// How many words an option takes that every command has, with its value; `None` for any other word.
fn length_of_option(word: &str, command: &clap::Command) -> Option<usize> {
    let mut arguments = command.get_arguments().filter(|argument| argument.is_global_set());
    let takes_value = |argument: &clap::Arg| argument.get_action().takes_values();
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let argument = arguments.find(|argument| argument.get_long() == Some(name))?;
        return Some(if takes_value(argument) && value.is_none() { 2 } else { 1 });
    }
    let letters = word.strip_prefix('-').filter(|letters| !letters.is_empty())?;
    for (index, letter) in letters.char_indices() {
        let mut arguments = command.get_arguments().filter(|argument| argument.is_global_set());
        let argument = arguments.find(|argument| argument.get_short() == Some(letter))?;
        if takes_value(argument) {
            let is_last = index + letter.len_utf8() == letters.len();
            return Some(if is_last { 2 } else { 1 });
        }
    }
    Some(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_all_commands_stand_behind_the_command_in_the_order_typed() {
        for (typed, ordered) in [
            ("-b a lag g -b b", "lag -b a g -b b"),
            ("-qv -vbx consume t", "consume -qv -vbx t"),
            ("--brokers=a -X k=v group -q reset g", "group reset --brokers=a -X k=v -q g"),
            ("-qb x lag", "lag -qb x"),
            ("lag -b a", "lag -b a"),
            // What follows is for the parser to refuse.
            ("-e consume t", "-e consume t"),
            ("-qe consume t", "-qe consume t"),
            ("-b x consum t", "-b x consum t"),
            ("-q group zzz", "group -q zzz"),
            ("-b", "-b"),
            ("-q -- consume", "-q -- consume"),
            ("-h consume", "-h consume"),
            ("", ""),
        ] {
            assert_eq!(read(typed), ordered, "{typed}");
        }
    }

    #[test]
    fn help_and_version_are_what_they_stand_for() {
        for (typed, ordered) in [
            ("help", "--help"),
            ("help consume", "consume --help"),
            ("-q help group reset", "group reset --help"),
            ("group help reset", "group reset --help"),
            ("group help", "group --help"),
            ("help help", "--help"),
            ("version", "--version"),
            ("help version", "--help"),
            // Topics, groups and values of these names.
            ("consume help", "consume help"),
            ("consume version", "consume version"),
            ("-b help lag g", "lag -b help g"),
        ] {
            assert_eq!(read(typed), ordered, "{typed}");
        }
    }

    #[test]
    fn what_help_and_version_do_not_take_is_found() {
        for (typed, stray) in [
            ("version foo", Some("foo")),
            ("version --foo", Some("--foo")),
            ("version -q --color never", None),
            ("help consume extra", Some("extra")),
            ("help consume -e", Some("-e")),
            ("-q help group reset -v g", Some("g")),
            ("group help reset g", Some("g")),
            ("help -b a consume --help", None),
            ("help help consume", None),
            // For the parser to refuse.
            ("help consum extra", None),
            ("consume help extra", None),
        ] {
            assert_eq!(of(typed).stray.as_deref(), stray, "{typed}");
        }
    }

    fn of(typed: &str) -> OrderedWords {
        let words: Vec<_> =
            ["kcons"].into_iter().chain(typed.split_whitespace()).map(OsString::from).collect();
        OrderedWords::of(&words)
    }

    fn read(typed: &str) -> String {
        let ordered = of(typed).words;
        let ordered: Vec<_> = ordered[1..].iter().map(|word| word.to_string_lossy()).collect();
        ordered.join(" ")
    }
}
