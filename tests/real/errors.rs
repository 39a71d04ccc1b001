//! The error table: brokers that are not there, refuse us, or go and come back.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::reading::{LONG, consume_at, task_created};
use crate::support::kafka::{Kafka, Kind, kafka};
use crate::support::ports::{free_port, local};
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::{Kcons, Running};
use crate::support::{Outcome, Produced, unique_name, wait_until};

const HINT: &str =
    "  hint: check `--brokers`; from outside Kubernetes: kubectl port-forward svc/NAME 9092:9092\n";

/// An address at which nobody listens.
pub fn nobody() -> String {
    local(free_port()).to_string()
}

/// Below the default of 10 s, and long enough to learn every reason on a busy machine.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(6);

fn impatient(brokers: &str, topic: &str) -> Kcons {
    consume_at(brokers, topic).args(["--connect-timeout", &format!("{}s", CONNECT_TIMEOUT.as_secs())])
}

/// Runs it with a short time-out in both modes and expects the same of both.
#[track_caller]
fn fails_to_connect(brokers: &str, said: &str) {
    for mode in [&[][..], &["--group", "g-no-broker"]] {
        let outcome = impatient(brokers, "t").args(mode).run();
        outcome.has_code(3).has_stdout("").has_stderr(said);
        outcome.check(outcome.elapsed >= CONNECT_TIMEOUT, "it gave up early");
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
        outcome.has_code(3).has_stdout("").has_stderr(&format!(
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
    wait_for_loss(&running);
    let told = Instant::now();
    wait_until("three seconds", LONG, || (told.elapsed() > Duration::from_secs(3)).then_some(()));
    kafka.start_again(1);
    kafka.produce("t", &[Produced::value("after")]);
    running.wait_for_lines(2);
    wait_for_return(&running);
    running.signal(Signal::SIGTERM);
    let at_most = down.elapsed().as_secs() + 1;
    let outcome = running.finish();
    outcome.has_code(0);
    assert_eq!(outcome.json_lines().len(), 2, "{outcome}");
    says_only_losses_and_returns(&outcome);
    let longest = outcome.stderr_text().lines().filter_map(seconds_away).max();
    outcome.check(longest.is_some_and(|seconds| (3..=at_most).contains(&seconds)), "the time is wrong");
}

fn seconds_away(line: &str) -> Option<u64> {
    line.strip_prefix("info: connected again after ")?.strip_suffix(" s")?.parse().ok()
}

const LOST: &str = "lost all brokers";
const AGAIN: &str = "connected again after";

/// A loss of all brokers is said once, and so is the return. There may be more than the test has caused: a broker that
/// has just started can be too slow for a probe.
#[track_caller]
pub fn says_losses_and_returns_in_turn(outcome: &Outcome) {
    let said = outcome.stderr_text();
    let told = said.lines().filter(|line| line.contains(LOST) || line.contains(AGAIN));
    let is_in_turn = told.enumerate().all(|(number, line)| line.contains([LOST, AGAIN][number % 2]));
    outcome.check(is_in_turn && said.contains(AGAIN), "losses and returns are not said in turn");
}

/// Losses of all brokers and returns are said as they should be, and nothing else.
#[track_caller]
pub fn says_only_losses_and_returns(outcome: &Outcome) {
    says_losses_and_returns_in_turn(outcome);
    let is_one =
        |line: &str| line == "warning: lost all brokers, still trying" || seconds_away(line).is_some();
    outcome.check(outcome.stderr_text().lines().all(is_one), "it said more");
}

/// Waits until it is said that all brokers are lost.
#[track_caller]
pub fn wait_for_loss(running: &Running) {
    wait_until("the loss to be said", LONG * 2, || are_lost(running).then_some(()));
}

/// Waits until it is said that the brokers are there again.
#[track_caller]
pub fn wait_for_return(running: &Running) {
    wait_until("the return to be said", LONG * 2, || (!are_lost(running)).then_some(()));
}

fn are_lost(running: &Running) -> bool {
    let said = running.stderr();
    said.matches(LOST).count() > said.matches(AGAIN).count()
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
        wait_for_loss(&running);
        proxy.set(Mode::Pass);
        wait_for_return(&running);
    }
    kafka.produce("t", &[Produced::value("v")]);
    running.wait_for_lines(3);
    running.signal(Signal::SIGTERM);
    let outcome = running.finish();
    outcome.has_code(0);
    says_losses_and_returns_in_turn(&outcome);
    assert_eq!(super::reading::offsets(&outcome), [0, 1, 2], "{outcome}");
}

pub fn usage_errors_come_before_any_connection() {
    let address = nobody();
    for arguments in
        [&["-n", "abc"][..], &["-n", "-1"], &["-p", "x"], &["--idle-timeout", "5"], &["--from", "x"]]
    {
        let outcome = consume_at(&address, "t").args(arguments).run();
        outcome.has_code(2).has_stdout("");
        let named = format!("`{}`", arguments[1]);
        outcome.stderr_contains("error: ").stderr_contains(&named);
    }
    let group = unique_name("group");
    consume_at(&address, "t").args(["--group", &group, "--from", "end"]).run().has_code(2);
}
