//! What to tell about one person's groups: a function of values.

use std::collections::BTreeSet;

use crate::{
    ledger::{InGroups, MembershipPrint, Memberships},
    mapping::{GroupId, Groups},
};

/// Whether somebody can be put into a group, or be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum There {
    /// Okta certainly has it, because we made it.
    Yes,
    /// We made it, and it must be told again before anybody knows that it is there: nobody is put
    /// into it, and people who may be in it can be taken out.
    Perhaps,
    /// We made it for another identity source, and Okta has not been asked yet whether it is ours
    /// here.
    Unknown,
    /// It is not there, or not ours: nobody is put into it, or taken out of it.
    No,
}

/// What to tell about somebody's groups.
#[derive(Debug, PartialEq)]
pub(super) enum Decided {
    /// Okta has it like this, as far as anything can be told now.
    Nothing,
    /// There is nothing to tell, as the groups that differ are gone. Remember this.
    Tidy(Option<Memberships>),
    /// A session that carries some of it may still be imported.
    Wait,
    /// This.
    Tell(Difference),
}

/// The groups to put somebody into and to take them out of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// All groups that their record gives, whether or not they are there: what somebody approves.
    pub(super) given: MembershipPrint,
    /// The groups that they must be in, of those that are there.
    pub(super) wants: BTreeSet<GroupId>,
    /// Of these, the ones that Okta is told.
    pub(super) joins: Vec<GroupId>,
    /// The groups that they must leave.
    pub(super) leaves: Vec<GroupId>,
    /// Groups that they may be in, and about which nothing can be told yet.
    pub(super) kept: BTreeSet<GroupId>,
    /// The groups that Okta certainly has them in.
    pub(super) certain: BTreeSet<GroupId>,
}

/// Compares what somebody's record gives with what Okta was told.
pub(super) fn decide(
    groups: &Groups,
    before: Option<&Memberships>,
    stands: InGroups,
    there: impl Fn(&GroupId) -> There,
) -> Decided {
    let given: BTreeSet<_> = groups.ids().cloned().collect();
    let wants = given.iter().filter(|id| there(id) == There::Yes);
    let wants: BTreeSet<_> = wants.cloned().collect();
    let all = |sets: &[&BTreeSet<GroupId>]| -> BTreeSet<GroupId> {
        sets.iter().flat_map(|set| set.iter().cloned()).collect()
    };
    let none = Memberships::default();
    let Memberships {
        told, left, also, ..
    } = before.unwrap_or(&none);
    let (certain, possible) = match stands {
        InGroups::UnderWay(_) => return Decided::Wait,
        InGroups::Never => (BTreeSet::new(), BTreeSet::new()),
        InGroups::Just(_) | InGroups::Partly(_) => (told.clone(), all(&[told, also])),
        InGroups::Doubtful(_) => (BTreeSet::new(), all(&[told, left, also])),
    };
    let joins: Vec<_> = wants.difference(&certain).cloned().collect();
    let (mut leaves, mut kept) = (Vec::new(), BTreeSet::new());
    for id in possible.difference(&wants) {
        match there(id) {
            There::No => {}
            There::Yes | There::Perhaps if !given.contains(id) => leaves.push(id.clone()),
            _ => drop(kept.insert(id.clone())),
        }
    }
    if !joins.is_empty() || !leaves.is_empty() {
        return Decided::Tell(Difference {
            given: MembershipPrint::of(given.iter()),
            wants,
            joins,
            leaves,
            kept,
            certain,
        });
    }
    let is_tidy = match stands {
        InGroups::Never => true,
        InGroups::Just(_) => *told == wants,
        _ => false,
    };
    match before {
        Some(before) if !is_tidy && kept.is_empty() => {
            Decided::Tidy((!wants.is_empty()).then(|| Memberships {
                told: wants,
                left: BTreeSet::new(),
                also: BTreeSet::new(),
                ..before.clone()
            }))
        }
        _ => Decided::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            false => There::Unknown,
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
        assert_eq!(decided(There::Unknown), Decided::Nothing);
        let leaves = decided(There::Perhaps);
        assert!(matches!(leaves, Decided::Tell(it) if it.leaves == list(&["b"])));
    }

    #[test]
    fn nothing_is_told_while_a_session_may_carry_something() {
        let before = told(&["a"], &[]);

        let under_way = InGroups::UnderWay(1);

        assert_eq!(decided(&["b"], &before, under_way, &["a", "b"]), None);
    }
}
