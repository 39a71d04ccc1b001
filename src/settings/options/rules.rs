//! The rules of options: one table of which option needs which other one, and which cannot be used with which.
//!
//! A typed option that breaks a rule is a usage error; `kcons demo` refuses options by the same rules. An option of a
//! profile that breaks a rule is usually left out, because it would change nothing in this run: a profile is for many
//! commands.

use super::given::GivenOptions;
use super::given::OptionName::{self, *};
use crate::cli::{CommitChoice, OnFailure as Policy, OutputFormat};
use crate::error::Failure;

/// A rule: some options, and what they need or cannot be used with.
pub struct Rule {
    options: Subject,
    relation: Relation,
    other: Other,
    /// Limits the rule to a case of its option, `--on-failure skip`, which messages then name.
    case: Option<(&'static str, Test)>,
    cause: Option<&'static str>,
    hint: Option<&'static str>,
    profile: InProfile,
    /// Options on the other side of the rule that are left out too if they come from a profile.
    also_left_out: &'static [OptionName],
}

type Test = fn(&GivenOptions<'_>) -> bool;

#[derive(Clone, Copy)]
enum Subject {
    These(&'static [OptionName]),
    Any,
}

#[derive(Clone, Copy)]
enum Relation {
    Needs,
    CannotBeUsedWith,
}

/// The other side of a rule.
#[derive(Clone, Copy)]
enum Other {
    Option(OptionName),
    /// What messages call it, and whether it is there; `{handler}` stands for the option that names the handler.
    Words(&'static str, Test),
}

/// What happens to an option of a profile that breaks a rule.
#[derive(Clone, Copy)]
enum InProfile {
    /// It is left out, because it would change nothing.
    LeftOut,
    /// It gives way to a typed option that it contradicts. A profile that contradicts itself is an error.
    GivesWay,
    /// It is an error as if it had been typed, because without it the run would not do what the profile says.
    Refused,
}

const fn needs(options: &'static [OptionName], other: Other) -> Rule {
    Rule::new(Subject::These(options), Relation::Needs, other)
}

const fn excluded(options: &'static [OptionName], other: Other) -> Rule {
    Rule::new(Subject::These(options), Relation::CannotBeUsedWith, other)
}

impl Rule {
    const fn new(options: Subject, relation: Relation, other: Other) -> Rule {
        Rule {
            options,
            relation,
            other,
            case: None,
            cause: None,
            hint: None,
            profile: InProfile::LeftOut,
            also_left_out: &[],
        }
    }

    const fn only(mut self, words: &'static str, case: Test) -> Rule {
        self.case = Some((words, case));
        self
    }

    const fn cause(mut self, cause: &'static str) -> Rule {
        self.cause = Some(cause);
        self
    }

    const fn hint(mut self, hint: &'static str) -> Rule {
        self.hint = Some(hint);
        self
    }

    const fn in_profile(mut self, profile: InProfile) -> Rule {
        self.profile = profile;
        self
    }

    const fn also_left_out(mut self, options: &'static [OptionName]) -> Rule {
        self.also_left_out = options;
        self
    }
}

const GROUP: Other = Other::Words("`--group`", |given| given.is_in_group());
const COMMIT_AUTO: Other = Other::Words("`--commit auto`", |given| given.commit() == CommitChoice::Auto);
const COMMIT_NEVER: Other = Other::Words("`--commit never`", |given| given.commit() == CommitChoice::Never);
const A_HANDLER: Other = Other::Words("a handler", |given| given.handler().is_some());
const THE_HANDLER: Other = Other::Words("`{handler}`", |given| given.handler().is_some());
/// Holds if the handler is a program that is started for each record.
const PROGRAM: Other = Other::Words("`{handler}`", |given| given.runs_programs());
const PROGRAM_WITHOUT_JSON: Other =
    Other::Words("`{handler}`", |given| given.runs_programs() && !given.decodes_for_handler());
const FORWARD_AS_IT_IS: Other =
    Other::Words("`{handler}`", |given| given.has(Forward) && !given.decodes_for_handler());
const IN_FLIGHT_OF_FORWARD: Other =
    Other::Words("`--in-flight` and `--forward`", |given| given.has(InFlight) && given.has(Forward));
/// Holds for handlers without a further attempt. Programs can ask for one whatever `--retries` says.
const NO_RETRIES: Other =
    Other::Words("`--retries 0`", |given| given.reading.handler.retries == Some(0) && !given.runs_programs());
const POLICY_STOP: Other =
    Other::Words("`--on-failure stop`", |given| given.on_failure() == Some(Policy::Stop));
const POLICY_SKIP: Other =
    Other::Words("`--on-failure skip`", |given| given.on_failure() == Some(Policy::Skip));
const A_HANDLER_OR_FILTER: Other =
    Other::Words("a handler or `--filter`", |given| given.handler().is_some() || given.has(Filter));
const DEAD_LETTER_TOPIC: Other = Other::Words("`--dead-letter TOPIC`", |given| given.has(DeadLetter));
const RAW: Other = Other::Words("`--output raw`", |given| given.format() == OutputFormat::Raw);
const RAW_WITHOUT_FILTER: Other =
    Other::Words("`--output raw`", |given| given.format() == OutputFormat::Raw && !given.has(Filter));
const PRETTY: Other = Other::Words("`--output pretty`", |given| given.format() == OutputFormat::Pretty);
const THE_DEMO: Other = Other::Words("`kcons demo`", |given| given.is_demo());
const FOLLOW: Other = Other::Words("`--follow`", |given| given.follows());
const SERVE: Other = Other::Words("`--serve`", |given| given.serves());

pub const OWN_BROKER: &str = "it brings its own broker";
pub const NO_STATIC_MEMBERS: &str = "its broker knows no static members";
pub const NO_TRANSACTIONS: &str = "its broker knows no transactions";
const ONE_HANDLER: &str = "a run has one handler";
const COMMITS_OF_A_GROUP: &str = "without a group nothing is committed";
const WAITING_MODES: &str = "it is for `--commit manual` and `--commit batch=N`";
const PRINTED: &str = "records are printed, not handled";
const HANDLERS: &str =
    "`--exec CMD` runs a command for each record; others are `--worker`, `--forward` and `-- CMD`";
const BYTES: &str = "nothing is decoded: the handler gets the bytes as they are";

/// All rules. If several are broken, the first one is reported.
pub const RULES: &[Rule] = &[
    // The demo.
    excluded(&[Brokers], THE_DEMO).cause(OWN_BROKER),
    Rule::new(Subject::Any, Relation::CannotBeUsedWith, SERVE).cause("nothing is consumed"),
    excluded(&[Exit, To], FOLLOW).in_profile(InProfile::GivesWay),
    excluded(&[InstanceId], THE_DEMO).cause(NO_STATIC_MEMBERS),
    excluded(&[ReadUncommitted], THE_DEMO).cause(NO_TRANSACTIONS),
    // In a group or alone.
    excluded(&[From], GROUP).hint(
        "a group starts where it has committed, else as `--offset-reset` says; `kcons group reset` moves it",
    ),
    excluded(&[Partitions], GROUP).hint("the members of a group share the partitions"),
    needs(&[OffsetReset], GROUP).hint("without a group `--from` says where to start"),
    needs(&[Commit, AsyncCommit, CommitInterval], GROUP).hint(COMMITS_OF_A_GROUP),
    needs(&[InstanceId], GROUP).hint("without a group there are no members"),
    excluded(&[AsyncCommit], COMMIT_AUTO).hint(WAITING_MODES),
    excluded(&[AsyncCommit], COMMIT_NEVER).hint(WAITING_MODES),
    needs(&[CommitInterval], COMMIT_AUTO),
    // Handlers.
    excluded(&[Command], Other::Option(Exec)).cause(ONE_HANDLER).also_left_out(&[Exec]),
    excluded(&[Command, Exec], Other::Option(Worker)).cause(ONE_HANDLER).also_left_out(&[Worker]),
    excluded(&[Command, Exec, Worker], Other::Option(Forward)).cause(ONE_HANDLER).also_left_out(&[Forward]),
    needs(
        &[
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
        ],
        A_HANDLER,
    )
    .cause(PRINTED)
    .hint(HANDLERS),
    excluded(&[Output, Json, Delimiter, Label, TitleField], THE_HANDLER)
        .cause("records are handled, not printed")
        .also_left_out(&[Exec, Worker, Forward]),
    excluded(&[InFlight], PROGRAM)
        .cause("a process has one record")
        .hint("`--parallel` is how many run at once"),
    excluded(&[Stdin], Other::Option(Worker)).cause("a worker gets a JSON record a line"),
    excluded(&[Stdin], Other::Option(Forward)).cause("nothing is run"),
    excluded(&[Backoff], NO_RETRIES).cause("there is no further attempt to wait for"),
    excluded(&[ValueFormat, KeyFormat, Strict], PROGRAM_WITHOUT_JSON)
        .cause(BYTES)
        .hint("`--stdin json` gives it the decoded record"),
    excluded(&[ValueFormat, KeyFormat, Strict], FORWARD_AS_IT_IS).cause(BYTES),
    // There is one producer: both options would say how many records are on their way.
    excluded(&[Parallel], IN_FLIGHT_OF_FORWARD)
        .cause("there they mean the same")
        .hint("give one of them")
        .also_left_out(&[InFlight]),
    // Failed records.
    needs(&[OnFailure], A_HANDLER)
        .only("`--on-failure dead-letter`", |given| given.on_failure() == Some(Policy::DeadLetter))
        .cause(PRINTED)
        .hint(HANDLERS),
    needs(&[OnFailure], A_HANDLER_OR_FILTER).hint("`--exec CMD` runs a command for each record"),
    excluded(&[OnFailure], Other::Option(Strict))
        .only("`--on-failure skip`", |given| {
            given.on_failure() == Some(Policy::Skip) && given.handler().is_none()
        })
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[Strict]),
    excluded(&[DeadLetter], POLICY_STOP)
        .hint("leave `--on-failure` out")
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[OnFailure]),
    excluded(&[DeadLetter], POLICY_SKIP)
        .hint("leave `--on-failure` out")
        .in_profile(InProfile::GivesWay)
        .also_left_out(&[OnFailure]),
    needs(&[OnFailure], DEAD_LETTER_TOPIC)
        .only("`--on-failure dead-letter`", |given| given.on_failure() == Some(Policy::DeadLetter))
        .in_profile(InProfile::Refused),
    // Duplicates.
    needs(&[DedupStore, DedupTtl], Other::Option(Dedup)),
    needs(&[Dedup], Other::Option(DedupStore))
        .only("`--dedup` without `--group`", |given| !given.is_in_group())
        .cause("the file of ids is named by the group")
        .in_profile(InProfile::Refused),
    // What is printed.
    needs(&[Delimiter], RAW),
    needs(&[Label, TitleField], PRETTY),
    excluded(&[ValueFormat, KeyFormat, Strict], RAW_WITHOUT_FILTER)
        .cause("raw output is the value's bytes as they are")
        .hint("use `--output json`"),
];

/// Checks the options of a run against all rules.
pub fn check(given: &GivenOptions<'_>) -> Result<(), Failure> {
    match RULES.iter().find_map(|rule| rule.failure(given)) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
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

impl Rule {
    /// Whether the rule excludes its own options, given the others.
    fn applies(&self, given: &GivenOptions<'_>) -> bool {
        let is_case = self.case.is_none_or(|(_, is_case)| is_case(given));
        let is_there = match self.other {
            Other::Option(other) => given.has(other),
            Other::Words(_, is_there) => is_there(given),
        };
        is_case
            && match self.relation {
                Relation::Needs => !is_there,
                Relation::CannotBeUsedWith => is_there,
            }
    }

    fn is_about(&self, option: OptionName) -> bool {
        match self.options {
            Subject::These(options) => options.contains(&option),
            Subject::Any => true,
        }
    }

    /// The first option that breaks the rule.
    fn broken_by(&self, given: &GivenOptions<'_>) -> Option<OptionName> {
        let mut broken = match self.options {
            Subject::These(options) => options.iter(),
            Subject::Any => given.names().iter(),
        };
        broken.find(|option| given.typed_as(**option).is_some()).copied().filter(|_| self.applies(given))
    }

    fn is_broken(&self, given: &GivenOptions<'_>) -> bool {
        self.broken_by(given).is_some()
    }

    /// The usage error of the rule, if it is broken.
    fn failure(&self, given: &GivenOptions<'_>) -> Option<Failure> {
        let option = given.typed_as(self.broken_by(given)?)?;
        let option = self.case.map_or_else(|| format!("`{option}`"), |(words, _)| words.to_owned());
        let verb = match self.relation {
            Relation::Needs => "needs",
            Relation::CannotBeUsedWith => "cannot be used with",
        };
        let handler = given.handler().map(OptionName::spelled).unwrap_or_default();
        let other = match self.other {
            Other::Option(other) => format!("`{}`", other.spelled()),
            Other::Words(words, _) => words.replace("{handler}", &handler),
        };
        let mut failure = Failure::usage(format!("{option} {verb} {other}"));
        if let Some(cause) = self.cause {
            failure = failure.caused_by(cause);
        }
        Some(match self.hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        })
    }
}

#[cfg(test)]
pub mod tests;
