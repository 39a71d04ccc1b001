//! A real Apache Kafka: one broker shared by the whole suite, or one of a test's own that it may break.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use nix::sys::signal::Signal;

use super::certificates;
use super::fixtures::Clients;
use super::folder;
use super::install::{CLUSTER_ID, Install, installed};
use super::ports::{free_port, local, wait_until_free};
use super::process::{Process, starting};
use super::properties::{self, Listener, server_properties};
use super::waiting::try_until;

/// What is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One broker without security.
    Plain,
    /// One broker with the listeners of [`Kafka::listener`], users and ACLs.
    Secure,
    /// Three brokers; topics get three replicas and need two of them.
    Cluster3,
}

/// A running Kafka on 127.0.0.1; it ends and leaves nothing behind when the value is dropped.
pub struct Kafka {
    kind: Kind,
    folder: PathBuf,
    nodes: Vec<Node>,
    listeners: Vec<Listener>,
    pub(super) clients: Clients,
}

struct Node {
    port: u16,
    controller: u16,
    process: Mutex<Option<Process>>,
}

const LIMIT: Duration = Duration::from_secs(60);

/// Gives the plain broker that all tests of this suite share; nobody may stop it.
pub fn kafka() -> &'static Kafka {
    static SHARED: OnceLock<Kafka> = OnceLock::new();
    // It is never started again, so it may take any time to be missed.
    SHARED.get_or_init(|| Kafka::start(Kind::Plain, &[("broker.session.timeout.ms", "60000")]))
}

impl Kafka {
    /// Starts a Kafka of the test's own with more lines for `server.properties`.
    pub fn start(kind: Kind, extra: &[(&str, &str)]) -> Kafka {
        let listeners = match kind {
            Kind::Plain | Kind::Cluster3 => Vec::new(),
            Kind::Secure => secure_listeners(),
        };
        let kafka = Kafka::started(installed(), kind, listeners, extra);
        if kind == Kind::Secure {
            kafka.allow_users();
        }
        kafka
    }

    /// Starts one broker whose [`Kafka::listener`] `PROXIED` tells clients to come to `address`.
    ///
    /// Fixtures do not go through it: they use the plain listener.
    pub fn start_behind(address: SocketAddr, extra: &[(&str, &str)]) -> Kafka {
        let advertised = Some(address.to_string());
        let proxied = Listener { name: "PROXIED", protocol: "PLAINTEXT", port: free_port(), advertised };
        Kafka::started(installed(), Kind::Plain, vec![proxied], extra)
    }

    /// Starts one plain broker with this JVM; for making the class data archive.
    pub(super) fn start_with(install: &Install, java: Command) -> Kafka {
        let kafka = Kafka::prepared(install, Kind::Plain, Vec::new(), &[]);
        kafka.launch(java, 1);
        kafka.wait_until_serving(1).unwrap_or_else(|why| panic!("{why}"));
        kafka
    }

    /// The bootstrap servers.
    pub fn brokers(&self) -> String {
        self.nodes.iter().map(|node| local(node.port).to_string()).collect::<Vec<_>>().join(",")
    }

    /// How many nodes there are; they are numbered from 1.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The address of a listener: `PROXIED`; of [`Kind::Secure`]: `SASL` (plaintext), `SSL`,
    /// `MTLS` (asks for a client certificate), `SASLSSL`, `OAUTH` (unsecured tokens), `OIDC` (tokens that
    /// [`TokenEndpoint`](super::tokens::TokenEndpoint) signed), `EXPIRED` and `ELSEWHERE` (certificates with a fault).
    pub fn listener(&self, name: &str) -> String {
        let listener = self.listeners.iter().find(|listener| listener.name == name);
        local(listener.unwrap_or_else(|| panic!("no listener {name}")).port).to_string()
    }

    /// The folder of [`Kind::Secure`] with what [`certificates::make`] makes.
    pub fn tls(&self) -> PathBuf {
        self.node_folder(1).join("tls")
    }

    /// Kills a node with SIGKILL.
    pub fn kill(&self, node: usize) {
        *self.process(node) = None;
    }

    /// Stops a node cleanly.
    pub fn stop(&self, node: usize) {
        if let Some(process) = self.process(node).take() {
            process.stop(LIMIT);
        }
    }

