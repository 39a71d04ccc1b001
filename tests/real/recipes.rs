//! The recipes of the docs, run as they stand there: on a topic of the test's own, with a mail server that only notes.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::kafka::kafka;
use crate::support::pages::blocks;
use crate::support::run::{Kcons, Running};
use crate::support::{Outcome, Produced, own_folder, unique_name, wait_until};

const LONG: Duration = Duration::from_secs(90);

/// Notes each mail in a file of its own, as `sendmail -t` would send it.
const SENDMAIL: &str = "#!/bin/sh\nexec cat > \"$(mktemp \"$HOME/mails/XXXXXX\")\"\n";

/// A folder to try recipes in: home and working directory of all of them.
struct RecipeFolder {
    folder: tempfile::TempDir,
    topic: String,
}

impl RecipeFolder {
    fn new(partitions: i32) -> RecipeFolder {
        let recipe = RecipeFolder { folder: own_folder(), topic: unique_name("recipe") };
        kafka().create_topic(&recipe.topic, partitions, &[]);
        kafka().create_topic(&recipe.dead(), 1, &[]);
        fs::create_dir(recipe.path("bin")).expect("the folder is ours");
        fs::create_dir(recipe.path("mails")).expect("the folder is ours");
        recipe.program("sendmail", SENDMAIL);
        symlink(env!("CARGO_BIN_EXE_kcons"), recipe.path("bin/kcons")).expect("the folder is ours");
        recipe
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn dead(&self) -> String {
        format!("{}.dead", self.topic)
    }

    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).expect("the folder is ours");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the file is ours");
    }

    /// A recipe in a shell that stops at the first command that fails.
    fn recipe(&self, name: &str) -> Kcons {
        let folder = self.folder.path().display();
        let recipe = recipe(name).replace("task-created", &self.topic);
        // What a Debian machine has comes first, not what else is on this one.
        let path = format!("{folder}/bin:/usr/bin:/bin:{}", std::env::var("PATH").unwrap_or_default());
        Kcons::other("sh", ["-ec", &format!("cd '{folder}'\n{recipe}")])
            .env("HOME", self.folder.path())
            .env("PATH", path)
            .env("KCONS_BROKERS", kafka().brokers())
            .deadline(LONG)
    }

    #[track_caller]
    fn run(&self, name: &str) -> Outcome {
        let outcome = self.recipe(name).run();
        outcome.has_code(0);
        outcome
    }

    /// The mails that were sent, in no order.
    fn mails(&self) -> Vec<String> {
        let mails = fs::read_dir(self.path("mails")).expect("the folder is ours");
        mails.map(|mail| fs::read_to_string(mail.expect("it is there").path()).expect("UTF-8")).collect()
    }

    /// The ids in the audit log; none before there is one.
    fn audited(&self) -> Vec<String> {
        let query = "import sqlite3\nfor row in sqlite3.connect('file:audit.db?mode=ro', uri=True)\
                     .execute('SELECT id FROM event ORDER BY rowid'): print(row[0])";
        let mut python = Command::new("/usr/bin/python3");
        let output = python.args(["-c", query]).current_dir(self.folder.path()).output();
        let output = output.expect("Python is there");
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }
}

/// The shell commands below `<!-- recipe: NAME -->` in the docs.
fn recipe(name: &str) -> String {
    let mark = format!("recipe: {name}");
    let block = blocks().into_iter().find(|block| block.mark.as_deref() == Some(&mark));
    let block = block.unwrap_or_else(|| panic!("no recipe {name} in the docs"));
    block.lines.join("\n") + "\n"
}

fn event(id: usize, title: &str) -> Produced {
    let value = serde_json::json!({"id": format!("event-{id}"), "title": title}).to_string();
    Produced::value(value).key(format!("task-{id}")).partition(0)
}

