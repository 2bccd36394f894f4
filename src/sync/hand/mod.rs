//! In hand: the records and entries of some people, read now, and what is to be told of them.
//!
//! What is told is what is true now. So a suspicion does not age, nothing is planned twice, and it
//! does not matter who else was at work meanwhile.

mod case;
mod ready;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

pub use case::{AtHand, Elsewhere, Known, Outcome, Why, outcome};
pub use ready::{Cost, Ready};

use super::{Aside, Reject, RunError, look::Suspect, look::Whole};
use crate::{
    guard::{Approved, Kind, Target},
    ledger::{Again, Due, Entry, IdHash, Ledger, Origin, Reading, Standing, Told, Want, due},
    mapping::{ExternalId, Fingerprint, Mapped, Mapping, Profile, Since},
    mutation::{self, Mutation},
    okta::Entity,
    users::{KeySchema, RecordKey, UsersTable},
};

/// What it takes to have people in hand.
#[derive(Debug)]
pub struct Hand<'a> {
    /// The users table.
    pub users: &'a UsersTable,
    /// What its records mean.
    pub mapping: &'a Arc<Mapping>,
    /// What Okta was told.
    pub ledger: &'a Ledger,
    /// The users table's key.
    pub schema: &'a KeySchema,
}

/// What else is known when people are taken in hand.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// What became of sessions and of charges.
    pub reading: &'a Reading,
    /// Whom Okta refuses.
    pub aside: &'a Aside,
    /// Of whom somebody has approved.
    pub approved: &'a Approved,
    /// What a read of the whole table has found, which ended just now.
    pub whole: Option<&'a Whole>,
}

/// Somebody in hand.
#[derive(Debug)]
pub struct InHand {
    /// Whom it is about.
    pub suspect: Suspect,
    /// What is to be done about them.
    pub decision: Decision,
    /// The entry that is to remember a push which says nothing new, and when the push was made.
    pub noted: Option<Box<Noted>>,
}

/// A push that says nothing new, and the entry that is to remember it.
#[derive(Debug)]
pub struct Noted {
    /// The entry as it was read.
    pub entry: Entry,
    /// When the push was made.
    pub at: Timestamp,
    /// Whether it says that they are to be active.
    pub stays: bool,
}

/// What is to be done about somebody.
#[derive(Debug)]
pub enum Decision {
    /// They are told.
    Tell(Box<Ready>),
    /// They are told once the sessions that may carry them have ended.
    Wait,
    /// Nothing: Okta was told, or there is nothing to tell.
    Nothing(Stays),
    /// Our checks turn their record away.
    Rejected(Reject),
    /// Okta turned them away, and would be told the same.
    Refused(Reject),
    /// Only a look at the whole table can say.
    NextLook,
    /// They are to be inactive, and the ledger does not know them.
    Stranger,
}

/// How those are who stay as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// Active, as Okta was told.
    Active,
    /// Inactive, as Okta was told.
    Inactive,
    /// Not of this identity source.
    OutOfScope,
    /// Their first day is yet to come.
    Upcoming,
    /// Nobody can say, or there is nothing about them.
    AsTheyAre,
}

