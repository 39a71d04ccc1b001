//! What the manual page says beside the help of commands and options.

pub const DESCRIPTION: &[&str] = &[
    "kcons reads Apache Kafka topics: as readable text on a terminal, as JSON lines in a pipe, and in a pod as a \
     member of a consumer group that never loses a record.",
    "Without `--group` it reads on its own: all partitions, from the beginning, without committing anything. With \
     `--group` it shares the partitions with the other members of the group, commits what was written or handled, and \
     resumes there after a restart. A crash can repeat records, but never lose one.",
    "A handler (`--exec`, `--worker`, `--forward`, or a command after `--`) processes each record instead of printing \
     it. Failed records are retried, then skipped, sent to a dead-letter topic, or the run stops.",
    "stdout carries records and rows only; messages go to stderr. A duration is a number and a unit, or several: \
     `500ms`, `30s`, `5m`, `2h`, `1d`, `1w`, `1h30m`. If an option is given twice, the last value counts. Options \
     take precedence over a file given with `-F`, that over `--profile`, and that over the environment.",
];

pub const DEMO: &str = "Starts a broker in the process, with a topic task-created and a few tasks in it, and reads \
     them as `kcons consume` would. All options of `kcons consume` work here, except for topics and `--brokers`.";

pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("KCONS_BROKERS", "Bootstrap servers, as with `--brokers`."),
    ("KCONS_CONFIG", "A file of properties, as with `--config`."),
    ("KCONS_REGISTRY", "The URL of a schema registry, as with `--registry`."),
    (
        "KCONS_PROFILE",
        "A profile, as with `--profile`, but with the lowest precedence: behind the other variables, too.",
    ),
    ("NO_COLOR", "If set and not empty, no color. `--color` takes precedence."),
    (
        "CLICOLOR_FORCE",
        "If set, not empty and not 0, color even where there is no terminal. NO_COLOR takes precedence.",
    ),
    ("XDG_CONFIG_HOME", "The folder of kcons/config.toml; ~/.config by default."),
    ("XDG_STATE_HOME", "The folder of kcons, where `--dedup` stores ids; ~/.local/state by default."),
    ("TZ", "The time zone of times without one, and of times that are shown."),
];

pub const HANDLER_ENVIRONMENT: &[(&str, &str)] = &[
    (
        "KCONS_TOPIC, KCONS_PARTITION, KCONS_OFFSET, KCONS_TIMESTAMP",
        "Where and when the record is; the timestamp is in milliseconds since 1970.",
    ),
    ("KCONS_KEY", "Its key; not set if it has none."),
    (
        "KCONS_HEADER_NAME",
        "The value of its header NAME, for each header; in upper case, with _ for other characters.",
    ),
    (
        "KCONS_KEY_BASE64, KCONS_HEADER_NAME_BASE64",
        "Set instead where a key or header is not UTF-8 or has a NUL byte.",
    ),
    ("KCONS_VALUE_NULL", "1 for a tombstone, a record without a value."),
    ("KCONS_GROUP", "The consumer group."),
    ("KCONS_ATTEMPT", "The number of the attempt, from 1."),
    ("KCONS_EVENT_ID", "The id of the event, with `--dedup`."),
];

pub const FILES: &[(&str, &str)] = &[
    (
        "~/.config/kcons/config.toml",
        "Profiles: tables `[profile.NAME]` with options, without dashes, and properties as keys.",
    ),
    (
        "~/.local/state/kcons/CLUSTER/GROUP.redb",
        "Ids of events that a group has handled, with `--dedup` and no `--dedup-store`.",
    ),
];

pub const EXIT_CODES: &[(&str, &str)] = &[
    (
        "0",
        "Done: the end, the count or a time limit was reached, `consume` or `demo` got SIGTERM or SIGHUP, or the \
         reader closed the pipe.",
    ),
    (
        "1",
        "Failed while running: stdout cannot be written, an offset is outside the log, the dedup store is damaged, \
         the final commit was not confirmed, a group with members cannot be reset or deleted.",
    ),
    ("2", "Wrong usage."),
    ("3", "No broker could be reached, or it refused us."),
    ("4", "The topic, partition or group does not exist."),
    ("5", "A record could not be processed or decoded, and the policy is to stop."),
    ("6", "A group is further behind than `--max-lag` allows."),
    ("7", "The number of records is not what `--expect` says."),
    ("130", "Interrupted by SIGINT (Ctrl-C), after a clean stop, or ended at once by a second signal."),
];

pub const SEE_ALSO: &str = "jq(1), kcat(1)";
