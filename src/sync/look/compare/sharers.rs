//! Takes those out of what was found who seem to share a login.

use std::collections::HashMap;

use super::{Comparison, Seen};
use crate::{
    ledger::IdHash,
    sync::look::login::{self, LoginHash, Sharer},
};

impl Comparison<'_> {
    /// Sets those aside whose login another active record seems to have; how many they are.
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
        // Reports of one and the same table are to be the same.
        named.sort_unstable_by_key(|(id, _)| *id);
        for (id, sharer) in named {
            if let Some(group) = groups.get(&id) {
                let group = self.found.one_login.entry(*group).or_default();
                group.people.push(sharer);
            }
        }
        all
    }

    /// Takes them out of whatever they are in, which those who are named keep; how many of them
    /// were to be told.
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
