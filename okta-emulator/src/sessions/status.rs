//! The status of a session.

use std::fmt;

use serde::{Serialize, Serializer};

/// The status of a session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionStatus {
    /// Open, without relevant data.
    Created,
    /// Open, with data.
    InProgress,
    /// Waiting for Okta to process it, or being processed.
    Triggered,
    /// Processed.
    Completed,
    /// Cancelled.
    Closed,
    /// Without a request for 24 hours.
    Expired,
    /// Okta failed to process it. The data must be loaded again.
    Error,
    /// A status that no client knows.
    Other(String),
}

impl SessionStatus {
    /// The word that the API uses.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "CREATED",
            Self::InProgress => "IN_PROGRESS",
            Self::Triggered => "TRIGGERED",
            Self::Completed => "COMPLETED",
            Self::Closed => "CLOSED",
            Self::Expired => "EXPIRED",
            Self::Error => "ERROR",
            Self::Other(word) => word,
        }
    }

    /// Whether a session with this status keeps others from being opened.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Created | Self::InProgress)
    }
}

impl From<&str> for SessionStatus {
    fn from(word: &str) -> Self {
        match word {
            "CREATED" => Self::Created,
            "IN_PROGRESS" => Self::InProgress,
            "TRIGGERED" => Self::Triggered,
            "COMPLETED" => Self::Completed,
            "CLOSED" => Self::Closed,
            "EXPIRED" => Self::Expired,
            "ERROR" => Self::Error,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for SessionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for SessionStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
