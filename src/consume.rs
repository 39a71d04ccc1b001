//! A run of `consume`: the loop, which owns the parts, calls the broker, says things and ends the run.

mod action;
mod assignment;
mod broker;
mod chosen_partitions;
mod closing;
mod coverage;
mod identity;
mod leaders;
mod membership;
mod opening;
mod progress;
mod records;
mod search;
#[cfg(test)]
mod simulation;
mod status;
mod topics;

use crate::commits::{CommitOutcome, CommitPositions, Commits, Due};
use crate::delivery::{Delivery, Progress, Settled};
use crate::error::{Failure, Kind};
use crate::handlers;
use crate::kafka::ClientEvent;
use crate::kafka::commit::CommitAnswer;
use crate::kafka::look_up::{Answer, Question};
use crate::metrics::Readiness;
use crate::reachability::{Reachability, Verdict};
use crate::record::TopicPartition;
use crate::settings::{Consume, Mode};
use crate::talk::{Event, Notice};
use action::{Action, Context, ReadChange, RunEnd, Step};
use assignment::Assignment;
use broker::Broker;
use closing::{Closing, ClosingStep};
use records::{Intake, Taken};
use status::{Scrape, Status, Unfinished};
use std::time::{Duration, Instant};
use topics::Topics;

pub use opening::{Finished, World, run};

/// The longest sleep: whatever happens, the client is served ten times a second.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);

/// A run of `consume`.
struct Consumer<'a, B> {
    settings: &'a Consume,
    client: B,
    reachability: Reachability,
    topics: Topics<'a>,
    assignment: Assignment<'a>,
    commits: Commits,
    delivery: Delivery<'a>,
    status: Status,
    /// No record is started any more.
    closing: Option<Closing>,
}

/// The parts that a step may change.
struct Parts<'p, 'a> {
    assignment: &'p mut Assignment<'a>,
    topics: &'p mut Topics<'a>,
}

/// What comes after a turn of the loop.
enum Turn {
    Again,
    /// Nothing is to be done before that, unless something rings.
    Sleep(Duration),
    Over,
}

impl<'a, B: Broker> Consumer<'a, B> {
    /// One turn of the loop.
    fn turn(&mut self, is_stop_asked: bool, now: Instant) -> Turn {
        handlers::reap_orphans();
        self.delivery.begin_turn(now);
        if is_stop_asked {
            self.stop_asked(now);
        }
        let written = self.delivery.take_written();
        self.apply(written, now);
        // The answer to a commit comes before what the group says, which may have come later.
        self.take_commit_answer(now);
        self.client.serve();
        self.handle_events(now);
        if self.closing.is_none() && self.assignment.membership.take_due_rejoin(now) {
            self.join_again(now);
        }
        self.advance_assignment(now);
        self.advance_commits(now);
        self.take_outcomes(now);
        let has_taken = self.take_records(now);
        for id in self.delivery.resume(self.commits.watermarks()) {
            self.client.go_on(id.slot);
        }
        while let Some(progress) = self.start_attempts(now) {
            self.apply(progress, now);
        }
        if !has_taken || self.assignment.is_end_near() {
            self.step(now, |parts, context| parts.assignment.look_at_ends(context));
        }
        self.delivery.seal_if_waiting(now);
        self.watch_clocks(now);
        self.answer_scrapes(now);
        self.show_progress(now);
        if self.is_over(now) {
            return Turn::Over;
        }
        match has_taken {
            true => Turn::Again,
            false => Turn::Sleep(self.pause(now)),
        }
    }

    /// Takes what became of records with handlers: a failure that ends the run does not keep the others waiting.
    fn take_outcomes(&mut self, now: Instant) {
        let mut may_go_on = true;
        while may_go_on {
            let progress = self.delivery.poll(now);
            may_go_on = progress.failure.is_some();
            self.apply(progress, now);
        }
    }

    fn pause(&self, now: Instant) -> Duration {
        self.delivery.pause(&self.commits, now).unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }

    fn start_attempts(&mut self, now: Instant) -> Option<Progress> {
        if self.closing.is_some() { None } else { self.delivery.start_attempts(&self.commits, now) }
    }
}

