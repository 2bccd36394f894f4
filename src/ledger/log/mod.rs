//! The log of import sessions: what is known about each, and so whose entries hold.
//!
//! Sessions are numbered. A number is given and listed in one write, before anything is loaded, and
//! a session leaves the list only when its end was seen. So a number that was given and is not
//! listed has landed, unless it is among those that came to nothing. A number that was never given
//! is unknown, and unknown means doubtful.

mod asked;
mod calls;
mod number;
mod ranges;
mod session;
mod standing;
mod unnumbered;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use calls::SENT_WITHIN;
pub use number::Number;
pub use ranges::Ranges;
use session::Mark;
pub use session::{Again, Carries, Charges, End, Ended, Failed, Listed, State};
pub use standing::{Due, Standing, Telling, Want, due};
pub use unnumbered::from_unnumbered;

use crate::{
    mutation::{self, Mutation},
    okta::SessionId,
};

/// How many landed sessions are listed, so that people can look them up at Okta.
const RECENT: usize = 20;
/// How many ranges of sessions that came to nothing are kept. Beyond them all earlier sessions are
/// doubted, which is always safe.
const VOID_RANGES: usize = 500;
/// How many imports that ended in ERROR are remembered until their users were told.
const FAILED: usize = 64;
/// How often the time of a number is noted, and how many of these notes are kept.
const MARKED_EVERY: std::time::Duration = std::time::Duration::from_secs(10 * 60);
const MARKS: usize = 20;
/// How long a session may take to end, counted from the end of the one before it.
pub const GIVEN_UP_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// What is known about the import sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionLog {
    /// The last number given.
    last: Number,
    /// Entries of sessions below this number are doubtful.
    floor: Number,
    /// Sessions below this number were of another binding.
    bound_from: Number,
    /// Sessions below this number told people under the ids of another externalId template.
    other_ids_before: Number,
    /// The sessions whose end was not seen, and those that were given up.
    listed: BTreeMap<Number, Listed>,
    /// The sessions that came to nothing.
    void: Ranges,
    /// Imports that ended in ERROR and whose users are not told again yet.
    failed: Vec<Failed>,
    /// The last sessions that ended, newest first.
    recent: Vec<Ended>,
    /// Sessions of one person whose import ended in ERROR. People whose entries name them are not
    /// told the same again.
    isolated: BTreeSet<Number>,
    /// Which number was the last at some earlier times, which gives the age of a session.
    marks: Vec<Mark>,
    /// Whether the last session carried people of an import that had ended in ERROR.
    last_was_again: bool,
    /// When an import was last started.
    last_triggered: Option<Timestamp>,
    /// Numbers of sessions that a release without numbers left unsettled or failed.
    unnumbered: BTreeMap<SessionId, Number>,
    /// Single-user calls whose end was not seen, and when they have ended at the latest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    calls: BTreeMap<Number, Timestamp>,
    /// Calls that Okta was seen to have done: a session will tell them again, in good time.
    #[serde(skip_serializing_if = "Ranges::is_empty")]
    done: Ranges,
    /// When an import that told nothing but what calls had told was last started.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_confirmed: Option<Timestamp>,
    /// How many imports with groups in them ended in ERROR, one after another. Each success takes
    /// one away.
    #[serde(skip_serializing_if = "is_zero")]
    groups_failed: u32,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for this signature"
)]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl SessionLog {
    /// Lists a session that was just opened, and numbers it.
    pub fn open(&mut self, id: SessionId, run: &str, now: Timestamp) -> Number {
        self.last += 1;
        self.mark(now);
        self.listed.insert(
            self.last,
            Listed {
                id,
                state: State::Open,
                opened: now,
                triggered: None,
                run: run.to_owned(),
                alone_since: None,
                carries: Carries::default(),
            },
        );
        self.last
    }

    /// Numbers what was seen at Okta and carried by no session of ours: entries with this number
    /// hold.
    pub fn seen(&mut self, now: Timestamp) -> Number {
        self.last += 1;
        self.mark(now);
        self.last
    }

    /// Its import is about to be started: from now on nobody can say that it never was.
    pub fn starting(&mut self, number: Number, carries: Carries) {
        if let Some(session) = self.listed.get_mut(&number) {
            session.state = State::Starting;
            session.carries = carries;
            self.last_was_again = carries.again.is_some();
        }
    }

    /// Its import was started.
    pub fn triggered(&mut self, number: Number, now: Timestamp) {
        if let Some(session) = self.listed.get_mut(&number) {
            session.state = State::Triggered;
            session.triggered = Some(now);
            self.last_triggered = self.last_triggered.max(Some(now));
            if session.carries.confirms {
                self.last_confirmed = self.last_confirmed.max(Some(now));
            }
        }
    }

    /// A session ended. Gives what becomes of the charges that it made.
    pub fn ended(&mut self, number: Number, end: End, now: Timestamp) -> Charges {
        let Some(session) = self.listed.remove(&number) else {
            return Charges::Stand;
        };
        let woke = session.state == State::GivenUp;
        if end != End::Landed {
            self.void.insert(number);
        }
        if let Some(again) = session.carries.again
            && matches!(end, End::Landed | End::Error)
        {
            self.told_again(again, session.carries);
        }
        if end == End::Error && !session.carries.by_push {
            self.note_failure(number, session.carries);
        }
        if session.carries.groups {
            match end {
                End::Error => self.groups_failed = self.groups_failed.saturating_add(1),
                End::Landed => self.groups_failed = self.groups_failed.saturating_sub(1),
                End::Nothing | End::Void => {}
            }
        }
        self.give_time_to_those_after(number, now);
        if woke {
            // It may have undone what was told after it.
            self.doubt_everything();
        }
        let Listed {
            id,
            opened,
            triggered,
            run,
            ..
        } = session;
        self.recent.insert(
            0,
            Ended {
                number,
                id,
                end,
                opened,
                triggered,
                run,
            },
        );
        self.recent.truncate(RECENT);
        self.keep_small();
        if end == End::Nothing {
            Charges::GivenBack
        } else {
            Charges::Stand
        }
    }

    /// How many groups and people's memberships a session may carry. All of them at first. After
    /// the first failure (ERROR), an eighth for each import with groups that failed, so that the
    /// one that makes it fail comes to stand alone.
    #[must_use]
    pub fn room_for_groups(&self) -> usize {
        const MOST: usize = 1 << 15;
        match self.groups_failed {
            0 | 1 => usize::MAX,
            failed => (MOST >> (3 * (failed - 1)).min(15)).max(1),
        }
    }

    /// Whether the last import with groups in it ended in ERROR. Until one succeeds, they have a
    /// session without users.
    #[must_use]
    pub fn groups_have_failed(&self) -> bool {
        self.groups_failed > 0
    }

    /// Gives up the session that the others wait for, once its time is over.
    pub fn give_up(&mut self, now: Timestamp) -> Option<SessionId> {
        let (number, oldest) = self
            .listed
            .iter_mut()
            .find(|(_, session)| session.state != State::GivenUp)?;
        let since = oldest.triggered.unwrap_or(oldest.opened);
        let since = since.max(oldest.alone_since.unwrap_or(since));
        if now < since + GIVEN_UP_AFTER {
            return None;
        }
        oldest.state = State::GivenUp;
        let (number, id) = (*number, oldest.id.clone());
        if mutation::on(Mutation::OldSessionIsForgotten) {
            self.listed.remove(&number);
            self.void.insert(number);
        }
        self.give_time_to_those_after(number, now);
        Some(id)
    }

    /// Okta processes one session after another.
    fn give_time_to_those_after(&mut self, number: Number, now: Timestamp) {
        for (_, session) in self.listed.range_mut(number + 1..) {
            session.alone_since = Some(now);
        }
    }

    /// Doubts everything that was told so far.
    pub fn doubt_everything(&mut self) {
        self.floor = self.last + 1;
    }

    /// The sessions of another binding are over. Perhaps it gave people `other_ids`.
    pub fn abandon(&mut self, other_ids: bool) {
        let listed: Vec<_> = self.listed.keys().copied().collect();
        for number in listed {
            self.void.insert(number);
        }
        self.listed.clear();
        self.calls.clear();
        self.failed.clear();
        self.doubt_everything();
        self.bound_from = self.floor;
        if other_ids {
            self.other_ids_before = self.floor;
        }
        self.keep_small();
    }

    /// Forgets what no entry names any more. `named` are the sessions that did not land and that
    /// entries name, as found by a read of all entries that began when `last` was the last number.
    /// Late writes of a dead run may still come, so only sessions opened before `old` are
    /// forgotten.
    pub fn forget(&mut self, named: &BTreeSet<Number>, last: Number, old: Timestamp) {
        let marks = self.marks.iter().filter(|mark| mark.at <= old);
        let oldest = marks.map(|mark| mark.number).max().unwrap_or(0).min(last);
        let unnamed = |number: Number| number <= oldest && !named.contains(&number);
        let listed = &self.listed;
        self.void.retain(unnamed);
        self.done.retain(unnamed);
        self.failed.retain(|failed| !unnamed(failed.number));
        self.isolated.retain(|number| !unnamed(*number));
        self.unnumbered
            .retain(|_, number| !unnamed(*number) || listed.contains_key(number));
    }

    /// Notes the time of a number, now and then.
    fn mark(&mut self, now: Timestamp) {
        if self
            .marks
            .last()
            .is_none_or(|mark| now - MARKED_EVERY >= mark.at)
        {
            self.marks.push(Mark {
                number: self.last,
                at: now,
            });
            let surplus = self.marks.len().saturating_sub(MARKS);
            self.marks.drain(..surplus);
        }
    }

    /// The people of a failed import are told in ever smaller sessions.
    fn note_failure(&mut self, number: Number, carries: Carries) {
        let again = carries.again.is_some();
        if again && carries.upserts + carries.deactivations == 1 {
            self.isolated.insert(number);
            if self.isolated.len() > FAILED {
                self.isolated.pop_first();
            }
            return;
        }
        for (deactivations, users) in [(true, carries.deactivations), (false, carries.upserts)] {
            if users > 0 {
                self.failed.push(Failed {
                    number,
                    deactivations,
                    users,
                    again,
                });
            }
        }
        let surplus = self.failed.len().saturating_sub(FAILED);
        self.failed.drain(..surplus);
    }

    /// Some of a failed import's users were told again, whatever came of it.
    fn told_again(&mut self, failed: Number, carries: Carries) {
        let deactivations = carries.deactivations > 0;
        for one in &mut self.failed {
            if one.number == failed && one.deactivations == deactivations {
                let told = carries.upserts + carries.deactivations;
                one.users = one.users.saturating_sub(told);
            }
        }
        self.failed.retain(|failed| failed.users > 0);
    }

    fn keep_small(&mut self) {
        if self.void.len() > VOID_RANGES
            && let Some(highest) = self.void.drop_oldest(VOID_RANGES / 2)
        {
            self.floor = self.floor.max(highest + 1);
        }
        if self.done.len() > VOID_RANGES {
            // They are told again sooner, then.
            let _ = self.done.drop_oldest(VOID_RANGES / 2);
        }
    }
}

#[cfg(test)]
mod tests;
