//! Whom a run leaves aside, as Okta refuses them, and who is stuck when it is over.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::{Plan, Reject, Rejects, Scope, load::Refused, packing::Memory};
use crate::{
    ledger::{IdHash, Print, Stuck, StuckEntry, StuckKey, Told},
    mapping::ExternalId,
    okta::Batch,
};

/// How many users a run isolates in loads that Okta refuses. Where more are refused it is rather
/// the mapping that is wrong, or the app's profile: the others are left aside without a proof.
const ISOLATIONS: usize = 20;

/// Whom a run leaves aside.
#[derive(Debug, Default)]
pub struct Aside {
    stuck: Stuck,
    /// Whether those whom Okta refused before are tried again.
    anew: bool,
    refused: HashMap<IdHash, RefusedUser>,
    /// Those refused since the last plan, which does not name them.
    fresh: Vec<Reject>,
    isolated: usize,
    looked: Looked,
    /// Those of the stuck whom the last plan would tell something new, and no session has told.
    pending: HashSet<StuckKey>,
}

/// A user whom Okta refused in this run, alone or with others.
#[derive(Debug)]
struct RefusedUser {
    told: Told,
    reject: Reject,
}

/// Whom a run has looked at: of the others it does not know whether they still are stuck.
#[derive(Debug, Default)]
enum Looked {
    #[default]
    Nowhere,
    At(HashSet<StuckKey>),
    Everywhere,
}

impl Aside {
    /// What a run that found these stuck leaves aside; with `anew`, nobody so far.
    #[must_use]
    pub fn new(stuck: Stuck, anew: bool) -> Self {
        Self {
            stuck,
            anew,
            ..Self::default()
        }
    }

    /// How this user is to be rejected, if Okta refuses to be told this of them.
    #[must_use]
    pub fn reject(&self, id: IdHash, told: Told) -> Option<Reject> {
        if let Some(refused) = self.refused.get(&id).filter(|user| user.told == told) {
            return Some(refused.reject.clone());
        }
        let entry = self.stuck.get(StuckKey::of_user(id))?;
        let print = Print::from(told);
        (!self.anew && entry.print.as_ref() == Some(&print)).then(|| Reject {
            external_id: entry.external_id.clone(),
            record: entry.record.clone(),
            reasons: entry.reasons.clone(),
            print: Some(print),
        })
    }

    /// How many more users this run isolates.
    pub(super) fn isolations_left(&self) -> usize {
        ISOLATIONS.saturating_sub(self.isolated)
    }

    /// Takes note of a plan.
    pub(super) fn planned(&mut self, plan: &Plan) {
        self.fresh.clear();
        match plan.scope {
            Scope::Whole { .. } => self.looked = Looked::Everywhere,
            Scope::Part => self.looked = Looked::At(plan.looked_at.clone()),
        }
        let upserts = plan.upserts.iter().map(|upsert| &upsert.external_id);
        let deactivations = plan.deactivations.iter().map(|one| &one.external_id);
        self.pending = upserts
            .chain(deactivations)
            .map(|id| StuckKey::of_user(IdHash::of(id)))
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

    /// Leaves the users of a refused load aside from now on: how each is to be rejected.
    pub(super) fn refused(&mut self, load: &Refused, memory: &Memory) -> Vec<Reject> {
        let alone = load.batch.len() == 1;
        self.isolated += usize::from(alone);
        let reason = if alone {
            format!("Okta refused the user: {}", load.reason)
        } else {
            format!(
                "Okta refused the load that the user was in: {}",
                load.reason
            )
        };
        let users = load.batch.external_ids().filter_map(|id| memory.get(id));
        let rejects: Vec<_> = users
            .map(|(external_id, key, _, told)| {
                let id = IdHash::of(external_id);
                self.pending.remove(&StuckKey::of_user(id));
                let reject = Reject {
                    external_id: Some(external_id.to_string()),
                    record: Some(key.to_string()),
                    reasons: vec![reason.clone()],
                    print: alone.then(|| (*told).into()),
                };
                let user = RefusedUser {
                    told: *told,
                    reject: reject.clone(),
                };
                self.refused.insert(id, user);
                reject
            })
            .collect();
        self.fresh.extend_from_slice(&rejects);
        rejects
    }

    /// Who was stuck before the run, and who is now that it is over: whom it rejected, and whom
    /// it did not look at.
    pub(super) fn finish(self, rejected: &Rejects, now: Timestamp) -> (Stuck, Stuck) {
        let before = self.stuck;
        let mut after = before.clone();
        let found: BTreeMap<_, _> = rejected
            .all
            .iter()
            .chain(&self.fresh)
            .filter_map(|reject| Some((reject.key()?, reject)))
            .collect();
        for (key, _) in before.iter() {
            let looked = match &self.looked {
                Looked::Nowhere => false,
                Looked::At(keys) => keys.contains(&key),
                // Who is rejected and not named may be any of them.
                Looked::Everywhere => rejected.unnamed == 0,
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
            let all = rejected.unnamed + rejected.all.len() as u64;
            after.set_beyond(all.saturating_sub(after.len()));
        }
        (before, after)
    }
}
