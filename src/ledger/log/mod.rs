//! The log of import sessions: what is known of each, and so whose entries hold.
//!
//! Sessions are numbered. A number is given and listed in one write, before anything is loaded,
//! and a session leaves the list only when its end was seen. So a number that was given and is
//! not listed landed, unless it is among those that came to nothing; a number that was never
//! given is unknown, and unknown means doubtful.

mod ranges;
mod standing;
mod unnumbered;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use ranges::Ranges;
pub use standing::{Due, Standing, Telling, Want, due};
pub use unnumbered::from_unnumbered;

use crate::{
    mutation::{self, Mutation},
    okta::SessionId,
};

/// The number of an import session, in the order in which they were opened. 0 stands for the
/// sessions of releases that did not number them.
pub type Number = u64;

/// Landed sessions that are listed for people to look them up at Okta.
const RECENT: usize = 20;
/// Ranges of sessions that came to nothing; beyond them all earlier sessions are doubted, which
/// is always safe.
const VOID_RANGES: usize = 500;
/// Imports that ended in ERROR and are remembered until their users were told.
const FAILED: usize = 64;
/// How often the time of a number is noted, and how many of these notes are kept.
const MARKED_EVERY: std::time::Duration = std::time::Duration::from_secs(10 * 60);
const MARKS: usize = 20;
/// How long a session may take to end, counted from the end of the one before it.
pub const GIVEN_UP_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// What is known of the import sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionLog {
    /// The last number that was given.
    last: Number,
    /// Entries of sessions below this number are doubtful.
    floor: Number,
    /// Sessions below this number were of another binding.
    bound_from: Number,
    /// The sessions whose end was not seen, and those that were given up.
    listed: BTreeMap<Number, Listed>,
    /// The sessions that came to nothing.
    void: Ranges,
    /// Imports that ended in ERROR, whose users are yet to be told.
    failed: Vec<Failed>,
    /// The last sessions that ended, newest first.
    recent: Vec<Ended>,
    /// Sessions of one person whose import ended in ERROR: whoever entries have told by them is
    /// told nothing like it again.
    isolated: BTreeSet<Number>,
    /// Which number was the last at some earlier times, so that it is known how old one is.
    marks: Vec<Mark>,
    /// Whether the last session carried people of an import that had ended in ERROR.
    last_was_again: bool,
    /// When an import was last started.
    last_triggered: Option<Timestamp>,
    /// Numbers of sessions that a release without numbers left unsettled or failed.
    unnumbered: BTreeMap<SessionId, Number>,
}

/// A session whose end was not seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Okta's id.
    pub id: SessionId,
    /// How far it came.
    pub state: State,
    /// When it was opened.
    pub opened: Timestamp,
    /// When its import was started.
    pub triggered: Option<Timestamp>,
    /// The run that opened it.
    pub run: String,
    /// Since when it has had Okta to itself: the end of the one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone_since: Option<Timestamp>,
    /// What it carries.
    #[serde(default)]
    pub carries: Carries,
}

/// How many people a session carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Carries {
    /// To be created, updated or reactivated.
    pub upserts: u64,
    /// To be deactivated.
    pub deactivations: u64,
    /// Those of an import that ended in ERROR, told once more to find out who makes it fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Number>,
    /// Those of a push, which its sender repeats: no full run could tell them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_push: bool,
}

/// How far a session came, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// It may be loading; its import was not started.
    Open,
    /// Its import is about to be started, or was.
    Starting,
    /// Its import was started.
    Triggered,
    /// Its end was waited for in vain.
    GivenUp,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum End {
    /// It was imported, or Okta knew nobody in it: its entries hold.
    Landed,
    /// Its import certainly never started.
    Nothing,
    /// It came to nothing, or to part of it.
    Void,
    /// Its import ended in ERROR.
    Error,
}

/// A session that ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Its number.
    pub number: Number,
    /// Okta's id.
    pub id: SessionId,
    /// How.
    pub end: End,
    /// When it was opened.
    pub opened: Timestamp,
    /// When its import was started.
    pub triggered: Option<Timestamp>,
    /// The run that opened it.
    pub run: String,
}

/// An import that ended in ERROR, of one kind of load.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// Its number.
    pub number: Number,
    /// Whether it is about those it deactivated, or about the others.
    pub deactivations: bool,
    /// How many they were.
    pub users: u64,
    /// Whether it was a second attempt, so that there is somebody who makes it fail.
    pub again: bool,
}

/// The last number that was given, at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Mark {
    number: Number,
    at: Timestamp,
}

/// How those are told again whose session came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Again {
    /// With all others.
    AsEver,
    /// Apart from others: their import ended in ERROR, and somebody in it made it fail.
    Apart,
    /// Once those of a later failed import were told.
    Later,
    /// By themselves: they were alone in an import that ended in ERROR.
    Isolated,
}

