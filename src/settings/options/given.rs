//! The options of a run as rules look at them: which ones are given, how they were typed, and what follows from
//! them.

use crate::choices::Stdin;
use crate::cli::{
    self, CommitChoice, DecodingOptions, HandlerOptions, OnFailure, OrderOptions, OutputFormat,
    ReadingOptions, RegistryOptions, ResultOptions, SelectionOptions,
};
use crate::settings::Environment;
use crate::settings::options::template::{Field, Template};
use crate::settings::properties::registry;
use crate::settings::properties::values::Value;
use clap::ValueEnum;

/// A long option by its name, which clap writes with dashes: `OffsetReset` is `offset-reset`.
///
/// The variants are in the order in which the options of a profile are considered: an option that decides whether
/// others have an effect comes before them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum OptionName {
    Brokers,
    Property,
    Group,
    Last,
    Merge,
    From,
    Partitions,
    /// The program of a handler with its arguments, typed behind `--`.
    Command,
    Exec,
    Forward,
    Worker,
    Key,
    Grep,
    Filter,
    Format,
    Jq,
    Output,
    Json,
    AvroSchema,
    Proto,
    Commit,
    Stdin,
    Parallel,
    Retries,
    OnFailure,
    Dedup,
    AsyncCommit,
    Backoff,
    CommitInterval,
    Count,
    DeadLetter,
    DedupStore,
    DedupTtl,
    Delimiter,
    Duration,
    Exit,
    FailureLimit,
    HeaderFormat,
    Expect,
    IdleTimeout,
    InFlight,
    InstanceId,
    KeyFormat,
    Label,
    Metrics,
    Null,
    OffsetReset,
    Order,
    Progress,
    ProtoMessage,
    ProtoPath,
    Rate,
    RawOutput,
    ReadUncommitted,
    Registry,
    RegistryCa,
    RegistryCert,
    RegistryKey,
    RegistryToken,
    RegistryUser,
    ShutdownTimeout,
    Strict,
    Timeout,
    TitleField,
    To,
    UnionNames,
    ValueFormat,
    WaitForTopic,
}

/// Options that set a property, of librdkafka or of a registry. Setting the property with `-X` counts as giving the option.
const PROPERTIES: [(OptionName, &str); 13] = [
    (OptionName::Brokers, "bootstrap.servers"),
    (OptionName::Commit, "enable.auto.commit"),
    (OptionName::CommitInterval, "auto.commit.interval.ms"),
    (OptionName::Group, "group.id"),
    (OptionName::InstanceId, "group.instance.id"),
    (OptionName::OffsetReset, "auto.offset.reset"),
    (OptionName::ReadUncommitted, "isolation.level"),
    (OptionName::Registry, registry::URL),
    (OptionName::RegistryCa, registry::CA),
    (OptionName::RegistryCert, registry::CERTIFICATE),
    (OptionName::RegistryKey, registry::KEY),
    (OptionName::RegistryToken, registry::TOKEN),
    (OptionName::RegistryUser, registry::USER),
];

impl OptionName {
    /// Finds an option by its name without dashes.
    pub fn find(name: &str) -> Option<OptionName> {
        OptionName::from_str(name, false).ok()
    }

    /// The property of librdkafka that the option sets, if it sets one.
    pub fn property(self) -> Option<&'static str> {
        PROPERTIES.iter().find(|(option, _)| *option == self).map(|(_, property)| *property)
    }

    /// The option that sets a property.
    pub fn of_property(name: &str) -> Option<OptionName> {
        PROPERTIES.iter().find(|(_, property)| *property == name).map(|(option, _)| *option)
    }

    /// The option as messages name it: `--name`, or `-- CMD`.
    pub fn spelled(self) -> String {
        match self.to_possible_value() {
            Some(value) if self != OptionName::Command => format!("--{}", value.get_name()),
            Some(_) | None => "-- CMD".to_owned(),
        }
    }
}

/// Tells whether a field of parsed options was given.
trait IsGiven {
    fn is_given(&self) -> bool;
}

impl IsGiven for bool {
    fn is_given(&self) -> bool {
        *self
    }
}

impl<T> IsGiven for Option<T> {
    fn is_given(&self) -> bool {
        self.is_some()
    }
}

impl<T> IsGiven for Vec<T> {
    fn is_given(&self) -> bool {
        !self.is_empty()
    }
}

/// Yields the names of the given fields of a struct. The struct is destructured, so that the compiler reports a
/// field that is not listed.
macro_rules! names_of {
    ($type:ident = $options:expr; without $($other:ident)*; $($field:ident $name:ident,)*) => {{
        let $type { $($field,)* $($other: _,)* } = $options;
        [$($field.is_given().then_some(OptionName::$name)),*]
    }};
}

