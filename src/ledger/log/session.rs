//! What is known about one session.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Number;
use crate::okta::SessionId;

/// A session whose end was not seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Okta's id.
    pub id: SessionId,
    /// How far it came.
    pub state: State,
    /// When it was opened.
    pub opened: Timestamp,
    /// When its import was started.
    pub triggered: Option<Timestamp>,
    /// The run that opened it.
    pub run: String,
    /// Since when it has had Okta to itself: the end of the one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone_since: Option<Timestamp>,
    /// What it carries.
    #[serde(default)]
    pub carries: Carries,
}

/// How many people a session carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Carries {
    /// People to create, update or reactivate.
    pub upserts: u64,
    /// People to deactivate.
    pub deactivations: u64,
    /// People of an import that ended in ERROR, told once more to find out who makes it fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Number>,
    /// People of a push, which its sender repeats: no full run could tell them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_push: bool,
    /// Whether it tells nothing but what single-user calls have told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirms: bool,
    /// Whether groups or memberships are in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub groups: bool,
    /// Whether it may change who is in a group, or which groups there are, in any way: it also takes
    /// people who return out of their old groups.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_change_groups: bool,
}

/// How far a session came, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// It may be loading. Its import was not started.
    Open,
    /// Its import is about to be started, or was.
    Starting,
    /// Its import was started.
    Triggered,
    /// Its end was waited for in vain.
    GivenUp,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum End {
    /// It was imported, or Okta knew nobody in it: its entries hold.
    Landed,
    /// Its import certainly never started.
    Nothing,
    /// It came to nothing, or to part of it.
    Void,
    /// Its import ended in ERROR.
    Error,
}

/// A session that ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// The session's number.
    pub number: Number,
    /// Okta's id.
    pub id: SessionId,
    /// How.
    pub end: End,
    /// When it was opened.
    pub opened: Timestamp,
    /// When its import was started.
    pub triggered: Option<Timestamp>,
    /// The run that opened it.
    pub run: String,
}

/// An import that ended in ERROR, of one kind of load.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// The session's number.
    pub number: Number,
    /// Whether it is about the people it deactivated, or about the others.
    pub deactivations: bool,
    /// How many they were.
    pub users: u64,
    /// Whether it was a second attempt, so that somebody in it makes it fail.
    pub again: bool,
}

/// The last number given at a certain time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) number: Number,
    pub(super) at: Timestamp,
}

/// How people are told again whose session came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Again {
    /// With all others.
    AsEver,
    /// Separately from others: their import ended in ERROR, and somebody in it made it fail.
    Apart,
    /// After the people of a later failed import.
    Later,
    /// By themselves: they were alone in an import that ended in ERROR.
    Isolated,
}

/// What became of charges: whether those of a session are given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charges {
    /// They stand: its users may have been told.
    Stand,
    /// They are given back: nobody was told.
    GivenBack,
}
