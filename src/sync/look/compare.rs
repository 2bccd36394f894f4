//! A look's pure half: records in, one after another; suspects and counts out.

use std::{collections::HashMap, hash::RandomState};

use super::{Found, Suspect, found::Duplicate, groups::GroupsLook, login::LoginHash, seen::Seen};
use crate::{
    guard::{Approved, Kind, LIST, Listed, Target},
    ledger::{Again, Book, Due, IdHash, InGroups, Known, Origin, Told, Want, due},
    mapping::{ExternalId, Groups, Mapped, Profile},
    mutation::{self, Mutation},
    okta::{self, ProfileSchema},
    sync::{
        Refusals, Reject,
        hand::{to_be_sent, to_be_told},
    },
    users::RecordKey,
};

/// How many suspects of each kind a look holds: what five sessions carry. Of those beyond, joiners
/// and movers are kept in few bytes. Leavers are counted, and found again by the next look.
pub(in crate::sync) fn most_held() -> usize {
    5 * okta::max_requests() * okta::max_entities()
}

/// How many of the waiting people are named.
const NAMED: usize = 100;

/// Compares the records of the whole table with the whole ledger. It holds seven bytes for each
/// user and the suspects' keys, however large the table is.
#[derive(Debug)]
pub struct Comparison<'a> {
    book: &'a Book,
    refusals: &'a Refusals,
    approved: &'a Approved,
    app: Option<&'a ProfileSchema>,
    seen: Vec<Seen>,
    logins: Vec<LoginHash>,
    newcomers: HashMap<IdHash, (Seen, LoginHash)>,
    hashed_by: RandomState,
    duplicates: HashMap<IdHash, Duplicate>,
    out: HashMap<usize, Out>,
    groups: Option<GroupsLook<'a>>,
    found: Found,
}

/// An out-of-scope record that would be about somebody that Okta may have active.
#[derive(Debug)]
struct Out {
    key: RecordKey,
    keep: bool,
}

impl<'a> Comparison<'a> {
    /// A comparison with this ledger. It tells nobody what Okta refuses to be told.
    #[must_use]
    pub fn new(book: &'a Book, refusals: &'a Refusals, approved: &'a Approved) -> Self {
        Self {
            book,
            refusals,
            approved,
            app: None,
            seen: vec![Seen::Not; book.len()],
            logins: vec![LoginHash::NONE; book.len()],
            newcomers: HashMap::new(),
            hashed_by: RandomState::new(),
            duplicates: HashMap::new(),
            out: HashMap::new(),
            groups: GroupsLook::new(book, false),
            found: Found {
                whole: true,
                known: book.len() as u64,
                told_active: book.active(),
                ..Found::default()
            },
        }
    }

    /// The same, following the app's rules for profiles.
    #[must_use]
    pub fn keeping_to(self, app: Option<&'a ProfileSchema>) -> Self {
        Self { app, ..self }
    }

    /// The same for a mapping that gives groups, if it does.
    #[must_use]
    pub fn giving_groups(self, gives_groups: bool) -> Self {
        let groups = GroupsLook::new(self.book, gives_groups);
        Self { groups, ..self }
    }

    /// Takes one record.
    pub fn take(&mut self, key: RecordKey, mapped: Mapped) {
        self.found.counts.scanned += 1;
        let external_id = match &mapped {
            Mapped::Active(id, _)
            | Mapped::Inactive(id)
            | Mapped::Upcoming(id)
            | Mapped::Rejected(id, _) => id,
            Mapped::OutOfScope { who, keep } => {
                self.found.counts.out_of_scope += 1;
                return self.out(who.as_ref(), *keep, key);
            }
            Mapped::Unidentified(reasons) => {
                self.found.unidentified += 1;
                let reject = Reject::of(None, Some(key.to_string()));
                return self.found.rejected.add(reject.because(reasons.clone()));
            }
            Mapped::Impossible(reasons) => {
                let reject = Reject::of(None, Some(key.to_string()));
                return self.found.rejected.add(reject.because(reasons.clone()));
            }
        };
        let id = IdHash::of(external_id);
        let known = self.book.find(id);
        let before = match known {
            Some((row, _)) => self.seen[row],
            None => self.newcomers.get(&id).map_or(Seen::Not, |(seen, _)| *seen),
        };
        let login = match &mapped {
            Mapped::Active(_, profile) => LoginHash::of(profile, &self.hashed_by),
            _ => LoginHash::NONE,
        };
        let now = if before == Seen::Not {
            self.first(id, known.map(|(_, known)| known), key, mapped)
        } else {
            self.again(id, external_id.clone(), before, &key)
        };
        let login = Some(login).filter(|_| now.is_active());
        let login = login.unwrap_or(LoginHash::NONE);
        match known {
            Some((row, _)) => (self.seen[row], self.logins[row]) = (now, login),
            None => drop(self.newcomers.insert(id, (now, login))),
        }
    }

