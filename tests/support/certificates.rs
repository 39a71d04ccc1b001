//! Certificates for a secured broker, made by the `openssl` command.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

/// Makes `ca.pem`, `other-ca.pem`, `server.pem` and `NAME.pem` with `NAME.key` for alice and bob.
///
/// Beside them stores with mistakes: `expired.server.pem`, `elsewhere.server.pem` (for another host), `mallory.pem`
/// (signed by the other authority); `alice.encrypted.key` (its password is alice-secret) and `alice.store.pem` with
/// key and certificate; `jwt.key` with its `jwks.json`, and `other-jwt.key`.
pub fn make(folder: &Path) {
    fs::create_dir_all(folder).expect("the folder is ours");
    for authority in ["ca", "other-ca"] {
        let subject = format!("/CN=kcons test {authority}");
        let files = [format!("{authority}.key"), format!("{authority}.pem")];
        let mut arguments = vec!["req", "-x509", "-days", "30", "-subj", &subject];
        arguments.extend(["-keyout", &files[0], "-out", &files[1]]);
        openssl(folder, &[&arguments[..], &NEW_KEY].concat());
    }
    let here = "DNS:localhost,IP:127.0.0.1";
    for owner in ["localhost", "alice", "bob"] {
        sign(folder, &Certificate { owner, names: here, authority: "ca", days: "30" });
    }
    sign(folder, &Certificate { owner: "expired", names: here, authority: "ca", days: "-1" });
    sign(
        folder,
        &Certificate { owner: "elsewhere", names: "DNS:elsewhere.example", authority: "ca", days: "30" },
    );
    sign(folder, &Certificate { owner: "mallory", names: here, authority: "other-ca", days: "30" });
    for (owner, store) in [
        ("localhost", "server.pem"),
        ("expired", "expired.server.pem"),
        ("elsewhere", "elsewhere.server.pem"),
        ("alice", "alice.store.pem"),
    ] {
        let read =
            |end: &str| fs::read_to_string(folder.join(format!("{owner}.{end}"))).expect("openssl wrote it");
        fs::write(folder.join(store), read("key") + &read("pem")).expect("the folder is ours");
    }
    let encrypt = [
        "pkcs8",
        "-topk8",
        "-in",
        "alice.key",
        "-passout",
        "pass:alice-secret",
        "-out",
        "alice.encrypted.key",
    ];
    openssl(folder, &encrypt);
    make_keys_of_tokens(folder);
}

/// Keys that sign tokens, and what the broker knows of the first one (RFC 7517).
fn make_keys_of_tokens(folder: &Path) {
    for key in ["jwt.key", "other-jwt.key"] {
        openssl(folder, &["genrsa", "-out", key, "2048"]);
    }
    let modulus = openssl(folder, &["rsa", "-in", "jwt.key", "-noout", "-modulus"]);
    let digits = modulus.trim().trim_start_matches("Modulus=").as_bytes();
    let byte =
        |pair: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("hexadecimal digits");
    let modulus: Vec<u8> = digits.chunks(2).map(byte).collect();
    let n = URL_SAFE_NO_PAD.encode(modulus);
    let key = json!({ "kty": "RSA", "kid": "test", "use": "sig", "alg": "RS256", "n": n, "e": "AQAB" });
    fs::write(folder.join("jwks.json"), json!({ "keys": [key] }).to_string()).expect("the folder is ours");
}

struct Certificate<'a> {
    owner: &'a str,
    names: &'a str,
    authority: &'a str,
    days: &'a str,
}

const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

fn sign(folder: &Path, wanted: &Certificate<'_>) {
    let Certificate { owner, names, authority, days } = wanted;
    let subject = format!("/CN={owner}");
    let [key, request, extension, certificate] =
        ["key", "csr", "ext", "pem"].map(|end| format!("{owner}.{end}"));
    fs::write(folder.join(&extension), format!("subjectAltName={names}\n")).expect("the folder is ours");
    let arguments = ["req", "-subj", &subject, "-keyout", &key, "-out", &request];
    openssl(folder, &[&arguments[..], &NEW_KEY].concat());
    let [authority, authority_key] = ["pem", "key"].map(|end| format!("{authority}.{end}"));
    let mut arguments = vec!["x509", "-req", "-in", &request, "-CA", &authority, "-CAkey", &authority_key];
    arguments.extend(["-CAcreateserial", "-days", days, "-extfile", &extension, "-out", &certificate]);
    openssl(folder, &arguments);
}

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run openssl: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?} failed\n{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
