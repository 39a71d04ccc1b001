//! Schemas that records name and do not carry.

use super::frame::SchemaId;
use super::{avro, protobuf};
use crate::choices::SchemaLanguage;
use std::cell::{Ref, RefCell};
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Has schemas, and gets those that it does not have. Nothing here waits.
pub trait SchemaSource: Debug + Send + Sync {
    /// The place of a schema. The first time it is asked for, it is fetched, and the loop is woken when it is settled.
    fn slot(&self, id: SchemaId) -> Arc<SchemaSlot>;
}

/// A schema as a registry has it.
#[derive(Debug)]
pub struct RegisteredSchema {
    /// Its number, if that is known.
    pub number: Option<u32>,
    pub form: SchemaForm,
}

/// What a schema says of the bytes that were written with it.
#[derive(Debug)]
pub enum SchemaForm {
    Avro(avro::Schema),
    Protobuf(protobuf::Messages),
    /// JSON, which says itself what it holds.
    Json,
    /// Nothing that can be used, and why.
    Unusable(String),
}

impl SchemaForm {
    /// What the schema is written in, if it can be used.
    pub fn language(&self) -> Option<&'static str> {
        match self {
            SchemaForm::Avro(_) => Some(SchemaLanguage::Avro.name()),
            SchemaForm::Protobuf(_) => Some(SchemaLanguage::Protobuf.name()),
            SchemaForm::Json => Some("JSON Schema"),
            SchemaForm::Unusable(_) => None,
        }
    }
}

/// The place of one schema: empty until it has come, or until it is known that it cannot be had. A schema that has come
/// stays; one that could not be had may come later.
#[derive(Debug, Default)]
pub struct SchemaSlot {
    registered: OnceLock<RegisteredSchema>,
    /// Why it cannot be had.
    fault: Mutex<Option<Arc<str>>>,
    is_settled: AtomicBool,
    /// It cannot be had because there is none of this name.
    is_unknown: AtomicBool,
    /// Somebody missed it since it was last asked for.
    is_missed: AtomicBool,
}

impl SchemaSlot {
    /// Whether the schema is here, or cannot be had for now. It stays so.
    #[inline]
    pub fn is_settled(&self) -> bool {
        self.is_settled.load(Ordering::Acquire)
    }

    #[inline]
    pub fn registered(&self) -> Option<&RegisteredSchema> {
        self.registered.get()
    }

    /// Why the schema is not here. It will be asked for again.
    pub fn fault(&self) -> Option<Arc<str>> {
        self.is_missed.store(true, Ordering::Relaxed);
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether somebody missed the schema since this was last asked.
    pub fn take_missed(&self) -> bool {
        self.is_missed.swap(false, Ordering::Relaxed)
    }

    /// The schema has come.
    pub fn fill(&self, schema: RegisteredSchema) {
        // A schema never changes: the first one that came is the one.
        let _ = self.registered.set(schema);
        self.is_settled.store(true, Ordering::Release);
    }

    /// Whether the registry has no such schema, as far as it was asked.
    pub fn is_unknown(&self) -> bool {
        self.is_unknown.load(Ordering::Relaxed)
    }

    /// The registry has no schema of this name for now.
    pub fn fail_unknown(&self, id: SchemaId) {
        self.settle_without(&not_in_registry(id), true);
    }

    /// The schema cannot be had for now.
    pub fn fail(&self, fault: &str) {
        self.settle_without(fault, false);
    }

    fn settle_without(&self, fault: &str, is_unknown: bool) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault.into());
        self.is_unknown.store(is_unknown, Ordering::Relaxed);
        self.is_settled.store(true, Ordering::Release);
    }
}

/// That a registry has no schema of this name.
pub fn not_in_registry(id: SchemaId) -> String {
    format!("schema {id} is not in the registry")
}

/// The source of schemas that all decoders of a run share, with the places that this decoder has seen; the default is
/// for formats that need none.
#[derive(Debug, Default)]
pub struct Schemas {
    source: Option<Arc<dyn SchemaSource>>,
    known: RefCell<Known>,
}

