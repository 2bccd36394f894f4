//! Suspects as bytes, few enough for a look to keep everybody that a first load tells.

use super::Suspect;
use crate::{
    guard::Kind,
    ledger::{Again, IdHash, Told},
    mapping::Fingerprint,
    users::{KeySchema, RecordKey},
};

/// Bytes in a chunk, which becomes one item of the state table: DynamoDB's limit is 400 KB.
const CHUNK: usize = 256 * 1024;
/// How many bytes are kept at most. With keys of some ten bytes that is two million people. The
/// next look at the whole table finds people who are beyond.
const MOST: usize = 64 * 1024 * 1024;
/// What each suspect takes in addition to their key: the key's length in two bytes, a flag, and the
/// hash of their id.
const HEAD: usize = 2 + 1 + 16;

/// Joiners and movers, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Packed {
    chunks: Vec<Chunk>,
    bytes: usize,
}

/// Some of them: what one item of the state table holds.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The suspects, one after another.
    pub bytes: Vec<u8>,
    /// How many people.
    pub people: u32,
}

impl Packed {
    /// These suspects, those of them who are told together with all others. Each gets a place.
    #[must_use]
    pub fn of(suspects: &mut [Suspect]) -> Self {
        let mut packed = Self::default();
        let mut places = 0..;
        for suspect in suspects {
            if let ([key], Again::AsEver) = (&*suspect.keys, suspect.again)
                && packed.push(suspect.id, suspect.charge.is_some(), key)
            {
                suspect.place = places.next();
            }
        }
        packed
    }

    /// Adds somebody whose telling is an update that must be charged, or is free. Gives whether
    /// there was room.
    pub(super) fn push(&mut self, id: IdHash, charged: bool, key: &RecordKey) -> bool {
        let mut packed = Vec::with_capacity(32);
        key.pack(&mut packed);
        let Ok(length) = u16::try_from(packed.len()) else {
            return false;
        };
        let size = HEAD + packed.len();
        if self.bytes + size > MOST {
            return false;
        }
        let fits = |chunk: &Chunk| chunk.bytes.len() + size <= CHUNK;
        if !self.chunks.last().is_some_and(fits) {
            self.chunks.push(Chunk {
                bytes: Vec::with_capacity(CHUNK),
                people: 0,
            });
        }
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.bytes.extend_from_slice(&length.to_be_bytes());
            chunk.bytes.push(u8::from(charged));
            chunk.bytes.extend_from_slice(id.as_bytes());
            chunk.bytes.extend_from_slice(&packed);
            chunk.people += 1;
            self.bytes += size;
        }
        true
    }

    /// Keeps the people that `goes` selects by the hash of their id and whether they must be
    /// charged.
    pub(in crate::sync) fn retain(&mut self, mut goes: impl FnMut(IdHash, bool) -> bool) {
        for chunk in &mut self.chunks {
            let mut kept = Chunk::default();
            for one in Ones(&chunk.bytes) {
                if goes(one.id, one.charged) {
                    kept.bytes.extend_from_slice(one.all);
                    kept.people += 1;
                }
            }
            if kept.people < chunk.people {
                self.bytes -= chunk.bytes.len() - kept.bytes.len();
                *chunk = kept;
            }
        }
    }

    /// Adds others behind these.
    pub fn append(&mut self, mut others: Self) {
        self.chunks.append(&mut others.chunks);
        self.bytes += others.bytes;
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.chunks
            .iter()
            .map(|chunk| u64::from(chunk.people))
            .sum()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    /// All of them, in pieces.
    pub fn into_chunks(self) -> impl Iterator<Item = Chunk> {
        self.chunks.into_iter().filter(|chunk| chunk.people > 0)
    }
}

impl Chunk {
    /// Its suspects. `None` if these bytes are something else.
    #[must_use]
    pub fn suspects(&self, schema: &KeySchema) -> Option<Vec<Suspect>> {
        let mut suspects = Vec::with_capacity(self.people as usize);
        for one in Ones(&self.bytes) {
            suspects.push(Suspect {
                id: one.id,
                keys: vec![RecordKey::unpack(one.key, schema)?],
                charge: one.charged.then_some(Kind::Updates),
                // What they are told is decided when they are in hand.
                target: Told::Active(Fingerprint::from([0xff; 16])).into(),
                again: Again::AsEver,
                pushed: None,
                place: None,
                confirms: false,
            });
        }
        (suspects.len() == self.people as usize).then_some(suspects)
    }
}

/// One suspect in the bytes of many.
struct One<'a> {
    all: &'a [u8],
    id: IdHash,
    charged: bool,
    key: &'a [u8],
}

/// The suspects in these bytes, as far as they can be read.
struct Ones<'a>(&'a [u8]);

impl<'a> Iterator for Ones<'a> {
    type Item = One<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = self.0.split_at_checked(HEAD)?;
        let length = usize::from(u16::from_be_bytes(head[..2].try_into().ok()?));
        let (key, rest) = rest.split_at_checked(length)?;
        let all = &self.0[..HEAD + length];
        self.0 = rest;
        Some(One {
            all,
            id: IdHash::from_bytes(head[3..].try_into().ok()?),
            charged: head[2] != 0,
            key,
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::*;
    use crate::{mapping::ExternalId, users::KeyKind};

    fn schema() -> KeySchema {
        KeySchema::new(vec![("id".to_owned(), KeyKind::Text)])
    }

    fn key(n: u32) -> RecordKey {
        let id = AttributeValue::S(format!("person-{n}"));
        RecordKey::from_item(&[("id".to_owned(), id)].into())
    }

    fn id(n: u32) -> IdHash {
        IdHash::of(&ExternalId::parse(format!("person-{n}")).unwrap())
    }

    fn packed(people: u32) -> Packed {
        let mut packed = Packed::default();
        for n in 0..people {
            assert!(packed.push(id(n), n % 3 == 0, &key(n)));
        }
        packed
    }

    fn unpacked(packed: Packed) -> Vec<Suspect> {
        let chunks = packed.into_chunks();
        chunks
            .flat_map(|chunk| {
                assert!(chunk.bytes.len() <= CHUNK);
                chunk.suspects(&schema()).unwrap()
            })
            .collect()
    }

    #[test]
    fn suspects_come_out_as_they_went_in_and_in_their_order() {
        let packed = packed(20_000);
        assert_eq!(packed.len(), 20_000);

        let suspects = unpacked(packed);

        assert_eq!(suspects.len(), 20_000);
        for (n, suspect) in (0..).zip(suspects) {
            assert_eq!((suspect.id, &*suspect.keys), (id(n), &[key(n)][..]));
            assert_eq!(suspect.charge.is_some(), n % 3 == 0);
            assert!(!suspect.target.is_deactivation());
        }
    }

    #[test]
    fn who_is_left_out_is_in_none_of_the_chunks() {
        let mut packed = packed(20_000);

        packed.retain(|of, charged| !charged && of != id(1));

        assert_eq!(packed.len(), 13_332);
        let suspects = unpacked(packed);
        assert_eq!(suspects.len(), 13_332);
        assert!(suspects.iter().all(|one| one.charge.is_none()));
        assert!(suspects.iter().all(|one| one.id != id(1)));
    }

    #[test]
    fn the_bytes_of_something_else_are_nobody() {
        let chunk = Chunk {
            bytes: vec![0, 9, 1, 2],
            people: 1,
        };

        assert!(chunk.suspects(&schema()).is_none());
    }
}
