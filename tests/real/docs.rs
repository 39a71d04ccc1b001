//! The blocks of the docs that need a Kafka, typed one after the other as a reader does.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::kafka::{Kafka, Kind};
use crate::support::pages::{Page, pages};
use crate::support::run::Kcons;
use crate::support::shown::check_shown;
use crate::support::terminal::OnTerminal;
use crate::support::{KAFKA_VERSION, Outcome, own_folder};

/// Above blocks that are typed one after the other, on the Kafka and the topic of the README.
const MARK: &str = "kafka: first steps";

/// Where the docs say that Kafka is.
const ADDRESS: &str = "localhost:9092";

/// What runs Kafka's tools in the container of the docs: `docker exec -i kafka /opt/kafka/bin/TOOL.sh ARGS`.
const DOCKER: &str = "#!/bin/sh
if [ \"$1\" = run ]; then exit; fi
shift
if [ \"$1\" = -i ]; then shift; fi
tool=$(basename \"$2\" .sh)
shift 4
exec \"$tool\" \"$@\"
";

/// A Kafka and a folder to type the commands of the docs in.
struct Walkthrough {
    kafka: Kafka,
    folder: TempDir,
}

impl Walkthrough {
    fn new() -> Walkthrough {
        let walk = Walkthrough { kafka: Kafka::start(Kind::Plain, &[]), folder: own_folder() };
        fs::create_dir(walk.programs()).expect("the folder is ours");
        symlink(env!("CARGO_BIN_EXE_kcons"), walk.programs().join("kcons")).expect("the folder is ours");
        write_program(&walk.programs().join("docker"), DOCKER);
        for tool in ["topics", "console-producer"] {
            let program = walk.programs().join(format!("kafka-{tool}"));
            write_program(&program, &script(&walk.kafka.users_tool(tool)));
        }
        walk
    }

    fn programs(&self) -> PathBuf {
        self.folder.path().join("bin")
    }

    /// Types a command on a terminal.
    fn run(&self, command: &str) -> Outcome {
        let line = format!("cd '{}'\n{command}", self.folder.path().display());
        let path = format!("{}:{}", self.programs().display(), std::env::var("PATH").unwrap_or_default());
        let shell = Kcons::other("sh", ["-ec", &line]).env("PATH", path).env("HOME", self.folder.path());
        let shell = shell.env("KCONS_BROKERS", self.kafka.brokers()).deadline(Duration::from_secs(90));
        let outcome = shell.spawn_on_terminal(OnTerminal::Both).finish();
        outcome.has_code(0);
        outcome
    }

    /// Types everything that a page has for this Kafka, and compares what it shows.
    fn follow(&self, page: &Page) -> usize {
        let mut count = 0;
        for block in page.blocks().iter().filter(|block| block.mark.as_deref() == Some(MARK)) {
            count += 1;
            if !block.is_console() {
                self.run(&block.lines.join("\n"));
                continue;
            }
            for typed in block.typed() {
                let seen = self.run(&typed.command).stdout_text().replace(&self.kafka.brokers(), ADDRESS);
                check_shown(&block.place, &typed, &seen);
            }
        }
        count
    }
}

pub fn the_first_steps_of_the_readme_work_and_show_what_it_shows() {
    let readme = &pages()[0];
    let image = format!("apache/kafka:{KAFKA_VERSION}");
    let first = readme.blocks().into_iter().find(|block| block.language == "sh").expect("it starts a Kafka");
    assert!(first.lines[0].contains(&image), "{}: not {image}, as in the tests", first.place);
    assert!(Walkthrough::new().follow(readme) >= 7);
}

pub fn pages_that_go_on_from_the_first_steps_show_what_is_printed() {
    let pages = pages();
    let mut count = 0;
    for page in pages[1..].iter().filter(|page| page.text.contains(MARK)) {
        let walk = Walkthrough::new();
        walk.follow(&pages[0]);
        count += walk.follow(page);
    }
    assert!(count >= 8, "{count}");
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).expect("the folder is ours");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
}

/// A shell script that runs a command with more arguments.
fn script(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let quoted: Vec<String> = words.map(|word| format!("'{}'", word.to_string_lossy())).collect();
    format!("#!/bin/sh\nexec {} \"$@\"\n", quoted.join(" "))
}
