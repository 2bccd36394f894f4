//! Asking the guard about what a look found.

use std::collections::BTreeMap;

use super::{Books, Report, Run, RunError, Time, WithheldKind, look::Found, suspect::Suspect};
use crate::{
    guard::{Charged, Judged, Kind, LIST, LIST_LASTS, Limits, Listed},
    mutation::{self, Mutation},
};

impl Run {
    /// Asks the guard about what a look found: takes out of it what must wait.
    pub(super) async fn guard(
        &self,
        books: &mut Books,
        found: &mut Found,
        report: &mut Report,
        is_plan: bool,
        time: &Time,
    ) -> Result<BTreeMap<Kind, u64>, RunError> {
        let now = time.now();
        let guard = &mut books.guard;
        if found.whole {
            guard.found_active(found.counts.active);
        }
        // A table that has become empty opens no latch, and clears no list: that nobody would change
        // says nothing. A day later the lists have expired.
        let is_empty = found.held.as_ref().is_some_and(|held| held.table_is_empty);
        let since = guard.memory().empty_since.unwrap_or(now);
        let says_nothing = is_empty && now < since + LIST_LASTS;
        let mut counts = BTreeMap::new();
        for kind in [Kind::Deactivations, Kind::Updates] {
            let charged = found.charged(kind);
            let says_all = found.whole && !(says_nothing && charged == 0);
            let unapproved = match kind {
                Kind::Deactivations => found.counts.other_ids,
                Kind::Updates | Kind::MembershipRemovals => 0,
            };
            let asked = Charged {
                found: charged,
                unapproved,
            };
            let judged = if is_plan {
                guard.would_judge(kind, asked, says_all, now)
            } else {
                guard.judge(kind, asked, says_all, now).await?
            };
            let count =
                if judged.latched.is_some() && !mutation::on(Mutation::SafeguardAfterLoading) {
                    charged
                } else {
                    0
                };
            let people: Vec<Listed> = found
                .charged
                .iter()
                .filter(|(of, listed)| *of == kind && (listed.stranger || count > 0))
                .map(|(_, listed)| *listed)
                .collect();
            let too_many = people.len() > LIST;
            let digest = if is_plan || !says_all {
                guard
                    .memory()
                    .digest(kind, now)
                    .filter(|_| !people.is_empty())
                    .cloned()
            } else {
                guard.keep_list(kind, people, now).await?
            };
            *report.withheld.of_mut(kind) = WithheldKind {
                count,
                reason: (count > 0)
                    .then(|| reason(kind, (count, unapproved), judged, too_many, self.limits)),
                digest,
                since: judged.latched.filter(|_| count > 0),
            };
            if count > 0 {
                counts.insert(kind, count);
                let beyond = found.beyond_charged.remove(&kind).unwrap_or_default();
                found.beyond = found.beyond.saturating_sub(beyond);
                let is_payload =
                    !found.whole && found.leavers.iter().any(|one| one.pushed.is_some());
                let goes = |suspect: &Suspect| suspect.charge != Some(kind);
                match kind {
                    // Those of a push are remembered when they are in hand.
                    Kind::Deactivations if !is_payload => {
                        let leavers = std::mem::take(&mut found.leavers);
                        (found.leavers, found.withheld) = leavers.into_iter().partition(goes);
                    }
                    Kind::Updates => {
                        let upserts = std::mem::take(&mut found.upserts);
                        let (go, kept): (Vec<_>, Vec<_>) = upserts.into_iter().partition(goes);
                        found.upserts = go;
                        found.withheld.extend(kept);
                        found.packed.retain(|_, charged| !charged);
                    }
                    _ => {}
                }
            }
        }
        if !is_plan && found.whole {
            guard.hold(found.held.is_some(), is_empty, now).await?;
        }
        if let Some(held) = &found.held {
            report
                .withheld
                .hold(held.count, &held.reason, guard.memory().held_since);
        }
        Ok(counts)
    }
}

fn reason(
    kind: Kind,
    (count, unapproved): (u64, u64),
    judged: Judged,
    too_many: bool,
    limits: Limits,
) -> String {
    let Judged {
        latched: _,
        limit,
        spent,
        base,
    } = judged;
    let variable = kind.variable();
    let set = limits.of(kind);
    let approve = how_to_approve(too_many);
    if unapproved > 0 {
        return format!(
            "{unapproved} of {count} {kind} are of people that Okta was told under ids that the \
             mapping's externalId no longer gives: to Okta, another id is another person, so these \
             would leave and others come. No limit lets them through, and everybody else that \
             {variable} covers waits with them; {approve}"
        );
    }
    format!(
        "{count} {kind} do not fit what {variable} ({set}) allows within 24 hours: {limit} of \
         {base} people told active, of which {spent} are spent (people that Okta keeps refusing \
         count too). Check the users table; {approve}"
    )
}

/// What to do about the people who are withheld.
pub(super) fn how_to_approve(too_many: bool) -> &'static str {
    if too_many {
        "more than can be approved at once: raise the limit, or correct the table"
    } else {
        "if they are right, approve exactly these people with \
         {\"command\":\"approve\",\"digest\":…}"
    }
}
