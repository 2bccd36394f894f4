//! Who would get another id, if the mapping gives other ids than the ledger has.

use super::{
    VerifyError,
    answer::{Findings, NewId},
    people::{People, Somebody},
};
use crate::{okta::Assigned, sync::hand::who};

impl People<'_> {
    /// Says who would get another id by the mapping.
    pub(super) async fn tell_ids(
        &self,
        people: &[Somebody],
        names: bool,
        findings: &mut Findings,
    ) -> Result<(), VerifyError> {
        let Some(index) = &self.index else {
            return Ok(());
        };
        let found = &mut findings.new_ids;
        for somebody in people {
            let Some(user) = &somebody.listed else {
                continue;
            };
            if user.assigned == Assigned::Deactivated {
                continue;
            }
            if index.has(somebody.id) {
                found.same += 1;
                continue;
            }
            let in_profile = || user.profile.get("userName")?.as_deref();
            let login = user.login.as_deref().or_else(in_profile);
            let key = login.and_then(|login| index.with_login(login, self.hand.schema));
            let Some(key) = key else {
                found.nobody += 1;
                continue;
            };
            found.others += 1;
            if !names || !found.has_room() {
                continue;
            }
            let mut records = self.hand.mapped(std::slice::from_ref(&key)).await?;
            let record = records.remove(&key.canonical());
            let new_id = record.and_then(|(_, mapped)| who(&mapped).cloned());
            if let (Some(old_id), Some(new_id)) = (&user.external_id, new_id) {
                found.examples.push(NewId {
                    external_id: old_id.clone(),
                    would_be: new_id.to_string(),
                });
            }
        }
        Ok(())
    }
}
