//! Who holds which login. A login is unique in the whole org.

use std::collections::{HashMap, hash_map::Entry};

/// Stands for somebody brought into the org by another source or an admin. No
/// externalId is empty.
const SOMEBODY_ELSE: &str = "";

/// Logins in lower case, and the externalIds of their holders.
#[derive(Debug, Default)]
pub(super) struct Logins(HashMap<String, String>);

impl Logins {
    /// Whether somebody other than this user holds the login.
    pub(super) fn taken_from(&self, external_id: &str, login: &str) -> bool {
        self.0
            .get(&login.to_lowercase())
            .is_some_and(|holder| holder != external_id)
    }

    /// The externalId of a login's holder; `Some(None)` for somebody from elsewhere.
    pub(super) fn holder(&self, login: &str) -> Option<Option<&str>> {
        let holder = self.0.get(&login.to_lowercase())?;
        Some(Some(holder.as_str()).filter(|holder| *holder != SOMEBODY_ELSE))
    }

    /// The first holder keeps the login.
    pub(super) fn hold(&mut self, login: String, external_id: &str) {
        self.0
            .entry(login)
            .or_insert_with(|| external_id.to_owned());
    }

    pub(super) fn release(&mut self, login: String, external_id: &str) {
        if let Entry::Occupied(held) = self.0.entry(login)
            && held.get() == external_id
        {
            held.remove();
        }
    }

    /// Gives the login to somebody who is not from this source.
    pub(super) fn occupy(&mut self, login: &str) {
        self.hold(login.to_lowercase(), SOMEBODY_ELSE);
    }

    /// Takes the login from somebody who is not from this source.
    pub(super) fn vacate(&mut self, login: &str) {
        self.release(login.to_lowercase(), SOMEBODY_ELSE);
    }
}
