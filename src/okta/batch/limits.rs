//! What one bulk request holds, and one session.

use crate::mutation;

/// Most users in one bulk request (Okta's XaaS guide, "bulk data limits").
pub const MAX_ENTITIES: usize = 200;

/// Most bytes in one bulk request's body. The guide says 200 KB; this is the
/// smaller reading of it.
pub const MAX_BODY_BYTES: usize = 200_000;

/// Most bulk requests in one import session (the same guide).
pub const MAX_REQUESTS: usize = 50;

/// Most users in one import session: what full requests can carry.
pub const MAX_USERS: usize = MAX_ENTITIES * MAX_REQUESTS;

/// [`MAX_ENTITIES`], unless a test uses a smaller limit.
pub(crate) fn max_entities() -> usize {
    mutation::in_small().map_or(MAX_ENTITIES, |small| small.entities)
}

/// [`MAX_REQUESTS`], unless a test uses a smaller limit.
pub(crate) fn max_requests() -> usize {
    mutation::in_small().map_or(MAX_REQUESTS, |small| small.requests)
}

/// What stands around the users in a body, and counts like them.
pub(super) const HEAD: &str = r#"{"entityType":"USERS","profiles":["#;
pub(super) const TAIL: &str = "]}";