/// Doing what parts ask for.
impl<'a, B: Broker> Consumer<'a, B> {
    /// Has a part do a step, and does what it asks for: in order, each action with all that follows from it before the
    /// next one. An action that fails ends the run and does not stop those behind it. What the step itself returns comes
    /// last; the first failure is the one that is told. `Context::is_closing` is as it was when the step began.
    fn step(&mut self, now: Instant, step: impl FnOnce(&mut Parts<'_, 'a>, &mut Context<'_, 'a>) -> Step) {
        let mut actions = Vec::new();
        let mut context = Context {
            commits: &mut self.commits,
            delivery: &self.delivery,
            reachability: &self.reachability,
            client: &self.client,
            is_closing: self.closing.is_some(),
            now,
            actions: &mut actions,
        };
        let mut parts = Parts { assignment: &mut self.assignment, topics: &mut self.topics };
        let result = step(&mut parts, &mut context);
        self.act(actions, now);
        if let Err(end) = result {
            self.end_with(*end, now);
        }
    }

    /// Has a part do a step that cannot end the run.
    fn do_step(&mut self, now: Instant, step: impl FnOnce(&mut Parts<'_, 'a>, &mut Context<'_, 'a>)) {
        self.step(now, |parts, context| {
            step(parts, context);
            Ok(())
        });
    }

    fn act(&mut self, actions: Vec<Action>, now: Instant) {
        for action in actions {
            if let Err(failure) = self.act_on(action, now) {
                self.fail(failure, now);
            }
        }
    }

    fn act_on(&mut self, action: Action, now: Instant) -> Result<(), Failure> {
        match action {
            Action::Tell(notice) => self.tell(notice, now),
            Action::Seal => self.delivery.seal(),
            Action::Ask(question) => self.client.ask(question),
            Action::Judge(trouble) => {
                let verdict = self.reachability.classify(&trouble, now);
                self.judge(verdict, now)?;
            }
            Action::Leaders(leaders) => self.reachability.answered(leaders),
            Action::Established => self.reachability.established(),
            Action::Subscribe { topics, is_first } => self.subscribe(&topics, is_first, now)?,
            Action::JoinAnew => {
                self.client.leave();
                let topics = self.topics.names().to_vec();
                self.subscribe(&topics, true, now)?;
            }
            Action::Start(partitions) => {
                self.do_step(now, |parts, context| parts.assignment.start(partitions, context))
            }
            Action::NoteFresh(fresh) => self.assignment.note_fresh(fresh),
            Action::CheckTopics => self.do_step(now, |parts, context| parts.topics.check(context)),
            Action::OpenStore { cluster } => {
                self.delivery.open_store(cluster)?;
                self.step(now, |parts, context| parts.topics.store_opened(context));
            }
            Action::AllStarted => {
                if self.topics.take_unsaid_start() {
                    let topics = self.topics.names().to_vec();
                    self.tell(Notice::AfterRecords(Event::Started { topics }), now);
                    self.delivery.seal();
                }
            }
            Action::EndReached { partition, is_folded } => {
                let names_topic = self.topics.names().len() > 1;
                let event = Event::EndReached { partition, names_topic, is_folded };
                self.tell(Notice::AfterRecords(event), now);
            }
            Action::CountRead { topic, read } => self.status.counts.add_read(&topic, read),
            Action::ShowNewest(ids) => self.delivery.show_newest(ids),
            Action::Revoke(ids) => self.delivery.revoke(&ids, self.commits.watermarks()),
            Action::Abandon(ids) => self.delivery.abandon(&ids),
            Action::Commit(positions) => self.commit(positions, now),
            Action::Read(change) => self.change_reading(change, now)?,
        }
        Ok(())
    }

