//! What an admin can do to a user, as one value.

use std::time::SystemTime;

use serde::Deserialize;

use super::Directory;

/// One admin action, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Action {
    /// Sets an attribute. No value, or an empty one, clears it.
    Edit {
        attribute: String,
        #[serde(default)]
        value: Option<String>,
    },
    Deactivate,
    Reactivate,
    Delete,
    Unassign,
}

impl Directory {
    /// Returns the reason if it cannot be done.
    pub(crate) fn act(
        &mut self,
        external_id: &str,
        action: &Action,
        at: SystemTime,
    ) -> Result<(), String> {
        match action {
            Action::Edit { attribute, value } => {
                let value = value.as_deref().filter(|value| !value.is_empty());
                self.edit(external_id, attribute, value, at)
            }
            Action::Deactivate => self.deactivate(external_id, at),
            Action::Reactivate => self.reactivate(external_id, at),
            Action::Delete => self.erase(external_id, at),
            Action::Unassign => self.unassign(external_id, at),
        }
    }
}
