//! Secured clusters: each way in works, and each mistake has its one message, its hint and its exit code.
#![expect(clippy::print_stdout, reason = "the matrix of mechanisms and mistakes is worth seeing")]

mod mistakes;

use std::fs;
use std::sync::OnceLock;

use nix::sys::signal::Signal;

use super::reading::LONG;

use crate::support::kafka::{Kafka, Kind};
use crate::support::proxy::{Mode, Proxy};
use crate::support::run::Kcons;
use crate::support::tokens::TokenEndpoint;
use crate::support::{Produced, wait_until};

pub use mistakes::each_mechanism_works_and_each_mistake_has_its_message;

/// A secured broker with a topic `t` of one record, and token endpoints: one start for all tests here.
struct Secured {
    kafka: Kafka,
    tokens: TokenEndpoint,
    tokens_with_tls: TokenEndpoint,
}

fn secured() -> &'static Secured {
    static SHARED: OnceLock<Secured> = OnceLock::new();
    SHARED.get_or_init(|| {
        let kafka = Kafka::start(Kind::Secure, &[]);
        kafka.create_topic("t", 1, &[]);
        kafka.create_topic("u", 1, &[]);
        kafka.produce("t", &[Produced::value("v")]);
        let (tokens, tokens_with_tls) =
            (TokenEndpoint::start(&kafka.tls()), TokenEndpoint::start_with_tls(&kafka.tls()));
        Secured { kafka, tokens, tokens_with_tls }
    })
}

type Properties = Vec<String>;

impl Secured {
    fn at(&self, listener: &str) -> String {
        if listener == "PLAINTEXT" { self.kafka.brokers() } else { self.kafka.listener(listener) }
    }

    fn file(&self, name: &str) -> String {
        self.kafka.tls().join(name).display().to_string()
    }

    /// `ssl.ca.location=PATH` and the like.
    fn store(&self, property: &str, name: &str) -> String {
        format!("{property}={}", self.file(name))
    }

    fn user(&self, mechanism: &str, user: &str, password: &str) -> Properties {
        vec![
            "security.protocol=sasl_plaintext".to_owned(),
            format!("sasl.mechanism={mechanism}"),
            format!("sasl.username={user}"),
            format!("sasl.password={password}"),
        ]
    }

    fn tls(&self) -> Properties {
        vec!["security.protocol=ssl".to_owned(), self.store("ssl.ca.location", "ca.pem")]
    }

    fn tls_as(&self, certificate: &str, key: &str) -> Properties {
        let client =
            [self.store("ssl.certificate.location", certificate), self.store("ssl.key.location", key)];
        [self.tls(), client.into()].concat()
    }

    fn oauth(&self, properties: &[&str]) -> Properties {
        let own = ["security.protocol=sasl_plaintext", "sasl.mechanism=OAUTHBEARER"];
        own.iter().chain(properties).map(|property| (*property).to_owned()).collect()
    }

    fn oidc(&self, url: &str, secret: &str) -> Properties {
        self.oauth(&[
            &format!("sasl.oauthbearer.token.endpoint.url={url}"),
            "sasl.oauthbearer.client.id=alice",
            &format!("sasl.oauthbearer.client.secret={secret}"),
        ])
    }

    fn run(&self, listener: &str, properties: &[String], arguments: &[&str]) -> Kcons {
        let options = properties.iter().flat_map(|property| ["-X", property]);
        Kcons::new(arguments).args(["-b", &self.at(listener)]).args(options)
    }

    /// Reads `t` to its end; `limit` is the time for a connection.
    fn read(&self, listener: &str, properties: &[String], limit: &str) -> Kcons {
        self.run(listener, properties, &["consume", "t", "-e", "--connect-timeout", limit])
    }
}

