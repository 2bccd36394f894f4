//! Calls that ask for somebody who need not be there. That they find nobody is an answer like any
//! other, and nothing to be warned of.

/// Who has an external id.
pub(super) const USER: &str = "GET /users/{externalId}";
/// Who has a login.
pub(super) const ORG_USER: &str = "GET /users/{login}";

/// Whether it is one of these calls, by its name.
pub(super) fn is_an_answer(call: &str) -> bool {
    [USER, ORG_USER].contains(&call)
}
