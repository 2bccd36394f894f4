//! In which sessions suspects are told.
//!
//! Normally all are told in one session after another. If an import ended in ERROR, its users are
//! told again separately from all others: once as a whole, then in ever smaller parts, until the
//! one who makes it fail stands alone.

use std::collections::VecDeque;

use crate::{
    ledger::{Again, IdHash, Number, SessionLog},
    sync::{look::Found, suspect::Suspect},
};

/// Suspects, by how they are told.
#[derive(Debug, Default)]
pub(super) struct Queues {
    leavers: VecDeque<Suspect>,
    upserts: VecDeque<Suspect>,
    apart_leavers: VecDeque<Suspect>,
    apart_upserts: VecDeque<Suspect>,
    alone_leavers: VecDeque<Suspect>,
    alone_upserts: VecDeque<Suspect>,
    /// People whose turn is another time.
    pub(super) later: u64,
    apart_first: bool,
}

/// The people who are told in the next session.
#[derive(Debug, Default)]
pub(super) struct Portion {
    pub(super) leavers: VecDeque<Suspect>,
    pub(super) upserts: VecDeque<Suspect>,
    /// How many of them one session may carry.
    pub(super) room: usize,
    /// The import that ended in ERROR whose users they are.
    pub(super) again: Option<Number>,
}

impl Queues {
    /// The suspects of a look, by what became of those who were told before.
    pub(super) fn of(found: &mut Found, log: &SessionLog) -> Self {
        let mut queues = Self {
            apart_first: !log.last_was_again(),
            ..Self::default()
        };
        for suspect in std::mem::take(&mut found.leavers) {
            match suspect.again {
                Again::AsEver => queues.leavers.push_back(suspect),
                Again::Apart if found.whole => queues.apart_leavers.push_back(suspect),
                Again::Isolated if found.whole => queues.alone_leavers.push_back(suspect),
                // The full run tells them.
                _ => queues.later += 1,
            }
        }
        for suspect in std::mem::take(&mut found.upserts) {
            match suspect.again {
                Again::AsEver => queues.upserts.push_back(suspect),
                Again::Apart if found.whole => queues.apart_upserts.push_back(suspect),
                Again::Isolated if found.whole => queues.alone_upserts.push_back(suspect),
                _ => queues.later += 1,
            }
        }
        queues
    }

    /// Whether nobody is left to tell now.
    pub(super) fn is_empty(&self) -> bool {
        self.leavers.is_empty() && self.upserts.is_empty() && !self.has_apart()
    }

    fn has_apart(&self) -> bool {
        [
            &self.apart_leavers,
            &self.apart_upserts,
            &self.alone_leavers,
            &self.alone_upserts,
        ]
        .iter()
        .any(|queue| !queue.is_empty())
    }

    /// The next session's people. `None` if nobody is left.
    pub(super) fn next(&mut self, log: &SessionLog) -> Option<Portion> {
        let usual = !(self.leavers.is_empty() && self.upserts.is_empty());
        let apart = self.has_apart();
        if !usual && !apart {
            return None;
        }
        // They take turns, so that neither waits for the other for good.
        let take_apart = apart && (!usual || self.apart_first);
        self.apart_first = !take_apart;
        if take_apart {
            return self.apart(log);
        }
        let room = usize::MAX;
        if apart && !self.leavers.is_empty() {
            // While somebody makes imports fail, leavers have sessions of their own.
            return Some(Portion {
                leavers: std::mem::take(&mut self.leavers),
                room,
                ..Portion::default()
            });
        }
        Some(Portion {
            leavers: std::mem::take(&mut self.leavers),
            upserts: std::mem::take(&mut self.upserts),
            room,
            again: None,
        })
    }

    fn apart(&mut self, log: &SessionLog) -> Option<Portion> {
        let room = |deactivations: bool, people: usize| {
            let failed = log.failed(deactivations);
            let room = match failed {
                // The first time as a whole: anything may have gone wrong.
                Some(failed) if !failed.again => people,
                _ => people.div_ceil(2),
            };
            (room.max(1), failed.map(|failed| failed.number))
        };
        if !self.apart_leavers.is_empty() {
            let (room, again) = room(true, self.apart_leavers.len());
            return Some(Portion {
                leavers: std::mem::take(&mut self.apart_leavers),
                room,
                again,
                ..Portion::default()
            });
        }
        if !self.apart_upserts.is_empty() {
            let (room, again) = room(false, self.apart_upserts.len());
            return Some(Portion {
                upserts: std::mem::take(&mut self.apart_upserts),
                room,
                again,
                ..Portion::default()
            });
        }
        if let Some(leaver) = self.alone_leavers.pop_front() {
            return Some(Portion {
                leavers: [leaver].into(),
                room: 1,
                // By itself, whatever it was part of.
                again: Some(0),
                ..Portion::default()
            });
        }
        self.alone_upserts.pop_front().map(|upsert| Portion {
            upserts: [upsert].into(),
            room: 1,
            again: Some(0),
            ..Portion::default()
        })
    }

    /// Puts people that a session did not carry back in front of the others.
    pub(super) fn put_back(&mut self, mut portion: Portion) {
        let (leavers, upserts) = match portion.again {
            None => (&mut self.leavers, &mut self.upserts),
            Some(0) => (&mut self.alone_leavers, &mut self.alone_upserts),
            Some(_) => (&mut self.apart_leavers, &mut self.apart_upserts),
        };
        portion.leavers.append(leavers);
        *leavers = portion.leavers;
        portion.upserts.append(upserts);
        *upserts = portion.upserts;
    }

    /// Puts people back when it is unknown how they were told.
    pub(super) fn put_back_mixed(&mut self, people: VecDeque<Suspect>) {
        for suspect in people {
            let leaves = suspect.target.is_deactivation();
            let queue = match (suspect.again, leaves) {
                (Again::Isolated, true) => &mut self.alone_leavers,
                (Again::Isolated, false) => &mut self.alone_upserts,
                (Again::Apart, true) => &mut self.apart_leavers,
                (Again::Apart, false) => &mut self.apart_upserts,
                (_, true) => &mut self.leavers,
                (_, false) => &mut self.upserts,
            };
            queue.push_front(suspect);
        }
    }

    /// How many are left.
    pub(super) fn left(&self) -> u64 {
        self.all().iter().map(|queue| queue.len() as u64).sum()
    }

    /// The first place on the list of somebody who is left, and whether anybody else is left.
    pub(super) fn left_of_list(&self) -> (Option<u64>, bool) {
        let all = || self.all().into_iter().flatten();
        let first = all().filter_map(|suspect| suspect.place).min();
        (first, all().any(|suspect| suspect.place.is_none()))
    }

    /// The first people who are left.
    pub(super) fn first_left(&self, most: usize) -> Vec<IdHash> {
        let all = self.all().into_iter().flatten();
        all.take(most).map(|suspect| suspect.id).collect()
    }

    fn all(&self) -> [&VecDeque<Suspect>; 6] {
        [
            &self.leavers,
            &self.upserts,
            &self.apart_leavers,
            &self.apart_upserts,
            &self.alone_leavers,
            &self.alone_upserts,
        ]
    }
}