/// In one piece, so that no other test's line comes in between.
fn columns(head: [&str; 4], rows: &[[String; 4]]) -> String {
    let head = head.map(str::to_owned);
    let rows: Vec<_> = std::iter::once(&head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    let line = |[a, b, c, d]: &[String; 4]| format!("  {a:first$}  {b:second$}  {c:third$}  {d}\n");
    rows.into_iter().map(line).collect()
}

/// What is said once of a token endpoint without TLS.
fn unencrypted(url: &str) -> String {
    format!("warning: the client secret is sent to `{url}` unencrypted\n")
}

pub fn tokens_are_renewed_before_they_expire() {
    let secured = secured();
    let (endpoint, proxy) = (TokenEndpoint::start(&secured.kafka.tls()), Proxy::start());
    proxy.forward_to(&endpoint.address());
    let url = format!("http://{}/token/10", proxy.address());
    let properties = secured.oidc(&url, "alice-secret");
    secured.kafka.create_topic("renewed", 1, &[]);
    secured.kafka.produce("renewed", &[Produced::value("before")]);
    let slow = LONG * 4;
    let mut running = secured.run("OIDC", &properties, &["consume", "renewed"]).deadline(slow).spawn();
    running.wait_for_lines(1);
    wait_until("two more tokens", slow, || (endpoint.given() >= 3).then_some(()));
    assert_eq!(running.stderr(), unencrypted(&url));
    proxy.set(Mode::Refuse);
    running.wait_for_stderr(&format!("warning: cannot get a token from `{url}`: connection refused\n"));
    proxy.set(Mode::Pass);
    let before = endpoint.given();
    wait_until("one more token", slow, || (endpoint.given() > before).then_some(()));
    secured.kafka.produce("renewed", &[Produced::value("later")]);
    running.wait_for_lines(2);
    running.signal(Signal::SIGTERM);
    running.finish().has_code(0);
}

pub fn a_token_endpoint_that_comes_later_is_waited_for() {
    let secured = secured();
    let proxy = Proxy::start();
    proxy.set(Mode::Refuse);
    let url = format!("http://{}/token", proxy.address());
    let properties = secured.oidc(&url, "alice-secret");
    let running = secured.run("OIDC", &properties, &["consume", "t", "-n", "1", "--connect-timeout", "20s"]);
    let mut running = running.arg("-v").spawn();
    running.wait_for_stderr(&format!("Still trying: cannot get a token from `{url}`: connection refused"));
    proxy.forward_to(&secured.tokens.address());
    proxy.set(Mode::Pass);
    assert_eq!(running.finish().has_code(0).json_lines().len(), 1);
}

pub fn secrets_are_not_shown() {
    let secured = secured();
    let java = [
        "security.protocol=SASL_PLAINTEXT",
        "sasl.mechanism=OAUTHBEARER",
        "sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler",
        &format!("sasl.oauthbearer.token.endpoint.url={}", secured.tokens.url("/token")),
        "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \\",
        "  clientId=\"alice\" clientSecret=\"alice-secret\" scope=\"kafka\";",
    ];
    let with_file = |arguments: &[&str]| {
        let kcons = secured.run("OIDC", &[], arguments);
        fs::write(kcons.home().join("client.properties"), java.join("\n")).expect("the folder is ours");
        kcons.args(["-F", "client.properties"])
    };
    let read = with_file(&["consume", "t", "-n", "1"]).run();
    read.has_code(0).has_stderr(&unencrypted(&secured.tokens.url("/token")));
    assert_eq!(read.json_lines().len(), 1, "a file of a Java client\n{read}");
    let shown = with_file(&["consume", "t", "--print-config"]).run();
    shown.has_code(0).stdout_contains("sasl.oauthbearer.client.id").stdout_contains("alice ");
    shown.check(!shown.stdout_text().contains("alice-secret"), "the secret was shown");
    let verbose = with_file(&["consume", "t", "-n", "1", "-vv", "-X", "debug=all"]).run();
    verbose.has_code(0).check(!verbose.stderr_text().contains("alice-secret"), "the secret was shown");
}

/// A command as a user who lacks something: what is said first, and the exit code.
struct Attempt {
    user: &'static str,
    arguments: &'static [&'static str],
    code: i32,
    said: &'static str,
}

