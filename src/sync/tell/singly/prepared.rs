//! Somebody on their way to a call, or back from it.

use crate::{
    ledger::Number,
    okta::Entity,
    sync::{hand::Ready, look::Found, suspect::Suspect},
};

/// Somebody who will be told by a call: charged, and with an entry that says so.
pub(super) struct Prepared {
    pub(super) ready: Ready,
    pub(super) entity: Entity,
    pub(super) number: Number,
}

/// Somebody that a session must tell.
pub(super) fn put_back(found: &mut Found, ready: Ready) {
    let suspects: &mut Vec<Suspect> = if ready.why.is_some() {
        &mut found.leavers
    } else {
        &mut found.upserts
    };
    suspects.push(ready.suspect);
}
