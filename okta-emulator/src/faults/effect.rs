//! What a fault does.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::{Deserialize, Deserializer, de};

use crate::{
    clock::in_words,
    directory::Refused,
    duration::parse_duration,
    sessions::{Applied, Poison, SessionStatus},
};

/// What happens to a call that a fault strikes.
///
/// As JSON, for `POST /_emulator/faults`, each is an object whose `type` is
/// the name in camel case, such as `{"type": "delay", "time": "5s"}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Effect {
    /// Answers with this status and Okta's error body, and does not do the
    /// work.
    Status {
        /// The HTTP status.
        status: u16,
        /// The error code; the default is E0000009, Okta's internal error.
        #[serde(default = "internal_error")]
        code: String,
        /// The causes to name.
        #[serde(default)]
        causes: Vec<String>,
    },
    /// Answers 429 E0000047 with these headers instead of the usual ones, and
    /// does not do the work. For too many concurrent calls Okta sends a limit
    /// and a remaining of 0.
    RateLimited {
        /// Names and values.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
    /// Lets time pass before the work.
    Delay {
        /// How much.
        #[serde(deserialize_with = "duration")]
        time: Duration,
    },
    /// Lets time pass between the work and the answer.
    DelayAnswer {
        /// How much.
        #[serde(deserialize_with = "duration")]
        time: Duration,
    },
    /// Closes the connection and does not do the work.
    CloseBefore,
    /// Does the work and closes the connection, so that the answer is lost.
    CloseAfter,
    /// Closes the connection and does the work later, whatever the client does
    /// meanwhile.
    DoneLater {
        /// How much later.
        #[serde(deserialize_with = "duration")]
        after: Duration,
    },
    /// Applies only every second attribute, by name, when a single user is
    /// created or changed.
    HalfApplied,
    /// Does the work, sends half of the answer's body and closes the connection.
    /// An answer without a body is lost.
    Truncate,
    /// Does the work and answers with a page that is not JSON.
    NotJson,
    /// Does the work and answers with this session status instead of the real
    /// one.
    AnswerStatus {
        /// The word to answer with.
        status: String,
    },
    /// Ends the call's session this way: an open one at once, a triggered one
    /// when its import would have been done, with nothing imported.
    SessionEnds {
        /// How it ends.
        how: SessionEnd,
    },
    /// Makes the import that the call starts take this long.
    ImportTakes {
        /// How long.
        #[serde(deserialize_with = "duration")]
        time: Duration,
    },
    /// Makes the wait after the import that the call starts this long.
    Cooldown {
        /// How long.
        #[serde(deserialize_with = "duration")]
        time: Duration,
    },
    /// Refuses a load because of some users in it, with 400 E0000001.
    RefuseEntities {
        /// Which users.
        poison: Poison,
        /// Whether the causes name them.
        #[serde(default)]
        named: bool,
    },
    /// Refuses a load because of some users in it, with this status.
    RefuseEntitiesWith {
        /// The HTTP status: 413, 422, …
        status: u16,
        /// Which users.
        poison: Poison,
        /// Whether the causes name them.
        #[serde(default)]
        named: bool,
    },
    /// Lets the session still say CREATED for a while after its first load was
    /// accepted, if this call is that load. Everything else follows its real
    /// status. `Options::status_lag` is the same for every session.
    StatusLags {
        /// How long.
        #[serde(deserialize_with = "duration")]
        time: Duration,
    },
    /// Lets the import that the call starts sleep: the session stays TRIGGERED,
    /// later ones overtake it, and then it is done after all.
    ImportWakes {
        /// How long it sleeps.
        #[serde(deserialize_with = "duration")]
        after: Duration,
    },
    /// Repeats the whole import that the call starts, a while after it ended.
    ImportRepeats {
        /// How long after.
        #[serde(deserialize_with = "duration")]
        after: Duration,
    },
    /// Ends the import that the call starts this way, with only some of its
    /// users applied.
    ImportEnds {
        /// How it ends.
        how: SessionEnd,
        /// Which users are applied.
        #[serde(default)]
        applied: Applied,
    },
    /// Ends the import that the call starts in ERROR, if certain users are in
    /// it.
    ImportFails {
        /// Which users.
        poison: Poison,
        /// Which users are applied anyway.
        #[serde(default)]
        applied: Applied,
    },
    /// Refuses certain users inside the import that the call starts, which ends
    /// COMPLETED.
    ImportRefuses {
        /// Which users.
        poison: Poison,
        /// What the System Log says about it.
        #[serde(default)]
        reason: Refused,
    },
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SessionEnd {
    /// Okta failed to process it.
    Error,
    /// It ran out of time.
    Expired,
    /// Somebody cancelled it.
    Closed,
    /// Okta says that it processed it.
    Completed,
}

impl From<SessionEnd> for SessionStatus {
    fn from(end: SessionEnd) -> Self {
        match end {
            SessionEnd::Error => Self::Error,
            SessionEnd::Expired => Self::Expired,
            SessionEnd::Closed => Self::Closed,
            SessionEnd::Completed => Self::Completed,
        }
    }
}

/// A short description.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status, code, .. } => write!(f, "answers {status} {code}"),
            Self::RateLimited { .. } => f.write_str("answers 429"),
            Self::Delay { time } => write!(f, "waits {} before the work", in_words(*time)),
            Self::DelayAnswer { time } => write!(f, "waits {} after the work", in_words(*time)),
            Self::CloseBefore => f.write_str("closes the connection before the work"),
            Self::CloseAfter => f.write_str("closes the connection after the work"),
            Self::DoneLater { after } => {
                write!(
                    f,
                    "closes the connection and works {} later",
                    in_words(*after)
                )
            }
            Self::HalfApplied => f.write_str("takes half of the attributes"),
            Self::Truncate => f.write_str("cuts the answer short"),
            Self::NotJson => f.write_str("answers with a page that is not JSON"),
            Self::AnswerStatus { status } => write!(f, "answers with the status {status}"),
            Self::SessionEnds { how } => {
                write!(f, "ends the session {}", SessionStatus::from(*how))
            }
            Self::ImportTakes { time } => write!(f, "makes the import take {}", in_words(*time)),
            Self::Cooldown { time } => {
                write!(f, "makes the wait after the import {}", in_words(*time))
            }
            Self::RefuseEntities { poison, .. } => write!(f, "refuses {poison}"),
            Self::RefuseEntitiesWith { status, poison, .. } => {
                write!(f, "answers {status} because of {poison}")
            }
            Self::StatusLags { time } => {
                write!(f, "still says CREATED for {}", in_words(*time))
            }
            Self::ImportWakes { after } => {
                write!(f, "lets the import sleep for {}", in_words(*after))
            }
            Self::ImportRepeats { after } => {
                write!(f, "does the import once more {} later", in_words(*after))
            }
            Self::ImportEnds { how, applied } => {
                let end = SessionStatus::from(*how);
                write!(f, "ends the import {end}, with {applied}")
            }
            Self::ImportFails { poison, applied } => {
                write!(f, "ends an import of {poison} ERROR, with {applied}")
            }
            Self::ImportRefuses { poison, .. } => {
                write!(f, "refuses {poison} inside the import")
            }
        }
    }
}

fn internal_error() -> String {
    "E0000009".to_owned()
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(de::Error::custom)
}
