//! Asking Okta about groups that nobody knows, before they are made or deleted.

use futures::{StreamExt as _, stream};

use super::{GroupsReport, survey::Asked};
use crate::{
    ledger::{GroupEntry, GroupIs, Number},
    mapping::{Group, GroupId},
    mutation::{self, Mutation},
    okta::{Calls, Error, SourceGroup},
    sync::RunError,
};

/// Questions in flight.
const IN_FLIGHT: usize = 10;

/// What to do about a group that is to be made, after Okta was asked for it.
pub(super) enum Made {
    /// There is none, or it is as we told it once: it is ours.
    Tell(Group),
    /// There is one that we did not make; and what was known of it.
    Foreign(GroupEntry, Option<GroupEntry>),
}

/// Asks which of these groups Okta has already; what there is no time for is asked for by the next
/// run.
pub(super) async fn for_new(
    calls: &Calls,
    groups: Vec<(Group, Option<GroupEntry>)>,
    last: Number,
    report: &mut GroupsReport,
) -> Result<Asked<Made>, RunError> {
    let mut asked = Asked::default();
    let mut answers = stream::iter(groups)
        .map(|(group, before)| async move {
            let answer = match Calls::can_ask_for(group.id.as_str()) {
                true => calls.group(group.id.as_str()).await,
                false => Ok(None),
            };
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
            Err(error) => asked.failed(error)?,
        }
    }
    Ok(asked)
}

/// Asks whether groups that we made for another identity source are ours here; gives what is known of
/// them now.
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
            Err(error) => asked.failed(error)?,
        }
    }
    Ok(asked)
}

/// What is to be said of a group that is not ours.
const THEIRS: &str = "a group with this externalId is there that this program did not make: it is not touched. Give the \
                      mapping's groups other ids, or delete that group";

/// Whether a group is as we told it once.
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

/// Asks which of these groups have nobody in them, or are not there any more.
pub(super) async fn for_members(
    calls: &Calls,
    groups: Vec<GroupId>,
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
            Err(error) => asked.failed(error)?,
        }
    }
    Ok(asked)
}

impl<T> Asked<T> {
    fn failed(&mut self, error: Error) -> Result<(), RunError> {
        match error {
            Error::OutOfTime { .. } => {
                self.unasked += 1;
                Ok(())
            }
            error => Err(error.into()),
        }
    }
}
