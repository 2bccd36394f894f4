//! Somebody to tell, with all that it takes.

use jiff::Timestamp;

use super::Why;
use crate::{
    guard::{Digest, Kind},
    ledger::{Charge, Entry, Hour, LoginMark, Memberships, Number, Origin, Told},
    mapping::{ExternalId, GroupId},
    okta::{Entity, SessionId},
    sync::suspect::Suspect,
    users::RecordKey,
};

/// Somebody to tell, as record and entry were read just now.
#[derive(Debug, Clone)]
pub struct Ready {
    /// How they were found.
    pub suspect: Suspect,
    /// Who.
    pub external_id: ExternalId,
    /// The record that they come or came from.
    pub key: RecordKey,
    /// What Okta is told.
    pub told: Told,
    /// Why they leave, if they do.
    pub why: Option<Why>,
    /// What Okta is sent; `None` once it is packed.
    pub entity: Option<Entity>,
    /// Where they come from.
    pub origin: Origin,
    /// What telling them costs.
    pub cost: Cost,
    /// What Okta was told before.
    pub before: Option<Entry>,
    /// The unended session that this one is behind.
    pub behind: Option<Number>,
    /// The login that they must have, if they must be active.
    pub login: Option<LoginMark>,
    /// When the push that says so was made.
    pub pushed: Option<Timestamp>,
    /// The hour in which they were charged, once they were.
    pub charged: Option<Hour>,
    /// Whether a single-user call was seen to have told them exactly this, so that a session only
    /// has to confirm it.
    pub confirms: bool,
    /// Whether nobody knows what became of what they were told before.
    pub retold: bool,
    /// The groups to take them out of before they are let in again.
    pub drops: Vec<GroupId>,
}

/// What it costs to tell somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cost {
    /// Nothing.
    #[default]
    Nothing,
    /// One person of this kind's budget.
    Charge(Kind),
    /// Nothing more: they were charged before, and count from now on.
    Paid(Kind, Charge, Hour),
    /// Nothing: somebody has approved them.
    Approved(Kind, Digest),
    /// No budget is for them: they wait until somebody approves them.
    Unapproved(Kind),
}

impl Cost {
    /// The kind whose budget they count in.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::Nothing => None,
            Self::Charge(kind)
            | Self::Paid(kind, ..)
            | Self::Approved(kind, _)
            | Self::Unapproved(kind) => Some(*kind),
        }
    }

    /// The kind that must be charged or approved.
    #[must_use]
    pub fn to_charge(&self) -> Option<Kind> {
        match self {
            Self::Charge(kind) | Self::Unapproved(kind) => Some(*kind),
            _ => None,
        }
    }
}

impl Ready {
    /// Whether a full run can tell it, too: they are not known by push alone.
    #[must_use]
    pub fn is_of_the_table(&self) -> bool {
        self.origin == Origin::Table
    }

    /// What Okta was told about their groups. Nobody knows what it does with the memberships of
    /// people who are deactivated or let in again. If somebody is told again because nobody knows
    /// what arrived, their memberships are unknown as well.
    fn memberships(&self, session: Number, hour: Hour) -> Option<Memberships> {
        let before = self.before.as_ref()?;
        let stays = matches!((before.told, self.told), (Told::Active(_), Told::Active(_)));
        let memberships = before.memberships.clone()?;
        let doubtful = memberships.doubtful || !stays || self.retold;
        if self.drops.is_empty() {
            return Some(Memberships {
                doubtful,
                ..memberships
            });
        }
        // They are taken out of these in this very session, at no cost: they were in none that
        // counted.
        let mut told = memberships.told;
        told.retain(|group| !self.drops.contains(group));
        Some(Memberships {
            told,
            left: memberships
                .left
                .into_iter()
                .chain(self.drops.clone())
                .collect(),
            also: memberships.also,
            session: memberships.session,
            doubtful,
            charge: Some(Charge {
                hour,
                by: session,
                approved: true,
                moved: None,
            }),
            repaired: memberships.repaired,
        })
    }

    /// The ledger's entry once this was loaded into a session. `None` for a session's id stands for
    /// a single-user call, before it is made.
    #[must_use]
    pub fn entry(
        &self,
        session: Number,
        session_id: Option<&SessionId>,
        doubtful: bool,
        now: Timestamp,
    ) -> Entry {
        let called = self.before.as_ref().filter(|it| it.told == self.told);
        let called = called.and_then(|before| before.called);
        let hour = self.charged.unwrap_or_else(|| Hour::of(now));
        let charge = match &self.cost {
            Cost::Nothing | Cost::Unapproved(_) => None,
            Cost::Charge(kind) => Some((
                *kind,
                Charge {
                    hour,
                    by: session,
                    approved: false,
                    moved: None,
                },
            )),
            Cost::Approved(kind, _) => Some((
                *kind,
                Charge {
                    hour,
                    by: session,
                    approved: true,
                    moved: None,
                },
            )),
            Cost::Paid(kind, charge, before) => Some((
                *kind,
                Charge {
                    hour,
                    by: charge.by,
                    approved: charge.approved,
                    moved: Some((*before, session)),
                },
            )),
        };
        let of = |kind| {
            let new = charge
                .filter(|(it, _)| *it == kind)
                .map(|(_, charge)| charge);
            new.or_else(|| {
                let before = self.before.as_ref()?;
                match kind {
                    Kind::Deactivations => before.deactivation,
                    Kind::Updates => before.update,
                    Kind::MembershipRemovals => None,
                }
            })
        };
        Entry {
            external_id: self.external_id.clone(),
            key: self.key.clone(),
            told: self.told,
            session,
            session_id: session_id.cloned(),
            behind: self.behind,
            doubtful,
            origin: self.origin,
            at: now,
            deactivation: of(Kind::Deactivations),
            update: of(Kind::Updates),
            pushed: self
                .pushed
                .or_else(|| self.before.as_ref().and_then(|before| before.pushed)),
            // If it comes to nothing, the full runs tell it again.
            to_leave: self.origin == Origin::Push && self.told == Told::Inactive,
            repaired: match self.told {
                Told::Active(_) => self.before.as_ref().and_then(|before| before.repaired),
                Told::Inactive => None,
            },
            called: match session_id {
                Some(_) => called,
                None => Some(now),
            },
            login: self.login,
            stranger: false,
            memberships: self.memberships(session, hour),
        }
    }
}
