//! How a client is made, and another one like it.

use super::Source;
use crate::alarm::{Alarm, Bell};
use crate::kafka::batch::Batch;
use crate::kafka::client::{self, Opened};
use crate::kafka::fetch_size::FetchSize;
use crate::kafka::look_up::LookUps;
use crate::kafka::native::ClientQueue;
use crate::kafka::routes::Routes;
use crate::kafka::tokens::supply_consumer;
use crate::tokens::TokenSource;
use std::os::fd::RawFd;
use std::sync::Arc;

/// What a client is made of.
#[derive(Clone)]
pub struct Opening {
    properties: Vec<(String, String)>,
    tokens: Option<TokenSource>,
    is_verbose: bool,
    /// Rung when there is something to look at; `descriptor` is where librdkafka does so.
    bell: Bell,
    pub descriptor: RawFd,
}

impl Opening {
    /// Whether the member has a name of its own, which it keeps over restarts.
    pub fn is_static(&self) -> bool {
        self.properties.iter().any(|(name, value)| name == "group.instance.id" && !value.is_empty())
    }
}

impl Source {
    /// Makes the client; it connects in the background, with tokens if it needs them.
    ///
    /// # Errors
    /// librdkafka's words, if the properties do not fit together.
    pub fn open(
        properties: &[(String, String)],
        tokens: Option<&TokenSource>,
        is_verbose: bool,
        alarm: &Alarm,
    ) -> Result<Source, String> {
        Source::from_opening(Opening {
            properties: properties.to_vec(),
            tokens: tokens.cloned(),
            is_verbose,
            bell: alarm.bell(),
            descriptor: alarm.descriptor(),
        })
    }

    /// Makes another client like this one, which has joined no group.
    ///
    /// # Errors
    /// librdkafka's words.
    pub fn renewed(&self) -> Result<Source, String> {
        let mut source = Source::from_opening(self.opening.clone())?;
        source.read_headers(self.reads_headers);
        Ok(source)
    }

    fn from_opening(opening: Opening) -> Result<Source, String> {
        let Opening { properties, tokens, is_verbose, bell, descriptor } = &opening;
        let Opened { client, event_sender, events, wants_statistics } =
            client::open(properties, *is_verbose, bell.clone())?;
        if let Some(source) = tokens {
            supply_consumer(source, &client, event_sender.clone());
        }
        let (shared, served) = (ClientQueue::new(&client), ClientQueue::of_consumer(&client));
        shared.ring(*descriptor);
        served.ring(*descriptor);
        let (look_ups, answers) =
            LookUps::new(Arc::clone(&client), event_sender, properties, tokens.as_ref());
        Ok(Source {
            batch: Batch::new(),
            is_given_back: false,
            reads_headers: true,
            merge: None,
            limits_queues: false,
            fetch_size: FetchSize::new(&client, properties),
            routes: Routes::default(),
            shared,
            served,
            events,
            look_ups,
            answers,
            commit: None,
            wants_statistics,
            opening,
            client,
        })
    }
}
