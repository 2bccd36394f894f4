//! One person in hand: what to do about them.

use std::collections::BTreeMap;

use super::{
    AtHand, Circumstances, Cost, Decision, Elsewhere, Hand, Known, Outcome, Ready, Stays, Why,
    about::{about, subject, to_be_sent, to_be_told, unclear, who},
    outcome,
};
use crate::{
    guard::{Kind, Target},
    ledger::{
        Again, Due, Entry, IdHash, InGroups, LoginMark, Memberships, Origin, Told, Want, due,
    },
    mapping::{ExternalId, GroupId, Mapped, Profile},
    mutation::{self, Mutation},
    okta::Entity,
    sync::{Reject, suspect::Suspect},
    users::RecordKey,
};

/// One person, and what is known about them.
pub(super) struct Person<'a> {
    pub(super) hand: &'a Hand<'a>,
    pub(super) circumstances: &'a Circumstances<'a>,
    pub(super) suspect: &'a Suspect,
    pub(super) entry: Option<&'a Entry>,
}

impl Person<'_> {
    pub(super) fn decide(&self, records: &BTreeMap<String, (RecordKey, Mapped)>) -> Decision {
        let (at_hand, mut record) = self.at_hand(records);
        let mut at_hand = at_hand;
        let mut by_push = false;
        if at_hand == AtHand::Absent
            && let Some(pushed) = &self.suspect.pushed
        {
            if self.is_overtaken() {
                return Decision::Nothing(Stays::AsTheyAre);
            }
            at_hand = about(&pushed.mapped);
            record = Some((&pushed.key, &pushed.mapped));
            by_push = true;
        }
        let outcome = outcome(self.hand.by_key(), at_hand, self.elsewhere(), self.known());
        match (outcome, record) {
            (Outcome::Active, Some((key, Mapped::Active(id, profile)))) => {
                self.active(id, key, profile, by_push)
            }
            (Outcome::Leaves(why), record) => self.leaves(why, record, by_push),
            (Outcome::Rejected, Some((key, Mapped::Rejected(id, reasons)))) => Decision::Rejected(
                Reject::of(Some(id), Some(key.to_string())).because(reasons.clone()),
            ),
            (Outcome::Several, _) => Decision::Rejected(self.several(records)),
            (Outcome::NextLook, _) => Decision::NextLook,
            _ => Decision::Nothing(match at_hand {
                AtHand::OutOfScope | AtHand::Kept => Stays::OutOfScope,
                AtHand::Upcoming => Stays::Upcoming,
                AtHand::Inactive => Stays::Inactive,
                _ => Stays::AsTheyAre,
            }),
        }
    }

    /// The records about them, and the one that counts.
    pub(super) fn at_hand<'r>(
        &self,
        records: &'r BTreeMap<String, (RecordKey, Mapped)>,
    ) -> (AtHand, Option<(&'r RecordKey, &'r Mapped)>) {
        let keys = self.suspect.keys.iter();
        let keys = keys.chain(self.entry.map(|entry| &entry.key));
        let mut keys: Vec<_> = keys.map(RecordKey::canonical).collect();
        keys.sort_unstable();
        keys.dedup();
        let at_hand: Vec<_> = keys.iter().filter_map(|key| records.get(key)).collect();
        let is_about =
            |mapped: &Mapped| subject(mapped).is_some_and(|id| IdHash::of(id) == self.suspect.id);
        let mut about_them = at_hand.iter().filter(|(_, mapped)| is_about(mapped));
        match (about_them.next(), about_them.next()) {
            (Some(_), Some(_)) => (AtHand::Several, None),
            (Some((key, mapped)), None) => {
                let is_unclear = unclear(&at_hand) && !matches!(mapped, Mapped::Active(..));
                let said = if is_unclear {
                    AtHand::Unclear
                } else {
                    about(mapped)
                };
                (said, Some((key, mapped)))
            }
            _ if unclear(&at_hand) => (AtHand::Unclear, None),
            // An out-of-scope record belongs to nobody. It says why they have none.
            _ => match at_hand
                .iter()
                .find_map(|(key, mapped)| self.out(key, mapped))
            {
                Some(out) => out,
                None => (AtHand::Absent, None),
            },
        }
    }

    /// What an out-of-scope record says, if it would be about them.
    fn out<'r>(
        &self,
        key: &'r RecordKey,
        mapped: &'r Mapped,
    ) -> Option<(AtHand, Option<(&'r RecordKey, &'r Mapped)>)> {
        match mapped {
            Mapped::OutOfScope { who: Some(who), .. } if IdHash::of(who) == self.suspect.id => {
                Some((about(mapped), Some((key, mapped))))
            }
            _ => None,
        }
    }

    fn elsewhere(&self) -> Elsewhere {
        match self.circumstances.whole {
            None => Elsewhere::Unknown,
            Some(whole) => whole.about(self.suspect.id),
        }
    }

    pub(super) fn known(&self) -> Known {
        match self.entry {
            None => Known::Not,
            Some(entry) if entry.stranger => Known::Not,
            Some(entry) => match (entry.origin, entry.to_leave) {
                (Origin::Table, _) => Known::Table,
                (Origin::Push, false) => Known::Push,
                (Origin::Push, true) => Known::PushToLeave,
            },
        }
    }

    fn active(
        &self,
        external_id: &ExternalId,
        key: &RecordKey,
        profile: &Profile,
        by_push: bool,
    ) -> Decision {
        let known = self.entry.map(|entry| self.circumstances.reading.of(entry));
        let standing = known.and_then(|known| known.standing);
        let (print, only_clears) = to_be_told(profile, standing);
        let told = Told::Active(print);
        match due(Want::Active(print), standing) {
            Due::Nothing => return Decision::Nothing(Stays::Active),
            Due::Wait => return Decision::Wait,
            Due::Tell => {}
        }
        let returns = standing.is_some_and(|standing| standing.told == Told::Inactive);
        let in_groups = known.map_or(InGroups::Never, |known| known.in_groups);
        if returns && matches!(in_groups, InGroups::UnderWay(_)) {
            return Decision::Wait;
        }
        let same = standing.is_some_and(|standing| standing.told == told);
        let again = known.map_or(Again::AsEver, |known| known.again(told));
        let refused =
            self.circumstances
                .refusals
                .refuses(self.suspect.id, told, same.then_some(again));
        if let Some(reject) = refused {
            return Decision::Refused(reject.about(external_id, key));
        }
        let entity = match to_be_sent(external_id, profile, standing, self.hand.app) {
            Ok(entity) => entity,
            Err(why) => {
                let reject = Reject::of(Some(external_id), Some(key.to_string()));
                return Decision::Rejected(reject.because(why));
            }
        };
        let undone = known.is_some_and(|known| known.update_undone);
        let cost = if standing.is_some() && (!same || undone) && !only_clears {
            self.cost(Kind::Updates, told)
        } else {
            Cost::Nothing
        };
        let mut ready = self.tell(
            external_id.clone(),
            key.clone(),
            told,
            None,
            entity,
            cost,
            by_push,
        );
        ready.login = LoginMark::of_profile(profile);
        ready.drops = self.drops(profile);
        Decision::Tell(Box::new(ready))
    }

    /// The groups that somebody who returns must not get back.
    fn drops(&self, profile: &Profile) -> Vec<GroupId> {
        let Some(before) = self.entry.filter(|entry| entry.told == Told::Inactive) else {
            return Vec::new();
        };
        if mutation::on(Mutation::OldGroupsComeBack) {
            return Vec::new();
        }
        let is_in = |group: &&GroupId| profile.groups().ids().any(|id| id == *group);
        let log = &self.circumstances.reading.log;
        // Nobody knows who made groups of another identity source here.
        let old = before.memberships.iter();
        let old = old.filter(|old| !log.is_of_another_binding(old.session));
        let old = old.flat_map(Memberships::may_be_in);
        old.filter(|group| !is_in(group)).cloned().collect()
    }

    fn leaves(&self, why: Why, record: Option<(&RecordKey, &Mapped)>, by_push: bool) -> Decision {
        let known = self.entry.map(|entry| self.circumstances.reading.of(entry));
        let standing = known.and_then(|known| known.standing);
        let other_id = why == Why::Gone && known.is_some_and(|known| known.other_id);
        let other_id = other_id && self.known() != Known::PushToLeave;
        let cost = match self.cost(Kind::Deactivations, Told::Inactive) {
            Cost::Charge(kind) | Cost::Paid(kind, ..) if other_id => self
                .approved(kind, Told::Inactive)
                .unwrap_or(Cost::Unapproved(kind)),
            cost => cost,
        };
        let id = record.and_then(|(_, mapped)| who(mapped));
        let Some(external_id) = id.or(self.entry.map(|entry| &entry.external_id)) else {
            return Decision::Nothing(Stays::AsTheyAre);
        };
        if standing.is_none() && !matches!(cost, Cost::Approved(..)) {
            return if why == Why::Inactive {
                Decision::Stranger
            } else {
                Decision::Nothing(Stays::OutOfScope)
            };
        }
        if standing.is_some() && due(Want::Inactive, standing) != Due::Tell {
            return Decision::Nothing(match why {
                Why::OutOfScope => Stays::OutOfScope,
                Why::Inactive | Why::Gone => Stays::Inactive,
            });
        }
        let by_push = by_push || (record.is_none() && self.known() == Known::PushToLeave);
        let key = record
            .map(|(key, _)| key)
            .or(self.entry.map(|entry| &entry.key));
        let (Some(key), Ok(entity)) = (key, Entity::deactivate(external_id.as_str())) else {
            return Decision::Nothing(Stays::AsTheyAre);
        };
        Decision::Tell(Box::new(self.tell(
            external_id.clone(),
            key.clone(),
            Told::Inactive,
            Some(why),
            entity,
            cost,
            by_push,
        )))
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a telling")]
    fn tell(
        &self,
        external_id: ExternalId,
        key: RecordKey,
        told: Told,
        why: Option<Why>,
        entity: Entity,
        cost: Cost,
        by_push: bool,
    ) -> Ready {
        let log = &self.circumstances.reading.log;
        let origin = if by_push { Origin::Push } else { Origin::Table };
        Ready {
            login: None,
            suspect: self.suspect.clone(),
            external_id,
            key,
            told,
            why,
            entity: Some(entity),
            origin,
            cost,
            charged: None,
            behind: self.entry.and_then(|entry| log.behind(entry.telling())),
            confirms: self.entry.is_some_and(|entry| {
                entry.told == told && !entry.doubtful && log.is_done(entry.session)
            }),
            before: self.entry.cloned(),
            retold: self.entry.is_some_and(|entry| {
                let standing = self.circumstances.reading.of(entry).standing;
                standing.is_none_or(|standing| !standing.holds)
            }),
            drops: Vec::new(),
            pushed: self.suspect.pushed.as_ref().map(|pushed| pushed.at),
        }
    }

    fn cost(&self, kind: Kind, told: Told) -> Cost {
        let reading = &self.circumstances.reading;
        let charge = self.entry.and_then(|entry| match kind {
            Kind::Deactivations => entry.deactivation,
            Kind::Updates => entry.update,
            Kind::MembershipRemovals => None,
        });
        if let Some(charge) = charge
            && let Some(hour) = reading.paid.hour(charge, reading.now)
        {
            return Cost::Paid(kind, charge, hour);
        }
        self.approved(kind, told).unwrap_or(Cost::Charge(kind))
    }

    fn approved(&self, kind: Kind, told: Told) -> Option<Cost> {
        let approved = &self.circumstances.approved;
        let digest = approved.lets_through(kind, self.suspect.id, Target::from(told))?;
        Some(Cost::Approved(kind, digest))
    }

    fn several(&self, records: &BTreeMap<String, (RecordKey, Mapped)>) -> Reject {
        let keys = self.suspect.keys.iter();
        let keys = keys.chain(self.entry.map(|entry| &entry.key));
        let mut about_them: Vec<_> = keys
            .filter_map(|key| records.get(&key.canonical()))
            .filter_map(|(key, mapped)| Some((key.to_string(), subject(mapped)?)))
            .filter(|(_, id)| IdHash::of(id) == self.suspect.id)
            .collect();
        about_them.sort_unstable();
        about_them.dedup();
        let names: Vec<_> = about_them.iter().map(|(key, _)| key.as_str()).collect();
        let reason = format!(
            "externalId: {} records have it, among them {}; none of them is sent",
            names.len(),
            names.join(" and ")
        );
        Reject::of(about_them.first().map(|(_, id)| *id), None).because(vec![reason])
    }
}
