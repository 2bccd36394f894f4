//! Users packed into as few bulk requests as the limits allow. Values only.

mod entity;
mod limits;
mod packer;
#[cfg(test)]
mod tests;

pub use entity::{Entity, EntityError, Kind};
use limits::{HEAD, TAIL};
pub use limits::{MAX_BODY_BYTES, MAX_ENTITIES, MAX_REQUESTS, MAX_USERS};
pub(crate) use limits::{max_entities, max_requests};
pub use packer::{Packer, pack};

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
            kind: first.kind(),
            body_len: HEAD.len() + first.json.len() + TAIL.len(),
            entities: vec![first],
        }
    }

    /// The body's length with one more, or `None` if the request cannot take it.
    fn len_with(&self, entity: &Entity) -> Option<usize> {
        let body_len = self.body_len + ",".len() + entity.json.len();
        (self.kind == entity.kind()
            && self.entities.len() < max_entities()
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

    pub(in crate::okta) fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// Its users, one by one.
    #[must_use]
    pub fn into_entities(self) -> Vec<Entity> {
        self.entities
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

    /// Its two halves, to isolate a user that Okta refuses. Itself again if it carries a single
    /// user.
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

    /// The users who are not among these and those who are, to isolate the ones that Okta named.
    /// Two halves if that separates nobody.
    ///
    /// # Errors
    /// The batch as it was, if it carries a single user.
    pub fn separate(mut self, suspects: &[String]) -> Result<(Self, Self), Self> {
        let is_suspect = |entity: &Entity| {
            suspects
                .iter()
                .any(|suspect| suspect == entity.external_id())
        };
        let suspected = self.entities.iter().filter(|one| is_suspect(one)).count();
        if suspected == 0 || suspected == self.entities.len() {
            return self.halve();
        }
        let (suspected, others) = std::mem::take(&mut self.entities)
            .into_iter()
            .partition(is_suspect);
        Ok((
            Self::measured(self.kind, others),
            Self::measured(self.kind, suspected),
        ))
    }

    /// The batch with only these users. `None` if there are none.
    #[must_use]
    pub fn keep(self, keep: impl Fn(&str) -> bool) -> Option<Self> {
        let entities: Vec<_> = self
            .entities
            .into_iter()
            .filter(|entity| keep(entity.external_id()))
            .collect();
        (!entities.is_empty()).then(|| Self::measured(self.kind, entities))
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
