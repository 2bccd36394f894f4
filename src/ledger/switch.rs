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
    /// They may.
    #[default]
    Running,
    /// They may not: every run is a dry run.
    Paused,
}

/// The switch, and who set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Switch {
    /// How it is set.
    pub mode: Mode,
    /// When it was set; `None` if nobody ever did.
    pub since: Option<Timestamp>,
    /// By whom.
    pub by: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Whether stream changes were passed over while it was paused, so that the whole table is
    /// yet to be looked at.
    pub full_look_due: bool,
}

impl Ledger {
    /// The switch as it is now, asked for before each load and each trigger by a run that found it
    /// running: until somebody sets it, it stays so.
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
