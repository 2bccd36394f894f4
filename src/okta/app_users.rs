//! The app's users as Okta lists them: what it has, not what it was told.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    calls::Calls,
    client::{Api, Call, Failure, Query, Repeat},
    error::Error,
    user::{UserProfile, profile},
};

/// As many as Okta lists on a page (Okta's API description, *List all application users*).
const FIRST_PAGE: Query<'_> = Query::Pairs(&[("limit", "500")]);
/// As few as possible.
const ONE_USER: Query<'_> = Query::Pairs(&[("limit", "1")]);
/// The search also finds logins that begin with this one.
const FOUND: &str = "50";

/// A user of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppUser {
    /// Okta's id of the user, `00u…`.
    pub id: String,
    /// The source's id of the user. `None` for somebody who did not come from the source.
    pub external_id: Option<String>,
    /// The login.
    pub login: Option<String>,
    /// Okta's word for the assignment's status.
    pub status: String,
    /// What that word means.
    pub assigned: Assigned,
    /// The app's attributes.
    pub profile: UserProfile,
}

/// How somebody has the app. It is not known which of its words Okta uses for an identity source:
/// what is neither certainly active nor certainly deactivated is in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assigned {
    /// They are active.
    Active,
    /// They are deactivated.
    Deactivated,
    /// Suspended, waiting for an admin to confirm them, or something that is not known here.
    Between,
}

impl Assigned {
    fn of(status: &str) -> Self {
        match status {
            "ACTIVE" | "PROVISIONED" | "APPROVED" | "IMPLICIT" => Self::Active,
            "DEPROVISIONED" | "INACTIVE" | "REVOKED" => Self::Deactivated,
            _ => Self::Between,
        }
    }
}

/// Some of the app's users.
#[derive(Debug)]
pub struct AppUserPage {
    /// The users.
    pub users: Vec<AppUser>,
    /// Where the next page is; `None` after the last.
    pub next: Option<PageLink>,
}

/// Where a page is: Okta's own words, valid for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PageLink(String);

impl From<String> for PageLink {
    fn from(query: String) -> Self {
        Self(query)
    }
}

impl PageLink {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    id: String,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    status: String,
    #[serde(default)]
    credentials: Option<Login>,
    #[serde(default)]
    profile: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Login {
    #[serde(default)]
    user_name: Option<String>,
}

impl From<Wire> for AppUser {
    fn from(wire: Wire) -> Self {
        let Wire {
            id,
            external_id,
            status,
            credentials,
            profile: attributes,
        } = wire;
        Self {
            id,
            external_id: external_id.filter(|id| !id.is_empty()),
            login: credentials.and_then(|login| login.user_name),
            assigned: Assigned::of(&status),
            status,
            profile: profile(attributes),
        }
    }
}

impl Calls {
    /// A page of the app's users, the first if none is named. A service app needs the scope
    /// `okta.apps.read` for it.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer. [`Error::Refused`] may say that the link
    /// has expired.
    pub async fn app_users(&self, page: Option<&PageLink>) -> Result<AppUserPage, Error> {
        let query = page.map_or(FIRST_PAGE, |page| Query::AsGiven(&page.0));
        self.list_app_users(query).await
    }

    /// Whether the app's users may be listed.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn may_list_app_users(&self) -> Result<(), Error> {
        self.list_app_users(ONE_USER).await.map(drop)
    }

    /// The app's user who has this login.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn app_user_with(&self, login: &str) -> Result<Option<AppUser>, Error> {
        let query = [("q", login), ("limit", FOUND)];
        let found = self.list_app_users(Query::Pairs(&query)).await?;
        let wanted = login.to_lowercase();
        let has_it = |user: &AppUser| {
            let login = user.login.as_ref();
            login.is_some_and(|login| login.to_lowercase() == wanted)
        };
        Ok(found.users.into_iter().find(has_it))
    }

    async fn list_app_users(&self, query: Query<'_>) -> Result<AppUserPage, Error> {
        let answer = self
            .send(Call {
                api: Api::App(query),
                method: Method::GET,
                path: &["users"],
                name: "GET /apps/{id}/users",
                body: None,
                repeat: Repeat::Freely,
            })
            .await
            .map_err(Failure::into_error)?;
        let users: Vec<Wire> = answer.json()?;
        Ok(AppUserPage {
            users: users.into_iter().map(AppUser::from).collect(),
            next: answer.next.map(PageLink),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_read_whatever_else_okta_says_of_them() {
        let json = r#"{"id":"00u1","externalId":"kim","status":"ACTIVE","credentials":{"userName":"kim@x"},"profile":{"city":null,"title":"Dr"}}"#;

        let user: AppUser = serde_json::from_str::<Wire>(json).unwrap().into();

        assert_eq!(user.external_id.as_deref(), Some("kim"));
        assert_eq!(user.login.as_deref(), Some("kim@x"));
        assert_eq!((&*user.status, user.assigned), ("ACTIVE", Assigned::Active));
        assert_eq!(user.profile["title"].as_deref(), Some("Dr"));
        let bare: AppUser = serde_json::from_str::<Wire>(r#"{"id":"00u2","externalId":null}"#)
            .unwrap()
            .into();
        assert_eq!((bare.external_id, bare.assigned), (None, Assigned::Between));
    }

    #[test]
    fn who_is_neither_surely_active_nor_surely_deactivated_is_in_between() {
        for (word, assigned) in [
            ("PROVISIONED", Assigned::Active),
            ("INACTIVE", Assigned::Deactivated),
            ("DEPROVISIONED", Assigned::Deactivated),
            ("SUSPENDED", Assigned::Between),
            ("IMPORTED", Assigned::Between),
            ("NEW_WORD", Assigned::Between),
        ] {
            assert_eq!(Assigned::of(word), assigned, "{word}");
        }
    }
}