/// The options that are given for a run of `consume` or `demo`, on the command line or by a profile.
pub struct GivenOptions<'a> {
    pub reading: &'a ReadingOptions,
    pub connection: &'a cli::ConnectionOptions,
    demo: Option<&'a cli::DemoOptions>,
    environment: Environment<'a>,
    /// The names of the given options, in the order of `--help`.
    names: Vec<OptionName>,
}

impl<'a> GivenOptions<'a> {
    pub fn of_consume(
        arguments: &'a cli::ConsumeOptions,
        connection: &'a cli::ConnectionOptions,
        environment: Environment<'a>,
    ) -> GivenOptions<'a> {
        let reading = &arguments.reading;
        GivenOptions { reading, connection, demo: None, environment, names: names(reading, connection) }
    }

    pub fn of_demo(
        arguments: &'a cli::DemoOptions,
        connection: &'a cli::ConnectionOptions,
        environment: Environment<'a>,
    ) -> GivenOptions<'a> {
        let reading = &arguments.reading;
        GivenOptions {
            reading,
            connection,
            demo: Some(arguments),
            environment,
            names: names(reading, connection),
        }
    }

    /// The options of a command that has rules; `None` for any other command.
    pub fn of(arguments: &'a cli::Arguments, environment: Environment<'a>) -> Option<GivenOptions<'a>> {
        let connection = &arguments.connection;
        match &arguments.command {
            cli::Command::Consume(consume) => {
                Some(GivenOptions::of_consume(consume, connection, environment))
            }
            cli::Command::Demo(demo) => Some(GivenOptions::of_demo(demo, connection, environment)),
            cli::Command::Lag(_)
            | cli::Command::Group(_)
            | cli::Command::Topic(_)
            | cli::Command::Completions(_)
            | cli::Command::Man => None,
        }
    }

    /// The names of all given options, in the order of `--help`.
    pub fn names(&self) -> &[OptionName] {
        &self.names
    }

    /// Whether an option is given under its own name, not as a property.
    pub fn has(&self, option: OptionName) -> bool {
        self.names.contains(&option)
    }

    /// How an option was given, `--name` or `-X property`; `None` if it was not given.
    pub fn typed_as(&self, option: OptionName) -> Option<String> {
        if self.has(option) {
            return Some(option.spelled());
        }
        option.property().filter(|name| self.property(name).is_some()).map(|name| format!("-X {name}"))
    }

    /// The last value that was typed for a property with `-X`; `env:NAME` is not looked up.
    fn property(&self, name: &str) -> Option<&'a str> {
        let mut pairs = self.connection.properties.iter().filter_map(|text| text.split_once('='));
        let bare = |name: &'a str| name.trim().strip_prefix("topic.").unwrap_or(name.trim());
        pairs.rfind(|(other, _)| bare(other) == name).map(|(_, value)| value)
    }

    /// Whether the command is `kcons demo`.
    pub fn is_demo(&self) -> bool {
        self.demo.is_some()
    }

    /// Whether the demo goes on until a signal ends it (`--follow`).
    pub fn follows(&self) -> bool {
        self.demo.is_some_and(|demo| demo.follow)
    }

    /// Whether the demo only serves its broker and consumes nothing (`--serve`).
    pub fn serves(&self) -> bool {
        self.demo.is_some_and(|demo| demo.serve)
    }

    /// Whether the run is a member of a group. A demo is one by default.
    pub fn is_in_group(&self) -> bool {
        let alone = [OptionName::From, OptionName::Last, OptionName::Merge, OptionName::Partitions];
        let is_alone = alone.into_iter().any(|option| self.has(option));
        self.typed_as(OptionName::Group).is_some() || self.is_demo() && !is_alone
    }

    /// How a group's offsets are committed.
    pub fn commit(&self) -> CommitChoice {
        let of_property = || {
            let value = self.property("enable.auto.commit")?;
            let value = Value::read(value.to_owned(), self.environment.variables).ok()?;
            Some(if value.is_true() { CommitChoice::Auto } else { CommitChoice::Never })
        };
        self.reading.commit.or_else(of_property).unwrap_or(CommitChoice::Auto)
    }

    /// The option that names the handler; `None` if records are printed.
    pub fn handler(&self) -> Option<OptionName> {
        [OptionName::Forward, OptionName::Worker, OptionName::Exec, OptionName::Command]
            .into_iter()
            .find(|handler| self.has(*handler))
    }

    /// Whether the handler is a program that is started for each record.
    pub fn runs_programs(&self) -> bool {
        matches!(self.handler(), Some(OptionName::Command | OptionName::Exec))
    }

    /// Whether records are decoded, for the handler itself or for a filter or an event id in front of it.
    pub fn decodes_for_handler(&self) -> bool {
        let gets_json = self.reading.handler.stdin == Some(Stdin::Json);
        self.has(OptionName::Worker)
            || self.runs_programs() && gets_json
            || self.has(OptionName::Dedup)
            || self.has(OptionName::Filter)
    }

    /// Whether records are decoded at all: for a template, a filter, a handler, or as whole records.
    pub fn decodes(&self) -> bool {
        match self.handler() {
            Some(_) => self.decodes_for_handler(),
            None if self.format() == Some(OutputFormat::Raw) => self.has(OptionName::Filter),
            None => self.shows_decoded(Field::Value) || self.shows_decoded(Field::Key),
        }
    }

    /// The failure policy that is given, if any.
    pub fn on_failure(&self) -> Option<OnFailure> {
        self.reading.handler.on_failure
    }

    /// The format in which records are printed, or given to a handler that gets them decoded; `None` if a template says
    /// what is printed. Never `Auto`.
    pub fn format(&self) -> Option<OutputFormat> {
        Some(match self.reading.output {
            _ if self.has(OptionName::Format) => return None,
            _ if self.reading.json || self.has(OptionName::Jq) || self.handler().is_some() => {
                OutputFormat::Json
            }
            None | Some(OutputFormat::Auto) if self.environment.is_stdout_terminal => OutputFormat::Pretty,
            None | Some(OutputFormat::Auto) => OutputFormat::Json,
            Some(
                format @ (OutputFormat::Pretty | OutputFormat::Line | OutputFormat::Json | OutputFormat::Raw),
            ) => format,
        })
    }

    /// Whether the records that are printed, filtered or handled have their headers decoded.
    pub fn shows_decoded_headers(&self) -> bool {
        let is_printed = match self.format() {
            Some(OutputFormat::Json) => true,
            Some(OutputFormat::Pretty) => self.connection.verbose > 0,
            Some(OutputFormat::Auto | OutputFormat::Line | OutputFormat::Raw) | None => false,
        };
        is_printed || self.has(OptionName::Filter)
    }

    /// Whether `--value-format` or `--key-format`, whichever is for this field, changes what is printed or filtered. A
    /// template that cannot be parsed is refused elsewhere.
    pub fn shows_decoded(&self, field: Field) -> bool {
        let Some(template) = &self.reading.format else { return true };
        let template = Template::parse(template);
        self.has(OptionName::Filter) || template.map_or(true, |template| template.decodes(field))
    }
}

