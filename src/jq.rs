//! Programs of the jq language, compiled once and run on the envelopes of records.

mod assignment;
mod conversion;
mod dates;
mod deletion;
mod errors;
mod folds;
mod functions;
mod path;
mod patterns;
mod regexp;
mod replacement;
mod source;
mod strings;
mod text;
mod value;
mod watch;

pub use assignment::assignment;
pub use errors::ProgramError;
pub use path::{Path, PathStep};
pub use patterns::constant;
pub use regexp::Regexp;
pub use source::is_shallow;
pub use text::write_float;
pub use watch::{Excess, STACKS, TIME, Watch};

use crate::quiet;
use jaq_core::load::{Arena, File, Loader, parse::Def};
use jaq_core::{Compiler, Ctx, DataT, Filter, Vars};
use jaq_json::{Val, read};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use value::JqValue;

/// How deep the JSON that a program gets may be nested, as in jq itself it has a bound: values are read, compared
/// and dropped by recursion, and a record must not exhaust the stack.
const DEEPEST: usize = 1000;

/// The stack of a thread that compiles a deeply nested program. Only addresses are taken for it.
const STACK: usize = 256 << 20;

/// Digits in one number that a program gets.
const LONGEST_NUMBER: usize = 1000;

/// A program, compiled.
///
/// A program runs until it ends or its `Watch` ends it, which a single long step (a regular expression on a long text) does not
/// notice. It reads no input but its own and opens no file; `env` and `$ENV` are as in jq; what `debug` and `stderr` print
/// is dropped.
#[derive(Clone)]
pub struct Program {
    text: Arc<str>,
    filter: Arc<Filter<Bounded>>,
    reads_environment: bool,
}

/// Values of jq, and steps that are watched.
pub struct Bounded;

impl DataT for Bounded {
    type V<'a> = JqValue;
    type Data<'a> = watch::Data<'a>;
}

/// One result of a program.
#[derive(Debug)]
pub struct Yield(JqValue);

/// What a program for event ids says of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventId {
    /// A string bare, anything else as compact JSON.
    One(String),
    None(NoId),
}

/// Why a record has no event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoId {
    /// The program yields nothing.
    Nothing,
    Null,
    Several,
}

