//! Asking the guard about memberships to take away.

use std::collections::{HashMap, HashSet};

use super::{GroupWork, Leaves, Survey, survey::Tally};
use crate::{
    guard::{Judged, Kind, LIST, Listed},
    ledger::IdHash,
    mapping::GroupId,
    sync::{
        Report, RunError, WithheldKind, detail::GroupChanges, judged::how_to_approve,
        look::GroupsFound,
    },
};

/// How many members a group may lose within 24 hours, however few it has.
const AT_LEAST: u64 = 5;

impl Survey<'_> {
    /// Asks the guard whether people may leave groups. Gives the people who are told anything.
    pub(super) async fn judge(
        &mut self,
        found: &GroupsFound,
        tally: Tally,
        work: &mut GroupWork,
        changes: &mut GroupChanges,
        report: &mut Report,
    ) -> Result<HashSet<IdHash>, RunError> {
        const KIND: Kind = Kind::MembershipRemovals;
        let now = self.time.now();
        let (mut leaving, mut approved) = (Leaves::new(), Leaves::new());
        for one in &tally.leaving {
            let leaves = match one.is_approved {
                true => &mut approved,
                false => &mut leaving,
            };
            for id in &one.fresh {
                *leaves.entry(id.clone()).or_default() += 1;
            }
        }
        let mut withheld: HashMap<GroupId, (u64, u64)> = HashMap::new();
        for (id, leave) in &leaving {
            // Approved people count, too.
            let left = work.known.get(id).map_or(0, |known| known.left(now));
            let goes = left + approved.get(id).copied().unwrap_or(0);
            let members = found.wanted.get(id).map_or(0, |wanted| wanted.members);
            let members = members + tally.told.get(id).copied().unwrap_or(0) + left;
            let allowed = (members / 2).max(AT_LEAST).saturating_sub(goes);
            if *leave > allowed {
                withheld.insert(id.clone(), (*leave, members));
            }
            let most = (members / 2).max(AT_LEAST);
            let most = if withheld.contains_key(id) { 0 } else { most };
            work.most.insert(id.clone(), most);
        }
        let fits = leaving.iter().filter(|(id, _)| !withheld.contains_key(*id));
        let asked: u64 = fits.map(|(_, leave)| leave).sum();
        let guard = &mut self.books.guard;
        guard.found_memberships(found.told);
        // Where no record gives a group, that nobody would leave one says nothing.
        let says_all = !found.wanted.is_empty() || !found.suspects.is_empty();
        let judged = if self.is_plan {
            guard.would_judge(KIND, asked.into(), says_all, now)
        } else {
            if found.told > 0 {
                guard.memberships(found.told, now).await?;
            }
            guard.judge(KIND, asked.into(), says_all, now).await?
        };
        let is_latched = judged.latched.is_some() && asked > 0;
        let kept = |id: &GroupId| is_latched || withheld.contains_key(id);
        let of_groups: u64 = withheld.values().map(|(leave, _)| leave).sum();
        let count = of_groups + if is_latched { asked } else { 0 };
        let mut listed = Vec::new();
        let mut goes = tally.joining;
        for one in &tally.leaving {
            let waits = |id: &GroupId| !one.is_approved && one.fresh.contains(id) && kept(id);
            let who = [one.external_id.clone()];
            for id in &one.groups {
                let limit = changes.limit();
                let change = changes.of(id);
                let members = match waits(id) {
                    true => &mut change.withheld,
                    false => &mut change.leaves,
                };
                members.add(1, &who, limit);
            }
            if !self.writes {
                let leaves = one.groups.iter().filter(|id| !waits(id)).count();
                report.groups.memberships.removed += leaves as u64;
            }
            if one.groups.iter().any(|id| !waits(id)) {
                goes.insert(IdHash::of(&one.external_id));
            }
            if one.groups.iter().any(waits) && listed.len() <= LIST {
                listed.push(Listed {
                    id: IdHash::of(&one.external_id),
                    target: one.target,
                    stranger: false,
                });
            }
        }
        let too_many = listed.len() > LIST;
        let digest = if self.is_plan || !says_all {
            let digest = guard.memory().digest(KIND, now);
            digest.filter(|_| !listed.is_empty()).cloned()
        } else {
            guard.keep_list(KIND, listed, now).await?
        };
        if !self.writes {
            report.groups.memberships.added += tally.joins;
        }
        *report.withheld.of_mut(KIND) = WithheldKind {
            count,
            reason: (count > 0).then(|| {
                let set = self.run.limits.of(KIND).to_string();
                reason(
                    &withheld,
                    is_latched.then_some((asked, judged, set)),
                    too_many,
                )
            }),
            digest,
            since: guard.memory().since(KIND).filter(|_| count > 0),
        };
        Ok(goes)
    }
}

fn reason(
    groups: &HashMap<GroupId, (u64, u64)>,
    latched: Option<(u64, Judged, String)>,
    too_many: bool,
) -> String {
    let mut reasons = Vec::new();
    if let Some((count, judged, set)) = latched {
        let Judged {
            latched: _,
            limit,
            spent,
            base,
        } = judged;
        reasons.push(format!(
            "{count} memberships to be taken away do not fit what MAX_MEMBERSHIP_REMOVALS ({set}) \
             allows within 24 hours: {limit} of {base} memberships, of which {spent} are spent"
        ));
    }
    let mut named: Vec<_> = groups.iter().collect();
    named.sort_by(|one, other| (other.1.0, one.0).cmp(&(one.1.0, other.0)));
    if !named.is_empty() {
        const NAMED: usize = 5;
        let all = named.len();
        let names = named
            .iter()
            .take(NAMED)
            .map(|(id, (leave, members))| format!("{id} ({leave} of {members})"));
        let names: Vec<_> = names.collect();
        let more = if all > NAMED { " and others" } else { "" };
        reasons.push(format!(
            "{all} groups would lose more than half of their members within 24 hours: {}{more}",
            names.join(", ")
        ));
    }
    let approve = how_to_approve(too_many);
    format!(
        "{}. Check the users table; {approve}",
        reasons.join(". Also, ")
    )
}
