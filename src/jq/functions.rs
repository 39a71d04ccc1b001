//! What a program can call: jq's functions less those that read something else.

use super::dates::{self, Zone};
use super::deletion::delete_paths;
use super::regexp::{self, Wanted};
use super::value::{JqValue, access};
use super::{Bounded, Watch, conversion, replacement, strings};
use jaq_core::load::{self, parse::Def};
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Cv, Error, Exn, RunPtr, ValR, ValXs};
use jaq_json::{Num, Val};
use std::cmp::Ordering;
use std::env;
use std::rc::Rc;

/// The variable that holds the environment.
pub const ENVIRONMENT: &str = "$ENV";

/// What jaq does not have, or what it takes otherwise than jq.
const DEFINITIONS: &str = include_str!("definitions.jq");

/// Definitions of jaq for which there are functions here. Others of its definitions may call them.
const REPLACED: [(&str, usize); 8] = [
    ("nan", 0),
    ("infinite", 0),
    ("tonumber", 0),
    ("toboolean", 0),
    ("delpaths", 1),
    ("join", 1),
    ("sub", 3),
    ("empty", 0),
];

pub fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    let ours =
        load::parse(DEFINITIONS, |parser| parser.defs()).expect("these definitions parse: a test runs them");
    let others = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    others.filter(|def| !REPLACED.contains(&(def.name, def.args.len()))).chain(ours)
}

/// A function without a watch.
type Plain = (&'static str, usize, RunPtr<Bounded>);

/// The functions that are ours, those of jaq's values among them.
const FUNCTIONS: [Plain; 33] = [
    // jaq's own panics on a variable that is not UTF-8.
    ("env", 0, |_| bome(Ok(environment()))),
    ("nan", 0, |_| bome(Ok(JqValue::from(f64::NAN)))),
    ("infinite", 0, |_| bome(Ok(JqValue::from(f64::INFINITY)))),
    ("fromjson", 0, |(_, value)| bome(conversion::from_json(&value))),
    ("tojson", 0, |(_, value)| bome(Ok(JqValue::from(super::text::json(&value.0))))),
    ("tonumber", 0, |(_, value)| bome(conversion::to_number(value))),
    ("toboolean", 0, |(_, value)| bome(conversion::to_boolean(value))),
    ("decode_base64", 0, |(_, value)| bome(conversion::decode_base64(&value))),
    ("length", 0, |(_, value)| bome(length(&value))),
    ("contains", 1, |cv| unary(cv, |value, other| contains(&value, &other).map(JqValue::from))),
    ("has", 1, |cv| unary(cv, |value, key| has(&value, &key).map(JqValue::from))),
    ("indices", 1, |cv| unary(cv, |value, other| indices(value, &other))),
    ("bsearch", 1, |cv| unary(cv, |value, wanted| search(&value, &wanted))),
    ("ltrimstr", 1, |cv| {
        unary(cv, |value, part| Ok(trimmed(value, &part, |text, part| text.strip_prefix(part))))
    }),
    ("rtrimstr", 1, |cv| {
        unary(cv, |value, part| Ok(trimmed(value, &part, |text, part| text.strip_suffix(part))))
    }),
    ("delpaths", 1, |(mut context, value): Cv<'_, Bounded>| {
        let paths = context.pop_var();
        Box::new(std::iter::once(delete_paths(value, &paths)))
    }),
    ("range", 3, |(mut context, _): Cv<'_, Bounded>| {
        let watch = context.data().watch;
        let (by, to, from) = (context.pop_var(), context.pop_var(), context.pop_var());
        range(from, to, by, watch)
    }),
    ("matches", 2, |cv| bome(regexp_of(cv, Wanted::Matches))),
    ("split_", 2, |cv| bome(regexp_of(cv, Wanted::Rest))),
    ("split_matches", 2, |cv| bome(regexp_of(cv, Wanted::Both))),
    ("to_csv", 0, |(_, value)| bome(strings::csv(&value))),
    ("to_tsv", 0, |(_, value)| bome(strings::tsv(&value))),
    ("to_shell", 0, |(_, value)| bome(strings::shell(&value))),
    ("join", 1, |cv| unary(cv, |value, between| strings::join(value, &between))),
    ("implode", 0, |(_, value)| bome(strings::implode(&value))),
    ("reverse", 0, |(_, value)| bome(reverse(value))),
    ("gmtime", 0, |(_, value)| bome(dates::parts(&value, Zone::Utc))),
    ("localtime", 0, |(_, value)| bome(dates::parts(&value, Zone::Local))),
    ("strftime", 1, |cv| unary(cv, |value, format| dates::format(&value, &format, Zone::Utc))),
    ("strflocaltime", 1, |cv| unary(cv, |value, format| dates::format(&value, &format, Zone::Local))),
    ("strptime", 1, |cv| unary(cv, |value, format| dates::parse(&value, &format))),
    ("mktime", 0, |(_, value)| bome(dates::seconds(&value))),
    ("ascii", 0, |(_, value)| bome(conversion::character(&value))),
];

