//! What a fault does.

use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};

use serde::{Deserialize, Deserializer, de};

use crate::{clock::in_words, options::parse_duration, sessions::SessionStatus};

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
        /// The error code; E0000009, Okta's internal error, if not given.
        #[serde(default = "internal_error")]
        code: String,
        /// The causes to name.
        #[serde(default)]
        causes: Vec<String>,
    },
    /// Answers 429 E0000047 with these headers in place of the usual ones, and
    /// does not do the work. For too many calls at once Okta sends a limit and
    /// a remaining of 0.
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
    /// Does the work and closes the connection: the answer is lost.
    CloseAfter,
    /// Does the work, sends half of the answer's body and closes the
    /// connection. An answer without a body is lost.
    Truncate,
    /// Does the work and answers with a page that is not JSON.
    NotJson,
    /// Does the work and answers with this session status in place of the
    /// real one.
    AnswerStatus {
        /// The word to answer with.
        status: String,
    },
    /// Makes the session of the call end so: an open one at once, a triggered
    /// one when its import would have been done, with nothing imported.
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
    /// Refuses a load for the sake of some users in it, with 400 E0000001.
    RefuseEntities {
        /// Which users.
        poison: Poison,
        /// Whether the causes name them.
        #[serde(default)]
        named: bool,
    },
}

/// How a session ends that does not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum SessionEnd {
    /// Okta failed to process it.
    Error,
    /// It ran out of time.
    Expired,
    /// Somebody cancelled it.
    Closed,
}

impl From<SessionEnd> for SessionStatus {
    fn from(end: SessionEnd) -> Self {
        match end {
            SessionEnd::Error => Self::Error,
            SessionEnd::Expired => Self::Expired,
            SessionEnd::Closed => Self::Closed,
        }
    }
}

/// Which users Okta will not take.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Poison {
    /// Those with one of these externalIds.
    ExternalIds(Vec<String>),
    /// Those in whose attribute this text occurs.
    Attribute {
        /// The attribute.
        name: String,
        /// The text.
        contains: String,
    },
    /// Those of whom this is true. Not available over HTTP.
    #[serde(skip)]
    When(Predicate),
}

/// What is asked of a user: the externalId and the attributes sent.
type Predicate = Arc<dyn Fn(&str, &BTreeMap<String, Option<String>>) -> bool + Send + Sync>;

impl Poison {
    /// Users of whom this is true, given the externalId and the attributes
    /// sent.
    pub fn when(
        predicate: impl Fn(&str, &BTreeMap<String, Option<String>>) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self::When(Arc::new(predicate))
    }

    pub(crate) fn is(&self, external_id: &str, profile: &BTreeMap<String, Option<String>>) -> bool {
        match self {
            Self::ExternalIds(ids) => ids.iter().any(|id| id == external_id),
            Self::Attribute { name, contains } => profile
                .get(name)
                .and_then(Option::as_ref)
                .is_some_and(|value| value.contains(contains)),
            Self::When(predicate) => predicate(external_id, profile),
        }
    }
}

impl fmt::Debug for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Poison({self})")
    }
}

impl fmt::Display for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ExternalIds(ids) => f.write_str(&ids.join(", ")),
            Self::Attribute { name, contains } => write!(f, "users with {contains:?} in {name}"),
            Self::When(_) => f.write_str("users of a test's choice"),
        }
    }
}

/// What it does, in a few words.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { status, code, .. } => write!(f, "answers {status} {code}"),
            Self::RateLimited { .. } => f.write_str("answers 429"),
            Self::Delay { time } => write!(f, "waits {} before the work", in_words(*time)),
            Self::DelayAnswer { time } => write!(f, "waits {} after the work", in_words(*time)),
            Self::CloseBefore => f.write_str("closes the connection before the work"),
            Self::CloseAfter => f.write_str("closes the connection after the work"),
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
