//! Some people: how Okta has them, how they must be, and what is written about them.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    VerifyError,
    answer::Findings,
    index::Index,
    judge::{Act, Judged, May, Verdict, judge},
    progress::Progress,
    still::Still,
};
use crate::{
    ledger::{Entry, IdHash, LoginMark, Memberships, Mend, Number, Origin, Told, UNKNOWN},
    mapping::ExternalId,
    okta::{AppUser, Assigned},
    sync::hand::{AtHand, Elsewhere, Hand, Wanted, Wants},
    users::RecordKey,
};

/// How late Okta's list of the app's users may be about somebody that a call has deactivated.
const LISTS_LAG: Duration = Duration::from_secs(2 * 60);

/// What it takes to judge people.
pub(super) struct People<'a> {
    pub(super) hand: &'a Hand<'a>,
    pub(super) may: May,
    pub(super) still: Still<'a>,
    /// Whether to say who would get another id, because the mapping gives other ids than the ledger
    /// has.
    pub(super) other_ids: bool,
    /// Whether nothing may be written, not even that single-user calls turn out not to work.
    pub(super) reads_only: bool,
    /// Read when it is first needed.
    pub(super) index: Option<Index>,
    /// The number for the entries that are written.
    number: Option<Number>,
}

/// Somebody, and how Okta lists them, if it does.
pub(super) struct Somebody {
    pub(super) id: IdHash,
    pub(super) listed: Option<AppUser>,
    pub(super) keys: Vec<RecordKey>,
}

impl<'a> People<'a> {
    pub(super) fn new(hand: &'a Hand<'a>, may: May, still: Still<'a>, other_ids: bool) -> Self {
        Self {
            hand,
            may,
            still,
            other_ids,
            reads_only: false,
            index: None,
            number: None,
        }
    }

    /// Takes a page that was asked for after this session. False if another session was opened
    /// before anything could be written: then the page does not count.
    pub(super) async fn take(
        &mut self,
        users: Vec<AppUser>,
        last: Number,
        progress: &mut Progress,
    ) -> Result<bool, VerifyError> {
        let mut findings = Findings::default();
        let mut people = Vec::with_capacity(users.len());
        let mut on_this_page = HashSet::new();
        for user in users {
            let external_id = user.external_id.clone();
            let Some(external_id) = external_id.and_then(|id| ExternalId::parse(id).ok()) else {
                findings.counts.listed += 1;
                if user.assigned != Assigned::Deactivated {
                    findings.take(&user.id, Verdict::Unknown, false, false);
                }
                continue;
            };
            let id = IdHash::of(&external_id);
            if progress.listed.contains(id) || !on_this_page.insert(id) {
                continue;
            }
            findings.counts.listed += 1;
            people.push(Somebody {
                id,
                listed: Some(user),
                keys: Vec::new(),
            });
        }
        if !self.judge(&people, Some(last), None, &mut findings).await? {
            return Ok(false);
        }
        if self.other_ids {
            let named = &progress.now.findings.new_ids;
            self.tell_ids(&people, named.has_room(), &mut findings)
                .await?;
        }
        for somebody in &people {
            progress.list(somebody.id);
        }
        progress.now.findings.add(findings);
        Ok(true)
    }

    /// Judges people, and writes the outcome. With `last`, it writes nothing if a session was
    /// opened since: false. With `told_until`, people that a later session has told something do
    /// not count.
    pub(super) async fn judge(
        &mut self,
        people: &[Somebody],
        last: Option<Number>,
        told_until: Option<Number>,
        findings: &mut Findings,
    ) -> Result<bool, VerifyError> {
        let ids: Vec<_> = people.iter().map(|somebody| somebody.id).collect();
        let now = self.hand.now();
        let reading = self.still.books.reading(now);
        let entries = self.hand.ledger.entries(&ids, &reading.log).await?;
        let some_are_new = entries.len() < ids.len();
        let leads_nowhere = people.iter().any(|somebody| somebody.keys.is_empty());
        let is_needed = !self.hand.by_key() || some_are_new && leads_nowhere || self.other_ids;
        if self.index.is_none() && is_needed {
            self.index = Some(Index::read(self.hand, self.other_ids).await?);
        }
        let wanted = self.wanted(people, &ids, entries, &reading).await?;
        let mut found: Vec<_> = people
            .iter()
            .zip(wanted)
            .map(|(somebody, wanted)| {
                let judged = judge(&wanted, somebody.listed.as_ref(), self.may);
                (somebody, wanted, judged)
            })
            .collect();
        if let Some(until) = told_until {
            found.retain(|(_, wanted, _)| {
                wanted
                    .entry
                    .as_ref()
                    .is_none_or(|entry| entry.session <= until)
            });
        }
        let writes_entries = found
            .iter()
            .any(|(_, _, judged)| matches!(judged.act, Act::Adopt | Act::Expel));
        if let (true, None, Some(last)) = (writes_entries, self.number, last) {
            self.number = self.still.number(last).await?;
            if self.number.is_none() {
                return Ok(false);
            }
        }
        let number = self.number.unwrap_or(0);
        let (mut mends, mut adoptions) = (Vec::new(), Vec::new());
        for (_, wanted, judged) in &found {
            // A function that only reads writes nothing, not even that a repair has done its work.
            if !self.reads_only
                && let Some(mend) = mend(wanted, judged.act, number, now)
            {
                mends.push(mend);
                adoptions.push(judged.act == Act::Adopt);
            }
        }
        let done = self.hand.ledger.mend(&mends).await?;
        let disproves = |(_, wanted, judged): &(_, _, _)| is_no_proof(wanted, judged, now);
        if !self.reads_only && found.iter().any(disproves) {
            let withdrawn = self.hand.ledger.deactivates_nobody().await;
            if let Err(error) = withdrawn {
                tracing::warn!(
                    %error,
                    "what was proven of single-user calls could not be withdrawn"
                );
            }
        }
        let adopted = done.iter().zip(&adoptions);
        findings.counts.adopted +=
            adopted.filter(|(done, adopts)| **done && **adopts).count() as u64;
        for (somebody, wanted, judged) in found {
            let name = name(somebody, &wanted);
            let survived = survived(self.may, &judged, &wanted);
            findings.take(&name, judged.verdict, judged.drifted, survived);
        }
        Ok(true)
    }

