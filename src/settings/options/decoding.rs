//! Resolves how values, keys and headers are decoded: the formats, and the files of their schemas.

use crate::cli::{DecodingOptions, HeaderFormat};
use crate::decode::avro::{Schema, UnionNames};
use crate::decode::protobuf::{Message, Messages};
use crate::decode::{DataFormats, FileSchemas};
use crate::error::Failure;
use crate::files;
use crate::near::{did_you_mean, nearest};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
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
    for folder in &options.proto_paths {
        files::check_folder(folder).map_err(|why| unreadable(folder, "--proto-path", why))?;
    }
    let file = &in_folders(file, &options.proto_paths);
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
                .hint(listed("its messages are", &names))),
        };
    };
    let mut found = messages.all_named(name);
    match found.len() {
        0 => Err(missing(name, file)
            .hint(near_message(name, &names).unwrap_or_else(|| listed("its messages are", &names)))),
        1 => Ok(found.remove(0)),
        _ => {
            let full_names: Vec<String> =
                found.iter().map(|message| message.full_name().to_owned()).collect();
            Err(Failure::usage(format!("message `{name}` is ambiguous"))
                .caused_by(format!("several messages in `{}` and its imports have that name", file.display()))
                .hint(listed("give the full name of one of them:", &full_names)))
        }
    }
}

/// Where a file is: where its path says or, as with protoc, the same path inside one of the folders.
fn in_folders<'a>(file: &'a Path, folders: &[PathBuf]) -> Cow<'a, Path> {
    let mut places = folders.iter().map(|folder| folder.join(file)).filter(|path| path.is_file());
    match file.exists() {
        true => Cow::Borrowed(file),
        false => places.next().map_or(Cow::Borrowed(file), Cow::Owned),
    }
}

/// Asks whether another message was meant: by its last part, or by its full name where messages share that part.
fn near_message(typed: &str, names: &[String]) -> Option<String> {
    if let Some(near) = did_you_mean(typed, names.iter().map(String::as_str)) {
        return Some(near);
    }
    let near = nearest(last_part(typed), names.iter().map(|name| last_part(name)));
    let meant = near.into_iter().flat_map(|part| {
        let same: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| last_part(name) == part).collect();
        if same.len() == 1 { vec![part] } else { same }
    });
    let meant: Vec<&str> = meant.collect();
    // All of them are no guess.
    (1..=3).contains(&meant.len()).then(|| format!("did you mean `{}`?", meant.join("` or `")))
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or_default()
}

fn missing(name: &str, file: &Path) -> Failure {
    Failure::usage(format!("message `{name}` is not in `{}`", file.display()))
}

/// The names of messages, as far as they fit into a hint.
fn listed(start: &str, names: &[String]) -> String {
    const MOST: usize = 8;
    let more = if names.len() > MOST { ", …" } else { "" };
    format!("{start} `{}`{more}", names[..names.len().min(MOST)].join("`, `"))
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