    fn change_reading(&mut self, change: ReadChange, now: Instant) -> Result<(), Failure> {
        let taken_over = change.taken_over();
        let is_given_back = matches!(change, ReadChange::Unassign(_));
        // At the end of a run it is only an answer: what is not taken ends with the session.
        let is_answer = matches!(change, ReadChange::AssignNothing) && self.closing.is_some();
        let warning = broker::change(&mut self.client, change)?;
        if let Some(warning) = warning.filter(|_| !is_answer) {
            self.status.talk.warn(warning, now);
        }
        if !taken_over.is_empty() || is_given_back {
            self.delivery.share_among(self.assignment.partitions().count());
        }
        if !taken_over.is_empty() {
            self.status.idle_since = now;
            let count = self.assignment.partitions().count();
            for warning in self.delivery.assignment_warnings(count, self.topics.partitions()) {
                self.status.talk.warn(warning, now);
            }
            self.status.tell_assigned(taken_over, &mut self.delivery, now);
        }
        Ok(())
    }

    fn subscribe(&mut self, topics: &[String], is_first: bool, now: Instant) -> Result<(), Failure> {
        let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
        match self.client.subscribe(&topics) {
            Ok(()) => {}
            Err(words) if is_first => {
                return Err(Failure::new(Kind::Run, "cannot join the group").caused_by(words));
            }
            Err(words) => self.status.talk.warn(format!("cannot join new topics: {words}"), now),
        }
        Ok(())
    }

    fn tell(&mut self, notice: Notice, now: Instant) {
        self.status.tell(notice, &mut self.delivery, now);
    }

    fn judge(&mut self, verdict: Verdict, now: Instant) -> Result<(), Failure> {
        match verdict {
            Verdict::Wait => Ok(()),
            Verdict::Warn(message) => {
                self.status.talk.warn(message, now);
                Ok(())
            }
            Verdict::Fail(failure) => Err(failure),
        }
    }
}

/// What the client tells.
impl<B: Broker> Consumer<'_, B> {
    fn handle_events(&mut self, now: Instant) {
        while let Some(event) = self.client.event() {
            match event {
                ClientEvent::Assigned(partitions) => self.assignment.assigned(partitions),
                ClientEvent::Revoked { partitions, is_lost: false } => self.assignment.revoked(partitions),
                ClientEvent::Revoked { partitions, is_lost: true } => {
                    if let Some(closing) = &mut self.closing {
                        closing.note_lost(&partitions, &self.commits);
                    }
                    self.do_step(now, |parts, context| parts.assignment.lost(partitions, context));
                }
                ClientEvent::Trouble(trouble) => {
                    self.step(now, |parts, context| parts.assignment.trouble(trouble, context));
                }
                ClientEvent::Log(line) => {
                    self.reachability.note_log_line(&line);
                    self.status.talk.library(line);
                }
                ClientEvent::Fetched(fetched) => self.assignment.fetched(fetched, now),
                ClientEvent::Answered => {
                    if let Some(answer) = self.client.answer() {
                        self.take_answer(answer, now);
                    }
                }
            }
        }
    }

    fn take_answer(&mut self, answer: Answer, now: Instant) {
        match answer {
            Answer::Probe { is_reached } => {
                let change = self.reachability.probe_answered(is_reached, now);
                if let Some(event) = change.event() {
                    self.tell(Notice::Event(event), now);
                }
            }
            Answer::Ends(ends) => self.assignment.ends_asked(ends),
            Answer::Ranges { purpose, ranges, trouble } => {
                // First: a run that fails takes nothing over.
                if let Some(trouble) = trouble.as_ref().or_else(|| assignment::refusal(&ranges)) {
                    self.act(vec![Action::Judge(trouble.clone())], now);
                }
                self.step(now, |parts, context| parts.assignment.ranges_found(purpose, ranges, context));
            }
            Answer::Topics(result) => {
                self.step(now, |parts, context| parts.topics.described(result, context));
            }
            Answer::Names(result) => {
                self.step(now, |parts, context| parts.topics.names_found(result, context));
            }
            Answer::Ids(topics) => self.step(now, |parts, context| {
                parts.assignment.look_for_unheld(&topics, context);
                parts.topics.ids_found(&topics, parts.assignment.partitions(), context)?;
                parts.assignment.read_added(&topics, context);
                Ok(())
            }),
            Answer::ClusterId(id) => {
                self.do_step(now, |parts, context| parts.topics.cluster_found(id, context))
            }
            Answer::Committed(result) => {
                self.do_step(now, |parts, context| parts.topics.committed_found(result, context));
            }
            Answer::Looked { partition, offset, finding } => {
                self.step(now, |parts, context| parts.assignment.looked(&partition, offset, finding, context))
            }
            Answer::Owners(owners) => {
                self.step(now, |parts, context| parts.assignment.owners_found(owners, context));
            }
            Answer::Foreign(foreign) => self.do_step(now, |parts, context| {
                parts.assignment.membership.kind_found(foreign, context);
            }),
            Answer::CommittedByGroup(partitions) => self.do_step(now, |parts, context| {
                parts.assignment.committed_by_group(partitions, context);
            }),
            Answer::Unheld(unheld) => self.do_step(now, |parts, context| {
                if unheld.is_some_and(|unheld| parts.assignment.unheld_found(unheld, context)) {
                    parts.topics.look_soon(context.now);
                }
            }),
        }
    }

    /// Joins with a new client: one that was thrown out of the group never works again.
    fn join_again(&mut self, now: Instant) {
        let client = match self.client.renewed() {
            Ok(client) => client,
            Err(words) => return self.fail(opening::unfit(self.settings, words), now),
        };
        self.do_step(now, |parts, context| parts.assignment.forget_membership(context));
        if self.commits.give_up(now) {
            self.status.counts.commits_failed += 1;
            self.delivery.commit_ended(false);
        }
        self.reachability.ask_again();
        std::mem::replace(&mut self.client, client).abandon();
        let topics = self.topics.names().to_vec();
        if let Err(failure) = self.subscribe(&topics, true, now) {
            self.fail(failure, now);
        }
    }

    fn advance_assignment(&mut self, now: Instant) {
        self.do_step(now, |parts, context| parts.assignment.ask_lost_positions(context));
        let mut may_go_on = true;
        while may_go_on {
            may_go_on = false;
            self.step(now, |parts, context| {
                may_go_on = parts.assignment.advance(context)?;
                Ok(())
            });
        }
    }
}

