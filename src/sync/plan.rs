//! What a run would do, as far as it was taken in hand.

use super::hand::Ready;

/// What a plan holds: what one session carries of the people to tell, and the withheld ones.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) deactivations: Vec<Ready>,
    pub(super) upserts: Vec<Ready>,
    /// All upserts and deactivations that were found.
    pub(super) found: (u64, u64),
}
