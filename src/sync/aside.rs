//! Whom Okta turned away, and who is stuck when a run is over.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::{Reject, Rejects, look::Found, tell::Refused};
use crate::{
    ledger::{Again, IdHash, Print, Stuck, StuckEntry, StuckKey, Told},
    mapping::ExternalId,
    okta::Batch,
    users::RecordKey,
};

/// How many users a run isolates in loads that Okta refuses. Where more are refused it is rather
/// the mapping that is wrong, or the app's profile: the others are left aside without a proof.
const ISOLATIONS: usize = 20;

/// Whom Okta turned away, before and in this run.
#[derive(Debug, Default)]
pub struct Aside {
    stuck: Stuck,
    /// Whether those whom Okta refused before are tried again.
    anew: bool,
    refused: HashMap<IdHash, RefusedUser>,
    isolated: usize,
    looked: Looked,
    /// Those of the stuck who would be told something new, and no session has told.
    pending: HashSet<StuckKey>,
}

/// A user whom Okta refused in this run, alone or with others.
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
}

/// Whom a run has looked at: of the others it does not know whether they still are stuck.
#[derive(Debug, Default)]
enum Looked {
    #[default]
    Nowhere,
    At(HashSet<StuckKey>),
    Everywhere,
}

impl Refusal {
    /// As it is reported of somebody.
    #[must_use]
    pub fn about(self, external_id: &ExternalId, key: &RecordKey) -> Reject {
        Reject {
            external_id: Some(external_id.to_string()),
            record: Some(key.to_string()),
            reasons: self.reasons,
            print: self.print,
        }
    }
}

impl Aside {
    /// What a run that found these stuck knows; with `anew`, nobody counts as refused so far.
    #[must_use]
    pub fn new(stuck: Stuck, anew: bool) -> Self {
        Self {
            stuck,
            anew,
            ..Self::default()
        }
    }

    /// Why Okta would refuse to be told this of somebody, as far as we know. `again` says how they
    /// would be told again if they were told the same before.
    #[must_use]
    pub fn refuses(&self, id: IdHash, told: Told, again: Option<Again>) -> Option<Refusal> {
        if let Some(refused) = self.refused.get(&id).filter(|user| user.told == told) {
            return Some(refused.refusal.clone());
        }
        if self.anew {
            return None;
        }
        let print = Print::from(told);
        let stuck = self.stuck.get(StuckKey::of_user(id));
        if let Some(entry) = stuck.filter(|entry| entry.print.as_ref() == Some(&print)) {
            return Some(Refusal {
                reasons: entry.reasons.clone(),
                print: Some(print),
            });
        }
        (again == Some(Again::Isolated)).then(|| Refusal {
            reasons: vec![
                "Okta ended the import that the user was alone in as ERROR: see Reports > Import Monitoring in the \
                 admin console for why"
                    .to_owned(),
            ],
            print: Some(print),
        })
    }

    /// How many more users this run isolates.
    pub(super) fn isolations_left(&self) -> usize {
        ISOLATIONS.saturating_sub(self.isolated)
    }

    /// Takes note of a look.
    pub(super) fn looked(&mut self, found: &Found) {
        self.looked = if found.whole {
            Looked::Everywhere
        } else {
            Looked::At(found.looked_at.clone())
        };
        let people = found.leavers.iter().chain(&found.upserts);
        self.pending = people
            .map(|suspect| StuckKey::of_user(suspect.id))
            .filter(|key| self.stuck.get(*key).is_some())
            .collect();
    }

    /// Takes note of a load that is in a session which did not fail.
    pub(super) fn told(&mut self, batch: &Batch) {
        for id in batch.external_ids() {
            if let Ok(id) = ExternalId::parse(id) {
                self.pending.remove(&StuckKey::of_user(IdHash::of(&id)));
            }
        }
    }

    /// Takes note of a load that Okta refused: how its users are reported.
    pub(super) fn refused(&mut self, load: &Refused) -> Vec<Reject> {
        let alone = load.people.len() == 1;
        self.isolated += usize::from(alone);
        let reason = if alone {
            format!("Okta refused the user: {}", load.reason)
        } else {
            format!(
                "Okta refused the load that the user was in: {}",
                load.reason
            )
        };
        let people = load.people.iter();
        people
            .map(|ready| {
                let id = IdHash::of(&ready.external_id);
                self.pending.remove(&StuckKey::of_user(id));
                let refusal = Refusal {
                    reasons: vec![reason.clone()],
                    print: alone.then(|| ready.told.into()),
                };
                let user = RefusedUser {
                    told: ready.told,
                    refusal: refusal.clone(),
                };
                self.refused.insert(id, user);
                refusal.about(&ready.external_id, &ready.key)
            })
            .collect()
    }

    /// Who was stuck before the run, and who is now that it is over: whom it rejected, whom Okta
    /// refused, and whom it did not look at.
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
        for (key, _) in before.iter() {
            let looked = match &self.looked {
                Looked::Nowhere => false,
                Looked::At(keys) => keys.contains(&key),
                // Who is rejected and not named may be any of them.
                Looked::Everywhere => unnamed == 0,
            };
            if looked && !found.contains_key(&key) && !self.pending.contains(&key) {
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
