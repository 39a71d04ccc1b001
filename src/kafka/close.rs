//! Leaves the group within a given time.

use super::client::{ClientEvent, Consumer};
use super::native::{PartitionList, error_words, native};
use rdkafka::bindings as rd;
use rdkafka::consumer::{Consumer as _, RebalanceProtocol};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Leaves the group where closing alone would not tell the coordinator: librdkafka passes over a member that holds
/// nothing under a cooperative assignor (`rd_kafka_cgrp_revoke_all_rejoin` in 2.12.1). The group would wait for it in
/// each rebalance until its session is over. A static member has to stay one, so this is not for it.
pub fn leave_empty_handed(client: &Consumer) {
    let holds_nothing = client.assignment().is_ok_and(|assignment| assignment.count() == 0);
    if holds_nothing && is_cooperative(client) {
        client.unsubscribe();
    }
}

/// Closes the consumer and returns whether that was done by `deadline`. With a request to a silent broker under way
/// it would take for ever.
pub fn close(client: &Consumer, events: &Receiver<ClientEvent>, deadline: Instant) -> bool {
    if client.close_queue().is_err() {
        return false;
    }
    while !client.closed() {
        if Instant::now() >= deadline {
            return false;
        }
        drop(client.poll(Duration::from_millis(1)));
        while let Ok(event) = events.try_recv() {
            // Everything is committed or given up by now, so any rebalance is answered by letting go.
            match event {
                ClientEvent::Revoked { partitions, .. } if is_cooperative(client) => {
                    let list = PartitionList::without_offsets(&partitions);
                    // SAFETY: client and list are alive.
                    let _ = unsafe {
                        error_words(rd::rd_kafka_incremental_unassign(native(client), list.pointer()))
                    };
                }
                ClientEvent::Assigned(_) | ClientEvent::Revoked { .. } => {
                    // SAFETY: the client is alive; a null list unassigns everything.
                    unsafe { rd::rd_kafka_assign(native(client), std::ptr::null()) };
                }
                ClientEvent::Trouble(_)
                | ClientEvent::Log(_)
                | ClientEvent::Answered
                | ClientEvent::Fetched(_) => {}
            }
        }
    }
    true
}

/// How long a client that is not needed any more may take to end.
const LET_GO: Duration = Duration::from_secs(60);

/// Ends a client in the background.
pub fn let_go(client: Arc<Consumer>, events: Receiver<ClientEvent>) {
    let work = move || {
        // A client that broke cannot be closed. It is not in the group, so nothing keeps it from being destroyed.
        let is_broken = client.client().fatal_error().is_some();
        if !is_broken && !close(&client, &events, Instant::now() + LET_GO) {
            // Destroying the client could wait for a silent broker for ever.
            std::mem::forget(client);
        }
    };
    // If the system is out of threads, the client stays until the process ends.
    drop(std::thread::Builder::new().name("let-go".to_owned()).spawn(work));
}

/// Whether partitions are assigned and revoked one by one instead of all at once.
pub fn is_cooperative(client: &Consumer) -> bool {
    matches!(client.rebalance_protocol(), RebalanceProtocol::Cooperative)
}
