//! Secrets, and code that stands in a file.

use std::fs;
use std::path::Path;

use crate::support::mock::Mock;
use crate::support::run::Kcons;
use crate::support::{Outcome, Produced};

const SECRET: &str = "s3cret-of-alice";

fn kcons(arguments: &[&str]) -> Kcons {
    Kcons::new(arguments).env("SECRET", SECRET)
}

#[track_caller]
fn hides(outcome: &Outcome) {
    outcome.stderr_lacks("s3cret").check(!outcome.stdout_text().contains("s3cret"), "it shows the secret");
}

/// A broken value that came from a variable or file was quoted: so was a token, an id, a whole login.
pub fn what_a_variable_holds_is_shown_as_it_was_written() {
    for property in [
        "security.protocol",
        "session.timeout.ms",
        "bootstrap.servers",
        "metadata.broker.list",
        "partition.assignment.strategy",
        "auto.offset.reset",
        "isolation.level",
        "sasl.oauthbearer.token.endpoint.url",
        "sasl.oauthbearer.method",
        "sasl.oauthbearer.grant.type",
        "sasl.oauthbearer.extensions",
        "sasl.jaas.config",
        "ssl.truststore.location",
        "ssl.keystore.location",
        "compression.codec",
        "client.id",
    ] {
        // As a place that is written, and as a value that is none, or one.
        for value in [SECRET, "s3cret of:alice=", "s3cret://u:p@h", "/s3cret/file"] {
            let run = |source: &str| {
                let home = kcons(&["consume", "t", "--print-config", "-X", &format!("{property}={source}")]);
                fs::write(home.home().join("held"), value).expect("written");
                let outcome = home.env("HELD", value).run();
                hides(&outcome);
                let said = outcome.stdout_text() + &outcome.stderr_text();
                // Some have nothing to do with what is run, which is said by their name.
                let is_named = said.contains(source) || outcome.stderr_text().contains(property);
                outcome.check(is_named, "neither the place nor the property is named");
            };
            run("env:HELD");
            run("file:held");
        }
    }
}

/// `-vv` showed what librdkafka's own log says of its properties.
pub fn the_log_of_librdkafka_repeats_no_secret() {
    let outcome = kcons(&["topic", "list", "-vv", "-b", "127.0.0.1:1", "--connect-timeout", "500ms"])
        .args(["-X", "debug=all", "-X", "client.id=env:SECRET", "-X", "security.protocol=SASL_PLAINTEXT"])
        .args([
            "-X",
            "sasl.mechanism=PLAIN",
            "-X",
            "sasl.username=env:SECRET",
            "-X",
            "sasl.password=env:SECRET",
        ])
        .run();
    outcome.has_code(3).stderr_contains("client.id = env:SECRET");
    hides(&outcome);
}

/// A login in one word of a file, an address with a password and words that were typed in the wrong place were
/// all repeated.
pub fn no_message_repeats_a_secret() {
    for arguments in [
        &["consume", "t", "sasl.password=s3cret"][..],
        &["consume", "sasl.password=s3cret"],
        &["topic", "describe", "sasl.password=s3cret"],
        &["sasl.password=s3cret"],
        &["consume", "t", "-n", "sasl.password=s3cret"],
        &["consume", "t", "-X", "s3cret"],
        &["consume", "t", "-X", "sasl.password:s3cret"],
        &["consume", "t", "-b", "sasl_ssl://alice:s3cret@h/:1"],
        &["consume", "t", "-X", "bootstrap.servers=alice:s3cret@h:1"],
        &["consume", "t", "-X", "sasl.jaas.config=s3cret"],
        &["consume", "t", "-X", "sasl.jaas.config=s3cret;"],
        &["consume", "t", "-X", "sasl.jaas.config='a.PlainLoginModule required password=\"s3cret\";'"],
        &["consume", "t", "-X", "sasl.jaas.config=a.PlainLoginModule required s3cret;"],
        &["consume", "t", "-X", "sasl.oauthbearer.token.endpoint.url=https://alice:s3cret@h/x"],
        &["consume", "t", "-X", "sasl.oauthbearer.config=s3cret", "-X", "sasl.mechanism=OAUTHBEARER"],
        &["consume", "t", "--metrics", "http://alice:s3cret@h"],
        &["demo", "sasl.password=s3cret"],
        &["group", "describe", "g", "redis://:s3cret@h"],
        &["consume", "t", "--exec", "true", "--dead-letter", "https://alice:s3cret@h"],
    ] {
        let outcome = kcons(arguments).run();
        outcome.has_code(2).has_stdout("");
        hides(&outcome);
    }
}

