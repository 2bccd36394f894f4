//! What is known about one person's groups, and what the next full run does.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde::Serialize;

use super::{
    decide::{Decided, There},
    pairs::By,
};
use crate::{
    guard::Kind,
    ledger::{Entry, GroupIs, Memberships, Told},
    mapping::{GroupId, Groups},
    sync::{Books, RunError, hand::Hand, hand::Member},
};

/// A group, and what it has to do with the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupSays {
    /// The group's external id.
    pub external_id: String,
    /// The mapping's rule that gives it, counted from 0. Null if the record does not give it.
    pub rule: Option<usize>,
    /// Whether Okta was told to have the person in it, as far as that is known.
    pub told: bool,
    /// What the next full run does about it.
    pub next: GroupNext,
}

/// What the next full run does about a person and a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupNext {
    /// Nothing.
    Nothing,
    /// The person is put into it.
    Join,
    /// The person is taken out of it.
    Leave,
    /// The person waits until they, or the group, have landed.
    Waits,
    /// The guard's latch is closed. A group that would lose more than half of its members shows in
    /// a plan instead.
    Withheld,
    /// This function did not make the group: nobody is put into it, or taken out of it.
    Foreign,
    /// Okta refuses the group.
    Refused,
}

/// What somebody's groups have to do with them. `groups` are those that their record gives. Nothing
/// if there are none.
pub(in crate::sync) async fn explain(
    hand: &Hand<'_>,
    books: &Books,
    entry: Option<&Entry>,
    groups: Option<&Groups>,
    has_landed: bool,
    now: Timestamp,
) -> Result<Option<Vec<GroupSays>>, RunError> {
    let mut all: BTreeMap<GroupId, Option<usize>> = BTreeMap::new();
    let before = entry.and_then(|entry| entry.memberships.as_ref());
    let may_be_in = before.into_iter().flat_map(Memberships::may_be_in);
    all.extend(may_be_in.map(|id| (id.clone(), None)));
    let given = groups.into_iter().flat_map(Groups::iter);
    all.extend(given.map(|group| (group.id.clone(), Some(group.rule))));
    if all.is_empty() {
        return Ok(None);
    }
    let ids: Vec<_> = all.keys().cloned().collect();
    let known = hand.ledger.groups(&ids).await?;
    let known: HashMap<_, _> = known
        .into_iter()
        .map(|entry| (entry.id.clone(), entry))
        .collect();
    let by = By {
        books,
        known: &known,
        now,
    };
    let is_active = entry.is_some_and(|entry| matches!(entry.told, Told::Active(_)));
    let decided = match (entry, groups) {
        (Some(entry), Some(groups)) if has_landed && is_active => by.decide(&Member {
            entry: entry.clone(),
            groups: groups.clone(),
        }),
        (_, Some(_)) => Decided::Wait,
        (_, None) => Decided::Nothing,
    };
    let is_latched = books.guard.memory().latched(Kind::MembershipRemovals);
    let next = |id: &GroupId, is_given: bool| match (known.get(id).map(|known| known.is), &decided)
    {
        (Some(GroupIs::Foreign), _) => GroupNext::Foreign,
        (Some(GroupIs::Refused(_)), _) if by.there(id) != There::Yes => GroupNext::Refused,
        (_, Decided::Tell(it)) if it.joins.contains(id) => GroupNext::Join,
        (_, Decided::Tell(it)) if it.leaves.contains(id) => match is_latched {
            Some(_) => GroupNext::Withheld,
            None => GroupNext::Leave,
        },
        (_, Decided::Wait) if is_given => GroupNext::Waits,
        _ if is_given && by.there(id) != There::Yes => GroupNext::Waits,
        _ => GroupNext::Nothing,
    };
    Ok(Some(
        all.iter()
            .map(|(id, rule)| GroupSays {
                external_id: id.to_string(),
                rule: *rule,
                told: before.is_some_and(|before| before.told.contains(id)),
                next: next(id, rule.is_some()),
            })
            .collect(),
    ))
}
