//! Rejects active people who share a login.
//!
//! Okta has a login once. Of two people who would have it, it refuses one, and nobody could say
//! which. So none of them is told anything, and the one that Okta has stays as they are: rejecting
//! somebody deactivates nobody. While the table is read a login is six bytes. People who seem to
//! share one are read again before they are rejected.

use std::collections::{BTreeMap, HashMap};

use super::{
    Found,
    login::{OneLogin, Sharer},
    seen::Seen,
};
use crate::{
    ledger::{Entry, IdHash},
    mapping::{ExternalId, Mapped},
    sync::{
        Reject, RunError,
        hand::{Circumstances, Hand, who},
    },
    users::RecordKey,
};

/// How many others a reason names.
const OTHERS: usize = 3;

/// What somebody's record says now.
enum Now {
    /// They must be active with this login.
    Active(ExternalId, RecordKey, String),
    /// Nothing leads to the record. Its user and its key, as far as they are known.
    Unread(Option<(ExternalId, Option<String>)>),
    /// Something else than before: the next look judges it.
    Changed,
}

/// Reads people again who seem to share a login, rejects those who do, and puts the others back.
pub(super) async fn reject(
    found: &mut Found,
    hand: &Hand<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<(), RunError> {
    let groups = std::mem::take(&mut found.one_login);
    let people = || groups.values().flat_map(|group| &group.people);
    if people().next().is_none() {
        return Ok(());
    }
    let ids: Vec<_> = people().map(|sharer| sharer.id).collect();
    let entries = hand.ledger.entries(&ids, &circumstances.reading.log);
    let entries: HashMap<_, _> = entries
        .await?
        .into_iter()
        .map(|entry| (IdHash::of(&entry.external_id), entry))
        .collect();
    let keys = people().filter_map(|sharer| sharer.key(entries.get(&sharer.id)));
    let keys: Vec<_> = keys.filter(|key| hand.schema.is_of(key)).cloned().collect();
    let records = hand.mapped(&keys).await?;
    // A user that Okta refused has no entry, and is named already.
    let refused: HashMap<_, _> = found
        .refused
        .named()
        .map(|(id, record)| (IdHash::of(&id), (id, Some(record))))
        .collect();
    let mut groups: Vec<_> = groups.into_values().collect();
    // Reports of the same table must be the same.
    groups.sort_unstable_by_key(|group| group.people.first().map(|sharer| sharer.id));
    for group in groups {
        let now = |sharer: Sharer| {
            let now = match refused
                .get(&sharer.id)
                .filter(|_| sharer.seen == Seen::Refused)
            {
                Some(named) => Now::Unread(Some(named.clone())),
                None => sharer.now(entries.get(&sharer.id), &records, hand.by_key()),
            };
            (sharer, now)
        };
        group.reject(now, &entries, found);
    }
    if found.one_login_more > 0 {
        let reason = "userName: another active record has the same login; neither is sent until \
                      only one has it";
        let reject = Reject::of(None, None).because(vec![reason.to_owned()]);
        found.rejected.add_unnamed(found.one_login_more, reject);
    }
    Ok(())
}

impl OneLogin {
    fn reject(
        self,
        now: impl Fn(Sharer) -> (Sharer, Now),
        entries: &HashMap<IdHash, Entry>,
        found: &mut Found,
    ) {
        let mut by_login: BTreeMap<String, Vec<(Sharer, ExternalId, RecordKey)>> = BTreeMap::new();
        let mut unread = Vec::new();
        for (sharer, now) in self.people.into_iter().map(now) {
            match now {
                Now::Active(external_id, key, login) => {
                    let people = by_login.entry(login).or_default();
                    people.push((sharer, external_id, key));
                }
                Now::Unread(named) => unread.push((sharer, named)),
                Now::Changed => sharer.put_back(found),
            }
        }
        let more = unread.len() as u64 + self.more;
        let mut names = Vec::new();
        for people in by_login.into_values() {
            let all = people.len() as u64 + more;
            if all < 2 {
                people.into_iter().for_each(|(one, ..)| one.put_back(found));
                continue;
            }
            // Okta has at most one of them, and nobody knows which.
            let told = |(sharer, ..): &&(Sharer, _, _)| sharer.seen == Seen::Unchanged;
            if people.iter().filter(told).count() > 1 {
                let told = people.iter().filter(told);
                let entries = told.filter_map(|(sharer, ..)| entries.get(&sharer.id));
                found.doubted.extend(entries.cloned());
            }
            names = people.iter().map(|(.., key)| key.to_string()).collect();
            let unread = unread.iter().filter_map(|(_, named)| named.as_ref());
            names.extend(unread.map(name));
            for (at, (sharer, external_id, key)) in people.into_iter().enumerate() {
                let reject = Reject::of(Some(&external_id), Some(key.to_string()));
                sharer.reject(found, reject.because(vec![reason(all, &names, Some(at))]));
            }
        }
        for (sharer, named) in unread {
            match named {
                Some(named) if !names.is_empty() => {
                    let own = name(&named);
                    let at = names.iter().position(|one| *one == own);
                    let reason = reason(names.len() as u64 + self.more, &names, at);
                    let reject = Reject::of(Some(&named.0), named.1);
                    sharer.reject(found, reject.because(vec![reason]));
                }
                _ => sharer.put_back(found),
            }
        }
    }
}

/// How others name a record whose key may not be known.
fn name((id, record): &(ExternalId, Option<String>)) -> String {
    record.clone().unwrap_or_else(|| format!("of user {id}"))
}

/// Why a record is rejected whose own name is at this place among them.
fn reason(all: u64, names: &[String], own: Option<usize>) -> String {
    let others = names.iter().enumerate().filter(|(at, _)| Some(*at) != own);
    let others: Vec<_> = others.map(|(_, name)| name.as_str()).take(OTHERS).collect();
    let others = match others.as_slice() {
        [] => String::new(),
        others => format!(" ({})", others.join(", ")),
    };
    match all {
        ..=2 => format!(
            "userName: another active record{others} has the same login; neither is sent until one \
             of them has another login or is inactive"
        ),
        _ => format!(
            "userName: {} other active records have the same login{others}; none is sent until \
             only one has it",
            all - 1
        ),
    }
}

impl Sharer {
    fn key<'k>(&'k self, entry: Option<&'k Entry>) -> Option<&'k RecordKey> {
        let seen = self.suspect.iter().flat_map(|suspect| &suspect.keys).next();
        seen.or(entry.map(|entry| &entry.key))
    }

    fn now(
        &self,
        entry: Option<&Entry>,
        records: &BTreeMap<String, (RecordKey, Mapped)>,
        by_key: bool,
    ) -> Now {
        let record = self.key(entry).map(RecordKey::canonical);
        let record = record.and_then(|key| records.get(&key));
        if let Some((key, Mapped::Active(id, profile))) = record
            && IdHash::of(id) == self.id
        {
            let login = profile.login().unwrap_or_default();
            return Now::Active(id.clone(), key.clone(), login);
        }
        let about_them = record.and_then(|(_, mapped)| who(mapped));
        let is_theirs = about_them.is_some_and(|id| IdHash::of(id) == self.id);
        if self.suspect.is_some() || is_theirs || (by_key && entry.is_some()) {
            return Now::Changed;
        }
        // The ledger leads to where their record was when they were told. It has another key now.
        Now::Unread(entry.map(|entry| (entry.external_id.clone(), None)))
    }

    /// They are judged as if nobody else had their login.
    fn put_back(self, found: &mut Found) {
        found.counts.count(self.seen);
        found.charged.extend(self.listed);
        match (self.suspect, self.seen) {
            (Some(suspect), _) => found.upserts.push(suspect),
            (None, Seen::Upsert { .. }) => found.beyond += 1,
            (None, Seen::Waits) => found.waiting.push(self.id),
            _ => {}
        }
    }

    fn reject(self, found: &mut Found, reject: Reject) {
        if self.seen == Seen::Refused {
            found.refused.take_back(&reject);
        }
        found.rejected.add(reject);
    }
}
