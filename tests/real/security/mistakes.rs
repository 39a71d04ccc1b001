//! Each mechanism, and what can be wrong with it: a row each, with what is said.

use std::net::TcpListener;
use std::sync::Mutex;

use super::{LONG, Properties, Secured, columns, secured, unencrypted};
use crate::real::errors::nobody;

/// For a login, or what is known at once, on a busy machine.
const ENOUGH: &str = "15s";

/// For what takes that long in any case.
const SHORT: &str = "6s";

/// A row of the matrix.
struct Case {
    mechanism: &'static str,
    /// What is wrong; none if nothing is.
    mistake: Option<&'static str>,
    listener: &'static str,
    properties: Properties,
    /// The time for a connection.
    limit: &'static str,
    code: i32,
    message: String,
    hint: &'static str,
}

impl Case {
    fn right(mechanism: &'static str, listener: &'static str, properties: Properties) -> Case {
        let message = String::new();
        Case { mechanism, mistake: None, listener, properties, limit: ENOUGH, code: 0, message, hint: "" }
    }

    fn wrong(
        (mechanism, mistake): (&'static str, &'static str),
        (listener, properties): (&'static str, Properties),
        message: String,
        hint: &'static str,
    ) -> Case {
        let mistake = Some(mistake);
        Case { mechanism, mistake, listener, properties, limit: ENOUGH, code: 3, message, hint }
    }

    /// What is wrong may pass by itself, so that it takes as long as a connection may.
    fn at_the_end_of_the_time(self) -> Case {
        Case { limit: SHORT, ..self }
    }

    /// What switches protection off is said first.
    fn warnings(&self) -> Vec<String> {
        let given = |name: &str| {
            let mut values = self.properties.iter().filter_map(|property| property.strip_prefix(name));
            values.next().map(str::to_owned)
        };
        let mut warnings = Vec::new();
        if given("ssl.endpoint.identification.algorithm=").is_some() {
            warnings.push(
                "warning: host names of brokers are not verified (`ssl.endpoint.identification.algorithm=none`): \
                 any holder of a trusted certificate could answer\n"
                    .to_owned(),
            );
        }
        let endpoint = given("sasl.oauthbearer.token.endpoint.url=").filter(|url| url.starts_with("http://"));
        warnings.extend(endpoint.map(|url| unencrypted(&url)));
        warnings
    }

    /// Runs it; gives its row, or what is not as it should be.
    fn check(&self, secured: &Secured) -> Result<[String; 4], String> {
        let command = secured.read(self.listener, &self.properties, self.limit);
        let outcome = command.deadline(LONG * 3).run();
        let mut said = outcome.stderr_text();
        for warning in self.warnings() {
            said = said.strip_prefix(&warning).unwrap_or("no warning").to_owned();
        }
        let is_right = match self.mistake {
            None => outcome.code() == Some(self.code) && said.is_empty() && outcome.json_lines().len() == 1,
            Some(_) => {
                outcome.code() == Some(self.code)
                    && outcome.stdout_text().is_empty()
                    && said.starts_with(&format!("error: {}\n", self.message))
                    && said.ends_with(&format!("  hint: {}\n", self.hint))
                    && said.lines().count() <= 3
            }
        };
        let is_secret_shown = said.contains("s3cret") || said.contains("-secret");
        let mistake = self.mistake.unwrap_or("-");
        if !is_right || is_secret_shown || outcome.elapsed > LONG * 2 {
            let (name, message, hint) = (self.mechanism, &self.message, self.hint);
            return Err(format!("{name}: {mistake}\nerror: {message}\n  hint: {hint}\n{outcome}"));
        }
        let first = said.lines().next().unwrap_or("1 record").trim_start_matches("error: ").to_owned();
        let code = outcome.code().unwrap_or_default().to_string();
        Ok([self.mechanism.to_owned(), mistake.to_owned(), code, first])
    }
}

const USER_HINT: &str = "check `-X sasl.username` and `-X sasl.password`";
const PROTOCOL_HINT: &str = "check `-X security.protocol`: the port may speak TLS, SASL or neither";
const CERTIFICATE_HINT: &str =
    "the broker wants a client certificate: check `-X ssl.certificate.location` and `-X ssl.key.location`";

pub fn each_mechanism_works_and_each_mistake_has_its_message() {
    let secured = secured();
    let mut cases = with_passwords(secured);
    cases.extend(with_tls(secured));
    cases.extend(with_unsecured_tokens(secured));
    cases.extend(with_token_endpoints(secured));
    cases.extend(with_other_protocols(secured));
    let rows = Mutex::new(vec![None; cases.len()]);
    let next = Mutex::new(0..cases.len());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let index = next.lock().expect("no other test failed").next();
                    let Some(index) = index else { break };
                    let row = cases[index].check(secured);
                    rows.lock().expect("no other test failed")[index] = Some(row);
                }
            });
        }
    });
    let rows = rows.into_inner().expect("all ended");
    let (rows, mistakes): (Vec<_>, Vec<_>) = rows.into_iter().flatten().partition(Result::is_ok);
    let rows: Vec<_> = rows.into_iter().flatten().collect();
    let head = ["MECHANISM", "MISTAKE", "CODE", "MESSAGE"];
    print!("\nthe security matrix:\n{}", columns(head, &rows));
    let mistakes: Vec<_> = mistakes.into_iter().filter_map(Result::err).collect();
    assert!(mistakes.is_empty(), "{}", mistakes.join("\n"));
}

