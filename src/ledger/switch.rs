//! Whether runs may tell Okta anything.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ledger, LedgerError, Versioned, Written};

/// The key of the item.
pub(super) const PK: &str = "switch";

/// Whether runs may tell Okta anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// Runs tell Okta what they find.
    #[default]
    Running,
    /// Every run is a dry run.
    Paused,
}

/// The switch, and who set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Switch {
    /// What it is set to.
    pub mode: Mode,
    /// When it was set. `None` if nobody ever set it.
    pub since: Option<Timestamp>,
    /// Who set it.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Whether stream changes were passed over while it was paused, so that the whole table must be
    /// looked at.
    pub full_look_due: bool,
}

impl Ledger {
    /// The switch as it is now. A run that found it running asks before each load and each trigger.
    /// It stays as it is until somebody sets it.
    ///
    /// # Errors
    /// When the state table could not be read.
    pub async fn mode(&self) -> Result<Mode, LedgerError> {
        let items = self.items([PK.to_owned()]).await?;
        let switch = Versioned::<Switch>::from_item(items.first())?;
        Ok(switch.value.mode)
    }

    /// Sets the switch, whatever it was.
    ///
    /// # Errors
    /// When the state table could not be read or written.
    pub async fn set_switch(&self, set: impl Fn(&mut Switch)) -> Result<Switch, LedgerError> {
        loop {
            let items = self.items([PK.to_owned()]).await?;
            let mut switch = Versioned::<Switch>::from_item(items.first())?;
            set(&mut switch.value);
            if self.write(PK, &mut switch).await? == Written::Done {
                return Ok(switch.value);
            }
        }
    }
}
