//! The rules of the house: which module may import which, where unsafe code is, and what the files of the project say.

#[path = "support/pages.rs"]
mod pages;

mod house {
    mod deploy;
    mod docs;
    mod pages;
    mod pictures;
}

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Modules from the top to the bottom: one imports only what stands in a row below its own.
///
/// `talk` is told by `settings` in which form to speak, so it is above it; `kafka` asks it what a property may be;
/// `render` takes the part of it that is its own. What the parser and the engine both know is in `choices`.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["commands"],
    &["consume"],
    &["delivery"],
    &["handlers", "reachability"],
    &["commits"],
    &["expressions"],
    &["dedup", "kafka", "render", "talk"],
    &["settings"],
    &["registry"],
    &["decode", "jq", "metrics", "position", "signals", "startup", "tokens", "usage"],
    &["http"],
    &["alarm", "cli", "files", "record", "secrets"],
    &["choices", "duration", "error", "escape", "json_text", "memory", "near", "pause", "quiet"],
    &["date_time", "encode", "plural"],
];

/// Files that may be longer than `LONGEST`, up to this, and why.
const LONG_FILES: &[(&str, usize, &str)] = &[(
    "src/consume.rs",
    680,
    "the loop: all that calls the broker, says things and ends a run stands in one file",
)];

const LONGEST: usize = 400;

