//! Writing what a session tells of groups, before its import is started.

use super::{GroupLoads, GroupWork};
use crate::{
    ledger::{
        GroupEntry, GroupIs, Hour, LeaseLost, Ledger, Number, RecordError, SessionLog, log::State,
    },
    sync::RunError,
};

/// Writes entries of groups.
pub(super) async fn groups(ledger: &Ledger, entries: &[GroupEntry]) -> Result<(), RunError> {
    let recorded = ledger.record_groups(entries).await;
    recorded.map_err(|error| match error {
        RecordError::Ledger(error) => error.into(),
        RecordError::Overtaken => LeaseLost.into(),
    })
}

/// Whether an import that was given up may still wake.
pub(super) fn sleeps(log: &SessionLog) -> bool {
    let mut listed = log.listed();
    listed.any(|(_, session)| session.state == State::GivenUp)
}

impl GroupLoads {
    /// Writes what Okta has refused, for a session that tells nothing.
    ///
    /// # Errors
    /// When it could not be written.
    pub(in crate::sync) async fn record_refused(&self, ledger: &Ledger) -> Result<(), RunError> {
        let is_refused = |entry: &&GroupEntry| matches!(entry.is, GroupIs::Refused(_));
        let refused: Vec<_> = self.groups.iter().filter(is_refused).cloned().collect();
        groups(ledger, &refused).await
    }

    /// Writes what the session tells.
    ///
    /// # Errors
    /// When it could not be written, or somebody else has written since. Then the import must not
    /// be started.
    pub(in crate::sync) async fn record(
        &self,
        ledger: &Ledger,
        number: Number,
        log: &SessionLog,
    ) -> Result<(), RunError> {
        groups(ledger, &self.groups).await?;
        let sleeps = sleeps(log);
        let hour = self.hour.unwrap_or_else(|| Hour::of(ledger.clock.now()));
        let people = self.people.iter().map(|(told, doubtful)| {
            let mut memberships = told.memberships(number, hour, sleeps);
            memberships.doubtful = *doubtful;
            if *doubtful && let Some(before) = &told.entry.memberships {
                // What was not loaded they may be in as before.
                let may_be_in = before.may_be_in().cloned();
                let told = &memberships.told;
                let left: Vec<_> = may_be_in.filter(|id| !told.contains(id)).collect();
                memberships.left.extend(left);
            }
            (told.entry.clone(), memberships)
        });
        let people: Vec<_> = people.collect();
        match ledger.record_memberships(&people).await? {
            0 => Ok(()),
            _ => Err(LeaseLost.into()),
        }
    }
}

impl GroupWork {
    /// What a session has told is known from now on.
    pub(in crate::sync) fn told(&mut self, loads: &GroupLoads) {
        for entry in &loads.groups {
            self.known.insert(entry.id.clone(), entry.clone());
        }
    }
}
