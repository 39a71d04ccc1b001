//! `kcons man`: the manual page in roff, every command in one page.

use super::completions::connection_is_unused;
use crate::cli::{Arguments, Connection};
use crate::error::{Failure, Kind};
use clap::CommandFactory;
use clap_mangen::Man;
use std::io;

/// # Errors
/// A connection option, which has no use here, or a stdout that cannot be written.
pub fn run(connection: &Connection) -> Result<(), Failure> {
    connection_is_unused(connection, "man")?;
    let page = page()
        .map_err(|error| Failure::new(Kind::Run, "cannot make the page").caused_by(error.to_string()))?;
    super::write(&page)
}

fn page() -> io::Result<Vec<u8>> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let title = format!(".SH \"KCONS {}\"\n", subcommand.get_name().to_uppercase());
        page.extend_from_slice(title.as_bytes());
        let man = Man::new(subcommand.clone());
        let mut section = Vec::new();
        man.render_synopsis_section(&mut section)?;
        man.render_description_section(&mut section)?;
        man.render_options_section(&mut section)?;
        // Within the section of a command its parts are subsections.
        let section = String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS ");
        page.extend_from_slice(
            section.strip_prefix(".SH ").map_or(section.clone(), |rest| format!(".SS {rest}")).as_bytes(),
        );
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_has_every_command_and_its_options() {
        let page = String::from_utf8(super::page().unwrap()).unwrap();
        for text in [".TH kcons 1", "KCONS CONSUME", "KCONS DEMO", "offset\\-reset", "\\-\\-serve"] {
            assert!(page.contains(text), "{text}");
        }
    }
}
