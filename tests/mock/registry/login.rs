//! Who asks a registry, and how it is told where it is.

use std::fs;

use super::{must_be_decoded, topic_of, value};
use crate::support::own_folder;
use crate::support::registry::{Behavior, StubRegistry, make_certificates};
use crate::support::run::Kcons;
use crate::support::vectors;

/// `alice:s3cret` in base64.
const ALICE: Behavior = Behavior::Asks("Basic YWxpY2U6czNjcmV0");
const TOKEN: Behavior = Behavior::Asks("Bearer t0ken");

#[test]
fn every_kind_of_login_works_from_every_place() {
    let registry = StubRegistry::start();
    let (mock, topic) = topic_of(&[value("avro-long")]);
    let folder = own_folder();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).expect("the folder is ours");
        path.display().to_string()
    };
    let url = registry.url();
    let of_java = file(
        "java.properties",
        &format!(
            "schema.registry.url={url}\nbasic.auth.credentials.source=USER_INFO\nbasic.auth.user.info=alice:s3cret\n"
        ),
    );
    let with_prefix = file(
        "prefix.properties",
        &format!("schema.registry.url={url}\nschema.registry.basic.auth.user.info=env:LOGIN\n"),
    );
    let in_url = file(
        "url.properties",
        &format!(
            "schema.registry.url={}\nbasic.auth.credentials.source=URL\n",
            registry.url_with("alice:s3cret")
        ),
    );
    let of_token = file("token.properties", &format!("schema.registry.url={url}\nbearer.auth.token=t0ken\n"));
    let token_file = format!("file:{}", file("token", "t0ken\n"));
    let with_login = registry.url_with("alice:s3cret");
    for (behavior, arguments) in [
        (ALICE, vec!["--registry", &url, "--registry-user", "alice:s3cret"]),
        (ALICE, vec!["--registry", &url, "--registry-user", "env:LOGIN"]),
        (ALICE, vec!["--registry", &with_login]),
        (ALICE, vec!["--registry", "env:WITH_LOGIN"]),
        (ALICE, vec!["-F", &of_java]),
        (ALICE, vec!["-F", &with_prefix]),
        (ALICE, vec!["-F", &in_url]),
        (ALICE, vec!["-X", "basic.auth.user.info=alice:s3cret", "--registry", &url]),
        (TOKEN, vec!["--registry", &url, "--registry-token", "t0ken"]),
        (TOKEN, vec!["--registry", &url, "--registry-token", &token_file]),
        (TOKEN, vec!["-F", &of_token]),
    ] {
        registry.behave(behavior);
        let brokers = mock.brokers();
        let outcome = Kcons::new(["consume", &topic, "-b", &brokers, "-e", "--json"])
            .args(&arguments)
            .env("LOGIN", "alice:s3cret")
            .env("WITH_LOGIN", &with_login)
            .run();
        outcome.has_code(0).has_stderr("").stdout_lacks("s3cret");
        must_be_decoded(&outcome.json_lines()[0], "value", &vectors::named("avro-long"));
    }
}

#[test]
fn a_registry_comes_from_the_environment_and_from_a_profile() {
    let registry = StubRegistry::start();
    let (mock, topic) = topic_of(&[value("avro-long")]);
    let brokers = mock.brokers();
    let consume = || Kcons::new(["consume", &topic, "-b", &brokers, "-e", "--json"]);
    let outcome = consume().env("KCONS_REGISTRY", registry.url()).run();
    must_be_decoded(&outcome.json_lines()[0], "value", &vectors::named("avro-long"));
    // The option goes before the environment.
    let other = StubRegistry::start();
    let asked = registry.asked().len();
    consume().args(["--registry", &other.url()]).env("KCONS_REGISTRY", registry.url()).run().has_code(0);
    assert_eq!((registry.asked().len(), other.count("/schemas/ids/2")), (asked, 1));

    // A login in it is nothing for handlers.
    let with_login = registry.url_with("alice:s3cret");
    let print = ["--", "sh", "-c", "cat > /dev/null; echo \"${KCONS_REGISTRY-none}\""];
    for (url, printed) in [(registry.url(), registry.url()), (with_login, "none".to_owned())] {
        let outcome = Kcons::new(["consume", &topic, "-b", &brokers, "-e"])
            .args(print)
            .env("KCONS_REGISTRY", url)
            .run();
        outcome.has_code(0).has_stdout(format!("{printed}\n"));
    }

    let with_profile = consume().args(["--profile", "p"]).env("LOGIN", "alice:s3cret");
    let folder = with_profile.home().join(".config/kcons");
    fs::create_dir_all(&folder).expect("the home is ours");
    let profile = format!("[profile.p]\nregistry = \"{}\"\nregistry-user = \"env:LOGIN\"\n", registry.url());
    fs::write(folder.join("config.toml"), profile).expect("the home is ours");
    registry.behave(ALICE);
    let outcome = with_profile.run();
    outcome.has_code(0).has_stderr("");
    must_be_decoded(&outcome.json_lines()[0], "value", &vectors::named("avro-long"));
}

