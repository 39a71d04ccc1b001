//! Redirections among the words of a command line, which bash hands over with them.

/// A command line as it was typed, without the name of the program.
#[derive(Debug)]
pub struct TypedLine {
    pub words: Vec<String>,
    /// The index of the word with the cursor in it.
    pub cursor: usize,
}

impl TypedLine {
    /// Takes redirections out.
    ///
    /// # Errors
    /// The cursor is in one: what stands in front of the name of its file, in the same word.
    pub fn without_redirections(self) -> Result<TypedLine, String> {
        let TypedLine { words, mut cursor } = self;
        let mut kept = Vec::with_capacity(words.len());
        let (mut is_file, at) = (false, cursor);
        for (index, word) in words.into_iter().enumerate() {
            let length = if is_file { 0 } else { operator_length(&word) };
            if (is_file || length > 0) && index == at {
                return Err(word[..length].to_owned());
            }
            if !is_file && length == 0 {
                kept.push(word);
                continue;
            }
            if index < at {
                cursor -= 1;
            }
            // The file stands in the same word or in the next one.
            is_file = !is_file && length == word.len();
        }
        Ok(TypedLine { words: kept, cursor })
    }
}

/// The length of `>`, `2>>`, `&>`, `<` at the beginning of a word.
fn operator_length(word: &str) -> usize {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = rest.strip_prefix('&').filter(|rest| rest.starts_with('>')).unwrap_or(rest);
    let target = rest.trim_start_matches(['<', '>']);
    if target.len() == rest.len() {
        return 0;
    }
    word.len() - target.strip_prefix(['&', '|']).unwrap_or(target).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(typed: &str) -> String {
        let words: Vec<String> = typed.split(' ').map(str::to_owned).collect();
        let cursor = words.iter().position(|word| word.ends_with('|')).expect("a cursor");
        let mut line = TypedLine { words, cursor };
        line.words[cursor].pop();
        match line.without_redirections() {
            Ok(mut line) => {
                line.words[line.cursor].push('|');
                line.words.join(" ")
            }
            Err(prefix) => format!("file behind {prefix:?}"),
        }
    }

    #[test]
    fn redirections_are_taken_out() {
        for (typed, expected) in [
            ("consume a|", "consume a|"),
            ("consume > out a|", "consume a|"),
            ("consume 2>/dev/null a| >x", "consume a|"),
            ("lag 2>&1 a b|", "lag a b|"),
            ("lag a| > out b", "lag a| b"),
            ("consume > o|", "file behind \"\""),
            ("consume > |", "file behind \"\""),
            ("consume >o|", "file behind \">\""),
            ("consume 2>>|", "file behind \"2>>\""),
            ("consume &>o|", "file behind \"&>\""),
            ("consume a& b|", "consume a& b|"),
        ] {
            assert_eq!(without(typed), expected, "{typed}");
        }
    }
}
