//! Watching a run: its figures agree with what it did, its probes with what it does, and nobody who asks can hurt it.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::support::http::{ask, complaints, exchange, figures, get, listens_at, sum};
use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::{Produced, own_folder, unique_name, wait_until};

const LONG: Duration = Duration::from_secs(30);
const ANYWHERE: [&str; 2] = ["--metrics", "127.0.0.1:0"];

fn filled(count: usize) -> (Mock, String) {
    let mock = Mock::start(1);
    let topic = unique_name("tasks");
    mock.create_topic(&topic, 2);
    let records: Vec<_> =
        (0..count).map(|n| Produced::value(n.to_string()).key("k").partition(n as i32 % 2)).collect();
    mock.produce(&topic, &records);
    (mock, topic)
}

fn consume(mock: &Mock, topic: &str) -> Kcons {
    let command = Kcons::new(["consume", topic, "--brokers", &mock.brokers()]).args(ANYWHERE);
    command.args(["-X", "partition.assignment.strategy=cooperative-sticky"]).deadline(LONG)
}

#[track_caller]
fn has(address: &str, expected: &[(&str, f64)]) {
    let figures = figures(address);
    for (name, value) in expected {
        assert_eq!(sum(&figures, name), *value, "{name} in {figures:#?}");
    }
}

#[test]
fn figures_agree_with_what_was_printed() {
    let (mock, topic) = filled(40);
    let group = unique_name("group");
    let options = ["--group", &group, "--commit", "batch=10", "--filter", ".offset != 3", "--log", "json"];
    let mut running = consume(&mock, &topic).args(options).spawn();
    let address = listens_at(&mut running);
    running.wait_for_lines(38);
    running.wait_for_stderr("\"end_reached\"");
    let lag = |partition: i32| format!("kcons_lag_records{{partition=\"{partition}\",topic=\"{topic}\"}}");
    wait_until("the lag to be gone", LONG, || {
        let figures = figures(&address);
        (figures[&lag(0)] == 0.0 && figures[&lag(1)] == 0.0).then_some(())
    });
    let bytes: usize = (0..40).map(|number: u32| number.to_string().len() + 1).sum();
    has(
        &address,
        &[
            (&format!("kcons_records_total{{topic=\"{topic}\"}}"), 40.0),
            (&format!("kcons_bytes_total{{topic=\"{topic}\"}}"), bytes as f64),
            ("kcons_processed_records_total", 38.0),
            ("kcons_filtered_records_total", 2.0),
            ("kcons_assigned_partitions", 2.0),
            ("kcons_in_hand_records", 0.0),
            ("kcons_rebalances_total{event=\"assigned\"}", 1.0),
            ("kcons_commits_total{result=\"failed\"}", 0.0),
        ],
    );
    // Idle, and then something comes.
    mock.produce(&topic, &[Produced::value("more").partition(1)]);
    running.wait_for_lines(39);
    wait_until("the lag to be gone again", LONG, || (figures(&address)[&lag(1)] == 0.0).then_some(()));
    let commits = sum(&figures(&address), "kcons_commits_total{result=\"ok\"}");
    let said = running.stderr().matches("\"offsets_committed\"").count();
    assert!(commits >= 3.0 && commits <= said as f64, "{commits} commits, {said} are told");
    let outcome = running.end();
    assert_eq!(outcome.events_named("shutdown_complete")[0]["records"], 39, "{outcome}");
}

#[test]
fn figures_agree_with_what_handlers_did() {
    let (mock, topic) = filled(12);
    let dead = unique_name("dead");
    mock.create_topic(&dead, 1);
    let group = unique_name("group");
    let script = r#"read n; case $n in 3) exit 65;; 4|5) [ $KCONS_ATTEMPT = 2 ];; 8) exit 1;; esac"#;
    let options = [
        "--group",
        &group,
        "--backoff",
        "1ms..2ms",
        "--retries",
        "2",
        "--dead-letter",
        &dead,
        "--exec",
        script,
    ];
    let mut running = consume(&mock, &topic).args(options).spawn();
    let address = listens_at(&mut running);
    wait_until("all to be processed", LONG, || {
        (sum(&figures(&address), "kcons_processed_records_total") == 12.0).then_some(())
    });
    has(
        &address,
        &[
            ("kcons_records_total", 12.0),
            ("kcons_dead_letters_total", 2.0),
            ("kcons_failed_records_total", 2.0),
            // Once for 4 and 5, twice for 8.
            ("kcons_retries_total", 4.0),
            ("kcons_handler_seconds_count", 16.0),
            ("kcons_handler_seconds_bucket{le=\"+Inf\"}", 16.0),
            ("kcons_skipped_records_total", 0.0),
            ("kcons_in_flight_records", 0.0),
            ("kcons_lag_records", 0.0),
        ],
    );
    let seconds = sum(&figures(&address), "kcons_handler_seconds_sum");
    assert!(seconds > 0.0 && seconds < 30.0, "{seconds}");
    running.end().has_summary("12 records: 10 ok, 2 dead-lettered, 4 retries");
}

