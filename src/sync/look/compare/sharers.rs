//! Takes people who seem to share a login out of what was found.

use std::collections::HashMap;

use super::{Comparison, Seen};
use crate::{
    ledger::IdHash,
    sync::look::login::{self, LoginHash, Sharer},
};

impl Comparison<'_> {
    /// Sets people aside whose login another active record seems to have. Gives how many they are.
    pub(super) fn set_sharers_aside(&mut self) -> u64 {
        let rows = self.logins.iter();
        let newcomers = self.newcomers.values().map(|(_, login)| login);
        let shared = login::shared(rows.chain(newcomers).copied());
        if shared.is_empty() {
            return 0;
        }
        let (mut all, mut upserts) = (0, 0);
        let mut named: HashMap<IdHash, Sharer> = HashMap::new();
        let mut groups: HashMap<IdHash, LoginHash> = HashMap::new();
        let rows = self.book.iter().map(|(id, _)| id);
        let rows = rows.zip(self.seen.iter_mut().zip(&self.logins));
        let newcomers = self.newcomers.iter_mut();
        let newcomers = newcomers.map(|(id, (seen, login))| (*id, (seen, &*login)));
        for (id, (seen, login)) in rows.chain(newcomers) {
            if shared.binary_search(login).is_err() {
                continue;
            }
            all += 1;
            let before = std::mem::replace(seen, Seen::Shares);
            upserts += u64::from(matches!(before, Seen::Upsert { .. }));
            if named.len() < login::NAMED {
                let sharer = Sharer {
                    id,
                    seen: before,
                    suspect: None,
                    listed: None,
                };
                named.insert(id, sharer);
                groups.insert(id, *login);
                self.found.one_login.entry(*login).or_default();
                continue;
            }
            if let Some(group) = self.found.one_login.get_mut(login) {
                group.more += 1;
            }
            if before == Seen::Refused {
                // Okta has said so already.
                *seen = before;
            } else {
                self.found.one_login_more += 1;
            }
        }
        let held = self.take_out(&mut named);
        self.found.beyond -= upserts - held;
        let mut named: Vec<_> = named.into_iter().collect();
        // Reports of the same table must be the same.
        named.sort_unstable_by_key(|(id, _)| *id);
        for (id, sharer) in named {
            if let Some(group) = groups.get(&id) {
                let group = self.found.one_login.entry(*group).or_default();
                group.people.push(sharer);
            }
        }
        all
    }

    /// Takes them out of everything that they are in, which the named ones keep. Gives how many of
    /// them would have been told.
    fn take_out(&mut self, named: &mut HashMap<IdHash, Sharer>) -> u64 {
        let (book, seen, newcomers) = (self.book, &self.seen, &self.newcomers);
        let shares = |id: IdHash| {
            let seen = match book.find(id) {
                Some((row, _)) => Some(seen[row]),
                None => newcomers.get(&id).map(|(seen, _)| *seen),
            };
            seen == Some(Seen::Shares)
        };
        let found = &mut self.found;
        let mut upserts = Vec::with_capacity(found.upserts.len());
        let mut held = 0;
        for suspect in std::mem::take(&mut found.upserts) {
            if !shares(suspect.id) {
                upserts.push(suspect);
                continue;
            }
            held += 1;
            if let Some(sharer) = named.get_mut(&suspect.id) {
                sharer.suspect = Some(suspect);
            }
        }
        found.upserts = upserts;
        found.packed.retain(|id, _| !shares(id));
        found.waiting.retain(|id| !shares(*id));
        let mut charged = Vec::with_capacity(found.charged.len());
        for listed in std::mem::take(&mut found.charged) {
            if !shares(listed.1.id) {
                charged.push(listed);
            } else if let Some(sharer) = named.get_mut(&listed.1.id) {
                sharer.listed = Some(listed);
            }
        }
        found.charged = charged;
        held
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_sdk_dynamodb::types::AttributeValue;
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::{
        guard::Approved, ledger::Book, mapping::Mapping, sync::Refusals, users::RecordKey,
    };

    #[test]
    fn of_very_many_only_so_many_are_held_and_none_of_the_others_is_told() {
        let mapping = json!({"externalId": "{{ user }}",
            "profile": {"userName": "{{ login }}", "email": "a@example.com"}});
        let mapping = Mapping::from_json(&mapping.to_string()).unwrap();
        let (book, refusals, approved) =
            (Book::default(), Refusals::default(), Approved::default());
        let mut comparison = Comparison::new(&book, &refusals, &approved);
        for n in 0..5_003 {
            let login = match n {
                0..3_000 => format!("pair{}", n / 2),
                3_000..5_000 => "all".to_owned(),
                _ => format!("alone{n}"),
            };
            let text = |text: String| AttributeValue::S(text);
            let item: HashMap<_, _> = [
                ("user".to_owned(), text(format!("u{n}"))),
                ("login".to_owned(), text(login)),
                ("active".to_owned(), AttributeValue::Bool(true)),
            ]
            .into();
            let key = RecordKey::from_item(&item);
            comparison.take(key, mapping.map(item.into(), Timestamp::UNIX_EPOCH));
        }

        let found = comparison.finish();

        let groups = || found.one_login.values();
        let held: usize = groups().map(|group| group.people.len()).sum();
        assert_eq!((held, found.one_login_more), (login::NAMED, 3_000));
        assert!(groups().all(|group| group.people.len() as u64 + group.more > 1));
        let people = groups().flat_map(|group| &group.people);
        assert!(people.into_iter().all(|sharer| sharer.suspect.is_some()));
        assert_eq!(
            (found.upserts.len(), found.counts.upserts, found.beyond),
            (3, 3, 0)
        );
    }
}
