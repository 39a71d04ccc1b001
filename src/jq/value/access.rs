//! Steps into values, and changes there.

use super::{JqValue, of_jaq, whole};
use crate::jq::functions::indices;
use crate::jq::text;
use jaq_core::path::Opt;
use jaq_core::val::{Range, ValT};
use jaq_core::{Error, Exn, ValR, ValX};
use jaq_json::{Num, Val};
use std::cell::Cell;
use std::iter;
use std::mem;
use std::rc::Rc;

/// Elements that an array may get by setting one behind its end.
const MOST_ELEMENTS: usize = 1 << 22;

const ITERABLE: &str = "iterable (array or object)";
const SLICED: &str = "rangeable (array or string)";

type Outcomes = Box<dyn Iterator<Item = ValR<JqValue>>>;

impl ValT for JqValue {
    fn from_num(text: &str) -> ValR<JqValue> {
        Val::from_num(text).map(JqValue).map_err(of_jaq)
    }

    fn from_map<I: IntoIterator<Item = (JqValue, JqValue)>>(fields: I) -> ValR<JqValue> {
        let field = |(name, value): (JqValue, JqValue)| match name.0 {
            Val::TStr(_) => Ok((name.0, value.0)),
            _ => Err(Error::typ(name, "object key")),
        };
        Ok(JqValue(Val::obj(fields.into_iter().map(field).collect::<Result<_, _>>()?)))
    }

    fn key_values(self) -> Box<dyn Iterator<Item = Result<(JqValue, JqValue), Error<JqValue>>>> {
        match self.0 {
            Val::Arr(_) | Val::Obj(_) => Box::new(self.0.key_values().map(|pair| {
                let (name, value) = pair.map_err(of_jaq)?;
                Ok((JqValue(name), JqValue(value)))
            })),
            _ => Box::new(iter::once(Err(Error::typ(self, ITERABLE)))),
        }
    }

    fn values(self) -> Outcomes {
        match self.0 {
            Val::Arr(_) | Val::Obj(_) => {
                Box::new(self.0.values().map(|value| value.map(JqValue).map_err(of_jaq)))
            }
            _ => Box::new(iter::once(Err(Error::typ(self, ITERABLE)))),
        }
    }

    fn index(self, index: &JqValue) -> ValR<JqValue> {
        match (&self.0, &index.0) {
            (Val::Null, Val::TStr(_) | Val::Num(_) | Val::Obj(_)) => Ok(self),
            (Val::Arr(items), Val::Num(number)) => {
                let item = place(number, items.len()).and_then(|at| items.get(at));
                Ok(JqValue(item.cloned().unwrap_or_default()))
            }
            (Val::Obj(fields), Val::TStr(_)) => {
                Ok(JqValue(fields.get(&index.0).cloned().unwrap_or_default()))
            }
            (Val::Arr(_), Val::Arr(_)) => indices(self, index),
            (Val::Arr(_) | Val::TStr(_), Val::Obj(_)) => {
                let (start, end) = bounds_of(index);
                if start.is_none() || end.is_none() {
                    return Err(Error::str("Start and end indices of an array slice must be numbers"));
                }
                self.range(start.as_ref()..end.as_ref())
            }
            _ => Err(Error::index(self, index.clone())),
        }
    }