#[test]
fn a_refused_login_is_told_once_and_what_to_do() {
    let registry = StubRegistry::start();
    registry.behave(ALICE);
    let (mock, topic) = topic_of(&vec![value("avro-long"); 50]);
    let url = registry.url();
    let mut most = 0;
    for (login, advice) in [
        (&[][..], "log in with `--registry-user` or `--registry-token`"),
        (&["--registry-user", "alice:wrong"], "check `--registry-user`"),
        (&["--registry-token", "wrong"], "check `--registry-token`"),
    ] {
        let outcome = super::consume(&mock, &topic, &registry).args(login).run();
        outcome.has_code(0).stderr_lacks("wrong");
        let expected = format!(
            "warning: {topic} [0] @ 0: value is not decoded: schema 2 cannot be had: `{url}`: 401 Unauthorized; {advice}\n"
        );
        let said = outcome.stderr_text();
        assert!(said.starts_with(&expected), "{outcome}");
        assert_eq!(said.lines().count(), 2, "one warning, and how many more like it: {outcome}");
        most += super::most_questions(&outcome);
    }
    assert!((3..=most).contains(&registry.count("/schemas/ids/2")), "{:?}", registry.asked());
    let strict = super::consume(&mock, &topic, &registry).arg("--strict").run();
    strict.has_code(5).has_stdout("").stderr_contains("401 Unauthorized");
}

#[test]
fn the_next_of_several_urls_is_asked() {
    let (first, second) = (StubRegistry::start(), StubRegistry::start());
    first.behave(Behavior::Fails(100, "503 Service Unavailable"));
    let (mock, topic) = topic_of(&[value("avro-long"), value("avro-string")]);
    let brokers = mock.brokers();
    let urls = format!("http://127.0.0.1:9, {},{}", first.url(), second.url());
    let outcome = Kcons::new(["consume", &topic, "-b", &brokers, "-e", "--json", "--registry", &urls]).run();
    outcome.has_code(0).has_stderr("");
    must_be_decoded(&outcome.json_lines()[1], "value", &vectors::named("avro-string"));
}

#[test]
fn a_private_authority_and_a_client_certificate_are_used() {
    let folder = own_folder();
    let tls = folder.path().join("tls");
    make_certificates(&tls);
    let file = |name: &str| tls.join(name).display().to_string();
    let (mock, topic) = topic_of(&[value("avro-long")]);
    let brokers = mock.brokers();
    let consume = |registry: &StubRegistry, arguments: &[&str]| {
        Kcons::new(["consume", &topic, "-b", &brokers, "-e", "--json", "--registry", &registry.url()])
            .args(arguments)
            .run()
    };
    let (ca, other_ca) = (file("ca.pem"), file("other-ca.pem"));
    let (certificate, key, both) = (file("alice.pem"), file("alice.key"), file("alice.store.pem"));
    let registry = StubRegistry::start_with_tls(&tls, false);
    let decoded = consume(&registry, &["--registry-ca", &ca]);
    must_be_decoded(&decoded.json_lines()[0], "value", &vectors::named("avro-long"));
    consume(&registry, &["--registry-ca", &other_ca])
        .has_code(0)
        .stderr_contains("certificate verify failed")
        .stderr_contains("; check `--registry-ca`");
    consume(&registry, &[]).stderr_contains("; `--registry-ca FILE` names the authority to trust");

    let asking = StubRegistry::start_with_tls(&tls, true);
    for identity in
        [&["--registry-cert", &certificate, "--registry-key", &key][..], &["--registry-cert", &both]]
    {
        let outcome = consume(&asking, &[&["--registry-ca", &ca], identity].concat());
        outcome.has_stderr("");
        must_be_decoded(&outcome.json_lines()[0], "value", &vectors::named("avro-long"));
    }
    let properties = folder.path().join("ssl.properties");
    let lines = [("ssl.truststore.location", &ca), ("ssl.keystore.location", &both)];
    let lines = lines.map(|(name, path)| format!("schema.registry.{name}={path}\n")).concat();
    fs::write(&properties, lines).expect("the folder is ours");
    let properties = properties.display().to_string();
    let outcome = consume(&asking, &["-F", &properties]);
    must_be_decoded(&outcome.has_stderr("").json_lines()[0], "value", &vectors::named("avro-long"));
}

#[test]
fn a_client_certificate_that_is_missing_or_refused_is_told_in_words() {
    let folder = own_folder();
    let tls = folder.path().join("tls");
    make_certificates(&tls);
    let file = |name: &str| tls.join(name).display().to_string();
    let (mock, topic) = topic_of(&[value("avro-long")]);
    let brokers = mock.brokers();
    let (ca, certificate, key) = (file("ca.pem"), file("mallory.pem"), file("mallory.key"));
    let asking = StubRegistry::start_with_tls(&tls, true);
    let with_ca = ["--registry-ca", &ca];
    let with_other = ["--registry-ca", &ca, "--registry-cert", &certificate, "--registry-key", &key];
    for (arguments, expected) in [
        (
            &with_ca[..],
            "certificate required; it wants a client certificate: give `--registry-cert` and `--registry-key`",
        ),
        (&with_other, "unknown ca; check `--registry-cert` and `--registry-key`"),
    ] {
        let url = asking.url();
        let outcome = Kcons::new(["consume", &topic, "-b", &brokers, "-e", "--json", "--registry", &url])
            .args(arguments)
            .run();
        outcome.has_code(0).stderr_contains(expected).stderr_lacks("SSL routines");
    }
}

