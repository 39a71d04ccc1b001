//! Where the cursor is in a command line: behind which command, in the value of which option. The line need not be
//! valid, nor whole.

use super::words::Word;
use clap::{Arg, ArgAction, Command};

/// A command line that is still being typed.
#[derive(Debug)]
pub struct UnfinishedLine {
    /// The words, without the name of the program; the one with the cursor in it ends there.
    pub words: Vec<Word>,
    /// The index of the word with the cursor in it.
    pub cursor: usize,
}

/// What the word with the cursor in it is.
#[derive(Debug)]
pub enum CursorPlace<'a> {
    /// The name of a command below the one that was typed.
    Command,
    /// An option; it begins with `-`.
    Option,
    /// The value of an option, or a positional argument.
    Value { argument: &'a Arg, part: ValuePart },
    /// The program of a handler or one of its arguments, behind `--`.
    Program,
    /// Nothing fits.
    Nowhere,
}

/// A word that is or holds a value.
#[derive(Debug, PartialEq, Eq)]
pub struct ValuePart {
    /// What stands in front of the value: `--group=`, `-g`, or nothing.
    pub prefix: String,
    /// The value.
    pub value: String,
}

/// An option or a positional argument that is typed, with its value, which is empty for a switch.
#[derive(Debug)]
pub struct Given<'a> {
    pub argument: &'a Arg,
    pub value: Word,
}

/// A command line that was walked along.
#[derive(Debug)]
pub struct Walk<'a> {
    /// The declaration of the command that was typed.
    pub command: &'a Command,
    /// The words of the command: `group`, `reset`.
    pub path: Vec<&'a str>,
    /// What is typed besides the word with the cursor in it.
    pub given: Vec<Given<'a>>,
    /// The option that takes the next word for its value.
    pending: Option<&'a Arg>,
    /// Whether `--` was passed.
    is_escaped: bool,
    /// How many positional arguments were passed.
    positionals: usize,
}

impl UnfinishedLine {
    /// Walks along the line with the declaration of all commands; finds out what the cursor is in.
    pub fn walk<'a>(&self, root: &'a Command) -> (Walk<'a>, CursorPlace<'a>) {
        let mut walk = Walk {
            command: root,
            path: Vec::new(),
            given: Vec::new(),
            pending: None,
            is_escaped: false,
            positionals: 0,
        };
        let (before, rest) = self.words.split_at(self.cursor.min(self.words.len()));
        before.iter().for_each(|word| walk.pass(word));
        let Some((current, behind)) = rest.split_first() else { return (walk, CursorPlace::Nowhere) };
        let place = walk.place(&current.text);
        let known = walk.given.len();
        walk.pass(current);
        walk.given.truncate(known);
        behind.iter().for_each(|word| walk.pass(word));
        (walk, place)
    }
}

impl<'a> Walk<'a> {
    /// The values that are typed for an argument besides the one with the cursor in it.
    pub fn values(&self, argument: &Arg) -> impl Iterator<Item = &Word> {
        let given = self.given.iter().filter(|given| given.argument.get_id() == argument.get_id());
        given.map(|given| &given.value)
    }

    /// Whether an option is typed that is not repeatable.
    pub fn is_done(&self, argument: &Arg) -> bool {
        let is_repeatable = matches!(argument.get_action(), ArgAction::Append | ArgAction::Count);
        !is_repeatable && self.values(argument).next().is_some()
    }

    /// Whether a word is made of short options, as `-eq` is, the last of which may still lack its value.
    pub fn is_cluster(&self, word: &str) -> bool {
        let (switches, option) = self.cluster(word);
        let has_value = option.as_ref().is_some_and(|(_, part)| !part.value.is_empty());
        !has_value && switches.len() + usize::from(option.is_some()) == word.chars().count() - 1
    }

    fn pass(&mut self, word: &Word) {
        let text = word.text.as_str();
        let pending = self.pending.take();
        if let Some(argument) = pending.filter(|argument| takes(argument, text)) {
            self.give(argument, word, text);
        } else if self.is_escaped {
            self.pass_positional(word);
        } else if text == "--" {
            self.is_escaped = true;
        } else if let Some(long) = text.strip_prefix("--") {
            self.pass_long(word, long);
        } else if text.len() > 1 && text.starts_with('-') {
            self.pass_short(word);
        } else if let Some(command) = self.command.find_subcommand(text) {
            self.path.push(command.get_name());
            self.command = command;
        } else {
            self.pass_positional(word);
        }
    }

