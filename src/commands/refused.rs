//! What brokers refuse of some partitions.

use super::session::Session;
use crate::error::{Failure, Kind};
use crate::kafka::Trouble;
use crate::kafka::admin::Unknown;
use crate::pipeline::unknown;
use crate::record::TopicPartition;

/// The failure for partitions that are refused, with each reason and whom it is about.
pub fn partitions(session: &Session, message: String, refused: &[(TopicPartition, Trouble)]) -> Failure {
    let first = refused.first().map(|(_, trouble)| session.refused(None, trouble));
    let (kind, hint) = first.map_or((Kind::Run, None), |first| (first.kind, first.hint));
    let unknown: Vec<_> = refused
        .iter()
        .map(|(partition, trouble)| (partition.clone(), Unknown::Refused(trouble.clone())))
        .collect();
    let words = unknown::words(&unknown, |_| None).into_iter();
    let failure = words.fold(Failure::new(kind, message), Failure::caused_by);
    Failure { hint, ..failure }
}
