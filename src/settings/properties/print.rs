//! Prints the table of `--print-config`: every property, its value and its origin.

use super::origin::PropertyOrigin;
use super::values::Value;
use crate::escape;
use std::fmt::Write;

/// A property with the value that is in effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveProperty {
    pub name: String,
    /// The value; empty if the property has none.
    pub value: Value,
    pub origin: PropertyOrigin,
}

/// Prints a property per line: name, value, origin. What somebody has set comes first, then what is built in. A secret
/// is shown as `***`, a value that is read from a variable or file by the name of that, and a missing
/// value as `(none)`.
pub fn table(properties: &[EffectiveProperty]) -> String {
    let is_built_in = |property: &&EffectiveProperty| {
        matches!(property.origin, PropertyOrigin::Default | PropertyOrigin::Kcons)
    };
    let (built_in, set): (Vec<_>, Vec<_>) = properties.iter().partition(is_built_in);
    rows(&set) + &rows(&built_in)
}

fn rows(properties: &[&EffectiveProperty]) -> String {
    // One long value should not push all origins off the screen.
    const WIDEST: usize = 32;
    let rows: Vec<(&str, String, String)> = properties
        .iter()
        .map(|property| {
            let value = property.value.shown(&property.name);
            (property.name.as_str(), value, escape::line(&property.origin.to_string()).into_owned())
        })
        .collect();
    let names = rows.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
    let values = rows.iter().map(|(_, value, _)| value.chars().count()).max().unwrap_or(0).min(WIDEST);
    let mut table = String::new();
    for (name, value, origin) in rows {
        writeln!(table, "{name:names$}  {value:values$}  {origin}").expect("a string takes every text");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(name: &str, value: &str, origin: PropertyOrigin) -> EffectiveProperty {
        EffectiveProperty { name: name.to_owned(), value: Value::plain(value), origin }
    }

    #[test]
    fn a_line_has_name_value_and_origin_and_what_is_set_comes_first() {
        let built_in = [
            resolved("client.id", "kcons", PropertyOrigin::Kcons),
            resolved("client.rack", "", PropertyOrigin::Default),
        ];
        let set = resolved("sasl.password", "hunter2", PropertyOrigin::File("a b.properties".to_owned()));
        let expected = "client.id    kcons   kcons\n\
                        client.rack  (none)  default\n";
        assert_eq!(table(&built_in), expected);
        let all = [built_in.as_slice(), std::slice::from_ref(&set)].concat();
        assert_eq!(table(&all), format!("sasl.password  ***  file a b.properties\n{expected}"));
        assert_eq!(table(&[set]), "sasl.password  ***  file a b.properties\n");
    }
}
