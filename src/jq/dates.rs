//! Dates, computed by the C library, as jq has it.

use super::value::JqValue;
use jaq_core::{Error, ValR};
use jaq_json::Val;
use jaq_std::ValT as _;
use std::ffi::{CStr, CString};
use std::mem::MaybeUninit;

/// Bytes of a date that is written, as in jq.
const LONGEST: usize = 4096;

/// What jq puts in for the day of the week and the day of the year before it reads a date.
const UNKNOWN_DAYS: (i32, i32) = (8, 367);

/// The time zone of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Utc,
    Local,
}

/// Seconds since 1970 as a date in parts.
pub fn parts(value: &JqValue, zone: Zone) -> ValR<JqValue> {
    let Some(seconds) = number(&value.0) else {
        let function = if zone == Zone::Utc { "gmtime" } else { "localtime" };
        return Err(Error::str(format_args!("{function}() requires numeric inputs")));
    };
    let parts = broken_down(seconds, zone)?;
    Ok(to_array(&parts, seconds - seconds.floor()).into_iter().collect())
}

/// A date as text; what is a number is broken down before.
pub fn format(value: &JqValue, format: &JqValue, zone: Zone) -> ValR<JqValue> {
    let function = if zone == Zone::Utc { "strftime" } else { "strflocaltime" };
    let parts = match &value.0 {
        Val::Num(_) => broken_down(number(&value.0).unwrap_or(f64::NAN), zone)?,
        _ => {
            let parts = of_array(value)
                .ok_or_else(|| Error::str(format_args!("{function}/1 requires parsed datetime inputs")))?;
            normal(parts, zone).0
        }
    };
    let Some(format) = format.as_text() else {
        return Err(Error::str(format_args!("{function}/1 requires a string format")));
    };
    if format.is_empty() {
        return Ok(JqValue::of_text(""));
    }
    let format = c_text(format);
    let mut text = vec![0_u8; LONGEST];
    // SAFETY: the buffer has this length, the format ends with NUL, and all parts of the date are set.
    let length = unsafe { libc::strftime(text.as_mut_ptr().cast(), text.len(), format.as_ptr(), &parts) };
    if length == 0 {
        return Err(Error::str(format_args!("{function}/1: the date is too long, or empty")));
    }
    text.truncate(length);
    Ok(JqValue::of_text(text))
}

/// Whole seconds since 1970 of a date in parts.
pub fn seconds(value: &JqValue) -> ValR<JqValue> {
    if !matches!(value.0, Val::Arr(_)) {
        return Err(Error::str("mktime requires array inputs"));
    }
    let parts = of_array(value).ok_or_else(|| Error::str("mktime requires parsed datetime inputs"))?;
    Ok(JqValue(Val::from(normal(parts, Zone::Utc).1 as isize)))
}

/// Reads a date, which becomes one in parts.
pub fn parse(value: &JqValue, format: &JqValue) -> ValR<JqValue> {
    let (Some(text), Some(format)) = (value.as_text(), format.as_text()) else {
        return Err(Error::str("strptime/1 requires string inputs and arguments"));
    };
    let (text, format) = (c_text(text), c_text(format));
    let mut parts = empty();
    (parts.tm_wday, parts.tm_yday) = UNKNOWN_DAYS;
    // SAFETY: both texts end with NUL, and the parts are writable.
    let end = unsafe { libc::strptime(text.as_ptr(), format.as_ptr(), &mut parts) };
    // SAFETY: it points into the text, which ends with NUL.
    let rest = (!end.is_null()).then(|| unsafe { CStr::from_ptr(end) }.to_bytes());
    let Some(rest) = rest.filter(|rest| rest.first().is_none_or(u8::is_ascii_whitespace)) else {
        let format = JqValue::of_text(format.into_bytes());
        return Err(Error::str(format_args!("date {value} does not match format {format}")));
    };
    let is_day = (1..=31).contains(&parts.tm_mday);
    if is_day && (parts.tm_wday == UNKNOWN_DAYS.0 || parts.tm_yday == UNKNOWN_DAYS.1) {
        let (normal, _) = normal(parts, Zone::Utc);
        (parts.tm_wday, parts.tm_yday) = (normal.tm_wday, normal.tm_yday);
    }
    let rest = (!rest.is_empty()).then(|| JqValue::of_text(rest));
    Ok(to_array(&parts, 0.0).into_iter().chain(rest).collect())
}

fn number(value: &Val) -> Option<f64> {
    if matches!(value, Val::Num(_)) { value.as_f64() } else { None }
}

/// Up to the first NUL, where C ends a text.
fn c_text(bytes: &[u8]) -> CString {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    CString::new(&bytes[..end]).unwrap_or_default()
}

fn empty() -> libc::tm {
    // SAFETY: it is numbers and a pointer, for all of which zero is a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn broken_down(seconds: f64, zone: Zone) -> ValR<libc::tm, JqValue> {
    let mut parts = empty();
    let whole = seconds as libc::time_t;
    // SAFETY: both point to values of this function.
    let found = !seconds.is_nan()
        && unsafe {
            match zone {
                Zone::Utc => !libc::gmtime_r(&whole, &mut parts).is_null(),
                Zone::Local => !libc::localtime_r(&whole, &mut parts).is_null(),
            }
        };
    if !found {
        return Err(Error::str("error converting number of seconds since epoch to datetime"));
    }
    Ok(named(parts, zone))
}

/// A date whose parts are in their bounds, with its seconds since 1970.
fn normal(mut parts: libc::tm, zone: Zone) -> (libc::tm, libc::time_t) {
    parts.tm_isdst = if zone == Zone::Utc { 0 } else { -1 };
    // SAFETY: it points to a value of this function.
    let seconds = unsafe {
        match zone {
            Zone::Utc => libc::timegm(&mut parts),
            Zone::Local => libc::mktime(&mut parts),
        }
    };
    (named(parts, zone), seconds)
}

fn named(mut parts: libc::tm, zone: Zone) -> libc::tm {
    if zone == Zone::Utc {
        parts.tm_zone = c"UTC".as_ptr().cast_mut();
    }
    parts
}

fn to_array(parts: &libc::tm, fraction: f64) -> [JqValue; 8] {
    let part = |part: i32| JqValue(Val::from(part as isize));
    let second = match fraction {
        0.0 => part(parts.tm_sec),
        fraction => JqValue::from(f64::from(parts.tm_sec) + fraction),
    };
    [
        JqValue(Val::from(parts.tm_year as isize + 1900)),
        part(parts.tm_mon),
        part(parts.tm_mday),
        part(parts.tm_hour),
        part(parts.tm_min),
        second,
        part(parts.tm_wday),
        part(parts.tm_yday),
    ]
}

/// The parts that an array has; what day it is follows from the others.
fn of_array(value: &JqValue) -> Option<libc::tm> {
    let Val::Arr(items) = &value.0 else { return None };
    let found = items.get(..6)?.iter().map(number).collect::<Option<Vec<f64>>>()?;
    let mut parts = empty();
    parts.tm_year = (found[0] - 1900.0) as i32;
    parts.tm_mon = found[1] as i32;
    parts.tm_mday = found[2] as i32;
    parts.tm_hour = found[3] as i32;
    parts.tm_min = found[4] as i32;
    parts.tm_sec = found[5] as i32;
    Some(parts)
}