    fn first(&mut self, id: IdHash, known: Option<Known>, key: RecordKey, mapped: Mapped) -> Seen {
        if known.is_some_and(|known| known.origin == Origin::Push)
            && self.found.adopted.len() < most_held()
        {
            self.found.adopted.push((id, key.clone()));
        }
        match mapped {
            Mapped::Active(external_id, profile) => {
                let for_groups = self.groups.as_ref().map(|_| key.clone());
                let seen = self.active(id, known, key, &external_id, &profile);
                if let (Some(groups), Some(key)) = (&mut self.groups, for_groups) {
                    let in_groups = known.map_or(InGroups::Never, |known| known.in_groups);
                    let holds = known.and_then(|known| known.standing);
                    let has_landed = holds.is_some_and(|it| it.holds && !it.live)
                        || mutation::on(Mutation::MembershipBeforeUser);
                    if has_landed
                        && (seen == Seen::Unchanged || mutation::on(Mutation::MembershipBeforeUser))
                    {
                        let who = (id, &external_id);
                        groups.settled(who, key, in_groups, profile.groups());
                    } else {
                        let key = key.canonical();
                        groups.unsettled(&external_id, &key, in_groups, profile.groups());
                    }
                }
                seen
            }
            Mapped::Inactive(_) => self.inactive(id, known, key),
            Mapped::Upcoming(_) => Seen::Upcoming,
            Mapped::Rejected(external_id, reasons) => {
                let reject = Reject::of(Some(&external_id), Some(key.to_string()));
                self.found.rejected.add(reject.because(reasons));
                if let (Some(groups), Some(known)) = (&mut self.groups, known)
                    && mutation::on(Mutation::RejectedLeavesGroups)
                {
                    let who = (id, &external_id);
                    groups.settled(who, key, known.in_groups, &Groups::default());
                }
                Seen::Rejected
            }
            // Handled before anybody is looked up.
            Mapped::OutOfScope { .. } | Mapped::Unidentified(_) | Mapped::Impossible(_) => {
                Seen::Not
            }
        }
    }

    fn active(
        &mut self,
        id: IdHash,
        known: Option<Known>,
        key: RecordKey,
        external_id: &ExternalId,
        profile: &Profile,
    ) -> Seen {
        let standing = known.and_then(|known| known.standing);
        let (print, only_clears) = to_be_told(profile, standing);
        let told = Told::Active(print);
        match due(Want::Active(print), standing) {
            Due::Nothing => return Seen::Unchanged,
            Due::Wait => {
                if self.found.waiting.len() < NAMED {
                    self.found.waiting.push(id);
                }
                return Seen::Waits;
            }
            Due::Tell => {}
        }
        let again = known.map_or(Again::AsEver, |known| known.again(told));
        let same = standing.is_some_and(|standing| standing.told == told);
        if let Some(reject) = self.refusals.refuses(id, told, same.then_some(again)) {
            let reject = reject.about(external_id, &key);
            self.found.refused.add(reject);
            return Seen::Refused;
        }
        if let Err(why) = to_be_sent(external_id, profile, standing, self.app) {
            let reject = Reject::of(Some(external_id), Some(key.to_string()));
            self.found.rejected.add(reject.because(why));
            return Seen::Rejected;
        }
        let paid = known.is_some_and(|known| known.update_paid);
        let undone = known.is_some_and(|known| known.update_undone);
        let charged = standing.is_some()
            && (!same || undone)
            && !only_clears
            && !paid
            && !self.is_approved(Kind::Updates, id, told);
        if charged {
            self.list(Kind::Updates, id, told, false);
        }
        let confirms = known.is_some_and(|known| known.confirms(told));
        if self.found.upserts.len() < most_held() {
            self.found.upserts.push(Suspect {
                id,
                keys: vec![key],
                charge: charged.then_some(Kind::Updates),
                target: told.into(),
                again,
                pushed: None,
                place: None,
                confirms,
            });
        } else {
            self.beyond(charged.then_some(Kind::Updates));
            if again == Again::AsEver && !confirms {
                // The next look finds people who do not fit.
                self.found.packed.push(id, charged, &key);
            }
        }
        Seen::Upsert { charged }
    }

