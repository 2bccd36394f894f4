//! What the function answers about a candidate.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{OldAndNew, State};
use crate::sync::Rejects;

/// What a candidate for the mapping would change, compared with the mapping in use over the same
/// records. It reads the users table once, writes nothing, and does not ask Okta.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// How many users each attribute changes for, most first. One called `groups` stands for the
    /// groups that people are in.
    pub attributes: Vec<AttributeChange>,
    /// Users that both mappings have active, with different profiles.
    pub changed: u64,
    /// People who are active by the candidate, and not by the mapping in use.
    pub joiners: u64,
    /// People who would leave, if Okta has them.
    pub leavers: u64,
    /// Records that the candidate rejects and the mapping in use does not. Their people stay as
    /// they are.
    pub rejected: Rejects,
    /// People who are active by the mapping in use, and would stay as Okta has them: upcoming, or
    /// out of scope and kept.
    pub stay: u64,
    /// Records that the candidate gives another external id: another person to Okta.
    pub others: u64,
    /// Records that come out the same by both.
    pub unchanged: u64,
    /// All records read.
    pub scanned: u64,
    /// What another template of the external id means. Null if the template is the same.
    pub external_id: Option<Identity>,
    /// Records to which the candidate gives an external id or a login that another record has. None
    /// of them would be sent.
    pub collisions: Collisions,
    /// The first people of each kind, by external id.
    pub changes: Listed,
}

/// How an attribute changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AttributeChange {
    /// The attribute's name in the app's profile, or `groups`.
    pub attribute: String,
    /// How many users it changes for.
    pub users: u64,
    /// Of these, how many lose the value at Okta.
    pub cleared: u64,
    /// Of these, for how many it is no longer sent, so that Okta keeps what it has.
    pub left_out: u64,
}

/// What another template of the external id means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The meaning, as a sentence for people.
    pub says: String,
    /// Records that get another external id.
    pub different: u64,
    /// Records that keep their external id.
    pub same: u64,
}

/// Records that collide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Collisions {
    /// Records that share an external id. None of them is sent.
    pub external_id: u64,
    /// Active records that share a login. None of them is sent.
    pub user_name: u64,
}

/// The first people who change, in the order of their external ids.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Users whose profile changes.
    pub changed: Vec<PersonChange>,
    /// People who become active.
    pub joiners: Vec<PersonChange>,
    /// People who leave.
    pub leavers: Vec<PersonChange>,
    /// People who stay as they are.
    pub stay: Vec<PersonChange>,
    /// How many there are beyond those listed.
    pub not_listed: NotListed,
}

/// How many there are beyond those listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct NotListed {
    /// Users whose profile changes.
    pub changed: u64,
    /// People who become active.
    pub joiners: u64,
    /// People who leave.
    pub leavers: u64,
    /// People who stay as they are.
    pub stay: u64,
}

/// A record that the candidate maps differently, and its person.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonChange {
    /// The external id by the candidate, or by the mapping in use if the candidate gives none. Null
    /// if neither gives one.
    pub external_id: Option<String>,
    /// The record's key, such as `id=alice`.
    pub record: String,
    /// What the mapping in use makes of the record.
    pub before: State,
    /// What the candidate makes of it.
    pub after: State,
    /// The attributes that change. For somebody who joins: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<String>>,
    /// Old and new value of each attribute, by the two mappings. Only with `values`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, OldAndNew>>,
}
