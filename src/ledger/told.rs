//! What Okta can be told about somebody.

use crate::mapping::Fingerprint;

/// What Okta was told about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Told {
    /// To be active, with the profile of this fingerprint.
    Active(Fingerprint),
    /// To be inactive.
    Inactive,
}
