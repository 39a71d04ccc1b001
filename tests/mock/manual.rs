//! The manual page: shown on a terminal, in roff elsewhere.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use crate::support::Outcome;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;

const TITLE: &str = "\n.TH kcons 1 ";

fn page() -> Outcome {
    let outcome = Kcons::new(["man"]).run();
    outcome.has_code(0).has_stderr("");
    outcome
}

/// What is shown on a terminal where `man` is this script.
fn shown_by(script: &str) -> Outcome {
    let command = Kcons::new(["man"]);
    let path: PathBuf = command.home().join("man");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("the folder is ours");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    let folders = format!("{}:{}", command.home().display(), std::env::var("PATH").unwrap_or_default());
    command.env("PATH", folders).spawn_on_terminal(OnTerminal::Stdout).finish()
}

/// Whether this machine has a `man`; one that is missing is said on stderr.
fn has_man() -> bool {
    let version = Command::new("man").arg("--version").output();
    let is_here = version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).starts_with("man 2"));
    if !is_here {
        let _ = writeln!(io::stderr(), "left out, no man-db on this machine");
    }
    is_here
}

#[test]
fn a_pipe_gets_roff() {
    page().stdout_contains(TITLE).stdout_contains("\n.SH ENVIRONMENT\n");
}

#[test]
fn on_a_terminal_man_shows_the_page() {
    let outcome = shown_by("echo \"man $*\"; cat; echo noise >&2");
    outcome.has_code(0).has_stderr("").has_stdout(format!("man -l -\n{}", page().stdout_text()));
}

#[test]
fn a_pager_that_is_left_early_is_no_error() {
    shown_by("echo page; exec <&-").has_code(0).has_stderr("").has_stdout("page\n");
}

#[test]
fn keys_that_interrupt_are_for_the_pager() {
    let outcome = shown_by("kill -INT $PPID; cat > /dev/null; echo page");
    outcome.has_code(0).has_stderr("").has_stdout("page\n");
}

#[test]
fn without_a_man_that_can_show_it_a_terminal_gets_roff() {
    shown_by("exit 1").has_code(0).has_stderr("").has_stdout(page().stdout);
    let no_man = Kcons::new(["man"]).env("PATH", "/nowhere").spawn_on_terminal(OnTerminal::Stdout).finish();
    no_man.has_code(0).has_stderr("").has_stdout(page().stdout);
}

#[test]
fn man_shows_the_page_without_warnings() {
    if !has_man() {
        return;
    }
    let man = Kcons::other("man", ["--warnings", "-l", "-"]).env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8");
    let outcome = man.stdin(page().stdout).run();
    outcome.has_code(0).has_stderr("").stdout_contains("EXIT STATUS");
    // Nothing is lost, and no code is quoted as words are.
    outcome.stdout_contains("librdkafka's own log").stdout_contains("--exec 'jq -r .key'");
    outcome.stdout_lacks("‘");
    let command = Kcons::new(["man"]).env("MANPAGER", "cat").env("LC_ALL", "C.UTF-8");
    let shown = command.spawn_on_terminal(OnTerminal::Both).finish();
    // Bold letters are struck twice where nothing is known of the terminal.
    shown.has_code(0).stdout_contains("jq(1), kcat(1)").stdout_lacks(TITLE);
}
