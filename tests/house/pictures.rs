//! Whether the pictures of the docs show what they say.

use super::docs::{block_of_readme, records};
use crate::pages::pages;
use crate::{read, root};
use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn the_picture_of_the_benchmark_is_that_of_its_last_result() {
    let mut command = Command::new("python3");
    command.args(["tools/pictures.py", "benchmark", "-"]).current_dir(root());
    let Ok(output) = command.output() else {
        assert!(std::env::var_os("KCONS_REQUIRE_KAFKA").is_none(), "python3 is missing");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let drawn = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(drawn, read("pictures/benchmark.svg"), "draw it anew: tools/pictures.py benchmark");
}

#[test]
fn the_picture_of_the_terminal_shows_the_demo_of_the_readme() {
    let picture = read("pictures/terminal.svg");
    let lines: Vec<String> = picture.lines().filter(|line| line.starts_with("<text ")).map(bare).collect();
    let (prompt, shown) = lines.split_first().expect("lines");
    assert_eq!(prompt, "$ kcons demo");
    let (shown, expected) = (shown.join("\n"), block_of_readme("$ cargo run --release -- demo\n"));
    assert_eq!(records(&shown), records(&expected), "draw it anew: tools/pictures.py terminal KCONS");
    let all = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(all(&shown), all(&expected), "draw it anew: tools/pictures.py terminal KCONS");
}

#[test]
fn every_picture_is_of_the_script_and_on_a_page() {
    let script = read("tools/pictures.py");
    let pages: String = pages().into_iter().map(|page| page.text).collect();
    for entry in std::fs::read_dir(root().join("pictures")).expect("it is there").flatten() {
        let name = entry.file_name().into_string().expect("UTF-8");
        let subject = name.strip_suffix(".svg").expect("a picture");
        assert!(pages.contains(&format!("pictures/{name})")), "no page shows {name}");
        assert!(script.contains(&format!("\"{subject}\"")), "tools/pictures.py does not draw {name}");
        let picture = read(format!("pictures/{name}"));
        assert!(!picture.contains("target/"), "{name} shows a path of the machine that drew it");
    }
}

/// The text of an element, without what it is made of.
fn bare(element: &str) -> String {
    let texts = element.split('<').filter_map(|piece| Some(piece.split_once('>')?.1));
    texts.collect::<String>().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}
