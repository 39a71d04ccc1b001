//! Interactive shells on a terminal: keys are typed, and the command line and the screen are looked at.

use std::fs;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::run::Kcons;
use super::terminal::Terminal;
use super::waiting::try_until;

/// Set where these tests must run.
const REQUIRED: &str = "KCONS_REQUIRE_SHELLS";

const LIMIT: Duration = Duration::from_secs(20);
const LINES: NonZero<u16> = NonZero::new(100).expect("it is not zero");
const COLUMNS: NonZero<u16> = NonZero::new(200).expect("it is not zero");

const PROMPT: &str = ">";

/// Ctrl-X Ctrl-T, which the start-up files give a meaning: the command line is handed over, and empty then.
const TAKE: &str = "\x18\x14";

/// Ctrl-B.
pub const CURSOR_LEFT: &str = "\x02";

/// Ctrl-L.
const CLEAR: &str = "\x0c";

/// Stands behind a command line that was handed over, so that one that is not written to its end is not taken.
const END: &str = "\n.";

/// Lets bash find scripts in folders: a package of its own.
const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShellName {
    Bash,
    Zsh,
    Fish,
}

/// A shell that waits for keys, in a home folder of its own and with kcons in its path.
pub struct Shell {
    pub name: ShellName,
    terminal: Terminal,
    home: PathBuf,
}

/// How a shell gets its completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completions {
    /// Its start-up file reads what `kcons completions` prints.
    Sourced,
    /// The script is a file where the shell looks for it when it needs it.
    InItsFolder,
}

impl ShellName {
    /// The shells of this machine; one that is missing is named on stderr.
    pub fn all() -> Vec<ShellName> {
        [ShellName::Bash, ShellName::Zsh, ShellName::Fish].into_iter().filter(|name| name.is_here()).collect()
    }

    /// Those of them that look for scripts in folders.
    pub fn all_with_folders() -> Vec<ShellName> {
        let has_folders = |name: &ShellName| {
            *name != ShellName::Bash || Path::new(BASH_COMPLETION).exists() || left_out("bash-completion")
        };
        ShellName::all().into_iter().filter(has_folders).collect()
    }

    pub fn program(self) -> &'static str {
        match self {
            ShellName::Bash => "bash",
            ShellName::Zsh => "zsh",
            ShellName::Fish => "fish",
        }
    }

    fn is_here(self) -> bool {
        // Older ones of bash, as on macOS, do not let a key see the command line.
        let is_new_enough = match self {
            ShellName::Bash => "test ${BASH_VERSINFO[0]} -ge 4",
            ShellName::Zsh | ShellName::Fish => "true",
        };
        let status = Command::new(self.program()).args(["-c", is_new_enough]).status();
        status.is_ok_and(|status| status.success()) || left_out(self.program())
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            ShellName::Bash => &["--noprofile", "-i"],
            ShellName::Zsh => &["-d", "-i"],
            ShellName::Fish => &["-i"],
        }
    }

    /// The path of the start-up file in the home folder.
    fn startup_file(self) -> &'static str {
        match self {
            ShellName::Bash => ".bashrc",
            ShellName::Zsh => ".zshrc",
            ShellName::Fish => ".config/fish/config.fish",
        }
    }

    fn startup(self) -> &'static str {
        match self {
            ShellName::Bash => {
                r#"PS1='> '
                bind 'set bell-style none'
                bind 'set enable-bracketed-paste off'
                take() { printf '%s\n.' "$READLINE_LINE" > ~/line; READLINE_LINE= READLINE_POINT=0; }
                bind -x '"\C-x\C-t": take'
                "#
            }
            ShellName::Zsh => {
                r#"PS1='> '
                unsetopt beep
                fpath=(~/completions $fpath)
                autoload -Uz compinit && compinit -D -u
                take() { printf '%s\n.' "$BUFFER" > ~/line; BUFFER=; zle -Rc }
                zle -N take
                bindkey '^X^T' take
                "#
            }
            ShellName::Fish => {
                r#"set -g fish_greeting
                set -g fish_autosuggestion_enabled 0
                function fish_prompt; echo '> '; end
                function take
                    printf '%s\n.' (commandline | string collect --allow-empty) > ~/line
                    commandline -r ''
                end
                bind \cx\ct take
                "#
            }
        }
    }

    /// The line of the start-up file that the documentation names.
    fn source(self) -> &'static str {
        match self {
            ShellName::Bash => "source <(kcons completions bash)",
            ShellName::Zsh => "source <(kcons completions zsh)",
            ShellName::Fish => "kcons completions fish | source",
        }
    }

    /// The path, in the home folder, of the file where the shell looks for the completions of kcons.
    fn script(self) -> &'static str {
        match self {
            ShellName::Bash => ".local/share/bash-completion/completions/kcons",
            ShellName::Zsh => "completions/_kcons",
            ShellName::Fish => ".config/fish/completions/kcons.fish",
        }
    }
}

/// Says that tests of something are left out, where that is allowed; false.
fn left_out(missing: &str) -> bool {
    assert!(std::env::var_os(REQUIRED).is_none(), "there is no {missing} that can be tested");
    let _ = writeln!(io::stderr(), "left out, no {missing} that can be tested: completion by keystrokes");
    false
}

