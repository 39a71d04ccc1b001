//! What is said of a failure in the end.

use super::{event, json_line};
use crate::error::Failure;
use crate::{escape, settings};
use colored::Colorize;
use serde_json::{Map, json};

/// The least bytes that each part of a report may have, however many parts there are.
const LEAST_OF_A_REPORT: usize = 256;

/// The final report of a failure, in the form that `talk` asks for.
pub fn report(failure: &Failure, talk: &settings::TalkSettings) -> Vec<u8> {
    let parts = [Some(&failure.message)].into_iter().chain([failure.hint.as_ref()]).flatten();
    let longest = (escape::LONGEST / (failure.causes.len() + parts.count())).max(LEAST_OF_A_REPORT);
    let cut = |part: &str| event::cut(part, longest);
    if talk.is_json {
        let mut fields = Map::new();
        fields.insert("message".to_owned(), json!(cut(&failure.message)));
        if !failure.causes.is_empty() {
            let causes: Vec<_> = failure.causes.iter().map(|cause| cut(cause)).collect();
            fields.insert("causes".to_owned(), json!(causes));
        }
        if let Some(hint) = &failure.hint {
            // The lines of a list are our own, so their line breaks stay.
            let hint = cut(hint);
            let lines: Vec<&str> =
                std::iter::once(hint.as_str()).chain(failure.list.iter().copied()).collect();
            fields.insert("hint".to_owned(), json!(lines.join("\n")));
        }
        return json_line("error", fields);
    }
    let shown = |part: &str| escape::bounded(part, longest).into_owned();
    let mut text = String::new();
    let prefix = if talk.has_color { "error:".red().bold().to_string() } else { "error:".to_owned() };
    text.push_str(&format!("{prefix} {}\n", shown(&failure.message)));
    for cause in &failure.causes {
        text.push_str(&format!("  caused by: {}\n", shown(cause)));
    }
    if let Some(hint) = &failure.hint {
        text.push_str(&format!("  hint: {}\n", shown(hint)));
        for item in &failure.list {
            text.push_str(&format!("    {item}\n"));
        }
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_has_causes_and_a_hint_on_lines_of_their_own() {
        let failure = Failure::usage("no").caused_by("why").hint("try this");
        let text = String::from_utf8(report(&failure, &settings::TalkSettings::default())).unwrap();
        assert_eq!(text, "error: no\n  caused by: why\n  hint: try this\n");
    }
}
