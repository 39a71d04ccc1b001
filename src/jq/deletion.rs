//! `delpaths`: all places are found first, and those behind go first, so that none moves.

use super::value::JqValue;
use super::value::access::{bounds, bounds_of, place};
use jaq_core::path::Opt;
use jaq_core::val::ValT as _;
use jaq_core::{Error, ValX};
use jaq_json::Val;
use std::iter;
use std::rc::Rc;

/// Deletes what is at these paths.
///
/// # Errors
/// A path is none, or it does not go with the value.
pub fn delete_paths<'a>(value: JqValue, paths: &JqValue) -> ValX<'a, JqValue> {
    let Val::Arr(paths) = &paths.0 else { return Err(Error::typ(paths.clone(), "array").into()) };
    let mut sorted = Vec::with_capacity(paths.len());
    for path in paths.iter() {
        let Val::Arr(steps) = path else { return Err(Error::typ(JqValue(path.clone()), "path").into()) };
        sorted.push(steps.as_slice());
    }
    sorted.sort();
    match sorted.first() {
        None => Ok(value),
        Some([]) => Ok(JqValue(Val::Null)),
        Some(_) => delete_from(value, &sorted, 0),
    }
}

/// Deletes what is at paths of which the first steps are taken. They are sorted, and each goes on.
fn delete_from<'a>(mut value: JqValue, paths: &[&[Val]], taken: usize) -> ValX<'a, JqValue> {
    let mut here = Vec::new();
    for group in paths.chunk_by(|one, other| one[taken] == other[taken]).rev() {
        let (step, is_here) = (JqValue(group[0][taken].clone()), group[0].len() == taken + 1);
        if is_here {
            here.push(step);
            continue;
        }
        let inside = value.clone().index(&step)?;
        if inside.0 == Val::Null {
            continue;
        }
        let left = delete_from(inside, group, taken + 1)?;
        value = value.map_index(&step, Opt::Essential, |_| iter::once(Ok(left.clone())))?;
    }
    delete_here(value, &here)
}

fn delete_here<'a>(mut value: JqValue, steps: &[JqValue]) -> ValX<'a, JqValue> {
    match &mut value.0 {
        Val::Null => Ok(value),
        Val::Obj(fields) => {
            for step in steps {
                if !matches!(step.0, Val::TStr(_)) {
                    return Err(Error::index(value, step.clone()).into());
                }
                if fields.contains_key(&step.0) {
                    Rc::make_mut(fields).shift_remove(&step.0);
                }
            }
            Ok(value)
        }
        Val::Arr(items) => {
            let mut is_kept = vec![true; items.len()];
            for step in steps {
                let (from, to) = match &step.0 {
                    Val::Num(number) => {
                        let at = place(number, items.len()).filter(|at| *at < items.len());
                        at.map_or((0, 0), |at| (at, at + 1))
                    }
                    Val::Obj(_) => {
                        let (start, end) = bounds_of(step);
                        bounds(&(start.as_ref()..end.as_ref()), items.len())?
                    }
                    _ => return Err(Error::index(value, step.clone()).into()),
                };
                is_kept[from..to].fill(false);
            }
            let mut kept = is_kept.into_iter();
            Rc::make_mut(items).retain(|_| kept.next().unwrap_or(true));
            Ok(value)
        }
        _ if steps.is_empty() => Ok(value),
        _ => Err(Error::index(value, steps[0].clone()).into()),
    }
}
