//! Certificates for a secured broker, made by the `openssl` command.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// Makes `ca.pem`, `other-ca.pem`, `server.pem` and `NAME.pem` with `NAME.key` for alice and bob.
pub fn make(folder: &Path) {
    fs::create_dir_all(folder).expect("the folder is ours");
    for authority in ["ca", "other-ca"] {
        let subject = format!("/CN=kcons test {authority}");
        let files = [format!("{authority}.key"), format!("{authority}.pem")];
        let mut arguments = vec!["req", "-x509", "-days", "30", "-subj", &subject];
        arguments.extend(["-keyout", &files[0], "-out", &files[1]]);
        openssl(folder, &[&arguments[..], &NEW_KEY].concat());
    }
    for owner in ["localhost", "alice", "bob"] {
        sign(folder, owner);
    }
    let read = |name: &str| fs::read_to_string(folder.join(name)).expect("openssl wrote it");
    fs::write(folder.join("server.pem"), read("localhost.key") + &read("localhost.pem"))
        .expect("the folder is ours");
}

const NEW_KEY: [&str; 5] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

fn sign(folder: &Path, owner: &str) {
    let subject = format!("/CN={owner}");
    let [key, request, extension, certificate] =
        ["key", "csr", "ext", "pem"].map(|end| format!("{owner}.{end}"));
    fs::write(folder.join(&extension), "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        .expect("the folder is ours");
    let arguments = ["req", "-subj", &subject, "-keyout", &key, "-out", &request];
    openssl(folder, &[&arguments[..], &NEW_KEY].concat());
    let mut arguments = vec!["x509", "-req", "-in", &request, "-CA", "ca.pem", "-CAkey", "ca.key"];
    arguments.extend(["-CAcreateserial", "-days", "30", "-extfile", &extension, "-out", &certificate]);
    openssl(folder, &arguments);
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run openssl: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?} failed\n{said}");
}
