//! Resolves how values, keys and headers are decoded: the formats, and the files of their schemas.

use crate::cli::{DecodingOptions, HeaderFormat};
use crate::decode::avro::{Schema, UnionNames};
use crate::decode::protobuf::{Message, Messages};
use crate::decode::{DataFormats, FileSchemas};
use crate::error::Failure;
use crate::files;
use crate::near::did_you_mean;
use std::path::Path;
use std::sync::Arc;

/// Resolves the formats of a run; the options have passed `rules::check`.
pub fn resolve(options: &DecodingOptions) -> Result<DataFormats, Failure> {
    let mut formats = DataFormats {
        key: options.key_format.unwrap_or_default(),
        value: options.format_of_values(),
        schemas: FileSchemas {
            avro: options.avro_schema.as_deref().map(|file| schema(file, options)).transpose()?,
            protobuf: options.proto.as_deref().map(|file| message(file, options)).transpose()?,
        },
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
    Ok(formats)
}

fn schema(file: &Path, options: &DecodingOptions) -> Result<Arc<Schema>, Failure> {
    let unions = if options.union_names { UnionNames::Shown } else { UnionNames::Hidden };
    let text = files::read_text(file).map_err(|why| unreadable(file, "--avro-schema", why))?;
    let schema = Schema::parse(&text, &[], unions).map_err(|why| {
        Failure::usage(format!("`{}` of `--avro-schema` is not an Avro schema", file.display()))
            .caused_by(why)
    })?;
    Ok(Arc::new(schema))
}

/// The message that is asked for, or the only one of the file.
fn message(file: &Path, options: &DecodingOptions) -> Result<Message, Failure> {
    files::check(file).map_err(|why| unreadable(file, "--proto", why))?;
    let messages = Messages::of_file(file, &options.proto_paths).map_err(|why| {
        let failure = Failure::usage(format!("`{}` of `--proto` cannot be used", file.display()));
        let is_import = why.contains("not found");
        let failure = failure.caused_by(why);
        if is_import { failure.hint("`--proto-path DIR` says where to look for imports") } else { failure }
    })?;
    let names = messages.names();
    let Some(name) = &options.proto_message else {
        return match &names[..] {
            [only] => messages.named(only).ok_or_else(|| missing(only, file)),
            [] => Err(Failure::usage(format!("`{}` of `--proto` has no message", file.display()))),
            _ => Err(Failure::usage("`--proto` needs `--proto-message`")
                .caused_by(format!("`{}` has several messages", file.display()))
                .hint(listed(&names))),
        };
    };
    messages.named(name).ok_or_else(|| {
        let last = |name: &'_ str| name.rsplit('.').next().unwrap_or_default().to_owned();
        let parts: Vec<String> = names.iter().map(|name| last(name)).collect();
        let near = did_you_mean(name, names.iter().map(String::as_str))
            .or_else(|| did_you_mean(&last(name), parts.iter().map(String::as_str)));
        missing(name, file).hint(near.unwrap_or_else(|| listed(&names)))
    })
}

fn missing(name: &str, file: &Path) -> Failure {
    Failure::usage(format!("message `{name}` is not in `{}`", file.display()))
}

/// The names of messages, as far as they fit into a hint.
fn listed(names: &[String]) -> String {
    const MOST: usize = 8;
    let more = if names.len() > MOST { ", …" } else { "" };
    format!("its messages are `{}`{more}", names[..names.len().min(MOST)].join("`, `"))
}

fn unreadable(file: &Path, option: &str, why: String) -> Failure {
    Failure::usage(format!("cannot read `{}` of `{option}`", file.display())).caused_by(why)
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
        let formats =
            resolve(&DecodingOptions { header_formats, ..DecodingOptions::default() }).expect("formats");
        let named = [("b=c".to_owned(), DataFormat::Uuid), ("a".to_owned(), DataFormat::Hex)];
        assert_eq!(formats.named_headers, named);
        assert_eq!(
            (formats.headers, formats.key, formats.value),
            (DataFormat::Text, DataFormat::Auto, DataFormat::Auto)
        );
    }
}
