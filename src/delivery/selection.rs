//! Which records are kept by the bytes of their parts (`--key`, `--grep`), before anything is decoded.

use crate::record::Record;
use crate::settings::Selection;
use memchr::memmem::Finder;

/// Decides whether a record is kept.
pub struct Selector {
    key: Option<Vec<u8>>,
    /// Searches a part of a record for the text.
    text: Option<Finder<'static>>,
}

impl Selector {
    /// `None` if every record is kept.
    pub fn new(selection: &Selection) -> Option<Selector> {
        let Selection { key, text } = selection;
        (key.is_some() || text.is_some()).then(|| Selector {
            key: key.clone(),
            text: text.as_ref().map(|text| Finder::new(text).into_owned()),
        })
    }

    /// Whether headers are searched.
    pub fn reads_headers(&self) -> bool {
        self.text.is_some()
    }

    /// Whether the key is the one asked for, and one of the parts has the text.
    pub fn keeps(&self, record: &Record<'_>) -> bool {
        let has_key = self.key.as_ref().is_none_or(|key| record.key == Some(key.as_slice()));
        has_key && self.text.as_ref().is_none_or(|text| has_text(record, text))
    }
}

fn has_text(record: &Record<'_>, text: &Finder<'_>) -> bool {
    let is_in = |part: Option<&[u8]>| part.is_some_and(|part| text.find(part).is_some());
    is_in(record.value) || is_in(record.key) || record.headers.iter().any(|header| is_in(header.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Header;

    fn keeps(
        selection: &Selection,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header<'_>],
    ) -> bool {
        let record = Record { topic: "t", partition: 0, offset: 0, timestamp: None, key, value, headers };
        Selector::new(selection).is_none_or(|selector| selector.keeps(&record))
    }

    #[test]
    fn a_key_is_compared_as_a_whole() {
        let selection = Selection { key: Some(b"k1".to_vec()), text: None };
        for (key, is_kept) in [
            (Some(&b"k1"[..]), true),
            (Some(b"k12"), false),
            (Some(b"K1"), false),
            (Some(b""), false),
            (None, false),
        ] {
            assert_eq!(keeps(&selection, key, Some(b"k1"), &[]), is_kept, "{key:?}");
        }
        let empty = Selection { key: Some(Vec::new()), text: None };
        assert!(keeps(&empty, Some(b""), None, &[]) && !keeps(&empty, None, None, &[]));
    }

    #[test]
    fn a_text_is_searched_in_the_key_the_value_and_the_values_of_headers() {
        let selection = Selection { key: None, text: Some("é\u{0}".as_bytes().to_vec()) };
        let text = Some("an é\u{0} b".as_bytes());
        let header = |name, value| [Header { name, value }];
        for (key, value, headers, is_kept) in [
            (text, None, header(b"h", None), true),
            (None, text, header(b"h", None), true),
            (None, None, header(b"h", text), true),
            (Some(&b"an"[..]), Some(&b"b"[..]), header("é\u{0}".as_bytes(), Some(b"x")), false),
            (None, None, header(b"h", None), false),
        ] {
            assert_eq!(keeps(&selection, key, value, &headers), is_kept, "{key:?} {value:?} {headers:?}");
        }
    }

    #[test]
    fn both_must_hold_and_neither_keeps_everything() {
        let both = Selection { key: Some(b"k".to_vec()), text: Some(b"x".to_vec()) };
        assert!(keeps(&both, Some(b"k"), Some(b"axb"), &[]));
        assert!(!keeps(&both, Some(b"k"), Some(b"ab"), &[]));
        assert!(!keeps(&both, Some(b"j"), Some(b"x"), &[]));
        assert!(keeps(&Selection::default(), None, None, &[]));
    }
}
