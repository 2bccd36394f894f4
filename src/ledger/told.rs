//! What Okta can be told of somebody.

use crate::mapping::Fingerprint;

/// What Okta was told of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Told {
    /// To be active, with the profile of this fingerprint.
    Active(Fingerprint),
    /// To be inactive.
    Inactive,
}