impl Program {
    /// Compiles a program.
    ///
    /// # Errors
    /// What is wrong with it and where.
    pub fn compile(text: &str) -> Result<Program, ProgramError> {
        let source = source::prepare(text)?;
        if source.is_shallow {
            return Program::compile_here(text, &source.text);
        }
        let work = || Program::compile_here(text, &source.text);
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
            let compiled = thread.ok().and_then(|thread| thread.join().ok());
            compiled.unwrap_or_else(|| Err("it is nested too deeply for this machine".to_owned().into()))
        })
    }

    fn compile_here(text: &str, code: &str) -> Result<Program, ProgramError> {
        let arena = Arena::default();
        let changed = folds::changed(code);
        let main = if changed.is_some() { folds::PROGRAM } else { code };
        let of_program = |definition: Def<&'static str>| -> Def<&str> { definition };
        let loader = Loader::new(functions::definitions().map(of_program).chain(changed));
        let modules = loader
            .load(&arena, File { code: main, path: () })
            .map_err(|errors| errors::of_text(code, errors))?;
        let compiled = Compiler::default()
            .with_funs(functions::functions())
            .with_global_vars([functions::ENVIRONMENT])
            .compile(modules);
        let filter = compiled.map_err(|errors| errors::of_names(code, errors))?;
        patterns::check(code)?;
        let reads_environment = text.contains(functions::ENVIRONMENT);
        Ok(Program { text: text.into(), filter: Arc::new(filter), reads_environment })
    }

    /// The program as it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Runs the program on a JSON text and hands over each result until told to stop.
    ///
    /// # Errors
    /// jq's own words; the results before it were handed over.
    fn run(
        &self,
        json: &[u8],
        watch: &Watch,
        take: impl FnMut(Yield) -> ControlFlow<()>,
    ) -> Result<(), String> {
        // A program has nothing that could be left half done: its record is read anew each time. What the standard
        // library says of a panic quotes who knows what.
        let result = quiet::catch(|| self.run_unguarded(json, watch, take));
        result.unwrap_or_else(|payload| match payload.downcast_ref::<Excess>() {
            Some(excess) => Err(excess.to_string()),
            None => Err("it crashed".to_owned()),
        })
    }

    fn run_unguarded(
        &self,
        json: &[u8],
        watch: &Watch,
        mut take: impl FnMut(Yield) -> ControlFlow<()>,
    ) -> Result<(), String> {
        check(json).map_err(|what| format!("the record {what}"))?;
        let input = read::parse_single(json).map_err(|error| format!("not JSON: {error}"))?;
        let environment = if self.reads_environment { functions::environment() } else { JqValue(Val::Null) };
        let data = watch::Data { lut: &self.filter.lut, watch };
        let context = Ctx::<Bounded>::new(data, Vars::new([environment]));
        for result in self.filter.id.run((context, JqValue(input))) {
            match result {
                Ok(value) => {
                    if take(Yield(value)).is_break() {
                        break;
                    }
                }
                Err(exception) => return Err(errors::while_running(exception)),
            }
        }
        Ok(())
    }

    /// Whether any result is neither `false` nor `null`. It looks no further than the first such one.
    ///
    /// # Errors
    /// jq's own words.
    pub fn is_true(&self, json: &[u8], watch: &Watch) -> Result<bool, String> {
        let mut is_true = false;
        self.run(json, watch, |result| {
            is_true = result.is_true();
            if is_true { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(is_true)
    }

    /// Hands over each result of the program.
    ///
    /// # Errors
    /// jq's own words; the results before it were handed over.
    pub fn results(&self, json: &[u8], watch: &Watch, mut take: impl FnMut(&Yield)) -> Result<(), String> {
        self.run(json, watch, |result| {
            take(&result);
            ControlFlow::Continue(())
        })
    }

    /// The event id that the program yields.
    ///
    /// # Errors
    /// jq's own words.
    pub fn id(&self, json: &[u8], watch: &Watch) -> Result<EventId, String> {
        let mut id = EventId::None(NoId::Nothing);
        let mut count = 0;
        self.run(json, watch, |value| {
            count += 1;
            id = match (count, &value.0.0) {
                (1, Val::Null) => EventId::None(NoId::Null),
                (1, _) => EventId::One(value.bare()),
                (2.., _) | (..=0, _) => EventId::None(NoId::Several),
            };
            if count == 1 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(id)
    }
}

impl Yield {
    pub fn is_string(&self) -> bool {
        matches!(self.0.0, Val::TStr(_))
    }

    /// Whether it is neither `false` nor `null`; what is no number is printed as the latter, but is another value.
    pub fn is_true(&self) -> bool {
        !matches!(self.0.0, Val::Null | Val::Bool(false))
    }

    /// The result as compact JSON on one line.
    pub fn json(&self) -> String {
        text::json(&self.0.0)
    }

    /// A string bare, anything else as compact JSON.
    pub fn bare(&self) -> String {
        text::bare(&self.0.0)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.text).finish()
    }
}

/// Refuses a JSON text that reading alone would take too long: values are read by recursion, and the time for a number
/// grows with the square of its digits.
///
/// # Errors
/// What there is too much of.
fn check(json: &[u8]) -> Result<(), String> {
    if json.len() <= DEEPEST.min(LONGEST_NUMBER) {
        return Ok(());
    }
    let (mut depth, mut digits) = (0usize, 0usize);
    let mut rest = json;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'"' => {
                digits = 0;
                rest = behind_string(rest);
            }
            b'0'..=b'9' => {
                digits += 1;
                if digits > LONGEST_NUMBER {
                    return Err(format!("has a number of more than {LONGEST_NUMBER} digits"));
                }
            }
            b'.' | b'e' | b'E' | b'+' | b'-' => {}
            b'[' | b'{' => {
                (depth, digits) = (depth + 1, 0);
                if depth > DEEPEST {
                    return Err(format!("is nested deeper than {DEEPEST} levels"));
                }
            }
            b']' | b'}' => (depth, digits) = (depth.saturating_sub(1), 0),
            _ => digits = 0,
        }
    }
    Ok(())
}

/// What stands behind the string that this is the inside of.
fn behind_string(mut rest: &[u8]) -> &[u8] {
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        if rest[at] == b'"' {
            return &rest[at + 1..];
        }
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    &[]
}

#[cfg(test)]
mod tests;
