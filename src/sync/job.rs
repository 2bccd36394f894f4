//! What a run works with, and what it must do.

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
    /// The client for import sessions.
    pub okta: Okta,
    /// The client for single users: Okta counts these calls separately.
    pub singles: Okta,
    /// Up to how many changes of a stream batch or a push are told by single-user calls.
    pub fast_lane: usize,
    /// The app's rules for profiles, if runs must follow them.
    pub app: AppRules,
    /// What else Okta tells, if it may be seen.
    pub beyond: Beyond,
    /// What the ledger must be about, without the users table's key.
    pub binding: Binding,
    /// What a state table is while nobody has set its switch.
    pub start: Mode,
    /// How many people may be touched within 24 hours.
    pub limits: Limits,
    /// How long a run watches the import that it started.
    pub watch: Duration,
    /// How long what runs did is kept. Not at all if zero.
    pub history: Duration,
    /// Whether nothing may be written anywhere, neither what is found nor how far a look came.
    pub reads_only: bool,
}

/// What a run must do.
#[derive(Debug, Clone)]
pub struct Job {
    /// What to look at.
    pub source: Source,
    /// How much of a dry run's plan is told, in addition to counts.
    pub detail: Option<Detail>,
    /// Whether users that Okta has refused before are tried again, although nothing about them has
    /// changed: something at Okta has.
    pub retry_refused: bool,
    /// Whether the ledger is about another identity source or table from now on.
    pub rebind: bool,
    /// Whether to look at the whole table now, whatever an earlier look left.
    pub looks: bool,
    /// The caller wants the table told as it is from then on: what is left of a look that began
    /// before is not enough.
    pub since: Option<Timestamp>,
    /// Whether joiners and movers are left to the full runs, which are at work on them.
    pub leavers_only: bool,
    /// When the oldest change that led to it was made, if that is known.
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

    /// Whether people that Okta refused inside an import are told again. A stream batch leaves them
    /// to the full run, and a push can see none.
    pub(super) fn tells_again(&self) -> bool {
        !matches!(self.source, Source::Keys(_))
    }

    /// Which run lets which other one pass.
    pub(super) fn rank(&self) -> Rank {
        match self.source {
            Source::Table => Rank::Full,
            Source::People(_) | Source::Keys(_) | Source::Payload { .. } => Rank::Part,
        }
    }
}

impl Run {
    /// What it takes to have people in hand, by these rules of the app.
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
