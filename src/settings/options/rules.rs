//! The rules of options: one table of which option needs which other one, and which cannot be used with which.
//!
//! A typed option that breaks a rule is a usage error; `kcons demo` refuses options by the same rules. An option of
//! a profile that breaks a rule is usually left out, because it would change nothing in this run: a profile is for
//! many commands.
//!
//! A rule reads as its message does: `options(&[Label]).need(PRETTY)` is "`--label` needs `--output pretty`". What it
//! needs or cannot be used with is another option, or a case with a name, defined below the table.

mod rule;

use super::given::GivenOptions;
use super::given::OptionName::{self, *};
use super::template::Field;
use crate::choices::{DataFormat, ProgressChoice};
use crate::cli::{CommitChoice, LogFormat, OnFailure as Policy, OutputFormat};
use crate::error::Failure;
use rule::Condition::{self, Case, Given};
use rule::{InProfile, Rule, Subject, options};

/// All rules. If several are broken, the first one is reported.
pub const RULES: &[Rule] = &[
    // The demo.
    options(&[Brokers]).cannot_be_used_with(THE_DEMO).cause(OWN_BROKER),
    Subject::Any.cannot_be_used_with(SERVE).cause("nothing is consumed"),
    options(&[Exit, To, Last]).cannot_be_used_with(FOLLOW).in_profile(InProfile::GivesWay),
    options(&[InstanceId]).cannot_be_used_with(THE_DEMO).cause(NO_STATIC_MEMBERS),
    options(&[ReadUncommitted]).cannot_be_used_with(THE_DEMO).cause(NO_TRANSACTIONS),
    // In a group or alone.
    options(&[From]).cannot_be_used_with(GROUP).hint(
        "a group starts at its committed offsets, otherwise as `--offset-reset` says; `kcons group reset` moves it",
    ),
    options(&[Last]).cannot_be_used_with(GROUP).hint("without a group it reads backwards from the end"),
    options(&[Merge]).cannot_be_used_with(GROUP).hint("a member of a group may not have all partitions"),
    options(&[Merge]).need(AN_END).hint("what is written later could have any timestamp"),
    options(&[Partitions]).cannot_be_used_with(GROUP).hint("the members of a group share the partitions"),
    options(&[OffsetReset]).need(GROUP).hint("without a group `--from` says where to start"),
    options(&[Commit, AsyncCommit, CommitInterval]).need(GROUP).hint(COMMITS_OF_A_GROUP),
    options(&[InstanceId]).need(GROUP).hint("without a group there are no members"),
    options(&[AsyncCommit]).need(A_COMMIT_MODE),
    options(&[AsyncCommit]).cannot_be_used_with(COMMIT_AUTO).hint(WAITING_MODES),
    options(&[AsyncCommit]).cannot_be_used_with(COMMIT_NEVER).hint(WAITING_MODES),
    options(&[CommitInterval]).need(COMMIT_AUTO),
    options(&[From, To]).cannot_be_used_with(Given(Last)).cause("`--last` always reads back from the end").also_left_out(&[Last]),
    // Handlers.
    options(&[Command]).cannot_be_used_with(Given(Exec)).cause(ONE_HANDLER).also_left_out(&[Exec]),
    options(&[Command, Exec]).cannot_be_used_with(Given(Worker)).cause(ONE_HANDLER).also_left_out(&[Worker]),
    options(&[Command, Exec, Worker])
        .cannot_be_used_with(Given(Forward))
        .cause(ONE_HANDLER)
        .also_left_out(&[Forward]),
    options(&[
        Stdin,
        Parallel,
        Order,
        InFlight,
        Rate,
        Timeout,
        Retries,
        Backoff,
        DeadLetter,
        FailureLimit,
        Dedup,
        DedupStore,
        DedupTtl,
    ])
    .need(A_HANDLER)
    .cause(PRINTED)
    .hint(HANDLERS),
    options(&[Output, Json, Format, Jq, RawOutput, Null, Delimiter, Label, TitleField])
        .cannot_be_used_with(THE_HANDLER)
        .cause("records are handled, not printed")
        .also_left_out(&[Exec, Worker, Forward]),
    options(&[InFlight])
        .cannot_be_used_with(PROGRAM)
        .cause("each process gets one record")
        .hint("`--parallel` says how many run at once"),
    options(&[Stdin]).cannot_be_used_with(Given(Worker)).cause("a worker gets one JSON record per line"),
    options(&[Stdin]).cannot_be_used_with(Given(Forward)).cause("no command is run"),
    options(&[Backoff]).cannot_be_used_with(NO_RETRIES).cause("there is no retry to wait for"),
    options(&[ValueFormat, KeyFormat, HeaderFormat, AvroSchema, UnionNames, Proto, Strict])
        .cannot_be_used_with(PROGRAM_WITHOUT_JSON)
        .cause(BYTES)
        .hint("`--stdin json` gives it the decoded record"),
    options(&[ValueFormat, KeyFormat, HeaderFormat, AvroSchema, UnionNames, Proto, Strict]).cannot_be_used_with(FORWARD_AS_IT_IS).cause(BYTES),
    // There is one producer: both options would say how many records are on their way.
    options(&[Parallel])
        .cannot_be_used_with(IN_FLIGHT_OF_FORWARD)
        .cause("there they mean the same")
        .hint("give one of them")
        .also_left_out(&[InFlight]),
    // What is said.
    options(&[Progress]).cannot_be_used_with(JSON_LOG).in_case("`--progress always`", shows_progress),
    options(&[Progress]).cannot_be_used_with(QUIET).in_case("`--progress always`", shows_progress),
    // Failed records.
    options(&[OnFailure])
        .need(A_HANDLER)
        .in_case("`--on-failure dead-letter`", |given| given.on_failure() == Some(Policy::DeadLetter))
        .cause(PRINTED)
        .hint(HANDLERS),
    options(&[OnFailure]).need(A_HANDLER_OR_PROGRAM).hint("`--exec CMD` runs a command for each record"),
    options(&[OnFailure])
        .cannot_be_used_with(Given(Strict))
        .in_case("`--on-failure skip`", |given| {
            given.on_failure() == Some(Policy::Skip) && given.handler().is_none()
        })
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[Strict]),
    options(&[DeadLetter])
        .cannot_be_used_with(POLICY_STOP)
        .hint("omit `--on-failure`")
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[OnFailure]),
    options(&[DeadLetter])
        .cannot_be_used_with(POLICY_SKIP)
        .hint("omit `--on-failure`")
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[OnFailure]),
    options(&[OnFailure])
        .need(DEAD_LETTER_TOPIC)
        .in_case("`--on-failure dead-letter`", |given| given.on_failure() == Some(Policy::DeadLetter))
        .in_profile(InProfile::Refused),
    // Duplicates.
    options(&[DedupStore, DedupTtl]).need(Given(Dedup)),
    options(&[Dedup])
        .need(Given(DedupStore))
        .in_case("`--dedup` without `--group`", |given| !given.is_in_group())
        .cause("the default file is named after the group")
        .in_profile(InProfile::Refused),
    // What is printed.
    options(&[Format])
        .cannot_be_used_with(Given(Output))
        .cause(ALL_THAT_IS_PRINTED)
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[Output]),
    options(&[Format])
        .cannot_be_used_with(Given(Json))
        .cause(ALL_THAT_IS_PRINTED)
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[Json]),
    options(&[Jq])
        .cannot_be_used_with(Given(Format))
        .cause("both say what is printed")
        .hint(r#"a string can hold several fields, as in `--jq '"\(.key) \(.offset)"' -r`"#)
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[Format]),
    options(&[Jq])
        .cannot_be_used_with(ANOTHER_OUTPUT)
        .cause("the results are JSON")
        .hint("`--raw-output` prints strings without quotes")
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[Output]),
    options(&[RawOutput]).need(Given(Jq)).hint("`--output raw` prints the bytes of the value"),
    options(&[Null]).need(Given(Format)),
    options(&[Delimiter])
        .cannot_be_used_with(Given(Format))
        .cause(ALL_THAT_IS_PRINTED)
        .hint("write it at the end of the template"),
    options(&[Delimiter]).need(RAW),
    options(&[Label, TitleField]).need(PRETTY),
    options(&[ValueFormat, KeyFormat, HeaderFormat, AvroSchema, UnionNames, Proto, Strict])
        .cannot_be_used_with(RAW_WITHOUT_FILTER)
        .cause("raw output is the value's bytes as they are")
        .hint("use `--output json`"),
    options(&[ValueFormat]).need(DECODED_VALUE).cause(TEMPLATE_OF_BYTES),
    options(&[KeyFormat]).need(DECODED_KEY).cause(TEMPLATE_OF_BYTES),
    options(&[AvroSchema, UnionNames, Proto]).need(DECODED).cause(TEMPLATE_OF_BYTES),
    options(&[AvroSchema])
        .need(AVRO)
        .in_case("`--avro-schema`", |given| given.reading.decoding.value_format.is_some()),
    options(&[Proto])
        .need(PROTOBUF)
        .in_case("`--proto`", |given| given.reading.decoding.value_format.is_some()),
    options(&[AvroSchema])
        .cannot_be_used_with(Given(Proto))
        .in_case("`--avro-schema`", |given| {
            let decoding = &given.reading.decoding;
            !decoding.names(DataFormat::Avro) && !decoding.names(DataFormat::Protobuf)
        })
        .cause("each alone is the schema of the values")
        .hint("`--value-format`, `--key-format` and `--header-format` say what is avro and what protobuf"),
    options(&[HeaderFormat])
        .need(Given(AvroSchema))
        .in_case("`--header-format avro`", |given| {
            given.reading.decoding.names_for_headers(DataFormat::Avro)
        })
        .in_profile(InProfile::Refused),
    options(&[HeaderFormat])
        .need(Given(Proto))
        .in_case("`--header-format protobuf`", |given| {
            given.reading.decoding.names_for_headers(DataFormat::Protobuf)
        })
        .in_profile(InProfile::Refused),
    options(&[UnionNames]).need(AVRO_AT_ALL),
    options(&[ProtoMessage, ProtoPath]).need(Given(Proto)),
    options(&[HeaderFormat])
        .need(DECODED_HEADERS)
        .hint("`--output pretty` prints headers with `--verbose`, a template prints their bytes"),
    options(&[Strict]).need(DECODED).cause(TEMPLATE_OF_BYTES),
    // The schema registry.
    options(&[Registry])
        .cannot_be_used_with(PROGRAM_WITHOUT_JSON)
        .cause(BYTES)
        .hint("`--stdin json` gives it the decoded record"),
    options(&[Registry]).cannot_be_used_with(FORWARD_AS_IT_IS).cause(BYTES),
    options(&[Registry])
        .cannot_be_used_with(RAW_WITHOUT_FILTER)
        .cause("raw output is the value's bytes as they are")
        .hint("use `--output json`"),
    options(&[Registry]).need(DECODED).cause(TEMPLATE_OF_BYTES),
    options(&[Registry])
        .need(FORMAT_WITH_SCHEMAS)
        .cause("keys and values are decoded without a schema")
        .hint("with `auto` the registry says how"),
    options(&[RegistryUser]).cannot_be_used_with(REGISTRY_TOKEN).hint("give one of them"),
];

