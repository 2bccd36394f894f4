//! Who Okta turned away, and who is stuck when a run is over.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::{Reject, Rejects};
use crate::{
    ledger::{Again, IdHash, Print, Stuck, StuckEntry, StuckKey, Told},
    mapping::ExternalId,
    okta::Batch,
    users::RecordKey,
};

/// How many users a run isolates in loads that Okta refuses. If more are refused, it is more likely
/// that the mapping or the app's profile is wrong: the others count as refused without a proof.
const ISOLATIONS: usize = 20;

/// The users that Okta turned away, before and in this run.
#[derive(Debug, Default)]
pub struct Refusals {
    stuck: Stuck,
    /// Whether users that Okta refused before are tried again.
    retries_refused: bool,
    refused: HashMap<IdHash, RefusedUser>,
    isolated: usize,
    looked: Looked,
    /// Whether users that Okta refused inside an import are told again, if that may help.
    tells_again: bool,
    /// The users that Okta refused inside an import, found by this run.
    inside: BTreeMap<StuckKey, Reject>,
    /// Of the stuck, those that Okta was seen to have as told.
    as_told: HashSet<StuckKey>,
    /// The stuck who would be told something new, and that no session has told.
    pending: HashSet<StuckKey>,
    /// People that others are at work on: nobody tells them to leave meanwhile.
    left_alone: HashSet<IdHash>,
}

/// A user that Okta refused in this run, alone or with others.
#[derive(Debug)]
struct RefusedUser {
    told: Told,
    refusal: Refusal,
}

/// Why Okta turned somebody away.
#[derive(Debug, Clone)]
pub struct Refusal {
    reasons: Vec<String>,
    print: Option<Print>,
    again: bool,
}

/// The people that a run has looked at. Whether others are still stuck, it does not know.
#[derive(Debug, Default)]
enum Looked {
    #[default]
    Nowhere,
    At(HashSet<StuckKey>),
    Everywhere,
}

impl Refusal {
    /// The form in which it is reported about somebody.
    #[must_use]
    pub fn about(self, external_id: &ExternalId, key: &RecordKey) -> Reject {
        Reject {
            external_id: Some(external_id.to_string()),
            record: Some(key.to_string()),
            reasons: self.reasons,
            print: self.print,
            again: self.again,
        }
    }
}

impl Refusals {
    /// What a run that found these stuck knows. With `retries_refused`, nobody counts as refused so
    /// far. With `tells_again`, people are told again if that may help.
    #[must_use]
    pub fn new(stuck: Stuck, retries_refused: bool, tells_again: bool) -> Self {
        Self {
            stuck,
            retries_refused,
            tells_again,
            ..Self::default()
        }
    }

    /// The same, but telling none of these to leave although they are in no record.
    #[must_use]
    pub fn leaving_alone(self, people: &[String]) -> Self {
        let people = people
            .iter()
            .filter_map(|id| ExternalId::parse(id.as_str()).ok());
        let left_alone = people.map(|id| IdHash::of(&id)).collect();
        Self { left_alone, ..self }
    }

    /// Whether somebody must not be told to leave now.
    #[must_use]
    pub fn leaves_alone(&self, id: IdHash) -> bool {
        self.left_alone.contains(&id)
    }

    /// Why Okta would refuse to be told this about somebody, as far as we know. `again` says how
    /// they would be told again if they were told the same before.
    #[must_use]
    pub fn refuses(&self, id: IdHash, told: Told, again: Option<Again>) -> Option<Refusal> {
        if let Some(refused) = self.refused.get(&id).filter(|user| user.told == told) {
            return Some(refused.refusal.clone());
        }
        if self.retries_refused {
            return None;
        }
        let print = Print::from(told);
        let stuck = self.stuck.get(StuckKey::of_user(id));
        if let Some(entry) = stuck.filter(|entry| entry.print.as_ref() == Some(&print)) {
            if entry.again && self.tells_again {
                return None;
            }
            return Some(Refusal {
                reasons: entry.reasons.clone(),
                print: Some(print),
                again: entry.again,
            });
        }
        (again == Some(Again::Isolated)).then(|| Refusal {
            reasons: vec![
                "Okta ended the import that the user was alone in as ERROR: see Reports > Import \
                 Monitoring in the admin console for why"
                    .to_owned(),
            ],
            print: Some(print),
            again: false,
        })
    }

