//! One user's entry, and how it looks in the state table.

use std::fmt::Write as _;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::{
    dynamodb::Item,
    mapping::{ExternalId, Fingerprint},
    okta::SessionId,
    users::RecordKey,
};

/// The first 128 bits of an external id's SHA-256: what the ledger finds a user by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdHash([u8; 16]);

impl IdHash {
    /// The hash of this id.
    #[must_use]
    pub fn of(id: &ExternalId) -> Self {
        Self::of_text(id.as_str())
    }

    pub(super) fn of_text(text: &str) -> Self {
        let mut hash = [0; 16];
        hash.copy_from_slice(&Sha256::digest(text)[..16]);
        Self(hash)
    }

    /// About where this hash is among so many in their order; at most `count`.
    pub(super) fn place_among(self, count: usize) -> usize {
        let upper_half = u128::from_be_bytes(self.0) >> 64;
        ((upper_half * count as u128) >> 64) as usize
    }

    pub(super) fn pk(self) -> String {
        format!("user#{}", self.hex())
    }

    pub(super) fn from_pk(pk: &str) -> Option<Self> {
        Self::from_hex(pk.strip_prefix("user#")?)
    }

    pub(super) fn from_hex(hex: &str) -> Option<Self> {
        let all = hex.len() == 32 && hex.is_ascii();
        let number = all.then(|| u128::from_str_radix(hex, 16).ok())??;
        Some(Self(number.to_be_bytes()))
    }

    /// The first of the hexadecimal digits.
    pub(super) fn first_digit(self) -> usize {
        usize::from(self.0[0] >> 4)
    }

    pub(super) fn hex(self) -> String {
        self.0
            .iter()
            .fold(String::with_capacity(32), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}

/// What Okta was told of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// To be active, with the profile of this fingerprint.
    Active(Fingerprint),
    /// To be inactive.
    Inactive,
}

/// A user's entry in the ledger.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Who.
    pub external_id: ExternalId,
    /// The record they came from.
    pub key: RecordKey,
    /// What Okta was told.
    pub told: Told,
    /// The session that carried it; without one, nobody knows whether it arrived.
    pub session: Option<SessionId>,
    /// Where they came from.
    pub origin: Origin,
    /// When it was written.
    pub at: Timestamp,
}

/// Where a user came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The users table: who is not in it any more is gone.
    Table,
    /// A push alone: that the table does not have them says nothing.
    Push,
}

impl Entry {
    pub(super) fn to_item(&self) -> Item {
        let mut item = Item::from([
            (
                "pk".to_owned(),
                AttributeValue::S(IdHash::of(&self.external_id).pk()),
            ),
            (
                "externalId".to_owned(),
                AttributeValue::S(self.external_id.to_string()),
            ),
            ("key".to_owned(), AttributeValue::M(self.key.to_item())),
            ("at".to_owned(), AttributeValue::S(self.at.to_string())),
        ]);
        if let Told::Active(print) = self.told {
            item.insert(
                "print".to_owned(),
                AttributeValue::B(Blob::new(print.as_bytes().as_slice())),
            );
        }
        if self.origin == Origin::Push {
            item.insert("origin".to_owned(), AttributeValue::S("push".to_owned()));
        }
        if let Some(session) = &self.session {
            item.insert("session".to_owned(), AttributeValue::S(session.to_string()));
        }
        item
    }

    pub(super) fn from_item(item: &Item) -> Option<Self> {
        Some(Self {
            external_id: ExternalId::parse(item.get("externalId")?.as_s().ok()?.as_str()).ok()?,
            key: RecordKey::from_item(item.get("key")?.as_m().ok()?),
            told: told(item)?,
            session: session(item).map(|id| SessionId::from(id.to_owned())),
            origin: origin(item),
            at: item.get("at")?.as_s().ok()?.parse().ok()?,
        })
    }
}

/// What an item says Okta was told; `None` if it says so in a way this release does not know.
pub(super) fn told(item: &Item) -> Option<Told> {
    let Some(print) = item.get("print") else {
        return Some(Told::Inactive);
    };
    let bytes: [u8; 16] = print.as_b().ok()?.as_ref().try_into().ok()?;
    Some(Told::Active(Fingerprint::from(bytes)))
}

pub(super) fn origin(item: &Item) -> Origin {
    if item.contains_key("origin") {
        Origin::Push
    } else {
        Origin::Table
    }
}

pub(super) fn session(item: &Item) -> Option<&str> {
    item.get("session")?.as_s().ok().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str) -> Entry {
        Entry {
            external_id: ExternalId::parse("alice").unwrap(),
            key: RecordKey::from_item(
                &[("id".to_owned(), AttributeValue::S(key.to_owned()))].into(),
            ),
            told: Told::Active(Fingerprint::from([7; 16])),
            session: Some(SessionId::from("aps1".to_owned())),
            origin: Origin::Push,
            at: "2026-01-02T03:04:05Z".parse().unwrap(),
        }
    }

    #[test]
    fn an_entry_survives_the_state_table() {
        for told in [Told::Inactive, Told::Active(Fingerprint::from([7; 16]))] {
            let entry = Entry {
                told,
                ..entry("a1")
            };

            assert_eq!(Entry::from_item(&entry.to_item()), Some(entry));
        }
    }

    #[test]
    fn a_user_is_found_by_what_sha256sum_prints() {
        let hash = IdHash::of(&ExternalId::parse("alice").unwrap());

        assert_eq!(hash.pk(), "user#2bd806c97f0e00af1a1fc3328fa763a9");
        assert_eq!(IdHash::from_pk(&hash.pk()), Some(hash));
    }
}