const GROUP: Condition = Case("`--group`", |given| given.is_in_group());
const AN_END: Condition = Case("`--exit`, `--to` or `--last`", |given| {
    let ends_by_itself = given.is_demo() && !given.follows();
    ends_by_itself || [Exit, To, Last].into_iter().any(|option| given.has(option))
});
const COMMIT_AUTO: Condition = Case("`--commit auto`", |given| given.commit() == CommitChoice::Auto);
/// Holds if any mode is chosen: what is wrong with the other ones has its own rules.
const A_COMMIT_MODE: Condition =
    Case("`--commit manual` or `--commit batch=N`", |given| given.typed_as(Commit).is_some());
const COMMIT_NEVER: Condition = Case("`--commit never`", |given| given.commit() == CommitChoice::Never);
const A_HANDLER: Condition = Case("a handler", |given| given.handler().is_some());
const THE_HANDLER: Condition = Case("`{handler}`", |given| given.handler().is_some());
/// Holds if the handler is a program that is started for each record.
const PROGRAM: Condition = Case("`{handler}`", |given| given.runs_programs());
const PROGRAM_WITHOUT_JSON: Condition =
    Case("`{handler}`", |given| given.runs_programs() && !given.decodes_for_handler());
const FORWARD_AS_IT_IS: Condition =
    Case("`{handler}`", |given| given.has(Forward) && !given.decodes_for_handler());