/// Records and commits.
impl<B: Broker> Consumer<'_, B> {
    /// Takes what may be taken now. False if there was nothing, or no room.
    fn take_records(&mut self, now: Instant) -> bool {
        let mut has_taken = false;
        while self.closing.is_none() {
            let intake = Intake {
                client: &mut self.client,
                assignment: &mut self.assignment,
                commits: &mut self.commits,
                delivery: &mut self.delivery,
                reachability: &self.reachability,
                now,
                may_fill: !has_taken,
                actions: Vec::new(),
            };
            let Taken { has_taken: has_taken_more, is_interrupted, actions, end } = intake.take();
            has_taken |= has_taken_more;
            self.act(actions, now);
            // What is said of a record goes with it.
            self.delivery.seal_for_commit(&self.commits);
            if let Some(end) = end {
                self.end_with(*end, now);
            }
            if !is_interrupted {
                break;
            }
        }
        if has_taken {
            self.status.idle_since = now;
        }
        has_taken
    }

    /// Acts on what has happened to records.
    fn apply(&mut self, progress: Progress, now: Instant) {
        for settled in progress.settled {
            let records = match settled {
                Settled::Record { id, offset, is_counted } => {
                    self.commits.watermarks_mut().settle(id, offset);
                    self.assignment.settled(id);
                    u64::from(is_counted)
                }
                Settled::Before { id, next } => self.commits.watermarks_mut().settle_before(id, next),
            };
            self.commits.processed(records);
        }
        for notice in progress.notices {
            self.tell(notice, now);
        }
        if let Some(failure) = progress.failure {
            self.fail(failure, now);
        }
        if progress.is_unwritable {
            self.end_unwritable(now);
        }
        let is_enough = self.settings.stops.count.is_some_and(|count| self.commits.total() >= count);
        if is_enough && self.closing.is_none() {
            self.end(now);
        }
    }

    /// Sends the next commit if it is due.
    fn advance_commits(&mut self, now: Instant) {
        self.take_commit_answer(now);
        // A hand-over sends its own commit, of the partitions that go. With handlers it may last, and in `batch` what
        // it waits for may only start once the commit that is due is through.
        if self.assignment.is_revoking() && !self.delivery.has_handlers() {
            return;
        }
        match self.commits.due(now) {
            Due::NotYet => {}
            Due::NothingOwed => self.delivery.nothing_to_commit(),
            Due::Send(positions) => self.commit(positions, now),
        }
    }

    fn commit(&mut self, positions: CommitPositions, now: Instant) {
        let offsets = positions.offsets();
        self.commits.sent(positions, now);
        self.delivery.commit_sent();
        if let Err(refusal) = self.client.commit(&offsets) {
            self.commit_answered(CommitAnswer { refused: Some(refusal), ..CommitAnswer::default() }, now);
        }
    }

    fn take_commit_answer(&mut self, now: Instant) {
        if let Some(answer) = self.client.commit_answer() {
            self.commit_answered(answer, now);
        }
    }

    fn commit_answered(&mut self, answer: CommitAnswer, now: Instant) {
        let outcomes = self.commits.answered(answer, now);
        let is_refused = |outcome: &CommitOutcome| matches!(outcome, CommitOutcome::Refused { .. });
        self.delivery.commit_ended(!outcomes.iter().any(is_refused));
        for outcome in outcomes {
            match outcome {
                CommitOutcome::Confirmed(offsets) => {
                    self.tell(Notice::Event(Event::Committed { offsets, error: None }), now);
                }
                CommitOutcome::Refused { offsets, refusal } => {
                    let error = Some(refusal.words.clone());
                    self.tell(Notice::Event(Event::Committed { offsets, error }), now);
                    self.step(now, |parts, context| parts.assignment.commit_refused(&refusal, context));
                }
            }
        }
    }
}

