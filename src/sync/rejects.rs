//! Records that our checks turn away, users that Okta turned away, and why.

use serde::Serialize;

use crate::{
    ledger::{IdHash, Print, StuckKey, Told},
    mapping::ExternalId,
};

/// Records that our own checks turn away, or users that Okta turned away.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rejects {
    /// How many there are.
    pub count: u64,
    /// The first 20.
    pub examples: Vec<Reject>,
    /// All of them, up to what is remembered by name.
    #[serde(skip)]
    pub(super) all: Vec<Reject>,
    /// Of these, the leavers.
    #[serde(skip)]
    pub leavers: u64,
    /// How many are not among all.
    #[serde(skip)]
    pub(super) unnamed: u64,
}

/// A record that could not be sent, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reject {
    /// The external id. Null if the record does not give one.
    pub external_id: Option<String>,
    /// The record's key, such as `id=alice`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Why it could not be sent: up to 5 reasons of up to 400 characters.
    pub reasons: Vec<String>,
    /// What Okta refused for this user alone.
    #[serde(skip)]
    pub print: Option<Print>,
    /// Whether full runs tell it again all the same, because that may help.
    #[serde(skip)]
    pub again: bool,
}

/// How much is kept of a reason or of a record's key, in characters, and how many reasons: an
/// answer may have 256 KB where Step Functions reads it.
const TEXT: usize = 400;
const REASONS: usize = 5;

impl Rejects {
    /// How many examples a report carries.
    pub const EXAMPLES: usize = 20;

    /// How many are named for those who remember them. Those that Okta refused do not count.
    const NAMED: usize = 2_000;

    /// Counts a record that could not be sent.
    pub fn add(&mut self, reject: Reject) {
        self.add_many(1, reject);
    }

    /// Counts several records that could not be sent for the same reason.
    pub fn add_many(&mut self, count: u64, reject: Reject) {
        self.count += count;
        self.leavers += u64::from(reject.print == Some(Print::from(Told::Inactive)));
        let reject = reject.cut();
        if self.examples.len() < Self::EXAMPLES {
            self.examples.push(reject.clone());
        }
        if self.all.len() < Self::NAMED || reject.print.is_some() {
            self.all.push(reject);
        } else {
            self.unnamed += 1;
        }
    }

    /// Counts several records without naming them later.
    pub(super) fn add_unnamed(&mut self, count: u64, reject: Reject) {
        self.count += count;
        self.unnamed += count;
        if self.examples.len() < Self::EXAMPLES {
            self.examples.push(reject.cut());
        }
    }

    /// The users among them with both external id and record known.
    pub(super) fn named(&self) -> impl Iterator<Item = (ExternalId, String)> {
        self.all.iter().filter_map(|reject| {
            let id = ExternalId::parse(reject.external_id.as_deref()?).ok()?;
            Some((id, reject.record.clone()?))
        })
    }

    /// Takes out somebody who is among them for another reason than this one.
    pub(super) fn take_back(&mut self, other: &Reject) {
        let is_another = |one: &Reject| one.external_id != other.external_id;
        let before = self.all.len();
        self.all.retain(is_another);
        self.examples.retain(is_another);
        self.count = self.count.saturating_sub((before - self.all.len()) as u64);
    }
}

impl Reject {
    /// A rejected record, for no reason yet.
    #[must_use]
    pub fn of(external_id: Option<&ExternalId>, record: Option<String>) -> Self {
        Self {
            external_id: external_id.map(ToString::to_string),
            record,
            reasons: Vec::new(),
            print: None,
            again: false,
        }
    }

    /// The same record, for these reasons.
    #[must_use]
    pub fn because(self, reasons: Vec<String>) -> Self {
        Self { reasons, ..self }
    }

    /// The same, cut to what fits in a report of many.
    fn cut(mut self) -> Self {
        self.reasons.truncate(REASONS);
        for text in self.reasons.iter_mut().chain(&mut self.record) {
            if let Some((end, _)) = text.char_indices().nth(TEXT) {
                text.truncate(end);
                text.push('…');
            }
        }
        self
    }

    /// The key under which it is found among the stuck, unless it names nothing at all.
    pub(super) fn key(&self) -> Option<StuckKey> {
        match (&self.external_id, &self.record) {
            (Some(id), _) => {
                let id = ExternalId::parse(id.as_str()).ok()?;
                Some(StuckKey::of_user(IdHash::of(&id)))
            }
            (None, Some(record)) => Some(StuckKey::of_record(record)),
            (None, None) => None,
        }
    }
}
