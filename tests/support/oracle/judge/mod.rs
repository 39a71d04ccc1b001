//! The checker of the delivery guarantee: each oracle reads a history and says in words what is wrong with it. It needs
//! nothing else, so that tests of the loop without a broker are judged by it, too.

mod commits;
mod handled;
mod history;
mod records;

pub use commits::{commits_are_of_printed, commits_go_forward, nothing_lags, watermarks_go_forward};
pub use handled::{lanes_are_kept, only_owned_starts};
pub use history::{Event, EventKind, History, Mark, Note, Partition, Printed, Run, Sample};
pub use records::{everything_is_printed, nothing_is_repeated, only_owned_partitions, order_is_kept};

/// A property that a history must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oracle {
    /// A committed offset never passes a record that is not printed.
    CommitsAreOfPrinted,
    /// Records of a partition come in order within an assignment.
    OrderIsKept,
    /// What a run commits only goes forward within an assignment.
    WatermarksGoForward,
    /// What the broker has as committed never goes back.
    CommitsGoForward,
    /// Every produced record is printed, and nothing else.
    EverythingIsPrinted,
    /// When all is quiet, the group is at the end.
    NothingLags,
    /// No record is printed twice.
    NothingIsRepeated,
    /// Nothing is printed or committed of a partition that the run does not hold.
    OnlyOwnedPartitions,
    /// Of records with one key never two are at work, and they come in order within an assignment.
    LanesAreKept,
    /// No handler is started for a partition that the run does not hold.
    OnlyOwnedStarts,
}

impl Oracle {
    /// Those that hold whatever happens, be it a kill or the loss of all brokers.
    pub const ALWAYS: [Oracle; 5] = [
        Oracle::CommitsAreOfPrinted,
        Oracle::OrderIsKept,
        Oracle::WatermarksGoForward,
        Oracle::CommitsGoForward,
        Oracle::OnlyOwnedPartitions,
    ];

    /// Those that hold whatever happens where handlers do the work: "printed" is then "finished by its handler".
    pub const ALWAYS_HANDLED: [Oracle; 5] = [
        Oracle::CommitsAreOfPrinted,
        Oracle::LanesAreKept,
        Oracle::WatermarksGoForward,
        Oracle::CommitsGoForward,
        Oracle::OnlyOwnedStarts,
    ];

    /// Those that hold in addition when the last run went on to the end of the topic.
    pub const AT_THE_END: [Oracle; 2] = [Oracle::EverythingIsPrinted, Oracle::NothingLags];

    /// What this oracle finds wrong, one sentence each; empty if all is well.
    pub fn violations(self, history: &History) -> Vec<String> {
        match self {
            Oracle::CommitsAreOfPrinted => commits_are_of_printed(history),
            Oracle::OrderIsKept => order_is_kept(history),
            Oracle::WatermarksGoForward => watermarks_go_forward(history),
            Oracle::CommitsGoForward => commits_go_forward(history),
            Oracle::EverythingIsPrinted => everything_is_printed(history),
            Oracle::NothingLags => nothing_lags(history),
            Oracle::NothingIsRepeated => nothing_is_repeated(history),
            Oracle::OnlyOwnedPartitions => only_owned_partitions(history),
            Oracle::LanesAreKept => lanes_are_kept(history),
            Oracle::OnlyOwnedStarts => only_owned_starts(history),
        }
    }
}

impl History {
    /// Fails with everything these oracles find wrong.
    #[track_caller]
    pub fn must_satisfy(&self, oracles: impl IntoIterator<Item = Oracle>) {
        const MOST: usize = 10;
        let mut said = Vec::new();
        for oracle in oracles {
            let violations = oracle.violations(self);
            let more = violations.len().saturating_sub(MOST);
            said.extend(violations.into_iter().take(MOST).map(|words| format!("{oracle:?}: {words}")));
            if more > 0 {
                said.push(format!("{oracle:?}: and {more} more"));
            }
        }
        let words = || format!("{}\n{}\n{}", said.join("\n  "), self.summary(), self.last_events());
        assert!(said.is_empty(), "the guarantee is broken\n  {}", words());
    }

    /// The last that each run said, a line each.
    fn last_events(&self) -> String {
        const MOST: usize = 30;
        let mut lines = Vec::new();
        for run in &self.runs {
            let first = run.events.len().saturating_sub(MOST);
            lines.extend(run.events[first..].iter().map(|event| format!("{}: {:?}", run.name, event.kind)));
        }
        lines.join("\n")
    }

    /// What each run did, in one line each.
    pub fn summary(&self) -> String {
        let mut lines = Vec::new();
        for (run, repeats) in self.runs.iter().zip(self.repeats_by_run()) {
            lines.push(format!(
                "{}: {} records printed, {repeats} of them again, {} events",
                run.name,
                run.printed.len(),
                run.events.len()
            ));
        }
        if let Some(last) = self.samples.last() {
            lines.push(format!("committed in the end: {:?}", last.committed));
        }
        lines.join("\n")
    }
}

/// A record as messages name it.
fn place((topic, partition): &Partition, offset: i64) -> String {
    format!("{topic} [{partition}] @ {offset}")
}

/// A partition as messages name it.
pub fn name((topic, partition): &Partition) -> String {
    format!("{topic} [{partition}]")
}