impl Shell {
    /// Starts a shell with these variables in its environment; `prepare` puts files into its home folder, which is its
    /// working directory, too.
    pub fn start(
        name: ShellName,
        completions: Completions,
        variables: &[(&str, &str)],
        prepare: impl Fn(&Path),
    ) -> Shell {
        let kcons = Path::new(env!("CARGO_BIN_EXE_kcons"));
        let mut command = Kcons::other(name.program(), name.arguments()).deadline(Duration::from_secs(300));
        let home = command.home().to_owned();
        let mut startup = name.startup().to_owned();
        match completions {
            Completions::Sourced => startup.push_str(name.source()),
            Completions::InItsFolder => {
                let outcome = Kcons::new(["completions", name.program()]).run();
                write(&home.join(name.script()), &outcome.has_code(0).stdout_text());
                if name == ShellName::Bash {
                    startup.push_str(&format!("source {BASH_COMPLETION}"));
                }
            }
        }
        write(&home.join(name.startup_file()), &format!("{startup}\n"));
        prepare(&home);
        let folder = kcons.parent().expect("it is in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!("{}:{}:{path}", folder.display(), home.join("bin").display());
        command = command.env("PATH", path).env("TERM", "xterm").env("LANG", "C.UTF-8");
        // fish from version 4 on asks the terminal what it can do, which nobody answers here.
        command = command.env("fish_features", "no-query-term");
        for (name, value) in variables {
            command = command.env(name, value);
        }
        let terminal = command.spawn_on_echoing_terminal(LINES.get(), COLUMNS.get());
        let mut shell = Shell { name, terminal, home };
        shell.wait_for_screen("the prompt", |screen| screen.trim_end().ends_with(PROMPT));
        shell.take();
        shell
    }

    /// Types this and presses TAB; the command line then.
    #[track_caller]
    fn complete(&mut self, typed: &str) -> String {
        self.terminal.send(format!("{typed}\t"));
        self.take()
    }

    /// Types this and presses TAB, again as long as nothing changes where something should: on a busy machine an answer
    /// may take longer than kcons waits for it. The command line then.
    #[track_caller]
    pub fn complete_to(&mut self, typed: &str, expected: &str) -> String {
        let mut line = String::new();
        let unchanged = typed.replace(CURSOR_LEFT, "");
        // Without an answer in the end, the last line tells as much.
        let _ = try_until(LIMIT, || {
            line = self.complete(typed);
            (line != unchanged || expected == unchanged).then_some(())
        });
        line
    }

    /// Types this and presses TAB until the shell lists what fits, again as long as nothing is listed. The screen once
    /// `is_listed`.
    #[track_caller]
    pub fn list(&mut self, typed: &str, is_listed: impl Fn(&str) -> bool) -> String {
        let tabs = match self.name {
            ShellName::Bash => "\t\t",
            ShellName::Zsh | ShellName::Fish => "\t",
        };
        let mut last = String::new();
        let listed = try_until(LIMIT, || {
            self.terminal.send(format!("{typed}{tabs}"));
            let screen = try_until(LIMIT / 4, || Some(self.screen()).filter(|screen| is_listed(screen)));
            last = self.screen();
            self.take();
            screen
        });
        listed.unwrap_or_else(|| panic!("{}: {typed}: not all is listed\n{last}", self.name.program()))
    }

    /// Types this and presses TAB twice, where nothing fits; the screen when both are done.
    #[track_caller]
    pub fn screen_without_list(&mut self, typed: &str) -> String {
        // The end of what is echoed is seen once the keys before it are done.
        const DONE: &str = "#done";
        self.terminal.send(format!("{typed}\t\t{DONE}"));
        let screen = self.wait_for_screen(typed, |screen| screen.trim_end().ends_with(DONE));
        self.take();
        screen
    }

    /// Runs a command line that prints nothing, to its end.
    #[track_caller]
    pub fn run(&mut self, command: &str) {
        self.terminal.send(format!("{command}\r"));
        self.take();
    }

    /// Takes the command line; it is empty then, and so is the screen.
    #[track_caller]
    fn take(&mut self) -> String {
        let path = self.home.join("line");
        self.terminal.send(TAKE);
        let line = try_until(LIMIT, || {
            let text = fs::read_to_string(&path).ok()?;
            text.strip_suffix(END).map(str::to_owned)
        });
        let Some(line) = line else {
            panic!("{}: no command line\n{}", self.name.program(), self.screen());
        };
        fs::remove_file(path).expect("it was read");
        self.terminal.send(CLEAR);
        self.wait_for_screen("an empty screen", |screen| screen.trim() == PROMPT);
        line
    }

    #[track_caller]
    fn wait_for_screen(&mut self, what: &str, fact: impl Fn(&str) -> bool) -> String {
        try_until(LIMIT, || Some(self.screen()).filter(|screen| fact(screen))).unwrap_or_else(|| {
            panic!("{}: {what}: the screen is not as expected\n{}", self.name.program(), self.screen())
        })
    }

    fn screen(&self) -> String {
        let mut parser = vt100::Parser::new(LINES, COLUMNS, 0);
        parser.process(self.terminal.stdout().as_bytes());
        parser.screen().contents()
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("folders can be made");
    fs::write(path, text).expect("files can be written");
}
