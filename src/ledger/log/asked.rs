//! What others ask the log.

use jiff::Timestamp;

use super::{Again, End, Ended, Failed, Listed, Number, SessionLog, State};
use crate::okta::SessionId;

impl SessionLog {
    /// The last number given.
    #[must_use]
    pub fn last(&self) -> Number {
        self.last
    }

    /// The sessions whose end was not seen, and those that were given up, oldest first.
    pub fn listed(&self) -> impl Iterator<Item = (Number, &Listed)> {
        self.listed
            .iter()
            .map(|(number, session)| (*number, session))
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, number: Number) -> Option<&Listed> {
        self.listed.get(&number)
    }

    /// The last that ended, newest first.
    #[must_use]
    pub fn recent(&self) -> &[Ended] {
        &self.recent
    }

    /// Whether a session of this id is ours.
    #[must_use]
    pub fn knows(&self, id: &SessionId) -> bool {
        self.listed.values().any(|session| session.id == *id)
            || self.recent.iter().any(|session| session.id == *id)
    }

    /// Whether a session came to nothing, or is doubted whatever came of it.
    #[must_use]
    pub fn is_void(&self, number: Number) -> bool {
        number < self.floor || self.void.contains(number)
    }

    /// Whether the log says more about this session than that it landed, so that it must not be
    /// forgotten while entries name it.
    #[must_use]
    pub fn is_exception(&self, number: Number) -> bool {
        self.void.contains(number) || self.listed.contains_key(&number)
    }

    /// Whether a session was of another binding.
    #[must_use]
    pub fn is_of_another_binding(&self, number: Number) -> bool {
        number < self.bound_from
    }

    /// The first session of the binding that the ledger has now.
    #[must_use]
    pub fn bound_from(&self) -> Number {
        self.bound_from
    }

    /// Whether a session told people under the ids of another externalId template.
    #[must_use]
    pub fn had_other_ids(&self, number: Number) -> bool {
        number < self.other_ids_before
    }

    /// The number of a session whose end was not seen.
    #[must_use]
    pub fn number_of_listed(&self, id: &SessionId) -> Option<Number> {
        let mut listed = self.listed.iter();
        listed
            .find(|(_, session)| session.id == *id)
            .map(|(number, _)| *number)
    }

    /// Whether the last session carried people of an import that had ended in ERROR.
    #[must_use]
    pub fn last_was_again(&self) -> bool {
        self.last_was_again
    }

    /// How many imports were started that were not seen to end, nor given up.
    #[must_use]
    pub fn unended(&self) -> usize {
        self.listed
            .values()
            .filter(|session| session.state != State::GivenUp)
            .count()
    }

    /// Whether an import that may change groups was started and not seen to end. One that was given
    /// up may still wake.
    #[must_use]
    pub fn may_change_groups(&self) -> bool {
        self.changes_groups().next().is_some()
    }

    /// Whether all of these were given up, so that nobody knows when they end.
    #[must_use]
    pub fn only_sleepers_change_groups(&self) -> bool {
        self.changes_groups()
            .all(|session| session.state == State::GivenUp)
    }

    fn changes_groups(&self) -> impl Iterator<Item = &Listed> {
        let may = |listed: &&Listed| listed.carries.groups || listed.carries.may_change_groups;
        self.listed.values().filter(may)
    }

    /// Whether any import started, or call made, before this session was not seen to end.
    #[must_use]
    pub fn has_older_unended(&self, number: Number) -> bool {
        let mut older = self.listed.range(..number);
        older.any(|(_, session)| session.state != State::GivenUp)
            || self.calls.range(..number).next().is_some()
    }

    /// How many of the last imports ended badly, one after another.
    #[must_use]
    pub fn failed_in_a_row(&self) -> usize {
        let imports = self.recent.iter().filter(|ended| ended.triggered.is_some());
        imports
            .take_while(|ended| matches!(ended.end, End::Error | End::Void))
            .count()
    }

    /// When an import was last started.
    #[must_use]
    pub fn last_triggered(&self) -> Option<Timestamp> {
        self.last_triggered
    }

    /// The last import that ended in ERROR and whose users of this kind are not told again yet.
    #[must_use]
    pub fn failed(&self, deactivations: bool) -> Option<&Failed> {
        self.failed
            .iter()
            .rev()
            .find(|failed| failed.deactivations == deactivations)
    }

    /// How people that a session carried are told again, to be deactivated or not.
    #[must_use]
    pub fn again(&self, number: Number, deactivations: bool) -> Again {
        if self.isolated.contains(&number) {
            return Again::Isolated;
        }
        let mut of_kind = self
            .failed
            .iter()
            .rev()
            .filter(|failed| failed.deactivations == deactivations);
        match of_kind.position(|failed| failed.number == number) {
            None => Again::AsEver,
            Some(0) => Again::Apart,
            Some(_) => Again::Later,
        }
    }

    /// The number that stands for a session of a release without numbers. 0 if its entries hold, as
    /// far as that release knew.
    #[must_use]
    pub fn number_of(&self, id: &str) -> Number {
        self.unnumbered
            .iter()
            .find(|(known, _)| known.as_str() == id)
            .map_or(0, |(_, number)| *number)
    }
}
