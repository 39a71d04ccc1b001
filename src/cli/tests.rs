//! Tests of what can be typed.

use super::values::{rate, whole, whole_long};
use super::*;
use clap::CommandFactory;

#[test]
fn the_declaration_is_sound() {
    Arguments::command().debug_assert();
}

#[test]
fn a_count_is_a_whole_number_of_at_least_one() {
    assert_eq!(positive("17"), Ok(17));
    for bad in ["", "0", "-1", "+1", "abc", "1.0", "99999999999999999999"] {
        assert!(positive(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_commit_mode_is_one_of_four() {
    assert_eq!(commit("batch=10"), Ok(CommitChoice::Batch(10.try_into().expect("ten"))));
    for bad in ["batch", "batch=", "batch=0", "batch=-1", "Auto", ""] {
        assert!(commit(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_number_is_refused_for_what_is_wrong_with_it() {
    let at_least = |least: u64| Err(format!("it must be a whole number of at least {least}"));
    for bad in ["-1", "x", "", "1.5"] {
        assert_eq!(positive(bad), at_least(1), "{bad}");
        assert_eq!(rate(bad).map(|_| 0), at_least(1), "{bad}");
        assert_eq!(whole(bad).map(u64::from), at_least(0), "{bad}");
        assert_eq!(whole_long(bad), at_least(0), "{bad}");
    }
    assert_eq!(positive("0"), at_least(1));
    assert_eq!((whole("0"), whole_long("0")), (Ok(0), Ok(0)));
    for large in ["99999999999999999999", "18446744073709551616"] {
        let too_large = Err("the number is too large".to_owned());
        assert_eq!(positive(large), too_large);
        assert_eq!(whole_long(large), too_large);
        assert_eq!(commit(&format!("batch={large}")).map(|_| 0), too_large);
        assert_eq!(expected_count(&format!("1..{large}")).map(|_| 0), too_large);
        for narrow in [large, "4294967296"] {
            assert_eq!(whole(narrow).map(u64::from), too_large);
            assert_eq!(rate(narrow).map(|_| 0), too_large);
        }
    }
}

#[test]
fn an_address_to_listen_on_has_a_port_and_perhaps_a_host() {
    for (text, host) in
        [(":9090", ""), ("localhost:9090", "localhost"), ("[::1]:9090", "::1"), ("10.0.0.1:9090", "10.0.0.1")]
    {
        let address = listen_address(text).expect(text);
        assert_eq!((address.host.as_str(), address.port), (host, 9090), "{text}");
        assert_eq!(address.to_string(), text);
    }
    for bad in [
        "",
        "9090",
        "localhost",
        "localhost:",
        "localhost:x",
        ":65536",
        ":+1",
        "::1:9090",
        "[x]:1",
        "a b:1",
        "http://a:1",
    ] {
        assert!(listen_address(bad).is_err(), "{bad}");
    }
}

#[test]
fn each_line_of_short_help_fits_100_columns() {
    for name in [
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
    ] {
        assert_eq!(help_in(name, 100), help_in(name, 1000), "{name}: a line is broken");
    }
}

#[test]
fn options_are_grouped_by_what_they_are_for() {
    let help = help("consume");
    let headings: Vec<&str> =
        help.lines().filter(|line| !line.starts_with(' ') && line.ends_with(':')).collect();
    let expected = "Input: Start and stop: Commits: Output: Handling records: Failed records: Duplicates: Decoding: Watching: Connection: General: Examples:";
    assert_eq!(headings.join(" "), expected);
}

#[test]
fn connection_options_are_shown_only_where_something_is_connected() {
    for (name, is_shown) in [
        ("consume", true),
        ("demo", true),
        ("lag", true),
        ("group reset", true),
        ("topic list", true),
        ("completions", false),
        ("man", false),
    ] {
        assert_eq!(help(name).contains("--brokers"), is_shown, "{name}");
    }
}

fn help(name: &str) -> String {
    help_in(name, 100)
}

/// The short help of a command, in so many columns.
fn help_in(name: &str, columns: usize) -> String {
    let mut command = command().term_width(columns);
    let found = name.split(' ').try_fold(&mut command, |command, word| command.find_subcommand_mut(word));
    found.expect(name).render_help().to_string()
}

#[test]
fn a_section_of_short_help_fits_a_screen_and_help_itself_comes_last() {
    for (words, _) in commands() {
        let text = help(&words.join(" "));
        let sections: Vec<&str> = text.split("\n\n").collect();
        for section in &sections {
            assert!(section.lines().count() <= 24, "{words:?}: {section}");
        }
        let with_help = sections.iter().position(|section| section.contains("--help"));
        let behind = &sections[with_help.expect("each command has it") + 1..];
        assert!(behind.iter().all(|section| !section.contains("  --")), "{words:?}: {text}");
    }
}
