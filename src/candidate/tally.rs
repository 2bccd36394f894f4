//! Adds up, record by record, what a candidate makes different.

use std::collections::BTreeMap;

use super::{
    AttributeChange, Candidate, Collisions, Identity, Listed, NotListed, OldAndNew, PersonChange,
    State,
    people::{Hashes, People},
    smallest::Smallest,
    state::who,
};
use crate::{
    mapping::{Comparison, Mapped, Profile},
    sync::{Detail, Reject, Rejects},
    users::RecordKey,
};

/// What was found so far.
#[derive(Debug)]
pub(super) struct Tally {
    values: bool,
    attributes: BTreeMap<String, AttributeChange>,
    people: People,
    rejected: Rejects,
    scanned: u64,
    changed: u64,
    stayed: u64,
    others: u64,
    unchanged: u64,
    same_id: u64,
    /// People who may join and leave, unless another record is about them.
    joiners: Vec<u64>,
    leavers: Vec<u64>,
    changes: [Smallest<(Option<u64>, PersonChange)>; 4],
}

/// The lists of people.
#[derive(Debug, Clone, Copy)]
enum List {
    Changed,
    Joiners,
    Leavers,
    Stay,
}

impl Tally {
    pub(super) fn new(detail: Detail) -> Self {
        Self {
            values: detail.values,
            attributes: BTreeMap::new(),
            people: People::default(),
            rejected: Rejects::default(),
            scanned: 0,
            changed: 0,
            stayed: 0,
            others: 0,
            unchanged: 0,
            same_id: 0,
            joiners: Vec::new(),
            leavers: Vec::new(),
            changes: [(); 4].map(|()| Smallest::new(detail.limit)),
        }
    }

    /// Takes what the two mappings make of one record.
    pub(super) fn take(&mut self, key: &RecordKey, comparison: Comparison, hashes: Hashes) {
        self.scanned += 1;
        let Comparison {
            before,
            after,
            attributes,
        } = comparison;
        let (was, is) = (State::of(&before), State::of(&after));
        self.people.take(was, is, hashes);
        let ids = (who(&before), who(&after));
        let is_other = matches!(ids, (Some(one), Some(other)) if one != other);
        self.same_id += u64::from(ids.0.is_some() && ids.0 == ids.1);
        let change = |attributes, values| PersonChange {
            external_id: ids.1.or(ids.0).map(ToString::to_string),
            record: key.to_string(),
            before: was,
            after: is,
            attributes,
            values,
        };
        match (was, is) {
            // The old person leaves, and the new person joins.
            _ if is_other => self.others += 1,
            (State::Active, State::Active) if attributes.is_empty() => self.unchanged += 1,
            (State::Active, State::Active) => {
                self.changed += 1;
                let profiles = (profile(&before), profile(&after));
                for name in &attributes {
                    self.attribute(name, profiles);
                }
                let values = self.values.then(|| values(&attributes, profiles));
                self.list(List::Changed, None, change(Some(attributes), values));
            }
            (_, State::Active) => {
                self.joiners.extend(hashes.after);
                let profiles = (None, profile(&after));
                let names = sent(profiles.1);
                let values = self.values.then(|| values(&names, profiles));
                self.list(List::Joiners, hashes.after, change(Some(names), values));
            }
            (_, State::Rejected) if was != State::Rejected => {
                if let Mapped::Rejected(_, reasons)
                | Mapped::Unidentified(reasons)
                | Mapped::Impossible(reasons) = after
                {
                    let id = who(&before);
                    let reject = Reject::of(id, Some(key.to_string())).because(reasons);
                    self.rejected.add(reject);
                }
            }
            (_, away) if away.is_away() && !was.is_away() && ids.0.or(ids.1).is_some() => {
                let hash = hashes.before.or(hashes.after);
                self.leavers.extend(hash);
                self.list(List::Leavers, hash, change(None, None));
            }
            (State::Active, _) => {
                self.stayed += 1;
                self.list(List::Stay, None, change(None, None));
            }
            _ => self.unchanged += 1,
        }
    }

    fn attribute(&mut self, name: &str, (was, is): (Option<&Profile>, Option<&Profile>)) {
        let change = self
            .attributes
            .entry(name.to_owned())
            .or_insert_with(|| AttributeChange {
                attribute: name.to_owned(),
                users: 0,
                cleared: 0,
                left_out: 0,
            });
        change.users += 1;
        let sent = |profile: Option<&Profile>| {
            let mut sent = profile.into_iter().flat_map(Profile::iter);
            sent.find(|(known, _)| *known == name)
                .map(|(_, value)| value.is_some())
        };
        change.cleared += u64::from(sent(is) == Some(false));
        change.left_out += u64::from(sent(was).is_some() && sent(is).is_none());
    }