/// Lists the given options in the order of `--help`.
fn names(reading: &ReadingOptions, connection: &cli::ConnectionOptions) -> Vec<OptionName> {
    let before = names_of!(ReadingOptions = reading; without results order selection handler decoding registry;
        group Group, partitions Partitions, wait_for_topic WaitForTopic, read_uncommitted ReadUncommitted,
        instance_id InstanceId, offset_reset OffsetReset, from From, to To, exit Exit, count Count,
        expect Expect, idle_timeout IdleTimeout, duration Duration, shutdown_timeout ShutdownTimeout, commit Commit,
        async_commit AsyncCommit, commit_interval CommitInterval, output Output, json Json, format Format, null Null,
        delimiter Delimiter, label Label, title_field TitleField, metrics Metrics, progress Progress,
    );
    let of_results = names_of!(ResultOptions = &reading.results; without; jq Jq, raw_output RawOutput,);
    let of_decoding = names_of!(DecodingOptions = &reading.decoding; without;
        value_format ValueFormat, key_format KeyFormat, header_formats HeaderFormat,
        avro_schema AvroSchema, union_names UnionNames, proto Proto, proto_message ProtoMessage,
        proto_paths ProtoPath, strict Strict,
    );
    let of_order = names_of!(OrderOptions = &reading.order; without; last Last, merge Merge,);
    let of_selection =
        names_of!(SelectionOptions = &reading.selection; without; key Key, grep Grep, filter Filter,);
    let of_registry = names_of!(RegistryOptions = &reading.registry; without;
        registry Registry, registry_user RegistryUser, registry_token RegistryToken, registry_ca RegistryCa,
        registry_cert RegistryCert, registry_key RegistryKey,
    );
    let of_handlers = names_of!(HandlerOptions = &reading.handler; without;
        command Command, exec Exec, worker Worker, forward Forward, stdin Stdin, parallel Parallel, order Order,
        in_flight InFlight, rate Rate, timeout Timeout, retries Retries, backoff Backoff, on_failure OnFailure,
        dead_letter DeadLetter, failure_limit FailureLimit, dedup Dedup, dedup_store DedupStore,
        dedup_ttl DedupTtl,
    );
    let of_connection = [
        connection.properties.is_given().then_some(OptionName::Property),
        connection.brokers.is_given().then_some(OptionName::Brokers),
    ];
    before
        .into_iter()
        .chain(of_results)
        .chain(of_order)
        .chain(of_selection)
        .chain(of_handlers)
        .chain(of_decoding)
        .chain(of_registry)
        .chain(of_connection)
        .flatten()
        .collect()
}