fn with_passwords(secured: &Secured) -> Vec<Case> {
    let mut cases = Vec::new();
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let message = |user: &str| format!("cannot log in at `{}` as `{user}`", secured.at("SASL"));
        cases.push(Case::right(mechanism, "SASL", secured.user(mechanism, "alice", "alice-secret")));
        for (mistake, user) in [("wrong password", "alice"), ("unknown user", "nobody")] {
            let properties = secured.user(mechanism, user, "s3cret");
            cases.push(Case::wrong((mechanism, mistake), ("SASL", properties), message(user), USER_HINT));
        }
        let at = secured.at("OAUTH");
        let properties = secured.user(mechanism, "alice", "alice-secret");
        let message = format!("cannot log in at `{at}` as `alice`");
        let what = (mechanism, "mechanism not enabled");
        cases.push(Case::wrong(what, ("OAUTH", properties), message, "check `-X sasl.mechanism`"));
    }
    let both = [
        secured.user("SCRAM-SHA-512", "alice", "alice-secret")[1..].to_vec(),
        vec!["security.protocol=sasl_ssl".to_owned(), secured.store("ssl.ca.location", "ca.pem")],
    ];
    cases.push(Case::right("SCRAM over TLS", "SASLSSL", both.concat()));
    let mut wrong = both.concat();
    wrong.retain(|property| !property.starts_with("sasl.password"));
    wrong.push("sasl.password=s3cret".to_owned());
    let message = format!("cannot log in at `{}` as `alice`", secured.at("SASLSSL"));
    cases.push(Case::wrong(("SCRAM over TLS", "wrong password"), ("SASLSSL", wrong), message, USER_HINT));
    cases
}