/// What may have unsafe code beside the kafka folder, and why.
const UNSAFE_FILES: &[(&str, &str)] = &[
    ("src/handlers/child/linux.rs", "it starts processes, which no safe crate does as we need it"),
    ("src/jq/dates.rs", "it reads and writes dates with the C library, as jq does"),
    ("src/memory.rs", "it counts what a thread takes, which only an allocator sees"),
    ("src/startup.rs", "it looks at stdout before the standard library does, and gives a signal its default"),
];

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
fn methods_of_a_type_stand_in_its_file_or_in_a_child_of_that() {
    let files = rust_files("src");
    let mut homes: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in &files {
        for line in read(file).lines() {
            if let Some(name) = defined(line.trim_start()) {
                homes.entry(name).or_default().push(file.clone());
            }
        }
    }
    let mut wrong = Vec::new();
    for file in &files {
        for name in read(file).lines().filter_map(implemented) {
            // A type of a library is nobody's here, and cannot have methods of ours.
            let homes = homes.get(&name).into_iter().flatten();
            let is_home = |home: &PathBuf| file == home || file.starts_with(home.with_extension(""));
            if !homes.clone().any(is_home) {
                wrong.push(format!("{}: `{name}` is defined elsewhere", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_public_types_share_a_name() {
    let mut homes: BTreeMap<String, BTreeSet<PathBuf>> = BTreeMap::new();
    for file in rust_files("src") {
        let text = without_tests(&file);
        let public = text.lines().map(str::trim_start).filter(|line| line.starts_with("pub"));
        for name in public.filter_map(defined) {
            homes.entry(name).or_default().insert(file.clone());
        }
    }
    let doubled: Vec<_> = homes.iter().filter(|(_, files)| files.len() > 1).collect();
    assert!(doubled.is_empty(), "one name, several types: {doubled:?}");
}

#[test]
fn definitions_and_methods_are_seen_in_every_form() {
    for line in
        ["pub struct A<'a> {", "enum A {", "pub(super) trait A {", "struct A(u8);", "pub type A = u8;"]
    {
        assert_eq!(defined(line), Some("A".to_owned()), "{line}");
    }
    assert_eq!(defined("let a = struct_of(A);"), None);
    for line in ["impl A {", "impl A<'_> {", "impl<'a, B: Broker> A<'a, B> {"] {
        assert_eq!(implemented(line), Some("A".to_owned()), "{line}");
    }
    assert_eq!(implemented("impl Display for A {"), None, "a trait may be implemented where it is at home");
}

/// The type that a line defines.
fn defined(line: &str) -> Option<String> {
    let rest = line.strip_prefix("pub(super) ").or(line.strip_prefix("pub ")).unwrap_or(line);
    let kinds = ["struct ", "enum ", "trait ", "type "];
    let rest = kinds.iter().find_map(|kind| rest.strip_prefix(kind))?;
    type_name(rest)
}

/// The type that has methods of its own from a line on.
fn implemented(line: &str) -> Option<String> {
    let rest = line.strip_prefix("impl")?;
    let rest = match rest.strip_prefix('<') {
        Some(generics) => generics.split_once("> ")?.1,
        None => rest.strip_prefix(' ')?,
    };
    if rest.contains(" for ") { None } else { type_name(rest) }
}

fn type_name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

#[test]
fn only_the_kafka_folder_names_rdkafka_and_only_named_files_have_unsafe_code() {
    let mut wrong = Vec::new();
    for file in rust_files("src") {
        if file.starts_with("src/kafka") || file == Path::new("src/kafka.rs") {
            continue;
        }
        for (number, line) in read(&file).lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let names = code.contains("rdkafka::") || code.contains("rdkafka_sys");
            let may_be_unsafe = UNSAFE_FILES.iter().any(|(name, _)| file == Path::new(name));
            if names
                || !may_be_unsafe
                    && code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
            {
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
    files.retain(|file| file.file_name().is_none_or(|name| name != "Cargo.lock"));
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
fn the_changelog_has_a_section_for_what_is_not_released_and_one_for_each_version() {
    assert_eq!(changelog_mistakes(&read("CHANGELOG.md")), [""; 0]);
}

#[test]
fn mistakes_in_a_changelog_are_seen() {
    let released = "\n## 0.1.0 (2026-11-29)\n\n### Added\n\n- a\n";
    let right = ["# Changelog\n\n## Unreleased\n", "# Changelog\n\n## Unreleased\n\n### Fixed\n\n- a\n"];
    for text in right {
        assert_eq!(changelog_mistakes(text), [""; 0]);
        assert_eq!(changelog_mistakes(&format!("{text}{released}")), [""; 0]);
    }
    for (text, mistake) in [
        ("# Changelog\n".to_owned(), "the first section is not `Unreleased`"),
        (format!("# Changelog\n{released}"), "the first section is not `Unreleased`"),
        ("# Changelog\n\n## Unreleased\n\n### New\n\n- a\n".to_owned(), "`New` is no kind of change"),
        (format!("{}\n## 0.0.1\n", right[0]), "`0.0.1` has no changes"),
    ] {
        assert_eq!(changelog_mistakes(&text), [mistake], "{text}");
    }
}

/// What is wrong with the sections of a changelog; right after a release `Unreleased` is empty.
fn changelog_mistakes(text: &str) -> Vec<String> {
    const KINDS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    let sections: Vec<&str> = text.split("\n## ").skip(1).collect();
    let title = |section: &str| section.lines().next().unwrap_or_default().to_owned();
    let mut mistakes = Vec::new();
    if sections.first().is_none_or(|section| title(section) != "Unreleased") {
        mistakes.push("the first section is not `Unreleased`".to_owned());
    }
    for section in sections {
        let kinds: Vec<String> = section.split("\n### ").skip(1).map(title).collect();
        let strange = kinds.iter().filter(|kind| !KINDS.contains(&kind.as_str()));
        mistakes.extend(strange.map(|kind| format!("`{kind}` is no kind of change")));
        if kinds.is_empty() && title(section) != "Unreleased" {
            mistakes.push(format!("`{}` has no changes", title(section)));
        }
    }
    mistakes
}

#[test]
fn the_name_of_a_test_is_a_sentence_of_80_characters_at_most() {
    const LONGEST_NAME: usize = 80;
    for file in ["src", "tests", "benches"].into_iter().flat_map(rust_files) {
        for line in read(&file).lines() {
            let name =
                line.split_once("fn ").and_then(|(_, rest)| rest.split('(').next()).unwrap_or_default();
            let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            assert!(!is_name || name.len() <= LONGEST_NAME, "{}: `{name}` is too long", file.display());
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: impl AsRef<Path>) -> String {
    let path = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Folders that are no part of the project.
const GENERATED: [&str; 5] = [".git", "target", "fuzz/target", "fuzz/corpus", "fuzz/artifacts"];

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
            } else if !GENERATED.iter().any(|generated| path == Path::new(generated)) {
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
