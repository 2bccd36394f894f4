//! Which records are about which people, for people that no entry leads to.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use crate::{
    ledger::IdHash,
    mapping::Mapped,
    sync::{
        RunError,
        hand::{AtHand, Elsewhere, Hand, who},
    },
    users::{KeyKind, KeySchema, RecordKey},
};

/// The keys of all records, by the hash of the person they are about: some dozens of bytes a
/// record, whatever else is in it. It ages, and only leads to what is then read again.
#[derive(Debug, Default)]
pub(super) struct Index {
    rows: Vec<(IdHash, usize)>,
    /// Where the keys of active people are, by their logins. Read only on request.
    logins: Vec<(u64, usize)>,
    hashed_by: RandomState,
    keys: Vec<u8>,
    unidentified: bool,
}

impl Index {
    /// Reads the whole users table, `with_logins` on request.
    pub(super) async fn read(hand: &Hand<'_>, with_logins: bool) -> Result<Self, RunError> {
        let mut index = Self::default();
        let mut pages = hand.users.read_all(hand.mapping.attributes(), {
            let (mapping, now) = (Arc::clone(hand.mapping), hand.now());
            let hashed_by = index.hashed_by.clone();
            move |schema, record| {
                let key = schema.key_of(record.attributes())?;
                let mapped = mapping.map(record, now);
                if matches!(mapped, Mapped::Unidentified(_)) {
                    return Some((None, None, key));
                }
                let login = match &mapped {
                    Mapped::Active(_, profile) if with_logins => profile.login(),
                    _ => None,
                };
                let login = login.map(|login| hashed_by.hash_one(login));
                Some((Some(IdHash::of(who(&mapped)?)), login, key))
            }
        });
        while let Some(page) = pages.next().await? {
            for (id, login, key) in page.into_iter().flatten() {
                match id {
                    None => index.unidentified = true,
                    Some(id) => {
                        index
                            .logins
                            .extend(login.map(|login| (login, index.keys.len())));
                        index.add(id, &key, hand.schema);
                    }
                }
            }
        }
        index.rows.sort_unstable();
        index.logins.sort_unstable();
        Ok(index)
    }

    /// Whether any record is about somebody, or would be about them.
    pub(super) fn has(&self, id: IdHash) -> bool {
        self.rows.binary_search_by_key(&id, |(id, _)| *id).is_ok()
    }

    /// The key of a record that has somebody with this login active.
    pub(super) fn with_login(&self, login: &str, schema: &KeySchema) -> Option<RecordKey> {
        let hash = self.hashed_by.hash_one(login.to_lowercase());
        let place = self.logins.binary_search_by_key(&hash, |(login, _)| *login);
        self.key(self.logins[place.ok()?].1, schema)
    }

    fn add(&mut self, id: IdHash, key: &RecordKey, schema: &KeySchema) {
        self.rows.push((id, self.keys.len()));
        let item = key.to_item();
        for name in schema.names() {
            let value = match item.get(name) {
                Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.as_bytes(),
                Some(AttributeValue::B(bytes)) => bytes.as_ref(),
                _ => &[],
            };
            // A key attribute has 2,048 bytes at most.
            let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
            self.keys.extend(length.to_be_bytes());
            self.keys.extend(&value[..usize::from(length)]);
        }
    }

    /// The keys of the records about somebody.
    pub(super) fn keys(&self, id: IdHash, schema: &KeySchema) -> Vec<RecordKey> {
        let first = self.rows.partition_point(|(other, _)| *other < id);
        let rows = self.rows[first..]
            .iter()
            .take_while(|(other, _)| *other == id);
        rows.filter_map(|(_, at)| self.key(*at, schema)).collect()
    }

    fn key(&self, mut at: usize, schema: &KeySchema) -> Option<RecordKey> {
        let mut item = HashMap::new();
        for name in schema.names() {
            let length = self.keys.get(at..at + 2)?;
            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
            at += 2;
            let value = self.keys.get(at..at + length)?;
            at += length;
            let text = || Some(std::str::from_utf8(value).ok()?.to_owned());
            let value = match schema.kind(name)? {
                KeyKind::Text => AttributeValue::S(text()?),
                KeyKind::Number => AttributeValue::N(text()?),
                KeyKind::Binary => AttributeValue::B(Blob::new(value)),
            };
            item.insert(name.to_owned(), value);
        }
        Some(RecordKey::from_item(&item))
    }

    /// What it says about somebody beyond the records that it leads to, one of which gave
    /// `at_hand`.
    pub(super) fn elsewhere(&self, id: IdHash, at_hand: AtHand) -> Elsewhere {
        let first = self.rows.partition_point(|(other, _)| *other < id);
        let leads_somewhere = self.rows.get(first).is_some_and(|(other, _)| *other == id);
        match at_hand {
            // Their record is no longer like this, and another one may be theirs.
            AtHand::Absent if leads_somewhere => Elsewhere::Unknown,
            _ if self.unidentified => Elsewhere::Unclear,
            _ => Elsewhere::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::ExternalId;

    #[test]
    fn a_key_of_any_kind_is_found_again() {
        let schema = KeySchema::new(vec![
            ("tenant".into(), KeyKind::Number),
            ("id".into(), KeyKind::Binary),
        ]);
        let key = |tenant: &str| {
            RecordKey::from_item(
                &[
                    ("tenant".to_owned(), AttributeValue::N(tenant.to_owned())),
                    ("id".to_owned(), AttributeValue::B(Blob::new([0, 255, 7]))),
                ]
                .into(),
            )
        };
        let id = |text: &str| IdHash::of(&ExternalId::parse(text).unwrap());
        let mut index = Index::default();
        for (who, tenant) in [("kim", "7"), ("sam", "8"), ("kim", "9")] {
            index.add(id(who), &key(tenant), &schema);
        }
        index.rows.sort_unstable();

        let found = |who: &str| {
            let keys = index.keys(id(who), &schema).into_iter();
            keys.map(|key| key.canonical()).collect::<Vec<_>>()
        };

        assert_eq!(found("kim"), [key("7").canonical(), key("9").canonical()]);
        assert_eq!(found("sam"), [key("8").canonical()]);
        assert_eq!(found("pat"), [] as [String; 0]);
        let elsewhere = |who| index.elsewhere(id(who), AtHand::Absent);
        assert_eq!(elsewhere("pat"), Elsewhere::Nothing);
        assert_eq!(elsewhere("kim"), Elsewhere::Unknown);
    }
}
