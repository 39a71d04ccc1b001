//! Resolves `--dedup`: the expression for the event id, and where ids are stored.

use super::{Dedup, StoreChoice};
use crate::cli;
use crate::error::Failure;
use crate::settings::Surroundings;
use crate::settings::options::filter;
use crate::settings::properties::values::Value;
use std::path::PathBuf;
use std::time::Duration;

const TTL: Duration = Duration::from_secs(7 * 86_400);

/// Resolves `--dedup` and the options that go with it.
pub fn resolve(
    typed: &cli::HandlerOptions,
    surroundings: &Surroundings<'_>,
) -> Result<Option<Dedup>, Failure> {
    let Some(expression) = &typed.dedup else { return Ok(None) };
    let id = filter::compile("--dedup", expression)?;
    let store = match &typed.dedup_store {
        Some(text) => store(text, surroundings)?,
        None => StoreChoice::InFolder(folder(surroundings)?),
    };
    Ok(Some(Dedup { id, store, ttl: typed.dedup_ttl.unwrap_or(TTL) }))
}

/// Parses the place of the store: a file, or a URL of Redis. A URL may hold a password, so no message repeats it.
fn store(text: &str, surroundings: &Surroundings<'_>) -> Result<StoreChoice, Failure> {
    const VALID: &str = "a file, as in ids.redb or file:ids.redb, or redis://HOST:PORT";
    let refuse = |cause: &str| Failure::usage("invalid value for `--dedup-store`").caused_by(cause);
    // `file:PATH` names the store itself here, not a file that holds its address.
    let text = match text.starts_with("env:") {
        true => Value::read(text.to_owned(), surroundings.environment.variables)
            .map_err(|cause| refuse(&cause))?,
        false => Value::plain(text),
    };
    if let Some(address) = text.strip_prefix("redis://") {
        let authority = address.split(['/', '?']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        return match host.is_empty() || host.starts_with(':') {
            true => Err(refuse("the host is missing").hint("as in redis://localhost:6379")),
            false => Ok(StoreChoice::Redis(text)),
        };
    }
    if text.starts_with("rediss://") {
        return Err(
            refuse("Redis with TLS is not supported").hint("use redis://, through a tunnel if necessary")
        );
    }
    let path = text.strip_prefix("file:").unwrap_or(&text);
    // A URL such as `file:///var/lib/ids` has two more slashes.
    let path = path.strip_prefix("//").filter(|_| text.starts_with("file:")).unwrap_or(path);
    match () {
        () if path.is_empty() => Err(refuse("it is empty").hint(format!("valid: {VALID}"))),
        () if path.contains("://") => Err(refuse("no such kind of store").hint(format!("valid: {VALID}"))),
        () => Ok(StoreChoice::File(text.with(path))),
    }
}

/// The folder for stores: `$XDG_STATE_HOME/kcons`, or `~/.local/state/kcons`. The XDG specification has relative
/// paths ignored.
fn folder(surroundings: &Surroundings<'_>) -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        surroundings.environment.variable(name).map(PathBuf::from).filter(|path| path.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    state.map(|state| state.join("kcons")).ok_or_else(|| {
        Failure::usage("`--dedup` needs `--dedup-store`")
            .caused_by("neither `XDG_STATE_HOME` nor `HOME` is set: there is no state folder")
    })
}
