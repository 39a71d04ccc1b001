//! Something that a part of a run wants told. Parts return notices; only the loop tells them.

use super::Event;

#[derive(Clone, Debug)]
pub enum Notice {
    Event(Event),
    /// An event that is told once the records taken before it are written.
    AfterRecords(Event),
    /// A warning that is collapsed with others like it.
    Warning(String),
    /// A line of librdkafka's log.
    Library(String),
}

impl Notice {
    pub fn info(message: impl Into<String>) -> Notice {
        Notice::Event(Event::Info { message: message.into() })
    }
}
