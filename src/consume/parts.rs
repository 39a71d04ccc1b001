//! The parts that ask for actions, and which of them takes which answer.

use super::action::{Action, Context, Step};
use super::assignment::{self, Assignment};
use super::topics::Topics;
use crate::kafka::look_up::Answer;

/// The parts that a step may change.
pub struct Parts<'p, 'a> {
    pub assignment: &'p mut Assignment<'a>,
    pub topics: &'p mut Topics<'a>,
}

impl Parts<'_, '_> {
    /// Takes the answer to a question.
    ///
    /// # Errors
    /// The run ends: what it was to read is not there, or not to be read.
    pub fn take_answer(&mut self, answer: Answer, context: &mut Context<'_, '_>) -> Step {
        match answer {
            Answer::Topics(result) => self.topics.described(result, context),
            Answer::Names(result) => self.topics.names_found(result, context),
            Answer::Ids(topics) => {
                self.assignment.look_for_unheld(&topics, context);
                self.topics.ids_found(topics, self.assignment.partitions(), context)
            }
            Answer::ClusterId(id) => {
                self.topics.cluster_found(id, context);
                Ok(())
            }
            Answer::Committed(result) => {
                self.topics.committed_found(result, context);
                Ok(())
            }
            Answer::Ranges { purpose, ranges, trouble } => {
                if let Some(trouble) = trouble.as_ref().or_else(|| assignment::refusal(&ranges)) {
                    context.act(Action::Judge(trouble.clone()));
                }
                self.assignment.ranges_found(purpose, ranges, context)
            }
            Answer::Looked { partition, offset, finding } => {
                self.assignment.looked(&partition, offset, finding, context)
            }
            Answer::Owners(owners) => self.assignment.owners_found(owners, context),
            Answer::Foreign(foreign) => {
                self.assignment.membership.kind_found(foreign, context);
                Ok(())
            }
            Answer::Unheld(unheld) => {
                if let Some(unheld) = unheld
                    && self.assignment.unheld_found(unheld, context)
                {
                    self.topics.look_soon(context.now);
                }
                Ok(())
            }
            // Whether a broker answers, and how far logs go, is asked for by the loop.
            Answer::Probe { .. } | Answer::Ends(_) => Ok(()),
        }
    }
}