fn with_tls(secured: &Secured) -> Vec<Case> {
    let message = |listener: &str| format!("cannot set up TLS with `{}`", secured.at(listener));
    let tls = "security.protocol=ssl".to_owned();
    let mutual = secured.tls_as("alice.pem", "alice.key");
    let encrypted = |password: &str| {
        let key = secured.tls_as("alice.pem", "alice.encrypted.key");
        [key, vec![format!("ssl.key.password={password}")]].concat()
    };
    let java = vec![
        tls.clone(),
        "ssl.truststore.type=PEM".to_owned(),
        secured.store("ssl.truststore.location", "ca.pem"),
        "ssl.keystore.type=PEM".to_owned(),
        secured.store("ssl.keystore.location", "alice.store.pem"),
    ];
    let unchecked = [secured.tls(), vec!["ssl.endpoint.identification.algorithm=".to_owned()]].concat();
    let authority = "check `-X ssl.ca.location`";
    let name = "the certificate is for another name: check `--brokers`";
    let other = vec![tls.clone(), secured.store("ssl.ca.location", "other-ca.pem")];
    let mallory = secured.tls_as("mallory.pem", "mallory.key");
    let wrong = |mistake, listener, properties, hint| {
        let mechanism = if listener == "MTLS" { "mutual TLS" } else { "TLS" };
        Case::wrong((mechanism, mistake), (listener, properties), message(listener), hint)
    };
    // Found before any connection.
    let unfit = |mistake, properties, hint| {
        let what = ("mutual TLS", mistake);
        Case {
            code: 2,
            ..Case::wrong(what, ("MTLS", properties), "the properties do not fit together".to_owned(), hint)
        }
    };
    let key = "check `ssl.key.location` and `ssl.key.password`";
    let pair = "the key does not belong to the certificate: check `ssl.certificate.location`";
    vec![
        unfit("wrong password of the key", encrypted("s3cret"), key),
        unfit("no password of the key", secured.tls_as("alice.pem", "alice.encrypted.key"), key),
        unfit("key of another certificate", secured.tls_as("alice.pem", "bob.key"), pair),
        Case::right("TLS", "SSL", secured.tls()),
        wrong("wrong CA", "SSL", other, authority),
        wrong("no CA", "SSL", vec![tls], authority),
        wrong(
            "expired",
            "EXPIRED",
            secured.tls(),
            "renew the broker's certificate, or check the clock of this machine",
        ),
        wrong("another host's certificate", "ELSEWHERE", secured.tls(), name),
        Case::right("TLS, names unchecked", "ELSEWHERE", unchecked),
        Case::right("mutual TLS", "MTLS", mutual),
        Case::right("mutual TLS, encrypted key", "MTLS", encrypted("alice-secret")),
        Case::right("mutual TLS, PEM stores of Java", "MTLS", java),
        wrong("no client certificate", "MTLS", secured.tls(), CERTIFICATE_HINT),
        wrong("certificate of another CA", "MTLS", mallory, CERTIFICATE_HINT),
    ]
}

fn with_unsecured_tokens(secured: &Secured) -> Vec<Case> {
    let name = "OAUTHBEARER, unsecured";
    let config = ["sasl.oauthbearer.config=principal=alice lifeSeconds=60"];
    let flagged = [config[0], "enable.sasl.oauthbearer.unsecure.jwt=true", "sasl.oauthbearer.method=default"];
    let at = secured.at("OIDC");
    let message = format!("cannot log in at `{at}` as `alice`");
    vec![
        Case::right(name, "OAUTH", secured.oauth(&config)),
        Case::right(name, "OAUTH", secured.oauth(&flagged)),
        Case::wrong((name, "broker wants signatures"), ("OIDC", secured.oauth(&config)), message, TOKEN_HINT),
        Case::wrong(
            (name, "mechanism not enabled"),
            ("SASL", secured.oauth(&config)),
            format!("cannot log in at `{}` as `alice`", secured.at("SASL")),
            "check `-X sasl.mechanism`",
        ),
    ]
}

const TOKEN_HINT: &str = "the broker does not accept the token: check its issuer, audience and expiry";

