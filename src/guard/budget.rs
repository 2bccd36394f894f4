//! How many people were touched within 24 hours, by the hour.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::{
    ledger::{Hour, Number, Paid},
    mutation::{self, Mutation},
};

/// How many sessions with returned charges are remembered. Beyond them nothing is given back.
const GIVEN_BACK: usize = 500;

/// What was charged within 24 hours. One item holds it, however many people there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Budget {
    /// People by the hour in which they were last told.
    spent: BTreeMap<Kind, BTreeMap<Hour, u64>>,
    /// What sessions have charged that may still be given back.
    sessions: BTreeMap<Number, Vec<Charged>>,
    /// Sessions whose charges were given back, and when.
    given_back: BTreeMap<Number, Hour>,
}

/// What a session has charged in one hour.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Charged {
    kind: Kind,
    hour: Hour,
    /// People who were not charged before.
    fresh: u64,
    /// People who were charged before, by the hour in which they were told. They count in both
    /// hours until the session's end decides which it is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    moved: BTreeMap<Hour, u64>,
}

/// What to charge before a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The kind of change.
    pub kind: Kind,
    /// People who were not charged within 24 hours.
    pub fresh: u64,
    /// People who were, by the hour in which they were last told. Telling them again costs nothing,
    /// but counts from now on.
    pub moved: BTreeMap<Hour, u64>,
    /// Whether an approved person is told. The budget does not count them, but the telling counts
    /// only if the session comes to something.
    pub approved: bool,
}

/// The budget does not have enough left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// How many people there is room for.
    pub left: u64,
}

impl Budget {
    /// How many people count at this time.
    #[must_use]
    pub fn spent(&self, kind: Kind, now: Timestamp) -> u64 {
        let buckets = self.spent.get(&kind).into_iter().flatten();
        let counted: u64 = buckets
            .filter(|(hour, _)| hour.counts(now))
            .map(|(_, people)| *people)
            .sum();
        let charged = self.sessions.values().flatten();
        let twice: u64 = charged
            .filter(|charged| charged.kind == kind)
            .flat_map(|charged| &charged.moved)
            .filter(|(hour, _)| hour.counts(now))
            .map(|(_, people)| *people)
            .sum();
        counted.saturating_sub(twice)
    }

    /// Charges what a session is about to load. Gives the hour in which it counts.
    ///
    /// # Errors
    /// When it does not fit the limit. Nothing is charged then.
    pub fn charge(
        &mut self,
        ask: &Ask,
        session: Number,
        limit: u64,
        now: Timestamp,
    ) -> Result<Hour, Short> {
        let left = limit.saturating_sub(self.spent(ask.kind, now));
        if ask.fresh > left {
            return Err(Short { left });
        }
        if mutation::on(Mutation::ChargeIsForgotten) {
            return Ok(self.hour(now));
        }
        let hour = self.hour(now);
        if ask.approved {
            self.sessions.entry(session).or_default();
        }
        let moved: u64 = ask.moved.values().sum();
        if ask.fresh + moved == 0 {
            return Ok(hour);
        }
        let again = if mutation::on(Mutation::TellingsAreCounted) {
            moved
        } else {
            0
        };
        *self.bucket(ask.kind, hour) += ask.fresh + moved;
        let charged = self.sessions.entry(session).or_default();
        let place = charged
            .iter()
            .position(|it| it.kind == ask.kind && it.hour == hour)
            .unwrap_or_else(|| {
                charged.push(Charged {
                    kind: ask.kind,
                    hour,
                    fresh: 0,
                    moved: BTreeMap::new(),
                });
                charged.len() - 1
            });
        charged[place].fresh += ask.fresh + again;
        if again == 0 {
            for (before, people) in &ask.moved {
                *charged[place].moved.entry(*before).or_default() += people;
            }
        }
        Ok(hour)
    }

    /// A session's end decides its charges. `given_back`: its import certainly never started, so
    /// nobody was told.
    pub fn settle(&mut self, session: Number, given_back: bool, now: Timestamp) {
        let Some(charged) = self.sessions.remove(&session) else {
            return;
        };
        let given_back = given_back && self.given_back.len() < GIVEN_BACK;
        if given_back {
            let hour = self.hour(now);
            self.given_back.insert(session, hour);
        }
        for Charged {
            kind,
            hour,
            fresh,
            moved,
        } in charged
        {
            if given_back {
                let all = fresh + moved.values().sum::<u64>();
                let bucket = self.bucket(kind, hour);
                *bucket = bucket.saturating_sub(all);
            } else {
                for (before, people) in moved {
                    let bucket = self.bucket(kind, before);
                    *bucket = bucket.saturating_sub(people);
                }
            }
        }
    }

    /// The sessions whose charges are still undecided.
    pub fn unsettled(&self) -> impl Iterator<Item = Number> {
        self.sessions.keys().copied()
    }

    /// Which charges are worth something.
    #[must_use]
    pub fn paid(&self) -> Paid {
        let mut paid = Paid::default();
        if !mutation::on(Mutation::GivenBackStillPaid) {
            for session in self.given_back.keys() {
                paid.given_back.insert(*session);
            }
        }
        paid
    }

    /// Drops what no longer counts.
    pub fn tidy(&mut self, now: Timestamp) {
        for buckets in self.spent.values_mut() {
            buckets.retain(|hour, people| hour.counts(now) && *people > 0);
        }
        self.given_back.retain(|_, hour| hour.counts(now));
    }

    /// The hour that is charged now: never before the last one charged.
    fn hour(&self, now: Timestamp) -> Hour {
        let buckets = self.spent.values().filter_map(BTreeMap::last_key_value);
        let last = buckets.map(|(hour, _)| *hour).max();
        Hour::of(now).max(last.unwrap_or(Hour(i64::MIN)))
    }

    fn bucket(&mut self, kind: Kind, hour: Hour) -> &mut u64 {
        self.spent.entry(kind).or_default().entry(hour).or_default()
    }
}

#[cfg(test)]
mod tests;
