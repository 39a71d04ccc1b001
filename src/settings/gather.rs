//! Properties as they were given, from every source, by the name librdkafka knows.

use super::java::{self, Meaning};
use super::known::{FEATURES, Form, KnownProperty, Side};
use super::origin::Origin;
use super::stores::Stores;
use super::{Surroundings, guarded, oauth, print, producer, profile, properties_file, values};
use crate::cli;
use crate::error::{Failure, reason};
use std::collections::BTreeMap;
use std::net::Ipv6Addr;

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    pub value: String,
    pub origin: Origin,
}

impl Given {
    /// Whether librdkafka takes it for true.
    pub fn is_true(&self) -> bool {
        ["true", "t", "1"].contains(&self.value.to_ascii_lowercase().as_str())
    }
}

/// What was given; where several sources had a property, the value of the first by precedence:
/// option, `-X`, file, environment, profile.
#[derive(Debug, Default)]
pub struct Gathered {
    pub given: BTreeMap<String, Given>,
    /// What was typed for the producer of the run, if it has one.
    pub producer: Vec<producer::Typed>,
    /// What a person should hear of values that were ignored.
    pub notes: Vec<String>,
    /// The profile and the options that it gave.
    profile: Option<(String, Vec<String>)>,
}

pub const BROKERS: &str = "bootstrap.servers";

impl Gathered {
    /// Reads `-X`, the file, the environment and the profile; values `env:` and `file:` are looked up.
    ///
    /// # Errors
    /// Whatever librdkafka would not take, or would take without meaning it.
    pub fn read(arguments: &cli::Connection, surroundings: &Surroundings<'_>) -> Result<Gathered, Failure> {
        let mut gathered = Gathered::default();
        let is_file_named = arguments.config.is_some() || surroundings.variable("KCONS_CONFIG").is_some();
        if let Some(table) = &arguments.profile_table {
            gathered.read_profile(table, is_file_named, surroundings)?;
        }
        let file = match &arguments.config {
            Some(path) => Some((path.clone(), "check `--config`")),
            None => {
                surroundings.variable("KCONS_CONFIG").map(|path| (path, "check the variable `KCONS_CONFIG`"))
            }
        };
        let brokers = surroundings.variable("KCONS_BROKERS");
        let origin = Origin::Environment("KCONS_BROKERS".to_owned());
        // A file that was typed wins over the environment. One that is itself named there does not:
        // of two variables the one that says less says it more exactly.
        if let Some(text) = &brokers {
            gathered.set(BROKERS, &self::brokers(text, " in `KCONS_BROKERS`")?, origin.clone());
        }
        if let Some((path, hint)) = file {
            let digest = Digest::new(surroundings, Origin::File(path.clone())).read_file(&path, hint)?;
            let keeps_brokers = brokers.is_some() && arguments.config.is_none();
            gathered.overlay(digest, |name| !(keeps_brokers && name == BROKERS));
        }
        gathered
            .overlay(Digest::new(surroundings, Origin::Property).read_typed(&arguments.properties)?, |_| {
                true
            });
        if let Some(text) = &arguments.brokers {
            let brokers = self::brokers(text, " for `--brokers`")?;
            gathered.agree("--brokers", &brokers, BROKERS)?;
            gathered.set(BROKERS, &brokers, Origin::Option);
        }
        Ok(gathered)
    }

    fn read_profile(
        &mut self,
        table: &cli::ProfileTable,
        is_file_named: bool,
        surroundings: &Surroundings<'_>,
    ) -> Result<(), Failure> {
        if let Some(path) = table.config.as_ref().filter(|_| !is_file_named) {
            let hint = format!("check `config` of profile `{}` in `{}`", table.name, table.path);
            let digest = Digest::new(surroundings, Origin::File(path.clone())).read_file(path, &hint)?;
            self.overlay(digest, |_| true);
        }
        let origin = Origin::Profile(table.name.clone());
        self.overlay(Digest::new(surroundings, origin).read_profile(table)?, |_| true);
        self.profile = Some((table.name.clone(), table.options.clone()));
        Ok(())
    }

