//! What a rule is, and how it is evaluated.

use crate::error::Failure;
use crate::settings::options::given::{GivenOptions, OptionName};

/// A rule: some options, and what they need or cannot be used with.
pub struct Rule {
    pub options: Subject,
    relation: Relation,
    pub other: Condition,
    /// Limits the rule to a case of its option, such as `--on-failure skip`, which messages then name.
    pub case: Option<(&'static str, Test)>,
    cause: Option<&'static str>,
    pub hint: Option<&'static str>,
    pub profile: InProfile,
    /// Options on the other side of the rule that are left out too if they come from a profile.
    pub also_left_out: &'static [OptionName],
}

/// Asks something about the given options.
pub type Test = fn(&GivenOptions<'_>) -> bool;

/// The options that a rule is about.
#[derive(Clone, Copy)]
pub enum Subject {
    These(&'static [OptionName]),
    Any,
}

#[derive(Clone, Copy)]
enum Relation {
    Needs,
    CannotBeUsedWith,
}

/// What an option needs or cannot be used with.
#[derive(Clone, Copy)]
pub enum Condition {
    /// Another option.
    Given(OptionName),
    /// A case: what messages call it, and whether it is there. `{handler}` stands for the option that names the handler.
    Case(&'static str, Test),
}

/// What happens to an option of a profile that breaks a rule.
#[derive(Clone, Copy)]
pub enum InProfile {
    /// The option is left out, because it would change nothing.
    LeftOut,
    /// The option gives way to a typed one that it contradicts. A profile that contradicts itself is an error.
    GivesWay,
    /// The option is an error as if it had been typed, because without it the run would not do what the profile says.
    Refused,
}

/// Begins a rule about these options.
pub const fn options(options: &'static [OptionName]) -> Subject {
    Subject::These(options)
}

impl Subject {
    pub const fn need(self, other: Condition) -> Rule {
        self.rule(Relation::Needs, other)
    }

    pub const fn cannot_be_used_with(self, other: Condition) -> Rule {
        self.rule(Relation::CannotBeUsedWith, other)
    }

    /// The options by name; none of `Any`.
    pub fn listed(self) -> &'static [OptionName] {
        match self {
            Subject::These(options) => options,
            Subject::Any => &[],
        }
    }

    const fn rule(self, relation: Relation, other: Condition) -> Rule {
        Rule {
            options: self,
            relation,
            other,
            case: None,
            cause: None,
            hint: None,
            profile: InProfile::LeftOut,
            also_left_out: &[],
        }
    }
}

impl Rule {
    pub const fn in_case(mut self, words: &'static str, case: Test) -> Rule {
        self.case = Some((words, case));
        self
    }

    pub const fn cause(mut self, cause: &'static str) -> Rule {
        self.cause = Some(cause);
        self
    }

    pub const fn hint(mut self, hint: &'static str) -> Rule {
        self.hint = Some(hint);
        self
    }

    pub const fn in_profile(mut self, profile: InProfile) -> Rule {
        self.profile = profile;
        self
    }

    pub const fn also_left_out(mut self, options: &'static [OptionName]) -> Rule {
        self.also_left_out = options;
        self
    }

    /// Whether the rule excludes its own options, given the others.
    pub fn applies(&self, given: &GivenOptions<'_>) -> bool {
        let is_case = self.case.is_none_or(|(_, is_case)| is_case(given));
        let is_there = match self.other {
            Condition::Given(other) => given.has(other),
            Condition::Case(_, is_there) => is_there(given),
        };
        is_case
            && match self.relation {
                Relation::Needs => !is_there,
                Relation::CannotBeUsedWith => is_there,
            }
    }

    /// Whether the options cannot be used in a case that has a name.
    pub fn excludes_with(&self, condition: &Condition) -> bool {
        let is_it = match (&self.other, condition) {
            (Condition::Case(words, _), Condition::Case(other, _)) => words == other,
            (Condition::Given(_), _) | (_, Condition::Given(_)) => false,
        };
        is_it && matches!(self.relation, Relation::CannotBeUsedWith)
    }

    pub fn is_about(&self, option: OptionName) -> bool {
        match self.options {
            Subject::These(options) => options.contains(&option),
            Subject::Any => true,
        }
    }

    /// The first option that breaks the rule.
    pub fn broken_by(&self, given: &GivenOptions<'_>) -> Option<OptionName> {
        let mut broken = match self.options {
            Subject::These(options) => options.iter(),
            Subject::Any => given.names().iter(),
        };
        broken.find(|option| given.typed_as(**option).is_some()).copied().filter(|_| self.applies(given))
    }

    pub fn is_broken(&self, given: &GivenOptions<'_>) -> bool {
        self.broken_by(given).is_some()
    }

    /// The usage error of the rule, if it is broken.
    pub fn failure(&self, given: &GivenOptions<'_>) -> Option<Failure> {
        let option = given.typed_as(self.broken_by(given)?)?;
        let option = self.case.map_or_else(|| format!("`{option}`"), |(words, _)| words.to_owned());
        let verb = match self.relation {
            Relation::Needs => "needs",
            Relation::CannotBeUsedWith => "cannot be used with",
        };
        let handler = given.handler().map(OptionName::spelled).unwrap_or_default();
        let other = match self.other {
            Condition::Given(other) => format!("`{}`", other.spelled()),
            Condition::Case(words, _) => words.replace("{handler}", &handler),
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