    fn list(&mut self, list: List, hash: Option<u64>, change: PersonChange) {
        let key = (
            change.external_id.clone().unwrap_or_default(),
            change.record.clone(),
        );
        self.changes[list as usize].take(key, || (hash, change));
    }

    /// The answer, once every record has been taken.
    pub(super) fn finish(self, other_template: bool) -> Candidate {
        let people = self.people.sorted();
        let (external_id, user_name) = people.collisions();
        // People that another record is about neither join nor leave.
        let joins = |hash: u64| !people.is_active_before(hash);
        let leaves = |hash: u64| !people.stays_after(hash);
        let count = |hashes: &[u64], counts: &dyn Fn(u64) -> bool| {
            hashes.iter().filter(|hash| counts(**hash)).count() as u64
        };
        let joiners = count(&self.joiners, &joins);
        let leavers = count(&self.leavers, &leaves);
        let by_another = (self.joiners.len() + self.leavers.len()) as u64 - joiners - leavers;
        let [changed, joining, leaving, stay] = self.changes.map(Smallest::into_values);
        let who = |list: &mut dyn Iterator<Item = (Option<u64>, PersonChange)>,
                   counts: &dyn Fn(u64) -> bool| {
            let those = list.filter(|(hash, _)| hash.is_none_or(counts));
            those.map(|(_, change)| change).collect::<Vec<_>>()
        };
        let mut changes = Listed {
            changed: who(&mut { changed }, &|_| true),
            joiners: who(&mut { joining }, &joins),
            leavers: who(&mut { leaving }, &leaves),
            stay: who(&mut { stay }, &|_| true),
            not_listed: NotListed::default(),
        };
        let beyond = |all: u64, listed: &[PersonChange]| all.saturating_sub(listed.len() as u64);
        changes.not_listed = NotListed {
            changed: beyond(self.changed, &changes.changed),
            joiners: beyond(joiners, &changes.joiners),
            leavers: beyond(leavers, &changes.leavers),
            stay: beyond(self.stayed, &changes.stay),
        };
        let mut attributes: Vec<_> = self.attributes.into_values().collect();
        attributes.sort_by_key(|change| std::cmp::Reverse(change.users));
        Candidate {
            attributes,
            changed: self.changed,
            joiners,
            leavers,
            rejected: self.rejected,
            stay: self.stayed,
            others: self.others,
            unchanged: self.unchanged + by_another,
            scanned: self.scanned,
            external_id: other_template.then(|| Identity::of(self.others, self.same_id)),
            collisions: Collisions {
                external_id,
                user_name,
            },
            changes,
        }
    }
}

impl Identity {
    fn of(different: u64, same: u64) -> Self {
        let stops = "No run works with it until you put the old template back, or rebind the \
                     ledger with {\"command\":\"sync\",\"rebind\":true}";
        let says = match (different, same) {
            (0, _) => "the externalId template is written differently, and gives everybody the id \
                       that they have"
                .to_owned(),
            (_, 0) => "the externalId template is different: everybody would be a new person to \
                       Okta, and everybody that Okta has now would leave"
                .to_owned(),
            _ => format!(
                "the externalId template is different: {different} of {} would be new people to \
                 Okta, and the people that it has now under their ids would leave",
                different + same
            ),
        };
        Self {
            says: format!("{says}. {stops}"),
            different,
            same,
        }
    }
}

fn profile(mapped: &Mapped) -> Option<&Profile> {
    match mapped {
        Mapped::Active(_, profile) => Some(profile),
        _ => None,
    }
}

/// The attributes that have a value.
fn sent(profile: Option<&Profile>) -> Vec<String> {
    let sent = profile.into_iter().flat_map(Profile::iter);
    sent.filter(|(_, value)| value.is_some())
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn values(
    names: &[String],
    (was, is): (Option<&Profile>, Option<&Profile>),
) -> BTreeMap<String, OldAndNew> {
    let value = |profile: Option<&Profile>, name: &str| Some(profile?.get(name)?.to_owned());
    let pair = |name: &String| OldAndNew {
        old: value(was, name),
        new: value(is, name),
    };
    names
        .iter()
        .map(|name| (name.clone(), pair(name)))
        .collect()
}
