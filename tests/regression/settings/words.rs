//! Whose words messages are, and what they say of a connection that is not there.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use crate::support::run::Kcons;

/// A server that answers everybody with these bytes.
fn server(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 64]);
                let _ = stream.write_all(answer);
                let _ = stream.read(&mut [0; 1024]);
            });
        }
    });
    address
}

/// `Invalid response size 1213486160 … increase receive.message.max.bytes`, and then `timed out`: 1213486160 is `HTTP`.
pub fn a_port_of_another_protocol_is_named() {
    for (answer, protocol, hint) in [
        (&b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"[..], "HTTP", "another server"),
        (b"GET / HTTP/1.1\r\n\r\n", "HTTP", "another server"),
        (&[0x15, 3, 3, 0, 2, 2, 70, 0, 0, 0], "TLS", "security.protocol"),
        (&[0x15, 3, 1, 0, 2, 2, 70, 0, 0, 0], "TLS", "security.protocol"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH", "another server"),
    ] {
        let brokers = server(answer).to_string();
        for command in [&["topic", "list"][..], &["consume", "t", "-e"]] {
            let run = Kcons::new(command).args(["-b", &brokers, "--connect-timeout", "3s"]);
            let outcome = run.run();
            outcome.has_code(3).stderr_lacks("increase").stderr_lacks("warning");
            outcome.stderr_contains(&format!("  caused by: answers in {protocol}, not Kafka\n"));
            outcome.stderr_contains(hint);
        }
    }
    // The other way round.
    let brokers = server(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").to_string();
    let run = Kcons::new([
        "topic",
        "list",
        "-b",
        &brokers,
        "--connect-timeout",
        "3s",
        "-X",
        "security.protocol=SSL",
    ]);
    let outcome = run.run();
    outcome.has_code(3).stderr_contains("caused by: it answers, but not in TLS\n");
    outcome.stderr_contains("check `-X security.protocol`").stderr_lacks("ca.location");
}

/// With `--connect-timeout 0s`, as in a pod, nothing was said for ever where stderr is no terminal.
pub fn waiting_without_end_is_said_in_any_log() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let silent = silent.local_addr().map(|address| (silent, address.to_string())).expect("it is bound");
    for (brokers, why) in [("127.0.0.1:1", "connection refused"), (silent.1.as_str(), "no answer")] {
        for command in [&["consume", "t"][..], &["consume", "t", "-g", "g"], &["lag", "g"]] {
            let run = Kcons::new(command).args(["-b", brokers, "--connect-timeout", "0s"]);
            let mut running = run.deadline(Duration::from_secs(30)).spawn();
            running.wait_for_stderr(&format!("warning: still connecting to {brokers}: {why}\n"));
            running.kill();
        }
    }
}

/// `--formatter-property` got `did you mean --rate?`, `--zookeeper` got `--worker`, `lag --group x` the group of consume.
pub fn options_of_other_tools_get_the_right_hint() {
    for (arguments, hint) in [
        (&["consume", "t", "--formatter-property", "print.key=true"][..], "`--output json`"),
        (&["consume", "t", "--formatter", "x"], "`--value-format`"),
        (&["consume", "t", "--zookeeper", "z:2181"], "`--brokers HOST:PORT`"),
        (&["consume", "t", "--property", "print.key=true"], "`--output json`"),
        (&["consume", "t", "-X", "print.timestamp=true"], "`--output json`"),
        (&["consume", "t", "--isolation-level", "read_committed"], "`--read-uncommitted`"),
        (&["consume", "t", "--skip-message-on-error"], "omit it"),
        (&["consume", "t", "--key-deserializer", "x"], "`--key-format`"),
        (&["consume", "t", "--partition", "0"], "`--partitions"),
        (&["lag", "--group", "x"], "kcons lag GROUP"),
        (&["lag", "-g", "x"], "kcons lag GROUP"),
        (&["lag", "--all-groups"], "omit it: without GROUP all groups are shown"),
        (&["group", "describe", "--group", "x"], "kcons group describe GROUP"),
    ] {
        let outcome = Kcons::new(arguments).run();
        outcome.has_code(2).stderr_contains(hint).stderr_lacks("did you mean");
    }
    for arguments in
        [["consume", "t", "--limit", "3"], ["consume", "t", "--cnt", "1"], ["consume", "t", "--xyz", "1"]]
    {
        Kcons::new(arguments).run().has_code(2).stderr_lacks("did you mean");
    }
    Kcons::new(["consume", "t", "--grup", "g"]).run().stderr_contains("did you mean `--group`?");
}
