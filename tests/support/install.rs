//! Apache Kafka itself: jars from Maven Central, format templates and a class data archive, kept between runs.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, io};

use nix::fcntl::{Flock, FlockArg};

use super::folder;
use super::kafka::{Kafka, Kind};

pub const VERSION: &str = "4.3.1";

/// Where Kafka is and how its JVM is started.
pub struct Install {
    folder: PathBuf,
    java: PathBuf,
    classpath: String,
}

/// The answer to every format step; without one it would take a JVM start of its own.
pub const CLUSTER_ID: &str = "AAAAAAAAAAAAAAAAAAAAAQ";

/// Names of the users of a secured broker; the password of NAME is `NAME-secret`.
pub const USERS: [&str; 5] = ["admin", "alice", "bob", "carol", "dave"];

/// Tells in words what this machine lacks to run a real Kafka.
pub fn missing() -> Option<String> {
    let mut missing = Vec::new();
    if java_version().is_none_or(|version| version < 17) {
        missing.push("Java 17 or newer (`apt-get install openjdk-17-jre-headless`)");
    }
    if on_path("mvn").is_none() && !home().join("ready").exists() {
        missing.push("Maven (`apt-get install maven`)");
    }
    (!missing.is_empty()).then(|| missing.join(" and "))
}

/// Gives the installed Kafka, fetched when it is not there yet.
pub fn installed() -> &'static Install {
    static INSTALL: OnceLock<Result<Install, String>> = OnceLock::new();
    match INSTALL.get_or_init(install) {
        Ok(install) => install,
        Err(why) => panic!("{why}"),
    }
}

impl Install {
    /// The start of a command line: a JVM that starts fast and uses the class data archive.
    pub fn java(&self, heap: &str) -> Command {
        let archive = self.archive();
        let option = archive.exists().then(|| format!("-XX:SharedArchiveFile={}", archive.display()));
        self.java_with(heap, option)
    }

    /// The product of a format step, which does not depend on ports: with users or without.
    pub fn checkpoint(&self, kind: Kind) -> PathBuf {
        let (name, options) = match kind {
            Kind::Plain | Kind::Cluster3 => ("plain", Vec::new()),
            Kind::Secure => ("secure", scram_options()),
        };
        let checkpoint = self.folder.join(format!("{name}.checkpoint"));
        if !checkpoint.exists() {
            let _lock = lock(&self.folder);
            if !checkpoint.exists() {
                self.format(&options, &checkpoint);
            }
        }
        checkpoint
    }

