//! A plan that people can read: what would change, and for which people.

mod groups;

use std::{collections::BTreeMap, fmt, time::Duration};

use futures::{StreamExt as _, stream};
use serde::Serialize;

pub(super) use self::groups::GroupChanges;
pub use self::groups::{GroupChange, GroupChangeKind, Members};
use super::{
    hand::{Ready, Why},
    plan::Plan,
};
use crate::{
    ledger::Told,
    mapping::ExternalId,
    okta::{Calls, Entity, Error, UserProfile},
};

/// The longest time for asking Okta about users. With the lowest rate limit that was seen, 15 of
/// them take a minute, and scheduled runs share that.
pub(super) const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// How many requests run at once.
const IN_FLIGHT: usize = 5;

/// How much of a plan is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// How many upserts and how many deactivations are listed at most.
    pub limit: usize,
    /// Whether the attributes' values are told, and not only their names.
    pub values: bool,
}

/// What would change, in the order of the external ids. Okta is asked about each listed user, for
/// five minutes at most. Only the caller gets this list: it is never logged.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Users to create, update or reactivate, withheld ones included.
    pub upserts: Vec<UpsertChange>,
    /// Users to deactivate, withheld ones included. People who are held back because records have
    /// no external id are only counted in `notListed`.
    pub deactivations: Vec<DeactivationChange>,
    /// Groups that are made, change or are deleted, in the order of their external ids, with the
    /// people who join and leave them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupChange>,
    /// How many changes were found beyond those that are listed.
    pub not_listed: NotListed,
    /// How many users Okta could not be asked about, and why. Null if it was asked about everybody.
    pub not_asked: Option<NotAsked>,
}

/// A user to create, update or reactivate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpsertChange {
    /// The user's external id.
    pub external_id: String,
    /// The record's key, such as `id=alice`.
    pub record: String,
    /// What happens to the user.
    pub change: ChangeKind,
    /// Whether the guard keeps the change back. The report's `withheld` says why.
    pub withheld: bool,
    /// The attributes that change. For somebody new: all of them. Null if Okta could not be asked.
    pub attributes: Option<Vec<String>>,
    /// Old and new value of each attribute. Only with `values`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, OldAndNew>>,
}

/// What happens to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// Okta does not have the user.
    Create,
    /// Okta has the user with other values.
    Update,
    /// Okta was told to deactivate the user, and is now told to have them active.
    Reactivate,
    /// Okta has the user like this already. It is told again because nobody can be sure that it was
    /// told.
    Repeat,
    /// The user is new to the ledger, and Okta could not be asked.
    Unknown,
}

/// An attribute's old and new value.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct OldAndNew {
    /// What Okta has. Null if it has nothing.
    pub old: Option<String>,
    /// What it will have. Null if the attribute is cleared.
    pub new: Option<String>,
}

/// Values stay out of every log.
impl fmt::Debug for OldAndNew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OldAndNew")
    }
}

/// A user to deactivate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeactivationChange {
    /// The user's external id.
    pub external_id: String,
    /// The key of the record that the user has, or had.
    pub record: String,
    /// Why the user is deactivated.
    pub reason: Why,
    /// Whether the guard keeps the change back. The report's `withheld` says why.
    pub withheld: bool,
}

/// How many changes were found beyond those that are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NotListed {
    /// Upserts, withheld ones included.
    pub upserts: u64,
    /// Deactivations, withheld ones included.
    pub deactivations: u64,
    /// Groups that change.
    #[serde(skip_serializing_if = "is_zero")]
    pub groups: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for this signature"
)]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Users that Okta could not be asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAsked {
    /// How many there are.
    pub users: u64,
    /// Why, for the last of them.
    pub reason: String,
}

