//! Says of partitions why something about them is not known.

use crate::error::{Failure, Kind};
use crate::kafka::admin::Unknown;
use crate::record::TopicPartition;

/// Partitions named in one message.
const NAMED: usize = 3;

/// The failure that these partitions could not be read, if there are any.
pub fn failure(
    unknown: &[(TopicPartition, Unknown)],
    leader: impl Fn(&TopicPartition) -> Option<String>,
) -> Option<Failure> {
    let mut words = words(unknown, leader).into_iter();
    let mut failure = Failure::new(Kind::Connection, words.next()?);
    for more in words {
        failure = failure.caused_by(more);
    }
    Some(failure.hint("`--connect-timeout 0s` waits for as long as it takes"))
}

/// Says of partitions why their logs are not known, those with the same reason together:
/// ``t [0], t [2]: no answer from their leader `HOST:PORT` ``.
pub fn words(
    unknown: &[(TopicPartition, Unknown)],
    leader: impl Fn(&TopicPartition) -> Option<String>,
) -> Vec<String> {
    let mut reasons: Vec<(Reason, Vec<&TopicPartition>)> = Vec::new();
    for (partition, why) in unknown {
        let reason = match why {
            Unknown::Unanswered => Reason::Unanswered(leader(partition)),
            Unknown::NoLeader => Reason::NoLeader,
            Unknown::Refused(trouble) => Reason::Refused(trouble.told()),
        };
        match reasons.iter_mut().find(|(other, _)| *other == reason) {
            Some((_, partitions)) => partitions.push(partition),
            None => reasons.push((reason, vec![partition])),
        }
    }
    let said = |(reason, mut partitions): (Reason, Vec<&TopicPartition>)| {
        partitions.sort();
        let is_one = partitions.len() == 1;
        let named = names(&partitions);
        match reason {
            Reason::Unanswered(Some(leader)) => {
                let whose = if is_one { "its" } else { "their" };
                format!("{named}: no answer from {whose} leader `{leader}`")
            }
            Reason::Unanswered(None) => format!("{named}: no answer"),
            Reason::NoLeader => format!("{named} {} no leader", if is_one { "has" } else { "have" }),
            Reason::Refused(words) => format!("{named}: {words}"),
        }
    };
    reasons.into_iter().map(said).collect()
}

#[derive(PartialEq, Eq)]
enum Reason {
    Unanswered(Option<String>),
    NoLeader,
    Refused(String),
}

/// `t [0], t [1], t [2] and 7 more`
fn names(partitions: &[&TopicPartition]) -> String {
    let named: Vec<String> = partitions.iter().take(NAMED).map(ToString::to_string).collect();
    let named = named.join(", ");
    match partitions.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn many_partitions_are_counted() {
        let unknown: Vec<_> = (0..10)
            .map(|number| (TopicPartition { topic: Arc::from("t"), partition: number }, Unknown::NoLeader))
            .collect();
        assert_eq!(words(&unknown, |_| None), ["t [0], t [1], t [2] and 7 more have no leader"]);
    }
}
