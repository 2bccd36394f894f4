//! Asking Okta about unknown groups, before they are made or deleted.

use std::time::Duration;

use futures::{StreamExt as _, stream};

use crate::{
    ledger::{GroupEntry, GroupIs, Number},
    mapping::{Group, GroupId},
    mutation::{self, Mutation},
    okta::{Calls, Error, SourceGroup},
    sync::{GroupsReport, RunError},
};

/// How long Okta is asked about groups while leavers, or other runs, wait for it.
pub(super) const SOON: Duration = Duration::from_secs(20);
/// How many requests run at once.
const IN_FLIGHT: usize = 10;

/// What came of asking.
#[derive(Debug)]
pub(super) struct Asked<T> {
    pub(super) answers: Vec<T>,
    /// How many there was no time to ask about.
    pub(super) unasked: u64,
    /// How many Okta would not say anything about, and why not for the last of them.
    failed: usize,
    last: Option<Error>,
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        Self {
            answers: Vec::new(),
            unasked: 0,
            failed: 0,
            last: None,
        }
    }
}

/// What to do about a group that must be made, after asking Okta for it.
pub(super) enum Made {
    /// There is none, or it is as we once told it: it is ours.
    Tell(Group),
    /// There is one that we did not make. With what was known of it.
    Foreign(GroupEntry, Option<GroupEntry>),
}

/// Asks which of these groups Okta has already. The next run asks for those that there is no time
/// for.
pub(super) async fn for_new(
    calls: &Calls,
    groups: Vec<(Group, Option<GroupEntry>)>,
    (last, none_there): (Number, bool),
    report: &mut GroupsReport,
) -> Result<Asked<Made>, RunError> {
    let mut asked = Asked::default();
    let mut answers = stream::iter(groups)
        .map(|(group, before)| async move {
            let answer = calls.group(group.id.as_str()).await;
            (group, before, answer)
        })
        .buffered(IN_FLIGHT);
    while let Some((group, before, answer)) = answers.next().await {
        match answer {
            Ok(Some(there)) if !is_ours(&there, before.as_ref()) => {
                report.foreign.add(group.id.as_str(), THEIRS);
                let foreign = GroupEntry {
                    id: group.id,
                    is: GroupIs::Foreign,
                    print: GroupEntry::UNKNOWN,
                    session: last,
                    made: GroupEntry::NEVER,
                    at: calls.clock().now(),
                    left: before.clone().map(|before| before.left).unwrap_or_default(),
                };
                asked.answers.push(Made::Foreign(foreign, before));
            }
            Ok(_) => asked.answers.push(Made::Tell(group)),
            Err(error) => asked.failed(&group.id, error, report)?,
        }
    }
    asked.unless_all_failed(none_there)
}

/// Asks whether groups that we made for another identity source are ours here. Gives what is known
/// of them now.
pub(super) async fn for_old(
    calls: &Calls,
    groups: Vec<GroupEntry>,
    last: Number,
    report: &mut GroupsReport,
) -> Result<Asked<(GroupEntry, GroupEntry)>, RunError> {
    let mut asked = Asked::default();
    let mut answers = stream::iter(groups)
        .map(|entry| async move {
            let answer = calls.group(entry.id.as_str()).await;
            (entry, answer)
        })
        .buffered(IN_FLIGHT);
    while let Some((entry, answer)) = answers.next().await {
        match answer {
            Ok(there) => {
                let is = match &there {
                    None => GroupIs::Deleted,
                    Some(there) if is_ours(there, Some(&entry)) => entry.is,
                    Some(_) => {
                        report.foreign.add(entry.id.as_str(), THEIRS);
                        GroupIs::Foreign
                    }
                };
                let now = GroupEntry {
                    is,
                    session: last,
                    made: GroupEntry::NEVER,
                    at: calls.clock().now(),
                    ..entry.clone()
                };
                asked.answers.push((now, entry));
            }
            Err(error) => asked.failed(&entry.id, error, report)?,
        }
    }
    asked.unless_all_failed(false)
}

/// What to say about a group that is not ours.
pub(super) const THEIRS: &str = "a group with this externalId exists that this program did not \
                                 make: it is not touched. Give the mapping's groups other ids, or \
                                 delete that group";

/// Whether a group is as we once told it.
fn is_ours(there: &SourceGroup, before: Option<&GroupEntry>) -> bool {
    if mutation::on(Mutation::ForeignGroupIsOurs) {
        return true;
    }
    let Some(before) = before.filter(|before| before.is != GroupIs::Foreign) else {
        return false;
    };
    let name = there.display_name.as_deref().unwrap_or_default();
    Group::print_of(name, there.description.as_deref()) == before.print
}

/// Asks which of these groups are empty, or gone.
pub(super) async fn for_members(
    calls: &Calls,
    groups: Vec<GroupId>,
    report: &mut GroupsReport,
) -> Result<Asked<(GroupId, Option<bool>)>, RunError> {
    let mut asked = Asked::default();
    let mut answers = stream::iter(groups)
        .map(|id| async move {
            let answer = calls.has_members(id.as_str()).await;
            (id, answer)
        })
        .buffered(IN_FLIGHT);
    while let Some((id, answer)) = answers.next().await {
        match answer {
            Ok(has_members) => asked.answers.push((id, has_members)),
            Err(error) => asked.failed(&id, error, report)?,
        }
    }
    asked.unless_all_failed(false)
}

impl<T> Asked<T> {
    /// One group that Okta does not answer about does not stop the others. But if it does not
    /// answer about this many in a row, it will not answer about the rest.
    fn failed(
        &mut self,
        id: &GroupId,
        error: Error,
        report: &mut GroupsReport,
    ) -> Result<(), RunError> {
        if matches!(error, Error::OutOfTime { .. }) {
            self.unasked += 1;
            return Ok(());
        }
        self.failed += 1;
        if self.answers.is_empty() && self.failed >= IN_FLIGHT {
            return Err(error.into());
        }
        let reason = format!("Okta does not answer about it, so it is not told: {error}");
        report.refused.add(id.as_str(), reason);
        self.last = Some(error);
        Ok(())
    }

    /// If we have made no group yet (`none_there`) and none was answered, it is more likely that
    /// Okta accepts no groups at all.
    fn unless_all_failed(mut self, none_there: bool) -> Result<Self, RunError> {
        let all_failed = none_there && self.answers.is_empty();
        match self.last.take().filter(|_| all_failed) {
            Some(error) => Err(error.into()),
            None => Ok(self),
        }
    }
}
