//! What a read of the whole table says about people in hand.

use std::{collections::HashSet, time::Duration};

use jiff::Timestamp;

use super::Elsewhere;
use crate::{
    ledger::IdHash,
    mutation::{self, Mutation},
};

/// How long a read of the whole table says something about people who are told to leave. The
/// promise is two minutes, and a load takes its time to arrive.
const SAYS_FOR: Duration = Duration::from_secs(100);

/// What a read of the whole table has found about some people. If a record's key does not identify
/// the person, nothing leads from one of their records to another, and a record that got another
/// key while the table was read may have been seen under neither.
#[derive(Debug)]
pub struct Whole {
    pub(in crate::sync) asked: HashSet<IdHash>,
    pub(in crate::sync) stay: HashSet<IdHash>,
    pub(in crate::sync) unidentified: bool,
    pub(in crate::sync) ended: Timestamp,
}

impl Whole {
    /// Until when it says something.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        if mutation::on(Mutation::OldReadCounts) {
            return Timestamp::MAX;
        }
        self.ended + SAYS_FOR
    }

    /// What it has found about somebody.
    #[must_use]
    pub fn about(&self, id: IdHash) -> Elsewhere {
        if mutation::on(Mutation::OneReadIsEnough) {
            return Elsewhere::Nothing;
        }
        if !self.asked.contains(&id) {
            Elsewhere::Unknown
        } else if self.stay.contains(&id) {
            Elsewhere::Somebody
        } else if self.unidentified {
            Elsewhere::Unclear
        } else {
            Elsewhere::Nothing
        }
    }
}
