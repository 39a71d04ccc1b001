//! Operators. What cannot be computed is found before it is tried, so that no message is written for what is caught.

use super::{JqValue, in_range, of_jaq};
use jaq_core::ops::Math;
use jaq_core::{Error, ValR};
use jaq_json::{Num, Val};
use jaq_std::ValT as _;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};

type Outcome = ValR<JqValue>;

fn refused(left: JqValue, operation: Math, right: JqValue) -> Outcome {
    Err(Error::math(left, operation, right))
}

impl Add for JqValue {
    type Output = Outcome;
    fn add(self, other: JqValue) -> Outcome {
        match (&self.0, &other.0) {
            (Val::Null, _) => Ok(other),
            (_, Val::Null) => Ok(self),
            (Val::Num(_), Val::Num(_))
            | (Val::TStr(_), Val::TStr(_))
            | (Val::Arr(_), Val::Arr(_))
            | (Val::Obj(_), Val::Obj(_)) => (self.0 + other.0).map(JqValue).map_err(of_jaq),
            _ => refused(self, Math::Add, other),
        }
    }
}

impl Sub for JqValue {
    type Output = Outcome;
    fn sub(self, other: JqValue) -> Outcome {
        match (&self.0, &other.0) {
            (Val::Num(_), Val::Num(_)) | (Val::Arr(_), Val::Arr(_)) => {
                (self.0 - other.0).map(JqValue).map_err(of_jaq)
            }
            _ => refused(self, Math::Sub, other),
        }
    }
}

impl Mul for JqValue {
    type Output = Outcome;
    fn mul(self, other: JqValue) -> Outcome {
        match (&self.0, &other.0) {
            (Val::Num(_), Val::Num(_)) | (Val::Obj(_), Val::Obj(_)) => {
                (self.0 * other.0).map(JqValue).map_err(of_jaq)
            }
            (Val::TStr(text), Val::Num(_)) | (Val::Num(_), Val::TStr(text)) => {
                let times = if self.as_text().is_some() { &other } else { &self };
                let times = times.as_f64().unwrap_or(0.0);
                if text.len() as f64 * times >= isize::MAX as f64 {
                    return refused(self, Math::Mul, other);
                }
                // It is there at least once, however small the number.
                Ok(if times > 0.0 {
                    JqValue::of_text(text.repeat(times.max(1.0) as usize))
                } else {
                    JqValue(Val::Null)
                })
            }
            _ => refused(self, Math::Mul, other),
        }
    }
}

impl Div for JqValue {
    type Output = Outcome;
    fn div(self, other: JqValue) -> Outcome {
        match (&self.0, &other.0) {
            (Val::Num(_), Val::Num(_)) if other.as_f64() != Some(0.0) => {
                (self.0 / other.0).map(JqValue).map_err(of_jaq)
            }
            (Val::TStr(_), Val::TStr(_)) => (self.0 / other.0).map(JqValue).map_err(of_jaq),
            _ => refused(self, Math::Div, other),
        }
    }
}

impl Rem for JqValue {
    type Output = Outcome;
    fn rem(self, other: JqValue) -> Outcome {
        let (Val::Num(left), Val::Num(right)) = (&self.0, &other.0) else {
            return refused(self, Math::Rem, other);
        };
        let is_whole = |number: &Num| matches!(number, Num::Int(_) | Num::BigInt(_));
        if is_whole(left) && is_whole(right) {
            return match right {
                Num::Int(0) => refused(self, Math::Rem, other),
                // The only result that does not fit.
                Num::Int(-1) => Ok(JqValue::integer(0)),
                _ => (self.0 % other.0).map(JqValue).map_err(of_jaq),
            };
        }
        let (left, right) = (self.as_f64().unwrap_or(f64::NAN), other.as_f64().unwrap_or(f64::NAN));
        if left.is_nan() || right.is_nan() {
            return Ok(JqValue::from(f64::NAN));
        }
        let truncated = |number: f64| in_range(number.trunc()).map(|number| number as f64).unwrap_or(number);
        match truncated(right) {
            0.0 => refused(self, Math::Rem, other),
            // What is infinite is the largest integer here.
            _ if left.is_infinite() => {
                let rest = i128::from(left as i64) % i128::from(right as i64).abs();
                Ok(JqValue::from(rest as isize))
            }
            right => {
                let rest = truncated(left) % right;
                Ok(in_range(rest).map_or_else(|| JqValue::from(rest), JqValue::from))
            }
        }
    }
}

impl Neg for JqValue {
    type Output = Outcome;
    fn neg(self) -> Outcome {
        match self.0 {
            Val::Num(_) => (-self.0).map(JqValue).map_err(of_jaq),
            _ => Err(Error::typ(self, "number")),
        }
    }
}
