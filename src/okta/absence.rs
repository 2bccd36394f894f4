//! Calls that ask for somebody who may not be there. Finding nobody is an answer like any other,
//! and no reason for a warning.

/// Who has an external id.
pub(super) const USER: &str = "GET /users/{externalId}";
/// Who has a login.
pub(super) const ORG_USER: &str = "GET /users/{login}";

/// Whether it is one of these calls, by its name.
pub(super) fn is_an_answer(call: &str) -> bool {
    [USER, ORG_USER].contains(&call)
}