pub fn functions() -> impl Iterator<Item = Fun<Bounded>> {
    let others = jaq_core::funs().chain(jaq_std::funs());
    let is_ours = |name: &str| FUNCTIONS.iter().any(|(ours, ..)| *ours == name);
    let others = others.filter(move |(name, ..)| !is_ours(name)).map(|(name, arguments, work)| match name {
        // It does not look at a single element.
        "sort_by" => ("sort_several_by", arguments, work),
        name => (name, arguments, work),
    });
    let empty = run::<Bounded>(("empty", v(0), |_| Box::new(std::iter::empty())));
    let empty = (
        empty.0,
        empty.1,
        empty.2.with_paths(|_| Box::new(std::iter::empty())).with_update(|(_, value), _| {
            access::leave_untouched();
            Box::new(std::iter::once(Ok(value)))
        }),
    );
    let sub = run::<Bounded>(("sub", replacement::ARGUMENTS.into(), replacement::sub));
    let ours = FUNCTIONS.into_iter();
    others
        .chain(ours.map(|(name, arguments, work)| run::<Bounded>((name, v(arguments), work))))
        .chain([sub, empty])
}

fn regexp_of((mut context, value): Cv<'_, Bounded>, wanted: Wanted) -> ValR<JqValue> {
    let (flags, expression) = (context.pop_var(), context.pop_var());
    regexp::apply(&value, &expression, &flags, wanted)
}

/// `range` of jaq, with a watch: it goes on by itself, however many values are wanted.
fn range<'a>(from: JqValue, to: JqValue, by: JqValue, watch: &'a Watch) -> ValXs<'a, JqValue> {
    if !matches!((&from.0, &to.0), (Val::Num(_), Val::Num(_))) {
        return bome(Err(Error::str("Range bounds must be numeric")));
    }
    let direction = by.cmp(&JqValue::integer(0));
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
            Ordering::Equal => false,
        };
        next = goes_on.then(|| (at.clone() + by.clone()).map_err(Exn::from));
        goes_on.then_some(Ok(at))
    }))
}

/// What is empty becomes an empty array.
fn reverse(value: JqValue) -> ValR<JqValue> {
    let length = length(&value)?;
    match value.0 {
        Val::Arr(mut items) => {
            Rc::make_mut(&mut items).reverse();
            Ok(JqValue(Val::Arr(items)))
        }
        _ if length <= JqValue::integer(0) => Ok(JqValue(Val::Arr(Rc::default()))),
        _ => Err(Error::index(value, (length - JqValue::integer(1))?)),
    }
}

fn length(value: &JqValue) -> ValR<JqValue> {
    Ok(match &value.0 {
        Val::Null => JqValue::integer(0),
        Val::Bool(_) => return Err(Error::str(format_args!("{value} has no length"))),
        Val::Num(Num::Float(float)) => JqValue::from(float.abs()),
        Val::Num(Num::Dec(text)) => JqValue::from(text.parse().unwrap_or(f64::NAN).abs()),
        Val::Num(_) if value.0 < Val::from(0_usize) => return -value.clone(),
        Val::Num(_) => value.clone(),
        Val::TStr(bytes) | Val::BStr(bytes) => JqValue::integer(access::text_length(bytes)),
        Val::Arr(items) => JqValue::integer(items.len()),
        Val::Obj(fields) => JqValue::integer(fields.len()),
    })
}

/// Values of one kind only can be asked whether they contain each other.
fn contains(value: &JqValue, other: &JqValue) -> ValR<bool, JqValue> {
    let is_asked = match (&value.0, &other.0) {
        (Val::Bool(one), Val::Bool(other)) => one == other,
        (Val::Null, Val::Null)
        | (Val::Num(_), Val::Num(_))
        | (Val::TStr(_), Val::TStr(_))
        | (Val::Arr(_), Val::Arr(_))
        | (Val::Obj(_), Val::Obj(_)) => true,
        _ => false,
    };
    if !is_asked {
        return Err(Error::str(format_args!("{value} and {other} cannot have their containment checked")));
    }
    Ok(is_within(&other.0, &value.0))
}