const IN_FLIGHT_OF_FORWARD: Condition =
    Case("`--in-flight` and `--forward`", |given| given.has(InFlight) && given.has(Forward));
/// Holds for handlers without a further attempt. Programs can ask for one whatever `--retries` says.
const NO_RETRIES: Condition =
    Case("`--retries 0`", |given| given.reading.handler.retries == Some(0) && !given.runs_programs());
const POLICY_STOP: Condition = Case("`--on-failure stop`", |given| given.on_failure() == Some(Policy::Stop));
const POLICY_SKIP: Condition = Case("`--on-failure skip`", |given| given.on_failure() == Some(Policy::Skip));
const A_HANDLER_OR_PROGRAM: Condition = Case("a handler, `--filter` or `--jq`", |given| {
    given.handler().is_some() || given.has(Filter) || given.has(Jq)
});
const DEAD_LETTER_TOPIC: Condition = Case("`--dead-letter TOPIC`", |given| given.has(DeadLetter));
const RAW: Condition = Case("`--output raw`", |given| given.format() == Some(OutputFormat::Raw));
const RAW_WITHOUT_FILTER: Condition =
    Case("`--output raw`", |given| given.format() == Some(OutputFormat::Raw) && !given.has(Filter));
/// Holds if the output that was asked for is not what `--jq` prints.
const ANOTHER_OUTPUT: Condition = Case("`--output`", |given| match given.reading.output {
    None | Some(OutputFormat::Auto | OutputFormat::Json) => false,
    Some(OutputFormat::Pretty | OutputFormat::Line | OutputFormat::Raw) => true,
});
const PRETTY: Condition = Case("`--output pretty`", |given| given.format() == Some(OutputFormat::Pretty));
const DECODED_VALUE: Condition =
    Case("`%{value:json}` in `--format`", |given| given.shows_decoded(Field::Value));