impl Hand<'_> {
    /// Whether the key of a record identifies the person.
    #[must_use]
    pub fn by_key(&self) -> bool {
        self.mapping.identifies_by(self.schema)
    }

    /// Takes people in hand: reads their records and entries, consistently, and decides.
    ///
    /// # Errors
    /// When any of them could not be read.
    pub async fn take(
        &self,
        suspects: &[Suspect],
        circumstances: &Circumstances<'_>,
    ) -> Result<Vec<InHand>, RunError> {
        let ids: Vec<_> = suspects.iter().map(|suspect| suspect.id).collect();
        let entries = self
            .ledger
            .entries(&ids, &circumstances.reading.log)
            .await?;
        let mut entries: HashMap<_, _> = entries
            .into_iter()
            .map(|entry| (IdHash::of(&entry.external_id), entry))
            .collect();
        let keys: Vec<_> = suspects
            .iter()
            .flat_map(|suspect| {
                let told = entries.get(&suspect.id).map(|entry| &entry.key);
                suspect.keys.iter().chain(told)
            })
            // What the ledger remembers of another table's key is no key.
            .filter(|key| self.schema.is_of(key))
            .cloned()
            .collect();
        let records = self.mapped(&keys).await?;
        Ok(suspects
            .iter()
            .map(|suspect| {
                let entry = entries.remove(&suspect.id);
                let person = Person {
                    hand: self,
                    circumstances,
                    suspect,
                    entry: entry.as_ref(),
                };
                let decision = person.decide(&records);
                InHand {
                    suspect: suspect.clone(),
                    noted: person.noted(&records, &decision),
                    decision,
                }
            })
            .collect())
    }

    /// Whether the table has any record in scope.
    ///
    /// # Errors
    /// When it could not be read.
    pub async fn somebody_is_in_scope(&self) -> Result<bool, RunError> {
        let now = self.now();
        let is_in_scope = |record| {
            !matches!(
                self.mapping.map(record, now),
                Mapped::OutOfScope { .. } | Mapped::Unidentified(_) | Mapped::Impossible(_)
            )
        };
        Ok(self
            .users
            .has(self.mapping.attributes(), is_in_scope)
            .await?)
    }

    /// What the mapping makes of the records under these keys, by the keys' canonical text.
    ///
    /// # Errors
    /// When any of them could not be read.
    pub async fn mapped(
        &self,
        keys: &[RecordKey],
    ) -> Result<BTreeMap<String, (RecordKey, Mapped)>, RunError> {
        let found = self.users.reread(keys, self.mapping.attributes()).await?;
        let records = found.into_records();
        let now = self.now();
        Ok(records
            .map(|(key, record)| (key.canonical(), (key, self.mapping.map(record, now))))
            .collect())
    }

    /// The moment at which records are judged now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.ledger.clock.now()
    }
}

/// One person, and what is known of them.
struct Person<'a> {
    hand: &'a Hand<'a>,
    circumstances: &'a Circumstances<'a>,
    suspect: &'a Suspect,
    entry: Option<&'a Entry>,
}