fn with_token_endpoints(secured: &Secured) -> Vec<Case> {
    let name = "OAUTHBEARER, OIDC";
    let url = |path: &str| secured.tokens.url(path);
    let right = |path: &str| secured.oidc(&url(path), "alice-secret");
    let more = |properties: Properties, more: &[&str]| {
        [properties, more.iter().map(|property| (*property).to_owned()).collect()].concat()
    };
    let login = more(right("/token"), &["sasl.oauthbearer.scope=kafka", "sasl.oauthbearer.extensions=org=a"]);
    let tls = secured.oidc(&secured.tokens_with_tls.url("/token"), "alice-secret");
    let with_authority = |authority| more(tls.clone(), &[&secured.store("https.ca.location", authority)]);
    let (address, client) = (
        "check `-X sasl.oauthbearer.token.endpoint.url`",
        "check `-X sasl.oauthbearer.client.id` and `-X sasl.oauthbearer.client.secret`",
    );
    let nobody = format!("http://{}/token", nobody());
    // Its connections are taken and never answered.
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a port is free");
    let silent = Box::leak(Box::new(silent)).local_addr().expect("it is bound");
    let silent = format!("http://{silent}/token");
    let wrong = |mistake, properties, at: String, words: &str, hint| {
        let message = format!("cannot get a token from `{at}`: {words}");
        Case::wrong((name, mistake), ("OIDC", properties), message, hint)
    };
    let trust = "check `-X https.ca.location`";
    let unknown = "certificate verify failed: unable to get local issuer certificate";
    vec![
        Case::right(name, "OIDC", login.clone()),
        Case::right("OAUTHBEARER, OIDC over TLS", "OIDC", with_authority("ca.pem")),
        wrong(
            "wrong secret",
            secured.oidc(&url("/token"), "s3cret"),
            url("/token"),
            "401 Unauthorized: invalid_client",
            client,
        ),
        wrong(
            "wrong scope",
            more(right("/token"), &["sasl.oauthbearer.scope=nothing"]),
            url("/token"),
            "400 Bad Request: invalid_scope",
            "check `-X sasl.oauthbearer.scope`",
        ),
        wrong("wrong path", right("/nowhere"), url("/nowhere"), "404 Not Found", address),
        wrong("not an endpoint", right("/page"), url("/page"), "the answer has no `access_token`", address),
        wrong("endpoint fails", right("/broken"), url("/broken"), "503 Service Unavailable", address)
            .at_the_end_of_the_time(),
        wrong("no endpoint", secured.oidc(&nobody, "alice-secret"), nobody, "connection refused", address)
            .at_the_end_of_the_time(),
        // The request takes 10 s at most, which leaves time to tell that.
        wrong("silent endpoint", secured.oidc(&silent, "alice-secret"), silent, "timed out", address),
        wrong("endpoint's CA unknown", tls.clone(), secured.tokens_with_tls.url("/token"), unknown, trust),
        wrong(
            "endpoint's CA wrong",
            with_authority("other-ca.pem"),
            secured.tokens_with_tls.url("/token"),
            unknown,
            trust,
        ),
        Case::wrong(
            (name, "bad signature"),
            ("OIDC", right("/forged")),
            format!("cannot log in at `{}` as `alice`", secured.at("OIDC")),
            TOKEN_HINT,
        ),
    ]
}

fn with_other_protocols(secured: &Secured) -> Vec<Case> {
    let unreachable = |listener: &str| format!("cannot reach any broker at `{}`", secured.at(listener));
    let plain = secured.user("PLAIN", "alice", "alice-secret");
    let wrong = |mechanism, mistake, listener, properties| {
        Case::wrong((mechanism, mistake), (listener, properties), unreachable(listener), PROTOCOL_HINT)
            .at_the_end_of_the_time()
    };
    vec![
        wrong("plaintext", "port speaks TLS", "SSL", Vec::new()),
        wrong("plaintext", "port wants SASL", "SASL", Vec::new()),
        wrong("plaintext", "port wants both", "SASLSSL", Vec::new()),
        wrong("TLS", "port speaks plaintext", "PLAINTEXT", secured.tls()),
        wrong("TLS", "port wants SASL", "SASL", secured.tls()),
        wrong("PLAIN", "port speaks TLS", "SSL", plain.clone()),
        Case::wrong(
            ("PLAIN", "port does not accept SASL"),
            ("PLAINTEXT", plain),
            format!("cannot log in at `{}` as `alice`", secured.at("PLAINTEXT")),
            "check `-X security.protocol`: the port does not accept SASL",
        ),
    ]
}
