//! The words of a command line as the shell has them: quotes are read, and of what a shell would expand only `~/` and
//! variables of the environment.

/// A shell that asks what fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    pub fn find(name: &str) -> Option<Shell> {
        match name {
            "bash" => Some(Shell::Bash),
            "zsh" => Some(Shell::Zsh),
            "fish" => Some(Shell::Fish),
            _ => None,
        }
    }

    /// Whether to offer a value to somebody who has typed `start`. zsh and fish match once more, each in its own way.
    pub fn may_match(self, value: &str, start: &str) -> bool {
        match self {
            Shell::Bash => value.starts_with(start),
            // How it matches is up to the user's configuration.
            Shell::Zsh => true,
            // Where no value begins with `start`, fish looks for its letters in descriptions, too.
            Shell::Fish => value.to_lowercase().contains(&start.to_lowercase()),
        }
    }

    /// Whether the shell hands words over as they were typed, with their quotes.
    fn has_quotes(self) -> bool {
        match self {
            Shell::Bash | Shell::Zsh => true,
            Shell::Fish => false,
        }
    }
}

/// A word as the command would get it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    /// Whether something in it is left that only the shell can expand: `$(…)`, a variable that is not exported.
    pub is_open: bool,
}

/// Looks a variable of the environment up.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a word; a quote that is not closed yet ends with it.
pub fn read(typed: &str, shell: Shell, variables: Variables<'_>) -> Word {
    let mut word = Word::default();
    let rest = match typed.strip_prefix("~/").and_then(|rest| Some((variables("HOME")?, rest))) {
        Some((home, rest)) => {
            word.text = format!("{home}/");
            rest
        }
        None => typed,
    };
    let mut reader = Reader { rest, quote: None, variables };
    while let Some(character) = reader.take() {
        reader.step(character, shell.has_quotes(), &mut word);
    }
    word
}

struct Reader<'a> {
    rest: &'a str,
    /// The quote that is open.
    quote: Option<char>,
    variables: Variables<'a>,
}

impl Reader<'_> {
    fn take(&mut self) -> Option<char> {
        let character = self.rest.chars().next()?;
        self.rest = &self.rest[character.len_utf8()..];
        Some(character)
    }

    fn step(&mut self, character: char, has_quotes: bool, word: &mut Word) {
        match (self.quote, character) {
            (Some(quote), _) if character == quote => self.quote = None,
            (Some('\''), _) => word.text.push(character),
            (None, '\'' | '"') if has_quotes => self.quote = Some(character),
            (quote, '\\') if has_quotes => match self.take() {
                Some(escaped) if quote.is_none() || "\"\\$`".contains(escaped) => word.text.push(escaped),
                Some(plain) => word.text.extend(['\\', plain]),
                None => {}
            },
            (_, '$') => self.expand(word),
            (_, '`') if has_quotes => {
                word.is_open = true;
                word.text.push('`');
            }
            (None, '(') => {
                word.is_open = true;
                word.text.push('(');
            }
            (_, character) => word.text.push(character),
        }
    }

    /// Puts the value of `$NAME` or `${NAME}` into the word.
    fn expand(&mut self, word: &mut Word) {
        let (name, length) = match self.rest.strip_prefix('{') {
            Some(braced) => (&braced[..name_length(braced)], name_length(braced) + 2),
            None => (&self.rest[..name_length(self.rest)], name_length(self.rest)),
        };
        let is_whole =
            !name.is_empty() && (length == name.len() || self.rest[name.len() + 1..].starts_with('}'));
        match (self.variables)(name).filter(|_| is_whole) {
            Some(value) => {
                word.text.push_str(&value);
                self.rest = &self.rest[length..];
            }
            None => {
                word.is_open = true;
                word.text.push('$');
            }
        }
    }
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn variables(name: &str) -> Option<String> {
        match name {
            "HOME" => Some("/h".to_owned()),
            "B" => Some("k:1".to_owned()),
            _ => None,
        }
    }

    fn text(typed: &str, shell: Shell) -> String {
        let word = read(typed, shell, &variables);
        assert!(!word.is_open, "{typed}");
        word.text
    }

    #[test]
    fn quotes_are_read_as_a_shell_does() {
        for (typed, expected) in [
            ("plain", "plain"),
            ("'a b'\"c d\"e", "a bc de"),
            ("a\\ b\\'", "a b'"),
            (r#""a\"\$\x""#, r#"a"$\x"#),
            ("'open", "open"),
            ("--group='ma", "--group=ma"),
            ("'$B `x`'", "$B `x`"),
            ("end\\", "end"),
        ] {
            assert_eq!(text(typed, Shell::Bash), expected, "{typed}");
            assert_eq!(text(typed, Shell::Zsh), expected, "{typed}");
        }
        // fish has taken them off.
        assert_eq!(text("it's \"", Shell::Fish), "it's \"");
    }

    #[test]
    fn variables_of_the_environment_and_the_home_folder_are_known() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            for (typed, expected) in
                [("$B", "k:1"), ("${B},x", "k:1,x"), ("a$B", "ak:1"), ("~/f", "/h/f"), ("a~/f", "a~/f")]
            {
                assert_eq!(text(typed, shell), expected, "{typed}");
            }
        }
        assert_eq!(text("\"$B\"", Shell::Bash), "k:1");
        assert_eq!(text("'~/f'", Shell::Bash), "~/f");
    }

    #[test]
    fn what_only_the_shell_knows_leaves_a_word_open() {
        for typed in ["$NOT", "${B:-x}", "${B", "$(x)", "`x`", "\"$(x)\"", "<(x)", "$", "$'x'"] {
            assert!(read(typed, Shell::Bash, &variables).is_open, "{typed}");
        }
        assert!(read("(x)", Shell::Fish, &variables).is_open);
    }

    proptest! {
        #[test]
        fn no_word_makes_it_panic(typed in r#"[$a{}B'"\\~/`é(]{0,12}"#) {
            let _ = (read(&typed, Shell::Bash, &variables), read(&typed, Shell::Fish, &variables));
        }
    }
}
