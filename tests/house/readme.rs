//! Whether the README tells the truth: options, exit codes, messages, and commands that need no Kafka.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::process::{Command, Output, Stdio};

use crate::{read, rust_files, without_tests};

#[test]
fn the_readme_has_every_option() {
    let readme = read("README.md");
    let options = options();
    assert!(options.len() > 30, "{options:?}");
    let missing: Vec<_> = options.iter().filter(|option| !has_word(&readme, option)).collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

#[test]
fn the_readme_uses_only_options_that_exist() {
    let known = options();
    let commands = commands_of_readme(|words| words[0] == "kcons");
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        for word in command.iter().filter(|word| word.starts_with("--")) {
            let option = word.split('=').next().unwrap_or_default();
            assert!(known.contains(option), "`{option}` in {command:?} does not exist");
        }
    }
}

#[test]
fn commands_of_the_readme_work_where_they_need_no_kafka() {
    let commands = commands_of_readme(|words| {
        words[0] == "kcons"
            && (matches!(words[1].as_str(), "demo" | "completions" | "man")
                || words.contains(&"--print-config".into()))
    });
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        let output = kcons(&command[1..]);
        assert!(output.status.success() && !output.stdout.is_empty(), "{command:?}: {}", told(&output));
    }
}

#[test]
fn the_demo_of_the_readme_is_what_the_demo_shows() {
    let shown = block_of_readme("$ cargo run --release -- demo\n");
    let (mut reader, writer) = io::pipe().expect("a pipe");
    let mut command = program();
    command.args(["demo", "-o", "pretty"]);
    // Both streams in one, as on a terminal.
    command.stdout(writer.try_clone().expect("a pipe")).stderr(writer);
    let mut child = command.spawn().expect("the program can be started");
    drop(command);
    let mut said = String::new();
    reader.read_to_string(&mut said).expect("UTF-8");
    assert_eq!(child.wait().expect("it was started").code(), Some(0), "{said}");
    assert_eq!(records(&said), records(&shown), "{said}");
    let ends = |text: &str| {
        text.lines()
            .filter(|line| !line.starts_with("Received ") && !line.starts_with("  "))
            .map(str::to_owned)
            .collect()
    };
    let (said, shown): (BTreeSet<String>, BTreeSet<String>) = (ends(&said), ends(&shown));
    assert_eq!(said, shown);
}

#[test]
fn the_readme_and_the_manual_page_have_the_exit_codes_of_the_program() {
    let error = read("src/error.rs");
    let body =
        error.split("fn exit_code").nth(1).and_then(|rest| rest.split("\n    }").next()).unwrap_or_default();
    let mut codes: BTreeSet<u8> = body
        .lines()
        .filter_map(|line| {
            line.trim().strip_prefix("Kind::")?.split("=> ").nth(1)?.trim_end_matches(',').parse().ok()
        })
        .collect();
    assert_eq!(codes.len(), 6, "{body}");
    // A run without a failure, and one that a second signal ends.
    codes.extend([0, 130]);
    assert_eq!(codes_of(&section_of_readme("Exit codes"), "| "), codes, "README");
    let page = String::from_utf8(kcons(&["man"]).stdout).expect("UTF-8");
    let status = page.split(".SH \"EXIT STATUS\"").nth(1).unwrap_or_default();
    assert_eq!(codes_of(status, ""), codes, "manual page");
}

