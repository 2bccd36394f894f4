//! A record becomes a user, or something that says why not.
//!
//! The mapping is data: templates and expressions that are compiled once, and
//! whose variables are the attributes that a read of the users table brings.

mod check;
mod compile;
mod condition;
mod file;
mod fingerprint;
mod identity;
mod language;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod text;

use std::{fmt, sync::Arc};

pub use compile::MappingError;
pub use file::{DEFAULT_MAPPING, MappingFile, WhenEmpty};
pub use fingerprint::Fingerprint;

use condition::Condition;
use text::{Subject, Text};

use crate::users::{Attributes, KeySchema, Record};

/// A user's id in the identity source: 1 to 512 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExternalId(String);

impl ExternalId {
    /// The longest external id, in characters (Okta's published API description).
    pub const MAX_CHARS: usize = 512;

    /// Takes a text that has the right length and is not blank.
    ///
    /// # Errors
    /// Says which of these it is not.
    pub fn parse(text: impl Into<String>) -> Result<Self, String> {
        let text = text.into();
        match text.chars().count() {
            _ if text.trim().is_empty() => Err("externalId: is empty".to_owned()),
            n if n > Self::MAX_CHARS => Err(format!(
                "externalId: has {n} characters, at most 512 are allowed"
            )),
            _ => Ok(Self(text)),
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A profile's attributes in alphabetical order; `None` is sent as `null`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile(Vec<(Arc<str>, Option<String>)>);

impl Profile {
    /// The attributes and their values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0
            .iter()
            .map(|(name, value)| (&**name, value.as_deref()))
    }

    /// An attribute's value, if it has one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(candidate, _)| *candidate == name)
            .and_then(|(_, value)| value)
    }

    /// The length of its names and values, in bytes: a little less than it takes as JSON.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.iter()
            .map(|(name, value)| name.len() + value.map_or(0, str::len))
            .sum()
    }

    /// What the ledger remembers of this profile.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self)
    }
}

impl serde::Serialize for Profile {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// What the mapping makes of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// A user who is to be active, with this profile.
    Active(ExternalId, Profile),
    /// A user who is to be inactive.
    Inactive(ExternalId),
    /// A record that this identity source is not about.
    OutOfScope(ExternalId),
    /// A record that cannot be sent: its owner stays as Okta has them.
    Rejected(ExternalId, Vec<String>),
    /// A record that does not even say whom it is about.
    Unidentified(Vec<String>),
}

/// A compiled mapping.
#[derive(Debug)]
pub struct Mapping {
    external_id: Text,
    active: Condition,
    include: Condition,
    profile: Vec<(Arc<str>, Text)>,
    when_empty: WhenEmpty,
    attributes: Attributes,
}

impl Mapping {
    /// The attributes of a record that the mapping reads.
    #[must_use]
    pub fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Whether a record's key alone says whom the record is about, and a user's id only one key:
    /// see [`identity::is_key`].
    #[must_use]
    pub fn identifies_by(&self, schema: &KeySchema) -> bool {
        self.external_id
            .pieces()
            .is_some_and(|pieces| identity::is_key(pieces, schema))
    }

    /// Whom a record is about, if it says so.
    #[must_use]
    pub fn external_id(&self, record: Record) -> Option<ExternalId> {
        self.external_id
            .render(&Subject::new(record))
            .and_then(ExternalId::parse)
            .ok()
    }

    /// The profile attributes that the mapping may send, in alphabetical order.
    pub fn profile_attributes(&self) -> impl Iterator<Item = &str> {
        self.profile.iter().map(|(name, _)| &**name)
    }

    /// Maps one record. A record that is out of scope or inactive needs no valid profile:
    /// a leaver whose address is malformed still leaves.
    #[must_use]
    pub fn map(&self, record: Record) -> Mapped {
        let subject = Subject::new(record);
        let external_id = self.external_id.render(&subject);
        let external_id = match external_id.and_then(ExternalId::parse) {
            Ok(id) => id,
            Err(why) => return Mapped::Unidentified(vec![prefixed("externalId", why)]),
        };
        match self.include.holds(&subject) {
            Ok(true) => {}
            Ok(false) => return Mapped::OutOfScope(external_id),
            Err(why) => return Mapped::Rejected(external_id, vec![format!("include: {why}")]),
        }
        match self.active.holds(&subject) {
            Ok(true) => {}
            Ok(false) => return Mapped::Inactive(external_id),
            Err(why) => return Mapped::Rejected(external_id, vec![format!("active: {why}")]),
        }
        match self.profile(&subject) {
            Ok(profile) => Mapped::Active(external_id, profile),
            Err(reasons) => Mapped::Rejected(external_id, reasons),
        }
    }

    fn profile(&self, subject: &Subject) -> Result<Profile, Vec<String>> {
        let mut reasons = Vec::new();
        let mut attributes = Vec::with_capacity(self.profile.len());
        for (name, template) in &self.profile {
            match template.render(subject).map(trimmed) {
                Ok(value) if !value.is_empty() => {
                    reasons.extend(check::value(name, &value));
                    attributes.push((Arc::clone(name), Some(value)));
                }
                Ok(_) if self.when_empty == WhenEmpty::Null && check::nullable(name) => {
                    attributes.push((Arc::clone(name), None));
                }
                Ok(_) => {}
                Err(why) => reasons.push(prefixed(name, why)),
            }
        }
        let profile = Profile(attributes);
        reasons.extend(check::profile(&profile, &reasons));
        if reasons.is_empty() {
            Ok(profile)
        } else {
            Err(reasons)
        }
    }
}

fn prefixed(name: &str, why: String) -> String {
    if why.starts_with(&format!("{name}: ")) {
        why
    } else {
        format!("{name}: {why}")
    }
}

fn trimmed(text: String) -> String {
    let trimmed = text.trim();
    if trimmed.len() == text.len() {
        text
    } else {
        trimmed.to_owned()
    }
}
