//! What is answered about a candidate.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{OldAndNew, State};
use crate::sync::Rejects;

/// What a candidate makes of the records otherwise than the mapping in use.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// In how many users each attribute changes, most first.
    pub attributes: Vec<AttributeChange>,
    /// Users whom both have active, with other profiles.
    pub changed: u64,
    /// People whom the candidate has active, and the mapping in use has not.
    pub joiners: u64,
    /// People who would leave, if Okta has them.
    pub leavers: u64,
    /// Records that the candidate rejects, and the mapping in use does not: their people stay as
    /// they are.
    pub rejected: Rejects,
    /// Records whose people stay as they are, and would be told something by the mapping in use.
    pub stay: u64,
    /// Records that the candidate says are about somebody else.
    pub others: u64,
    /// Records of which both make the same.
    pub unchanged: u64,
    /// All records.
    pub scanned: u64,
    /// What another template of the external id means; `null` where it is the same.
    pub external_id: Option<Identity>,
    /// Records that the candidate makes collide, which are not sent.
    pub collisions: Collisions,
    /// Who they are, the first of each.
    pub changes: Listed,
}

/// How an attribute changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeChange {
    /// Its name.
    pub attribute: String,
    /// In how many users.
    pub users: u64,
    /// Of these, in whom it is cleared at Okta.
    pub cleared: u64,
    /// Of these, in whom it is not sent any more, so that Okta keeps what it has.
    pub left_out: u64,
}

/// What another template of the external id means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// In so many words.
    pub says: String,
    /// Records whose external id is another.
    pub different: u64,
    /// Records whose external id is the same.
    pub same: u64,
}

/// Records that collide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Collisions {
    /// In an external id: none of them is sent.
    pub external_id: u64,
    /// In a login, of those who are to be active: none of them is sent.
    pub user_name: u64,
}

/// The first of those who change, in the order of their external ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Users whose profile changes.
    pub changed: Vec<PersonChange>,
    /// People who are to be active.
    pub joiners: Vec<PersonChange>,
    /// People who leave.
    pub leavers: Vec<PersonChange>,
    /// People who stay as they are.
    pub stay: Vec<PersonChange>,
    /// How many there are beyond these.
    pub not_listed: NotListed,
}

/// How many there are beyond those who are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NotListed {
    /// Users whose profile changes.
    pub changed: u64,
    /// People who are to be active.
    pub joiners: u64,
    /// People who leave.
    pub leavers: u64,
    /// People who stay as they are.
    pub stay: u64,
}

/// Somebody of whom the candidate makes something else.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonChange {
    /// Who.
    pub external_id: Option<String>,
    /// The record's key, such as `id=alice`.
    pub record: String,
    /// What the mapping in use says of the record.
    pub before: State,
    /// What the candidate says of it.
    pub after: State,
    /// The attributes that change, all of them for somebody who joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<String>>,
    /// Their values by the two mappings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, OldAndNew>>,
}