#[test]
fn wrong_registries_are_refused_before_anything_is_connected() {
    let folder = own_folder();
    let tls = folder.path().join("tls");
    make_certificates(&tls);
    let encrypted = tls.join("alice.encrypted.key").display().to_string();
    let (certificate, key) =
        (tls.join("alice.pem").display().to_string(), tls.join("alice.key").display().to_string());
    let other_key = tls.join("bob.key").display().to_string();
    let url = "https://localhost:1";
    let store = "schema.registry.ssl.truststore.location=/no/such.pem";
    for (arguments, expected) in [
        (
            vec!["--registry", "localhost:8081"],
            "error: invalid value `localhost:8081` for `--registry`\n  caused by: it has no scheme\n  hint: did you mean `http://localhost:8081`?\n",
        ),
        (
            vec!["--registry", "http://u:s3cret@h:x"],
            "error: invalid value `http://u:***@h:x` for `--registry`\n  caused by: it has no valid host and port\n",
        ),
        (
            vec!["--registry", url, "--registry-user", "a:b", "--registry-token", "t"],
            "error: `--registry-user` cannot be used with `--registry-token`\n",
        ),
        (vec!["--registry-user", "a:b"], "error: `--registry-user` needs `--registry`\n"),
        (
            vec!["--registry", url, "--registry-user", "s3cret"],
            "error: `--registry-user` is not of the form USER:PASSWORD\n",
        ),
        (
            vec!["--registry", url, "--registry-ca", "/no/such.pem"],
            "error: cannot read `/no/such.pem`\n  caused by: No such file or directory\n  hint: check `--registry-ca`\n",
        ),
        (
            vec!["--registry", url, "--registry-key", &key],
            "error: `--registry-key` needs `--registry-cert`\n",
        ),
        (
            vec!["--registry", url, "--registry-cert", &certificate, "--registry-key", &encrypted],
            "error: cannot use `--registry-key`\n  caused by: the key is encrypted\n",
        ),
        (
            vec!["--registry", url, "--registry-cert", &certificate, "--registry-key", &other_key],
            "error: cannot use `--registry-cert` with `--registry-key`\n  caused by: the key does not belong to the certificate\n",
        ),
        (
            vec!["--registry", url, "-X", store, "-X", "schema.registry.ssl.truststore.type=PEM"],
            "error: cannot read `/no/such.pem`\n  caused by: No such file or directory\n  hint: check `-X schema.registry.ssl.truststore.location`\n",
        ),
        (
            vec!["--registry", "http://localhost:1", "--registry-ca", &certificate],
            "error: `--registry-ca` has no effect with `http://`\n",
        ),
        (vec!["--registry", url, "-o", "raw"], "error: `--registry` cannot be used with `--output raw`\n"),
        (vec!["--registry", "env:MISSING"], "error: cannot read the value of `--registry`\n"),
    ] {
        let outcome = Kcons::new(["consume", "t", "-b", "127.0.0.1:1"]).args(&arguments).run();
        outcome.has_code(2).has_stdout("").stderr_lacks("s3cret");
        assert!(outcome.stderr_text().starts_with(expected), "{outcome}");
    }
    let lag = Kcons::new(["lag", "g", "-X", "schema.registry.url=http://h"]).run();
    lag.has_code(2).stderr_contains("property `schema.registry.url` has no use here");
}

#[test]
fn print_config_shows_a_registry_without_its_secrets() {
    let printed = |arguments: &[&str]| {
        let outcome = Kcons::new(["consume", "--print-config"]).args(arguments).env("T", "t0ken").run();
        outcome.has_code(0).stdout_lacks("s3cret").stdout_lacks("t0ken");
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        outcome.lines().iter().map(|line| words(line)).collect::<Vec<_>>()
    };
    let lines = printed(&["--registry", "http://u:s3cret@h:1"]);
    assert!(lines.contains(&"schema.registry.url http://u:***@h:1 option".to_owned()), "{lines:?}");
    let lines = printed(&["--registry", "http://h:1", "--registry-user", "u:s3cret"]);
    assert!(lines.contains(&"basic.auth.user.info *** option".to_owned()), "{lines:?}");
    let lines = printed(&["--registry", "http://h:1", "-X", "bearer.auth.token=env:T"]);
    assert!(lines.contains(&"bearer.auth.token env:T -X".to_owned()), "{lines:?}");
    let source = "basic.auth.credentials.source";
    let lines = printed(&["--registry", "http://u:s3cret@h:1", "-X", &format!("{source}=URL")]);
    assert!(lines.contains(&format!("{source} URL -X")), "{lines:?}");
    let lines = printed(&[]);
    assert!(!lines.iter().any(|line| line.starts_with("schema.registry")), "{lines:?}");
}