    /// Where the value of an option comes from that is there: typed, or of the profile.
    pub fn origin_of(&self, option: &str) -> Origin {
        match &self.profile {
            Some((name, options)) if options.iter().any(|given| given == option) => {
                Origin::Profile(name.clone())
            }
            Some(_) | None => Origin::Option,
        }
    }

    fn overlay(&mut self, digest: Digest<'_>, is_wanted: impl Fn(&str) -> bool) {
        self.given.extend(digest.given.into_iter().filter(|(name, _)| is_wanted(name)));
        self.producer.extend(digest.producer);
        self.notes.extend(digest.notes);
    }

    pub fn get(&self, name: &str) -> Option<&Given> {
        self.given.get(name)
    }

    pub fn take(&mut self, name: &str) -> Option<Given> {
        self.given.remove(name)
    }

    pub fn set(&mut self, name: &str, value: &str, origin: Origin) {
        self.given.insert(name.to_owned(), Given { value: value.to_owned(), origin });
    }

    /// Whether it was typed as `-X`.
    pub fn is_typed(&self, name: &str) -> bool {
        self.get(name).is_some_and(|given| given.origin.is_typed())
    }

    /// Refuses an option and a `-X` that say two things.
    pub fn agree(&self, option: &str, value: &str, property: &str) -> Result<(), Failure> {
        match self.get(property) {
            Some(given) if given.origin == Origin::Property && given.value != value => {
                let other = &given.value;
                Err(Failure::usage(format!(
                    "`{option} {value}` and `-X {property}={other}` contradict each other"
                ))
                .hint("give one of them"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// One source on its way into the whole.
struct Digest<'a> {
    surroundings: &'a Surroundings<'a>,
    origin: Origin,
    given: BTreeMap<String, Given>,
    producer: Vec<producer::Typed>,
    stores: Stores,
    notes: Vec<String>,
}

impl<'a> Digest<'a> {
    fn new(surroundings: &'a Surroundings<'a>, origin: Origin) -> Digest<'a> {
        let (given, stores) = (BTreeMap::new(), Stores::default());
        Digest { surroundings, origin, given, producer: Vec::new(), stores, notes: Vec::new() }
    }

    fn read_typed(mut self, typed: &[String]) -> Result<Digest<'a>, Failure> {
        for text in typed {
            let Some((name, value)) = text.split_once('=') else {
                // What was typed may hold a secret: no more than a name is repeated.
                let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(text.len());
                let name = &text[..end];
                return Err(Failure::usage(format!("`-X {name}` has no value"))
                    .hint("-X KEY=VALUE sets a property, `--print-config` lists all of them"));
            };
            self.add(name.trim(), value.to_owned(), "")?;
        }
        self.finish()
    }

    fn read_file(mut self, path: &str, hint: &str) -> Result<Digest<'a>, Failure> {
        let unreadable =
            |cause: String| Failure::usage(format!("cannot read `{path}`")).caused_by(cause).hint(hint);
        let bytes = std::fs::read(path).map_err(|error| unreadable(reason(&error)))?;
        let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))?;
        let lines = properties_file::parse(&text).map_err(|(number, cause)| {
            Failure::usage(format!("cannot read `{path}` line {number}")).caused_by(cause)
        })?;
        for line in lines {
            self.add(&line.name, line.value, &format!(" in `{path}` line {}", line.number))?;
        }
        self.finish()
    }