#[test]
fn usage_errors_end_with_the_code_of_the_readme() {
    for (arguments, code) in
        [(&["consume"] as &[&str], 2), (&["consume", "t", "-n", "x"], 2), (&["demo", "-e"], 0)]
    {
        assert_eq!(kcons(arguments).status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn messages_in_the_readme_are_those_of_the_program() {
    let (trouble, source) = (section_of_readme("Trouble"), sources());
    for words in [
        "cannot reach any broker at `",
        "answered, but sends us to `",
        "cannot log in at `",
        "cannot set up TLS with `",
        "no right to read topic `",
        "no right to use group `",
        "does not exist",
        "no topic matches `",
        " has partitions ",
        " is outside ",
        "records are gone",
        "the group has no committed offset",
        "cannot write to stdout: ",
        "stdout is closed",
        "final commit unconfirmed; up to ",
        "was deleted and made again",
        "have no assignor in common",
        "uses the same `--instance-id`",
        "no partition was left for this member in 60 s",
        "processing failed",
        " records in a row failed, the last one ",
        ": the dead-letter topic `",
        " did not take it",
        " is not processed after ",
        "a handler without `--group`",
        " is in use by another process",
        " is damaged",
        " and cannot be ",
        "lost all brokers, still trying",
        "connected again",
    ] {
        assert!(trouble.contains(words), "not in the README: {words}");
        assert!(source.contains(words), "not said by the program: {words}");
    }
}

fn sources() -> String {
    rust_files("src").iter().map(without_tests).collect()
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kcons"));
    command.env_clear().stdin(Stdio::null());
    command
}

fn kcons<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Output {
    program().args(arguments).output().expect("the program can be started")
}

fn told(output: &Output) -> String {
    format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr))
}

/// The long options of all commands, from their own help.
fn options() -> BTreeSet<String> {
    let mut options = BTreeSet::new();
    for command in [
        "consume",
        "lag",
        "group list",
        "group describe",
        "group reset",
        "group delete",
        "topic list",
        "topic describe",
        "demo",
        "completions",
        "man",
    ] {
        let words: Vec<&str> = command.split(' ').chain(["-h"]).collect();
        let help = String::from_utf8(kcons(&words).stdout).expect("UTF-8");
        // `  -g, --group <NAME>   Join …`
        let declared = help.lines().filter(|line| line.trim_start().starts_with('-'));
        options.extend(declared.filter_map(|line| {
            let option = line.split_whitespace().take(2).find(|word| word.starts_with("--"))?;
            Some(option.trim_end_matches(['.', ',']).to_owned())
        }));
    }
    options.remove("--help");
    options
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let next = text[start + word.len()..].chars().next();
        next.is_none_or(|c| !c.is_alphanumeric() && c != '-')
    })
}

/// The commands behind a `$ ` of the README, up to a pipe, `>` or `&&`.
fn commands_of_readme(is_wanted: impl Fn(&[String]) -> bool) -> Vec<Vec<String>> {
    let readme = read("README.md");
    let typed = readme.lines().filter_map(|line| line.strip_prefix("$ "));
    typed.map(words).filter(|words| is_wanted(words)).collect()
}

/// The words of a command as a shell sees them, as far as the README uses its quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() && !["|", "&&", ">"].iter().any(|end| rest.starts_with(end)) {
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

/// What stands below this line of the README, to the end of its block.
pub(super) fn block_of_readme(first_line: &str) -> String {
    let readme = read("README.md");
    let rest = readme.split(first_line).nth(1).unwrap_or_else(|| panic!("not in the README: {first_line}"));
    rest.split("```").next().unwrap_or_default().to_owned()
}

fn section_of_readme(title: &str) -> String {
    let readme = read("README.md");
    let rest = readme.split(&format!("\n## {title}\n")).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("no section {title} in the README"));
    rest.split("\n## ").next().unwrap_or_default().to_owned()
}

/// The numbers at the start of lines, behind a prefix.
fn codes_of(text: &str, prefix: &str) -> BTreeSet<u8> {
    let first = |line: &str| line.strip_prefix(prefix)?.split_whitespace().next()?.parse().ok();
    text.lines().filter_map(first).collect()
}

/// Records of pretty output as sets of three lines: the order of partitions is not fixed.
pub(super) fn records(text: &str) -> BTreeSet<Vec<String>> {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let starts = (0..lines.len()).filter(|index| lines[*index].starts_with("Received "));
    starts.map(|index| lines[index..(index + 3).min(lines.len())].to_vec()).collect()
}
