//! Who has a login.

use reqwest::Method;
use serde::Deserialize;

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AppUser {
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    credentials: Option<Login>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    #[serde(default)]
    user_name: Option<String>,
}

#[derive(Deserialize)]
struct OrgUser {
    status: String,
}

impl Calls {
    /// The app's user who has this login. Scope `okta.apps.read`.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn app_user_with(&self, login: &str) -> Result<Option<Holder>, Error> {
        // It finds whoever's login begins so.
        let query = [("q", login), ("limit", "50")];
        let answer = self
            .send(Call {
                api: Api::App(&query),
                method: Method::GET,
                path: &["users"],
                name: "GET /apps/{id}/users",
                body: None,
                repeat: Repeat::Freely,
            })
            .await
            .map_err(Failure::into_error)?;
        let users: Vec<AppUser> = answer.json()?;
        let has_it = |user: &AppUser| {
            let credentials = user.credentials.as_ref();
            let name = credentials.and_then(|login| login.user_name.as_ref());
            name.is_some_and(|name| name.to_lowercase() == login.to_lowercase())
        };
        Ok(users.into_iter().find(has_it).map(|user| Holder {
            external_id: user.external_id,
            status: user.status.unwrap_or_default(),
        }))
    }

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