    fn java_with(&self, heap: &str, option: Option<String>) -> Command {
        let mut command = Command::new(&self.java);
        command
            .args([&format!("-Xmx{heap}"), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"])
            .args(["-Xlog:disable", "-Xlog:all=error:stderr"])
            .args(option)
            .args(["-cp", &self.classpath])
            .arg(format!("-Dlog4j2.configurationFile={}", self.folder.join("log4j2.yaml").display()));
        command
    }

    /// The archive fits one JVM and one list of jars only.
    fn archive(&self) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        (&self.java, &self.classpath).hash(&mut hasher);
        self.folder.join(format!("{:016x}.jsa", hasher.finish()))
    }

    fn format(&self, options: &[String], checkpoint: &Path) {
        let place = folder::own_folder();
        let properties = place.path().join("properties");
        let data = place.path().join("data");
        let lines = format!(
            "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:1\n\
             controller.listener.names=CONTROLLER\nlog.dirs={}\n\
             listeners=PLAINTEXT://127.0.0.1:2,CONTROLLER://127.0.0.1:1\n",
            data.display()
        );
        fs::write(&properties, lines).expect("the folder can be written");
        let mut command = self.java("128m");
        command
            .args(["kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c"])
            .arg(properties)
            .args(options);
        run(&mut command).unwrap_or_else(|why| panic!("Kafka's format step failed: {why}"));
        move_into_place(&data.join("bootstrap.checkpoint"), checkpoint);
    }

    /// Runs a broker once; the JVM writes the archive when it ends.
    fn make_archive(&self) {
        let archive = self.archive();
        let unfinished = archive.with_extension("unfinished");
        let option = format!("-XX:ArchiveClassesAtExit={}", unfinished.display());
        let kafka = Kafka::start_with(self, self.java_with("256m", Some(option)));
        kafka.exercise();
        kafka.stop(1);
        // Without an archive the start is slower, nothing else.
        if unfinished.exists() {
            move_into_place(&unfinished, &archive);
        }
    }
}

fn install() -> Result<Install, String> {
    let folder = home();
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let java = on_path("java").and_then(|java| java.canonicalize().ok()).ok_or("Java is not installed")?;
    // Another test process may be doing the same.
    let _lock = lock(&folder);
    if !folder.join("ready").exists() {
        fetch(&folder)?;
    }
    let classpath =
        jars(&folder.join("libs")).map_err(|error| format!("cannot list Kafka's jars: {error}"))?;
    let install = Install { folder, java, classpath };
    let plain = install.folder.join("plain.checkpoint");
    if !plain.exists() {
        install.format(&[], &plain);
    }
    if !install.archive().exists() {
        install.make_archive();
    }
    Ok(install)
}

fn fetch(folder: &Path) -> Result<(), String> {
    let write =
        |name: &str, text: &str| fs::write(folder.join(name), text).map_err(|error| error.to_string());
    write("pom.xml", &POM.replace("VERSION", VERSION))?;
    write("log4j2.yaml", LOG)?;
    let libs = folder.join("libs");
    let _ = fs::remove_dir_all(&libs);
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "-f"]).arg(folder.join("pom.xml")).arg("dependency:copy-dependencies");
    maven.arg(format!("-DoutputDirectory={}", libs.display())).arg("-DincludeScope=runtime");
    run(&mut maven).map_err(|why| format!("Maven could not fetch Kafka {VERSION}: {why}"))?;
    write("ready", "")
}

/// Runs a command to its end; gives the last lines it said if it failed.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().collect();
    Err(lines[lines.len().saturating_sub(20)..].join("\n"))
}

fn home() -> PathBuf {
    folder::base().join("kafka").join(VERSION)
}

fn lock(folder: &Path) -> Flock<File> {
    let file = File::create(folder.join("lock")).expect("the target folder can be written");
    Flock::lock(file, FlockArg::LockExclusive).unwrap_or_else(|(_, error)| panic!("cannot lock: {error}"))
}

/// The archive needs the same jars in the same order each time.
fn jars(folder: &Path) -> io::Result<String> {
    let mut jars = Vec::new();
    for entry in fs::read_dir(folder)? {
        jars.push(entry?.path().display().to_string());
    }
    jars.sort();
    Ok(jars.join(":"))
}

fn move_into_place(from: &Path, to: &Path) {
    // Both ends may be on different file systems; the rename makes it whole or absent.
    let unfinished = to.with_extension("copy");
    fs::copy(from, &unfinished).expect("the target folder can be written");
    fs::rename(&unfinished, to).expect("the target folder can be written");
    let _ = fs::remove_file(from);
}

fn scram_options() -> Vec<String> {
    let mut options = Vec::new();
    for user in USERS {
        for bits in [256, 512] {
            options.push("--add-scram".to_owned());
            options.push(format!("SCRAM-SHA-{bits}=[name={user},password={user}-secret]"));
        }
    }
    options
}

fn on_path(program: &str) -> Option<PathBuf> {
    let home =
        env::var_os("JAVA_HOME").filter(|_| program == "java").map(|home| PathBuf::from(home).join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    home.into_iter()
        .chain(env::split_paths(&path))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

fn java_version() -> Option<u32> {
    let output = Command::new(on_path("java")?).arg("-version").stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    // `openjdk version "17.0.15" 2025-04-15`
    text.split('"').nth(1)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

const POM: &str = r#"<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>VERSION</version></dependency>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>VERSION</version>
<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
</dependencies></project>
"#;

const LOG: &str = r#"Configuration:
  status: error
  Appenders: { Console: { name: OUT, target: SYSTEM_ERR, PatternLayout: { pattern: "[%d] %p %m (%c)%n" } } }
  Loggers: { Root: { level: WARN, AppenderRef: [ { ref: OUT } ] } }
"#;
