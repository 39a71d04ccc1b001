//! The blocks of the docs that need no Kafka, run as they stand there on a terminal.

use std::os::unix::fs::symlink;
use std::time::Duration;

use crate::support::own_folder;
use crate::support::pages::{Typed, blocks};
use crate::support::run::Kcons;
use crate::support::shown::{check_shown, compared};
use crate::support::terminal::OnTerminal;

#[test]
fn a_block_without_a_mark_shows_what_its_commands_print() {
    let folder = own_folder();
    symlink(env!("CARGO_BIN_EXE_kcons"), folder.path().join("kcons")).expect("the folder is ours");
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap_or_default());
    let mut count = 0;
    for block in blocks().iter().filter(|block| block.is_console() && block.mark.is_none()) {
        for typed in block.typed() {
            // Built already.
            let command = typed.command.replacen("cargo run --release -- ", "kcons ", 1);
            assert!(command.starts_with("kcons "), "{}: `{command}` needs a mark", block.place);
            // A Kafka of this machine is not found, so that a block that needs one fails everywhere.
            let shell =
                Kcons::other("sh", ["-ec", &command]).env("PATH", &path).env("KCONS_BROKERS", "localhost:1");
            let outcome =
                shell.deadline(Duration::from_secs(30)).spawn_on_terminal(OnTerminal::Both).finish();
            outcome.has_code(0);
            check_shown(&block.place, &typed, &outcome.stdout_text());
            count += 1;
        }
    }
    assert!(count >= 5, "{count}");
}

#[test]
fn what_a_block_shows_is_compared_without_order_times_and_colours() {
    let seen = "Subscribed to topic: t\n{\"t\":1795777403134}\n\u{1b}[1mb\u{1b}[0m 12\nConsumer closed.\n\
                Processed 2 records in 3.1 s: 2 ok\n";
    let json = "{\"t\":1111111111111}";
    let summary = "Processed 2 records in 0.5 s: 2 ok";
    for (shown, is_same) in [
        (vec!["b 12", json, summary], true),
        (vec!["Subscribed to topic: t", json, "b 12", "Consumer closed.", summary], true),
        (vec!["Subscribed to topic: t", json, "b 12", summary], false),
        (vec!["b 13", json, summary], false),
        (vec!["b 12", json, "Processed 2 records in 0.5 s: 1 ok"], false),
        (vec!["b 12"], false),
    ] {
        let (shown, seen) = compared(&shown.into_iter().map(str::to_owned).collect::<Vec<_>>(), seen);
        assert_eq!(shown == seen, is_same, "{shown:?} {seen:?}");
    }
    let nothing = Typed { command: "c".to_owned(), shown: Vec::new() };
    check_shown("a block that shows nothing", &nothing, seen);
}
