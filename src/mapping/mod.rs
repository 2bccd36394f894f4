//! A record becomes a user, or something that says why not.
//!
//! The mapping is data: templates and expressions that are compiled once. Their variables are the
//! attributes that a read of the users table brings.

mod check;
mod clean;
mod compile;
mod condition;
mod error;
mod external_id;
mod file;
mod fingerprint;
mod groups;
mod identity;
mod language;
mod mapped;
mod period;
mod profile;
#[cfg(test)]
mod properties;
mod sent;
#[cfg(test)]
mod tests;
mod text;

use std::collections::HashSet;

use jiff::Timestamp;

pub use error::{Excerpt, MappingError, Place};
pub use external_id::ExternalId;
pub use file::{DEFAULT_MAPPING, GroupRule, MappingFile, OutOfScope, ProfileAttribute, WhenEmpty};
pub use fingerprint::Fingerprint;
pub use groups::{Group, GroupId, Groups};
pub use mapped::{Comparison, Judged, Mapped};
pub use profile::{Profile, Since};

pub(crate) use language::nearest;

use condition::Condition;
use groups::Rule;
use period::{Period, State};
use sent::{Sent, WhenNothing};
use text::{Subject, Text};

use crate::{
    mutation::{self, Mutation},
    users::{Attributes, KeySchema, Record, RecordKey},
};

/// A compiled mapping.
#[derive(Debug)]
pub struct Mapping {
    external_id: Text,
    active: Condition,
    include: Condition,
    period: Period,
    /// Whether people who go out of scope stay as they are.
    keeps: bool,
    profile: Vec<Sent>,
    groups: Vec<Rule>,
    deletes_empty_groups: bool,
    /// The hash of the file that it was read from.
    digest: [u8; 32],
    attributes: Attributes,
    /// The attributes that templates see if they could reach any.
    only: Option<HashSet<String>>,
}

impl Mapping {
    /// The attributes of a record that the mapping reads.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Whether a record's key alone identifies the person, and a user's id only one key. True only
    /// for templates that provably lose nothing of it.
    #[must_use]
    pub fn identifies_by(&self, schema: &KeySchema) -> bool {
        self.external_id
            .pieces()
            .is_some_and(|pieces| identity::is_key(pieces, schema))
            || mutation::on(Mutation::FoldingIdentifies)
    }

    /// The key of the record about somebody, if a record's key alone identifies the person and they
    /// can have one.
    #[must_use]
    pub fn key_of(&self, id: &ExternalId, schema: &KeySchema) -> Option<RecordKey> {
        let pieces = self.external_id.pieces()?;
        let is_theirs =
            |key: &RecordKey| self.external_id(key.to_item().into()).as_ref() == Some(id);
        identity::keys(pieces, id.as_str(), schema)
            .into_iter()
            .filter_map(|item| schema.key_of(&item))
            .find(is_theirs)
    }

    /// Whether it has rules that give groups.
    #[must_use]
    pub fn gives_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// Whether to delete groups that are empty, and that no rule gives any more.
    #[must_use]
    pub fn deletes_empty_groups(&self) -> bool {
        self.deletes_empty_groups
    }

    /// A hash of the file that it was read from: another file is another mapping.
    #[must_use]
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The template of the external id, as it is written.
    #[must_use]
    pub fn external_id_template(&self) -> &str {
        self.external_id.source()
    }

    /// The external id of a record, if it has one.
    #[must_use]
    pub fn external_id(&self, record: Record) -> Option<ExternalId> {
        self.identity(&self.subject(record)).ok()
    }

    fn identity(&self, subject: &Subject) -> Result<ExternalId, Mapped> {
        let text = self.external_id.render(subject);
        let text = text.map_err(|why| Mapped::Unidentified(vec![prefixed("externalId", why)]))?;
        let is_blank = clean::ends(&text).is_empty();
        ExternalId::parse(text).map_err(|why| {
            if is_blank {
                Mapped::Unidentified(vec![why])
            } else {
                Mapped::Impossible(vec![why])
            }
        })
    }

    fn subject(&self, record: Record) -> Subject {
        Subject::new(match &self.only {
            Some(names) => record.only(names),
            None => record,
        })
    }

    /// The profile attributes that the mapping may send, in alphabetical order.
    pub fn profile_attributes(&self) -> impl Iterator<Item = &str> {
        self.profile.iter().map(|sent| &*sent.name)
    }

    /// Maps one record as it must be `now`. An inactive record needs no valid profile: a leaver
    /// with a malformed address still leaves.
    #[must_use]
    pub fn map(&self, record: Record, now: Timestamp) -> Mapped {
        self.judge(record, now).mapped
    }

