//! What is to be told of one person's groups: a function of values.

use std::collections::BTreeSet;

use crate::{
    ledger::{InGroups, Memberships},
    mapping::{GroupId, Groups},
};

/// Whether somebody can be put into a group, or be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    /// Okta certainly has it, because we made it.
    Yes,
    /// We made it, and it is to be told again before anybody knows that it is there.
    Perhaps,
    /// It is not there, or not ours: nobody is put into it, or taken out of it.
    No,
}

/// What is to be told of somebody's groups.
#[derive(Debug, PartialEq)]
pub(super) enum Decided {
    /// Okta has it so, as far as anything can be told now.
    Nothing,
    /// There is nothing to tell, as the groups that differ are gone: this is to be remembered.
    Tidy(Option<Memberships>),
    /// A session may still be imported that carries some.
    Wait,
    /// This.
    Tell(Difference),
}

/// What somebody is to be put into and taken out of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// The groups that they are to be in, of those that are there.
    pub(super) wants: BTreeSet<GroupId>,
    /// Of these, the ones that Okta is told.
    pub(super) joins: Vec<GroupId>,
    /// The groups that they are to leave.
    pub(super) leaves: Vec<GroupId>,
}

/// Compares what somebody's record gives with what Okta was told.
pub(super) fn decide(
    groups: &Groups,
    before: Option<&Memberships>,
    stands: InGroups,
    there: impl Fn(&GroupId) -> There,
) -> Decided {
    let is_there = |id: &&GroupId| there(id) == There::Yes;
    let given: BTreeSet<_> = groups.ids().cloned().collect();
    let wants: BTreeSet<_> = given.iter().filter(is_there).cloned().collect();
    let none = BTreeSet::new();
    let told = before.map_or(&none, |before| &before.told);
    let may_be_in = before.into_iter().flat_map(Memberships::may_be_in);
    let may_be_in: BTreeSet<_> = may_be_in.cloned().collect();
    let (joins, differ): (Vec<_>, BTreeSet<_>) = match stands {
        InGroups::UnderWay(_) => return Decided::Wait,
        InGroups::Just(_) | InGroups::Never => (
            wants.difference(told).cloned().collect(),
            told.difference(&given).cloned().collect(),
        ),
        InGroups::Doubtful(_) => (
            wants.iter().cloned().collect(),
            may_be_in.difference(&given).cloned().collect(),
        ),
    };
    let leaves: Vec<_> = differ.iter().filter(is_there).cloned().collect();
    if !joins.is_empty() || !leaves.is_empty() {
        return Decided::Tell(Difference {
            wants,
            joins,
            leaves,
        });
    }
    let is_certain = matches!(stands, InGroups::Just(_) | InGroups::Never);
    let may_come = may_be_in.iter().any(|id| there(id) == There::Perhaps);
    match before {
        Some(before) if !may_come && (!is_certain || before.told != wants) => {
            Decided::Tidy((!wants.is_empty()).then(|| Memberships {
                told: wants,
                left: BTreeSet::new(),
                ..before.clone()
            }))
        }
        _ => Decided::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::MembershipPrint;

    fn ids(names: &[&str]) -> BTreeSet<GroupId> {
        names.iter().map(|id| GroupId::parse(id).unwrap()).collect()
    }

    fn told(told: &[&str], left: &[&str]) -> Memberships {
        Memberships {
            told: ids(told),
            left: ids(left),
            session: 3,
            ..Memberships::default()
        }
    }

    fn decided(
        given: &[&str],
        before: &Memberships,
        stands: InGroups,
        there: &[&str],
    ) -> Option<(Vec<GroupId>, Vec<GroupId>)> {
        let groups = Groups::named(given);
        let is_there = |id: &GroupId| match there.contains(&id.as_str()) {
            true => There::Yes,
            false => There::Perhaps,
        };
        match decide(&groups, Some(before), stands, is_there) {
            Decided::Tell(difference) => Some((difference.joins, difference.leaves)),
            _ => None,
        }
    }

    fn just(told: &Memberships) -> InGroups {
        InGroups::Just(MembershipPrint::of(told.told.iter()))
    }

    fn list(names: &[&str]) -> Vec<GroupId> {
        ids(names).into_iter().collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let before = told(&["a", "b"], &["x"]);

        let told = decided(&["b", "c"], &before, just(&before), &["a", "b", "c", "x"]);

        assert_eq!(told, Some((list(&["c"]), list(&["a"]))));
    }

    #[test]
    fn in_doubt_all_is_told_and_whatever_they_may_be_in_is_taken_away() {
        let before = told(&["a", "b"], &["x"]);

        let told = decided(
            &["b", "c"],
            &before,
            InGroups::Doubtful(2),
            &["a", "b", "c", "x"],
        );

        assert_eq!(told, Some((list(&["b", "c"]), list(&["a", "x"]))));
    }

    #[test]
    fn a_group_that_is_not_there_or_not_ours_is_left_alone() {
        let before = told(&["a"], &[]);

        assert_eq!(decided(&["a", "new"], &before, just(&before), &["a"]), None);
        assert_eq!(decided(&[], &before, just(&before), &[]), None);
    }

    #[test]
    fn what_is_gone_is_forgotten_and_what_may_come_is_not() {
        let before = told(&["a", "b"], &[]);
        let groups = Groups::named(&["a"]);
        let there = |b: There| {
            move |id: &GroupId| match id.as_str() {
                "a" => There::Yes,
                _ => b,
            }
        };
        let decided = |b| decide(&groups, Some(&before), just(&before), there(b));

        let tidy = Memberships {
            told: ids(&["a"]),
            ..before.clone()
        };
        assert_eq!(decided(There::No), Decided::Tidy(Some(tidy)));
        assert_eq!(decided(There::Perhaps), Decided::Nothing);
    }

    #[test]
    fn nothing_is_told_while_a_session_may_carry_something() {
        let before = told(&["a"], &[]);

        let under_way = InGroups::UnderWay(1);

        assert_eq!(decided(&["b"], &before, under_way, &["a", "b"]), None);
    }
}
