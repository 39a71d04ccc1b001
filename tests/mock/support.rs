//! What the suites stand on: the runner of the program, the terminal, the proxy and the mock broker.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::support::mock::Mock;
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::{Kcons, Reader};
use crate::support::terminal::OnTerminal;
use crate::support::{Produced, try_until, unique_name, wait_until};

const SHORT: Duration = Duration::from_millis(150);
const LONG: Duration = Duration::from_secs(10);

fn shell(script: &str) -> Kcons {
    Kcons::other("/bin/sh", ["-c", script])
}

/// What a failing piece of a test says.
fn failure<T>(test: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(test)) else { panic!("it did not fail") };
    *panic.downcast::<String>().expect("it says why")
}

#[test]
fn an_outcome_has_status_and_both_streams() {
    let outcome = shell("cat; echo two >&2; exit 3").stdin("one\n").run();
    outcome.has_code(3).has_stdout("one\n").has_stderr("two\n");
    shell("kill -TERM $$").run().was_ended_by(Signal::SIGTERM);
}

#[test]
fn a_failed_assertion_shows_command_status_and_both_streams() {
    let outcome = shell("echo 'the output'; echo 'the error' >&2; exit 3").run();
    let said = failure(|| outcome.has_code(0).has_code(1));
    for part in ["the exit code is not 0", "sh -c 'echo", "exit status: 3", "the output", "the error"] {
        assert!(said.contains(part), "{part:?} is missing in\n{said}");
    }
}

#[test]
fn a_program_that_does_not_end_is_killed_and_shown() {
    let started = Instant::now();
    let said = failure(|| shell("echo before; exec sleep 60").deadline(Duration::from_secs(3)).run());
    assert!(said.contains("still running after 3s") && said.contains("before"), "{said}");
    assert!(started.elapsed() < LONG);
}

#[test]
fn the_environment_is_clean_and_home_is_the_tests_own() {
    let command =
        shell("env | grep -v -e ^PATH= -e ^PWD= -e ^SHLVL= -e ^_=; pwd").env("KCONS_BROKERS", "here:1");
    let home = command.home().display().to_string();
    let outcome = command.run();
    let mut lines = outcome.lines();
    lines.sort();
    assert_eq!(lines, [home.clone(), format!("HOME={home}"), "KCONS_BROKERS=here:1".to_owned()]);
}

#[test]
fn a_running_program_can_be_watched_and_signalled() {
    let mut running =
        shell("trap 'echo caught; exit 7' TERM; echo ready; echo here >&2; while :; do sleep 0.01; done")
            .spawn();
    running.wait_for_stderr("here");
    assert_eq!(running.wait_for_lines(1), ["ready"]);
    running.signal(Signal::SIGTERM);
    let text = running.wait_for_stdout(|text| text.contains("caught"));
    assert_eq!(text, "ready\ncaught\n");
    running.finish().has_code(7);
}

#[test]
fn waiting_ends_when_the_program_does() {
    let said = failure(|| shell("echo something else").spawn().wait_for_lines(2));
    assert!(said.contains("fewer than 2 lines") && said.contains("something else"), "{said}");
}

#[test]
fn a_reader_can_wait_and_go_on() {
    // More than a pipe holds: the program cannot end before somebody reads.
    let script = "head -c 300000 /dev/zero; echo written >&2";
    let mut running = shell(script).stdout(Reader::Waits).spawn();
    assert!(try_until(SHORT, || running.has_ended().then_some(())).is_none());
    assert_eq!(running.stdout(), "");
    running.go_on_reading();
    running.wait_for_stderr("written");
    let outcome = running.finish();
    assert_eq!(outcome.stdout.len(), 300_000);
}

#[test]
fn a_reader_can_leave_early() {
    let mut running = shell("exec yes").spawn();
    running.wait_for_lines(10);
    running.close_stdout();
    running.finish().was_ended_by(Signal::SIGPIPE);
    shell("exec yes").stdout(Reader::IsGone).run().was_ended_by(Signal::SIGPIPE);
}

