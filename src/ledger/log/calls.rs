//! Single-user calls: numbered like sessions, and never the commit.
//!
//! A call's number counts from the beginning as one that came to nothing. So a session always tells
//! again what a call has told, whatever becomes of the call. The call is also unended until its
//! answer was seen, or until it can no longer arrive.

use std::{ops::Range, time::Duration};

use jiff::Timestamp;

use super::{Number, SessionLog};
use crate::mutation::{self, Mutation};

/// How long after it was numbered a call may be sent. Clocks disagree by seconds, so this is less
/// than the 30 seconds that others count on.
pub const SENT_WITHIN: Duration = Duration::from_secs(20);
/// A call is sent within 30 seconds after it was numbered, and arrives within two minutes after
/// that.
const ENDED_WITHIN: Duration = Duration::from_secs(150);
/// Calls that may be unended at once, so that the log stays small.
const AT_ONCE: usize = 200;
/// At most one session an hour does nothing but confirm what calls have told. A run that comes
/// every hour asks before it opens one, and so a little early.
const CONFIRMED_EVERY: Duration = Duration::from_secs(55 * 60);

impl SessionLog {
    /// Numbers this many calls that are about to be made. None if too many are under way.
    pub fn call(&mut self, calls: u64, now: Timestamp) -> Range<Number> {
        let room = AT_ONCE.saturating_sub(self.calls.len()) as u64;
        let first = self.last + 1;
        if calls > room {
            return first..first;
        }
        for number in first..first + calls {
            self.last = number;
            self.mark(now);
            self.void.insert(number);
            self.calls.insert(number, now + ENDED_WITHIN);
        }
        self.keep_small();
        first..first + calls
    }

    /// A call was answered, or certainly not sent. `done`: Okta was seen to have done it.
    pub fn call_ended(&mut self, number: Number, done: bool) {
        if self.calls.remove(&number).is_none() {
            return;
        }
        if mutation::on(Mutation::CallIsTheCommit) {
            self.void.retain(|it| it == number);
        } else if done {
            self.done.insert(number);
            self.keep_small();
        }
    }

    /// Counts calls that can no longer arrive as ended.
    pub fn end_calls(&mut self, now: Timestamp) {
        self.calls.retain(|_, until| *until > now);
    }

    /// Whether a call may still arrive.
    #[must_use]
    pub fn is_under_way(&self, call: Number) -> bool {
        self.calls.contains_key(&call)
    }

    /// The calls that may still arrive, oldest first.
    pub fn calls(&self) -> impl Iterator<Item = Number> {
        self.calls.keys().copied()
    }

    /// Whether a call was seen to be done, so that a session only has to confirm it. Not if all
    /// that was told until then is in doubt.
    #[must_use]
    pub fn is_done(&self, call: Number) -> bool {
        call >= self.floor && self.done.contains(call)
    }

    /// Whether a session may be opened now only to confirm what calls have told.
    #[must_use]
    pub fn may_confirm(&self, now: Timestamp) -> bool {
        self.last_confirmed
            .is_none_or(|at| now >= at + CONFIRMED_EVERY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{
        Told,
        log::{Carries, Due, Telling, Want, due},
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn told(session: Number) -> Telling {
        Telling {
            told: Told::Inactive,
            session,
            behind: None,
            doubtful: false,
        }
    }

    #[test]
    fn what_a_call_has_told_is_told_again_whatever_became_of_it() {
        for done in [true, false] {
            let mut log = SessionLog::default();
            let numbers = log.call(2, at(0));
            assert_eq!(numbers, 1..3);
            numbers
                .clone()
                .for_each(|number| log.call_ended(number, done));

            let standing = log.standing(told(2)).unwrap();

            assert!(!standing.holds && !standing.live);
            assert_eq!(due(Want::Inactive, Some(standing)), Due::Tell);
            assert_eq!(log.is_done(2), done);
        }
    }

    #[test]
    fn a_call_may_arrive_until_it_was_answered_or_two_minutes_after_it_was_sent_at_most() {
        let mut log = SessionLog::default();
        log.call(1, at(0));
        log.end_calls(at(149));
        assert!(log.standing(told(1)).unwrap().live);
        assert_eq!(log.behind(told(1)), Some(1));

        log.end_calls(at(150));

        assert!(!log.standing(told(1)).unwrap().live);
        assert_eq!(log.behind(told(1)), None);
    }

    #[test]
    fn the_log_stays_small_however_many_calls_there_are() {
        let mut log = SessionLog::default();
        for n in 0..2_000 {
            let calls = log.call(20, at(n));
            if n % 3 > 0 {
                calls.for_each(|number| log.call_ended(number, number % 2 == 0));
            }
            log.end_calls(at(n));
        }

        let size = serde_json::to_string(&log).unwrap().len();
        assert!(size < 40_000, "{size}");
    }

    #[test]
    fn nothing_but_confirmations_has_a_session_once_an_hour() {
        let mut log = SessionLog::default();
        let id = crate::okta::SessionId::from("aps1".to_owned());
        assert!(log.may_confirm(at(0)));
        let number = log.open(id, "run", at(0));
        let carries = Carries {
            confirms: true,
            groups: false,
            ..Carries::default()
        };
        log.starting(number, carries);
        log.triggered(number, at(0));

        assert!(!log.may_confirm(at(3_299)) && log.may_confirm(at(3_300)));
    }

    #[test]
    fn what_may_have_been_undone_is_more_than_to_be_confirmed() {
        let mut log = SessionLog::default();
        log.call(1, at(0));
        log.call_ended(1, true);
        assert!(log.is_done(1));

        log.doubt_everything();

        assert!(!log.is_done(1));
    }

    #[test]
    fn a_release_that_knows_no_calls_doubts_what_they_told() {
        let mut log = SessionLog::default();
        log.call(1, at(0));
        let mut json = serde_json::to_value(&log).unwrap();
        let members = json.as_object_mut().unwrap();
        for name in ["calls", "done", "lastConfirmed"] {
            members.remove(name);
        }

        let known: SessionLog = serde_json::from_value(json).unwrap();

        assert!(!known.standing(told(1)).unwrap().holds);
    }
}