#[test]
fn skipped_records_duplicates_and_failed_commits_are_counted() {
    let (mock, topic) = filled(6);
    mock.push_errors(
        RDKafkaApiKey::OffsetCommit,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE],
    );
    let (group, folder) = (unique_name("group"), own_folder());
    let store = folder.path().join("ids").display().to_string();
    let options = ["--group", &group, "--commit", "batch=2", "--retries", "0", "--on-failure", "skip"];
    let dedup =
        ["--dedup", ".value % 3", "--dedup-store", &store, "--exec", "read n; [ $n != 2 ] && [ $n != 5 ]"];
    let mut running = consume(&mock, &topic).args(options).args(dedup).spawn();
    let address = listens_at(&mut running);
    wait_until("all to be settled", LONG, || {
        let figures = figures(&address);
        (sum(&figures, "kcons_lag_records") == 0.0
            && sum(&figures, "kcons_records_total") == 6.0
            && sum(&figures, "kcons_in_hand_records") == 0.0)
            .then_some(())
    });
    let figures = figures(&address);
    let outcome = running.end();
    let processed = sum(&figures, "kcons_processed_records_total");
    let skipped = sum(&figures, "kcons_skipped_records_total");
    let duplicates = sum(&figures, "kcons_duplicate_records_total");
    outcome.has_summary(&format!(
        "{processed} records: {} ok, {skipped} skipped, {duplicates} duplicates",
        processed - skipped
    ));
    assert_eq!((duplicates, skipped), (2.0, 2.0), "{figures:#?}");
    assert_eq!(sum(&figures, "kcons_commits_total{result=\"failed\"}"), 1.0, "{figures:#?}");
}

