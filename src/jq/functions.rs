//! What a program can call: jq's functions less those that read something else.

use super::{Bounded, Watch};
use jaq_core::load::{self, parse::Def};
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::{Cv, Error, Exn, ValXs};
use jaq_json::{Val, read};
use std::cmp::Ordering;
use std::env;
use std::fmt::Display;

/// The variable that holds the environment.
pub const ENVIRONMENT: &str = "$ENV";

/// What jaq keeps in its own program and not in its library.
const ROWS: &str = r#"
def @csv: [.[] | if isstring then "\"" + gsub("\""; "\"\"") + "\"" elif . == null then "" else tojson end] | join(",");
def @tsv: [.[] | if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r")
    elif . == null then "" else tojson end] | join("\t");
"#;

pub fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let rows = load::parse(ROWS, |parser| parser.defs()).expect("these definitions parse: a test runs them");
    jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(rows)
}

pub fn functions() -> impl Iterator<Item = Fun<Bounded>> {
    // jaq's own `env` panics on a variable that is not UTF-8.
    let env = run(("env", v(0), |_| bome(Ok(environment()))));
    // `tonumber` is made of it.
    let from_json = run(("fromjson", v(0), |(_, value)| from_json(&value)));
    let range = run(("range", v(3), |(mut context, _): Cv<'_, Bounded>| {
        let watch = context.data().watch;
        let (by, to, from) = (context.pop_var(), context.pop_var(), context.pop_var());
        range(from, to, by, watch)
    }));
    let ours = [env, from_json, range];
    let others = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let others = others.filter(|(name, ..)| !["env", "fromjson", "range"].contains(name));
    others.chain(ours)
}

/// `range` of jaq, with a watch: it goes on by itself, however many values are wanted.
fn range<'a>(from: Val, to: Val, by: Val, watch: &'a Watch) -> ValXs<'a, Val> {
    let direction = by.cmp(&Val::from(0_usize));
    let mut next = Some(Ok(from));
    Box::new(std::iter::from_fn(move || {
        watch.check();
        let at = match next.take()? {
            Ok(at) => at,
            failed => return Some(failed),
        };
        let goes_on = match direction {
            Ordering::Greater => at < to,
            Ordering::Less => at > to,
            Ordering::Equal => at != to,
        };
        next = goes_on.then(|| (at.clone() + by.clone()).map_err(Exn::from));
        goes_on.then_some(Ok(at))
    }))
}

/// The values of a JSON text in a string, within the bounds of a record.
fn from_json<'a>(value: &Val) -> ValXs<'a, Val> {
    let bytes = match value.try_as_utf8_bytes_owned() {
        Ok(bytes) => bytes,
        Err(error) => return bome(Err(error)),
    };
    let failed = |what: &dyn Display| Error::str(format_args!("cannot parse {value} as JSON: {what}"));
    if let Err(what) = super::check(&bytes) {
        return bome(Err(failed(&format_args!("it {what}"))));
    }
    let mut values = Vec::new();
    for value in read::parse_many(&bytes) {
        let is_last = value.is_err();
        values.push(value.map_err(|error| failed(&error).into()));
        if is_last {
            // It would come again for ever.
            break;
        }
    }
    Box::new(values.into_iter())
}

/// The environment as an object.
pub fn environment() -> Val {
    let text = |text: std::ffi::OsString| Val::from(text.to_string_lossy().into_owned());
    Val::obj(env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
}