    /// Starts a node that was killed or stopped again, on its data and its ports, and waits until it serves.
    pub fn start_again(&self, node: usize) {
        wait_until_free(self.nodes[node - 1].port);
        wait_until_free(self.nodes[node - 1].controller);
        self.launch(installed().java("256m"), node);
        self.wait_until_serving(node).unwrap_or_else(|why| panic!("{why}"));
    }

    /// Freezes a node with SIGSTOP: it takes connections and answers nothing.
    pub fn freeze(&self, node: usize) {
        self.signal(node, Signal::SIGSTOP);
    }

    /// Lets a frozen node go on.
    pub fn thaw(&self, node: usize) {
        self.signal(node, Signal::SIGCONT);
    }

    /// The process id of a running node.
    pub fn pid(&self, node: usize) -> u32 {
        self.process(node).as_ref().expect("the node runs").pid()
    }

    /// The folder with the log of a partition on a node.
    pub fn partition_folder(&self, node: usize, topic: &str, partition: i32) -> PathBuf {
        self.node_folder(node).join("data").join(format!("{topic}-{partition}"))
    }

    /// What a node has logged so far, in all its lives.
    pub fn log(&self, node: usize) -> String {
        fs::read_to_string(self.node_folder(node).join("log")).unwrap_or_default()
    }

