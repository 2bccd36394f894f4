//! One user, serialized.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::limits::{HEAD, MAX_BODY_BYTES, TAIL};
use crate::okta::UserProfile;

/// Which of the two bulk requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `bulk-upsert`: users to create, update or reactivate.
    Upsert,
    /// `bulk-delete`: users to deactivate. Okta never deletes one.
    Deactivate,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Upsert => "upsert",
            Self::Deactivate => "deactivation",
        })
    }
}

/// Why a user cannot be part of any request.
#[derive(Debug, thiserror::Error)]
pub enum EntityError {
    /// It alone is larger than a request may be.
    #[error("the user takes {bytes} bytes, a request to Okta holds {MAX_BODY_BYTES}")]
    TooLarge {
        /// The body of a request with this user alone, in bytes.
        bytes: usize,
    },
    /// Okta would make an empty user of an empty profile.
    #[error("the profile is empty")]
    EmptyProfile,
    /// The profile is not a JSON object, or cannot be serialized.
    #[error("the profile cannot be written as a JSON object")]
    NotAnObject,
}

/// One user as a bulk request carries it, serialized and within a request's size.
#[derive(Clone, PartialEq, Eq)]
pub struct Entity {
    kind: Kind,
    external_id: Box<str>,
    pub(in crate::okta) json: Box<str>,
}

impl Entity {
    /// A user to create, update or reactivate, with the whole `profile`: a map or struct of
    /// strings.
    ///
    /// # Errors
    /// A profile that is empty or not an object, or that fills more than a request.
    pub fn upsert(external_id: &str, profile: &impl Serialize) -> Result<Self, EntityError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Upsert<'a> {
            external_id: &'a str,
            profile: &'a serde_json::value::RawValue,
        }

        let profile =
            serde_json::value::to_raw_value(profile).map_err(|_| EntityError::NotAnObject)?;
        match profile.get() {
            "{}" => return Err(EntityError::EmptyProfile),
            object if object.starts_with('{') => {}
            _ => return Err(EntityError::NotAnObject),
        }
        Self::serialized(
            Kind::Upsert,
            external_id,
            &Upsert {
                external_id,
                profile: &profile,
            },
        )
    }

    /// A user to deactivate.
    ///
    /// # Errors
    /// An id that fills more than a request.
    pub fn deactivate(external_id: &str) -> Result<Self, EntityError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Deactivate<'a> {
            external_id: &'a str,
        }

        Self::serialized(Kind::Deactivate, external_id, &Deactivate { external_id })
    }

    fn serialized(
        kind: Kind,
        external_id: &str,
        value: &impl Serialize,
    ) -> Result<Self, EntityError> {
        let json = serde_json::to_string(value).map_err(|_| EntityError::NotAnObject)?;
        let bytes = HEAD.len() + json.len() + TAIL.len();
        if bytes > MAX_BODY_BYTES {
            return Err(EntityError::TooLarge { bytes });
        }
        Ok(Self {
            kind,
            external_id: external_id.into(),
            json: json.into(),
        })
    }

    /// Which request it goes into.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The attributes that it sends. None for a deactivation.
    #[must_use]
    pub fn profile(&self) -> UserProfile {
        #[derive(Deserialize)]
        struct Sent {
            #[serde(default)]
            profile: UserProfile,
        }

        serde_json::from_str(&self.json)
            .map_or_else(|_| UserProfile::new(), |Sent { profile }| profile)
    }

    /// The user's external id.
    #[must_use]
    pub fn external_id(&self) -> &str {
        &self.external_id
    }
}

impl fmt::Debug for Entity {
    /// Kind, id and size. The profile stays out of every log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entity")
            .field("kind", &self.kind)
            .field("external_id", &self.external_id)
            .field("bytes", &self.json.len())
            .finish_non_exhaustive()
    }
}
