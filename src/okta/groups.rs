//! Groups of an identity source: looking at one, and listing its members.

use reqwest::Method;
use serde::Deserialize;

use super::{
    app_users::PageLink,
    calls::Calls,
    client::{Answer, Api, Call, Failure, Query, Repeat},
    error::Error,
};

/// As many members as Okta lists on a page (Okta's published API description).
const FIRST_PAGE: Query<'_> = Query::Pairs(&[("limit", "1000")]);
/// As few as possible.
const ONE: Query<'_> = Query::Pairs(&[("limit", "1")]);

/// A group, as the identity source has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceGroup {
    /// Its name.
    pub display_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
}

/// Some of a group's members.
#[derive(Debug)]
pub struct MemberPage {
    /// Their external ids.
    pub members: Vec<String>,
    /// Where the next page is; `None` after the last.
    pub next: Option<PageLink>,
}

#[derive(Deserialize)]
struct GroupWire {
    #[serde(default)]
    profile: ProfileWire,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct ProfileWire {
    display_name: Option<String>,
    description: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MembersWire {
    #[serde(default)]
    member_external_ids: Vec<String>,
}

impl Calls {
    /// A group by its external id. `None` if the identity source has none.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer. [`Error::Refused`] if the app does not
    /// import groups.
    pub async fn group(&self, external_id: &str) -> Result<Option<SourceGroup>, Error> {
        let path = ["groups", external_id];
        match self.of_group(&path, GROUP, Query::Pairs(&[])).await {
            Ok(answer) => {
                let ProfileWire {
                    display_name,
                    description,
                } = answer.json::<GroupWire>()?.profile;
                Ok(Some(SourceGroup {
                    display_name,
                    description,
                }))
            }
            Err(error) => is_unknown(error),
        }
    }

    /// A page of a group's members, the first if none is named. `None` if there is no such group.
    ///
    /// # Errors
    /// As [`group`](Self::group). [`Error::Refused`] may say that the link has expired.
    pub async fn members(
        &self,
        external_id: &str,
        page: Option<&PageLink>,
    ) -> Result<Option<MemberPage>, Error> {
        let query = page.map_or(FIRST_PAGE, |page| Query::AsGiven(page.as_str()));
        self.list_members(external_id, query).await
    }

    /// Whether a group has any member. `None` if there is no such group.
    ///
    /// # Errors
    /// As [`group`](Self::group).
    pub async fn has_members(&self, external_id: &str) -> Result<Option<bool>, Error> {
        let page = self.list_members(external_id, ONE).await?;
        Ok(page.map(|page| !page.members.is_empty()))
    }

    async fn list_members(
        &self,
        external_id: &str,
        query: Query<'_>,
    ) -> Result<Option<MemberPage>, Error> {
        let path = ["groups", external_id, "membership"];
        match self.of_group(&path, MEMBERS, query).await {
            Ok(answer) => Ok(Some(MemberPage {
                members: answer.json::<MembersWire>()?.member_external_ids,
                next: answer.next.map(PageLink::from),
            })),
            Err(error) => is_unknown(error),
        }
    }

    async fn of_group(
        &self,
        path: &[&str],
        name: &'static str,
        query: Query<'_>,
    ) -> Result<Answer, Error> {
        let call = Call {
            api: Api::Groups(query),
            method: Method::GET,
            path,
            name,
            body: None,
            repeat: Repeat::Freely,
        };
        self.send(call).await.map_err(Failure::into_error)
    }
}

/// Whether Okta explicitly says that it does not know something: a group counts as ours because it
/// was not there.
fn is_unknown<T>(error: Error) -> Result<Option<T>, Error> {
    match error {
        Error::NotFound(refusal) if refusal.code.as_deref() == Some("E0000007") => Ok(None),
        error => Err(error),
    }
}

const GROUP: &str = "GET /groups/{externalId}";
const MEMBERS: &str = "GET /groups/{externalId}/membership";
