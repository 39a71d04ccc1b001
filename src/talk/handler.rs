//! Lines that handlers write to stderr, as they are or as events.

use super::json_line;
use crate::record::Place;
use crate::settings;
use serde_json::{Map, json};

/// The form in which handlers' lines are printed. `-q` does not silence them, since they are not ours.
#[derive(Clone, Copy, Debug)]
pub struct HandlerOutput {
    is_json: bool,
}

impl HandlerOutput {
    pub fn new(settings: &settings::TalkSettings) -> HandlerOutput {
        HandlerOutput { is_json: settings.is_json }
    }

    /// What to write for a line of the handler of the record at `place`; the line comes without its line break.
    pub fn form(&self, line: &[u8], place: Option<Place<'_>>) -> Vec<u8> {
        if !self.is_json {
            return [line, b"\n"].concat();
        }
        let mut fields = Map::new();
        if let Some(place) = place {
            fields.insert("topic".to_owned(), json!(place.topic));
            fields.insert("partition".to_owned(), json!(place.partition));
            fields.insert("offset".to_owned(), json!(place.offset));
        }
        let text = line.strip_suffix(b"\r").unwrap_or(line);
        fields.insert("message".to_owned(), json!(String::from_utf8_lossy(text)));
        json_line("handler_output", fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place { topic: "t", partition: 0, offset: 17 };

    #[test]
    fn text_goes_out_as_it_is() {
        let output = HandlerOutput { is_json: false };
        assert_eq!(output.form(b"\xff a\r", Some(PLACE)), b"\xff a\r\n");
    }

    #[test]
    fn an_event_names_the_record_if_it_is_known() {
        let output = HandlerOutput { is_json: true };
        for (place, expected) in [
            (
                Some(PLACE),
                r#","event":"handler_output","topic":"t","partition":0,"offset":17,"message":"a \"b\" �"}"#,
            ),
            (None, r#","event":"handler_output","message":"a \"b\" �"}"#),
        ] {
            let line = String::from_utf8(output.form(b"a \"b\" \xff\r", place)).unwrap();
            assert_eq!(line.split_once("Z\"").unwrap().1, format!("{expected}\n"));
        }
    }
}