/// A clone has seen nothing yet.
impl Clone for Schemas {
    fn clone(&self) -> Schemas {
        Schemas { source: self.source.clone(), known: RefCell::default() }
    }
}

/// So many places are kept by a decoder; strangers decide how many ids there are.
const MOST_KNOWN: usize = 1_000;

/// Places of schemas, so that no lock is taken for a record.
#[derive(Debug, Default)]
struct Known {
    /// The last ones of keys and of values.
    last: [Option<(SchemaId, Arc<SchemaSlot>)>; 2],
    all: HashMap<SchemaId, Arc<SchemaSlot>>,
}

impl Schemas {
    pub fn of(source: Arc<dyn SchemaSource>) -> Schemas {
        Schemas { source: Some(source), known: RefCell::default() }
    }

    /// Whether records may have to wait for their schemas.
    #[inline]
    pub fn are_asked_for(&self) -> bool {
        self.source.is_some()
    }

    /// The place of a schema; `part` is 0 for keys and 1 for values. `None` without a source.
    #[inline]
    pub fn slot(&self, part: usize, id: SchemaId) -> Option<Ref<'_, SchemaSlot>> {
        let source = self.source.as_ref()?;
        let known = self.known.borrow();
        if let Ok(slot) = Ref::filter_map(known, |known| known.at(part, id)) {
            return Some(slot);
        }
        self.known.borrow_mut().find(part, id, source.as_ref());
        Ref::filter_map(self.known.borrow(), |known| known.at(part, id)).ok()
    }
}

impl Known {
    #[inline]
    fn at(&self, part: usize, id: SchemaId) -> Option<&SchemaSlot> {
        self.last[part].as_ref().filter(|(known, _)| *known == id).map(|(_, slot)| slot.as_ref())
    }

    #[cold]
    fn find(&mut self, part: usize, id: SchemaId, source: &dyn SchemaSource) {
        if self.all.len() >= MOST_KNOWN && !self.all.contains_key(&id) {
            self.all.clear();
        }
        let slot = self.all.entry(id).or_insert_with(|| source.slot(id));
        self.last[part] = Some((id, Arc::clone(slot)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl SchemaSource for Counting {
        fn slot(&self, _: SchemaId) -> Arc<SchemaSlot> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Arc::default()
        }
    }

    #[test]
    fn a_source_is_asked_once_for_each_id_by_each_decoder() {
        let source = Arc::new(Counting::default());
        let schemas = Schemas::of(source.clone());
        for id in [1, 2, 1, 2, 1] {
            for part in [0, 1] {
                assert!(schemas.slot(part, SchemaId::Number(id)).is_some());
            }
        }
        assert_eq!(source.0.load(Ordering::Relaxed), 2);
        assert!(schemas.clone().slot(0, SchemaId::Number(1)).is_some());
        assert_eq!(source.0.load(Ordering::Relaxed), 3);
        assert!(Schemas::default().slot(0, SchemaId::Number(1)).is_none());
    }

    #[test]
    fn any_number_of_ids_takes_bounded_memory() {
        let schemas = Schemas::of(Arc::new(Counting::default()));
        (0..5_000).for_each(|id| assert!(schemas.slot(1, SchemaId::Number(id)).is_some()));
        assert!(schemas.known.borrow().all.len() <= MOST_KNOWN);
    }

    #[test]
    fn a_schema_that_could_not_be_had_may_come_later() {
        let slot = SchemaSlot::default();
        assert!(!slot.is_settled() && !slot.take_missed());
        slot.fail("connection refused");
        assert!(slot.is_settled() && slot.registered().is_none());
        assert_eq!(slot.fault().as_deref(), Some("connection refused"));
        assert!(slot.take_missed() && !slot.take_missed());
        slot.fill(RegisteredSchema { number: Some(7), form: SchemaForm::Json });
        slot.fail("late");
        assert_eq!(slot.registered().and_then(|registered| registered.number), Some(7));
    }
}
