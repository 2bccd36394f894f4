//! What an admin does at Okta, without the source.

use crate::{directory::Action, emulator::Emulator, groups::GroupChange};

/// What an admin does in Okta's console. Each returns the reason if it cannot be
/// done: nobody has the externalId, or the login is taken.
impl Emulator {
    /// Sets an attribute of a user, or clears it.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn admin_edits(
        &self,
        external_id: &str,
        attribute: &str,
        value: Option<&str>,
    ) -> Result<(), String> {
        let (mut state, now) = self.org.settled();
        state.directory.edit(external_id, attribute, value, now)
    }

    /// Deactivates a user. An upsert makes them active again, if the app
    /// reactivates users.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn admin_deactivates(&self, external_id: &str) -> Result<(), String> {
        let (mut state, now) = self.org.settled();
        state.directory.deactivate(external_id, now)
    }

    /// Makes a deactivated user active again.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn admin_reactivates(&self, external_id: &str) -> Result<(), String> {
        let (mut state, now) = self.org.settled();
        state.directory.reactivate(external_id, now)
    }

    /// Deletes a user for good, which frees the login. The source's next upsert
    /// creates a new user.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn admin_deletes(&self, external_id: &str) -> Result<(), String> {
        let (mut state, now) = self.org.settled();
        state.act(external_id, &Action::Delete, now)
    }

    /// Takes the app from a user, who otherwise stays in the org as they are. The
    /// source then has no such user, and its next upsert gives the app back.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn admin_unassigns(&self, external_id: &str) -> Result<(), String> {
        let (mut state, now) = self.org.settled();
        state.directory.unassign(external_id, now)
    }

    /// Creates a group of the source, as another client of it would.
    pub fn seed_group(&self, external_id: &str, display_name: &str) {
        let change = GroupChange::Put {
            display_name: Some(display_name.to_owned()),
            description: None,
        };
        let (mut state, _) = self.org.settled();
        state.groups.apply(external_id, &change, |_| true);
    }

    /// Adds somebody to a group, or removes them, without the source.
    pub fn admin_moves(&self, group: &str, member: &str, joins: bool) {
        let member = member.to_owned();
        let change = match joins {
            true => GroupChange::Join { member },
            false => GroupChange::Leave { member },
        };
        let (mut state, _) = self.org.settled();
        state.groups.apply(group, &change, |_| true);
    }

    /// Deletes a group of the source, without it.
    pub fn admin_deletes_group(&self, external_id: &str) {
        let (mut state, _) = self.org.settled();
        state
            .groups
            .apply(external_id, &GroupChange::Delete, |_| true);
    }

    /// Gives a login to somebody who is not from this source. It does nothing if
    /// somebody has it.
    pub fn occupy_login(&self, login: &str) {
        self.org.settled().0.directory.occupy_login(login);
    }

    /// Frees a login of somebody who is not from this source.
    pub fn vacate_login(&self, login: &str) {
        self.org.settled().0.directory.vacate_login(login);
    }
}