    fn range(self, range: Range<&JqValue>) -> ValR<JqValue> {
        match &self.0 {
            Val::Null => Ok(self),
            Val::Arr(items) => {
                let (from, to) = bounds(&range, items.len())?;
                Ok(JqValue(items[from..to].iter().cloned().collect()))
            }
            Val::TStr(bytes) => {
                let (from, to) = bounds(&range, text_length(bytes))?;
                let at = |count| text_offset(bytes, count);
                Ok(JqValue(Val::utf8_str(bytes.slice(at(from)..at(to)))))
            }
            _ => Err(Error::typ(self, SLICED)),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, JqValue>>>(
        self,
        opt: Opt,
        change: impl Fn(JqValue) -> I,
    ) -> ValX<'a, JqValue> {
        match self.0 {
            Val::Arr(items) => {
                let items = Rc::unwrap_or_clone(items).into_iter().flat_map(|item| change(JqValue(item)));
                items.collect()
            }
            Val::Obj(fields) => {
                let changed = |(name, value)| change(JqValue(value)).next().map(|value| Ok((name, value?.0)));
                let fields = Rc::unwrap_or_clone(fields).into_iter().filter_map(changed);
                Ok(JqValue(Val::obj(fields.collect::<Result<_, Exn<'a, JqValue>>>()?)))
            }
            _ => refuse(opt, self, |value| Exn::from(Error::typ(value, ITERABLE))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, JqValue>>>(
        self,
        index: &JqValue,
        opt: Opt,
        change: impl Fn(JqValue) -> I,
    ) -> ValX<'a, JqValue> {
        match (&self.0, &index.0) {
            (Val::Arr(_) | Val::Null, Val::Obj(_)) => {
                let (start, end) = bounds_of(index);
                self.map_range(start.as_ref()..end.as_ref(), opt, change)
            }
            (Val::Obj(_) | Val::Null, Val::TStr(_)) => self.map_field(index, change),
            (Val::Arr(_) | Val::Null, Val::Num(number)) => {
                let number = number.clone();
                self.map_element(&number, opt, change)
            }
            _ => refuse(opt, self, |value| Exn::from(Error::index(value, index.clone()))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, JqValue>>>(
        mut self,
        range: Range<&JqValue>,
        opt: Opt,
        change: impl Fn(JqValue) -> I,
    ) -> ValX<'a, JqValue> {
        let is_null = matches!(self.0, Val::Null);
        let items = match &mut self.0 {
            Val::Arr(items) => mem::take(Rc::make_mut(items)),
            Val::Null => Vec::new(),
            _ => return refuse(opt, self, |value| Exn::from(Error::typ(value, "array"))),
        };
        let (from, to) = match bounds(&range, items.len()) {
            Ok(bounds) => bounds,
            Err(error) => return refuse(opt, JqValue(Val::Arr(items.into())), |_| Exn::from(error)),
        };
        let part = JqValue(items[from..to].iter().cloned().collect());
        let new = if is_null { made(change)? } else { change(part).next().transpose()? };
        let changed = match new {
            None if is_null => return Ok(JqValue(Val::Null)),
            None => Rc::default(),
            Some(JqValue(Val::Arr(changed))) => changed,
            Some(other) => return Err(Exn::from(Error::typ(other, "array"))),
        };
        let mut items = items;
        items.splice(from..to, changed.iter().cloned());
        Ok(JqValue(Val::Arr(items.into())))
    }

    fn as_bool(&self) -> bool {
        !matches!(self.0, Val::Null | Val::Bool(false))
    }

    fn into_string(self) -> JqValue {
        match self.0 {
            Val::TStr(_) => self,
            other => JqValue::from(text::bare(&other)),
        }
    }
}

impl JqValue {
    /// Changes a field of an object; of null an object is made.
    fn map_field<'a, I: Iterator<Item = ValX<'a, JqValue>>>(
        mut self,
        name: &JqValue,
        change: impl Fn(JqValue) -> I,
    ) -> ValX<'a, JqValue> {
        let Val::Obj(fields) = &mut self.0 else {
            let Some(value) = made(change)? else { return Ok(self) };
            return Ok(JqValue(Val::obj([(name.0.clone(), value.0)].into_iter().collect())));
        };
        match fields.contains_key(&name.0) {
            true => {
                let fields = Rc::make_mut(fields);
                let old = fields.get_mut(&name.0).map(mem::take).unwrap_or_default();
                match change(JqValue(old)).next().transpose()? {
                    Some(value) => fields.insert(name.0.clone(), value.0),
                    None => fields.shift_remove(&name.0),
                };
            }
            false => {
                if let Some(value) = made(change)? {
                    Rc::make_mut(fields).insert(name.0.clone(), value.0);
                }
            }
        }
        Ok(self)
    }

    /// Changes an element of an array; of null an array is made, and one that is too short is filled with nulls.
    fn map_element<'a, I: Iterator<Item = ValX<'a, JqValue>>>(
        mut self,
        number: &Num,
        opt: Opt,
        change: impl Fn(JqValue) -> I,
    ) -> ValX<'a, JqValue> {
        let length = if let Val::Arr(items) = &self.0 { items.len() } else { 0 };
        let at = match place(number, length) {
            Some(at) if at < MOST_ELEMENTS.max(length) => at,
            _ => {
                let what = format!("index {} out of bounds", Val::Num(number.clone()));
                return refuse(opt, self, |_| Exn::from(Error::str(what)));
            }
        };
        let new = match &mut self.0 {
            Val::Arr(items) if at < length => {
                change(JqValue(mem::take(&mut Rc::make_mut(items)[at]))).next().transpose()?
            }
            _ => made(change)?,
        };
        if matches!(self.0, Val::Null) && new.is_some() {
            self.0 = Val::Arr(Rc::default());
        }
        let Val::Arr(items) = &mut self.0 else { return Ok(self) };
        let items = Rc::make_mut(items);
        match new {
            Some(value) => {
                if at >= items.len() {
                    items.resize(at + 1, Val::Null);
                }
                items[at] = value.0;
            }
            None if at < length => drop(items.remove(at)),
            None => {}
        }
        Ok(self)
    }
}

thread_local! {
    /// Set when an update leads nowhere.
    static IS_UNTOUCHED: Cell<bool> = const { Cell::new(false) };
}

/// An update found nothing to change where it was: what was not there is not made.
pub fn leave_untouched() {
    IS_UNTOUCHED.set(true);
}

/// Leaves a value as it is if a step that does not go with it is optional.
fn refuse<'a>(
    opt: Opt,
    value: JqValue,
    error: impl FnOnce(JqValue) -> Exn<'a, JqValue>,
) -> ValX<'a, JqValue> {
    leave_untouched();
    opt.fail(value, error)
}

/// What comes in where nothing was.
fn made<'a, I: Iterator<Item = ValX<'a, JqValue>>>(
    change: impl Fn(JqValue) -> I,
) -> ValX<'a, Option<JqValue>, JqValue> {
    IS_UNTOUCHED.set(false);
    let value = change(JqValue(Val::Null)).next().transpose()?;
    Ok(value.filter(|value| !(IS_UNTOUCHED.get() && value.0 == Val::Null)))
}

/// The place of an element, which may be behind the end; a negative index counts from there.
pub fn place(number: &Num, length: usize) -> Option<usize> {
    let index = whole(number, f64::floor)?;
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(index.unsigned_abs()),
    }
}

/// The bounds of a slice that an object names.
pub fn bounds_of(slice: &JqValue) -> (Option<JqValue>, Option<JqValue>) {
    let Val::Obj(fields) = &slice.0 else { return (None, None) };
    let bound = |name: &str| fields.get(&Val::from(name.to_owned())).cloned().map(JqValue);
    (bound("start"), bound("end"))
}

/// The places between which a slice is.
pub fn bounds(range: &Range<&JqValue>, length: usize) -> ValR<(usize, usize), JqValue> {
    let bound = |bound: Option<&JqValue>, round: fn(f64) -> f64, otherwise: usize| match bound
        .map(|bound| &bound.0)
    {
        None | Some(Val::Null) => Ok(otherwise),
        Some(Val::Num(number)) => Ok(match whole(number, round) {
            Some(index) => match usize::try_from(index) {
                Ok(index) => index.min(length),
                Err(_) => length.saturating_sub(index.unsigned_abs()),
            },
            None if Val::Num(number.clone()) < Val::from(0_usize) => 0,
            None => length,
        }),
        Some(other) => Err(Error::typ(JqValue(other.clone()), "integer")),
    };
    let (from, to) = (bound(range.start, f64::floor, 0)?, bound(range.end, f64::ceil, length)?);
    Ok((from, to.max(from)))
}

/// How many characters a string has.
pub fn text_length(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count()
}

/// Where the character is before which there are that many.
fn text_offset(bytes: &[u8], count: usize) -> usize {
    let starts = bytes.iter().enumerate().filter(|(_, byte)| (**byte & 0xc0) != 0x80);
    starts.map(|(at, _)| at).nth(count).unwrap_or(bytes.len())
}

impl jaq_std::ValT for JqValue {
    fn into_seq<S: FromIterator<JqValue>>(self) -> Result<S, JqValue> {
        match self.0 {
            Val::Arr(items) => Ok(Rc::unwrap_or_clone(items).into_iter().map(JqValue).collect()),
            _ => Err(self),
        }
    }

    fn is_int(&self) -> bool {
        self.0.is_int()
    }

    fn as_isize(&self) -> Option<isize> {
        match &self.0 {
            // A float that is whole is as good.
            Val::Num(Num::Float(float)) if float.fract() == 0.0 => whole(&Num::Float(*float), f64::floor),
            other => other.as_isize(),
        }
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn is_utf8_str(&self) -> bool {
        self.0.is_utf8_str()
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        self.as_text()
    }

    fn as_sub_str(&self, part: &[u8]) -> JqValue {
        JqValue(self.0.as_sub_str(part))
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> JqValue {
        JqValue(Val::from_utf8_bytes(bytes))
    }
}