#[test]
fn stdout_can_be_a_file_or_a_full_disk() {
    let command = shell("echo text");
    let path = command.home().join("out");
    let outcome = command.stdout(Reader::File(path.clone())).run();
    outcome.has_code(0).has_stdout("");
    assert_eq!(fs::read_to_string(path).expect("it was made"), "text\n");
    if cfg!(target_os = "linux") {
        let outcome =
            Kcons::other("/bin/cat", ["/etc/passwd"]).stdout(Reader::File("/dev/full".into())).run();
        outcome.has_code(1).stderr_contains("No space left on device");
    }
}

#[test]
fn a_program_on_a_terminal_sees_one() {
    let script = "test -t 0 && test -t 1 && ! test -t 2 && stty size && printf 'a\\nb' && echo apart >&2";
    let outcome = shell(script).spawn_on_terminal(OnTerminal::Stdout).finish();
    outcome.has_code(0).has_stdout("24 80\na\nb").has_stderr("apart\n");
    let outcome = shell("test -t 1 && test -t 2 && echo one && echo two >&2")
        .spawn_on_terminal(OnTerminal::Both)
        .finish();
    outcome.has_code(0).has_stdout("one\ntwo\n");
    let outcome = shell("! test -t 1 && test -t 2 && echo one && echo two >&2")
        .spawn_on_terminal(OnTerminal::Stderr)
        .finish();
    outcome.has_code(0).has_stdout("one\n").has_stderr("two\n");
}

#[test]
fn control_c_on_a_terminal_interrupts() {
    let script = "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.01; done";
    let mut terminal = shell(script).spawn_on_terminal(OnTerminal::Both);
    terminal.wait_for_lines(1);
    terminal.press_control_c();
    terminal.finish().has_code(5).has_stdout("ready\ninterrupted\n");
}

#[test]
fn a_terminal_can_be_resized() {
    let mut terminal = shell("echo ready; read -r line; stty size").spawn_on_terminal(OnTerminal::Both);
    terminal.wait_for_lines(1);
    terminal.resize(50, 132);
    terminal.send("\n");
    terminal.finish().has_code(0).has_stdout("ready\n50 132\n");
}

/// A server that sends back what it gets, and a proxy in front of it.
fn echo() -> Proxy {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let proxy = Proxy::start();
    proxy.forward_to(&listener.local_addr().expect("it is bound").to_string());
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut back = connection.try_clone().expect("a connection can be shared");
                std::io::copy(&mut &connection, &mut back)
            });
        }
    });
    proxy
}

fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).expect("the proxy listens");
    connection.set_read_timeout(Some(LONG)).expect("a time-out can be set");
    connection
}

fn answer(connection: &mut TcpStream, text: &str) -> String {
    connection.write_all(text.as_bytes()).expect("the connection is open");
    read(connection, text.len())
}

fn read(connection: &mut TcpStream, length: usize) -> String {
    let mut bytes = vec![0; length];
    connection.read_exact(&mut bytes).expect("an answer comes");
    String::from_utf8(bytes).expect("it is text")
}

fn is_quiet(connection: &mut TcpStream) -> bool {
    connection.set_read_timeout(Some(SHORT)).expect("a time-out can be set");
    let result = connection.read(&mut [0]);
    connection.set_read_timeout(Some(LONG)).expect("a time-out can be set");
    result.is_err_and(|error| {
        matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
    })
}

#[test]
fn the_proxy_passes() {
    let proxy = echo();
    let mut connection = connect(proxy.address());
    assert_eq!(answer(&mut connection, "hello"), "hello");
    assert_eq!((proxy.connections(), proxy.accepted()), (1, 1));
    drop(connection);
    wait_until("the connection to be gone", LONG, || (proxy.connections() == 0).then_some(()));
}

#[test]
fn the_proxy_refuses_and_resets() {
    let proxy = echo();
    let mut connection = connect(proxy.address());
    assert_eq!(answer(&mut connection, "hello"), "hello");
    proxy.set(Mode::Refuse);
    let error = connection.read(&mut [0]).expect_err("it is reset");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    let error = TcpStream::connect(proxy.address()).expect_err("nobody listens");
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    proxy.set(Mode::Pass);
    assert_eq!(answer(&mut connect(proxy.address()), "again"), "again");
}

