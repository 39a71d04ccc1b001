//! Looks at a group's committed offsets all the time.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};

use super::judge::Sample;
use crate::support::groups::{committed, group_client_config};

/// A thread that asks a broker for committed offsets until it is told to stop.
pub struct Sampler {
    // Dropping it is the word to stop.
    stop: Sender<()>,
    thread: JoinHandle<Vec<Sample>>,
}

impl Sampler {
    /// Starts to ask every `pause`; a broker that does not answer is asked again later.
    pub fn start(brokers: &str, group: &str, pause: Duration) -> Sampler {
        let (stop, stopped) = mpsc::channel();
        let client: BaseConsumer = group_client_config(brokers).create().expect("the properties are valid");
        let group = group.to_owned();
        let thread = thread::spawn(move || {
            let mut samples: Vec<Sample> = Vec::new();
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                let Ok(committed) = committed(client.client(), &group) else { continue };
                if samples.last().is_none_or(|last| last.committed != committed) {
                    samples.push(Sample { at: Instant::now(), committed });
                }
            }
            // librdkafka aborts when a client is destroyed while a coordinator has not answered it.
            std::mem::forget(client);
            samples
        });
        Sampler { stop, thread }
    }

    /// Stops and gives each change that was seen.
    pub fn stop(self) -> Vec<Sample> {
        drop(self.stop);
        self.thread.join().expect("the sampler does not panic")
    }
}
