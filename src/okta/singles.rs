//! Users told one by one, effective at once and without a session.
//!
//! What these calls do with a real org is not published beyond their names. So nothing counts as
//! done here unless Okta says so, and the caller must look afterwards.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::batch::{Entity, Kind};
use super::calls::Calls;
use super::client::{Api, Call, Failure, Repeat};
use super::error::{Error, Refusal};
use super::user::{self, UserProfile};

/// What came of a call about one user.
#[derive(Debug)]
pub enum Single {
    /// Okta says that it is done, and shows what it has now, if the answer does so.
    Done(Option<UserProfile>),
    /// Okta does not know the user: there is nobody to change or to deactivate.
    Unknown,
    /// Okta has the user already: change them instead.
    Exists,
    /// Okta understood and said no.
    Refused(Refusal),
    /// Okta has no such call, or the credentials may not make it. This holds for every user.
    NotPermitted(Refusal),
    /// Nobody knows whether it was done, or will be.
    Ambiguous(Error),
}

impl Calls {
    /// Creates an active user, or lets one in again.
    ///
    /// # Errors
    /// As every call, if it certainly was not done.
    pub async fn create_user(&self, entity: &Entity) -> Result<Single, Error> {
        let call = Call {
            api: Api::IdentitySource,
            method: Method::POST,
            path: &["users"],
            name: "POST /users",
            body: Some(entity.json.as_bytes().to_vec()),
            repeat: Repeat::Untouched,
        };
        Ok(match self.single(call).await? {
            // It cannot mean that the user is unknown.
            Answered::NotFound(refusal) => Single::NotPermitted(refusal),
            Answered::As(single) => single,
        })
    }

    /// Changes a user that Okta has: what is not sent stays as it is.
    ///
    /// # Errors
    /// As every call, if it certainly was not done.
    pub async fn update_user(&self, entity: &Entity) -> Result<Single, Error> {
        let call = Call {
            api: Api::IdentitySource,
            method: Method::PATCH,
            path: &["users", entity.external_id()],
            name: "PATCH /users/{externalId}",
            body: Some(profile_alone(entity)),
            repeat: Repeat::Untouched,
        };
        Ok(match self.single(call).await? {
            Answered::NotFound(_) => Single::Unknown,
            Answered::As(single) => single,
        })
    }

    /// Deletes a user from the identity source, which should deactivate them.
    ///
    /// # Errors
    /// As every call, if it certainly was not done.
    pub async fn delete_user(&self, external_id: &str) -> Result<Single, Error> {
        let call = Call {
            api: Api::IdentitySource,
            method: Method::DELETE,
            path: &["users", external_id],
            name: "DELETE /users/{externalId}",
            body: None,
            repeat: Repeat::Untouched,
        };
        Ok(match self.single(call).await? {
            Answered::NotFound(_) => Single::Unknown,
            // There is nothing to show of somebody who is gone.
            Answered::As(Single::Done(_)) => Single::Done(None),
            Answered::As(single) => single,
        })
    }

    /// Tells Okta what a bulk request would. `is_known`: Okta was told to have the user active. If
    /// Okta knows better, the other call is made: a user that it does not have is created, and one
    /// that it has is changed.
    ///
    /// # Errors
    /// As every call, if it certainly was not done.
    pub async fn tell_user(&self, entity: &Entity, is_known: bool) -> Result<Single, Error> {
        if entity.kind() == Kind::Deactivate {
            return self.delete_user(entity.external_id()).await;
        }
        if is_known {
            return match self.update_user(entity).await? {
                Single::Unknown => self.create_user(entity).await,
                other => Ok(other),
            };
        }
        match self.create_user(entity).await? {
            Single::Exists => self.update_user(entity).await,
            other => Ok(other),
        }
    }

    async fn single(&self, call: Call<'_>) -> Result<Answered, Error> {
        let failure = match self.send(call).await {
            Ok(answer) => {
                let shown = answer.json::<user::Wire>().ok();
                let shown = shown.map(|user| user::profile(user.profile));
                return Ok(Answered::As(Single::Done(shown)));
            }
            Err(failure) => failure,
        };
        let Failure {
            error, maybe_done, ..
        } = failure;
        if maybe_done {
            return Ok(Answered::As(Single::Ambiguous(error)));
        }
        Ok(match error {
            Error::NotFound(refusal) => Answered::NotFound(refusal),
            Error::Forbidden(refusal) => Answered::As(Single::NotPermitted(refusal)),
            Error::Refused(refusal) if refusal.status == 405 => {
                Answered::As(Single::NotPermitted(refusal))
            }
            Error::Refused(refusal) if says_exists(&refusal) => Answered::As(Single::Exists),
            Error::Refused(refusal) => Answered::As(Single::Refused(refusal)),
            error => return Err(error),
        })
    }
}

enum Answered {
    As(Single),
    NotFound(Refusal),
}

/// Okta's words are not documented. A login that somebody else has "already exists", too: the call
/// that is made instead then finds nobody, which shows when it is made.
fn says_exists(refusal: &Refusal) -> bool {
    let texts = refusal.summary.iter().chain(&refusal.causes);
    refusal.status == 409
        || texts
            .map(|text| text.to_lowercase())
            .any(|text| text.contains("already exist"))
}

/// The body of a change: the address names the user.
fn profile_alone(entity: &Entity) -> Vec<u8> {
    #[derive(Deserialize)]
    struct Sent<'a> {
        #[serde(borrow)]
        profile: &'a RawValue,
    }

    let profile = serde_json::from_str(&entity.json).map(|Sent { profile }| profile);
    let body = BTreeMap::from([("profile", profile.ok())]);
    serde_json::to_vec(&body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_carries_the_profile_alone() {
        let profile = BTreeMap::from([("userName", Some("ada")), ("title", None)]);
        let entity = Entity::upsert("ada", &profile).unwrap();

        let body = String::from_utf8(profile_alone(&entity)).unwrap();

        assert_eq!(body, r#"{"profile":{"title":null,"userName":"ada"}}"#);
    }
}