impl Changes {
    /// What a plan changes. `withheld` are the first of the upserts and deactivations that the
    /// guard keeps back, because these are the ones people want to see.
    pub(super) async fn of(
        plan: &Plan,
        withheld: Vec<Ready>,
        all_withheld: (u64, u64),
        detail: Detail,
        okta: &Calls,
    ) -> Self {
        let goes = |ready| (ready, false);
        let waits = |ready| (ready, true);
        let (leavers, kept): (Vec<_>, Vec<_>) =
            withheld.iter().partition(|ready| ready.why.is_some());
        let mut leavers: Vec<_> = plan
            .deactivations
            .iter()
            .map(goes)
            .chain(leavers.into_iter().map(waits))
            .filter_map(|(ready, withheld)| {
                Some(DeactivationChange {
                    external_id: ready.external_id.to_string(),
                    record: ready.key.to_string(),
                    reason: ready.why?,
                    withheld,
                })
            })
            .collect();
        leavers.sort_by(|one, other| one.external_id.cmp(&other.external_id));
        leavers.truncate(detail.limit);
        let upserts = plan.upserts.iter().map(goes);
        let mut upserts: Vec<_> = upserts.chain(kept.into_iter().map(waits)).collect();
        upserts.sort_by(|(one, _), (other, _)| one.external_id.cmp(&other.external_id));
        upserts.truncate(detail.limit);

        let ids: Vec<_> = upserts
            .iter()
            .map(|(upsert, _)| &upsert.external_id)
            .collect();
        let (had, not_asked) = ask(okta, &ids).await;
        let listed = upserts
            .into_iter()
            .zip(had)
            .map(|((upsert, withheld), had)| {
                let sent = upsert
                    .entity
                    .as_ref()
                    .map(Entity::profile)
                    .unwrap_or_default();
                let told = upsert.before.as_ref().map(|before| before.told);
                let (change, differing) = compare(told, &had, &sent);
                UpsertChange {
                    external_id: upsert.external_id.to_string(),
                    record: upsert.key.to_string(),
                    change,
                    withheld,
                    values: differing
                        .as_ref()
                        .filter(|_| detail.values)
                        .map(|names| values(names, &had, &sent)),
                    attributes: differing,
                }
            })
            .collect::<Vec<_>>();
        let found = plan.found.0 + all_withheld.0;
        let deactivations = plan.found.1 + all_withheld.1;
        Self {
            groups: Vec::new(),
            not_listed: NotListed {
                upserts: found.saturating_sub(listed.len() as u64),
                deactivations: deactivations.saturating_sub(leavers.len() as u64),
                groups: 0,
            },
            upserts: listed,
            deactivations: leavers,
            not_asked,
        }
    }
}

/// What Okta has of a user.
enum Had {
    Profile(UserProfile),
    Nobody,
    NotAsked,
}

/// Asks about users, as long as it makes sense.
async fn ask(okta: &Calls, ids: &[&ExternalId]) -> (Vec<Had>, Option<NotAsked>) {
    let mut had = Vec::with_capacity(ids.len());
    let mut reason = None;
    if !ids.is_empty() {
        // A missing user and a missing identity source look the same.
        reason = okta
            .active_sessions()
            .await
            .err()
            .map(|error| error.to_string());
    }
    if reason.is_none() {
        let mut answers = stream::iter(ids)
            .map(|id| async {
                if !Calls::can_ask_for(id.as_str()) {
                    return None;
                }
                Some(okta.user(id.as_str()).await)
            })
            .buffered(IN_FLIGHT);
        while let Some(answer) = answers.next().await {
            had.push(match answer {
                Some(Ok(Some(profile))) => Had::Profile(profile),
                Some(Ok(None)) => Had::Nobody,
                None => {
                    reason = Some("the external id does not fit into a URL".to_owned());
                    Had::NotAsked
                }
                // What is wrong with one user says nothing about the others.
                Some(Err(error @ (Error::Refused(_) | Error::Unreadable { .. }))) => {
                    reason = Some(error.to_string());
                    Had::NotAsked
                }
                Some(Err(error)) => {
                    reason = Some(error.to_string());
                    break;
                }
            });
        }
    }
    had.resize_with(ids.len(), || Had::NotAsked);
    let users = had
        .iter()
        .filter(|had| matches!(had, Had::NotAsked))
        .count() as u64;
    let not_asked = reason.map(|reason| NotAsked { users, reason });
    (had, not_asked)
}

/// What happens to somebody, from what Okta was told and what it has, and which of the sent
/// attributes change, if that is known.
fn compare(told: Option<Told>, had: &Had, sent: &UserProfile) -> (ChangeKind, Option<Vec<String>>) {
    let was_deactivated = matches!(told, Some(Told::Inactive));
    let attributes = match had {
        Had::NotAsked => None,
        Had::Nobody => Some(
            sent.iter()
                .filter(|(_, value)| value.is_some())
                .map(|(name, _)| name.clone())
                .collect(),
        ),
        Had::Profile(profile) => Some(
            sent.iter()
                .filter(|(name, value)| profile.get(*name).unwrap_or(&None) != *value)
                .map(|(name, _)| name.clone())
                .collect::<Vec<_>>(),
        ),
    };
    let change = match (had, told) {
        _ if was_deactivated => ChangeKind::Reactivate,
        (Had::NotAsked, Some(_)) => ChangeKind::Update,
        (Had::NotAsked, None) => ChangeKind::Unknown,
        (Had::Nobody, _) => ChangeKind::Create,
        (Had::Profile(_), _) if attributes.as_ref().is_some_and(Vec::is_empty) => {
            ChangeKind::Repeat
        }
        (Had::Profile(_), _) => ChangeKind::Update,
    };
    (change, attributes)
}

fn values(names: &[String], had: &Had, sent: &UserProfile) -> BTreeMap<String, OldAndNew> {
    let old = |name: &String| match had {
        Had::Profile(profile) => profile.get(name).cloned().flatten(),
        Had::Nobody | Had::NotAsked => None,
    };
    let pair = |name: &String| OldAndNew {
        old: old(name),
        new: sent.get(name).cloned().flatten(),
    };
    names
        .iter()
        .map(|name| (name.clone(), pair(name)))
        .collect()
}
