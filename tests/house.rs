//! The rules of the house: which module may import which, where unsafe code is, and whether the README tells the truth.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Modules from the top to the bottom: one imports only what stands in a row below its own.
///
/// `talk` is told by `settings` in which form to speak, so it is above it; `kafka` asks it what a property may be;
/// `offsets` and `render` take the part of it that is theirs. `settings` reads positions, and these durations of `cli`.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["commands"],
    &["pipeline"],
    &["output"],
    &["kafka", "offsets", "render", "talk"],
    &["settings"],
    &["decode", "position", "shutdown", "usage"],
    &["alarm", "cli", "error", "record"],
];

/// Files that may be longer than `LONGEST`, up to this, and why.
const LONG_FILES: &[(&str, usize, &str)] =
    &[("src/decode/json.rs", 410, "tables of JSON texts that are tried on it stand beside it")];

const LONGEST: usize = 400;

#[test]
fn imports_point_down() {
    let mut wrong = Vec::new();
    for file in rust_files("src") {
        let (module, text) = (module_of(&file), without_tests(&file));
        let own = layer(&module);
        for imported in imports(&text) {
            if imported != module && layer(&imported) <= own {
                wrong.push(format!(
                    "{}: `{module}` imports `{imported}`, which is not below it",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_are_seen_in_every_form() {
    let text = "use crate::a::{B, C};\nuse crate::{d, e::F};\n// crate::g\nlet x = crate::h::i();\nuse crate::{\n j,\n};";
    let expected: BTreeSet<String> = ["a", "d", "e", "h", "j"].map(str::to_owned).into();
    assert_eq!(imports(text), expected);
}

#[test]
fn only_the_kafka_folder_names_rdkafka_and_has_unsafe_code() {
    let mut wrong = Vec::new();
    for file in rust_files("src") {
        if file.starts_with("src/kafka") || file == Path::new("src/kafka.rs") {
            continue;
        }
        for (number, line) in read(&file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let names = code.contains("rdkafka::") || code.contains("rdkafka_sys");
            if names || code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe") {
                wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_file_says_first_what_it_is_for() {
    let mut files = rust_files("src");
    files.extend(rust_files("tests"));
    files.extend(rust_files("benches"));
    let silent: Vec<_> = files.iter().filter(|file| !read(file).starts_with("//! ")).collect();
    assert!(silent.is_empty(), "no `//!` line: {silent:?}");
}

#[test]
fn no_file_is_too_long_to_have_one_subject() {
    for file in rust_files("src") {
        let lines = read(&file).lines().count();
        let exception = LONG_FILES.iter().find(|(name, ..)| file == Path::new(name));
        let limit = exception.map_or(LONGEST, |(_, limit, _)| *limit);
        assert!(lines <= limit, "{} has {lines} lines, more than {limit}", file.display());
        assert!(exception.is_none() || lines > LONGEST, "{} needs no exception any more", file.display());
    }
    for (name, ..) in LONG_FILES {
        assert!(root().join(name).exists(), "the exception {name} is for no file");
    }
}

#[test]
fn no_file_names_a_place_on_a_machine_or_a_registry() {
    // In two parts, so that this list is not found itself.
    let unwanted =
        [("/ro", "ot/"), ("/ho", "me/"), ("/wo", "rk/"), ("crates", ".io"), ("repo.maven", ".apache.org")];
    let unwanted = unwanted.map(|(start, end)| format!("{start}{end}"));
    let mut files = all_files("");
    files.retain(|file| file != Path::new("Cargo.lock"));
    assert!(files.contains(&PathBuf::from("README.md")), "{files:?}");
    for file in files {
        // What is not text names nothing.
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        for place in &unwanted {
            assert!(!text.contains(place), "{} names `{place}`", file.display());
        }
    }
}

#[test]
fn the_changelog_has_a_section_for_what_is_not_released() {
    let text = read("CHANGELOG.md");
    let unreleased = text.split("\n## ").nth(1).unwrap_or_default();
    assert!(unreleased.starts_with("Unreleased\n") && unreleased.contains("\n### "), "{unreleased}");
}

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
        for word in words(&command).iter().filter(|word| word.starts_with("--")) {
            let option = word.split('=').next().unwrap_or_default();
            assert!(known.contains(option), "`{option}` in `{command}` does not exist");
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
        let output = kcons(&words(&command)[1..]);
        assert!(output.status.success() && !output.stdout.is_empty(), "{command}: {}", told(&output));
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
    assert_eq!(codes.len(), 5, "{body}");
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
        "final commit unconfirmed; up to ",
        "was deleted and made again",
        "have no assignor in common",
        "uses the same `--instance-id`",
        "no partition was left for this member in 60 s",
        "lost all brokers, still trying",
        "connected again",
    ] {
        assert!(trouble.contains(words), "not in the README: {words}");
        assert!(source.contains(words), "not said by the program: {words}");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: impl AsRef<Path>) -> String {
    let path = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of the project in a folder and below it, by their path in the project.
fn all_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(&folder)) else { continue };
        for entry in entries.map(|entry| entry.expect("the project can be read")) {
            let path = folder.join(entry.file_name());
            if entry.path().is_file() {
                files.push(path);
            } else if path != Path::new("target") && path != Path::new(".git") {
                folders.push(path);
            }
        }
    }
    // In a work tree of its own `.git` is a file that names a place.
    files.retain(|file| file != Path::new(".git"));
    files.sort();
    files
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = all_files(folder);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "rs"));
    files
}

fn sources() -> String {
    rust_files("src").iter().map(without_tests).collect()
}

/// `kafka` of `src/kafka/source.rs`, `main` of `src/main.rs`.
fn module_of(file: &Path) -> String {
    let first = file.components().nth(1).expect("a file of src").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

fn layer(module: &str) -> usize {
    let found = LAYERS.iter().position(|layer| layer.contains(&module));
    found.unwrap_or_else(|| panic!("`{module}` has no layer: give it one"))
}

/// The text of a file without its unit tests, which may build on anything.
fn without_tests(file: &PathBuf) -> String {
    if file.ends_with("tests.rs") || file.ends_with("testing.rs") {
        return String::new();
    }
    let text = read(file);
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

/// The modules behind every `crate::`.
fn imports(text: &str) -> BTreeSet<String> {
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let code = code.join("\n");
    let mut modules = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => modules.extend(name(rest)),
            Some(list) => {
                let list = list.split("};").next().unwrap_or_default();
                modules.extend(list.split(',').filter_map(|item| name(item.trim_start())));
            }
        }
    }
    modules
}

fn name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
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
    for command in ["consume", "demo", "completions", "man"] {
        let help = String::from_utf8(kcons(&[command, "-h"]).stdout).expect("UTF-8");
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
fn commands_of_readme(is_wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
    let readme = read("README.md");
    let typed = readme.lines().filter_map(|line| line.strip_prefix("$ "));
    let commands = typed
        .map(|line| line.split([' ', '\t']).take_while(|word| !is_end(word)).collect::<Vec<_>>().join(" "));
    commands.filter(|command| is_wanted(&words(command))).collect()
}

fn is_end(word: &str) -> bool {
    word == "|" || word == "&&" || word.starts_with('>')
}

fn words(command: &str) -> Vec<String> {
    command.split_whitespace().map(|word| word.trim_matches(['\'', '"']).to_owned()).collect()
}

/// What stands below this line of the README, to the end of its block.
fn block_of_readme(first_line: &str) -> String {
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
fn records(text: &str) -> BTreeSet<Vec<String>> {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let starts = (0..lines.len()).filter(|index| lines[*index].starts_with("Received "));
    starts.map(|index| lines[index..(index + 3).min(lines.len())].to_vec()).collect()
}
