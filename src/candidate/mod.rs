//! A candidate for the mapping, tried before it is trusted: both mappings over the same records.
//!
//! It reads the users table once and nothing else: neither what Okta was told nor what it has. So
//! it says how the candidate differs from the mapping in use. What Okta would then be told is in a
//! plan of the function with that mapping.

mod answer;
mod people;
mod smallest;
mod state;
mod tally;

use std::{hash::RandomState, sync::Arc};

use jiff::Timestamp;

pub use answer::{
    AttributeChange, Candidate, Collisions, Identity, Listed, NotListed, PersonChange,
};
pub use state::State;

use serde_json::Value;

use crate::{
    invocation::InvocationError,
    mapping::Mapping,
    sync::{Detail, OldAndNew, Run, RunError},
    users::{ReadError, UsersTable},
};
use people::Hashes;
use tally::Tally;

/// What a candidate would change, as an event gives it.
///
/// # Errors
/// When it is not a mapping, or the users table could not be read completely.
pub(crate) async fn plan(
    run: &Run,
    candidate: &Value,
    listed: Detail,
    now: Timestamp,
) -> Result<Candidate, InvocationError> {
    // On lines of their own, so that an error can point to a member.
    let json = format!("{candidate:#}");
    let candidate = Mapping::from_json(&json).map_err(InvocationError::Candidate)?;
    let mappings = (&run.mapping, &Arc::new(candidate));
    let compared = compare(&run.users, mappings, listed, now).await;
    let compared = compared.map_err(RunError::from)?;
    tracing::info!(
        scanned = compared.scanned,
        changed = compared.changed,
        joiners = compared.joiners,
        leavers = compared.leavers,
        rejected = compared.rejected.count,
        "a candidate for the mapping was compared"
    );
    Ok(compared)
}

/// Compares a candidate with the mapping in use, over every record as it is `now`.
///
/// # Errors
/// When the users table could not be read completely.
async fn compare(
    users: &UsersTable,
    (present, candidate): (&Arc<Mapping>, &Arc<Mapping>),
    detail: Detail,
    now: Timestamp,
) -> Result<Candidate, ReadError> {
    let read = present.attributes().clone();
    let read = read.and(candidate.attributes().clone());
    let hashed_by = RandomState::new();
    let mut pages = users.read_all(&read, {
        let (present, candidate) = (Arc::clone(present), Arc::clone(candidate));
        move |schema, record| {
            let key = schema.key_of(record.attributes())?;
            let comparison = present.compare(&candidate, record, now);
            let hashes = Hashes::of(&comparison, &hashed_by);
            Some((key, comparison, hashes))
        }
    });
    let mut tally = Tally::new(detail);
    while let Some(page) = pages.next().await? {
        for (key, comparison, hashes) in page.into_iter().flatten() {
            tally.take(&key, comparison, hashes);
        }
    }
    let templates = (
        present.external_id_template(),
        candidate.external_id_template(),
    );
    Ok(tally.finish(templates.0 != templates.1))
}