/// What became of charges: whether those that a session made are to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charges {
    /// They stand: its users may have been told.
    Stand,
    /// They are given back: nobody was told.
    GivenBack,
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
        }
    }

    /// A session ended. Says what becomes of the charges it made.
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

    /// Gives up the session that the others wait for, if it has had its time.
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

    /// The sessions of another binding are over.
    pub fn abandon(&mut self) {
        let listed: Vec<_> = self.listed.keys().copied().collect();
        for number in listed {
            self.void.insert(number);
        }
        self.listed.clear();
        self.failed.clear();
        self.doubt_everything();
        self.bound_from = self.floor;
        self.keep_small();
    }

    /// Forgets what no entry names any more; `named` are the sessions that did not land and that
    /// entries name, as a read of all entries found that began when `last` was the last number.
    /// Late writes of a run that died may still come, so that only sessions opened before `old`
    /// are forgotten.
    pub fn forget(&mut self, named: &BTreeSet<Number>, last: Number, old: Timestamp) {
        let marks = self.marks.iter().filter(|mark| mark.at <= old);
        let oldest = marks.map(|mark| mark.number).max().unwrap_or(0).min(last);
        let unnamed = |number: Number| number <= oldest && !named.contains(&number);
        let listed = &self.listed;
        self.void.retain(unnamed);
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

    /// Who was in a failed import is told in ever smaller sessions.
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
    }
}

/// What others ask of it.
impl SessionLog {
    /// The last number that was given.
    #[must_use]
    pub fn last(&self) -> Number {
        self.last
    }

    /// The sessions whose end was not seen, and those that were given up, oldest first.
    pub fn listed(&self) -> impl Iterator<Item = (Number, &Listed)> {
        self.listed
            .iter()
            .map(|(number, session)| (*number, session))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, number: Number) -> Option<&Listed> {
        self.listed.get(&number)
    }

    /// The last that ended, newest first.
    #[must_use]
    pub fn recent(&self) -> &[Ended] {
        &self.recent
    }

    /// Whether a session of this id is ours.
    #[must_use]
    pub fn knows(&self, id: &SessionId) -> bool {
        self.listed.values().any(|session| session.id == *id)
            || self.recent.iter().any(|session| session.id == *id)
    }

    /// Whether a session came to nothing, or is doubted whatever came of it.
    #[must_use]
    pub fn is_void(&self, number: Number) -> bool {
        number < self.floor || self.void.contains(number)
    }

    /// Whether the log has something to say of this session beyond that it landed, so that it
    /// must not be forgotten while entries name it.
    #[must_use]
    pub fn is_exception(&self, number: Number) -> bool {
        self.void.contains(number) || self.listed.contains_key(&number)
    }

    /// Whether a session was of another binding.
    #[must_use]
    pub fn is_of_another_binding(&self, number: Number) -> bool {
        number < self.bound_from
    }

    /// The number of a session whose end was not seen.
    #[must_use]
    pub fn number_of_listed(&self, id: &SessionId) -> Option<Number> {
        let mut listed = self.listed.iter();
        listed
            .find(|(_, session)| session.id == *id)
            .map(|(number, _)| *number)
    }

    /// Whether the last session carried people of an import that had ended in ERROR.
    #[must_use]
    pub fn last_was_again(&self) -> bool {
        self.last_was_again
    }

    /// How many imports were started that were not seen to end, nor given up.
    #[must_use]
    pub fn unended(&self) -> usize {
        self.listed
            .values()
            .filter(|session| session.state != State::GivenUp)
            .count()
    }

    /// Whether any import that was started before this session was not seen to end.
    #[must_use]
    pub fn has_older_unended(&self, number: Number) -> bool {
        self.listed
            .range(..number)
            .any(|(_, session)| session.state != State::GivenUp)
    }

    /// When an import was last started.
    #[must_use]
    pub fn last_triggered(&self) -> Option<Timestamp> {
        self.last_triggered
    }

    /// The last import that ended in ERROR and whose users of this kind are yet to be told.
    #[must_use]
    pub fn failed(&self, deactivations: bool) -> Option<&Failed> {
        self.failed
            .iter()
            .rev()
            .find(|failed| failed.deactivations == deactivations)
    }

    /// How those are to be told again whom a session carried, to be deactivated or not.
    #[must_use]
    pub fn again(&self, number: Number, deactivations: bool) -> Again {
        if self.isolated.contains(&number) {
            return Again::Isolated;
        }
        let mut of_kind = self
            .failed
            .iter()
            .rev()
            .filter(|failed| failed.deactivations == deactivations);
        match of_kind.position(|failed| failed.number == number) {
            None => Again::AsEver,
            Some(0) => Again::Apart,
            Some(_) => Again::Later,
        }
    }

    /// The number that stands for a session of a release that did not number them; 0 if its
    /// entries hold, as far as that release knew.
    #[must_use]
    pub fn number_of(&self, id: &str) -> Number {
        self.unnumbered
            .iter()
            .find(|(known, _)| known.as_str() == id)
            .map_or(0, |(_, number)| *number)
    }
}

#[cfg(test)]
mod tests;
