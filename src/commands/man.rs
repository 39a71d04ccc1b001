//! `kcons man`: the manual page in roff, every command in one page.

use super::completions::connection_is_unused;
use crate::cli::{self, ConnectionOptions};
use crate::error::{Failure, Kind};
use clap_mangen::Man;
use std::io;

/// # Errors
/// A connection option, which has no use here, or a stdout that cannot be written.
pub fn run(connection: &ConnectionOptions) -> Result<(), Failure> {
    connection_is_unused(connection, "man")?;
    let page = page()
        .map_err(|error| Failure::new(Kind::Run, "cannot make the page").caused_by(error.to_string()))?;
    super::write(&page)
}

const EXIT_CODES: [(u8, &str); 9] = [
    (0, "done: the end, the count or a time limit was reached, a first signal, or a closed pipe"),
    (1, "failed while running: stdout, an offset outside the log, the dedup store, an unconfirmed commit"),
    (2, "wrong usage"),
    (3, "no broker could be reached, or it refused us"),
    (4, "the topic, partition or group does not exist"),
    (5, "a record could not be processed or decoded and the policy is to stop"),
    (6, "a group is further behind than --max-lag allows"),
    (7, "the number of records is not what --expect says"),
    (130, "ended at once by a second signal"),
];

fn page() -> io::Result<Vec<u8>> {
    let mut command = cli::command();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    heading(&mut page, "SH", "SYNOPSIS");
    for (_, subcommand) in leaves(&mut command) {
        let usage = subcommand.render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ").replace('-', "\\-");
        page.extend_from_slice(format!("{usage}\n.br\n").as_bytes());
    }
    for (name, subcommand) in leaves(&mut command) {
        heading(&mut page, "SH", &format!("KCONS {}", name.to_uppercase()));
        let man = Man::new(subcommand.clone());
        let mut section = Vec::new();
        man.render_description_section(&mut section)?;
        // Its description needs no heading of its own; its options are subsections.
        let section = String::from_utf8_lossy(&section).replacen(".SH DESCRIPTION\n", "", 1);
        page.extend_from_slice(section.as_bytes());
        let mut section = Vec::new();
        man.render_options_section(&mut section)?;
        let section = format!("\n{}", String::from_utf8_lossy(&section)).replace("\n.SH ", "\n.SS ");
        page.extend_from_slice(section.trim_start().as_bytes());
    }
    heading(&mut page, "SH", "EXIT STATUS");
    for (code, meaning) in EXIT_CODES {
        page.extend_from_slice(format!(".TP\n{code}\n{meaning}\n").as_bytes());
    }
    Ok(page)
}

/// The commands that do something, with all words of their names.
fn leaves(command: &mut clap::Command) -> Vec<(String, &mut clap::Command)> {
    let mut leaves = Vec::new();
    for subcommand in command.get_subcommands_mut() {
        let name = subcommand.get_name().to_owned();
        match subcommand.has_subcommands() {
            false => leaves.push((name, subcommand)),
            true => leaves.extend(
                self::leaves(subcommand).into_iter().map(|(word, leaf)| (format!("{name} {word}"), leaf)),
            ),
        }
    }
    leaves
}

fn heading(page: &mut Vec<u8>, macro_name: &str, title: &str) {
    page.extend_from_slice(format!(".{macro_name} \"{title}\"\n").as_bytes());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_has_every_command_and_its_options() {
        let page = String::from_utf8(super::page().unwrap()).unwrap();
        for text in [
            ".TH kcons 1",
            "KCONS CONSUME",
            "KCONS DEMO",
            "KCONS GROUP RESET",
            "offset\\-reset",
            "EXIT STATUS",
            "\\-\\-serve",
        ] {
            assert!(page.contains(text), "{text}");
        }
    }
}