/// Time, and the end of the run.
impl<B: Broker> Consumer<'_, B> {
    /// Does what depends on time alone.
    fn watch_clocks(&mut self, now: Instant) {
        if let Some(failure) = self.reachability.give_up(now) {
            self.fail(failure, now);
        }
        if let Some(waiting) = self.reachability.still_waiting(now) {
            self.tell(Notice::AfterRecords(waiting), now);
        }
        if self.reachability.is_probe_due(now) {
            self.client.ask(Question::Probe { topic: self.topics.any_name() });
        }
        self.step(now, |parts, context| {
            parts.topics.advance(context)?;
            parts.assignment.watch(context)
        });
        let is_reading = self.reachability.is_connected() && !self.assignment.partitions().is_empty();
        if !is_reading || !self.delivery.is_idle() {
            self.status.idle_since = now;
        }
        let stops = &self.settings.stops;
        // A probe takes up to three seconds to find out that nothing can come.
        let is_idle = !self.reachability.is_uncertain()
            && stops.idle_timeout.is_some_and(|limit| now.duration_since(self.status.idle_since) >= limit);
        let is_late = stops.duration.is_some_and(|limit| now.duration_since(self.status.started) >= limit);
        if (is_idle || is_late) && self.closing.is_none() {
            self.step(now, |parts, context| match parts.assignment.stopped_before_end(context) {
                Some(failure) => action::fail(failure),
                None => Err(Box::new(RunEnd::Done)),
            });
        }
        if now.duration_since(self.status.checked) >= Duration::from_secs(1) {
            self.each_second(now);
        }
    }

    fn each_second(&mut self, now: Instant) {
        self.assignment.membership.note_pause(self.status.checked, now);
        self.status.checked = now;
        self.client.look_after();
        let progress = self.delivery.look_after(now);
        self.apply(progress, now);
        if let Some(event) = self.delivery.still_waiting(now) {
            self.tell(Notice::AfterRecords(event), now);
        }
        let (started, is_reading) = (self.status.started, self.topics.is_reading());
        self.step(now, |parts, context| {
            parts.assignment.watch_spare(context);
            parts.assignment.watch_unreached(context)?;
            parts.assignment.watch_silence(context);
            parts.assignment.wonder_about_group(started, is_reading, context);
            Ok(())
        });
        self.status.talk.tell_repeats(now, false);
        // Delivered once, then silence: so it is asked for.
        if let Some(trouble) = self.client.fatal_error() {
            self.step(now, |parts, context| parts.assignment.fatal_trouble(&trouble, context));
        }
        if self.delivery.leaves_records_out() {
            // Records that are left out are no reason for a commit by themselves.
            self.commits.passed_left_out();
        }
        self.assignment.look_at_all();
    }

    fn answer_scrapes(&mut self, now: Instant) {
        let is_outside = match &self.settings.mode {
            Mode::Group(_) => self.topics.is_reading() && !self.assignment.is_member(),
            Mode::Standalone(_) => false,
        };
        let readiness = match self.reachability.is_connected() {
            _ if self.closing.is_some() => Readiness::Ending,
            _ if is_outside => Readiness::Outside,
            true => Readiness::Ready,
            false => Readiness::Unconnected,
        };
        match self.status.turned(readiness, &self.delivery, now) {
            Scrape::None => {}
            Scrape::Asked => {
                self.ask_ends(now);
                self.publish();
            }
            Scrape::Full => self.publish(),
        }
    }

    /// Asks how far the logs go in which we are behind.
    fn ask_ends(&mut self, now: Instant) {
        if self.status.may_ask_ends(now) && self.reachability.is_connected() {
            let behind = self
                .assignment
                .lags(&self.client, self.commits.watermarks())
                .into_iter()
                .filter(|(_, lag)| *lag > 0);
            let behind: Vec<TopicPartition> = behind.map(|(partition, _)| partition).collect();
            if !behind.is_empty() {
                self.status.ends_asked(now);
                self.client.ask(Question::Ends(behind));
            }
        }
    }

    fn publish(&mut self) {
        let (read, lags) =
            (self.assignment.take_read(), self.assignment.lags(&self.client, self.commits.watermarks()));
        self.status.publish(read, lags, &self.commits, &mut self.delivery);
    }

    fn stop_asked(&mut self, now: Instant) {
        if !self.closing.as_ref().is_some_and(|closing| closing.is_signal_said) {
            let message = "Shutdown signal received...".into();
            self.tell(Notice::AfterRecords(Event::Progress { message }), now);
            self.end(now).is_signal_said = true;
        }
    }

    /// Starts no more records.
    fn end(&mut self, now: Instant) -> &mut Closing {
        // Reading alone there is nothing to do after the last write.
        let has_work_after = self.commits.is_committing() || self.delivery.has_handlers();
        let limit = self.settings.shutdown_timeout;
        let closing = self.closing.get_or_insert_with(|| Closing::new(limit, has_work_after, now));
        let (terminate, deadline) = closing.deadlines();
        self.delivery.begin_drain(terminate, deadline);
        closing
    }

    fn end_with(&mut self, end: RunEnd, now: Instant) {
        match end {
            RunEnd::Done => drop(self.end(now)),
            RunEnd::Failed(failure) => self.fail(failure, now),
            RunEnd::FailedWithoutCommit(failure) => {
                self.fail(failure, now);
                self.commits.forbid();
            }
        }
    }

    fn fail(&mut self, failure: Failure, now: Instant) {
        self.end(now).note_failure(failure);
    }

    fn end_unwritable(&mut self, now: Instant) {
        self.end(now).note_unwritable();
    }

    /// Whether everything that can still be done is done.
    fn is_over(&mut self, now: Instant) -> bool {
        if self.closing.is_some() {
            self.do_step(now, |parts, context| parts.assignment.answer_with_nothing(context));
        }
        let is_revoking = self.assignment.is_revoking();
        let Some(closing) = &mut self.closing else { return false };
        let (records, uncommitted) = (self.delivery.unfinished(&self.commits), self.commits.unconfirmed());
        let is_committing = self.commits.is_committing();
        self.status.prepare_end(Unfinished { records, uncommitted, is_committing });
        if let Some(notice) = closing.wait_notice(&self.delivery, &self.commits, now) {
            self.status.tell(notice, &mut self.delivery, now);
        }
        match closing.step(&mut self.delivery, &self.commits, is_revoking, now) {
            ClosingStep::Wait => false,
            ClosingStep::Over => true,
            ClosingStep::Commit => {
                self.commits.ask();
                // At once: the loop would sleep first, and only the answer wakes it.
                self.advance_commits(now);
                false
            }
        }
    }
}
