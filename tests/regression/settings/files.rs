//! Files that are no files, and large ones.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use nix::sys::stat::Mode;

use crate::support::run::Kcons;

/// `/dev/zero` took all memory, a pipe without a writer waited for ever.
pub fn a_device_or_a_silent_pipe_is_no_file_of_settings() {
    let pipe = |run: Kcons| {
        nix::unistd::mkfifo(&run.home().join("pipe"), Mode::S_IRWXU).expect("a pipe");
        run.deadline(Duration::from_secs(30))
    };
    for (arguments, words) in [
        (["-F", "/dev/zero"], "it is larger than 1 MiB"),
        (["-X", "sasl.password=file:/dev/zero"], "it is larger than 1 MiB"),
        (["-X", "ssl.ca.location=/dev/zero"], "it is a device"),
        (["-F", "pipe"], "nothing more comes from it"),
        (["-X", "sasl.password=file:pipe"], "nothing more comes from it"),
        (["-X", "ssl.ca.location=pipe"], "nothing more comes from it"),
        (["-X", "ssl.truststore.location=pipe"], "nothing more comes from it"),
    ] {
        let run = pipe(Kcons::new(["consume", "t", "--print-config", "-X", "security.protocol=SASL_SSL"]));
        let run = run.args(["-X", "sasl.mechanism=PLAIN", "-X", "sasl.username=a"]);
        let run = match arguments[1].starts_with("sasl.password") {
            true => run,
            false => run.args(["-X", "sasl.password=b"]),
        };
        run.args(arguments).run().has_code(2).has_stdout("").stderr_contains(words);
    }
    let run = Kcons::new(["consume", "t", "--profile", "p"]);
    let folder = run.home().join(".config/kcons");
    fs::create_dir_all(&folder).expect("a folder");
    std::os::unix::fs::symlink("/dev/zero", folder.join("config.toml")).expect("a link");
    run.run().has_code(2).stderr_contains("it is larger than 1 MiB");
}

/// The shell's `<(…)` is a pipe, and must go on to work.
pub fn what_comes_out_of_a_pipe_is_read() {
    let run = Kcons::new(["consume", "t", "--print-config", "-F", "pipe", "-X", "client.rack=file:rack"]);
    let (pipe, rack) = (run.home().join("pipe"), run.home().join("rack"));
    for path in [&pipe, &rack] {
        nix::unistd::mkfifo(path, Mode::S_IRWXU).expect("a pipe");
    }
    let writer = std::thread::spawn(move || {
        for (path, text) in [(pipe, "client.id=piped\n"), (rack, "r")] {
            let mut file = fs::File::options().write(true).open(path).expect("it is read");
            file.write_all(text.as_bytes()).expect("written");
        }
    });
    run.run().has_code(0).stdout_contains(" piped ").stdout_contains(" file:rack ");
    writer.join().expect("all is written");
}

const MOST: usize = 1 << 20;

/// As many of these lines as a file may have.
fn many(line: impl Fn(usize) -> String) -> String {
    let mut text = String::new();
    for number in 0.. {
        let line = line(number);
        if text.len() + line.len() > MOST - 20 {
            break;
        }
        text.push_str(&line);
    }
    text
}

/// A hundred megabytes of lines, and a profile of 300,000 keys, were not read in ten seconds.
pub fn a_large_file_takes_no_long_time() {
    for text in [
        many(|number| format!("client.id={number}\n")),
        many(|number| format!("confluent.x{number}=1\n")),
        many(|_| "#\n".to_owned()),
        many(|_| "\\\n".to_owned()),
        format!("client.id={}\n", "\\\\".repeat(MOST / 2 - 20)),
    ] {
        let run = Kcons::new(["consume", "t", "--print-config", "-F", "p"]);
        fs::write(run.home().join("p"), text).expect("written");
        let outcome = run.run();
        outcome.took_less_than(Duration::from_secs(40));
        outcome.check([Some(0), Some(2)].contains(&outcome.code()), "it fell");
    }
    let keys = many(|number| format!("\"confluent.x{number}\" = 1\n"));
    let nested = format!("{}b = 1\n", "a.".repeat(MOST / 2 - 20));
    let tables = many(|number| format!("[profile.p{number}]\n"));
    for (text, code) in
        [(format!("[profile.p]\n{keys}"), 0), (format!("[profile.p]\n{nested}"), 2), (tables, 2)]
    {
        let run = Kcons::new(["consume", "t", "--print-config", "--profile", "p"]);
        let folder = run.home().join(".config/kcons");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("config.toml"), text).expect("written");
        run.run().has_code(code).took_less_than(Duration::from_secs(40));
    }
}