    fn read_profile(mut self, table: &cli::ProfileTable) -> Result<Digest<'a>, Failure> {
        for property in &table.properties {
            let place = profile::place(table, property.line);
            self.add(&property.name, property.value.clone(), &place)?;
        }
        self.finish()
    }

    fn add(&mut self, name: &str, value: String, place: &str) -> Result<(), Failure> {
        let value = values::resolve(value, self.surroundings.environment).map_err(|cause| {
            Failure::usage(format!("cannot read the value of property `{name}`{place}")).caused_by(cause)
        })?;
        if let Some(guarded) = guarded::find(name) {
            if self.origin.is_typed() {
                return Err(guarded.refuse());
            }
            self.notes.push(guarded.note(place));
            return Ok(());
        }
        if Stores::is_one(name) {
            self.stores.insert(name, value);
            return Ok(());
        }
        let meaning = java::translate(name, &value).map_err(|mut failure| {
            failure.message.push_str(place);
            failure
        })?;
        match meaning {
            Meaning::Same => self.put(name, value, place),
            Meaning::These(properties) => {
                properties.into_iter().try_for_each(|(name, value)| self.put(name, value, place))
            }
            Meaning::Login(login) => {
                for (name, value) in login.properties {
                    self.put(name, value, place)?;
                }
                let mechanism = login.mechanism.filter(|_| !self.given.contains_key("sasl.mechanisms"));
                mechanism.map_or(Ok(()), |mechanism| self.put("sasl.mechanisms", mechanism.to_owned(), place))
            }
            Meaning::Nothing | Meaning::NothingBecause(_) if self.origin.is_typed() => {
                Err(Failure::usage(format!("property `{name}` has no use here"))
                    .caused_by("it steers what only Java clients have"))
            }
            Meaning::Nothing => Ok(()),
            Meaning::NothingBecause(reason) => {
                self.notes.push(format!("ignoring `{name}`{place}: {reason}"));
                Ok(())
            }
        }
    }

    fn unknown(&self, name: &str, place: &str) -> Failure {
        let (kind, all, near) = match self.origin {
            Origin::Profile(_) => (
                "key",
                "keys are options without dashes, as `brokers`, and properties, see `--print-config`",
                profile::near(name, self.surroundings.known),
            ),
            Origin::Default
            | Origin::Kcons
            | Origin::Option
            | Origin::Property
            | Origin::File(_)
            | Origin::Environment(_) => (
                "property",
                "`--print-config` lists all properties",
                self.surroundings.known.near(name).into_iter().map(str::to_owned).collect(),
            ),
        };
        let failure = Failure::usage(format!("unknown {kind} `{name}`{place}"));
        let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
        match near.is_empty() {
            true => failure.hint(all),
            false => failure.hint(format!("did you mean {}?", near.join(" or "))),
        }
    }

    fn finish(mut self) -> Result<Digest<'a>, Failure> {
        for (name, value) in std::mem::take(&mut self.stores).translate()? {
            self.put(name, value, "")?;
        }
        Ok(self)
    }

    /// Takes a property of librdkafka in, after a look at its name and value.
    fn put(&mut self, name: &str, value: String, place: &str) -> Result<(), Failure> {
        let known = self.surroundings.known;
        let Some(property) = known.get(name).filter(|_| name != FEATURES) else {
            return Err(self.unknown(name, place));
        };
        if property.form == Form::Code {
            return Err(Failure::usage(format!("property `{name}` cannot be set{place}"))
                .caused_by("it is a function, not a text"));
        }
        if property.side == Side::Producer && !self.origin.is_typed() {
            // A file may serve a whole service; what was typed is meant for this run.
            return Ok(());
        }
        let value = match property.name.as_str() {
            BROKERS => brokers(&value, place)?,
            _ => value,
        };
        match check(self.surroundings, property, &value, place) {
            Ok(()) => {}
            Err(Refusal::NotBuiltIn(failure)) if !self.origin.is_typed() => {
                self.notes.push(format!("{}: it is ignored", failure.message));
                return Ok(());
            }
            Err(Refusal::NotBuiltIn(failure) | Refusal::BadValue(failure)) => return Err(failure),
        }
        if property.side == Side::Producer {
            let typed = producer::Typed { name: name.to_owned(), canonical: property.name.clone(), value };
            return typed.join(&mut self.producer).then_some(()).ok_or_else(|| two_values(name));
        }
        let given = Given { value, origin: self.origin.clone() };
        match self.given.insert(property.name.clone(), given.clone()) {
            Some(other) if self.origin.is_typed() && other != given => Err(two_values(name)),
            Some(_) | None => Ok(()),
        }
    }
}