#[test]
fn the_proxy_goes_silent_and_forwards_later() {
    let proxy = echo();
    let mut old = connect(proxy.address());
    assert_eq!(answer(&mut old, "hello"), "hello");
    proxy.set(Mode::Silent);
    let mut new = connect(proxy.address());
    for connection in [&mut old, &mut new] {
        connection.write_all(b"later").expect("it is open");
        assert!(is_quiet(connection));
    }
    proxy.set(Mode::Pass);
    assert_eq!([read(&mut old, 5), read(&mut new, 5)], ["later", "later"]);
}

#[test]
fn the_proxy_holds_answers_back() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let proxy = Proxy::start();
    proxy.forward_to(&listener.local_addr().expect("it is bound").to_string());
    proxy.set(Mode::HoldAnswers);
    let mut client = connect(proxy.address());
    let (mut server, _) = listener.accept().expect("the proxy connects");
    client.write_all(b"request").expect("it is open");
    assert_eq!(read(&mut server, 7), "request");
    server.write_all(b"answer").expect("it is open");
    assert!(is_quiet(&mut client));
    proxy.set(Mode::Pass);
    assert_eq!(read(&mut client, 6), "answer");
}

#[test]
fn the_proxy_delays_each_direction() {
    let proxy = echo();
    let mut connection = connect(proxy.address());
    proxy.set(Mode::Delay(Duration::from_millis(100)));
    let started = Instant::now();
    assert_eq!(answer(&mut connection, "hello"), "hello");
    assert!(started.elapsed() >= Duration::from_millis(200), "{:?}", started.elapsed());
}

fn member(mock: &Mock, group: &str) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", mock.brokers())
        .set("group.id", group)
        .set("auto.offset.reset", "earliest");
    config.set("enable.auto.commit", "false").set("partition.assignment.strategy", "cooperative-sticky");
    config.create().expect("the properties are valid")
}

fn commit(consumer: &BaseConsumer, topic: &str, offset: i64) -> Result<(), rdkafka::error::KafkaError> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(offset)).expect("the offset is valid");
    consumer.commit(&list, rdkafka::consumer::CommitMode::Sync)
}

#[test]
fn the_mock_broker_serves_groups_over_tcp() {
    let mock = Mock::start(1);
    let (topic, group) = (unique_name("topic"), unique_name("group"));
    mock.create_topic(&topic, 2);
    let places = mock.produce(&topic, &[Produced::value("v").key("k").header("h", "x").at(5).partition(0)]);
    assert_eq!(places, [(0, 0)]);
    let consumer = member(&mock, &group);
    consumer.subscribe(&[&topic]).expect("the name is valid");
    let record = wait_until("a record", LONG, || consumer.poll(Duration::from_millis(10))?.ok());
    assert_eq!((record.key(), record.payload(), record.offset()), (Some(&b"k"[..]), Some(&b"v"[..]), 0));
    commit(&consumer, &topic, 1).expect("a member can commit");
    assert_eq!(mock.committed(&group, &[&topic]), [((topic.clone(), 0), 1)].into());
    assert_eq!(mock.end_offsets(&topic), [(0, 1), (1, 0)].into());
}

#[test]
fn the_mock_broker_makes_errors_and_delays() {
    let mock = Mock::start(1);
    let (topic, group) = (unique_name("topic"), unique_name("group"));
    mock.create_topic(&topic, 1);
    let consumer = member(&mock, &group);
    mock.track_requests();
    mock.push_errors(
        RDKafkaApiKey::OffsetCommit,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE],
    );
    commit(&consumer, &topic, 1).expect_err("the error was asked for");
    mock.push_late_errors(
        1,
        RDKafkaApiKey::OffsetCommit,
        &[(RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR, SHORT)],
    );
    let started = Instant::now();
    commit(&consumer, &topic, 1).expect("only late");
    assert!(started.elapsed() >= SHORT, "{:?}", started.elapsed());
    assert_eq!(mock.requests(RDKafkaApiKey::OffsetCommit), 2);
}

#[test]
fn a_mock_broker_goes_down_and_comes_back() {
    let mock = Mock::start(1);
    let address: SocketAddr = mock.brokers().parse().expect("an address and a port");
    mock.take_down(1);
    wait_until("the broker to be down", LONG, || TcpStream::connect(address).err());
    mock.bring_up(1);
    wait_until("the broker to be up", LONG, || TcpStream::connect(address).ok());
    let topic = unique_name("topic");
    mock.create_topic(&topic, 1);
    mock.produce(&topic, &[Produced::value("v")]);
}