    /// Maps one record, and says when it crosses its next date.
    #[must_use]
    pub fn judge(&self, record: Record, now: Timestamp) -> Judged {
        let mut next = None;
        let mapped = self.decide(&self.subject(record), now, &mut next);
        Judged {
            mapped: mutated(mapped.unwrap_or_else(|mapped| mapped)),
            next,
        }
    }

    /// What this mapping and another make of one record.
    #[must_use]
    pub fn compare(&self, other: &Self, record: Record, now: Timestamp) -> Comparison {
        let before = self.map(record.clone(), now);
        let after = other.map(record, now);
        let attributes = match (&before, &after) {
            (Mapped::Active(one, was), Mapped::Active(other, is)) if one == other => {
                was.differences(is)
            }
            _ => Vec::new(),
        };
        Comparison {
            before,
            after,
            attributes,
        }
    }

    fn decide(
        &self,
        subject: &Subject,
        now: Timestamp,
        next: &mut Option<Timestamp>,
    ) -> Result<Mapped, Mapped> {
        let included = self.include.holds(subject);
        if included == Ok(false) {
            return Ok(Mapped::OutOfScope {
                who: self.identity(subject).ok(),
                keep: self.keeps,
            });
        }
        let external_id = self.identity(subject)?;
        let rejected = |reasons| Mapped::Rejected(external_id.clone(), reasons);
        included.map_err(|why| rejected(vec![format!("include: {why}")]))?;
        let active = self.active.holds(subject);
        if !active.map_err(|why| rejected(vec![format!("active: {why}")]))? {
            return Ok(Mapped::Inactive(external_id));
        }
        let standing = self.period.standing(subject, now);
        let standing = standing.map_err(|why| rejected(vec![why]))?;
        *next = standing.next;
        match standing.state {
            State::Upcoming => Ok(Mapped::Upcoming(external_id)),
            State::Left => Ok(Mapped::Inactive(external_id)),
            State::Active => {
                let profile = self.profile(subject);
                let groups = Groups::of(&self.groups, subject, &external_id);
                match (profile, groups) {
                    (Ok(profile), Ok(groups)) => {
                        Ok(Mapped::Active(external_id, profile.in_groups(groups)))
                    }
                    (profile, groups) => {
                        let mut reasons = profile.err().unwrap_or_default();
                        reasons.extend(groups.err().unwrap_or_default());
                        Err(Mapped::Rejected(external_id, reasons))
                    }
                }
            }
        }
    }

    fn profile(&self, subject: &Subject) -> Result<Profile, Vec<String>> {
        let mut reasons = Vec::new();
        let mut attributes = Vec::with_capacity(self.profile.len());
        let mut before = Vec::new();
        for sent in &self.profile {
            let name = &sent.name;
            let value = match sent.value(subject) {
                Ok(value) => value,
                Err(why) => {
                    reasons.push(prefixed(name, why));
                    continue;
                }
            };
            reasons.extend(sent.complaint(&value));
            if let Some(was) = value.before {
                before.push((name.clone(), was));
            }
            match (value.now, sent.when_nothing) {
                (Some(now), _) => attributes.push((name.clone(), Some(now))),
                (None, WhenNothing::Null) => attributes.push((name.clone(), None)),
                (None, WhenNothing::Omit) => {}
                (None, WhenNothing::Reject) => reasons.push(format!("{name}: is empty")),
            }
        }
        // Most logins are the address: what is missing is said once.
        if reasons.iter().any(|reason| reason == "userName: is empty") {
            reasons.retain(|reason| reason != "email: is empty");
        }
        let profile = Profile::new(attributes).having_been(before);
        reasons.extend(check::profile(&profile, &reasons));
        if reasons.is_empty() {
            Ok(profile)
        } else {
            Err(reasons)
        }
    }
}

/// What deliberate bugs make of it.
fn mutated(mapped: Mapped) -> Mapped {
    let not_there = Mapped::OutOfScope {
        who: None,
        keep: false,
    };
    match mapped {
        Mapped::Rejected(..) if mutation::on(Mutation::RejectedIsMissing) => not_there,
        Mapped::Upcoming(id) if mutation::on(Mutation::UpcomingIsInactive) => Mapped::Inactive(id),
        Mapped::Unidentified(_) if mutation::on(Mutation::UnidentifiedIsNobody) => not_there,
        mapped => mapped,
    }
}

fn prefixed(name: &str, why: String) -> String {
    if why.starts_with(&format!("{name}: ")) {
        why
    } else {
        format!("{name}: {why}")
    }
}
