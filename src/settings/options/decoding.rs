//! Resolves how values, keys and headers are decoded.

use crate::cli::{DecodingOptions, HeaderFormat};
use crate::decode::DataFormats;

/// Resolves the formats of a run.
pub fn resolve(options: &DecodingOptions) -> DataFormats {
    let mut formats = DataFormats {
        key: options.key_format.unwrap_or_default(),
        value: options.value_format.unwrap_or_default(),
        ..DataFormats::default()
    };
    for HeaderFormat { name, format } in &options.header_formats {
        match name {
            None => formats.headers = *format,
            Some(name) => {
                formats.named_headers.retain(|(other, _)| other != name);
                formats.named_headers.push((name.clone(), *format));
            }
        }
    }
    formats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::DataFormat;

    #[test]
    fn the_last_format_of_a_header_counts() {
        let format = |name: Option<&str>, format| HeaderFormat { name: name.map(str::to_owned), format };
        let header_formats = vec![
            format(Some("a"), DataFormat::Json),
            format(None, DataFormat::Json),
            format(Some("b=c"), DataFormat::Uuid),
            format(Some("a"), DataFormat::Hex),
            format(None, DataFormat::Text),
        ];
        let formats = resolve(&DecodingOptions { header_formats, ..DecodingOptions::default() });
        let named = [("b=c".to_owned(), DataFormat::Uuid), ("a".to_owned(), DataFormat::Hex)];
        assert_eq!(formats.named_headers, named);
        assert_eq!(
            (formats.headers, formats.key, formats.value),
            (DataFormat::Text, DataFormat::Auto, DataFormat::Auto)
        );
    }
}