pub fn the_recipe_for_mail_sends_one_for_each_event() {
    let recipe = RecipeFolder::new(3);
    let header = "Buy groceries\r\nBcc: everyone@example.com";
    let untitled = Produced::value(r#"{"id":"event-3"}"#).partition(1);
    let twice = event(1, header).partition(2);
    kafka().produce(
        &recipe.topic,
        &[event(1, header), event(2, "Bücher"), untitled, event(1, header).partition(1), twice],
    );
    recipe.run("email").has_summary("3 records: 3 ok, 2 duplicates");
    let mails = recipe.mails();
    let sent = |id: usize| -> Vec<&String> {
        mails.iter().filter(|mail| mail.ends_with(&format!("\n\nevent event-{id}\n"))).collect()
    };
    assert_eq!((mails.len(), sent(1).len(), sent(2).len(), sent(3).len()), (3, 1, 1, 1), "{mails:#?}");
    let subject = "Subject: Buy groceries Bcc: everyone@example.com\n";
    assert!(sent(1)[0].contains(subject) && !sent(1)[0].contains("\nBcc"), "{mails:#?}");
    assert!(sent(3)[0].contains("Subject: a task without a title\n"), "{mails:#?}");
    assert!(mails.iter().all(|mail| mail.starts_with("To: me@example.com\n")), "{mails:#?}");
    // Over a restart too, for an event that came before it and one that comes after.
    kafka().produce(&recipe.topic, &[event(2, "Bücher").partition(2), event(4, "Pay the rent")]);
    recipe.run("email").has_summary("1 record: 1 ok, 1 duplicate");
    assert_eq!(recipe.mails().len(), 4);
}

pub fn a_mail_server_that_is_away_is_waited_for() {
    let recipe = RecipeFolder::new(1);
    recipe.program(
        "sendmail",
        "#!/bin/sh\n[ -e \"$HOME/back\" ] && exec cat > \"$HOME/mails/mail\"\ntouch \"$HOME/back\"\nexit 75\n",
    );
    kafka().produce(&recipe.topic, &[event(1, "Buy groceries")]);
    recipe.run("email").has_summary("1 record: 1 ok");
    assert_eq!(recipe.mails().len(), 1);
}

pub fn the_recipe_for_an_audit_log_has_each_event_once_over_a_crash() {
    const EVENTS: usize = 2000;
    let recipe = RecipeFolder::new(3);
    // Its own process id stays that of kcons.
    let real = format!("#!/bin/sh\necho $$ > \"$HOME/pid\"\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_kcons"));
    fs::remove_file(recipe.path("bin/kcons")).expect("it is there");
    recipe.program("kcons", &real);
    // A member that was killed is missed after a second and a half, not after 45.
    fs::write(recipe.path("quick"), "session.timeout.ms=1500\nheartbeat.interval.ms=300\n")
        .expect("the folder is ours");
    let audit = || recipe.recipe("audit").env("KCONS_CONFIG", recipe.path("quick"));
    // Each event twice, in two partitions.
    kafka().produce_many(&recipe.topic, 2 * EVENTS, |number| {
        event(number % EVENTS, "Pay").partition((number * 3 / (2 * EVENTS)) as i32)
    });
    let running = audit().spawn();
    // So large with some 200 events; to count them takes a Python each time.
    let audit_log = recipe.path("audit.db");
    wait_until("some events are in the audit log", LONG, || {
        fs::metadata(&audit_log).is_ok_and(|file| file.len() > 50_000).then_some(())
    });
    kill_kcons(&recipe, running);
    let before = recipe.audited().len();
    assert!(before < EVENTS, "it was killed too late: {before}");
    audit().run().has_code(0);
    let mut audited = recipe.audited();
    let mut expected: Vec<_> = (0..EVENTS).map(|id| format!("event-{id}")).collect();
    audited.sort();
    expected.sort();
    assert_eq!(audited, expected);
    let shown = recipe.run("audit-look");
    assert_eq!(shown.lines().len(), EVENTS, "{shown}");
    shown.stdout_contains(r#"event-0 {"topic":"#);
}

/// Kills kcons, not the shell it runs in, and waits for both.
fn kill_kcons(recipe: &RecipeFolder, running: Running) {
    let pid = fs::read_to_string(recipe.path("pid")).expect("it has been started");
    let pid = Pid::from_raw(pid.trim().parse().expect("a number"));
    kill(pid, Signal::SIGKILL).expect("it runs");
    running.finish().has_code(137);
}

pub fn the_recipe_for_a_poison_record_brings_it_back_as_it_was() {
    let recipe = RecipeFolder::new(1);
    let value = r#"{"id": "event-2",  "name":"no title"}"#;
    let poison = Produced::value(value).key("task-2").header("trace", [0xff, 0x00]).null_header("empty");
    kafka()
        .produce(&recipe.topic, &[event(1, "Buy groceries"), poison.partition(0), event(3, "Pay the rent")]);
    let set_aside = recipe.run("dead-letter");
    set_aside.has_stdout("Buy groceries\nPay the rent\n");
    let told = format!("{} [0] @ 1: dead-lettered to `{}` after 2 attempts", recipe.topic, recipe.dead());
    set_aside.stderr_contains(&told).has_summary("3 records: 2 ok, 1 dead-lettered, 1 retry");

    let look = recipe.run("look");
    for told in [
        "  Key: task-2\n",
        r#"  Value: {"id": "event-2",  "name":"no title"}"#,
        "  Header kcons.error: exit status 1: Traceback",
        "KeyError: 'title'\n",
        "  Header kcons.attempts: 2\n",
        &format!("  Header kcons.topic: {}\n", recipe.topic),
        "  Header kcons.partition: 0\n",
        "  Header kcons.offset: 1\n",
        "  Header kcons.group: titles\n",
    ] {
        look.stdout_contains(told);
    }

    recipe.run("put-back").has_stdout("no title\n");
    assert_eq!(kafka().end_offsets(&recipe.dead())[&0], 1, "it is not dead again");
    let all = Kcons::new(["consume", &recipe.topic, "-e", "-b", &kafka().brokers()]).run();
    let mut lines = all.has_code(0).json_lines();
    assert_eq!(lines.len(), 4, "{all}");
    let (back, first) = (lines.remove(3), lines.remove(1));
    for field in ["key", "value", "headers"] {
        assert_eq!(back[field], first[field], "{field}");
    }
    assert_eq!(back["headers"].as_array().map(Vec::len), Some(2), "{back}");
    // What has been put back is not put back again.
    recipe.run("put-back").has_stdout("");
    assert_eq!(kafka().end_offsets(&recipe.topic)[&0], 4);
}
