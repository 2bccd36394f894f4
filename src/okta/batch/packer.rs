//! Users as they come, packed into batches.

use super::{Batch, Entity};

/// Packs users into batches as they come, each as full as count and bytes allow.
///
/// Users stay in order. A batch carries one kind, so a change of kind begins a new one: push all of
/// one kind, then all of the other.
#[derive(Debug, Default)]
pub struct Packer {
    full: Vec<Batch>,
    last: Option<Batch>,
}

impl Packer {
    /// An empty one.
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

/// Packs users into batches, in order: as few as bytes allow.
#[must_use]
pub fn pack(entities: impl IntoIterator<Item = Entity>) -> Vec<Batch> {
    let mut packer = Packer::new();
    packer.extend(entities);
    packer.finish()
}
