//! `server.properties` of the brokers: small, quick, and with short time-outs.

use std::fmt::Write;
use std::path::Path;

use super::install::USERS;
use super::kafka::Kind;

/// What tells one node from another.
pub struct Node<'a> {
    pub kind: Kind,
    /// Starts at 1.
    pub id: usize,
    pub folder: &'a Path,
    /// The port clients use and the port of the controller, per node.
    pub ports: &'a [(u16, u16)],
    /// Listeners beside the plain one: name, security protocol, port, and the address clients are told.
    pub listeners: &'a [Listener],
    pub extra: &'a [(String, String)],
}

/// A listener beside the plain one.
pub struct Listener {
    pub name: &'static str,
    pub protocol: &'static str,
    pub port: u16,
    /// `host:port` that clients are told; the listener's own if absent.
    pub advertised: Option<String>,
}

/// Writes the properties of one node.
pub fn server_properties(node: &Node<'_>) -> String {
    let copies = node.ports.len();
    let in_sync = copies.div_ceil(2);
    let mut text = addresses(node);
    let data = node.folder.join("data");
    writeln!(text, "log.dirs={}", data.display()).expect("a string can be written");
    for name in ["offsets.topic.replication.factor", "transaction.state.log.replication.factor"] {
        writeln!(text, "{name}={copies}").expect("a string can be written");
    }
    writeln!(text, "default.replication.factor={copies}").expect("a string can be written");
    for name in ["min.insync.replicas", "transaction.state.log.min.isr"] {
        writeln!(text, "{name}={in_sync}").expect("a string can be written");
    }
    text.push_str(COMMON);
    writeln!(text, "broker.session.timeout.ms={}", session_timeout(node.kind))
        .expect("a string can be written");
    if let Kind::Secure = node.kind {
        text.push_str(&security(&node.folder.join("tls")));
    }
    for (name, value) in node.extra {
        writeln!(text, "{name}={value}").expect("a string can be written");
    }
    text
}

fn addresses(node: &Node<'_>) -> String {
    let (client, controller) = node.ports[node.id - 1];
    let mut listeners = format!("PLAINTEXT://127.0.0.1:{client}");
    let mut advertised = listeners.clone();
    let mut protocols = "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned();
    for Listener { name, protocol, port, advertised: told } in node.listeners {
        let own = format!("127.0.0.1:{port}");
        write!(listeners, ",{name}://{own}").expect("a string can be written");
        write!(advertised, ",{name}://{}", told.as_ref().unwrap_or(&own)).expect("a string can be written");
        write!(protocols, ",{name}:{protocol}").expect("a string can be written");
    }
    let voters: Vec<_> =
        (1..).zip(node.ports).map(|(id, ports)| format!("{id}@127.0.0.1:{}", ports.1)).collect();
    format!(
        "process.roles=broker,controller\nnode.id={}\ncontroller.quorum.voters={}\n\
         controller.listener.names=CONTROLLER\nlisteners={listeners},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners={advertised}\nlistener.security.protocol.map={protocols}\n",
        node.id,
        voters.join(","),
    )
}

const COMMON: &str = "\
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=2
num.network.threads=2
num.io.threads=4
background.threads=2
# groups
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.session.timeout.ms=6000
group.consumer.min.heartbeat.interval.ms=200
group.consumer.heartbeat.interval.ms=500
# cleaner and retention
log.initial.task.delay.ms=500
log.retention.check.interval.ms=500
log.segment.delete.delay.ms=500
log.cleaner.backoff.ms=500
log.cleaner.dedupe.buffer.size=4194304
log.cleaner.io.buffer.size=65536
broker.heartbeat.interval.ms=500
";

/// How long a broker may be silent. Of three a dead one is to be noticed soon; a single one that is starved must not be
/// fenced, but it serves again only that long after a kill.
fn session_timeout(kind: Kind) -> u32 {
    match kind {
        Kind::Cluster3 => 3_000,
        Kind::Plain | Kind::Secure => 6_000,
    }
}

fn security(tls: &Path) -> String {
    const KAFKA: &str = "org.apache.kafka.common.security";
    let passwords: String = USERS.iter().map(|user| format!(" user_{user}=\"{user}-secret\"")).collect();
    let mut text = "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n\
                    super.users=User:ANONYMOUS;User:admin\n\
                    ssl.principal.mapping.rules=RULE:^CN=([a-z]+).*$/$1/,DEFAULT\n\
                    listener.name.mtls.ssl.client.auth=required\n"
        .to_owned();
    let mut add = |line: String| text.push_str(&(line + "\n"));
    for listener in ["sasl", "saslssl"] {
        let name = format!("listener.name.{listener}");
        add(format!("{name}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"));
        add(format!("{name}.plain.sasl.jaas.config={KAFKA}.plain.PlainLoginModule required{passwords};"));
        for mechanism in ["scram-sha-256", "scram-sha-512"] {
            add(format!("{name}.{mechanism}.sasl.jaas.config={KAFKA}.scram.ScramLoginModule required;"));
        }
    }
    for (listener, own) in [
        ("ssl", "server.pem"),
        ("mtls", "server.pem"),
        ("saslssl", "server.pem"),
        ("expired", "expired.server.pem"),
        ("elsewhere", "elsewhere.server.pem"),
    ] {
        for (store, file) in [("keystore", own), ("truststore", "ca.pem")] {
            add(format!("listener.name.{listener}.ssl.{store}.type=PEM"));
            add(format!("listener.name.{listener}.ssl.{store}.location={}", tls.join(file).display()));
        }
    }
    let module = format!("{KAFKA}.oauthbearer.OAuthBearerLoginModule required");
    let oidc = "listener.name.oidc";
    add(format!("{oidc}.sasl.enabled.mechanisms=OAUTHBEARER"));
    add(format!("{oidc}.oauthbearer.sasl.jaas.config={module};"));
    let handler = "OAuthBearerValidatorCallbackHandler";
    add(format!("{oidc}.oauthbearer.sasl.server.callback.handler.class={KAFKA}.oauthbearer.{handler}"));
    add(format!("{oidc}.sasl.oauthbearer.jwks.endpoint.url=file://{}", tls.join("jwks.json").display()));
    add(format!("{oidc}.sasl.oauthbearer.expected.audience=kafka"));
    // A token that expires ends its connection, if the client brings no new one.
    add(format!("{oidc}.oauthbearer.connections.max.reauth.ms=60000"));
    add("listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER".to_owned());
    add(format!(
        "listener.name.oauth.oauthbearer.sasl.jaas.config={module} unsecuredLoginStringClaim_sub=\"admin\";"
    ));
    text
}
