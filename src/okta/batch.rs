//! Users packed into as few bulk requests as the limits allow. Values only.

use std::fmt;

use serde::Serialize;

/// Most users in one bulk request (Okta's XaaS guide, "bulk data limits").
pub const MAX_ENTITIES: usize = 200;

/// Most bytes in one bulk request's body. The guide says 200 KB; this is the
/// smaller reading of it.
pub const MAX_BODY_BYTES: usize = 200_000;

/// Most bulk requests in one import session (the same guide).
pub const MAX_REQUESTS: usize = 50;

/// Most users in one import session: what full requests can carry.
pub const MAX_USERS: usize = MAX_ENTITIES * MAX_REQUESTS;

const HEAD: &str = r#"{"entityType":"USERS","profiles":["#;
const TAIL: &str = "]}";

/// Which of the two bulk requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `bulk-upsert`: users to be created, updated or reactivated.
    Upsert,
    /// `bulk-delete`: users to be deactivated; Okta never deletes one.
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
    json: Box<str>,
}

impl Entity {
    /// A user to be created, updated or reactivated, with the whole `profile`:
    /// a map or struct of strings.
    ///
    /// # Errors
    /// A profile that is empty or no object, or that fills more than a request.
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

    /// A user to be deactivated.
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

    /// The user's external id.
    #[must_use]
    pub fn external_id(&self) -> &str {
        &self.external_id
    }
}

impl fmt::Debug for Entity {
    /// Kind, id and size; the profile stays out of every log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entity")
            .field("kind", &self.kind)
            .field("external_id", &self.external_id)
            .field("bytes", &self.json.len())
            .finish_non_exhaustive()
    }
}

/// The users of one bulk request: one kind, never none, never too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    kind: Kind,
    entities: Vec<Entity>,
    body_len: usize,
}

impl Batch {
    fn of(first: Entity) -> Self {
        Self {
            kind: first.kind,
            body_len: HEAD.len() + first.json.len() + TAIL.len(),
            entities: vec![first],
        }
    }

    /// The body's length with one more, or `None` if the request cannot take it.
    fn len_with(&self, entity: &Entity) -> Option<usize> {
        let body_len = self.body_len + ",".len() + entity.json.len();
        (self.kind == entity.kind
            && self.entities.len() < MAX_ENTITIES
            && body_len <= MAX_BODY_BYTES)
            .then_some(body_len)
    }

    /// Which request it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// How many users it carries, at least one.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // It never is.
    pub fn len(&self) -> usize {
        self.entities.len()
    }

    /// The external ids of its users, in order.
    pub fn external_ids(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entities.iter().map(Entity::external_id)
    }

    /// The length of the body, in bytes.
    #[must_use]
    pub fn body_len(&self) -> usize {
        self.body_len
    }

    /// The body of the request.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(self.body_len);
        body.extend_from_slice(HEAD.as_bytes());
        for (index, entity) in self.entities.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(entity.json.as_bytes());
        }
        body.extend_from_slice(TAIL.as_bytes());
        body
    }

    /// The two halves of it, to close in on a user that Okta refuses; itself
    /// again if it carries a single user.
    ///
    /// # Errors
    /// The batch as it was, if there is nothing to halve.
    pub fn halve(mut self) -> Result<(Self, Self), Self> {
        if self.entities.len() < 2 {
            return Err(self);
        }
        let second = self.entities.split_off(self.entities.len() / 2);
        Ok((
            Self::measured(self.kind, self.entities),
            Self::measured(self.kind, second),
        ))
    }

    fn measured(kind: Kind, entities: Vec<Entity>) -> Self {
        let users: usize = entities.iter().map(|entity| entity.json.len()).sum();
        let commas = entities.len().saturating_sub(1);
        Self {
            kind,
            entities,
            body_len: HEAD.len() + users + commas + TAIL.len(),
        }
    }
}

/// Packs users into batches as they come, each as full as count and bytes allow.
///
/// Users stay in their order. A batch carries one kind, so a change of kind
/// begins a new one: push all of one kind, then all of the other.
#[derive(Debug, Default)]
pub struct Packer {
    full: Vec<Batch>,
    last: Option<Batch>,
}

impl Packer {
    /// With nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many requests it takes to send what is in it.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.full.len() + usize::from(self.last.is_some())
    }

    /// How many requests it would take with this one too.
    #[must_use]
    pub fn requests_with(&self, entity: &Entity) -> usize {
        let joins = self
            .last
            .as_ref()
            .is_some_and(|last| last.len_with(entity).is_some());
        self.requests() + usize::from(!joins)
    }

    /// Whether this one can be added without needing more than `requests`.
    #[must_use]
    pub fn would_fit(&self, entity: &Entity, requests: usize) -> bool {
        self.requests_with(entity) <= requests
    }

    /// Adds one.
    pub fn push(&mut self, entity: Entity) {
        if let Some(last) = &mut self.last
            && let Some(body_len) = last.len_with(&entity)
        {
            last.entities.push(entity);
            last.body_len = body_len;
        } else {
            self.full.extend(self.last.replace(Batch::of(entity)));
        }
    }

    /// The batches, none of them empty.
    #[must_use]
    pub fn finish(mut self) -> Vec<Batch> {
        self.full.extend(self.last);
        self.full
    }
}

impl Extend<Entity> for Packer {
    fn extend<I: IntoIterator<Item = Entity>>(&mut self, entities: I) {
        for entity in entities {
            self.push(entity);
        }
    }
}

/// Packs users into batches, in order: the fewest where bytes allow.
#[must_use]
pub fn pack(entities: impl IntoIterator<Item = Entity>) -> Vec<Batch> {
    let mut packer = Packer::new();
    packer.extend(entities);
    packer.finish()
}