#[test]
fn prometheus_own_parser_has_no_complaint() {
    let (mock, topic) = filled(4);
    let mut running = consume(&mock, &topic).args(["--exec", "cat"]).spawn();
    let address = listens_at(&mut running);
    running.wait_for_stdout(|text| text.len() >= 4);
    let answer = get(&address, "/metrics");
    assert!(answer.head.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8"), "{answer:?}");
    assert_eq!(complaints(&answer.body), "", "{}", answer.body);
    running.end();
}

#[test]
fn a_member_is_ready_once_it_is_in_the_group_and_not_while_it_drains() {
    let (mock, topic) = filled(0);
    mock.take_down(1);
    let folder = own_folder();
    let flag = folder.path().join("go").display().to_string();
    let script = format!("echo at work; while [ ! -e {flag} ]; do sleep 0.01; done");
    let group = unique_name("group");
    let options = ["--group", &group, "--connect-timeout", "0s", "--exec", &script];
    let mut running = consume(&mock, &topic).args(options).spawn();
    let address = listens_at(&mut running);
    let ready = get(&address, "/ready");
    assert_eq!((ready.status, ready.body.as_str()), (503, "not connected\n"));
    assert_eq!((get(&address, "/live").status, get(&address, "/live").body.as_str()), (200, "ok\n"));
    mock.bring_up(1);
    wait_until("it to be ready", LONG, || (get(&address, "/ready").status == 200).then_some(()));
    // It comes after the end was looked up: only fetching tells of it.
    mock.produce(&topic, &[Produced::value("late").partition(0)]);
    wait_until("a record to be in flight", LONG, || {
        (sum(&figures(&address), "kcons_in_flight_records") == 1.0).then_some(())
    });
    has(&address, &[("kcons_lag_records", 1.0), ("kcons_in_hand_records", 1.0)]);
    running.signal(Signal::SIGTERM);
    wait_until("it to drain", LONG, || (get(&address, "/ready").status == 503).then_some(()));
    assert_eq!(get(&address, "/ready").body, "shutting down\n");
    assert_eq!(get(&address, "/live").status, 200);
    fs::write(&flag, "").expect("the folder is ours");
    running.finish().has_code(0);
}

#[test]
fn alone_it_is_ready_while_it_is_connected() {
    let (mock, topic) = filled(1);
    let mut running = consume(&mock, &topic).spawn();
    let address = listens_at(&mut running);
    running.wait_for_lines(1);
    assert_eq!(get(&address, "/ready").status, 200);
    has(&address, &[("kcons_rebalances_total", 0.0), ("kcons_commits_total", 0.0)]);
    mock.take_down(1);
    wait_until("the loss to be noticed", LONG, || (get(&address, "/ready").status == 503).then_some(()));
    mock.bring_up(1);
    wait_until("it to be ready again", LONG, || (get(&address, "/ready").status == 200).then_some(()));
    running.end();
}

#[test]
fn an_address_is_checked_before_anything_is_read() {
    for bad in ["9090", "localhost:x", "http://localhost:9090", ":99999"] {
        let outcome = Kcons::new(["consume", "t", "--metrics", bad]).run();
        outcome
            .has_code(2)
            .stderr_contains(&format!("error: invalid value `{bad}` for `--metrics`\n  caused by: "));
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it is bound").to_string();
    let (mock, topic) = filled(1);
    let read = Kcons::new(["consume", &topic, "-b", &mock.brokers(), "-e", "--metrics", &address]);
    let outcome = read.run();
    outcome.has_code(1).has_stdout("");
    outcome.stderr_contains(&format!(
        "error: cannot listen on `{address}`\n  caused by: Address already in use\n  hint: "
    ));
    let serve = Kcons::new(["demo", "--serve", "--metrics", ":0"]).run();
    serve.has_code(2).stderr_contains("`--metrics` cannot be used with `--serve`");
}

#[test]
fn every_interface_is_meant_without_a_host() {
    let (mock, topic) = filled(1);
    let command = Kcons::new(["consume", &topic, "-b", &mock.brokers(), "--metrics", ":0"]).deadline(LONG);
    let mut running = command.spawn();
    let address = listens_at(&mut running);
    let port = address.rsplit(':').next().expect("a port");
    // As it is typed into a browser.
    assert!(address.starts_with("localhost:"), "{address}");
    assert_eq!(get(&format!("127.0.0.1:{port}"), "/live").status, 200);
    running.end();
}

#[test]
fn other_paths_and_methods_are_refused() {
    let (mock, topic) = filled(1);
    let mut running = consume(&mock, &topic).spawn();
    let address = listens_at(&mut running);
    assert_eq!(get(&address, "/").status, 404);
    assert_eq!(get(&address, "/metrics/more").status, 404);
    assert_eq!(get(&address, "/live?verbose=1").status, 200);
    let refused = ask("POST", &address, "/metrics");
    assert!(refused.status == 405 && refused.head.contains("Allow: GET, HEAD"), "{refused:?}");
    wait_until("it to be ready", LONG, || (get(&address, "/ready").status == 200).then_some(()));
    for path in ["/metrics", "/live", "/ready"] {
        let (head, get) = (ask("HEAD", &address, path), get(&address, path));
        assert_eq!((head.status, head.body.as_str()), (get.status, ""), "{path}");
        assert!(
            head.head.contains("Content-Length: ") && !head.head.contains("Content-Length: 0"),
            "{head:?}"
        );
    }
    running.end();
}

#[test]
fn slow_clients_and_garbage_keep_nobody_from_asking() {
    let (mock, topic) = filled(1);
    let mut running = consume(&mock, &topic).spawn();
    let address = listens_at(&mut running);
    let mut idle: Vec<_> = (0..100).map(|_| TcpStream::connect(&address).expect("it accepts")).collect();
    let connecting = Instant::now();
    let mut slow = TcpStream::connect(&address).expect("it accepts");
    slow.write_all(b"GET /metr").expect("it is open");
    assert_eq!(get(&address, "/live").status, 200);
    let garbage = exchange(&address, b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n").unwrap_or_default();
    assert!(garbage.starts_with("HTTP/1.1 400 "), "{garbage}");
    let long = format!("GET /metrics HTTP/1.1\r\nX: {}", "x".repeat(10_000));
    let long = exchange(&address, long.as_bytes()).unwrap_or_default();
    assert!(long.starts_with("HTTP/1.1 431 "), "{long}");
    assert_eq!(get(&address, "/metrics").status, 200);
    // The oldest had to go for others, the newest has its time.
    assert!(is_closed(&mut idle[0], Duration::from_secs(2)), "100 clients at once");
    let waiting = Instant::now();
    let early = Duration::from_secs(2).saturating_sub(connecting.elapsed());
    assert!(early.is_zero() || !is_closed(&mut slow, early), "it had no time for its request");
    assert!(is_closed(&mut slow, LONG) && waiting.elapsed() < Duration::from_secs(10), "it is waited for");
    // Those who are still connected do not hold the end up.
    let _open = TcpStream::connect(&address).expect("it accepts");
    running.end().took_less_than(LONG);
}

#[test]
fn probes_are_answered_under_a_flood_of_connections() {
    let (mock, topic) = filled(1);
    let mut running = consume(&mock, &topic).spawn();
    let address = listens_at(&mut running);
    std::thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut held = std::collections::VecDeque::new();
            for _ in 0..5_000 {
                held.extend(TcpStream::connect(&address));
                if held.len() > 200 {
                    held.pop_front();
                }
            }
        });
        // One may be pushed out before it has its request written, on a busy machine; two in a row would count.
        let (mut probes, mut lost) = (0, 0);
        while probes < 50 || !flood.is_finished() {
            let answer = exchange(&address, b"GET /live HTTP/1.1\r\nHost: h\r\n\r\n").unwrap_or_default();
            lost += u32::from(!answer.starts_with("HTTP/1.1 200 "));
            probes += 1;
        }
        assert!(lost * 10 <= probes, "{lost} of {probes} probes had no answer");
    });
    running.end();
}

/// Whether the other side closes within that time.
fn is_closed(stream: &mut TcpStream, limit: Duration) -> bool {
    stream.set_read_timeout(Some(limit)).expect("a time-out can be set");
    match stream.read(&mut [0; 16]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == std::io::ErrorKind::ConnectionReset,
    }
}
