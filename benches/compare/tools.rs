//! The programs that are compared, and how a user would have them do the same.

use crate::support::kafka::Kafka;
use crate::support::unique_name;
use crate::topics::Topics;
use std::process::{Command, Stdio};

/// Everything a measurement needs.
pub struct Bench<'a> {
    pub kafka: &'a Kafka,
    pub topics: &'a Topics,
    pub tools: Vec<Tool>,
    pub runs: usize,
}

/// What makes kcat several times as fast at JSON.
pub const TUNING: [&str; 2] = ["-X", "queued.min.messages=1000000"];

/// What both kcons and kcat understand.
const TEMPLATE: &str = r"%T %p %o %k %s\n";

/// A run of some milliseconds is disturbed more easily, and costs less.
pub const RUNS_OF_ONE_RECORD: usize = 20;

impl Bench<'_> {
    /// How often a task is run; the fastest counts.
    pub fn runs_of(&self, task: Task) -> usize {
        match task {
            Task::End => self.runs.max(RUNS_OF_ONE_RECORD),
            Task::Raw | Task::Json | Task::Template | Task::Raw4 | Task::Json4 | Task::Group => self.runs,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    Kcons,
    Kcat,
    /// kcat with the one setting that makes it faster: it keeps a million records ready instead of 100,000.
    TunedKcat,
    /// `kafka-console-consumer.sh`.
    Console,
}

/// What is run to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    Raw,
    Json,
    /// Each record by `TEMPLATE`.
    Template,
    Raw4,
    Json4,
    /// A group that has read nothing yet reads everything and commits.
    Group,
    /// A topic with one record is read to its end.
    End,
}

impl Tool {
    pub const ALL: [Tool; 4] = [Tool::Kcons, Tool::Kcat, Tool::TunedKcat, Tool::Console];

    /// Those that differ in what they do at single moments.
    pub const AT_ONCE: [Tool; 3] = [Tool::Kcons, Tool::Kcat, Tool::Console];

    pub fn name(self) -> &'static str {
        match self {
            Tool::Kcons => "kcons",
            Tool::Kcat => "kcat",
            Tool::TunedKcat => "kcat, tuned",
            Tool::Console => "console consumer",
        }
    }

    /// Whether this machine has it. Java is there: Kafka runs.
    pub fn is_there(self) -> bool {
        match self {
            Tool::Kcons | Tool::Console => true,
            Tool::Kcat | Tool::TunedKcat => {
                let version = Command::new("kcat").arg("-V").stdin(Stdio::null()).output();
                version.is_ok_and(|output| output.status.success())
            }
        }
    }
}

impl Task {
    pub const ALL: [Task; 7] =
        [Task::Raw, Task::Json, Task::Template, Task::Raw4, Task::Json4, Task::Group, Task::End];

    pub fn name(self) -> &'static str {
        match self {
            Task::Raw => "raw, 1 partition",
            Task::Json => "JSON, 1 partition",
            Task::Template => "template, 1 partition",
            Task::Raw4 => "raw, 4 partitions",
            Task::Json4 => "JSON, 4 partitions",
            Task::Group => "raw, in a group, commits",
            Task::End => "one record, to the end",
        }
    }
}

impl Bench<'_> {
    /// The command that does a task, with the tool's defaults unless it is tuned; nothing if the tool cannot.
    pub fn command(&self, tool: Tool, task: Task) -> Option<Command> {
        let topics = self.topics;
        let (topic, count) = match task {
            Task::Raw | Task::Json | Task::Template | Task::Group => (&topics.one_partition, topics.records),
            Task::Raw4 | Task::Json4 => (&topics.four_partitions, topics.records),
            Task::End => (&topics.one_record, 1),
        };
        let group = (task == Task::Group).then(|| unique_name("group"));
        // How kcons and kcat are told what to print; the console consumer prints values alone.
        let (of_kcons, of_kcat): (&[&str], &[&str]) = match task {
            Task::Json | Task::Json4 => (&["-o", "json"], &["-J"]),
            Task::Template => (&["-f", TEMPLATE], &["-f", TEMPLATE]),
            Task::Raw | Task::Raw4 | Task::Group | Task::End => (&["-o", "raw"], &[]),
        };
        match tool {
            Tool::Kcons => {
                let mut command = self.kcons(topic, group.as_deref());
                command.args(["-e", "-q"]).args(of_kcons);
                Some(command)
            }
            Tool::Kcat | Tool::TunedKcat => {
                let mut command = self.kcat(topic, group.as_deref(), &["-e", "-q"]);
                if tool == Tool::TunedKcat {
                    command.args(TUNING);
                }
                command.args(of_kcat);
                Some(command)
            }
            Tool::Console if !of_kcat.is_empty() => None,
            Tool::Console => {
                let mut command = self.console(topic, group.as_deref());
                // It does not know where the end is.
                command.args(["--max-messages", &count.to_string()]);
                Some(command)
            }
        }
    }

    /// The command that reads on and on, in a group or alone from the end, a line at once.
    pub fn following(&self, tool: Tool, topic: &str, group: Option<&str>) -> Command {
        match tool {
            Tool::Kcons => {
                let mut command = self.kcons(topic, group);
                command.args(["-q", "-o", "raw"]);
                command
            }
            Tool::Kcat | Tool::TunedKcat => self.kcat(topic, group, &["-q", "-u"]),
            Tool::Console => self.console(topic, group),
        }
    }

    pub fn kcons(&self, topic: &str, group: Option<&str>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kcons"));
        command.args(["consume", topic, "-b", &self.kafka.brokers()]);
        if let Some(group) = group {
            command.args(["-g", group]);
        }
        command
    }

    fn kcat(&self, topic: &str, group: Option<&str>, options: &[&str]) -> Command {
        let mut command = Command::new("kcat");
        command.args(["-b", &self.kafka.brokers()]).args(options);
        match group {
            Some(group) => command.args(["-X", "auto.offset.reset=earliest", "-G", group, topic]),
            None => command.args(["-C", "-t", topic, "-o", "beginning"]),
        };
        command
    }

    fn console(&self, topic: &str, group: Option<&str>) -> Command {
        let mut command = self.kafka.users_tool("console-consumer");
        command.args(["--topic", topic, "--from-beginning"]);
        if let Some(group) = group {
            command.args(["--group", group]);
        }
        command
    }
}
