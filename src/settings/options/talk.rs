//! Resolves how messages are written to stderr, and where color is used.

use crate::cli::{ColorChoice, ConnectionOptions, LogFormat};

/// How messages are written to stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TalkSettings {
    /// Whether only errors are written.
    pub quiet: bool,
    /// How often `-v` was typed.
    pub verbose: u8,
    pub has_color: bool,
    /// Whether a message is a JSON object on a line, instead of text.
    pub is_json: bool,
    /// Whether stderr is a terminal.
    pub is_terminal: bool,
}

impl TalkSettings {
    pub fn new(
        arguments: &ConnectionOptions,
        is_stderr_terminal: bool,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> TalkSettings {
        let is_json = arguments.log.unwrap_or_default() == LogFormat::Json;
        let choice = arguments.color.unwrap_or_default();
        TalkSettings {
            quiet: arguments.quiet,
            verbose: arguments.verbose,
            has_color: !is_json && has_color(choice, is_stderr_terminal, environment),
            is_json,
            is_terminal: is_stderr_terminal,
        }
    }
}

/// Decides whether a stream is colored: by `--color`, then `NO_COLOR` (<https://no-color.org>), then
/// `CLICOLOR_FORCE` (<https://bixense.com/clicolors>), then by whether it is a terminal that
/// can show color.
pub fn has_color(
    choice: ColorChoice,
    is_terminal: bool,
    environment: &dyn Fn(&str) -> Option<String>,
) -> bool {
    let is_set = |name: &str| environment(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if is_set("NO_COLOR") => false,
        ColorChoice::Auto if is_set("CLICOLOR_FORCE") => {
            environment("CLICOLOR_FORCE").as_deref() != Some("0")
        }
        ColorChoice::Auto => is_terminal && environment("TERM").as_deref() != Some("dumb"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::testing::TestWorld;

    fn colors(choice: ColorChoice, is_terminal: bool, variables: &[(&'static str, &str)]) -> bool {
        has_color(choice, is_terminal, &*TestWorld::new(variables).variables)
    }

    #[test]
    fn a_terminal_gets_color_and_a_pipe_does_not() {
        assert!(colors(ColorChoice::Auto, true, &[]));
        assert!(!colors(ColorChoice::Auto, false, &[]));
        assert!(!colors(ColorChoice::Auto, true, &[("TERM", "dumb")]));
    }

    #[test]
    fn the_option_goes_before_the_environment() {
        assert!(colors(ColorChoice::Always, false, &[("NO_COLOR", "1")]));
        assert!(!colors(ColorChoice::Never, true, &[("CLICOLOR_FORCE", "1")]));
    }

    #[test]
    fn the_environment_turns_color_off_and_on() {
        assert!(!colors(ColorChoice::Auto, true, &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
        assert!(colors(ColorChoice::Auto, true, &[("NO_COLOR", "")]));
        assert!(colors(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "1")]));
        assert!(!colors(ColorChoice::Auto, false, &[("CLICOLOR_FORCE", "0")]));
    }

    #[test]
    fn json_has_no_color() {
        let arguments = ConnectionOptions {
            log: Some(LogFormat::Json),
            color: Some(ColorChoice::Always),
            ..ConnectionOptions::default()
        };
        let talk = TalkSettings::new(&arguments, true, &|_| None);
        assert_eq!(talk, TalkSettings { is_json: true, is_terminal: true, ..TalkSettings::default() });
    }
}