    fn pass_long(&mut self, word: &Word, long: &str) {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let Some(argument) = self.long(name) else { return };
        match value {
            Some(value) => self.give(argument, word, value),
            None if argument.get_action().takes_values() => self.pending = Some(argument),
            None => self.give(argument, word, ""),
        }
    }

    fn pass_short(&mut self, word: &Word) {
        let (switches, option) = self.cluster(&word.text);
        for switch in switches {
            self.give(switch, word, "");
        }
        match option {
            Some((argument, part)) if part.value.is_empty() => self.pending = Some(argument),
            Some((argument, part)) => self.give(argument, word, &part.value),
            None => {}
        }
    }

    fn pass_positional(&mut self, word: &Word) {
        if let Some(argument) = self.positional() {
            self.give(argument, word, &word.text);
        }
        self.positionals += 1;
    }

    fn give(&mut self, argument: &'a Arg, word: &Word, value: &str) {
        let value = Word { text: value.to_owned(), is_open: word.is_open };
        self.given.push(Given { argument, value });
    }

    /// What a word is that would stand here.
    fn place(&self, text: &str) -> CursorPlace<'a> {
        let value = |argument| {
            let part = ValuePart { prefix: String::new(), value: text.to_owned() };
            CursorPlace::Value { argument, part }
        };
        if let Some(argument) = self.pending.filter(|argument| takes(argument, text)) {
            return value(argument);
        }
        if !self.is_escaped && text.starts_with('-') {
            return self.option(text);
        }
        if !self.is_escaped && self.command.has_subcommands() {
            return CursorPlace::Command;
        }
        match self.positional() {
            Some(argument) if argument.is_last_set() => CursorPlace::Program,
            Some(argument) => value(argument),
            None => CursorPlace::Nowhere,
        }
    }

    /// What a word with a `-` in front is.
    fn option(&self, text: &str) -> CursorPlace<'a> {
        if let Some(long) = text.strip_prefix("--") {
            let Some((name, value)) = long.split_once('=') else { return CursorPlace::Option };
            let found = self.long(name).filter(|argument| argument.get_action().takes_values());
            return found.map_or(CursorPlace::Nowhere, |argument| {
                let part = ValuePart { prefix: format!("--{name}="), value: value.to_owned() };
                CursorPlace::Value { argument, part }
            });
        }
        match self.cluster(text).1 {
            Some((argument, part)) if !part.value.is_empty() => CursorPlace::Value { argument, part },
            Some(_) | None => CursorPlace::Option,
        }
    }

    /// Takes `-qgNAME` apart: the switches, and the option with its value.
    fn cluster(&self, text: &str) -> (Vec<&'a Arg>, Option<(&'a Arg, ValuePart)>) {
        let mut switches = Vec::new();
        for (at, character) in text.char_indices().skip(1) {
            let Some(argument) = self.short(character) else { break };
            if argument.get_action().takes_values() {
                let rest = &text[at + character.len_utf8()..];
                let value = rest.strip_prefix('=').unwrap_or(rest).to_owned();
                let prefix = text[..text.len() - value.len()].to_owned();
                return (switches, Some((argument, ValuePart { prefix, value })));
            }
            switches.push(argument);
        }
        (switches, None)
    }

    /// Finds an option by its name without dashes.
    fn long(&self, name: &str) -> Option<&'a Arg> {
        let is_it = |argument: &&Arg| {
            let names = argument.get_long_and_visible_aliases().unwrap_or_default();
            names.contains(&name) || argument.get_aliases().unwrap_or_default().contains(&name)
        };
        self.command.get_arguments().find(is_it)
    }

    fn short(&self, name: char) -> Option<&'a Arg> {
        let is_it =
            |argument: &&Arg| argument.get_short_and_visible_aliases().unwrap_or_default().contains(&name);
        self.command.get_arguments().find(is_it)
    }

    /// The positional argument that the next word is.
    fn positional(&self) -> Option<&'a Arg> {
        let last = self.command.get_positionals().find(|argument| argument.is_last_set());
        if self.is_escaped && last.is_some() {
            return last;
        }
        let mut others = self.command.get_positionals().filter(|argument| !argument.is_last_set());
        let mut passed = 0;
        others.find(|argument| {
            passed += 1;
            passed > self.positionals || matches!(argument.get_action(), ArgAction::Append)
        })
    }
}

