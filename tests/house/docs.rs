//! Whether the docs tell the truth: commands, options, exit codes, messages, and what needs no Kafka.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::process::{Command, Output, Stdio};

use crate::pages::{Block, Page, blocks, pages, words};
use crate::{read, rust_files, without_tests};

/// The commands that have a help of their own.
const COMMANDS: [&str; 11] = [
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
];

#[test]
fn the_reference_has_every_option_in_its_tables() {
    let reference = section("docs/reference.md", "Options");
    let first =
        |line: &str| line.strip_prefix("| `").and_then(|row| Some(row.split_once(" | ")?.0.to_owned()));
    let named: Vec<String> = reference.lines().filter_map(first).collect();
    let options: BTreeSet<String> = options().into_values().flatten().collect();
    assert!(options.len() > 30, "{options:?}");
    let is_missing = |option: &&String| !named.iter().any(|cell| has_word(cell, option));
    let missing: Vec<_> = options.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "not in a first column of docs/reference.md: {missing:?}");
}

#[test]
fn the_docs_use_only_options_that_exist() {
    let known = options();
    let commands = commands();
    assert!(commands.len() > 50, "{commands:?}");
    for (place, command) in &commands {
        let Some(name) = command_name(command) else {
            let first = command.get(1).map_or("", String::as_str);
            // The program itself, all commands of a family, or what stands for an option.
            assert!(
                first.starts_with('-') || matches!(first, "" | "group" | "topic" | "help" | "version"),
                "{place}: {command:?}"
            );
            continue;
        };
        let own = command.iter().take_while(|word| *word != "--");
        for word in own.filter(|word| word.starts_with("--")) {
            let option = word.split('=').next().unwrap_or_default();
            let is_known = known[name].contains(option) || option == "--help";
            assert!(is_known, "{place}: `kcons {name}` has no option `{option}`");
        }
    }
}

