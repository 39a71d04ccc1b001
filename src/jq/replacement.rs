//! `sub`: what matches is replaced, in time and memory that grow with the text alone.

use super::regexp::{self, Regexp};
use super::strings::append;
use super::value::JqValue;
use super::{Bounded, Watch};
use jaq_core::val::ValT as _;
use jaq_core::{Bind, Cv, ValX, ValXs};
use jaq_json::Val;

/// An expression, what a match becomes, and flags.
pub const ARGUMENTS: [Bind; 3] = [Bind::Var(()), Bind::Fun(()), Bind::Var(())];

/// The text with its matches replaced, once for each result of the replacement.
pub fn sub<'a>((mut context, input): Cv<'a, Bounded>) -> ValXs<'a, JqValue> {
    let watch = context.data().watch;
    let flags = context.pop_var();
    let (replacement, inside) = context.pop_fun();
    let expression = context.pop_var();
    let of_match = move |named| replacement.run((inside.clone(), named));
    match replaced(&input, &expression, &flags, of_match, watch) {
        Ok(texts) if texts.is_empty() => Box::new(std::iter::once(Ok(input))),
        Ok(texts) => Box::new(texts.into_iter().map(|text| Ok(JqValue::of_text(text)))),
        Err(error) => Box::new(std::iter::once(Err(error))),
    }
}

fn replaced<'a>(
    input: &JqValue,
    expression: &JqValue,
    flags: &JqValue,
    of_match: impl Fn(JqValue) -> ValXs<'a, JqValue>,
    watch: &Watch,
) -> ValX<'a, Vec<Vec<u8>>, JqValue> {
    let (text, expression) = regexp::prepare(input, expression, flags)?;
    let mut texts: Vec<Vec<u8>> = Vec::new();
    let mut end = 0;
    for captures in expression.matches(text) {
        watch.check();
        let Some(whole) = captures.get(0) else { continue };
        let before = &text[end..whole.start()];
        end = whole.end();
        for (index, new) in of_match(named(input, &expression, &captures)?).enumerate() {
            if index == texts.len() {
                texts.push(Vec::new());
            }
            texts[index].extend_from_slice(before);
            append(&mut texts[index], &new?)?;
        }
    }
    texts.iter_mut().for_each(|new| new.extend_from_slice(&text[end..]));
    Ok(texts)
}

/// The groups of a match that have a name.
fn named<'a>(
    input: &JqValue,
    expression: &Regexp,
    captures: &regex::bytes::Captures<'_>,
) -> ValX<'a, JqValue> {
    let groups = captures.iter().zip(expression.regex.capture_names());
    let fields = groups.filter_map(|(group, name)| {
        let value =
            group.map_or(JqValue(Val::Null), |group| jaq_std::ValT::as_sub_str(input, group.as_bytes()));
        Some((JqValue::of_text(name?), value))
    });
    Ok(JqValue::from_map(fields)?)
}
