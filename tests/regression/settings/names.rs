//! Names and spellings of other tools and older versions.

use std::fs;
use std::process::Command;

use crate::support::Outcome;
use crate::support::run::Kcons;

fn with_file(text: &str) -> Outcome {
    let run = Kcons::new(["consume", "t", "-F", "p", "--connect-timeout", "500ms"]);
    fs::write(run.home().join("p"), text).expect("written");
    run.run()
}

/// `metadata.request.timeout.ms` and other properties that librdkafka had once made a whole file unusable, and so did
/// kcat's prefix for properties of topics.
pub fn a_file_that_kcat_took_is_taken() {
    let outcome = with_file(
        "metadata.broker.list=127.0.0.1:1\nmetadata.request.timeout.ms=30000\nprotocol.version=2\n\
         enforce.isr.cnt=1\nquota.support.enable=true\ntopic.auto.offset.reset=smallest\n\
         api.version.request=false\nbroker.version.fallback=0.9.0\nsocket.timeout.ms=3000\n",
    );
    outcome.has_code(3);
    for name in ["metadata.request.timeout.ms", "protocol.version", "enforce.isr.cnt", "quota.support.enable"]
    {
        outcome.stderr_contains(&format!("info: `{name}` in `p` line "));
    }
    outcome.stderr_contains("line 2 no longer has any effect\n");
    let typed = Kcons::new(["topic", "list", "-b", "127.0.0.1:1", "--connect-timeout", "500ms"])
        .args(["-X", "metadata.request.timeout.ms=1"])
        .run();
    typed.has_code(3).stderr_contains("info: `metadata.request.timeout.ms` no longer has any effect\n");
}

/// Quotes around a value are a part of it, which no message said.
pub fn quotes_in_a_file_are_named() {
    for text in [
        "bootstrap.servers='127.0.0.1:1'",
        "security.protocol='SASL_PLAINTEXT'",
        "sasl.mechanism=\"PLAIN\"\nsecurity.protocol=SASL_PLAINTEXT\nsasl.jaas.config='a.PlainLoginModule required username=\"u\" password=\"s3cret\";'",
        "session.timeout.ms=\"45000\"",
    ] {
        let outcome = with_file(text);
        outcome
            .has_code(2)
            .stderr_contains("hint: remove the quotes around the value\n")
            .stderr_lacks("s3cret");
    }
    let outcome = with_file(
        "bootstrap.servers=127.0.0.1:1\nsecurity.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n\
         sasl.username=\"alice\"\nsasl.password='s3cret'\n",
    );
    outcome.has_code(3).stderr_lacks("s3cret");
    for (name, line) in [("sasl.username", 4), ("sasl.password", 5)] {
        outcome.stderr_contains(&format!(
            "info: the quotes around `{name}` in `p` line {line} are part of its value\n"
        ));
    }
    with_file("export client.id=x").has_code(2).stderr_contains("hint: remove `export`\n");
    with_file("sasl_mechanism=PLAIN").has_code(2).stderr_contains("did you mean `sasl.mechanism`");
}

/// A trust store in PKCS12 was refused with a command of keytool, which nobody without Java has.
pub fn stores_that_openssl_reads_need_no_keytool() {
    let run = Kcons::new(["consume", "t", "-X", "ssl.truststore.location=trust.p12"]);
    fs::write(run.home().join("trust.p12"), [0x30, 0x82, 1, 2]).expect("written");
    let outcome = run.run();
    outcome.has_code(2).stderr_lacks("keytool");
    outcome.stderr_contains(
        "hint: openssl pkcs12 -in trust.p12 -nokeys -out ca.pem, then set `ssl.ca.location`",
    );
    // It is a command of the OpenSSL that people have.
    if let Ok(known) = Command::new("openssl").args(["pkcs12", "-help"]).output() {
        assert!(String::from_utf8_lossy(&known.stderr).contains("-nokeys"), "{known:?}");
    }
}

/// A file for the IAM login of Amazon or for Kerberos was told to set a user and a password.
pub fn a_login_of_others_is_said_to_be_missing() {
    let aws = "security.protocol=SASL_SSL\nsasl.mechanism=AWS_MSK_IAM\n";
    let module = "sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;\n";
    let handler =
        "sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler\n";
    for text in [
        format!("{aws}{module}{handler}"),
        format!("{handler}{aws}"),
        format!("{aws}{module}"),
        aws.to_owned(),
    ] {
        let outcome = with_file(&text);
        outcome.has_code(2).stderr_contains("AWS_MSK_IAM").stderr_contains("not built in");
        outcome.stderr_contains("hint: use SCRAM-SHA-512 or a client certificate");
        outcome.stderr_lacks("sasl.username").stderr_lacks("IAMLoginModule");
    }
    for text in [
        "sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true;",
        "security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI",
    ] {
        let outcome = with_file(text);
        outcome.has_code(2).stderr_contains("not built in").stderr_lacks("sasl.username");
        outcome.stderr_contains("hint: use a listener of the cluster with SCRAM");
    }
}

/// `-b http://…` was tried for ten seconds; `-b localhost` was not told which port is tried.
pub fn an_address_of_the_web_is_no_broker() {
    for brokers in ["http://localhost:9092", "https://localhost", "localhost:9092,http://h:1"] {
        let outcome = Kcons::new(["topic", "list", "-b", brokers]).run();
        outcome.has_code(2).stderr_contains("error: invalid broker `http").stderr_contains("without `http");
    }
    let outcome = Kcons::new(["topic", "list", "-b", "kcons.invalid", "--connect-timeout", "2s"]).run();
    outcome.has_code(3).stderr_contains("error: cannot reach any broker at `kcons.invalid:9092`\n");
}