const DECODED_KEY: Condition = Case("`%{key:json}` in `--format`", |given| given.shows_decoded(Field::Key));
const AVRO: Condition = Case("`--value-format avro`", |given| given.reading.decoding.names(DataFormat::Avro));
const AVRO_AT_ALL: Condition = Case("`--value-format` or `--key-format` auto or avro", |given| {
    let decoding = &given.reading.decoding;
    let formats = [decoding.format_of_values(), decoding.key_format.unwrap_or_default()];
    let is_avro = |format| format == DataFormat::Auto || format == DataFormat::Avro;
    formats.into_iter().any(is_avro) || decoding.names_for_headers(DataFormat::Avro)
});
const PROTOBUF: Condition =
    Case("`--value-format protobuf`", |given| given.reading.decoding.names(DataFormat::Protobuf));
const DECODED_HEADERS: Condition = Case("`--output json`", |given| given.shows_decoded_headers());
const DECODED: Condition = Case("`%{value:json}` or `%{key:json}` in `--format`", |given| {
    given.shows_decoded(Field::Value) || given.shows_decoded(Field::Key)
});
const FORMAT_WITH_SCHEMAS: Condition =
    Case("`--value-format` or `--key-format` auto, avro or protobuf", |given| {
        given.reading.decoding.leaves_schemas_to_registry()
    });
const REGISTRY_TOKEN: Condition = Case("`--registry-token`", |given| given.typed_as(RegistryToken).is_some());
const JSON_LOG: Condition = Case("`--log json`", |given| given.connection.log == Some(LogFormat::Json));
const QUIET: Condition = Case("`--quiet`", |given| given.connection.quiet);
const THE_DEMO: Condition = Case("`kcons demo`", |given| given.is_demo());
const FOLLOW: Condition = Case("`--follow`", |given| given.follows());
const SERVE: Condition = Case("`--serve`", |given| given.serves());

pub const OWN_BROKER: &str = "it brings its own broker";
pub const NO_STATIC_MEMBERS: &str = "its broker does not support static members";
pub const NO_TRANSACTIONS: &str = "its broker does not support transactions";
const ONE_HANDLER: &str = "a run has one handler";
const COMMITS_OF_A_GROUP: &str = "without a group nothing is committed";
const WAITING_MODES: &str = "it is for `--commit manual` and `--commit batch=N`";
const PRINTED: &str = "records are printed, not handled";
const ALL_THAT_IS_PRINTED: &str = "the template already says what is printed";
const TEMPLATE_OF_BYTES: &str = "the other tokens print bytes as they are";
const HANDLERS: &str =
    "`--exec CMD` runs a command for each record; others are `--worker`, `--forward` and `-- CMD`";
const BYTES: &str = "nothing is decoded: the handler gets the bytes as they are";

fn shows_progress(given: &GivenOptions<'_>) -> bool {
    given.reading.progress == Some(ProgressChoice::Always)
}

/// Checks the options of a run against all rules.
pub fn check(given: &GivenOptions<'_>) -> Result<(), Failure> {
    match RULES.iter().find_map(|rule| rule.failure(given)) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// The options that `kcons demo` never takes.
pub fn refused_by_demo() -> impl Iterator<Item = OptionName> {
    let of_demo = RULES.iter().filter(|rule| rule.excludes_with(&THE_DEMO));
    of_demo.flat_map(|rule| rule.options.listed().iter().copied())
}

/// Options with and without one of a profile, to decide whether the run takes it.
pub struct Beside<'a> {
    /// What was typed, and what was taken from the profile so far.
    pub before: &'a GivenOptions<'a>,
    /// All of `before`, and the option.
    pub after: &'a GivenOptions<'a>,
    /// What was typed, and the option, without the rest of the profile.
    pub typed: &'a GivenOptions<'a>,
}

/// Whether an option of a profile is left out.
pub fn leaves_out(option: OptionName, beside: &Beside<'_>) -> bool {
    RULES.iter().any(|rule| {
        let given = match rule.profile {
            InProfile::LeftOut => beside.after,
            InProfile::GivesWay => beside.typed,
            InProfile::Refused => return false,
        };
        let is_subject = rule.is_about(option) && rule.applies(given);
        let is_other = rule.also_left_out.contains(&option);
        is_subject || is_other && rule.is_broken(given) && !rule.is_broken(beside.before)
    })
}

#[cfg(test)]
pub mod tests;
