//! Gives used messages back to librdkafka on a thread of its own.

use rdkafka::bindings as rd;
use std::mem;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};

/// A batch smaller than this is given back at once, since waking a thread costs more.
const FEW: usize = 100;

/// How many batches may wait for the thread; the poller gives back those beyond it.
const WAITING: usize = 4;

/// Destroys messages. That takes half as long as rendering them, so the poller, which sets the pace, hands it over
/// to a thread.
pub struct Recycler {
    /// The way to the thread, which ends when the sender is dropped; none if no thread could be started.
    hand_over: Option<(SyncSender<OwnedMessages>, JoinHandle<()>)>,
}

/// Messages that are ours to destroy; a null pointer is a gap.
pub struct OwnedMessages(Vec<*mut rd::rd_kafka_message_t>);

// SAFETY: a message may be destroyed on any thread (rdkafka.h), and nobody else holds these.
unsafe impl Send for OwnedMessages {}

impl Drop for OwnedMessages {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(destroy);
    }
}

impl Recycler {
    pub fn start() -> Recycler {
        let (sender, receiver) = mpsc::sync_channel::<OwnedMessages>(WAITING);
        let work = move || receiver.into_iter().for_each(drop);
        let thread = thread::Builder::new().name("recycler".to_owned()).spawn(work);
        Recycler { hand_over: thread.ok().map(|thread| (sender, thread)) }
    }

    /// Destroys the messages, soon or now, and leaves none in the list.
    pub fn take(&self, messages: &mut Vec<*mut rd::rd_kafka_message_t>) {
        match &self.hand_over {
            Some((sender, _)) if messages.len() > FEW => {
                let empty = Vec::with_capacity(messages.capacity());
                let full = OwnedMessages(mem::replace(messages, empty));
                if let Err(TrySendError::Full(back) | TrySendError::Disconnected(back)) =
                    sender.try_send(full)
                {
                    drop(back);
                }
            }
            Some(_) | None => {
                messages.iter_mut().for_each(destroy);
                messages.clear();
            }
        }
    }
}

impl Drop for Recycler {
    fn drop(&mut self) {
        // Messages must be gone before the client is.
        if let Some((sender, thread)) = self.hand_over.take() {
            drop(sender);
            // A panic of the thread was reported by itself.
            let _ = thread.join();
        }
    }
}

/// Destroys a message and leaves a gap.
pub fn destroy(message: &mut *mut rd::rd_kafka_message_t) {
    let message = mem::replace(message, std::ptr::null_mut());
    if !message.is_null() {
        // SAFETY: the message is ours, and the pointer to it is gone from the list.
        unsafe { rd::rd_kafka_message_destroy(message) }
    }
}
