//! Reading the whole ledger.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::mutation;

use super::{
    Book, Charge, GroupEntry, IdHash, InGroups, Known, Ledger, LedgerError, Origin, Reading, Told,
    entry::{self, PROJECTION},
};

/// Segments of a full read, all in flight at once.
const SEGMENTS: i32 = 8;

impl Ledger {
    /// Reads every entry, in parallel segments.
    ///
    /// # Errors
    /// When any page could not be read.
    pub async fn read_book(&self, reading: Reading) -> Result<Book, LedgerError> {
        let reading = Arc::new(reading);
        let mut segments = JoinSet::new();
        let all = mutation::in_small().map_or(SEGMENTS, |small| small.segments);
        for segment in 0..all {
            let (ledger, reading) = (self.clone(), Arc::clone(&reading));
            segments.spawn(async move { ledger.read_segment((segment, all), &reading).await });
        }
        let mut book = Book::default();
        while let Some(part) = segments.join_next().await {
            book.append(part.map_err(|error| LedgerError::because("scanning", error))??);
        }
        book.sort();
        Ok(book)
    }

    async fn read_segment(
        &self,
        (segment, all): (i32, i32),
        reading: &Reading,
    ) -> Result<Book, LedgerError> {
        let mut book = Book::default();
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .segment(segment)
            .total_segments(all)
            .consistent_read(true)
            .projection_expression(PROJECTION)
            .expression_attribute_names("#session", "session")
            .expression_attribute_names("#at", "at")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LedgerError::of("scanning", &error))?;
            for item in page.items.unwrap_or_default() {
                if GroupEntry::is_item(&item) {
                    if let Some(group) = GroupEntry::from_item(&item) {
                        book.add_group(group, &reading.log);
                    }
                    continue;
                }
                if entry::is_stranger(&item) {
                    continue;
                }
                let Some(id) = item
                    .get("pk")
                    .and_then(|pk| IdHash::from_pk(pk.as_s().ok()?))
                else {
                    continue;
                };
                let telling = entry::telling(&item, &reading.log);
                let (in_groups, carried) = InGroups::from_item(&item, &reading.log);
                let sessions = telling.behind.into_iter().chain([telling.session]);
                for session in sessions.chain(carried) {
                    if reading.log.is_exception(session) {
                        book.name(session);
                    }
                }
                let known = reading.known(
                    telling,
                    entry::origin(&item),
                    entry::to_leave(&item),
                    Charge::in_item(&item, "chargedDeactivation"),
                    Charge::in_item(&item, "chargedUpdate"),
                    (telling.told == Told::Inactive)
                        .then(|| entry::at(&item))
                        .flatten(),
                );
                // People who may come back with groups that they had are remembered.
                let long_gone = known.long_gone && in_groups == InGroups::Never;
                let known = Known {
                    in_groups,
                    long_gone,
                    ..known
                };
                book.add(id, known);
            }
        }
        Ok(book)
    }

    /// People that Okta was told to have active by pushes alone.
    ///
    /// # Errors
    /// When any page could not be read.
    pub(crate) async fn pushed(&self) -> Result<Vec<IdHash>, LedgerError> {
        let mut pushed = Vec::new();
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .consistent_read(true)
            .filter_expression("attribute_exists(origin) AND attribute_exists(print)")
            .projection_expression("pk,origin,print")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LedgerError::of("scanning", &error))?;
            let items = page.items.unwrap_or_default().into_iter();
            let by_push = items.filter(|item| entry::origin(item) == Origin::Push);
            pushed.extend(by_push.filter_map(|item| IdHash::from_pk(item.get("pk")?.as_s().ok()?)));
        }
        Ok(pushed)
    }
}