/// Java's clients take `file:///…` for a token endpoint. Here it was the place of the address: the token that lies
/// there was read, found to be no address, and printed.
pub fn a_token_from_a_file_is_refused_and_not_shown() {
    let run = |url: &str, more: &str| {
        let run = kcons(&["consume", "t", "-F", "p"]);
        let path = run.home().join("token");
        fs::write(&path, SECRET).expect("written");
        let url = url.replace("PATH", path.to_str().expect("text"));
        let properties = format!(
            "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\n\
             sasl.oauthbearer.token.endpoint.url={url}\n{more}\n"
        );
        fs::write(run.home().join("p"), properties).expect("written");
        let outcome = run.run();
        outcome.has_code(2);
        hides(&outcome);
        outcome.stderr_text()
    };
    for url in ["file://PATH", "FILE://PATH"] {
        assert!(run(url, "").starts_with("error: `sasl.oauthbearer.token.endpoint.url="));
    }
    assert!(run("file:PATH", "").contains("invalid value `file:"));
    for (name, value) in [
        ("sasl.oauthbearer.grant.type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("sasl.oauthbearer.metadata.authentication.type", "azure_imds"),
    ] {
        let said = run("https://h/x", &format!("{name}={value}"));
        assert!(said.starts_with(&format!("error: invalid value `{value}` for property `{name}`")), "{said}");
    }
    let class = "org.apache.kafka.common.security.oauthbearer.FileJwtRetriever";
    let said = run("https://h/x", &format!("sasl.oauthbearer.jwt.retriever.class={class}"));
    assert!(said.contains("`sasl.oauthbearer.jwt.retriever.class` cannot be translated"), "{said}");
}

/// A file, a profile or the file of `KCONS_CONFIG` could name a library, and it was loaded when its value was checked,
/// for `--print-config` too. With the prefix that kcat puts before properties of topics it was loaded still.
pub fn a_file_loads_no_code() {
    for name in [
        "plugin.library.paths",
        "ssl.engine.location",
        "ssl.engine.id",
        "ssl.providers",
        "sasl.kerberos.kinit.cmd",
        "topic.plugin.library.paths",
        "topic.ssl.engine.location",
        "topic.ssl.providers",
    ] {
        let bare = name.trim_start_matches("topic.");
        let message = format!("error: property `{bare}` cannot be set in ");
        let with_file = |run: Kcons| {
            fs::write(run.home().join("p"), format!("{name}=/no/such.so\n")).expect("written");
            let folder = run.home().join(".config/kcons");
            fs::create_dir_all(&folder).expect("a folder");
            let profile =
                format!("[profile.p]\n\"{name}\" = \"/no/such.so\"\n[profile.q]\nproperty = \"{name}=x\"\n");
            fs::write(folder.join("config.toml"), profile).expect("written");
            run
        };
        let consume = ["consume", "t", "--print-config"];
        for run in [
            kcons(&consume).args(["-F", "p"]),
            kcons(&consume).env("KCONS_CONFIG", "p"),
            kcons(&consume).args(["--profile", "p"]),
            kcons(&consume).args(["--profile", "q"]),
            kcons(&consume).env("KCONS_PROFILE", "p"),
        ] {
            with_file(run).run().has_code(2).has_stdout("").stderr_contains(&message);
        }
    }
    // What is typed is not loaded to be printed either.
    let outcome = kcons(&["consume", "t", "--print-config", "-X", "plugin.library.paths=/no/such.so"]).run();
    outcome.has_code(0).has_stderr("").stdout_contains("/no/such.so");
    kcons(&["consume", "t", "-X", "plugin.library.paths=/no/such.so"])
        .run()
        .has_code(2)
        .stderr_contains("/no/such.so");
}

/// Handlers had the variable of `-X sasl.password=env:NAME` in their environment.
pub fn handlers_do_not_inherit_a_variable_with_a_secret() {
    let mock = Mock::start(1);
    mock.create_topic("t", 1);
    mock.produce("t", &[Produced::value("v")]);
    let worker = "read line; echo secret=$SECRET other=$OTHER store=$STORE >&2; echo ok";
    let script = "echo secret=$SECRET other=$OTHER store=$STORE >&2";
    for handler in [&["--exec", script][..], &["--", "sh", "-c", script], &["--worker", worker]] {
        let run = kcons(&["consume", "t", "-e", "-b", &mock.brokers(), "-X", "client.rack=env:SECRET"]);
        let run = run.args(["--dedup", ".value", "--dedup-store", "env:STORE"]).env("STORE", "ids.redb");
        let outcome = run.env("OTHER", "kept").args(handler).run();
        outcome.has_code(0).stderr_contains("secret= other=kept store=\n");
    }
    // Named by a file and by a profile.
    for named in [["-F", "p"], ["--profile", "p"]] {
        let run = kcons(&["consume", "t", "-e", "-b", &mock.brokers(), "--exec", script]).args(named);
        put(run.home(), "client.rack=env:SECRET\n", "\"client.rack\" = \"env:SECRET\"\n");
        run.run().has_code(0).stderr_contains("secret= other= store=\n");
    }
}

/// The store of `--dedup` was named by what the variable held.
pub fn a_store_that_a_variable_names_is_shown_as_that() {
    let mock = Mock::start(1);
    mock.create_topic("t", 1);
    mock.produce("t", &[Produced::value("v")]);
    for store in [
        "redis://s3cret.invalid:1/0",
        "redis://:s3cret@127.0.0.1:1/0",
        "redis://127.0.0.1:1/s3cret",
        "/dev/null/s3cret.redb",
        "file:/dev/null/s3cret",
        "s3cret.redb",
    ] {
        let run =
            kcons(&["consume", "t", "-e", "-b", &mock.brokers(), "--exec", "true", "--dedup", ".value"]);
        fs::write(run.home().join("s3cret.redb"), "none").expect("written");
        let outcome = run.args(["--dedup-store", "env:STORE"]).env("STORE", store).run();
        hides(&outcome);
        let is_refused = [Some(1), Some(2)].contains(&outcome.code());
        outcome.stderr_contains("env:STORE").check(is_refused, "the store is none");
    }
}

fn put(home: &Path, properties: &str, profile: &str) {
    fs::write(home.join("p"), properties).expect("written");
    fs::create_dir_all(home.join(".config/kcons")).expect("a folder");
    fs::write(home.join(".config/kcons/config.toml"), format!("[profile.p]\n{profile}")).expect("written");
}

/// TLS without any verification, and a client secret that is sent in the clear, were not worth a word.
pub fn switching_verification_off_is_warned_of() {
    let run = |properties: &[&str]| {
        let typed = properties.iter().flat_map(|property| ["-X", property]);
        let outcome =
            kcons(&["topic", "list", "-b", "127.0.0.1:1", "--connect-timeout", "500ms"]).args(typed).run();
        outcome.has_code(3);
        outcome.stderr_text()
    };
    let count = |text: &str| text.matches("warning: ").count();
    for (property, part) in [
        ("enable.ssl.certificate.verification=false", "certificates are not verified"),
        ("ssl.endpoint.identification.algorithm=none", "host names of brokers are not verified"),
        ("ssl.endpoint.identification.algorithm=", "host names of brokers are not verified"),
    ] {
        let said = run(&["security.protocol=SSL", property]);
        assert!(count(&said) == 1 && said.contains(part), "{said}");
    }
    let tokens = [
        "security.protocol=SASL_PLAINTEXT",
        "sasl.mechanism=OAUTHBEARER",
        "sasl.oauthbearer.client.id=a",
        "sasl.oauthbearer.client.secret=b",
    ];
    let endpoint = |url| [&tokens[..], &[url]].concat();
    let said = run(&endpoint("sasl.oauthbearer.token.endpoint.url=http://127.0.0.1:1/t"));
    assert!(
        said.contains("warning: the client secret is sent to `http://127.0.0.1:1/t` unencrypted\n"),
        "{said}"
    );
    assert_eq!(count(&run(&endpoint("sasl.oauthbearer.token.endpoint.url=https://127.0.0.1:1/t"))), 0);
    assert_eq!(count(&run(&["security.protocol=SSL"])), 0);
}

/// `openssl.cnf`, of `OPENSSL_CONF` or of a folder that others may write to, had libraries loaded.
pub fn no_openssl_of_others_loads_code() {
    let connect =
        ["topic", "list", "-X", "security.protocol=SSL", "-b", "127.0.0.1:1", "--connect-timeout", "3s"];
    let run = kcons(&connect);
    let file = run.home().join("openssl.cnf");
    // With diagnostics nothing of OpenSSL works once the library cannot be loaded.
    let text = "config_diagnostics = 1\nopenssl_conf = start\n[start]\nproviders = all\n[all]\nevil = evil\n\
                [evil]\nmodule = /no/such/library.so\nactivate = 1\n";
    fs::write(&file, text).expect("written");
    run.env("OPENSSL_CONF", &file).run().has_code(3).stderr_contains("caused by: connection refused\n");
}
