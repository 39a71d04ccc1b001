//! Makes the manual page: every command and option, each once, and what is said beside them.

use super::texts;
use crate::cli::{self, RowOptions};
use clap::{Arg, Args, Command};
use clap_mangen::Man;
use roff::{Roff, bold, roman};
use std::io;

/// Headings of options that are the same for all commands.
const COMMON: [&str; 2] = ["Connection", "General"];

/// The heading of options that are the same for commands that print rows.
const ROWS: &str = "Output of kcons group and kcons topic";

/// The page in roff.
pub fn page() -> io::Result<String> {
    let command = cli::command();
    let leaves = leaves(&command, "kcons");
    // Definitions for what follows. A page without a date has a blank one: nothing would be taken for no argument.
    let mut page = Roff::new().render();
    let man = Man::new(command.clone()).date(" ").manual("User Commands");
    page += &rendered(|out| man.render_title(out))?;
    // Code is not to be broken, or torn apart.
    page += ".nh\n.ad l\n";
    page += &rendered(|out| man.render_name_section(out))?;
    page += &beginning(&leaves)?;
    page += &options(&command, is_common)?;
    page += &options(&row_options().mut_args(|argument| argument.help_heading(ROWS)), |_| true)?;
    for (name, leaf) in &leaves {
        page += &command_section(name, leaf)?;
    }
    page += &ending(&leaves)?;
    Ok(with_bold_code(&page))
}

/// SYNOPSIS, DESCRIPTION and COMMANDS.
fn beginning(leaves: &[(String, Command)]) -> io::Result<String> {
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    for (name, leaf) in leaves {
        let usage = leaf.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let rest = usage.strip_prefix(name.as_str()).unwrap_or_default();
        roff.text([bold(name.as_str()), roman(rest)]).control("br", []);
    }
    roff.control("SH", ["DESCRIPTION"]);
    for text in texts::DESCRIPTION {
        paragraph(&mut roff, text);
    }
    roff.control("SH", ["COMMANDS"]);
    for (name, leaf) in leaves {
        let about = leaf.get_about().map(ToString::to_string).unwrap_or_default();
        tagged(&mut roff, name, &format!("{about}."));
    }
    roff.control("SH", ["OPTIONS"]);
    paragraph(&mut roff, "Every command takes the general options, and those that connect take these:");
    rendered(|out| roff.to_writer(out))
}

/// ENVIRONMENT, FILES, EXAMPLES, EXIT STATUS and SEE ALSO.
fn ending(leaves: &[(String, Command)]) -> io::Result<String> {
    let mut roff = Roff::new();
    roff.control("SH", ["ENVIRONMENT"]);
    list(&mut roff, texts::ENVIRONMENT);
    roff.control("SS", ["Environment of handlers"]);
    paragraph(
        &mut roff,
        "What `--exec` runs, and a command after `--`, inherits the environment of kcons and gets:",
    );
    list(&mut roff, texts::HANDLER_ENVIRONMENT);
    roff.control("SH", ["FILES"]);
    list(&mut roff, texts::FILES);
    roff.control("SH", ["EXAMPLES"]);
    for (_, leaf) in leaves {
        let after = leaf.get_after_help().map(ToString::to_string).unwrap_or_default();
        if let Some(examples) = after.strip_prefix("Examples:\n") {
            verbatim(&mut roff, examples);
        }
    }
    roff.control("SH", ["EXIT STATUS"]);
    list(&mut roff, texts::EXIT_CODES);
    roff.control("SH", ["SEE ALSO"]);
    paragraph(&mut roff, texts::SEE_ALSO);
    rendered(|out| roff.to_writer(out))
}

/// What a command does, and the options that no other command has.
fn command_section(name: &str, command: &Command) -> io::Result<String> {
    let is_demo = name == "kcons demo";
    let is_own = |argument: &Arg| {
        !is_common(argument)
            && !is_of_rows(argument)
            && (!is_demo || argument.get_help_heading() == Some("Demo"))
    };
    let mut roff = Roff::new();
    roff.control("SH", [name.to_uppercase().as_str()]);
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    match is_demo {
        true => paragraph(&mut roff, texts::DEMO),
        false => about.split("\n\n").for_each(|text| paragraph(&mut roff, text)),
    }
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    if !after.is_empty() && !after.starts_with("Examples:") {
        verbatim(&mut roff, &after);
    }
    Ok(rendered(|out| roff.to_writer(out))? + &options(command, is_own)?)
}

/// The options for which `is_shown` holds, by their headings.
fn options(command: &Command, is_shown: impl Fn(&Arg) -> bool) -> io::Result<String> {
    let command = command.clone().mut_args(|argument| {
        let is_hidden = argument.is_hide_set() || !is_shown(&argument);
        argument.hide(is_hidden)
    });
    if command.get_arguments().all(Arg::is_hide_set) {
        return Ok(String::new());
    }
    let section = rendered(|out| Man::new(command).render_options_section(out))?;
    // All of them are subsections.
    let section = format!("\n{section}").replace("\n.SH OPTIONS\n", "\n").replace("\n.SH ", "\n.SS ");
    Ok(section.trim_start_matches('\n').to_owned())
}

