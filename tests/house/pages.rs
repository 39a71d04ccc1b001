//! Whether the pages of the docs hang together: links, tables, length, and blocks that somebody runs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::pages::{Page, blocks, pages};
use crate::{read, root};

/// Where the web page of the project has its releases, seen from its README; no file.
const RELEASES: &str = "../../releases";

/// As many lines as somebody reads before trying it.
const LONGEST_README: usize = 250;

#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(
        lines <= LONGEST_README,
        "README.md has {lines} lines, more than {LONGEST_README}: put it into docs"
    );
}

#[test]
fn the_readme_links_to_every_page() {
    let all = pages();
    let linked: BTreeSet<&str> = links(&all[0]).into_iter().map(|(_, target)| file_of(target)).collect();
    for page in &all[1..] {
        let file = page.file.display().to_string();
        assert!(linked.contains(file.as_str()), "README.md has no link to {file}");
    }
}

#[test]
fn links_and_anchors_lead_somewhere() {
    let mut all = pages();
    all.push(Page { file: "CHANGELOG.md".into(), text: read("CHANGELOG.md") });
    let anchors: BTreeMap<PathBuf, BTreeSet<String>> =
        all.iter().map(|page| (page.file.clone(), anchors(page))).collect();
    let mut count = 0;
    for page in &all {
        for (number, target) in links(page) {
            if target.starts_with("https://") || target == RELEASES && page.file == Path::new("README.md") {
                continue;
            }
            let place = format!("{}:{number}: {target}", page.file.display());
            let file = file_of(target);
            let folder = page.file.parent().unwrap_or(Path::new(""));
            let file = if file.is_empty() { page.file.clone() } else { tidy(&folder.join(file)) };
            assert!(root().join(&file).exists(), "{place}: no such file");
            if let Some((_, anchor)) = target.split_once('#') {
                let known = anchors.get(&file).unwrap_or_else(|| panic!("{place}: not a page"));
                assert!(known.contains(anchor), "{place}: no such heading; there are {known:?}");
            }
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn a_link_is_seen_and_a_heading_has_the_anchor_that_it_has_on_the_web() {
    let text = "# A `B-c` d?\n\nsee [x](a.md#b) and ![y](z.svg), not `[i](j)`\n\n## A b-c d\n\n```\n# no\n[n](o)\n```\n";
    let page = Page { file: "p.md".into(), text: text.to_owned() };
    assert_eq!(links(&page), [(3, "a.md#b"), (3, "z.svg")].map(|(line, to)| (line, to)));
    assert_eq!(anchors(&page), ["a-b-c-d", "a-b-c-d-1"].map(str::to_owned).into());
    assert_eq!(tidy(Path::new("docs/../README.md")), Path::new("README.md"));
}

#[test]
fn a_page_has_one_title_and_its_headings_skip_no_level() {
    for page in pages() {
        let prose = page.prose();
        let levels: Vec<usize> = prose.lines().filter_map(heading).map(|(level, _)| level).collect();
        let file = page.file.display();
        assert!(prose.starts_with("# "), "{file}: no title");
        assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1, "{file}: one title");
        assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{file}: {levels:?}");
    }
}

#[test]
fn the_rows_of_a_table_have_as_many_cells_as_its_head() {
    let mut count = 0;
    for page in pages() {
        let mut head = None;
        for (number, line) in page.prose().lines().enumerate() {
            let Some(cells) = line.starts_with('|').then(|| cells(line)) else {
                head = None;
                continue;
            };
            let expected = *head.get_or_insert(cells);
            assert_eq!(cells, expected, "{}:{}: {line}", page.file.display(), number + 1);
            count += 1;
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn every_block_of_commands_is_run_by_a_test_or_says_why_not() {
    let mut run = 0;
    for block in blocks().iter().filter(|block| matches!(block.language.as_str(), "console" | "sh")) {
        let place = &block.place;
        match block.mark.as_deref().map(|mark| mark.split_once(": ").unwrap_or((mark, ""))) {
            // By tests/mock/docs.rs, tests/real/docs.rs and tests/real/recipes.rs.
            None if block.is_console() => run += 1,
            Some(("kafka", "first steps")) => run += 1,
            Some(("recipe", name)) if !name.is_empty() => run += 1,
            Some(("not run", why)) => assert!(why.len() >= 10, "{place}: why is it not run?"),
            _ => panic!(
                "{place}: `<!-- kafka: first steps -->`, `<!-- recipe: NAME -->` or `<!-- not run: WHY -->`"
            ),
        }
    }
    assert!(run >= 10, "{run}");
}

#[test]
fn the_figures_of_the_benchmark_are_those_of_its_last_result() {
    let page = read("docs/performance.md");
    let shown =
        page.split("<!-- benchmark -->\n").nth(1).and_then(|rest| rest.split("<!-- /benchmark -->").next());
    let result = read("benches/result.md");
    let measured = result.split_once("\n\n").map(|(_, rest)| rest);
    assert!(measured.is_some_and(|text| text.lines().count() > 20), "{result}");
    assert_eq!(shown, measured);
}

/// The targets of links outside of code, with their lines.
fn links(page: &Page) -> Vec<(usize, &str)> {
    let mut all = Vec::new();
    let prose = page.prose();
    let is_prose: Vec<bool> = prose.lines().map(|line| !line.is_empty()).collect();
    for (index, line) in page.text.lines().enumerate() {
        if !is_prose.get(index).copied().unwrap_or_default() {
            continue;
        }
        // Code is every second piece between ticks.
        for piece in line.split('`').step_by(2) {
            let targets = piece.split("](").skip(1).filter_map(|rest| rest.split(')').next());
            all.extend(targets.map(|target| (index + 1, target)));
        }
    }
    all
}

fn file_of(target: &str) -> &str {
    target.split('#').next().unwrap_or_default()
}

/// A path without `..` in it.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        if part.as_os_str() == ".." {
            tidy.pop();
        } else {
            tidy.push(part);
        }
    }
    tidy
}

fn heading(line: &str) -> Option<(usize, &str)> {
    let level = line.find(|c| c != '#').filter(|level| *level > 0)?;
    Some((level, line[level..].strip_prefix(' ')?))
}

/// The anchors of the headings of a page, as GitHub makes them.
fn anchors(page: &Page) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for (_, title) in page.prose().lines().filter_map(heading) {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect();
        let again = (1..).map(|number| format!("{anchor}-{number}"));
        let free = [anchor.clone()].into_iter().chain(again).find(|name| !anchors.contains(name));
        anchors.extend(free);
    }
    anchors
}

/// How many cells a row has: `\|` parts none.
fn cells(row: &str) -> usize {
    row.replace("\\|", "").trim_matches('|').split('|').count()
}
