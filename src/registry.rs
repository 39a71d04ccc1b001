//! A schema registry with Confluent's API: asked on a thread of its own, once for each schema.

mod address;
mod advice;
mod answer;
mod client;
mod fetching;
mod outage;
mod place;
mod references;

pub use address::{RegistryLogin, RegistryNames, RegistrySettings, RegistryUrl};

use crate::alarm::Bell;
use crate::decode::{SchemaId, SchemaSlot, SchemaSource};
use client::{NoClient, RegistryClient};
use fetching::{Fetcher, SchemaQuestion};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;

/// So many schemas may be missing: strangers decide how many ids there are.
const MOST_SLOTS: usize = 10_000;

/// The schemas that decoders have asked for. Its thread ends with it.
#[derive(Debug)]
pub struct Registry {
    slots: Mutex<HashMap<SchemaId, Arc<SchemaSlot>>>,
    questions: mpsc::Sender<SchemaQuestion>,
}

impl Registry {
    /// Starts the thread that asks, and that rings when an answer has come.
    ///
    /// # Errors
    /// No thread, or certificates that could be read before and cannot be any more.
    pub fn start(settings: &RegistrySettings, bell: Bell) -> Result<Registry, String> {
        let client = RegistryClient::new(settings).map_err(|NoClient(words)| words)?;
        let (questions, asked) = mpsc::channel();
        let ring = move || bell.ring();
        let unions = settings.unions;
        let fetch = move || Fetcher::new(client, unions, ring).run(&asked);
        let builder = thread::Builder::new().name("registry".to_owned());
        builder.spawn(fetch).map_err(|error| crate::error::reason(&error))?;
        Ok(Registry { slots: Mutex::default(), questions })
    }
}

impl SchemaSource for Registry {
    fn slot(&self, id: SchemaId) -> Arc<SchemaSlot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(&id) {
            return Arc::clone(slot);
        }
        if slots.len() >= MOST_SLOTS {
            slots.retain(|_, slot| slot.registered().is_some() || !slot.is_settled());
        }
        let slot = Arc::<SchemaSlot>::default();
        slots.insert(id, Arc::clone(&slot));
        // Without the thread nobody would wake who waits; it runs as long as we do.
        let _ = self.questions.send(SchemaQuestion { id, slot: Arc::clone(&slot) });
        slot
    }
}