    fn inactive(&mut self, id: IdHash, known: Option<Known>, key: RecordKey) -> Seen {
        let Some(standing) = known.and_then(|known| known.standing) else {
            if self.is_approved(Kind::Deactivations, id, Told::Inactive) {
                self.leaves(id, known, vec![key], false);
                return Seen::Leaves { charged: false };
            }
            self.list(Kind::Deactivations, id, Told::Inactive, true);
            return Seen::Stranger;
        };
        if due(Want::Inactive, Some(standing)) != Due::Tell {
            return Seen::UnchangedInactive;
        }
        let charged = !known.is_some_and(|known| known.deactivation_paid)
            && !self.is_approved(Kind::Deactivations, id, Told::Inactive);
        if charged {
            self.list(Kind::Deactivations, id, Told::Inactive, false);
        }
        self.leaves(id, known, vec![key], charged);
        Seen::Leaves { charged }
    }

    /// An out-of-scope record belongs to nobody. It says why somebody has none.
    fn out(&mut self, who: Option<&ExternalId>, keep: bool, key: RecordKey) {
        let known = who.and_then(|who| self.book.find(IdHash::of(who)));
        let Some((row, known)) = known else {
            return;
        };
        if due(Want::Inactive, known.standing) == Due::Tell {
            self.out.insert(row, Out { key, keep });
        }
    }

    fn leaves(&mut self, id: IdHash, known: Option<Known>, keys: Vec<RecordKey>, charged: bool) {
        if self.found.leavers.len() < most_held() {
            self.found.leavers.push(Suspect {
                id,
                keys,
                charge: charged.then_some(Kind::Deactivations),
                target: Target::from(Told::Inactive),
                again: known.map_or(Again::AsEver, |known| known.again(Told::Inactive)),
                pushed: None,
                place: None,
                confirms: known.is_some_and(|known| known.confirms(Told::Inactive)),
            });
        } else {
            self.found.leavers_beyond = true;
            self.beyond(charged.then_some(Kind::Deactivations));
        }
    }

    /// Somebody is not held.
    fn beyond(&mut self, charge: Option<Kind>) {
        self.found.beyond += 1;
        if let Some(kind) = charge {
            *self.found.beyond_charged.entry(kind).or_default() += 1;
        }
    }

    fn is_approved(&self, kind: Kind, id: IdHash, told: Told) -> bool {
        self.approved.lets_through(kind, id, told.into()).is_some()
    }

    fn list(&mut self, kind: Kind, id: IdHash, told: Told, stranger: bool) {
        if self.found.charged.len() <= LIST {
            let target = told.into();
            let listed = Listed {
                id,
                target,
                stranger,
            };
            self.found.charged.push((kind, listed));
        }
    }

    /// A second record about a user: neither can be believed.
    fn again(
        &mut self,
        id: IdHash,
        external_id: ExternalId,
        before: Seen,
        key: &RecordKey,
    ) -> Seen {
        let duplicate = self
            .duplicates
            .entry(id)
            .or_insert_with(|| Duplicate::new(external_id, before == Seen::Rejected));
        duplicate.take(key);
        Seen::Duplicate
    }
}

mod finish;
mod sharers;
#[cfg(test)]
mod tests;
