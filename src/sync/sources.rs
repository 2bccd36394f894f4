//! Where a run's records come from, and the plan that each of these makes.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde_json::Value;

use super::{Aside, Draft, Plan, Planner, RunError, plan::Leaver, plan::Scope};
use crate::{
    ledger::{Book, IdHash, Ledger, Origin, SessionLog},
    mapping::{ExternalId, Mapped, Mapping},
    mutation::{self, Mutation},
    users::{Record, RecordKey, UsersTable},
};

/// What a run looks at.
#[derive(Debug, Clone)]
pub enum Source {
    /// The whole users table.
    Table,
    /// The records under these keys, as they are now: something happened to them.
    Keys(Vec<RecordKey>),
    /// Records that came with the event, in the users table's shape as plain JSON.
    Payload(Vec<Value>),
}

/// What plans are made with.
pub(super) struct Sources<'a> {
    pub(super) users: &'a UsersTable,
    pub(super) mapping: &'a Arc<Mapping>,
    pub(super) ledger: &'a Ledger,
    /// What time it is for the mapping.
    pub(super) now: Timestamp,
    /// Who is not to be told to Okta.
    pub(super) aside: &'a Aside,
}

impl Sources<'_> {
    /// The whole users table against this book of the whole ledger.
    pub(super) async fn whole(&self, book: &Book) -> Result<Plan, RunError> {
        let mut planner = Planner::new(book, Origin::Table).leaving(self.aside);
        let mut pages = self.users.read_all(self.mapping.attributes(), {
            let (mapping, now) = (Arc::clone(self.mapping), self.now);
            move |schema, record| {
                Some((
                    schema.key_of(record.attributes())?,
                    mapping.map(record, now),
                ))
            }
        });
        while let Some(page) = pages.next().await? {
            for (key, mapped) in page.into_iter().flatten() {
                planner.take(key, mapped);
            }
        }
        let scope = Scope::Whole {
            known_users: book.len() as u64,
        };
        self.look_twice(planner.finish(), scope, book.active())
            .await
    }

    /// The records under `keys` against the entries of their users: what it costs depends on
    /// the number of keys, not on the size of the directory.
    ///
    /// Who a record that is absent was about, its key must tell. Where the external id is made
    /// of other attributes, the same user may have another record by now, which only a full read
    /// would find: that nobody is about them any more is then left to the next full run.
    pub(super) async fn keys(
        &self,
        keys: &[RecordKey],
        log: &SessionLog,
    ) -> Result<Plan, RunError> {
        let mut records = self.mapped(keys).await?;
        if let Some(images) = mutation::believed(keys) {
            let map = |(key, image): (RecordKey, Record)| (key, self.mapping.map(image, self.now));
            records = images.into_iter().map(map).collect();
        }
        let named: BTreeSet<_> = records
            .iter()
            .filter_map(|(_, mapped)| subject(mapped))
            .map(IdHash::of)
            .collect();
        let by_key = self.mapping.identifies_by(self.users.schema().await?);
        let of_keys = if by_key {
            keys.iter()
                .filter_map(|key| self.mapping.external_id(key.to_item().into()))
                .map(|id| IdHash::of(&id))
                .collect()
        } else {
            if records.len() < keys.len() {
                tracing::info!(
                    absent = keys.len() - records.len(),
                    "who had these records, the next full run finds out"
                );
            }
            BTreeSet::new()
        };
        let ids: Vec<_> = named.union(&of_keys).copied().collect();
        let mut entries = self.ledger.entries(&ids).await?;

        let touched: HashSet<_> = keys.iter().map(RecordKey::canonical).collect();
        let is_touched = |key: &RecordKey| touched.contains(&key.canonical());
        entries.retain(|entry| {
            named.contains(&IdHash::of(&entry.external_id)) || is_touched(&entry.key)
        });
        // A user may have had another record until now. If that one still is about them, two are.
        let others: Vec<_> = entries
            .iter()
            .map(|entry| &entry.key)
            .filter(|key| !is_touched(key))
            .cloned()
            .collect();
        let others = self.mapped(&others).await?;
        records.extend(
            others.into_iter().filter(|(_, other)| {
                subject(other).is_some_and(|id| named.contains(&IdHash::of(id)))
            }),
        );

        let book = Book::of(&entries, &log.doubtful());
        let mut planner = Planner::new(&book, Origin::Table).leaving(self.aside);
        if !by_key && !mutation::on(Mutation::StrangersLeaveByStream) {
            planner = planner.without_strangers();
        }
        for (key, mapped) in records {
            planner.take(key, mapped);
        }
        let plan = self
            .look_twice(planner.finish(), Scope::Part, log.known_active())
            .await?;
        Ok(plan.having_looked_at(ids, keys))
    }

    /// Records of a payload against the entries of their users. Nobody else is touched.
    pub(super) async fn payload(
        &self,
        records: &[Value],
        log: &SessionLog,
    ) -> Result<Plan, RunError> {
        let schema = self.users.schema().await?;
        let mut mapped = Vec::with_capacity(records.len());
        let mut malformed = Vec::new();
        for (at, value) in records.iter().enumerate() {
            let record = Record::from_json(value).and_then(|record| {
                let key = schema.key_of(record.attributes()).ok_or_else(|| {
                    let names: Vec<_> = schema.names().collect();
                    format!(
                        "lacks the users table's key ({}) or has it as another type",
                        names.join(", ")
                    )
                })?;
                Ok((key, record))
            });
            match record {
                Ok((key, record)) => mapped.push((key, self.mapping.map(record, self.now))),
                Err(why) => malformed.push(format!("records[{at}]: {why}")),
            }
        }
        let ids: BTreeSet<_> = mapped
            .iter()
            .filter_map(|(_, mapped)| subject(mapped))
            .map(IdHash::of)
            .collect();
        let ids: Vec<_> = ids.into_iter().collect();
        let entries = self.ledger.entries(&ids).await?;

        let book = Book::of(&entries, &log.doubtful());
        let mut planner = Planner::new(&book, Origin::Push).leaving(self.aside);
        for why in malformed {
            planner.refuse(why);
        }
        for (key, mapped) in mapped {
            planner.take(key, mapped);
        }
        let plan = Plan::as_told(planner.finish(), log.known_active());
        Ok(plan.having_looked_at(ids, &[]))
    }

    /// Names the records that the ledger leads to, where they still are about the same user.
    async fn name_duplicates(&self, draft: &mut Draft) -> Result<(), RunError> {
        let entries = self.ledger.entries(&draft.half_named()).await?;
        let keys: Vec<_> = entries.into_iter().map(|entry| entry.key).collect();
        for (key, mapped) in self.mapped(&keys).await? {
            if let Some(id) = subject(&mapped) {
                draft.name(id, &key);
            }
        }
        Ok(())
    }

    async fn mapped(&self, keys: &[RecordKey]) -> Result<Vec<(RecordKey, Mapped)>, RunError> {
        let found = self.users.reread(keys, self.mapping.attributes()).await?;
        let records = found.into_records();
        Ok(records
            .map(|(key, record)| (key, self.mapping.map(record, self.now)))
            .collect())
    }

    /// Who of these has a record somewhere in the table that does not have them leave, and how
    /// many records do not say whom they are about. A record that got another key while the table
    /// was read may have been seen under neither; and nothing leads from one record of somebody
    /// to another where the external id is not made of the key.
    async fn active_anywhere(
        &self,
        leavers: &[Leaver],
    ) -> Result<(HashSet<IdHash>, u64), RunError> {
        let leavers: Arc<HashSet<_>> = Arc::new(
            leavers
                .iter()
                .map(|leaver| IdHash::of(&leaver.external_id))
                .collect(),
        );
        let mut pages = self.users.read_all(self.mapping.attributes(), {
            let (mapping, now) = (Arc::clone(self.mapping), self.now);
            move |_, record| match mapping.map(record, now) {
                Mapped::Active(id, _) | Mapped::Rejected(id, _) | Mapped::Upcoming(id) => {
                    Some(IdHash::of(&id))
                        .filter(|id| leavers.contains(id))
                        .map(Some)
                }
                Mapped::Unidentified(_) => Some(None),
                Mapped::Inactive(_) | Mapped::OutOfScope { .. } | Mapped::Impossible(_) => None,
            }
        });
        let (mut active, mut unidentified) = (HashSet::new(), 0);
        while let Some(page) = pages.next().await? {
            for found in page.into_iter().flatten() {
                match found {
                    Some(id) => drop(active.insert(id)),
                    None => unidentified += 1,
                }
            }
        }
        Ok((active, unidentified))
    }

    /// Reads the records of all who are to be deactivated again, before anything is written.
    async fn look_twice(
        &self,
        mut draft: Draft,
        scope: Scope,
        known_active: u64,
    ) -> Result<Plan, RunError> {
        self.name_duplicates(&mut draft).await?;
        let mut leavers = std::mem::take(&mut draft.leavers);
        let gone = self.ledger.entries(&draft.gone).await?;
        leavers.extend(gone.into_iter().map(|entry| Leaver {
            external_id: entry.external_id,
            key: entry.key,
            origin: Origin::Table,
        }));
        let by_key = self.mapping.identifies_by(self.users.schema().await?);
        let in_doubt = match scope {
            Scope::Whole { .. } => draft.gone_found > 0 && !mutation::on(Mutation::OneReadIsEnough),
            Scope::Part => !leavers.is_empty() && !mutation::on(Mutation::StrangersLeaveByStream),
        };
        let mut elsewhere = HashSet::new();
        if !by_key && in_doubt {
            let unidentified;
            (elsewhere, unidentified) = self.active_anywhere(&leavers).await?;
            draft.unidentified = draft.unidentified.max(unidentified);
        }
        let keys: Vec<_> = leavers.iter().map(|leaver| leaver.key.clone()).collect();
        let reread = self.users.reread(&keys, self.mapping.attributes()).await?;
        Ok(Plan::of(
            draft,
            leavers,
            &elsewhere,
            &reread,
            &|record| self.mapping.map(record, self.now),
            scope,
            known_active,
        ))
    }
}

/// Whom a record is about, if it says so.
fn subject(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::Active(id, _)
        | Mapped::Inactive(id)
        | Mapped::Upcoming(id)
        | Mapped::Rejected(id, _) => Some(id),
        Mapped::OutOfScope { whom, .. } => whom.as_ref(),
        Mapped::Unidentified(_) | Mapped::Impossible(_) => None,
    }
}
