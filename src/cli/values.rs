//! Parsers of option values: counts, ranges, commit modes, addresses.

use super::decoding::HeaderFormat;
use crate::choices::{DataFormat, ExpectedCount, ListenAddress};
use crate::duration::parse_duration;
use clap::ValueEnum as _;
use std::net::Ipv6Addr;
use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitChoice {
    Auto,
    Manual,
    /// After every N processed records.
    Batch(NonZeroU64),
    Never,
}

pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("it must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

const TOO_LARGE: &str = "the number is too large";

/// Parses a whole number of at least 1.
pub(super) fn positive(text: &str) -> Result<u64, String> {
    number(text, 1)
}

/// Parses a whole number, which may be 0.
pub(super) fn whole(text: &str) -> Result<u32, String> {
    u32::try_from(number(text, 0)?).map_err(|_| TOO_LARGE.to_owned())
}

/// Parses a whole number of up to 64 bits, which may be 0.
pub(super) fn whole_long(text: &str) -> Result<u64, String> {
    number(text, 0)
}

pub(super) fn rate(text: &str) -> Result<NonZeroU32, String> {
    let number = u32::try_from(number(text, 1)?).ok().and_then(NonZeroU32::new);
    number.ok_or_else(|| TOO_LARGE.to_owned())
}

/// Parses a whole number that is not below `least`.
fn number(text: &str, least: u64) -> Result<u64, String> {
    let refused = || format!("it must be a whole number of at least {least}");
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    let number: u64 = text.parse().map_err(|_| TOO_LARGE.to_owned())?;
    if number < least { Err(refused()) } else { Ok(number) }
}

/// Parses `MIN..MAX`, two durations longer than zero.
pub(super) fn backoff(text: &str) -> Result<(Duration, Duration), String> {
    let (min, max) = text.split_once("..").ok_or("expected MIN..MAX, as in 500ms..30s")?;
    let (min, max) = (positive_duration(min)?, positive_duration(max)?);
    match min <= max {
        true => Ok((min, max)),
        false => Err("MIN is longer than MAX".to_owned()),
    }
}

const BATCH: &str = "batch=N needs a whole number of at least 1, as in batch=100";

pub(super) fn commit(text: &str) -> Result<CommitChoice, String> {
    match text {
        "auto" => Ok(CommitChoice::Auto),
        "manual" => Ok(CommitChoice::Manual),
        "never" => Ok(CommitChoice::Never),
        _ => match text.strip_prefix("batch=").map(positive) {
            Some(Ok(count)) => NonZeroU64::new(count).map(CommitChoice::Batch).ok_or(BATCH.to_owned()),
            Some(Err(cause)) => Err(if cause == TOO_LARGE { cause } else { BATCH.to_owned() }),
            None => Err("expected auto, manual, batch=N (as in batch=100) or never".to_owned()),
        },
    }
}

/// Parses how many records are expected: `N`, `N..`, `N..M` or `..M`.
pub(super) fn expected_count(text: &str) -> Result<ExpectedCount, String> {
    const VALID: &str = "it is a number or a range: 5, 5.., 5..10 or ..10";
    let number = |text: &str| {
        whole_long(text).map_err(|cause| if cause == TOO_LARGE { cause } else { VALID.to_owned() })
    };
    let Some((least, most)) = text.split_once("..") else {
        let count = number(text)?;
        return Ok(ExpectedCount { least: count, most: Some(count) });
    };
    let least_or_none = if least.is_empty() { None } else { Some(number(least)?) };
    let most = if most.is_empty() { None } else { Some(number(most)?) };
    match (least_or_none, most) {
        (None, None) => Err(VALID.to_owned()),
        (Some(least), Some(most)) if least > most => Err("the first number is above the second".to_owned()),
        (least, most) => Ok(ExpectedCount { least: least.unwrap_or(0), most }),
    }
}

/// Parses `NAME=FORMAT`, or `FORMAT` for all headers.
pub(super) fn header_format(text: &str) -> Result<HeaderFormat, String> {
    // Names of headers may have the sign, too; formats never do.
    let (name, format) = text.rsplit_once('=').map_or((None, text), |(name, format)| (Some(name), format));
    let format = DataFormat::from_str(format, false).map_err(|_| {
        let formats = DataFormat::value_variants().iter().filter_map(DataFormat::to_possible_value);
        let names: Vec<String> = formats.map(|format| format.get_name().to_owned()).collect();
        format!("it is FORMAT or NAME=FORMAT, where FORMAT is one of {}", names.join(", "))
    })?;
    Ok(HeaderFormat { name: name.map(str::to_owned), format })
}

/// Parses `+N` or `-N`.
pub(super) fn signed(text: &str) -> Result<i64, String> {
    const VALID: &str = "expected +N or -N, as in -100";
    let digits = text.strip_prefix(['+', '-']).ok_or(VALID)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VALID.to_owned());
    }
    text.parse().map_err(|_| TOO_LARGE.to_owned())
}

/// Parses `HOST:PORT`, `[IPV6]:PORT` or `:PORT`.
pub(super) fn listen_address(text: &str) -> Result<ListenAddress, String> {
    const VALID: &str = "expected HOST:PORT or :PORT, as in 127.0.0.1:9090 or :9090";
    let (host, port) = text.rsplit_once(':').ok_or(VALID)?;
    let host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) if host.parse::<Ipv6Addr>().is_ok() => host,
        None if host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) => host,
        Some(_) | None => return Err(VALID.to_owned()),
    };
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = port.parse().ok().filter(|_| is_number).ok_or("the port is a number up to 65535")?;
    Ok(ListenAddress { host: host.to_owned(), port })
}
