//! A user as the identity source has them.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::absence;
use super::calls::Calls;
use super::client::{Api, Call, Failure, Repeat};
use super::error::Error;

/// A profile's attributes as Okta has them. `None` is `null`.
pub type UserProfile = BTreeMap<String, Option<String>>;

#[derive(Deserialize)]
pub(super) struct Wire {
    #[serde(default)]
    pub(super) profile: BTreeMap<String, Value>,
}

/// A profile as Okta sends it.
pub(super) fn profile(attributes: BTreeMap<String, Value>) -> UserProfile {
    let attributes = attributes.into_iter().map(|(name, value)| {
        let value = match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            // The API takes only strings, but may give something else.
            other => Some(other.to_string()),
        };
        (name, value)
    });
    attributes.collect()
}

impl Calls {
    /// Whether [`Calls::user`] can ask for this external id: a URL's path carries neither dots
    /// alone nor line breaks nor tabs, so the call would ask for another user.
    #[must_use]
    pub fn can_ask_for(external_id: &str) -> bool {
        !matches!(external_id, "." | "..") && !external_id.contains(['\t', '\n', '\r'])
    }

    /// A user's profile. `None` if the identity source does not have them, or not any more.
    ///
    /// # Errors
    /// As every call: no time, no permission, no answer.
    pub async fn user(&self, external_id: &str) -> Result<Option<UserProfile>, Error> {
        let answer = self
            .send(Call {
                api: Api::IdentitySource,
                method: Method::GET,
                path: &["users", external_id],
                name: absence::USER,
                body: None,
                repeat: Repeat::Freely,
            })
            .await;
        match answer.map_err(Failure::into_error) {
            Ok(answer) => Ok(Some(profile(answer.json::<Wire>()?.profile))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_profile_holds_is_text_or_nothing() {
        let json = r#"{"id":"1","profile":{"city":"Oslo","title":null,"tags":["a"]}}"#;

        let profile = profile(serde_json::from_str::<Wire>(json).unwrap().profile);

        let text = |text: &str| Some(text.to_owned());
        assert_eq!(profile["city"], text("Oslo"));
        assert_eq!(profile["title"], None);
        assert_eq!(profile["tags"], text(r#"["a"]"#));
    }
}
