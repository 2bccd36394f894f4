//! Who has a login.

use reqwest::Method;
use serde::Deserialize;

use super::app_users::AppUser;
use super::calls::Calls;
use super::client::{Api, Call, Failure, Repeat};
use super::error::Error;

/// The call's name. That it finds nobody is an answer like any other.
pub(super) const STATUS: &str = "GET /users/{login}";

/// Who has a login, as far as it can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Their external id, where they are of this identity source.
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

#[derive(Deserialize)]
struct OrgUser {
    status: String,
}

impl Calls {
    /// The status of the org's user who has this login; `None` if nobody has it. Scope
    /// `okta.users.read`.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn org_user_status(&self, login: &str) -> Result<Option<String>, Error> {
        let answer = self
            .send(Call {
                api: Api::OrgUsers,
                method: Method::GET,
                path: &[login],
                name: STATUS,
                body: None,
                repeat: Repeat::Freely,
            })
            .await;
        match answer.map_err(Failure::into_error) {
            Ok(answer) => Ok(Some(answer.json::<OrgUser>()?.status)),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
