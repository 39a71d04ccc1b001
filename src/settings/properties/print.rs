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

/// Prints a property per line: name, value, origin. A secret is shown as `***`, a value that is read from a variable
/// or file by the name of that, and a missing value as `(none)`.
pub fn table(properties: &[EffectiveProperty]) -> String {
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
    fn a_line_has_name_value_and_origin() {
        let properties = [
            resolved("client.id", "kcons", PropertyOrigin::Kcons),
            resolved("client.rack", "", PropertyOrigin::Default),
            resolved("sasl.password", "hunter2", PropertyOrigin::File("a b.properties".to_owned())),
        ];
        let expected = "client.id      kcons   kcons\n\
                        client.rack    (none)  default\n\
                        sasl.password  ***     file a b.properties\n";
        assert_eq!(table(&properties), expected);
    }
}
