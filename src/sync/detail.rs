//! A plan that a person can read: what would change, and for whom.

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

/// How long Okta is asked about users at most: it takes a minute for 15 of them where its rate
/// limit is the lowest that was seen, and scheduled runs share that.
pub(super) const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// Questions in flight.
const IN_FLIGHT: usize = 5;

/// How much of a plan is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    /// How many upserts and how many deactivations are listed at most.
    pub limit: usize,
    /// Whether the attributes' values are told, besides their names.
    pub values: bool,
}

/// What would change, in the order of the external ids. Its values are for the caller alone: it
/// is no part of a serialized [`Report`](super::Report), which is logged.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes {
    /// Users to create, update or reactivate, those who are withheld for their number included.
    pub upserts: Vec<UpsertChange>,
    /// Users to deactivate, those whose deactivation is withheld for their number included.
    pub deactivations: Vec<DeactivationChange>,
    /// Groups that are made, change or are deleted, and who joins and leaves them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupChange>,
    /// What was found beyond the limit.
    pub not_listed: NotListed,
    /// Where it is not known what Okta has of a user, why not.
    pub not_asked: Option<NotAsked>,
}

/// A user to create, update or reactivate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpsertChange {
    /// Who.
    pub external_id: String,
    /// The record's key, such as `id=alice`.
    pub record: String,
    /// What happens to them.
    pub change: ChangeKind,
    /// Whether they wait: see the report's `withheld`.
    pub withheld: bool,
    /// The attributes that change, all of them for somebody new; `None` if that is not known.
    pub attributes: Option<Vec<String>>,
    /// Their values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, OldAndNew>>,
}

/// What happens to a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ChangeKind {
    /// Okta does not have them.
    Create,
    /// Okta has them otherwise.
    Update,
    /// Okta was told to deactivate them.
    Reactivate,
    /// Okta has them so already, and is told again since nobody can be sure that it was told.
    Repeat,
    /// Okta was never told of them by us, and could not be asked.
    Unknown,
}

/// An attribute's two values.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct OldAndNew {
    /// What Okta has.
    pub old: Option<String>,
    /// What it is to have.
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
    /// Who.
    pub external_id: String,
    /// The key of the record that they have, or had.
    pub record: String,
    /// Why.
    pub reason: Why,
    /// Whether they wait: see the report's `withheld`.
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The users of whom Okta could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAsked {
    /// How many.
    pub users: u64,
    /// Why, for the last of them.
    pub reason: String,
}

impl Changes {
    /// What a plan changes; `withheld` are the first of so many upserts and deactivations that the
    /// guard keeps back: they are whom one wants to see.
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
        // A user who is not there and a source that is not there look the same.
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
                    reason = Some("no URL can hold the external id".to_owned());
                    Had::NotAsked
                }
                // What is wrong with one is wrong with this one alone.
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

/// What happens to somebody of whom Okta was told this, and whom it has so; and which of the
/// attributes that are sent change, if that is known.
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