fn two_values(name: &str) -> Failure {
    Failure::usage(format!("`-X {name}` is there twice with two values")).hint("give one of them")
}

/// Why a value is not taken.
enum Refusal {
    BadValue(Failure),
    /// This build of the library lacks what the property steers.
    NotBuiltIn(Failure),
}

/// Judges a value: whole numbers here, because librdkafka reads `1x` and `4294967297` as 1.
fn check(
    surroundings: &Surroundings<'_>,
    property: &KnownProperty,
    value: &str,
    place: &str,
) -> Result<(), Refusal> {
    let name = &property.name;
    if oauth::is_ours(name) {
        return oauth::check(name, value).map_err(|valid| {
            let shown = print::shown(name, value);
            let failure = Failure::usage(format!("invalid value `{shown}` for property `{name}`{place}"));
            Refusal::BadValue(failure.hint(format!("valid: {valid}")))
        });
    }
    let judged = match property.form {
        Form::Integer if !is_in_range(value, &property.valid) => Err(String::new()),
        Form::Float if value.parse::<f64>().is_err() => Err(String::new()),
        Form::Integer | Form::Float | Form::Text | Form::Code => (surroundings.check)(name, value),
    };
    let Err(cause) = judged else { return Ok(()) };
    let shown = print::shown(name, value);
    if let Some((_, lacking)) = cause.split_once("not supported in this build: ") {
        let failure = Failure::usage(format!("`{name}={shown}`{place} is not built in"));
        return Err(Refusal::NotBuiltIn(failure.caused_by(lacking.trim_end())));
    }
    let failure = Failure::usage(format!("invalid value `{shown}` for property `{name}`{place}"));
    Err(Refusal::BadValue(match property.valid.is_empty() {
        true => failure.caused_by(cause.trim_end()),
        false => failure.hint(format!("valid: {}", property.valid.replace(" .. ", " to "))),
    }))
}

fn is_in_range(value: &str, valid: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = value.parse::<i64>().ok().filter(|_| is_number) else { return false };
    let bounds = valid.split_once(" .. ").map(|(low, high)| (low.parse::<i64>(), high.parse::<i64>()));
    match bounds {
        Some((Ok(low), Ok(high))) => (low..=high).contains(&number),
        Some(_) | None => true,
    }
}

/// Reads `HOST:PORT,HOST:PORT`; the port may be left out, blanks and empty parts are dropped.
fn brokers(text: &str, place: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let bad = match parts.is_empty() {
        true => Some(text),
        false => parts.iter().find(|part| !is_broker(part)).copied(),
    };
    match bad {
        None => Ok(parts.join(",")),
        Some(bad) => Err(Failure::usage(format!("invalid broker `{bad}`{place}"))
            .hint("brokers are HOST:PORT,HOST:PORT, as in `localhost:9092`")),
    }
}

fn is_broker(text: &str) -> bool {
    let address = text.split_once("://").map_or(text, |(_, address)| address);
    let is_port =
        |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|p| p > 0);
    if let Some(rest) = address.strip_prefix('[') {
        let Some((host, port)) = rest.split_once(']') else { return false };
        return host.parse::<Ipv6Addr>().is_ok()
            && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let is_name = |host: &str| !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || c == '/');
    match address.split_once(':') {
        None => is_name(address),
        Some((host, port)) => (is_name(host) && is_port(port)) || address.parse::<Ipv6Addr>().is_ok(),
    }
}

#[cfg(test)]
mod tests;
