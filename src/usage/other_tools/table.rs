//! The table itself. A hint names only what kcons has.

use crate::cli::FOLLOWING;

/// Words of another tool, and the hint that says what replaces them.
pub struct Replacement {
    /// Options with their dashes, or words in place of a command.
    pub typed: &'static [&'static str],
    /// The commands behind which the words are known; empty for all commands.
    pub behind: &'static [&'static str],
    pub hint: &'static str,
}

/// Where no command is typed yet.
const START: &[&str] = &[""];

/// Commands that read a topic, and the place in front of a command.
const READING: &[&str] = &["", "consume", "demo"];

const NAME_THE_TOPIC: &str = "name the topic without an option: kcons consume TOPIC";

const fn anywhere(typed: &'static [&'static str], hint: &'static str) -> Replacement {
    Replacement { typed, behind: &[], hint }
}

const fn behind(
    behind: &'static [&'static str],
    typed: &'static [&'static str],
    hint: &'static str,
) -> Replacement {
    Replacement { typed, behind, hint }
}

/// Words of other tools. The first match counts.
pub const TABLE: &[Replacement] = &[
    // Words in place of a command.
    behind(
        START,
        &["tail", "follow"],
        "to read from now on: kcons consume TOPIC --from end; the newest 10: kcons consume TOPIC --last 10",
    ),
    behind(
        START,
        &["cat", "read", "dump", "print", "view", "fetch", "logs", "log"],
        "to read a topic up to its end: kcons consume TOPIC -e",
    ),
    behind(
        START,
        &["get", "ls", "list", "show"],
        "`kcons topic list` and `kcons group list` list topics and groups",
    ),
    behind(
        START,
        &["describe", "inspect", "info"],
        "`kcons topic describe TOPIC` and `kcons group describe GROUP`",
    ),
    behind(START, &["watch", "monitor"], "to watch a group: kcons lag GROUP --watch"),
    behind(
        START,
        &["brokers", "broker", "cluster", "config", "settings", "profiles"],
        "settings, and where they come from: kcons consume --print-config",
    ),
    behind(START, &["groups", "consumergroups", "consumer-groups"], "use the command: kcons group list"),
    behind(START, &["topics"], "use the command: kcons topic list"),
    behind(START, &["offsets", "offset"], "`kcons lag GROUP` and `kcons topic describe TOPIC` show offsets"),
    behind(START, &["reset", "seek"], "use the command: kcons group reset GROUP"),
    behind(START, &["delete", "rm", "remove"], "kcons only deletes groups: kcons group delete GROUP"),
    behind(
        START,
        &["produce", "send", "publish"],
        "kcons only consumes; Kafka's own tool produces: kafka-console-producer.sh",
    ),
    behind(
        &["", "topic"],
        &["create", "alter"],
        "kcons creates and changes no topic; Kafka's own tool does: kafka-topics.sh",
    ),
    behind(&["topic"], &["delete", "rm", "remove"], "Kafka's own tool deletes topics: kafka-topics.sh"),
    behind(&["topic"], &["ls", "all"], "use the command: kcons topic list"),
    behind(&["topic"], &["get", "show", "info", "inspect"], "use the command: kcons topic describe TOPIC"),
    behind(&["topic"], &["cat", "read", "tail", "consume", "dump"], "to read a topic: kcons consume TOPIC"),
    behind(&["group"], &["ls", "all"], "use the command: kcons group list"),
    behind(
        &["group"],
        &["get", "show", "info", "inspect", "members"],
        "use the command: kcons group describe GROUP",
    ),
    behind(&["group"], &["rm", "remove"], "use the command: kcons group delete GROUP"),
    behind(&["group"], &["seek", "set", "move"], "use the command: kcons group reset GROUP"),
    behind(&["group"], &["lag", "watch"], "use the command: kcons lag GROUP"),
    // Options of single commands.
    behind(&["lag"], &["--group", "-g", "-G"], "name the group without an option: kcons lag GROUP"),
    behind(
        &["lag", "group list"],
        &["-t", "--include", "--whitelist"],
        "to see only some topics: `--topic TOPIC`",
    ),
    behind(
        &["topic list"],
        &["--internal", "--include-internal"],
        "Kafka's own topics are listed with `--all`",
    ),
    behind(
        &["group describe"],
        &["--group", "-g", "-G"],
        "name the group without an option: kcons group describe GROUP",
    ),
    behind(
        &["group reset"],
        &["--group", "-g", "-G"],
        "name the group without an option: kcons group reset GROUP",
    ),
    behind(
        &["group delete"],
        &["--group", "-g", "-G"],
        "name the group without an option: kcons group delete GROUP",
    ),
    behind(&["group delete"], &["--force", "-f"], "`--yes` deletes without asking"),
    behind(
        &["topic describe"],
        &["--topic", "-t"],
        "name the topic without an option: kcons topic describe TOPIC",
    ),
    behind(&["topic list"], &["--topic", "-t"], "to see one topic: kcons topic describe TOPIC"),
    behind(
        &["lag"],
        &["--since", "--from", "--after"],
        "lag is as of now; to read records from a time on: kcons consume TOPIC --from -1h",
    ),
    behind(&["lag"], &["--all-groups", "--all"], "omit it: without GROUP all groups are shown"),
    behind(
        &["group describe", "group delete"],
        &["--all-groups"],
        "name the groups; `kcons group list` lists them",
    ),
    behind(&["group describe"], &["--watch", "-w"], "to watch a group: kcons lag GROUP --watch"),
    behind(&["lag"], &["-w"], "`--watch`"),
    behind(&["group list"], &["--group", "-g", "-G"], "to see one group: kcons group describe GROUP"),
    behind(
        &["group reset"],
        &["-t", "--topics", "--include", "--whitelist"],
        "the topics to reset: `--topic TOPIC` for each, or `--all-topics`",
    ),
    behind(
        &["group reset"],
        &["--from", "--offset"],
        "the new position is `--to POS`, as in `--to beginning`",
    ),
    behind(&["group reset"], &["--to-earliest"], "`--to beginning`"),
    behind(&["group reset"], &["--to-latest"], "`--to end`"),
    behind(
        &["group reset"],
        &["--to-offset", "--to-datetime"],
        "`--to POS`, as in `--to 17` or `--to 2026-11-23T09:00`",
    ),
    behind(&["group reset"], &["--by-duration"], "`--to -1h` moves the group back by an hour"),
    behind(&["group reset"], &["--shift-by"], "`--shift +N` or `--shift -N`"),
    behind(&["group reset"], &["--dry-run"], "omit it: nothing is changed without `--execute`"),
    behind(&["group reset"], &["--yes", "-y", "--force", "-f"], "`--execute` makes the change"),
    behind(&["group reset"], &["--reset-offsets"], "omit it: `kcons group reset` says it"),
    behind(
        &[
            "lag",
            "group list",
            "group describe",
            "group reset",
            "group delete",
            "topic list",
            "topic describe",
        ],
        &["--json", "-J", "--raw", "--format", "--no-headers"],
        "for scripts: `--output json`",
    ),
    // Where to start and stop.
    behind(
        READING,
        &["--since", "--after", "--start", "--begin", "--from-time"],
        "`--from POS` says where to start, as in `--from -1h` or `--from 2026-11-23T09:00`",
    ),
    behind(
        READING,
        &["--until", "--before", "--stop", "--to-time"],
        "`--to POS` says where to stop, as in `--to -1h` or `--to 2026-11-23T09:00`",
    ),
    behind(
        READING,
        &["--tail"],
        "`--last 5` prints the newest 5 records; `--from -5` starts 5 before the end of each partition and goes on",
    ),
    behind(
        READING,
        &["--offset", "--from-offset", "--start-offset", "--offsets"],
        "`--from POS` says where to start, as in `--from 17`",
    ),
    behind(READING, &["--beginning", "--earliest", "--oldest"], "`--from beginning`"),
    behind(
        READING,
        &["--sort", "--sorted", "--sort-by", "--ordered", "--chronological"],
        "`--merge` puts the records of all partitions in the order of their timestamps",
    ),
    behind(READING, &["--latest", "--newest"], "`--from end`"),
    behind(
        READING,
        &["--from-beginning"],
        "omit it: without a committed offset a run starts at the beginning",
    ),
    behind(
        READING,
        &["--limit", "--cnt", "--max", "--num", "--number", "--head", "--max-messages", "--max-count", "-c"],
        "to stop after N records: `--count N`",
    ),
    behind(READING, &["--timeout-ms"], "to stop when no record arrives: `--idle-timeout 30s`"),
    behind(
        READING,
        &["--end", "--once", "--no-follow", "--no-wait", "--until-end", "--exit-eof"],
        "to stop at the end: `--exit`",
    ),
    behind(&["", "consume"], &["--follow"], FOLLOWING),
    behind(READING, &["--partition"], "`--partitions 0` reads some partitions, as in `--partitions 0,2`"),
    // Groups and commits.
    behind(
        READING,
        &["-G", "--group-id", "--groupid", "--consumer-group"],
        "to join a group: `--group NAME`",
    ),
    behind(
        READING,
        &["--group-instance-id", "--group-instance"],
        "`--instance-id ID` names this member for good",
    ),
    behind(
        READING,
        &["--auto-offset-reset", "--initial-offset"],
        "`--offset-reset earliest` or `--offset-reset latest`",
    ),
    behind(READING, &["--no-commit", "--no-auto-commit", "--dry-run"], "to commit nothing: `--commit never`"),
    behind(
        READING,
        &["--isolation-level"],
        "only committed records are read; `--read-uncommitted` reads all of them",
    ),
    // Output.
    behind(READING, &["--raw"], "`--output raw`"),
    behind(READING, &["--pretty"], "`--output pretty`"),
    behind(READING, &["--line", "--lines"], "`--output line`"),
    behind(READING, &["--template"], "`--format TEMPLATE`, as in `--format '%k: %s\\n'`"),
    behind(
        READING,
        &["--match", "--search", "--contains"],
        "`--grep TEXT` keeps records that contain a text",
    ),
    behind(
        READING,
        &["--where", "--query"],
        "`--filter EXPR` keeps records for which a jq expression is true, as in `--filter '.key == \"k\"'`",
    ),
    behind(READING, &["-J"], "use `--output json`; a pipe gets JSON by default"),
    behind(
        READING,
        &["-K"],
        "keys are in `--output json` and `--output pretty`, or where a template says: `--format '%k: %s\\n'`",
    ),
    behind(READING, &["-u"], "omit it: records are never held in a buffer"),
    behind(
        READING,
        &["--formatter-property", "--formatter-config"],
        "keys, timestamps and headers are in `--output json`, or where a template says: `--format '%T %k %s\\n'`",
    ),
    behind(
        READING,
        &["--formatter"],
        "`--output` or a template (`--format`) is the form of a record, `--value-format` how its value is decoded",
    ),
    behind(
        READING,
        &["-s"],
        "to choose how values and keys are decoded: `--value-format` and `--key-format`",
    ),
    behind(
        READING,
        &["--schema-registry", "--schema-registry-url", "--registry-url", "--sr"],
        "the schema registry is given with `--registry URL`",
    ),
    behind(READING, &["--key-deserializer", "--key-decoder"], "`--key-format` says how keys are decoded"),
    behind(
        READING,
        &["--value-deserializer", "--value-decoder"],
        "`--value-format` says how values are decoded",
    ),
    behind(
        READING,
        &["--skip-message-on-error", "--reject-message-on-error"],
        "omit it: a record that cannot be decoded is a warning; `--strict` ends the run there",
    ),
    // Handlers.
    behind(
        READING,
        &["--workers", "--threads", "--concurrency", "--jobs"],
        "`--parallel N` handles N records at once",
    ),
    behind(READING, &["--dlq", "--dead-letter-topic", "--dead-letter-queue"], "`--dead-letter TOPIC`"),
    // What to read.
    behind(READING, &["-C"], "use the command: kcons consume TOPIC"),
    behind(READING, &["-t", "--topic", "--topics", "--include", "--whitelist"], NAME_THE_TOPIC),
    // Everywhere.
    anywhere(
        &["--bootstrap-server", "--bootstrap-servers", "--bootstrap", "--broker-list", "--server", "--host"],
        "brokers are given with `--brokers HOST:PORT`",
    ),
    anywhere(
        &["--zookeeper"],
        "brokers are given with `--brokers HOST:PORT`; clients no longer need ZooKeeper",
    ),
    anywhere(
        &["--consumer.config", "--command-config", "--properties"],
        "a properties file is read with `--config FILE`",
    ),
    anywhere(&["--consumer-property", "--command-property"], "a property is set with `-X KEY=VALUE`"),
    anywhere(&["--no-color", "--no-colour", "--nocolor"], "`--color never`"),
    anywhere(&["--colour", "--colors"], "`--color WHEN`"),
    anywhere(&["--silent"], "`--quiet`"),
    anywhere(&["--debug", "--trace"], "`-v` prints more; `-vv` prints librdkafka's own log, too"),
    anywhere(&["--list"], "`kcons group list` and `kcons topic list`"),
    anywhere(&["--describe"], "`kcons group describe GROUP` and `kcons topic describe TOPIC`"),
    anywhere(&["-L"], "`kcons topic list` lists topics, `kcons topic describe TOPIC` describes one"),
    anywhere(&["-P"], "kcons only consumes; Kafka's own tool produces: kafka-console-producer.sh"),
    anywhere(&["-Q"], "`--from` finds the offsets of a time, as in `--from 2026-11-23T09:00`"),
];