    /// How many more users this run isolates.
    pub(super) fn isolations_left(&self) -> usize {
        ISOLATIONS.saturating_sub(self.isolated)
    }

    /// Notes a look: who it was at, if not at everybody, and who must be told something.
    pub(super) fn has_looked(
        &mut self,
        at: Option<HashSet<StuckKey>>,
        to_be_told: impl Iterator<Item = IdHash>,
    ) {
        self.looked = at.map_or(Looked::Everywhere, Looked::At);
        self.pending = to_be_told
            .map(StuckKey::of_user)
            .filter(|key| self.stuck.get(*key).is_some())
            .collect();
    }

    /// Notes a load in a session that did not fail.
    pub(super) fn told(&mut self, batch: &Batch) {
        for id in batch.external_ids() {
            if let Ok(id) = ExternalId::parse(id) {
                self.pending.remove(&StuckKey::of_user(IdHash::of(&id)));
            }
        }
    }

    /// Notes somebody that a single-user call has told.
    pub(super) fn told_one(&mut self, id: IdHash) {
        self.pending.remove(&StuckKey::of_user(id));
    }

    /// Notes people in a load that Okta refused, as they are reported.
    pub(super) fn turned_away<'a>(
        &mut self,
        people: impl ExactSizeIterator<Item = (&'a ExternalId, &'a RecordKey, Told)>,
        why: &str,
    ) -> Vec<Reject> {
        let alone = people.len() == 1;
        self.isolated += usize::from(alone);
        let reason = if alone {
            format!("Okta refused the user: {why}")
        } else {
            format!("Okta refused the load that the user was in: {why}")
        };
        people
            .map(|(external_id, key, told)| {
                let id = IdHash::of(external_id);
                self.pending.remove(&StuckKey::of_user(id));
                let refusal = Refusal {
                    reasons: vec![reason.clone()],
                    print: alone.then(|| told.into()),
                    again: false,
                };
                let user = RefusedUser {
                    told,
                    refusal: refusal.clone(),
                };
                self.refused.insert(id, user);
                refusal.about(external_id, key)
            })
            .collect()
    }

    /// Notes somebody that Okta refused inside an import that it calls completed. They are told
    /// `again` only if that helps.
    pub(super) fn refused_inside(
        &mut self,
        external_id: &ExternalId,
        key: &RecordKey,
        told: Told,
        reason: String,
        again: bool,
    ) {
        let id = IdHash::of(external_id);
        let refusal = Refusal {
            reasons: vec![reason],
            print: Some(told.into()),
            again,
        };
        let reject = refusal.clone().about(external_id, key);
        self.as_told.remove(&StuckKey::of_user(id));
        self.inside.insert(StuckKey::of_user(id), reject);
        if !again {
            self.refused.insert(id, RefusedUser { told, refusal });
        }
    }

    /// Notes somebody that Okta has as it was told.
    pub(super) fn is_as_told(&mut self, id: IdHash) {
        self.inside.remove(&StuckKey::of_user(id));
        self.as_told.insert(StuckKey::of_user(id));
    }

    /// Why somebody was stuck before, and since when.
    #[must_use]
    pub fn why(&self, id: IdHash) -> Option<(String, Timestamp)> {
        let stuck = self.stuck.get(StuckKey::of_user(id));
        stuck
            .filter(|entry| entry.print.is_some())
            .map(|entry| (entry.reasons.join("; "), entry.since))
    }

    /// Why Okta has refused to be told this about somebody inside an import before, if it has.
    pub(super) fn reason_before(&self, external_id: &ExternalId, told: Told) -> Option<String> {
        let key = StuckKey::of_user(IdHash::of(external_id));
        if let Some(found) = self.inside.get(&key) {
            return found.reasons.first().cloned();
        }
        let stuck = self.stuck.get(key);
        let same = stuck.filter(|entry| entry.again && entry.print == Some(told.into()));
        same.and_then(|entry| entry.reasons.first().cloned())
    }

    /// People who were refused inside an import before, and are told again because that may help.
    pub(super) fn told_again(&self) -> Vec<IdHash> {
        let again = self.stuck.iter().filter(|(_, entry)| entry.again);
        again
            .filter_map(|(_, entry)| ExternalId::parse(entry.external_id.clone()?).ok())
            .map(|id| IdHash::of(&id))
            .collect()
    }

    /// Whether somebody is among them.
    pub(super) fn is_told_again(&self, id: IdHash) -> bool {
        let key = StuckKey::of_user(id);
        self.stuck.get(key).is_some_and(|entry| entry.again)
    }

    /// The users that Okta refused inside imports, for the report, which has `reported` others:
    /// those that this run found, and in a look at everybody those that were found before, until
    /// Okta is seen to have them as told.
    pub(super) fn refused_inside_all(&self, reported: &Rejects) -> Vec<Reject> {
        let mut all = self.inside.clone();
        if matches!(self.looked, Looked::Everywhere) {
            let open = self.stuck.iter().filter(|(key, entry)| {
                entry.again && !self.as_told.contains(key) && !all.contains_key(key)
            });
            let open: Vec<_> = open
                .map(|(key, entry)| {
                    let reject = Reject {
                        external_id: entry.external_id.clone(),
                        record: entry.record.clone(),
                        reasons: entry.reasons.clone(),
                        print: entry.print.clone(),
                        again: true,
                    };
                    (key, reject)
                })
                .collect();
            all.extend(open);
        }
        for key in reported.all.iter().filter_map(Reject::key) {
            all.remove(&key);
        }
        all.into_values().collect()
    }

    /// Who was stuck before the run, and who is stuck now that it is over: people it rejected,
    /// people that Okta refused, and people it did not look at.
    pub(super) fn finish(
        self,
        rejected: &Rejects,
        refused: &Rejects,
        now: Timestamp,
    ) -> (Stuck, Stuck) {
        let before = self.stuck;
        let mut after = before.clone();
        let unnamed = rejected.unnamed + refused.unnamed;
        let found: BTreeMap<_, _> = rejected
            .all
            .iter()
            .chain(&refused.all)
            .filter_map(|reject| Some((reject.key()?, reject)))
            .collect();
        for (key, entry) in before.iter() {
            let looked = match &self.looked {
                Looked::Nowhere => false,
                Looked::At(keys) => keys.contains(&key),
                // An unnamed rejected person may be any of them.
                Looked::Everywhere => unnamed == 0,
            };
            let is_over = if entry.again {
                self.as_told.contains(&key)
            } else {
                looked && !self.pending.contains(&key)
            };
            if is_over && !found.contains_key(&key) {
                after.remove(key);
            }
        }
        for (key, reject) in found {
            let known = before.get(key);
            after.insert(
                key,
                StuckEntry {
                    external_id: reject.external_id.clone(),
                    record: reject.record.clone(),
                    reasons: reject.reasons.clone(),
                    since: known.map_or(now, |entry| entry.since),
                    last: now,
                    times: known.map_or(0, |entry| entry.times) + 1,
                    print: reject.print.clone(),
                    again: reject.again,
                },
            );
        }
        if matches!(self.looked, Looked::Everywhere) {
            let all = unnamed + (rejected.all.len() + refused.all.len()) as u64;
            after.set_beyond(all.saturating_sub(after.len()));
        }
        (before, after)
    }
}
