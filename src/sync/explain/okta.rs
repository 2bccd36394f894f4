//! What Okta has of one person.

use std::collections::BTreeMap;

use super::OktaHas;
use crate::{
    mapping::{ExternalId, Mapped, Profile},
    okta::{Calls, UserProfile},
    sync::{OldAndNew, Run},
};

impl Run {
    /// What Okta has of somebody. `None` if it could not be asked.
    pub(super) async fn okta_has(
        &self,
        id: &ExternalId,
        mapped: Option<&Mapped>,
        values: bool,
        calls: &Calls,
    ) -> Option<OktaHas> {
        if !Calls::can_ask_for(id.as_str()) {
            return None;
        }
        let had = calls
            .user(id.as_str())
            .await
            .inspect_err(|error| tracing::warn!(%error, "Okta could not be asked for a user"))
            .ok()?;
        let profile = match mapped {
            Some(Mapped::Active(_, profile)) => Some(profile),
            _ => None,
        };
        let Some(had) = had else {
            return Some(OktaHas {
                status: Some("NOT_FOUND".to_owned()),
                differs: None,
                values: None,
            });
        };
        let login = had.get("userName").cloned().flatten();
        let status = match login {
            Some(login) => {
                let users = &self.beyond.users;
                let user = users
                    .ask(calls.deadline(), async |calls| calls.org_user(&login).await)
                    .await;
                user.ok().flatten().flatten().map(|user| user.status)
            }
            None => None,
        };
        let differs = profile.map(|profile| differences(profile, &had));
        Some(OktaHas {
            status,
            values: differs
                .as_ref()
                .filter(|_| values)
                .map(|names| old_and_new(names, profile, &had)),
            differs,
        })
    }
}

/// The attributes in which Okta has another value than the record, or none.
fn differences(profile: &Profile, had: &UserProfile) -> Vec<String> {
    let has = |name: &str| had.get(name).and_then(Option::as_deref);
    profile
        .iter()
        .filter(|(name, value)| has(name) != *value)
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn old_and_new(
    names: &[String],
    profile: Option<&Profile>,
    had: &UserProfile,
) -> BTreeMap<String, OldAndNew> {
    let pair = |name: &String| OldAndNew {
        old: had.get(name).cloned().flatten(),
        new: profile.and_then(|profile| profile.get(name).map(str::to_owned)),
    };
    names
        .iter()
        .map(|name| (name.clone(), pair(name)))
        .collect()
}
