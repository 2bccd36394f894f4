//! What is known of one session.

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
    /// To be created, updated or reactivated.
    pub upserts: u64,
    /// To be deactivated.
    pub deactivations: u64,
    /// Those of an import that ended in ERROR, told once more to find out who makes it fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Number>,
    /// Those of a push, which its sender repeats: no full run could tell them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_push: bool,
    /// Whether it tells nothing but what single-user calls have told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirms: bool,
    /// Whether groups or memberships are in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub groups: bool,
}

/// How far a session came, as far as we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// It may be loading; its import was not started.
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
    /// Its number.
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
    /// Its number.
    pub number: Number,
    /// Whether it is about those it deactivated, or about the others.
    pub deactivations: bool,
    /// How many they were.
    pub users: u64,
    /// Whether it was a second attempt, so that there is somebody who makes it fail.
    pub again: bool,
}

/// The last number that was given, at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) number: Number,
    pub(super) at: Timestamp,
}

/// How those are told again whose session came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Again {
    /// With all others.
    AsEver,
    /// Apart from others: their import ended in ERROR, and somebody in it made it fail.
    Apart,
    /// Once those of a later failed import were told.
    Later,
    /// By themselves: they were alone in an import that ended in ERROR.
    Isolated,
}

/// What became of charges: whether those that a session made are to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charges {
    /// They stand: its users may have been told.
    Stand,
    /// They are given back: nobody was told.
    GivenBack,
}