    /// Runs one of Kafka's own tools (`topics`, `consumer-groups`, …) on this Kafka; gives its standard output.
    pub fn tool(&self, name: &str, arguments: &[&str]) -> String {
        let mut command = installed().java("256m");
        command.arg(tool_class(name)).args(["--bootstrap-server", &self.brokers()]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = {
            let _starting = starting();
            command.spawn()
        };
        let output = child.and_then(Child::wait_with_output).expect("Java is there");
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "Kafka's tool {name} {arguments:?} failed\n{stdout}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        stdout
    }

    /// The command line of one of Kafka's own tools, with a JVM as Kafka's scripts start it.
    pub fn users_tool(&self, name: &str) -> Command {
        let mut command = installed().java("512m");
        command.args(["-XX:TieredStopAtLevel=4", "-XX:-UseSerialGC", "-XX:+UseG1GC"]);
        command.arg(tool_class(name)).args(["--bootstrap-server", &self.brokers()]);
        command
    }

    fn started(install: &Install, kind: Kind, mut listeners: Vec<Listener>, extra: &[(&str, &str)]) -> Kafka {
        let mut tries = 0;
        loop {
            let mut kafka = Kafka::prepared(install, kind, listeners, extra);
            (1..=kafka.node_count()).for_each(|node| kafka.launch(install.java("256m"), node));
            let served: Result<Vec<()>, String> =
                (1..=kafka.node_count()).map(|node| kafka.wait_until_serving(node)).collect();
            tries += 1;
            match served {
                Ok(_) => return kafka,
                // Somebody else took a port between our look at it and the start.
                Err(why) if why.contains("Address already in use") && tries < 3 => {
                    listeners = std::mem::take(&mut kafka.listeners);
                    listeners.iter_mut().for_each(|listener| listener.port = free_port());
                }
                Err(why) => panic!("{why}"),
            }
        }
    }

    /// Writes everything a start needs: properties, certificates, and what a format step would.
    fn prepared(install: &Install, kind: Kind, listeners: Vec<Listener>, extra: &[(&str, &str)]) -> Kafka {
        let count = if kind == Kind::Cluster3 { 3 } else { 1 };
        let ports: Vec<_> = (0..count).map(|_| (free_port(), free_port())).collect();
        let folder = folder::broker_folder();
        let extra: Vec<_> = extra.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        for id in 1..=count {
            let own = folder.join(format!("node-{id}"));
            format_data(&own.join("data"), &install.checkpoint(kind), id);
            let node = properties::Node {
                kind,
                id,
                folder: &own,
                ports: &ports,
                listeners: &listeners,
                extra: &extra,
            };
            fs::write(own.join("server.properties"), server_properties(&node)).expect("the folder is ours");
            if kind == Kind::Secure {
                certificates::make(&own.join("tls"));
            }
        }
        let nodes = ports
            .iter()
            .map(|&(port, controller)| Node { port, controller, process: Mutex::new(None) })
            .collect();
        Kafka { kind, folder, nodes, listeners, clients: Clients::default() }
    }

    fn launch(&self, mut java: Command, node: usize) {
        let folder = self.node_folder(node);
        let log =
            File::options().create(true).append(true).open(folder.join("log")).expect("the folder is ours");
        if self.kind == Kind::Secure {
            let keys = self.tls().join("jwks.json");
            java.arg(format!("-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=file://{}", keys.display()));
        }
        java.arg("kafka.Kafka").arg(folder.join("server.properties"));
        java.stdout(log.try_clone().expect("a file can be shared")).stderr(log);
        *self.process(node) = Some(Process::start(java, &folder));
    }

    fn wait_until_serving(&self, node: usize) -> Result<(), String> {
        let address = local(self.nodes[node - 1].port);
        let end = try_until(LIMIT, || {
            if self.process(node).as_mut().is_none_or(Process::has_ended) {
                return Some(Err("ended"));
            }
            TcpStream::connect(address).is_ok().then_some(Ok(()))
        });
        let end = end.unwrap_or(Err("does not serve"));
        end.map_err(|what| {
            format!("node {node} of Kafka {what}; its log ends with\n{}", tail(&self.log(node)))
        })
    }

    fn signal(&self, node: usize, signal: Signal) {
        self.process(node).as_ref().expect("the node runs").signal(signal);
    }

    fn process(&self, node: usize) -> MutexGuard<'_, Option<Process>> {
        self.nodes[node - 1].process.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn node_folder(&self, node: usize) -> PathBuf {
        self.folder.join(format!("node-{node}"))
    }

    /// alice: all topics and groups; carol: topics, no group; dave: groups, no topic; bob: nothing.
    fn allow_users(&self) {
        let operations = |names: &[&str]| {
            names.iter().flat_map(|name| ["--operation", *name]).collect::<Vec<_>>().join(" ")
        };
        let topics = operations(&["READ", "WRITE", "DESCRIBE", "DescribeConfigs", "CREATE"]);
        let groups = operations(&["READ", "DESCRIBE", "DELETE"]);
        std::thread::scope(|scope| {
            for (other, operations, what) in [("carol", topics, "--topic"), ("dave", groups, "--group")] {
                scope.spawn(move || {
                    let other = format!("User:{other}");
                    let mut arguments = vec!["--add", "--allow-principal", "User:alice"];
                    arguments.extend(["--allow-principal", &other]);
                    arguments.extend(operations.split(' '));
                    arguments.extend([what, "*"]);
                    self.tool("acls", &arguments);
                });
            }
        });
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        for node in 1..=self.node_count() {
            self.kill(node);
        }
        let _ = wait_for_removal(&self.folder);
    }
}

/// A killed JVM may still be writing its last file.
fn wait_for_removal(folder: &Path) -> Option<()> {
    try_until(Duration::from_secs(2), || fs::remove_dir_all(folder).is_ok().then_some(()))
}

fn format_data(data: &Path, checkpoint: &Path, id: usize) {
    fs::create_dir_all(data).expect("the folder is ours");
    fs::copy(checkpoint, data.join("bootstrap.checkpoint")).expect("the folder is ours");
    let meta =
        format!("version=1\ncluster.id={CLUSTER_ID}\nnode.id={id}\ndirectory.id=AAAAAAAAAAAAAAAAAAAA{id}w\n");
    fs::write(data.join("meta.properties"), meta).expect("the folder is ours");
}

fn secure_listeners() -> Vec<Listener> {
    [
        ("SASL", "SASL_PLAINTEXT"),
        ("SSL", "SSL"),
        ("MTLS", "SSL"),
        ("SASLSSL", "SASL_SSL"),
        ("OAUTH", "SASL_PLAINTEXT"),
        ("OIDC", "SASL_PLAINTEXT"),
        ("EXPIRED", "SSL"),
        ("ELSEWHERE", "SSL"),
    ]
    .map(|(name, protocol)| Listener { name, protocol, port: free_port(), advertised: None })
    .into()
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

fn tool_class(name: &str) -> String {
    let class = match name {
        "topics" => "TopicCommand",
        "acls" => "AclCommand",
        "groups" => "GroupsCommand",
        "consumer-groups" => "consumer.group.ConsumerGroupCommand",
        "console-consumer" => "consumer.ConsoleConsumer",
        "console-producer" => "ConsoleProducer",
        "delete-records" => "DeleteRecordsCommand",
        "offsets" => "GetOffsetShell",
        "transactions" => "TransactionsCommand",
        "leader-election" => "LeaderElectionCommand",
        "configs" => return "kafka.admin.ConfigCommand".to_owned(),
        other => panic!("unknown tool {other}"),
    };
    format!("org.apache.kafka.tools.{class}")
}