#[test]
fn options_in_the_text_of_the_docs_are_ours() {
    let options = all_options();
    let mut count = 0;
    for page in pages() {
        for (number, code) in code_in(&page) {
            let Some(option) = code.split(['=', ' ']).next().filter(|word| word.starts_with("--")) else {
                continue;
            };
            count += 1;
            let is_ours = option == "--" || options.contains(option);
            assert!(is_ours, "{}:{number}: `{option}` does not exist", page.file.display());
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn commands_in_the_blocks_of_the_docs_are_taken_by_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    for page in pages() {
        write_examples(&page, folder.path());
    }
    let mut count = 0;
    for (place, command) in commands_in_blocks() {
        let name = command_name(&command).unwrap_or_else(|| panic!("{place}: {command:?} is no command"));
        if matches!(name, "completions" | "man") {
            continue;
        }
        let (names, rest) = command.split_at(1 + name.split(' ').count());
        let mut rest = rest.to_vec();
        // Certificates are somebody's own.
        while let Some(index) = rest.iter().position(|word| word.contains(".location=")) {
            rest.drain(index - 1..=index);
        }
        // Files of schemas are read before anything else.
        while let Some(index) = rest
            .iter()
            .position(|word| ["--avro-schema", "--proto", "--proto-message"].contains(&word.as_str()))
        {
            rest.drain(index..=index + 1);
        }
        let mut kcons = program();
        // As the examples assume it.
        kcons.env("HOME", folder.path()).env("KAFKA_PASSWORD", "secret").current_dir(folder.path());
        let output = kcons.args(&names[1..]).arg("--print-config").args(rest).output();
        let output = output.expect("the program can be started");
        assert!(output.status.success(), "{place}: {command:?}: {}", told(&output));
        count += 1;
    }
    assert!(count > 30, "{count}");
}

#[test]
fn commands_of_the_docs_work_where_they_need_no_kafka() {
    let commands = commands();
    let needs_none = |words: &[String]| {
        words.len() > 1
            && (matches!(words[1].as_str(), "demo" | "completions" | "man")
                || words.contains(&"--print-config".into()))
            // Placeholders, what never ends, and what the examples of a page must be written for.
            && !words.iter().any(|word| matches!(word.as_str(), "SHELL" | "--serve" | "--follow" | "--profile"))
    };
    let commands: Vec<_> = commands.iter().filter(|(_, words)| needs_none(words)).collect();
    assert!(commands.len() >= 6, "{commands:?}");
    for (place, command) in commands {
        let output = kcons(&command[1..]);
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{place}: {command:?}: {}",
            told(&output)
        );
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
fn the_docs_and_the_manual_page_have_the_exit_codes_of_the_program() {
    let error = read("src/error.rs");
    let body =
        error.split("fn exit_code").nth(1).and_then(|rest| rest.split("\n    }").next()).unwrap_or_default();
    let mut codes: BTreeSet<u8> = body
        .lines()
        .filter_map(|line| {
            line.trim().strip_prefix("Kind::")?.split("=> ").nth(1)?.trim_end_matches(',').parse().ok()
        })
        .collect();
    assert_eq!(codes.len(), 7, "{body}");
    // A run without a failure, and one that a second signal ends.
    codes.extend([0, 130]);
    assert_eq!(codes_of(&section("docs/reference.md", "Exit codes"), "| "), codes, "docs/reference.md");
    let page = String::from_utf8(kcons(&["man"]).stdout).expect("UTF-8");
    let status = page.split(".SH \"EXIT STATUS\"").nth(1).unwrap_or_default();
    assert_eq!(codes_of(&status.replace("\\fR", ""), "\\fB"), codes, "manual page");
}

#[test]
fn usage_errors_end_with_the_code_of_the_docs() {
    for (arguments, code) in
        [(&["consume"] as &[&str], 2), (&["consume", "t", "-n", "x"], 2), (&["demo", "-e"], 0)]
    {
        assert_eq!(kcons(arguments).status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn messages_in_the_docs_are_those_of_the_program() {
    let (messages, source) = (section("docs/troubleshooting.md", "Messages"), sources());
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
        " did not accept it",
        " is not processed after ",
        "a handler without `--group`",
        " is in use by another process",
        " is damaged",
        " and cannot be ",
        "lost all brokers, still trying",
        "connected again",
    ] {
        assert!(messages.contains(words), "not in the docs: {words}");
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

/// The long options of each command, from its own help.
fn options() -> BTreeMap<&'static str, BTreeSet<String>> {
    let own = |command: &'static str| {
        let words: Vec<&str> = command.split(' ').chain(["-h"]).collect();
        let help = String::from_utf8(kcons(&words).stdout).expect("UTF-8");
        // `  -g, --group <NAME>   Join …`
        let declared = help.lines().filter(|line| line.trim_start().starts_with('-'));
        let mut options: BTreeSet<String> = declared
            .filter_map(|line| {
                let option = line.split_whitespace().take(2).find(|word| word.starts_with("--"))?;
                Some(option.trim_end_matches(['.', ',']).to_owned())
            })
            .collect();
        options.remove("--help");
        (command, options)
    };
    COMMANDS.into_iter().map(own).collect()
}

fn all_options() -> BTreeSet<String> {
    let mut options: BTreeSet<String> = options().into_values().flatten().collect();
    options.extend(["--help", "--version"].map(str::to_owned));
    options
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(start, _)| {
        let next = text[start + word.len()..].chars().next();
        next.is_none_or(|c| !c.is_alphanumeric() && c != '-')
    })
}

/// The command of the program that these words begin with.
fn command_name(words: &[String]) -> Option<&'static str> {
    let begins = |name: &&str| {
        let count = name.split(' ').count();
        words.len() > count && name.split(' ').eq(words[1..=count].iter().map(String::as_str))
    };
    COMMANDS.into_iter().find(begins)
}

/// Our commands in blocks and in the text of the docs, with where each stands.
fn commands() -> Vec<(String, Vec<String>)> {
    let mut commands = commands_in_blocks();
    for page in pages() {
        for (number, code) in code_in(&page) {
            if code == "kcons" || code.starts_with("kcons ") {
                commands.push((format!("{}:{number}", page.file.display()), words(&code)));
            }
        }
    }
    commands
}

fn commands_in_blocks() -> Vec<(String, Vec<String>)> {
    let lines = |block: &Block| -> Vec<String> {
        let typed = || block.typed().into_iter().map(|typed| typed.command).collect();
        let lines = if block.is_console() { typed() } else { block.lines.clone() };
        lines.iter().map(|line| line.replacen("cargo run --release -- ", "kcons ", 1)).collect()
    };
    let mut commands = Vec::new();
    for block in blocks().iter().filter(|block| matches!(block.language.as_str(), "console" | "sh")) {
        let ours = lines(block).into_iter().filter(|line| line.starts_with("kcons "));
        commands.extend(ours.map(|line| (block.place.clone(), words(&line))));
    }
    commands
}

/// Code in the text of a page, with its line.
fn code_in(page: &Page) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    for (number, line) in page.prose().lines().enumerate() {
        // Two ticks around what has one inside.
        let line = line.replace("``", "`");
        let code = line.split('`').skip(1).step_by(2);
        all.extend(code.map(|code| (number + 1, code.trim().replace("\\|", "|"))));
    }
    all
}

/// Writes what a page shows of files where its commands look for them: `x.properties:` above a block, and profiles.
fn write_examples(page: &Page, folder: &std::path::Path) {
    let lines: Vec<&str> = page.text.lines().collect();
    for block in page.blocks() {
        let start: usize = block.place.rsplit(':').next().and_then(|line| line.parse().ok()).expect("a line");
        let path = match block.language.as_str() {
            "properties" => {
                let above = lines[..start - 1].iter().rev().find(|line| !line.is_empty()).expect("a text");
                let name = above.split('`').find(|code| code.ends_with(".properties"));
                folder.join(name.unwrap_or_else(|| panic!("{}: no name above it", block.place)))
            }
            "toml" => folder.join(".config/kcons/config.toml"),
            _ => continue,
        };
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is ours");
        let lines = block.lines.iter().filter(|line| !line.contains(".location="));
        let text: String = lines.map(|line| format!("{line}\n")).collect();
        fs::write(path, text).expect("the folder is ours");
    }
}

/// What stands below this line of the README, to the end of its block.
pub(super) fn block_of_readme(first_line: &str) -> String {
    let readme = read("README.md");
    let rest = readme.split(first_line).nth(1).unwrap_or_else(|| panic!("not in the README: {first_line}"));
    rest.split("```").next().unwrap_or_default().to_owned()
}

/// What stands below a heading of a page, to the next one of its level.
fn section(page: &str, title: &str) -> String {
    let text = read(page);
    let rest = text.split(&format!("\n## {title}\n")).nth(1);
    let rest = rest.unwrap_or_else(|| panic!("no section {title} in {page}"));
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
