//! From a plan to a session's loads, and from these to what the ledger is to remember.

use std::collections::HashMap;

use jiff::Timestamp;

use super::{Deactivation, Plan, Upsert, load::Loads};
use crate::{
    ledger::{Entry, Origin, Told},
    mapping::ExternalId,
    okta::{self, Batch, Entity, Packer},
    users::RecordKey,
};

/// What the ledger is to remember of each user in a plan.
pub(super) type Memory = HashMap<String, (ExternalId, RecordKey, Origin, Told)>;

/// What of a plan one session takes: as many requests as it may have, deactivations first.
/// True if something is left over.
pub(super) fn pack(plan: Plan) -> (Vec<Batch>, Memory, bool) {
    let mut memory = Memory::new();
    let mut left_over = plan.upserts_beyond + plan.deactivations_beyond > 0;
    let mut packer = Packer::new();
    let mut put = |entity: Entity, id: ExternalId, key, origin, told| {
        if packer.would_fit(&entity, okta::max_requests()) {
            packer.push(entity);
            memory.insert(id.to_string(), (id, key, origin, told));
        } else {
            left_over = true;
        }
    };
    for Deactivation {
        external_id,
        key,
        origin,
        why: _,
        entity,
    } in plan.deactivations
    {
        put(entity, external_id, key, origin, Told::Inactive);
    }
    for Upsert {
        external_id,
        key,
        origin,
        print,
        entity,
    } in plan.upserts
    {
        put(entity, external_id, key, origin, Told::Active(print));
    }
    (packer.finish(), memory, left_over)
}

/// What the ledger is to remember: who is in the session, and whose load is in doubt.
pub(super) fn entries(
    loads: &Loads,
    memory: &Memory,
    session: &okta::SessionId,
    at: Timestamp,
) -> Vec<Entry> {
    let accepted = loads
        .accepted
        .iter()
        .map(|batch| (batch, Some(session.clone())));
    let doubtful = loads.doubtful.iter().map(|batch| (batch, None));
    accepted
        .chain(doubtful)
        .flat_map(|(batch, session)| batch.external_ids().map(move |id| (id, session.clone())))
        .filter_map(|(id, session)| {
            let (external_id, key, origin, told) = memory.get(id)?.clone();
            Some(Entry {
                external_id,
                key,
                told,
                session,
                origin,
                at,
            })
        })
        .collect()
}
