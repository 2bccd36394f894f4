//! What an admin does to a user at Okta, without the source.

use std::{sync::Arc, time::SystemTime};

use super::{Directory, Record, UserStatus};

/// Each returns the reason if it cannot be done.
impl Directory {
    /// Sets an attribute, or clears it.
    pub(crate) fn edit(
        &mut self,
        external_id: &str,
        attribute: &str,
        value: Option<&str>,
        at: SystemTime,
    ) -> Result<(), String> {
        let name = self
            .app
            .get(attribute)
            .cloned()
            .ok_or_else(|| format!("the app's profile has no attribute {attribute}"))?;
        let record = self.known(external_id)?;
        let mut profile = record.profile.clone();
        match value {
            Some(value) => profile.insert(name, value.into()),
            None => profile.remove(&*name),
        };
        let (status, assigned) = (record.status, record.assigned);
        self.acceptable(external_id, &profile, false)
            .map_err(|refused| refused.to_string())?;
        self.put(external_id, profile, status, assigned, at);
        Ok(())
    }

    pub(crate) fn deactivate(&mut self, external_id: &str, at: SystemTime) -> Result<(), String> {
        let record = self.known(external_id)?;
        let (profile, assigned) = (record.profile.clone(), record.assigned);
        self.put(
            external_id,
            profile,
            UserStatus::Deprovisioned,
            assigned,
            at,
        );
        Ok(())
    }

    pub(crate) fn reactivate(&mut self, external_id: &str, at: SystemTime) -> Result<(), String> {
        let record = self.known(external_id)?;
        let (profile, assigned) = (record.profile.clone(), record.assigned);
        self.acceptable(external_id, &profile, false)
            .map_err(|refused| refused.to_string())?;
        self.put(external_id, profile, UserStatus::Active, assigned, at);
        Ok(())
    }

    /// Deletes the user for good. The source's next upsert creates a new one.
    pub(crate) fn erase(&mut self, external_id: &str, at: SystemTime) -> Result<(), String> {
        self.known(external_id)?;
        self.forget(external_id, at);
        Ok(())
    }

    /// Takes the app from the user, who stays in the org. The source has no such
    /// user until its next upsert.
    pub(crate) fn unassign(&mut self, external_id: &str, at: SystemTime) -> Result<(), String> {
        let record = self.known(external_id)?;
        let (profile, status) = (record.profile.clone(), record.status);
        self.put(external_id, profile, status, false, at);
        Ok(())
    }

    /// Gives a login to somebody who is not from this source.
    pub(crate) fn occupy_login(&mut self, login: &str) {
        self.logins.occupy(login);
    }

    pub(crate) fn vacate_login(&mut self, login: &str) {
        self.logins.vacate(login);
    }

    /// The names of the attributes that the app has.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = &Arc<str>> {
        self.app.iter()
    }

    fn known(&self, external_id: &str) -> Result<&Record, String> {
        self.users
            .get(external_id)
            .ok_or_else(|| format!("nobody has the externalId {external_id}"))
    }
}
