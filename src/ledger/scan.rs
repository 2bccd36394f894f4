//! Reading the whole ledger.

use std::collections::HashSet;

use tokio::task::JoinSet;

use super::{Book, IdHash, Ledger, LedgerError, Told, entry};
use crate::okta::SessionId;

/// Segments of a full read, all in flight at once.
const SEGMENTS: i32 = 8;

impl Ledger {
    /// Reads every entry, in parallel segments. Entries that name a session among `doubtful`,
    /// or none, are doubtful themselves.
    ///
    /// # Errors
    /// When any page could not be read.
    pub async fn read_book(&self, doubtful: &HashSet<SessionId>) -> Result<Book, LedgerError> {
        let mut segments = JoinSet::new();
        for segment in 0..SEGMENTS {
            let (ledger, doubtful) = (self.clone(), doubtful.clone());
            segments.spawn(async move { ledger.read_segment(segment, &doubtful).await });
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
        segment: i32,
        doubtful: &HashSet<SessionId>,
    ) -> Result<Book, LedgerError> {
        let mut book = Book::default();
        let mut pages = self
            .client
            .scan()
            .table_name(&self.table)
            .segment(segment)
            .total_segments(SEGMENTS)
            .consistent_read(true)
            .projection_expression("pk,print,#session,origin")
            .expression_attribute_names("#session", "session")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LedgerError::of("scanning", &error))?;
            for item in page.items.unwrap_or_default() {
                let Some(id) = item
                    .get("pk")
                    .and_then(|pk| IdHash::from_pk(pk.as_s().ok()?))
                else {
                    continue;
                };
                let session = entry::session(&item);
                let unsure = session
                    .is_none_or(|id| doubtful.iter().any(|doubtful| doubtful.as_str() == id));
                if let Some(session) = session.filter(|_| unsure) {
                    book.name_doubtful(session);
                }
                match entry::told(&item) {
                    Some(told) => book.add(id, told, entry::origin(&item), unsure),
                    // Written by another release: what Okta was told is not known here.
                    None => book.add(id, Told::Active([0; 16].into()), entry::origin(&item), true),
                }
            }
        }
        Ok(book)
    }
}