impl Person<'_> {
    fn decide(&self, records: &BTreeMap<String, (RecordKey, Mapped)>) -> Decision {
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
    fn at_hand<'r>(
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
            // What is out of scope is nobody's record; it says why they have none.
            _ => match at_hand
                .iter()
                .find_map(|(key, mapped)| self.out(key, mapped))
            {
                Some(out) => out,
                None => (AtHand::Absent, None),
            },
        }
    }

    /// A push that says nothing new is remembered all the same: an older one that comes later must
    /// not overwrite it, nor one that wanted them to leave be carried out.
    fn noted(
        &self,
        records: &BTreeMap<String, (RecordKey, Mapped)>,
        decision: &Decision,
    ) -> Option<Box<Noted>> {
        let (entry, pushed) = (self.entry?, self.suspect.pushed.as_ref()?);
        let counts = self.at_hand(records).0 == AtHand::Absent && !self.is_overtaken();
        let settled = !matches!(decision, Decision::Nothing(Stays::AsTheyAre));
        let says_nothing_new = matches!(decision, Decision::Nothing(_)) && settled;
        let stays = matches!(decision, Decision::Nothing(Stays::Active));
        let is_remembered = entry.pushed == Some(pushed.at) && !(stays && entry.to_leave);
        let is_remembered = is_remembered || mutation::on(Mutation::NothingNewIsForgotten);
        (counts && says_nothing_new && !is_remembered).then(|| {
            Box::new(Noted {
                entry: entry.clone(),
                at: pushed.at,
                stays,
            })
        })
    }

    /// What a record that is out of scope says, if it would be about them.
    fn out<'r>(
        &self,
        key: &'r RecordKey,
        mapped: &'r Mapped,
    ) -> Option<(AtHand, Option<(&'r RecordKey, &'r Mapped)>)> {
        match mapped {
            Mapped::OutOfScope {
                whom: Some(whom), ..
            } if IdHash::of(whom) == self.suspect.id => Some((about(mapped), Some((key, mapped)))),
            _ => None,
        }
    }

    /// Whether a later push has told Okta something about them.
    fn is_overtaken(&self) -> bool {
        let told = self.entry.and_then(|entry| entry.pushed);
        let pushed = self.suspect.pushed.as_ref();
        pushed
            .zip(told)
            .is_some_and(|(pushed, told)| told > pushed.at)
            && !mutation::on(Mutation::OldPushWins)
    }

    fn elsewhere(&self) -> Elsewhere {
        match self.circumstances.whole {
            None => Elsewhere::Unknown,
            Some(whole) => whole.about(self.suspect.id),
        }
    }

    fn known(&self) -> Known {
        match self.entry {
            None => Known::Not,
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
        let same = standing.is_some_and(|standing| standing.told == told);
        let again = known.map_or(Again::AsEver, |known| known.again(told));
        let refused =
            self.circumstances
                .aside
                .refuses(self.suspect.id, told, same.then_some(again));
        if let Some(reject) = refused {
            return Decision::Refused(reject.about(external_id, key));
        }
        let entity = match Entity::upsert(external_id.as_str(), profile) {
            Ok(entity) => entity,
            Err(why) => {
                let reject = Reject::of(Some(external_id), Some(key.to_string()));
                return Decision::Rejected(reject.because(vec![why.to_string()]));
            }
        };
        let undone = known.is_some_and(|known| known.update_undone);
        let cost = if standing.is_some() && (!same || undone) && !only_clears {
            self.cost(Kind::Updates, told)
        } else {
            Cost::Nothing
        };
        self.tell(
            external_id.clone(),
            key.clone(),
            told,
            None,
            entity,
            cost,
            by_push,
        )
    }

    fn leaves(&self, why: Why, record: Option<(&RecordKey, &Mapped)>, by_push: bool) -> Decision {
        let known = self.entry.map(|entry| self.circumstances.reading.of(entry));
        let standing = known.and_then(|known| known.standing);
        let cost = self.cost(Kind::Deactivations, Told::Inactive);
        let id = record.and_then(|(_, mapped)| whom(mapped));
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
        self.tell(
            external_id.clone(),
            key.clone(),
            Told::Inactive,
            Some(why),
            entity,
            cost,
            by_push,
        )
    }

    #[expect(clippy::too_many_arguments, reason = "what a telling is made of")]
    fn tell(
        &self,
        external_id: ExternalId,
        key: RecordKey,
        told: Told,
        why: Option<Why>,
        entity: Entity,
        cost: Cost,
        by_push: bool,
    ) -> Decision {
        let log = &self.circumstances.reading.log;
        let origin = if by_push { Origin::Push } else { Origin::Table };
        Decision::Tell(Box::new(Ready {
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
            before: self.entry.cloned(),
            pushed: self.suspect.pushed.as_ref().map(|pushed| pushed.at),
        }))
    }

    fn cost(&self, kind: Kind, told: Told) -> Cost {
        let target = Target::from(told);
        let approved = &self.circumstances.approved;
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
        match approved.lets_through(kind, self.suspect.id, target) {
            Some(digest) => Cost::Approved(kind, digest),
            None => Cost::Charge(kind),
        }
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

fn about(mapped: &Mapped) -> AtHand {
    match mapped {
        Mapped::Active(..) => AtHand::Active,
        Mapped::Inactive(_) => AtHand::Inactive,
        Mapped::OutOfScope { keep: false, .. } => AtHand::OutOfScope,
        Mapped::OutOfScope { keep: true, .. } => AtHand::Kept,
        Mapped::Upcoming(_) => AtHand::Upcoming,
        Mapped::Rejected(..) => AtHand::Rejected,
        Mapped::Unidentified(_) | Mapped::Impossible(_) => AtHand::Unclear,
    }
}

fn unclear(at_hand: &[&(RecordKey, Mapped)]) -> bool {
    at_hand
        .iter()
        .any(|(_, mapped)| matches!(mapped, Mapped::Unidentified(_)))
}

/// Whom a record is about, or would be if it were of this identity source.
pub(super) fn whom(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::OutOfScope { whom, .. } => whom.as_ref(),
        other => subject(other),
    }
}

/// Whom a record is about, if it says so.
pub(super) fn subject(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::Active(id, _)
        | Mapped::Inactive(id)
        | Mapped::Upcoming(id)
        | Mapped::Rejected(id, _) => Some(id),
        Mapped::OutOfScope { .. } | Mapped::Unidentified(_) | Mapped::Impossible(_) => None,
    }
}

/// What somebody is to be told who is to be active with this profile, and whether that only clears
/// what used to be left out when empty. Nobody is told again in whom only a rule of ours changed.
pub(super) fn to_be_told(profile: &Profile, standing: Option<Standing>) -> (Fingerprint, bool) {
    let Some(Standing {
        told: Told::Active(before),
        ..
    }) = standing
    else {
        return (profile.fingerprint(), false);
    };
    match profile.since(before) {
        Since::Same => (before, false),
        Since::OnlyClears => (profile.fingerprint(), true),
        Since::Different => (profile.fingerprint(), false),
    }
}