    async fn wanted(
        &self,
        people: &[Somebody],
        ids: &[IdHash],
        entries: Vec<Entry>,
        reading: &crate::ledger::Reading,
    ) -> Result<Vec<Wanted>, VerifyError> {
        let given: HashMap<_, _> = people
            .iter()
            .map(|somebody| (somebody.id, &somebody.keys))
            .collect();
        let (index, schema) = (self.index.as_ref(), self.hand.schema);
        let keys = |id: IdHash| {
            let given = given
                .get(&id)
                .into_iter()
                .flat_map(|keys| keys.iter().cloned());
            let found = index.map(|index| index.keys(id, schema));
            given.chain(found.into_iter().flatten()).collect()
        };
        let elsewhere = |id: IdHash, at_hand: AtHand| {
            index.map_or(Elsewhere::Unknown, |index| index.elsewhere(id, at_hand))
        };
        let wanted = self.hand.wanted(ids, keys, elsewhere, entries, reading);
        Ok(wanted.await?)
    }

    /// Makes sure that entries have a number, for people who are judged by no page.
    pub(super) async fn number(&mut self) -> Result<Option<Number>, VerifyError> {
        while self.number.is_none() {
            let Some(last) = self.still.wait().await? else {
                break;
            };
            self.number = self.still.number(last).await?;
        }
        Ok(self.number)
    }
}

/// Whether Okta has somebody active that a call was seen to have deactivated, long enough ago for
/// Okta's list to show it.
fn is_no_proof(wanted: &Wanted, judged: &Judged, now: Timestamp) -> bool {
    let called = wanted
        .entry
        .as_ref()
        .filter(|entry| entry.told == Told::Inactive);
    let called = called.and_then(|entry| entry.called);
    judged.verdict == Verdict::ShouldHaveLeft && called.is_some_and(|at| at + LISTS_LAG < now)
}

/// Whether somebody was told again for exactly this, and Okta still has it.
fn survived(may: May, judged: &Judged, wanted: &Wanted) -> bool {
    may.repair && judged.drifted && judged.act == Act::Nothing && wanted.entry.is_some()
}

fn name(somebody: &Somebody, wanted: &Wanted) -> String {
    let listed = somebody.listed.as_ref();
    let listed = listed.and_then(|user| user.external_id.clone());
    let of_record = match &wanted.wants {
        Wants::Active(id, ..) | Wants::Inactive(id, _) => Some(id),
        Wants::Gone | Wants::Pushed | Wants::Unclear | Wants::Unknown => {
            wanted.entry.as_ref().map(|entry| &entry.external_id)
        }
    };
    listed
        .or(of_record.map(ToString::to_string))
        .unwrap_or_default()
}

fn mend(wanted: &Wanted, act: Act, number: Number, now: Timestamp) -> Option<Mend> {
    let before = wanted.entry.clone();
    match act {
        Act::Nothing => None,
        Act::Doubt(print) => Some(Mend::Doubt(before?, print)),
        Act::Settle => Some(Mend::Settle(before?)),
        Act::Adopt | Act::Expel => {
            let is_to_leave = act == Act::Expel;
            let (external_id, key, told) = match &wanted.wants {
                Wants::Active(id, key, profile) => (id, key, Told::Active(profile.fingerprint())),
                // Nobody told Okta what it has of them: it is doubtful, and only that counts.
                Wants::Inactive(id, key) if is_to_leave => (id, key, Told::Active(UNKNOWN)),
                Wants::Inactive(id, key) => (id, key, Told::Inactive),
                Wants::Gone | Wants::Pushed | Wants::Unclear | Wants::Unknown => return None,
            };
            let entry = Entry {
                external_id: external_id.clone(),
                key: key.clone(),
                told,
                session: number,
                session_id: None,
                behind: None,
                doubtful: is_to_leave,
                origin: Origin::Table,
                at: now,
                deactivation: before.as_ref().and_then(|before| before.deactivation),
                update: before.as_ref().and_then(|before| before.update),
                pushed: before.as_ref().and_then(|before| before.pushed),
                to_leave: false,
                repaired: None,
                called: None,
                login: match &wanted.wants {
                    Wants::Active(_, _, profile) => LoginMark::of_profile(profile),
                    _ => None,
                },
                stranger: false,
                memberships: before
                    .as_ref()
                    .and_then(|before| before.memberships.clone())
                    .map(|memberships| Memberships {
                        doubtful: true,
                        ..memberships
                    }),
            };
            Some(Mend::Write(Box::new(entry), before))
        }
    }
}
