//! Where to look for somebody.

use super::{Explanation, Next, RecordSays, RecordState};
use crate::{
    mapping::{ExternalId, Mapped},
    sync::{
        RunError,
        hand::{Hand, who},
    },
    users::RecordKey,
};

/// Where somebody was looked for.
pub(super) struct Place {
    pub(super) id: Option<ExternalId>,
    pub(super) keys: Vec<RecordKey>,
    state: RecordState,
    reasons: Vec<String>,
}

impl Place {
    pub(super) fn of(id: ExternalId) -> Self {
        Self {
            id: Some(id),
            keys: Vec::new(),
            state: RecordState::Missing,
            reasons: Vec::new(),
        }
    }

    /// The person that the record under a key is about, or would be about.
    pub(super) async fn under(key: RecordKey, hand: &Hand<'_>) -> Result<Self, RunError> {
        let record = hand.mapped(std::slice::from_ref(&key)).await?;
        let mapped = record.into_values().next().map(|(_, mapped)| mapped);
        let (id, state, reasons) = match mapped {
            None if hand.by_key() => {
                let id = hand.mapping.external_id(key.to_item().into());
                (id, RecordState::Missing, Vec::new())
            }
            None => (None, RecordState::Missing, Vec::new()),
            Some(Mapped::Unidentified(reasons) | Mapped::Impossible(reasons)) => {
                (None, RecordState::Rejected, reasons)
            }
            Some(mapped) => {
                let id = who(&mapped).cloned();
                (id, RecordState::OutOfScope, Vec::new())
            }
        };
        Ok(Self {
            id,
            keys: vec![key],
            state,
            reasons,
        })
    }

    /// The answer if nobody is found.
    pub(super) fn of_nobody(self) -> Explanation {
        let (next, because) = match self.state {
            RecordState::Rejected => (
                Next::Rejected,
                "The record has no external id, so nobody can be told about it: correct the \
                 record. Until then, nobody that it may be about counts as gone.",
            ),
            RecordState::Missing => (
                Next::Nothing,
                "There is no record under this key, and the key alone does not give an external \
                 id: ask by externalId.",
            ),
            _ => (
                Next::Nothing,
                "The mapping's \"include\" leaves this record out, and the record gives no \
                 external id.",
            ),
        };
        Explanation {
            external_id: None,
            record: RecordSays {
                state: self.state,
                reasons: self.reasons,
            },
            ledger: None,
            okta: None,
            groups: None,
            next,
            because: because.to_owned(),
            digest: None,
        }
    }
}
