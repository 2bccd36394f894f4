//! What a run works with, and what it is to do.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{AppRules, Detail, hand::Hand, look::Source};
use crate::{
    guard::Limits,
    ledger::{Binding, Ledger, Mode, Rank},
    mapping::Mapping,
    okta::{Beyond, Okta, ProfileSchema},
    users::{KeySchema, UsersTable},
};

/// What runs need, built once and used by one run after another.
#[derive(Debug, Clone)]
pub struct Run {
    /// The source of truth.
    pub users: UsersTable,
    /// What its records mean.
    pub mapping: Arc<Mapping>,
    /// What Okta was told.
    pub ledger: Ledger,
    /// Okta.
    pub okta: Okta,
    /// Okta, as single users are told there: Okta counts these calls apart.
    pub singles: Okta,
    /// Up to how many changes of a stream batch or a push are told by single-user calls.
    pub fast_lane: usize,
    /// The app's rules for profiles, where they are to be kept to.
    pub app: AppRules,
    /// What else Okta tells, where it may be seen.
    pub beyond: Beyond,
    /// What the ledger is to be about, but for the users table's key.
    pub binding: Binding,
    /// What a state table is that nobody has set the switch of.
    pub start: Mode,
    /// How many people may be touched within 24 hours.
    pub limits: Limits,
    /// How long a run watches the session that it has triggered.
    pub watch: Duration,
    /// How long what runs did is kept; not at all if zero.
    pub history: Duration,
    /// Whether nothing may be written anywhere, neither what is found nor how far a look came.
    pub reads_only: bool,
}

/// What a run is to do.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to look at.
    pub source: Source,
    /// How much of a dry run's plan is told besides counts.
    pub detail: Option<Detail>,
    /// Whether users whom Okta has refused before are tried again, though nothing about them has
    /// changed: something has at Okta.
    pub retry_refused: bool,
    /// Whether the ledger is to be about another identity source or table from now on.
    pub rebind: bool,
    /// Whether the whole table is looked at now, whatever an earlier look has left.
    pub looks: bool,
    /// The table as it is from then on is what whoever asks wants told: what a look left that
    /// began before is not all.
    pub since: Option<Timestamp>,
    /// Whether joiners and movers are left to the full runs, which are at work on them.
    pub leavers_only: bool,
    /// When the oldest change was made that led to it, if that is known.
    pub changed: Option<Timestamp>,
}

impl Job {
    /// A look at this, and telling what it finds.
    #[must_use]
    pub fn of(source: Source) -> Self {
        Self {
            source,
            detail: None,
            retry_refused: false,
            rebind: false,
            looks: false,
            since: None,
            leavers_only: false,
            changed: None,
        }
    }

    /// Whether single-user calls may tell what it finds.
    pub(super) fn may_be_told_by_calls(&self) -> bool {
        matches!(self.source, Source::Keys(_) | Source::Payload { .. })
    }

    /// Whether those are told again whom Okta refused inside an import: a stream batch leaves them
    /// to the full run, and a push can be seen by none.
    pub(super) fn tells_again(&self) -> bool {
        !matches!(self.source, Source::Keys(_))
    }

    /// Who lets whom pass.
    pub(super) fn rank(&self) -> Rank {
        match self.source {
            Source::Table => Rank::Full,
            Source::People(_) | Source::Keys(_) | Source::Payload { .. } => Rank::Part,
        }
    }
}

impl Run {
    /// What it takes to have people in hand, by these rules of the app's.
    pub(crate) fn hand<'a>(
        &'a self,
        schema: &'a KeySchema,
        app: Option<&'a ProfileSchema>,
    ) -> Hand<'a> {
        Hand {
            users: &self.users,
            mapping: &self.mapping,
            ledger: &self.ledger,
            schema,
            app,
        }
    }
}
