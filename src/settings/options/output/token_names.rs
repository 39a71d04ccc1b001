//! Names in braces that a template does not have, and those that are meant by them.

use crate::near::{is_near, nearest};

/// All names, as they are written between the braces.
const NAMES: [&str; 16] = [
    "value",
    "value:base64",
    "value:hex",
    "value:json",
    "key",
    "key:base64",
    "key:hex",
    "key:json",
    "topic",
    "partition",
    "offset",
    "timestamp",
    "timestamp:iso",
    "timestamp:unix",
    "headers",
    "header:NAME",
];

/// Says what is meant by a token that does not exist; `None` if nothing is near.
pub fn meant(token: &str) -> Option<String> {
    let typed = token.strip_prefix("%{")?.strip_suffix('}')?;
    let (name, form) = typed.split_once(':').unwrap_or((typed, ""));
    if name == "header" {
        return Some("`%{header:NAME}` prints one header, `%{headers}` all of them".to_owned());
    }
    if !form.is_empty() && is_near(name, "headers") {
        return Some(format!("did you mean `%{{header:{form}}}`?"));
    }
    let near = nearest(typed, NAMES);
    if !near.is_empty() {
        return Some(format!("did you mean {}?", listed(&near, " or ")));
    }
    let of_name = |other: &&str| other.split(':').next() == Some(name);
    let forms: Vec<&str> = NAMES.into_iter().filter(of_name).collect();
    (!forms.is_empty()).then(|| format!("valid: {}", listed(&forms, ", ")))
}

fn listed(names: &[&str], between: &str) -> String {
    let tokens: Vec<String> = names.iter().map(|name| format!("`%{{{name}}}`")).collect();
    tokens.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Template;

    #[test]
    fn all_names_are_tokens() {
        for name in NAMES {
            assert!(Template::parse(&format!("%{{{name}}}")).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_near_name_is_offered_else_the_forms_of_a_name() {
        let header = "`%{header:NAME}` prints one header, `%{headers}` all of them";
        for (token, hint) in [
            ("%{valeu}", Some("did you mean `%{value}`?")),
            ("%{Key}", Some("did you mean `%{key}`?")),
            ("%{part}", Some("did you mean `%{partition}`?")),
            ("%{timestamp:isoo}", Some("did you mean `%{timestamp:iso}`?")),
            ("%{value:}", Some("did you mean `%{value}`?")),
            ("%{header}", Some(header)),
            ("%{header:}", Some(header)),
            ("%{headers:trace}", Some("did you mean `%{header:trace}`?")),
            ("%{haeder:trace}", Some("did you mean `%{header:trace}`?")),
            ("%{value:xml}", Some("valid: `%{value}`, `%{value:base64}`, `%{value:hex}`, `%{value:json}`")),
            ("%{topic:hex}", Some("valid: `%{topic}`")),
            ("%{nothing}", None),
            ("%{}", None),
            ("%z", None),
            ("%{value", None),
        ] {
            assert_eq!(meant(token).as_deref(), hint, "{token}");
        }
    }
}
