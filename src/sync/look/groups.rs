//! What a look at the whole table finds about groups.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::{
    ledger::{Book, GroupIs, IdHash, InGroups, KnownGroup, MembershipPrint},
    mapping::{ExternalId, Group, GroupId, Groups},
    sync::suspect::MemberSuspect,
    users::RecordKey,
};

/// How many suspects with differing groups a look holds. What is beyond is counted, and found again
/// by the next look. One of them takes some hundred bytes.
const HELD: usize = 200_000;
/// How many people who join a group once they or it have landed are named.
const NAMED: usize = 20;

/// A group that records give.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The group, as the first record in the order of their keys has it.
    pub group: Group,
    /// The key of that record.
    from: String,
    /// What another record calls it, and that record's key.
    pub other: Option<(String, String)>,
    /// How many members Okta has in it, and must have.
    pub members: u64,
    /// How many join once they, or the group, have landed, and the first of them.
    pub later: (u64, Vec<ExternalId>),
}

/// What a look at the whole table found about groups.
#[derive(Debug, Default)]
pub struct GroupsFound {
    /// The groups that records give.
    pub wanted: BTreeMap<GroupId, Wanted>,
    /// What the ledger knows of groups.
    pub known: BTreeMap<GroupId, KnownGroup>,
    /// People whose groups are not as Okta was told, as many as are held.
    pub suspects: VecDeque<MemberSuspect>,
    /// How many are not held.
    pub beyond: u64,
    /// People whose memberships wait for the end of a session that carries some of them.
    pub waiting: u64,
    /// Whether the groups of somebody differ who must be told something else first.
    pub movers_wait: bool,
    /// How many group memberships people were told, all together.
    pub told: u64,
    /// Whether every record could be read: a rejected one may give any group.
    pub complete: bool,
}

/// Takes the groups of one record after another.
#[derive(Debug)]
pub(super) struct GroupsLook<'a> {
    known: &'a BTreeMap<GroupId, KnownGroup>,
    wanted: HashMap<GroupId, Wanted>,
    /// How many are held who only join, and who may leave.
    held: [usize; 2],
    found: GroupsFound,
}

impl<'a> GroupsLook<'a> {
    /// A look alongside this ledger. `None` if there are no groups, neither in the mapping nor in
    /// the ledger.
    pub(super) fn new(book: &'a Book, mapping_gives_groups: bool) -> Option<Self> {
        let is_about_groups = mapping_gives_groups || book.has_memberships();
        is_about_groups.then(|| Self {
            known: book.groups(),
            wanted: HashMap::new(),
            held: [0; 2],
            found: GroupsFound {
                told: book.memberships(),
                ..GroupsFound::default()
            },
        })
    }

    /// Takes the groups of somebody who has landed with the profile that they must have.
    pub(super) fn settled(
        &mut self,
        (id, external_id): (IdHash, &ExternalId),
        key: RecordKey,
        in_groups: InGroups,
        groups: &Groups,
    ) {
        let record = key.canonical();
        let mut usable = Vec::with_capacity(groups.iter().len());
        for group in groups.iter() {
            let known = self.known.get(&group.id);
            let is_there = known.is_some_and(|known| known.is_there);
            let is_foreign = known.is_some_and(|known| known.entry.is == GroupIs::Foreign);
            let wanted = self.wanted(group, &record);
            match (is_there, is_foreign) {
                (true, _) => usable.push(&group.id),
                (false, true) => {}
                (false, false) => wanted.later(external_id),
            }
        }
        let print = MembershipPrint::of(usable.iter().copied());
        let is_same = match in_groups {
            InGroups::Never => usable.is_empty(),
            InGroups::Just(told) => told == print,
            InGroups::Partly(_) | InGroups::Doubtful(_) => false,
            InGroups::UnderWay(_) => {
                self.found.waiting += 1;
                return;
            }
        };
        if is_same {
            for group in usable {
                if let Some(wanted) = self.wanted.get_mut(group) {
                    wanted.members += 1;
                }
            }
        } else if self.held[usize::from(in_groups != InGroups::Never)] < HELD {
            // People who only join do not wait behind people who are withheld.
            self.held[usize::from(in_groups != InGroups::Never)] += 1;
            self.found.suspects.push_back(MemberSuspect {
                id,
                key,
                may_leave: in_groups != InGroups::Never,
            });
        } else {
            self.found.beyond += 1;
        }
    }

    /// Takes the groups of somebody who has not landed yet.
    pub(super) fn unsettled(
        &mut self,
        external_id: &ExternalId,
        key: &str,
        in_groups: InGroups,
        groups: &Groups,
    ) {
        let known = self.known;
        let is_there = |id: &GroupId| known.get(id).is_some_and(|known| known.is_there);
        let usable = groups.ids().filter(|id| is_there(id));
        let is_told = in_groups == InGroups::Just(MembershipPrint::of(usable));
        self.found.movers_wait |= !is_told && in_groups != InGroups::Never;
        for group in groups.iter() {
            let is_in = is_told && is_there(&group.id);
            let wanted = self.wanted(group, key);
            if !is_in {
                wanted.later(external_id);
            }
        }
    }

    fn wanted(&mut self, group: &Group, record: &str) -> &mut Wanted {
        let wanted = self
            .wanted
            .entry(group.id.clone())
            .or_insert_with(|| Wanted {
                group: group.clone(),
                from: record.to_owned(),
                other: None,
                members: 0,
                later: (0, Vec::new()),
            });
        if wanted.group.print() != group.print() {
            let other = (group.display_name.to_string(), record.to_owned());
            if record < wanted.from.as_str() {
                let first = std::mem::replace(&mut wanted.group, group.clone());
                let from = std::mem::replace(&mut wanted.from, record.to_owned());
                wanted.other = Some((first.display_name.to_string(), from));
            } else if wanted.other.is_none() {
                wanted.other = Some(other);
            }
        } else if record < wanted.from.as_str() {
            record.clone_into(&mut wanted.from);
        }
        wanted
    }

    /// What was found. `is_settled` says whether somebody still counts as having landed once all
    /// records were seen.
    pub(super) fn finish(self, complete: bool, is_settled: impl Fn(IdHash) -> bool) -> GroupsFound {
        let Self {
            known,
            wanted,
            mut found,
            ..
        } = self;
        found.suspects.retain(|suspect| is_settled(suspect.id));
        found.wanted = wanted.into_iter().collect();
        // Plans of the same table must be the same.
        found.wanted.values_mut().for_each(|one| one.later.1.sort());
        found.known.clone_from(known);
        found.complete = complete;
        found
    }
}

impl Wanted {
    fn later(&mut self, external_id: &ExternalId) {
        self.later.0 += 1;
        if self.later.1.len() < NAMED {
            self.later.1.push(external_id.clone());
        }
    }
}
