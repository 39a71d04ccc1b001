//! The pages of the documentation: their blocks, and the commands in them.

use std::fs;
use std::path::{Path, PathBuf};

/// A Markdown file of the project.
pub struct Page {
    /// Its path in the project.
    pub file: PathBuf,
    pub text: String,
}

/// A fenced block of a page.
#[derive(Debug)]
pub struct Block {
    /// Where it stands, as in `docs/handlers.md:12`.
    pub place: String,
    /// `console`, `sh`, `yaml` …, or nothing.
    pub language: String,
    /// The text of the HTML comment right above it.
    pub mark: Option<String>,
    pub lines: Vec<String>,
}

/// A command of a console block, and what the block shows below it.
#[derive(Debug)]
pub struct Typed {
    pub command: String,
    pub shown: Vec<String>,
}

/// README, CONTRIBUTING, SECURITY and all of `docs`.
pub fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "SECURITY.md"].map(PathBuf::from).into();
    let entries = fs::read_dir(root.join("docs")).expect("there are docs");
    let mut docs: Vec<PathBuf> =
        entries.map(|entry| Path::new("docs").join(entry.expect("it can be read").file_name())).collect();
    docs.sort();
    files.extend(docs);
    let page = |file: PathBuf| {
        let text = fs::read_to_string(root.join(&file));
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Page { file, text }
    };
    files.into_iter().map(page).collect()
}

/// The blocks of all pages.
pub fn blocks() -> Vec<Block> {
    pages().iter().flat_map(Page::blocks).collect()
}

impl Page {
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let (mut is_inside, mut above) = (false, "");
        for (number, line) in self.text.lines().enumerate() {
            match line.strip_prefix("```") {
                Some(language) if !is_inside => {
                    let mark = above.strip_prefix("<!-- ").and_then(|mark| mark.strip_suffix(" -->"));
                    blocks.push(Block {
                        place: format!("{}:{}", self.file.display(), number + 1),
                        language: language.to_owned(),
                        mark: mark.map(str::to_owned),
                        lines: Vec::new(),
                    });
                    is_inside = true;
                }
                Some(_) => is_inside = false,
                None if is_inside => {
                    blocks.last_mut().expect("it has begun").lines.push(line.to_owned());
                }
                None => {}
            }
            above = line;
        }
        assert!(!is_inside, "{}: a block has no end", self.file.display());
        blocks
    }

    /// The text without its blocks, which stay as empty lines.
    pub fn prose(&self) -> String {
        let mut is_inside = false;
        let mut prose = String::new();
        for line in self.text.lines() {
            let is_fence = line.starts_with("```");
            if !is_inside && !is_fence {
                prose.push_str(line);
            }
            prose.push('\n');
            is_inside ^= is_fence;
        }
        prose
    }
}

impl Block {
    pub fn is_console(&self) -> bool {
        self.language == "console"
    }

    /// The commands of a console block.
    pub fn typed(&self) -> Vec<Typed> {
        let mut typed: Vec<Typed> = Vec::new();
        for line in &self.lines {
            match (line.strip_prefix("$ "), typed.last_mut()) {
                (Some(command), _) => typed.push(Typed { command: command.to_owned(), shown: Vec::new() }),
                (None, Some(last)) => last.shown.push(line.clone()),
                (None, None) => panic!("{}: it begins without a command", self.place),
            }
        }
        typed
    }
}

/// The words of a command as a shell sees them, as far as the docs use its quotes, up to a pipe, `>` or `&&`.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !["|", "&&", ">", "2>"].iter().any(|end| rest.starts_with(end)) {
        let (mut word, mut quote) = (String::new(), None);
        let end = rest.find(|c: char| {
            match quote {
                _ if quote == Some(c) => quote = None,
                None if c == '\'' || c == '"' => quote = Some(c),
                None if c.is_whitespace() => return true,
                _ => word.push(c),
            }
            false
        });
        words.push(word);
        rest = end.map_or("", |end| rest[end..].trim_start());
    }
    words
}