/// Options without their values, which mean something else in other tools.
pub const WITHOUT_VALUES: &[Replacement] = &[
    behind(
        &["consume"],
        &["--format"],
        "it takes a template, as in `--format '%k: %s\\n'`; a run follows the topic without any option",
    ),
    behind(
        &["demo"],
        &["--format"],
        "it takes a template, as in `--format '%k: %s\\n'`; `--follow` goes on until Ctrl-C",
    ),
];

/// What other tools and languages call formats of data, in lower case, and the formats that are meant by it.
pub const FORMATS: &[(&[&str], &[&str])] = &[
    (&["string", "str", "utf8", "utf-8", "plain"], &["text"]),
    (&["bytes", "binary", "bin", "raw"], &["base64", "hex"]),
    (&["b64"], &["base64"]),
    (&["hexadecimal"], &["hex"]),
    (&["guid"], &["uuid"]),
    (&["proto", "proto3", "pb"], &["protobuf"]),
    (&["messagepack", "message-pack"], &["msgpack"]),
    // Without `le:` a number is in big-endian.
    (&["int8", "be:i8"], &["i8"]),
    (&["short", "int16", "be:i16"], &["i16"]),
    (&["int", "int32", "integer", "be:i32"], &["i32"]),
    (&["long", "int64", "bigint", "be:i64"], &["i64"]),
    (&["uint8", "be:u8"], &["u8"]),
    (&["ushort", "uint16", "be:u16"], &["u16"]),
    (&["uint", "uint32", "be:u32"], &["u32"]),
    (&["ulong", "uint64", "be:u64"], &["u64"]),
    (&["float", "float32", "be:f32"], &["f32"]),
    (&["double", "float64", "be:f64"], &["f64"]),
];
