//! What an entry says about its user.

use jiff::Timestamp;

use super::{
    Entry, InGroups, Origin, Told,
    charge::{Charge, Paid},
    log::{Again, SessionLog, Standing, Telling},
};

/// After this long the entry of somebody whose deactivation landed is dropped, if no record is
/// about them.
const FORGOTTEN_AFTER: std::time::Duration = std::time::Duration::from_secs(400 * 24 * 60 * 60);

/// What it takes to read entries: what became of their sessions, and of their charges.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What became of sessions.
    pub log: SessionLog,
    /// What became of charges.
    pub paid: Paid,
    /// When this is.
    pub now: Timestamp,
}

/// What the ledger knows about a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// How far what Okta was told about them can be relied on. `None` if this identity source was
    /// told nothing.
    pub standing: Option<Standing>,
    /// Where they came from.
    pub origin: Origin,
    /// How they are told the same kind of thing again, if it comes to that.
    pub(super) again: Again,
    /// Whether they were charged for a deactivation that still counts.
    pub deactivation_paid: bool,
    /// Whether they were charged for an update that still counts.
    pub update_paid: bool,
    /// Whether the update that they were last charged for certainly came to nothing: telling it
    /// again is telling it for the first time.
    pub update_undone: bool,
    /// Whether a push wants them to leave.
    pub to_leave: bool,
    /// Whether they were deactivated so long ago that they can be forgotten.
    pub long_gone: bool,
    /// Whether they were told under an id of another externalId template.
    pub other_id: bool,
    /// Whether a single-user call that told it was seen to be done, so that a session only has to
    /// confirm it.
    pub(super) done_by_call: bool,
    /// What is known about their groups.
    pub in_groups: InGroups,
}

impl Known {
    /// How they must be told this: separately from others if an import that told them the same kind
    /// of thing failed.
    #[must_use]
    pub fn again(&self, told: Told) -> Again {
        let before = self.standing.map(|standing| standing.told);
        match (before, told) {
            (Some(Told::Active(_)), Told::Active(_)) | (Some(Told::Inactive), Told::Inactive) => {
                self.again
            }
            _ => Again::AsEver,
        }
    }

    /// Whether telling them this only confirms what a single-user call has told.
    #[must_use]
    pub fn confirms(&self, told: Told) -> bool {
        self.done_by_call && self.standing.is_some_and(|it| it.told == told)
    }

    /// What is known about somebody if Okta was told this about them.
    #[cfg(test)]
    pub(crate) fn of(standing: Standing) -> Self {
        Self {
            standing: Some(standing),
            origin: Origin::Table,
            again: Again::AsEver,
            deactivation_paid: false,
            update_paid: false,
            update_undone: false,
            to_leave: false,
            long_gone: false,
            other_id: false,
            done_by_call: false,
            in_groups: InGroups::Never,
        }
    }

    /// Whether Okta was last told to have them active, certainly or doubtfully.
    #[must_use]
    pub fn told_active(&self) -> bool {
        matches!(
            self.standing,
            Some(Standing {
                told: Told::Active(_),
                ..
            })
        )
    }
}

impl Reading {
    /// What an entry says about its user.
    #[must_use]
    pub fn of(&self, entry: &Entry) -> Known {
        let known = self.known(
            entry.telling(),
            entry.origin,
            entry.to_leave,
            entry.deactivation,
            entry.update,
            Some(entry.at),
        );
        let known = Known {
            in_groups: InGroups::of(entry.memberships.as_ref(), &self.log),
            ..known
        };
        match entry.stranger {
            true => Known {
                standing: None,
                long_gone: false,
                ..known
            },
            false => known,
        }
    }

    pub(super) fn known(
        &self,
        telling: Telling,
        origin: Origin,
        to_leave: bool,
        deactivation: Option<Charge>,
        update: Option<Charge>,
        at: Option<Timestamp>,
    ) -> Known {
        let standing = self.log.standing(telling);
        let is_old = at.is_some_and(|at| at < self.now - FORGOTTEN_AFTER);
        let is_paid = |charge: Option<Charge>| {
            charge.is_some_and(|charge| self.paid.hour(charge, self.now).is_some())
        };
        Known {
            standing,
            origin,
            again: self
                .log
                .again(telling.session, telling.told == Told::Inactive),
            deactivation_paid: is_paid(deactivation),
            update_paid: is_paid(update),
            update_undone: update.is_some_and(|charge| self.paid.undone(charge)),
            to_leave,
            long_gone: is_old
                && telling.told == Told::Inactive
                && standing.is_some_and(|standing| standing.holds && !standing.live),
            other_id: self.log.had_other_ids(telling.session),
            done_by_call: !telling.doubtful && self.log.is_done(telling.session),
            in_groups: InGroups::Never,
        }
    }
}
