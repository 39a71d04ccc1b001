//! A real schema registry with Confluent's API: Apicurio Registry from Maven Central, kept between runs.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use serde_json::{Value, json};

use super::folder;
use super::ports::{free_port, local};
use super::process::Process;
use super::waiting::try_until;

/// The last version that runs on Java 17.
const VERSION: &str = "3.0.9";

const LIMIT: Duration = Duration::from_secs(60);

/// Where its API begins.
const PATH: &str = "/apis/ccompat/v7";

/// A registry in memory on 127.0.0.1; it ends with the tests.
pub struct Apicurio {
    port: u16,
    _process: Process,
}

/// The registry that all tests share, with the schemas of `tests/data/vectors` under their numbers.
pub fn apicurio() -> &'static Apicurio {
    static SHARED: OnceLock<Apicurio> = OnceLock::new();
    SHARED.get_or_init(|| {
        let registry = Apicurio::start();
        registry.fill();
        registry
    })
}

impl Apicurio {
    /// The URL, for `--registry`.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", local(self.port))
    }

    fn start() -> Apicurio {
        let home = installed();
        let registry = Apicurio::launch(home, free_port());
        let is_serving = || registry.ask("GET", "/subjects", "").is_some();
        try_until(LIMIT, || is_serving().then_some(())).unwrap_or_else(|| {
            let log = fs::read_to_string(log_of(registry.port)).unwrap_or_default();
            panic!("the registry does not answer; its log is\n{log}")
        });
        registry
    }

    fn launch(home: &Path, port: u16) -> Apicurio {
        let log = File::create(log_of(port)).expect("the target folder can be written");
        let mut java = Command::new("java");
        java.args(["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]).arg("-jar").arg(runner(home));
        java.env("QUARKUS_HTTP_HOST", "127.0.0.1").env("QUARKUS_HTTP_PORT", port.to_string());
        java.env("QUARKUS_LOG_LEVEL", "WARN").env("QUARKUS_HTTP_ACCESS_LOG_ENABLED", "false");
        java.env("APICURIO_STORAGE_KIND", "sql").env("APICURIO_STORAGE_SQL_KIND", "h2");
        java.stdout(log.try_clone().expect("a file can be shared")).stderr(log);
        Apicurio { port, _process: Process::start(java, &folder::broker_folder()) }
    }

    /// Registers the schemas in the order of their numbers, which gives them the same ones.
    fn fill(&self) {
        let mut schemas: Vec<Value> = super::vectors::registry()
            .into_iter()
            .filter_map(|(request, answer)| request.starts_with("GET /subjects/").then_some(answer))
            .collect();
        schemas.sort_by_key(|schema| schema["id"].as_u64());
        for schema in schemas {
            let subject = schema["subject"].as_str().expect("a subject");
            let mut body = json!({ "schema": schema["schema"] });
            for field in ["schemaType", "references"] {
                if let Some(value) = schema.get(field) {
                    body[field] = value.clone();
                }
            }
            let path = format!("/subjects/{subject}/versions");
            let answer = self.ask("POST", &path, &body.to_string()).unwrap_or_default();
            let id = serde_json::from_str::<Value>(&answer).unwrap_or_default()["id"].clone();
            assert_eq!(id, schema["id"], "{subject}: {answer}");
        }
    }

    /// The body of an answer; nothing unless it is 200.
    fn ask(&self, method: &str, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(local(self.port)).ok()?;
        stream.set_read_timeout(Some(LIMIT)).ok()?;
        let head = format!(
            "{method} {PATH}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + body).as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.starts_with("HTTP/1.1 200").then(|| body.to_owned())
    }
}

/// The folder of the registry, fetched when it is not there yet.
fn installed() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = folder::base().join("apicurio").join(VERSION);
        fs::create_dir_all(&home).expect("the target folder can be written");
        // Another test process may be doing the same.
        let lock = File::create(home.join("lock")).expect("the target folder can be written");
        let _lock = Flock::lock(lock, FlockArg::LockExclusive)
            .unwrap_or_else(|(_, error)| panic!("cannot lock: {error}"));
        if !home.join("ready").exists() {
            fetch(&home);
        }
        home
    })
}

fn fetch(home: &Path) {
    let artifact = format!("io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all");
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "dependency:copy"]).arg(format!("-Dartifact={artifact}"));
    run(maven.arg(format!("-DoutputDirectory={}", home.display())));
    let archive = home.join(format!("apicurio-registry-app-{VERSION}-all.tar.gz"));
    run(Command::new("tar").arg("xzf").arg(&archive).arg("-C").arg(home));
    let _ = fs::remove_file(archive);
    fs::write(home.join("ready"), "").expect("the target folder can be written");
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed\n{said}");
}

fn runner(home: &Path) -> PathBuf {
    let entries = fs::read_dir(home).expect("it was fetched").flatten();
    let mut names = entries.map(|entry| entry.path());
    let is_runner = |path: &PathBuf| path.to_string_lossy().ends_with("-runner.jar");
    names.find(is_runner).expect("the archive has the program")
}

fn log_of(port: u16) -> PathBuf {
    folder::base().join("apicurio").join(format!("{port}.log"))
}
