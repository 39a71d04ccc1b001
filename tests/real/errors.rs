//! The error table: brokers that are not there, refuse us, or go and come back.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::reading::{LONG, consume_at, task_created};
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::Kcons;
use crate::support::{Produced, unique_name, wait_until};

const HINT: &str =
    "  hint: check `--brokers`; from outside Kubernetes: kubectl port-forward svc/NAME 9092:9092\n";

/// An address at which nobody listens.
pub fn nobody() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    listener.local_addr().expect("it is bound").to_string()
}

fn impatient(brokers: &str, topic: &str) -> Kcons {
    consume_at(brokers, topic).args(["--connect-timeout", "1500ms"])
}

/// Runs it with the shortest sensible time-out in both modes and expects the same of both.
#[track_caller]
fn fails_to_connect(brokers: &str, said: &str) {
    for mode in [&[][..], &["--group", "g-no-broker"]] {
        let outcome = impatient(brokers, "t").args(mode).run();
        outcome.has_code(3).has_stdout("").has_stderr(said);
        outcome.check(outcome.elapsed >= Duration::from_millis(1_500), "it gave up early");
        outcome.took_less_than(Duration::from_secs(5));
    }
}

pub fn no_broker_is_an_error_with_the_reason() {
    let address = nobody();
    let said =
        format!("error: cannot reach any broker at `{address}`\n  caused by: connection refused\n{HINT}");
    fails_to_connect(&address, &said);
}

pub fn a_name_that_does_not_resolve_is_an_error() {
    let said = "error: cannot reach any broker at `no-such-host.invalid:9092`\n  \
                caused by: cannot resolve `no-such-host.invalid`\n";
    fails_to_connect("no-such-host.invalid:9092", &format!("{said}{HINT}"));
}

pub fn a_broker_that_never_answers_is_an_error() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    let said = format!("error: cannot reach any broker at `{address}`\n  caused by: timed out\n{HINT}");
    fails_to_connect(&address, &said);
}

pub fn of_several_brokers_each_has_its_reason() {
    let (first, second) = (nobody(), "no-such-host.invalid:9092");
    let outcome = impatient(&format!("{first},{second}"), "t").run();
    outcome.has_code(3).has_stderr(&format!(
        "error: cannot reach any broker at `{first},{second}`\n  caused by: `{first}`: connection refused\n  \
         caused by: `{second}`: cannot resolve `no-such-host.invalid`\n{HINT}"
    ));
    let one_is_there = consume_at(&format!("{first},{}", kafka().brokers()), task_created()).arg("-e").run();
    one_is_there.has_code(0).has_stderr("");
    assert_eq!(one_is_there.json_lines().len(), 1);
}

pub fn a_broker_that_sends_us_nowhere_is_named() {
    let away = nobody();
    let kafka = Kafka::start_behind(away.parse().expect("an address"), &[]);
    kafka.create_topic("t", 1, &[]);
    let bootstrap = kafka.listener("PROXIED");
    for mode in [&[][..], &["--group", "g"]] {
        let outcome = impatient(&bootstrap, "t").args(mode).run();
        outcome.has_code(3).has_stdout("").took_less_than(Duration::from_secs(5));
        outcome.has_stderr(&format!(
            "error: `{bootstrap}` answered, but sends us to `{away}`: connection refused\n  \
             hint: check the broker's `advertised.listeners`\n"
        ));
    }
}

pub fn without_a_limit_a_broker_is_waited_for() {
    let proxy = Proxy::start();
    let kafka = Kafka::start_behind(proxy.address(), &[]);
    proxy.forward_to(&kafka.listener("PROXIED"));
    kafka.create_topic("t", 1, &[]);
    kafka.produce("t", &[Produced::value("v")]);
    proxy.set(Mode::Refuse);
    let brokers = proxy.address().to_string();
    let mut running = consume_at(&brokers, "t").args(["-e", "--connect-timeout", "0s"]).spawn();
    wait_until("three seconds", LONG, || (running.elapsed() > Duration::from_secs(3)).then_some(()));
    assert!(!running.has_ended());
    proxy.set(Mode::Pass);
    let outcome = running.finish();
    assert_eq!(outcome.has_code(0).json_lines().len(), 1, "{outcome}");
}

pub fn brokers_lost_and_back_are_two_lines_and_no_record_is_missing() {
    let kafka = Kafka::start(Kind::Plain, &[]);
    kafka.create_topic("t", 1, &[]);
    kafka.produce("t", &[Produced::value("before")]);
    let mut running = consume_at(&kafka.brokers(), "t").deadline(Duration::from_secs(60)).spawn();
    running.wait_for_lines(1);
    let down = Instant::now();
    kafka.kill(1);
    running.wait_for_stderr("warning: lost all brokers, still trying\n");
    wait_until("three seconds", LONG, || (down.elapsed() > Duration::from_secs(3)).then_some(()));
    kafka.start_again(1);
    kafka.produce("t", &[Produced::value("after")]);
    running.wait_for_lines(2);
    running.wait_for_stderr("info: connected again after ");
    running.signal(Signal::SIGTERM);
    let at_most = down.elapsed().as_secs() + 1;
    let outcome = running.finish();
    outcome.has_code(0);
    assert_eq!(outcome.json_lines().len(), 2, "{outcome}");
    let said = outcome.stderr_text();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{outcome}");
    assert_eq!(lines[0], "warning: lost all brokers, still trying");
    let seconds =
        lines[1].strip_prefix("info: connected again after ").and_then(|rest| rest.strip_suffix(" s"));
    let seconds: u64 = seconds.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{outcome}"));
    assert!((3..=at_most).contains(&seconds), "{outcome}");
}

pub fn records_of_two_outages_through_a_proxy_are_read_once() {
    let proxy = Proxy::start();
    let kafka = Kafka::start_behind(proxy.address(), &[]);
    proxy.forward_to(&kafka.listener("PROXIED"));
    kafka.create_topic("t", 1, &[]);
    let mut running = consume_at(&proxy.address().to_string(), "t").arg("-v").spawn();
    running.wait_for_stderr("Reached end");
    for outage in 1..=2 {
        kafka.produce("t", &[Produced::value("v")]);
        running.wait_for_lines(outage);
        proxy.set(Mode::Refuse);
        wait_until("it to be told", LONG, || {
            (running.stderr().matches("lost all brokers").count() == outage).then_some(())
        });
        proxy.set(Mode::Pass);
        wait_until("it to be told", LONG, || {
            (running.stderr().matches("connected again").count() == outage).then_some(())
        });
    }
    kafka.produce("t", &[Produced::value("v")]);
    running.wait_for_lines(3);
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    assert_eq!(super::reading::offsets(&outcome), [0, 1, 2], "{outcome}");
}

pub fn usage_errors_come_before_any_connection() {
    let address = nobody();
    for arguments in
        [&["-n", "abc"][..], &["-n", "-1"], &["-p", "x"], &["--idle-timeout", "5"], &["--from", "x"]]
    {
        let outcome = consume_at(&address, "t").args(arguments).run();
        outcome.has_code(2).has_stdout("").took_less_than(Duration::from_secs(2));
        let named = format!("`{}`", arguments[1]);
        outcome.stderr_contains("error: ").stderr_contains(&named);
    }
    let group = unique_name("group");
    consume_at(&address, "t").args(["--group", &group, "--from", "end"]).run().has_code(2);
}
