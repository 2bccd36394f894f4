//! The holder of a login.

use reqwest::Method;
use serde::Deserialize;

use super::absence;
use super::app_users::AppUser;
use super::calls::Calls;
use super::client::{Api, Call, Failure, Repeat};
use super::error::Error;

/// The holder of a login, as far as it can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Their external id, if they are of this identity source.
    pub external_id: Option<String>,
    /// Okta's word for their status.
    pub status: String,
}

impl From<AppUser> for Holder {
    fn from(user: AppUser) -> Self {
        Self {
            external_id: user.external_id,
            status: user.status,
        }
    }
}

/// A user of the org, from any source.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OrgUser {
    /// Okta's id of the user, `00u…`, which stays theirs.
    pub id: String,
    /// Okta's word for their status.
    pub status: String,
}

impl OrgUser {
    /// Whether Okta calls them deactivated.
    #[must_use]
    pub fn is_deactivated(&self) -> bool {
        self.status == "DEPROVISIONED"
    }
}

impl Calls {
    /// The org's user with this login or this id. `None` if nobody has it. Scope `okta.users.read`.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn org_user(&self, login_or_id: &str) -> Result<Option<OrgUser>, Error> {
        let answer = self
            .send(Call {
                api: Api::OrgUsers,
                method: Method::GET,
                path: &[login_or_id],
                name: absence::ORG_USER,
                body: None,
                repeat: Repeat::Freely,
            })
            .await;
        match answer.map_err(Failure::into_error) {
            Ok(answer) => answer.json().map(Some),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
