//! What a program can call: jq's functions less those that read something else.

use jaq_core::data::JustLut;
use jaq_core::load::{self, parse::Def};
use jaq_core::native::{Fun, bome, run, v};
use jaq_json::Val;
use std::env;

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

pub fn functions() -> impl Iterator<Item = Fun<JustLut<Val>>> {
    // jaq's own `env` panics on a variable that is not UTF-8.
    let env = run(("env", v(0), |_| bome(Ok(environment()))));
    let others = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    others.filter(|(name, ..)| *name != "env").chain([env])
}

/// The environment as an object.
pub fn environment() -> Val {
    let text = |text: std::ffi::OsString| Val::from(text.to_string_lossy().into_owned());
    Val::obj(env::vars_os().map(|(name, value)| (text(name), text(value))).collect())
}