fn is_within(part: &Val, whole: &Val) -> bool {
    match (whole, part) {
        (Val::TStr(whole), Val::TStr(part)) => memchr::memmem::find(whole, part).is_some(),
        (Val::Arr(whole), Val::Arr(parts)) => {
            parts.iter().all(|part| whole.iter().any(|whole| is_within(part, whole)))
        }
        (Val::Obj(whole), Val::Obj(parts)) => {
            parts.iter().all(|(name, part)| whole.get(name).is_some_and(|whole| is_within(part, whole)))
        }
        _ => whole == part,
    }
}

fn has(value: &JqValue, key: &JqValue) -> ValR<bool, JqValue> {
    match (&value.0, &key.0) {
        (Val::Null, _) => Ok(false),
        (Val::Obj(fields), Val::TStr(_)) => Ok(fields.contains_key(&key.0)),
        (Val::Arr(items), Val::Num(_)) => {
            let index = jaq_std::ValT::as_f64(key).unwrap_or(f64::NAN).trunc();
            Ok(index >= 0.0 && index < items.len() as f64)
        }
        _ => Err(Error::str(format_args!("cannot check whether {value} has the key {key}"))),
    }
}

pub fn indices(value: JqValue, other: &JqValue) -> ValR<JqValue> {
    let found: Vec<usize> = match (&value.0, &other.0) {
        (Val::Null, _) => return jaq_core::ValT::index(value, other),
        (Val::TStr(text), Val::TStr(part)) if !part.is_empty() => {
            let mut characters = (0, 0);
            let starts = text.char_starts_of(part);
            starts
                .map(|at| {
                    characters.1 += access::text_length(&text[characters.0..at]);
                    characters.0 = at;
                    characters.1
                })
                .collect()
        }
        (Val::Arr(items), Val::Arr(part)) if !part.is_empty() => {
            let windows = items.windows(part.len()).enumerate();
            windows.filter(|(_, window)| *window == part.as_slice()).map(|(at, _)| at).collect()
        }
        (Val::TStr(_), Val::TStr(_)) | (Val::Arr(_), Val::Arr(_)) => Vec::new(),
        (Val::Arr(items), wanted) => {
            let items = items.iter().enumerate();
            items.filter(|(_, item)| *item == wanted).map(|(at, _)| at).collect()
        }
        _ => return Err(Error::index(value, other.clone())),
    };
    Ok(found.into_iter().map(JqValue::integer).collect())
}

/// Where a part is in a text, overlapping places included.
trait Starts {
    fn char_starts_of<'t>(&'t self, part: &'t [u8]) -> impl Iterator<Item = usize> + 't;
}

impl Starts for [u8] {
    fn char_starts_of<'t>(&'t self, part: &'t [u8]) -> impl Iterator<Item = usize> + 't {
        let finder = memchr::memmem::Finder::new(part);
        let mut from = 0;
        std::iter::from_fn(move || {
            let at = from + finder.find(self.get(from..)?)?;
            from = at + 1;
            Some(at)
        })
    }
}

/// The place of a value in a sorted array, or -1 less the place where it would be.
fn search(value: &JqValue, wanted: &JqValue) -> ValR<JqValue> {
    let Val::Arr(items) = &value.0 else { return Err(Error::typ(value.clone(), "array")) };
    Ok(match items.binary_search(&wanted.0) {
        Ok(at) => JqValue::integer(at),
        Err(at) => JqValue::from(-1 - at.cast_signed()),
    })
}

/// A string without a part at one end; anything else as it is.
fn trimmed(
    value: JqValue,
    part: &JqValue,
    strip: for<'t> fn(&'t [u8], &[u8]) -> Option<&'t [u8]>,
) -> JqValue {
    let (Some(text), Some(part)) = (value.as_text(), part.as_text()) else { return value };
    match strip(text, part) {
        Some(rest) => jaq_std::ValT::as_sub_str(&value, rest),
        None => value,
    }
}

/// The environment as an object.
pub fn environment() -> JqValue {
    let text = |text: std::ffi::OsString| Val::from(text.to_string_lossy().into_owned());
    JqValue(Val::obj(env::vars_os().map(|(name, value)| (text(name), text(value))).collect()))
}
