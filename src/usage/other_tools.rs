//! Words of other tools, and what replaces them in kcons. This table goes before names that only look alike.

/// Words of another tool, and the hint that says what replaces them.
pub struct Replacement {
    /// Options with their dashes, or words in place of a command.
    pub typed: &'static [&'static str],
    /// The commands behind which the words are known; empty for all commands.
    pub behind: &'static [&'static str],
    pub hint: &'static str,
}

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

/// Options of Kafka's own tools. The first match counts.
pub const OPTIONS: &[Replacement] = &[
    behind(&["lag"], &["--group", "-g"], "name the group without an option: kcons lag GROUP"),
    behind(
        &["group describe"],
        &["--group", "-g"],
        "name the group without an option: kcons group describe GROUP",
    ),
    behind(&["group reset"], &["--group", "-g"], "name the group without an option: kcons group reset GROUP"),
    behind(
        &["group delete"],
        &["--group", "-g"],
        "name the group without an option: kcons group delete GROUP",
    ),
    behind(
        &["topic describe"],
        &["--topic", "-t"],
        "name the topic without an option: kcons topic describe TOPIC",
    ),
    behind(&["lag"], &["--all-groups"], "leave it out: without a group all of them are shown"),
    behind(
        &["group describe", "group delete"],
        &["--all-groups"],
        "name the groups; `kcons group list` lists them",
    ),
    behind(&["group reset"], &["--to-earliest"], "`--to beginning`"),
    behind(&["group reset"], &["--to-latest"], "`--to end`"),
    behind(
        &["group reset"],
        &["--to-offset", "--to-datetime"],
        "`--to POS`, as in `--to 17` or `--to 2026-11-23T09:00`",
    ),
    behind(&["group reset"], &["--by-duration"], "`--to -1h` moves the group to that long ago"),
    behind(&["group reset"], &["--shift-by"], "`--shift +N` or `--shift -N`"),
    behind(&["group reset"], &["--dry-run"], "leave it out: nothing is changed without `--execute`"),
    behind(&["group reset"], &["--reset-offsets"], "leave it out: the command says it"),
    behind(&["group reset"], &["--from", "--offset"], "`--to POS` says where the group is moved"),
    behind(
        &["consume", "demo"],
        &["--partition"],
        "`--partitions 0` reads some partitions, as in `--partitions 0,2`",
    ),
    behind(
        &["consume", "demo", "topic list"],
        &["--topic", "--include", "--whitelist"],
        "name the topic without an option: kcons consume TOPIC",
    ),
    behind(&["lag", "group list"], &["--include", "--whitelist"], "`--topic TOPIC` keeps what is of a topic"),
    anywhere(
        &["--bootstrap-server", "--bootstrap-servers", "--broker-list"],
        "brokers are given with `--brokers HOST:PORT`",
    ),
    anywhere(
        &["--zookeeper"],
        "brokers are given with `--brokers HOST:PORT`; no client needs ZooKeeper any more",
    ),
    anywhere(
        &["--topic", "--include", "--whitelist"],
        "name the topic without an option: kcons consume TOPIC",
    ),
    anywhere(&["--from-beginning"], "leave it out: without a committed offset a run starts at the beginning"),
    anywhere(&["--max-messages"], "to stop after N records: `--count N`"),
    anywhere(&["--timeout-ms"], "to stop when nothing comes: `--idle-timeout 30s`"),
    anywhere(&["--offset"], "where to start is `--from POS`"),
    anywhere(&["--consumer.config", "--command-config"], "a properties file is read with `--config FILE`"),
    anywhere(&["--consumer-property", "--command-property"], "a property is set with `-X KEY=VALUE`"),
    anywhere(
        &["--formatter-property", "--formatter-config"],
        "keys, timestamps and headers are in `--output json`, where jq chooses fields",
    ),
    anywhere(
        &["--formatter"],
        "`--output` chooses the form of a record, `--value-format` how its value is read",
    ),
    anywhere(&["--isolation-level"], "only committed records are read; `--read-uncommitted` reads all"),
    anywhere(
        &["--skip-message-on-error", "--reject-message-on-error"],
        "leave it out: a record that cannot be decoded is a warning; `--strict` ends the run there",
    ),
    anywhere(&["--key-deserializer"], "`--key-format` says how keys are read"),
    anywhere(&["--value-deserializer"], "`--value-format` says how values are read"),
    anywhere(&["--list"], "`kcons group list` and `kcons topic list`"),
    anywhere(&["--describe"], "`kcons group describe GROUP` and `kcons topic describe TOPIC`"),
];

/// Words in place of a command.
pub const COMMANDS: &[Replacement] = &[
    anywhere(&["groups"], "groups are listed by `kcons group list`"),
    anywhere(&["topics"], "topics are listed by `kcons topic list`"),
    anywhere(&["produce"], "kcons only consumes; Kafka's own tool produces: kafka-console-producer.sh"),
];

/// The hint for a word behind a command.
pub fn find(table: &'static [Replacement], typed: &str, command: &str) -> Option<&'static str> {
    let fits = |meant: &&Replacement| {
        meant.typed.contains(&typed) && (meant.behind.is_empty() || meant.behind.contains(&command))
    };
    table.iter().find(fits).map(|meant| meant.hint)
}

/// Whether a name is most likely a misspelling of another one: one or two letters differ, or it is the beginning of
/// it.
pub fn is_near(typed: &str, name: &str) -> bool {
    let (typed, name) = (typed.trim_start_matches('-'), name.trim_start_matches('-'));
    let most = if typed.chars().count() < 5 { 1 } else { 2 };
    let is_beginning = typed.len() >= 3 && name.starts_with(typed);
    is_beginning || strsim::damerau_levenshtein(typed, name) <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_is_a_slip_of_the_fingers() {
        for (typed, name) in [
            ("--grup", "--group"),
            ("consum", "consume"),
            ("lst", "list"),
            ("con", "consume"),
            ("jsn", "json"),
            ("--fliter", "--filter"),
        ] {
            assert!(is_near(typed, name), "{typed} {name}");
        }
        for (typed, name) in [
            ("--limit", "--delimiter"),
            ("newest", "earliest"),
            ("--formatter", "--forward"),
            ("--zookeeper", "--worker"),
            ("--raw", "--rate"),
            ("--cnt", "--connect-timeout"),
            ("ls", "lag"),
        ] {
            assert!(!is_near(typed, name), "{typed} {name}");
        }
    }
}