pub fn each_command_works_with_rights_and_names_the_one_that_is_missing() {
    let secured = secured();
    let deny = ["--add", "--deny-principal", "User:carol", "--operation", "WRITE", "--topic", "u"];
    secured.kafka.tool("acls", &deny);
    let oidc = secured.oidc(&secured.tokens.url("/token"), "alice-secret");
    let scram = secured.user("SCRAM-SHA-512", "alice", "alice-secret");
    for (listener, properties) in [("OIDC", oidc), ("SASL", scram), ("OAUTH", unsecured(secured))] {
        // The group is deleted in the end, and made again for those who may see no topic.
        for arguments in ALL_COMMANDS.iter().chain(&ALL_COMMANDS[..1]) {
            let outcome = secured.run(listener, &properties, arguments).run();
            let said = outcome.stderr_text();
            outcome.has_code(0).check(!said.contains("error"), "it was refused");
        }
    }
    let mut rows = Vec::new();
    for Attempt { user, arguments, code, said } in ATTEMPTS {
        let properties = secured.user("PLAIN", user, &format!("{user}-secret"));
        let outcome = secured.run("SASL", &properties, arguments).run();
        outcome.has_code(code).stderr_contains(said);
        let first = outcome.stderr_text().lines().find(|line| line.contains(said)).unwrap_or("-").to_owned();
        rows.push([user.to_owned(), arguments.join(" "), code.to_string(), first]);
    }
    print!("\nwhat is missing:\n{}", columns(["USER", "COMMAND", "CODE", "SAID"], &rows));
}

const ALL_COMMANDS: [&[&str]; 9] = [
    &["consume", "t", "-e", "-g", "held"],
    &["consume", "t", "-e", "--forward", "u"],
    &["lag", "held"],
    &["group", "list"],
    &["group", "describe", "held"],
    &["group", "reset", "held", "--topic", "t", "--to", "end", "--execute"],
    &["topic", "list"],
    &["topic", "describe", "t"],
    &["group", "delete", "held", "--yes"],
];

/// carol may not use groups, nor write `u`; dave sees no topic; bob nothing.
const ATTEMPTS: [Attempt; 16] = [
    attempt("carol", &["consume", "t", "-e", "-g", "held"], "no right to use group `held` for user `carol`"),
    attempt("carol", &["lag", "held"], "no right to use group `held` for user `carol`"),
    attempt("carol", &["group", "describe", "held"], "no right to use group `held` for user `carol`"),
    attempt("carol", ALL_COMMANDS[5], "no right to use group `held` for user `carol`"),
    attempt("carol", ALL_COMMANDS[8], "no right to use group `held` for user `carol`"),
    attempt("carol", ALL_COMMANDS[1], "no right to write topic `u` for user `carol`"),
    attempt("carol", DEAD_LETTER, "no right to write topic `u` for user `carol`"),
    attempt("dave", &["consume", "t", "-e"], "no right to read topic `t` for user `dave`"),
    attempt("dave", &["consume", "t", "-e", "-g", "held"], "no right to read topic `t` for user `dave`"),
    attempt("dave", &["topic", "describe", "t"], "no right to read topic `t` for user `dave`"),
    attempt("dave", ALL_COMMANDS[5], "no right to read topic `t` for user `dave`"),
    Attempt { user: "dave", arguments: &["lag", "held"], code: 0, said: UNSEEN },
    Attempt { user: "dave", arguments: &["group", "describe", "held"], code: 0, said: UNSEEN },
    Attempt {
        user: "dave",
        arguments: &["group", "reset", "held", "--all-topics", "--to", "end"],
        code: 0,
        said: UNSEEN,
    },
    attempt("bob", &["consume", "t", "-e"], "no right to read topic `t` for user `bob`"),
    attempt("bob", &["lag", "held"], "no right to use group `held` for user `bob`"),
];

const DEAD_LETTER: &[&str] =
    &["consume", "t", "-e", "--exec", "false", "--retries", "0", "--dead-letter", "u"];

const UNSEEN: &str =
    "warning: group `held` has committed nothing, or only in topics you have no right to see";

const fn attempt(user: &'static str, arguments: &'static [&'static str], said: &'static str) -> Attempt {
    Attempt { user, arguments, code: 3, said }
}

fn unsecured(secured: &Secured) -> Properties {
    secured.oauth(&["sasl.oauthbearer.config=principal=alice"])
}
