//! Schemas that decoders need and records do not carry.

use crate::record::Record;
use std::fmt::Debug;
use std::sync::Arc;

/// Has schemas, and gets those that it does not have. Nothing here waits.
pub trait SchemaSource: Debug + Send + Sync {
    /// Whether the record can be decoded now: its schemas are here, or it is known that they cannot be had. It stays so.
    /// What is missing is asked for, and the loop is woken when it has come.
    fn has_schemas_of(&self, record: &Record<'_>) -> bool;
}

/// The source of schemas that all decoders of a run share; the default is for formats that need none.
#[derive(Clone, Debug, Default)]
pub struct Schemas(Option<Arc<dyn SchemaSource>>);

impl Schemas {
    #[cfg(test)]
    pub fn of(source: Arc<dyn SchemaSource>) -> Schemas {
        Schemas(Some(source))
    }

    /// Whether records may have to wait for their schemas.
    pub fn are_asked_for(&self) -> bool {
        self.0.is_some()
    }

    /// Whether the record can be decoded now.
    pub fn are_here(&self, record: &Record<'_>) -> bool {
        self.0.as_ref().is_none_or(|source| source.has_schemas_of(record))
    }
}