/// A command with the options of all that print rows.
fn row_options() -> Command {
    RowOptions::augment_args(Command::new("rows").disable_help_flag(true))
}

fn is_of_rows(argument: &Arg) -> bool {
    row_options().get_arguments().any(|row| row.get_long_help() == argument.get_long_help())
}

fn is_common(argument: &Arg) -> bool {
    argument.get_help_heading().is_some_and(|heading| COMMON.contains(&heading))
}

/// What is written into a buffer, without the definitions that each piece of roff starts with.
fn rendered(render: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> io::Result<String> {
    let mut buffer = Vec::new();
    render(&mut buffer)?;
    let text = String::from_utf8_lossy(&buffer);
    let is_definition = |line: &&str| line.starts_with(".ie ") || line.starts_with(".el ");
    Ok(text.lines().skip_while(is_definition).map(|line| format!("{line}\n")).collect())
}

fn paragraph(roff: &mut Roff, text: &str) {
    roff.control("PP", []).text([roman(text)]);
}

fn tagged(roff: &mut Roff, tag: &str, text: &str) {
    roff.control("TP", []).text([bold(tag)]).text([roman(text)]);
}

fn list(roff: &mut Roff, rows: &[(&str, &str)]) {
    for (tag, text) in rows {
        tagged(roff, tag, text);
    }
}

/// Text whose lines stay as they are.
fn verbatim(roff: &mut Roff, text: &str) {
    roff.control("PP", []).control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// Makes code between backticks bold: roff would show these as quotation marks.
fn with_bold_code(page: &str) -> String {
    let bold = |line: &str| {
        let parts: Vec<&str> = line.split('`').collect();
        let marked = parts.iter().enumerate().map(|(index, part)| match index % 2 {
            0 => (*part).to_owned(),
            _ => format!("\\fB{part}\\fR"),
        });
        marked.collect::<String>() + "\n"
    };
    page.lines().map(bold).collect()
}

/// The commands that do something, with all words of their names.
fn leaves(command: &Command, name: &str) -> Vec<(String, Command)> {
    if !command.has_subcommands() {
        return vec![(name.to_owned(), command.clone())];
    }
    let subcommands = command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help");
    subcommands
        .flat_map(|subcommand| leaves(subcommand, &format!("{name} {}", subcommand.get_name())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn the_page_has_the_sections_of_a_manual_page_in_their_order() {
        let page = page().expect("it is made");
        let expected = [
            "NAME",
            "SYNOPSIS",
            "DESCRIPTION",
            "COMMANDS",
            "OPTIONS",
            "KCONS CONSUME",
            "KCONS GROUP RESET",
            "KCONS DEMO",
            "ENVIRONMENT",
            "FILES",
            "EXAMPLES",
            "EXIT STATUS",
            "SEE ALSO",
        ];
        let sections = page.lines().filter_map(|line| line.strip_prefix(".SH "));
        let sections: Vec<&str> = sections.map(|title| title.trim_matches('"')).collect();
        let known: Vec<&str> = sections.iter().copied().filter(|title| expected.contains(title)).collect();
        assert_eq!(known, expected, "{sections:?}");
        assert!(page.starts_with(".ie ") && page.contains("\n.TH kcons 1 "), "{page}");
        for part in ["KCONS_BROKERS", "KCONS_ATTEMPT", "XDG_STATE_HOME", "task\\-created \\-e | jq .value"] {
            assert!(page.contains(part), "{part}");
        }
    }

    #[test]
    fn each_option_is_there_once() {
        let page = page().expect("it is made");
        // What one name is in several commands is one option where its help is the same.
        let mut options: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (_, leaf) in leaves(&cli::command(), "kcons") {
            for argument in leaf.get_arguments().filter(|argument| !argument.is_hide_set()) {
                let Some(long) = argument.get_long() else { continue };
                let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string);
                let help = help.unwrap_or_default();
                options.entry(long.to_owned()).or_default().insert(help);
            }
        }
        assert!(options.len() > 60, "{options:?}");
        for (long, helps) in options {
            let name = format!("\\fB\\-\\-{}\\fR", long.replace('-', "\\-"));
            let tags = page.split("\n.TP\n").skip(1).filter_map(|entry| entry.lines().next());
            let count = tags.filter(|tag| tag.split([' ', ',', '[']).any(|word| word == name)).count();
            assert_eq!(count, helps.len(), "--{long}");
        }
    }

    #[test]
    fn code_is_bold() {
        assert_eq!(with_bold_code("a `b c`, `d`\n.SH E\n"), "a \\fBb c\\fR, \\fBd\\fR\n.SH E\n");
    }
}
