//! What a signal makes of the process: a clean end, or a death that a shell sees.

use std::net::TcpListener;
use std::time::Duration;

use nix::sys::signal::Signal::{self, SIGHUP, SIGINT, SIGTERM};

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::terminal::OnTerminal;
use crate::support::{Outcome, Produced, unique_name, wait_until};

const LONG: Duration = Duration::from_secs(30);

/// A topic with three records and a group that reads them.
struct Reading {
    mock: Mock,
    topic: String,
    group: String,
}

impl Reading {
    fn new() -> Reading {
        let mock = Mock::start(1);
        let topic = unique_name("tasks");
        mock.create_topic(&topic, 1);
        mock.produce(&topic, &[Produced::value("a"), Produced::value("b"), Produced::value("c")]);
        Reading { mock, topic, group: unique_name("group") }
    }

    /// A member that commits at its end only.
    fn member(&self) -> Kcons {
        let brokers = self.mock.brokers();
        let words = ["consume", &self.topic, "-g", &self.group, "-b", &brokers, "-o", "raw"];
        let cooperative = ["-X", "partition.assignment.strategy=cooperative-sticky"];
        Kcons::new(words).args(cooperative).args(["--commit-interval", "1h"])
    }

    /// Reads everything, then gets the signal.
    fn stopped_by(&self, signal: Signal) -> Outcome {
        let mut running = self.member().spawn();
        running.wait_for_lines(3);
        running.signal(signal);
        running.finish()
    }

    fn committed(&self) -> Vec<i64> {
        self.mock.committed(&self.group, &[&self.topic]).values().copied().collect()
    }
}

#[test]
fn a_run_stops_cleanly_and_dies_of_control_c() {
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        let reading = Reading::new();
        let outcome = reading.stopped_by(signal);
        match signal {
            SIGINT => outcome.was_ended_by(signal),
            _ => outcome.has_code(0),
        };
        outcome.has_stdout("a\nb\nc\n");
        assert_eq!(reading.committed(), [3], "{signal}");
    }
}

#[test]
fn a_failure_on_the_way_goes_before_the_signal() {
    let reading = Reading::new();
    let mut running = reading.member().args(["--shutdown-timeout", "1s"]).spawn();
    running.wait_for_lines(3);
    reading.mock.take_down(1);
    running.signal(SIGINT);
    running.finish().has_code(1).stderr_contains("warning: final commit unconfirmed");
}

#[test]
fn what_is_said_last_does_not_wait_for_a_reader_that_takes_nothing() {
    let reading = Reading::new();
    // More than a pipe holds.
    reading.mock.produce(&reading.topic, &[Produced::value("x".repeat(500_000))]);
    let mut running = reading.member().args(["--shutdown-timeout", "100ms", "--log", "json"]).spawn();
    running.stop_reading();
    wait_until("the pipe to be full", LONG, || running.is_writing().then_some(()));
    running.signal(SIGTERM);
    wait_until("it to end though nobody reads", LONG, || running.has_ended().then_some(()));
    let outcome = running.finish();
    outcome.has_code(0).stderr_contains("shutdown_complete").stderr_lacks("Shutdown signal");
}

#[test]
fn what_is_still_connecting_dies_of_what_interrupts_it() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = silent.local_addr().expect("it is bound").to_string();
    let silence = ["-b", &address, "--connect-timeout", "60s"];
    for command in ["consume t", "lag g", "lag g --watch", "group list", "topic list", "topic describe t"] {
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            let mut running = Kcons::new(command.split(' ')).args(silence).spawn();
            let _connection = silent.accept().expect("it connects");
            running.signal(signal);
            let outcome = running.finish();
            match (command, signal) {
                // An orchestrator that stops a pod is no failure, whatever the pod was at.
                ("consume t", SIGTERM | SIGHUP) => outcome.has_code(0),
                _ => outcome.was_ended_by(signal),
            };
            outcome.has_stdout("").has_stderr("").took_less_than(Duration::from_secs(30));
        }
    }
}

#[test]
fn an_interrupt_that_was_ignored_stays_ignored() {
    let reading = Reading::new();
    let script = "trap '' INT HUP; exec \"$@\"";
    let words = ["-c", script, "sh", env!("CARGO_BIN_EXE_kcons"), "consume", &reading.topic];
    let brokers = reading.mock.brokers();
    let handler = ["--exec", "grep -E '^SigIgn' /proc/self/status"];
    let member = ["-g", &reading.group, "-X", "partition.assignment.strategy=cooperative-sticky"];
    let member = Kcons::other("sh", words).args(["-b", &brokers]).args(member).args(handler);
    let mut running = member.args(["-n", "4"]).spawn();
    let lines = running.wait_for_lines(3);
    running.signal(SIGINT);
    running.signal(SIGHUP);
    reading.mock.produce(&reading.topic, &[Produced::value("d")]);
    let outcome = running.finish();
    outcome.has_code(0).stderr_lacks("Shutdown signal");
    for line in lines {
        let mask = line.split_whitespace().nth(1).and_then(|mask| u64::from_str_radix(mask, 16).ok());
        let both = 1 << (SIGHUP as i32 - 1) | 1 << (SIGINT as i32 - 1);
        assert_eq!(mask.map(|mask| mask & both), Some(both), "handlers ignore them, too: {line}");
    }
}

#[test]
fn a_shell_leaves_its_loop_at_control_c() {
    let reading = Reading::new();
    let brokers = reading.mock.brokers();
    let script = "while :; do echo round; \"$@\"; sleep 0.1; done";
    let words = ["-c", script, "bash", env!("CARGO_BIN_EXE_kcons"), "consume", &reading.topic];
    let loop_of_runs = Kcons::other("bash", words).args(["-b", &brokers, "-o", "raw", "-q"]);
    let mut terminal = loop_of_runs.spawn_on_terminal(OnTerminal::Both);
    terminal.wait_for_stdout(|screen| screen.contains("c\n"));
    terminal.press_control_c();
    let outcome = terminal.finish();
    outcome.was_ended_by(SIGINT);
    let rounds = outcome.stdout_text().matches("round").count();
    outcome.check(rounds == 1, "the loop went on");
}
