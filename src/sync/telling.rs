//! What comes of telling.

use std::collections::BTreeMap;

use crate::{guard::Kind, ledger::IdHash};

/// What came of telling.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// Deactivations and upserts that turned out not to be needed.
    pub(super) fell_away: (u64, u64),
    /// People that the guard withheld while they were told.
    pub(super) withheld: BTreeMap<Kind, u64>,
    /// People who wait for the end of a session that may carry them.
    pub(super) waits: u64,
    /// Removals that are held because the table has nobody in scope.
    pub(super) held: u64,
    /// Deactivations and upserts that Okta refused.
    pub(super) refused: (u64, u64),
    /// People who are still to tell.
    pub(super) left: u64,
    /// The first of them.
    pub(super) left_ids: Vec<IdHash>,
    /// People who were not told active before, and are now.
    pub(super) activated: u64,
    /// People in imports that were not seen to land.
    pub(super) unlanded: u64,
}