/// Whether an option takes a word for its value, though that may begin with `-`.
fn takes(argument: &Arg, text: &str) -> bool {
    let is_negative = || text[1..].starts_with(|c: char| c.is_ascii_digit());
    !text.starts_with('-')
        || argument.is_allow_hyphen_values_set()
        || argument.is_allow_negative_numbers_set() && is_negative()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    /// What the last of some words is, and what was typed before: `consume [topics=t] group=|m`.
    fn walked(typed: &str) -> String {
        let words: Vec<Word> =
            typed.split(' ').map(|text| Word { text: text.to_owned(), is_open: false }).collect();
        let cursor = words.iter().position(|word| word.text.ends_with('|')).expect("a cursor");
        let mut line = UnfinishedLine { words, cursor };
        line.words[cursor].text.pop();
        let root = cli::command();
        let (walk, place) = line.walk(&root);
        let given: Vec<String> = walk
            .given
            .iter()
            .map(|given| match given.value.text.as_str() {
                "" => given.argument.get_id().to_string(),
                value => format!("{}={value}", given.argument.get_id()),
            })
            .collect();
        let place = match place {
            CursorPlace::Command => "command".to_owned(),
            CursorPlace::Option => "option".to_owned(),
            CursorPlace::Value { argument, part } => {
                format!("{}: {}|{}", argument.get_id(), part.prefix, part.value)
            }
            CursorPlace::Program => "program".to_owned(),
            CursorPlace::Nowhere => "nowhere".to_owned(),
        };
        format!("{} [{}] {place}", walk.path.join(" "), given.join(" "))
    }

    #[test]
    fn a_line_is_walked_to_its_cursor() {
        for (typed, expected) in [
            ("|", " [] command"),
            ("con|", " [] command"),
            ("-b x |", " [brokers=x] command"),
            ("group |", "group [] command"),
            ("-|", " [] option"),
            ("consume |", "consume [] topics: |"),
            ("consume a b|", "consume [topics=a] topics: |b"),
            ("consume a -|", "consume [topics=a] option"),
            ("consume a --gr|", "consume [topics=a] option"),
            ("consume a -g |", "consume [topics=a] group: |"),
            ("consume a -g m|", "consume [topics=a] group: |m"),
            ("consume a -gm|", "consume [topics=a] group: -g|m"),
            ("consume a -g=m|", "consume [topics=a] group: -g=|m"),
            ("consume a -eqg=m|", "consume [topics=a] group: -eqg=|m"),
            ("consume a -g|", "consume [topics=a] option"),
            ("consume a -eq|", "consume [topics=a] option"),
            ("consume a --group=m|", "consume [topics=a] group: --group=|m"),
            ("consume a --exit=m|", "consume [topics=a] nowhere"),
            ("consume a --nothing=m|", "consume [topics=a] nowhere"),
            (
                "consume -eq -oraw -X a=b --metrics=:1 |",
                "consume [exit quiet output=raw properties=a=b metrics=:1] topics: |",
            ),
            ("consume --from -1h --from -|", "consume [from=-1h] from: |-"),
            ("consume --group -|", "consume [] option"),
            ("consume --group -e |", "consume [exit] topics: |"),
            ("consume a -- |", "consume [topics=a] program"),
            ("consume a -- grep -|", "consume [topics=a command=grep] program"),
            ("lag a |", "lag [groups=a] groups: |"),
            ("lag -- |", "lag [] groups: |"),
            ("lag --watch |", "lag [] watch: |"),
            ("lag --watch -|", "lag [] option"),
            ("lag --watch 2s |", "lag [watch=2s] groups: |"),
            ("group describe |", "group describe [] group: |"),
            ("group describe a |", "group describe [group=a] nowhere"),
            ("topic list |", "topic list [] nowhere"),
            ("no such |", " [] command"),
            ("completions b|", "completions [] shell: |b"),
        ] {
            assert_eq!(walked(typed), expected, "{typed}");
        }
    }

    #[test]
    fn words_behind_the_cursor_count_but_not_the_one_with_it() {
        for (typed, expected) in [
            ("consume a| b -b x", "consume [topics=b brokers=x] topics: |a"),
            ("consume -g| m -b x", "consume [group=m brokers=x] option"),
            ("consume -g | -b x", "consume [brokers=x] group: |"),
            ("lag | -F f", "lag [config=f] groups: |"),
        ] {
            assert_eq!(walked(typed), expected, "{typed}");
        }
    }
}
