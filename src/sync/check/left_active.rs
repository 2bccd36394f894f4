//! Leavers that single-user calls have taken from the identity source and left active: no session
//! finds them any more. They are reported as refused until Okta has them deactivated, whatever did
//! that.

use super::Check;
use crate::{
    ledger::{Entry, IdHash, LeftActive, Proof, Told},
    mapping::ExternalId,
    okta::Error,
    sync::{Books, Reject, RunError},
    users::RecordKey,
};

/// How such a leaver is reported.
pub(in crate::sync) fn left_active(somebody: &LeftActive, key: Option<&RecordKey>) -> Reject {
    let reason = format!(
        "a single-user call has taken them from the identity source and left their Okta user {} \
         active, and no import finds it there: deactivate them in the admin console",
        somebody.okta_id
    );
    Reject {
        external_id: Some(somebody.external_id.clone()),
        record: key.map(ToString::to_string),
        reasons: vec![reason],
        print: Some(Told::Inactive.into()),
        again: false,
    }
}

impl Check<'_> {
    /// Those who are still active and must be inactive. The others are forgotten. A run that writes
    /// nothing does not ask Okta, and assumes that they still are.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub(in crate::sync) async fn left_active(
        &self,
        proof: &Proof,
        books: &Books,
        writes: bool,
    ) -> Result<Vec<Reject>, RunError> {
        let ledger = &self.run.ledger;
        let ids = proof
            .left_active
            .iter()
            .filter_map(|somebody| ExternalId::parse(somebody.external_id.as_str()).ok());
        let ids: Vec<_> = ids.map(|id| IdHash::of(&id)).collect();
        let entries = ledger.entries(&ids, books.log()).await?;
        let mut still = Vec::new();
        let mut over = Vec::new();
        for somebody in &proof.left_active {
            let is_theirs = |entry: &&Entry| entry.external_id.as_str() == somebody.external_id;
            let entry = entries.iter().find(is_theirs);
            let is_back = entry.is_some_and(|entry| entry.told != Told::Inactive);
            if is_back || writes && self.is_deactivated(&somebody.okta_id).await {
                over.push(somebody.external_id.clone());
            } else {
                let key = entry.map(|entry| &entry.key);
                still.push(left_active(somebody, key));
            }
        }
        if writes && !over.is_empty() {
            ledger
                .change_proof(|proof| {
                    proof
                        .left_active
                        .retain(|somebody| !over.contains(&somebody.external_id));
                })
                .await?;
        }
        Ok(still)
    }

    /// Whether Okta says so, or no longer has such a user.
    async fn is_deactivated(&self, okta_id: &str) -> bool {
        let users = &self.run.beyond.users;
        let user: Result<_, Error> = users
            .ask(self.until, async |calls| calls.org_user(okta_id).await)
            .await;
        match user {
            Ok(Some(user)) => user.is_none_or(|user| user.is_deactivated()),
            Ok(None) | Err(_) => false,
        }
    }
}
