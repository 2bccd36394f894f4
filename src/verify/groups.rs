//! Who is in groups at Okta, compared with who was told to be.
//!
//! A group's members are listed page by page and compared as a count and a sum of hashes, so that
//! memory does not grow with memberships. Only if that differs are the people looked up.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use super::{
    VerifyError,
    answer::{GroupCounts, GroupDifference},
    came::{Came, no_time, out_of_time, under_way},
    people::People,
    progress::Progress,
};
use crate::{
    ledger::{
        Book, Due, Entry, GroupEntry, IdHash, InGroups, MembershipPrint, Memberships, Number, Told,
        Want, due,
    },
    mapping::{GroupId, Mapped, Profile},
    okta,
    sync::{Run, Time, hand::told_of},
    users::Pages,
};

/// Members of differing groups that are held at a time. The next verification finds what is beyond.
const HELD: usize = 500_000;

/// A set of people, small enough to compare.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum {
    count: u64,
    hashes: u128,
}

impl Sum {
    fn add(&mut self, id: IdHash) {
        self.count += 1;
        self.hashes = self
            .hashes
            .wrapping_add(u128::from_be_bytes(*id.as_bytes()));
    }
}

/// What ledger and table say that Okta has once all it was told has landed.
struct Expected {
    book: Book,
    /// The people whose groups are certain, by row.
    settled: Vec<bool>,
    sums: HashMap<GroupId, Sum>,
}

/// The members of differing groups, as Okta lists them.
type Listed = BTreeMap<GroupId, HashSet<IdHash>>;

/// Somebody who is in the wrong groups.
#[derive(Debug, Default)]
struct Wrong {
    lacks: Vec<GroupId>,
    has: Vec<GroupId>,
}

/// Lists the members of every group that is ours, and compares.
pub(super) async fn look(
    run: &Run,
    people: &mut People<'_>,
    progress: &mut Progress,
    time: &Time,
) -> Result<Came, VerifyError> {
    if !people.hand.mapping.gives_groups() || people.other_ids {
        return Ok(Came::ToTheEnd);
    }
    let Some(mut last) = people.still.wait().await? else {
        return Ok(under_way(time));
    };
    let expected = expect(people).await?;
    let ours = expected.book.groups().values();
    let mut ours: Vec<_> = ours
        .filter(|known| known.is_there)
        .map(|known| known.entry.clone())
        .collect();
    ours.sort_by(|one, other| one.id.cmp(&other.id));
    let mut counts = GroupCounts::default();
    let mut differing = Listed::new();
    let mut held = 0;
    let mut stopped = None;
    for group in &ours {
        if progress.now.groups_until.as_deref() >= Some(group.id.as_str()) {
            continue;
        }
        stopped = no_time(time);
        if stopped.is_some() {
            break;
        }
        let listed = match listed(run, people, group, &mut last, time).await? {
            Ok(listed) => listed,
            Err(later) => {
                stopped = later;
                break;
            }
        };
        counts.listed += 1;
        let is_there = listed.is_some();
        counts.missing += u64::from(!is_there);
        if !is_there && people.may.repair {
            let gone = GroupEntry {
                made: GroupEntry::NEVER,
                print: GroupEntry::UNKNOWN,
                at: time.now(),
                ..group.clone()
            };
            run.ledger.note_group(&gone, Some(group)).await?;
        }
        let mut sum = Sum::default();
        let mut of_ours = HashSet::new();
        for id in listed.into_iter().flatten() {
            match expected.book.find(id) {
                None => counts.unknown += 1,
                // What Okta does with the memberships of deactivated people is not known.
                Some((row, _)) if !expected.settled[row] => {}
                Some(_) if of_ours.insert(id) => sum.add(id),
                Some(_) => {}
            }
        }
        if sum == expected.sums.get(&group.id).copied().unwrap_or_default() {
            counts.same += 1;
        } else if held <= HELD {
            held += of_ours.len();
            differing.insert(group.id.clone(), of_ours);
        }
        progress.now.groups_until = Some(group.id.to_string());
    }
    counts.different = counts.listed - counts.same;
    let wrong = who(people, &expected, differing).await?;
    for wrong in wrong.values() {
        counts.lacking += wrong.lacks.len() as u64;
        counts.too_many += wrong.has.len() as u64;
    }
    progress.now.findings.counts.groups.add(counts);
    repair(people, progress, wrong).await?;
    Ok(stopped.unwrap_or(Came::ToTheEnd))
}

/// The members of a group, with nothing under way meanwhile. Nothing if Okta does not have it. The
/// other way: why it and the groups after it are unknown. Nothing if Okta does not answer about
/// groups at all.
async fn listed(
    run: &Run,
    people: &mut People<'_>,
    group: &GroupEntry,
    last: &mut Number,
    time: &Time,
) -> Result<Result<Option<Vec<IdHash>>, Option<Came>>, VerifyError> {
    loop {
        let listed = match list(run, group, time).await {
            Ok(listed) => listed,
            Err(okta::Error::OutOfTime { .. }) => return Ok(Err(Some(out_of_time(time)))),
            Err(error @ (okta::Error::Refused(_) | okta::Error::Forbidden(_))) => {
                tracing::warn!(%error, "groups are not verified");
                return Ok(Err(None));
            }
            Err(error) => return Err(VerifyError::Run(error.into())),
        };
        if people.still.is_since(*last).await? {
            return Ok(Ok(listed));
        }
        match people.still.wait().await? {
            Some(now) => *last = now,
            None => return Ok(Err(Some(under_way(time)))),
        }
    }
}

/// The members of a group. Nothing if Okta does not have it.
async fn list(
    run: &Run,
    group: &GroupEntry,
    time: &Time,
) -> Result<Option<Vec<IdHash>>, okta::Error> {
    let calls = run.beyond.singles.by(time.load_until());
    let mut members = Vec::new();
    let mut page = None;
    loop {
        let listed = calls.members(group.id.as_str(), page.as_ref()).await?;
        let Some(okta::MemberPage {
            members: some,
            next,
        }) = listed
        else {
            return Ok(None);
        };
        members.extend(some.iter().map(|id| IdHash::of_member(id)));
        match next {
            Some(next) => page = Some(next),
            None => return Ok(Some(members)),
        }
    }
}

/// Reads ledger and table: who is certainly in which groups.
async fn expect(people: &People<'_>) -> Result<Expected, VerifyError> {
    let reading = people.still.books.reading(people.hand.now());
    let book = people.hand.ledger.read_book(reading).await?;
    let mut expected = Expected {
        settled: vec![false; book.len()],
        book,
        sums: HashMap::new(),
    };
    let mut pages = scan(people);
    while let Some(page) = pages.next().await? {
        for (id, print, groups) in page.into_iter().flatten() {
            let Some((row, usable)) = settled(&expected.book, id, print, groups) else {
                continue;
            };
            // Two records about one person say nothing.
            if std::mem::replace(&mut expected.settled[row], true) {
                expected.settled[row] = false;
                continue;
            }
            for group in usable {
                expected.sums.entry(group).or_default().add(id);
            }
        }
    }
    Ok(expected)
}

/// Somebody who must be active, with their profile and the groups that their record gives.
type Row = (IdHash, Profile, Vec<GroupId>);

fn scan(people: &People<'_>) -> Pages<Option<Row>> {
    let (mapping, now) = (Arc::clone(people.hand.mapping), people.hand.now());
    people.hand.users.read_all(
        people.hand.mapping.attributes(),
        move |_, record| match mapping.map(record, now) {
            Mapped::Active(id, profile) => {
                let groups = profile.groups().ids().cloned().collect();
                Some((IdHash::of(&id), profile, groups))
            }
            _ => None,
        },
    )
}

/// Somebody's row, and the groups that they are certainly in, if that is certain.
fn settled(
    book: &Book,
    id: IdHash,
    profile: Profile,
    groups: Vec<GroupId>,
) -> Option<(usize, Vec<GroupId>)> {
    let (row, known) = book.find(id)?;
    let print = told_of(&profile, known.standing);
    let standing = known.standing?;
    let is_as_told = due(Want::Active(print), known.standing) == Due::Nothing;
    let has_landed = standing.holds && !standing.live && standing.told == Told::Active(print);
    let is_there = |id: &GroupId| book.groups().get(id).is_some_and(|known| known.is_there);
    let usable: Vec<_> = groups.into_iter().filter(is_there).collect();
    let is_in = match known.in_groups {
        InGroups::Just(told) => told == MembershipPrint::of(usable.iter()),
        InGroups::Never => usable.is_empty(),
        InGroups::Partly(_) | InGroups::Doubtful(_) | InGroups::UnderWay(_) => false,
    };
    (is_as_told && has_landed && is_in).then_some((row, usable))
}

/// Finds the people whose groups differ, by reading the table once more.
async fn who(
    people: &People<'_>,
    expected: &Expected,
    mut differing: Listed,
) -> Result<HashMap<IdHash, Wrong>, VerifyError> {
    let mut wrong: HashMap<IdHash, Wrong> = HashMap::new();
    if differing.is_empty() {
        return Ok(wrong);
    }
    let mut pages = scan(people);
    while let Some(page) = pages.next().await? {
        for (id, print, groups) in page.into_iter().flatten() {
            let Some((row, usable)) = settled(&expected.book, id, print, groups) else {
                continue;
            };
            if !expected.settled[row] {
                continue;
            }
            for group in usable {
                if let Some(listed) = differing.get_mut(&group)
                    && !listed.remove(&id)
                {
                    wrong.entry(id).or_default().lacks.push(group);
                }
            }
        }
    }
    for (group, listed) in differing {
        for id in listed {
            wrong.entry(id).or_default().has.push(group.clone());
        }
    }
    Ok(wrong)
}

/// Names the people whose groups differ, and has them told again if that is allowed.
async fn repair(
    people: &People<'_>,
    progress: &mut Progress,
    wrong: HashMap<IdHash, Wrong>,
) -> Result<(), VerifyError> {
    let since = progress.last_began();
    let mut ids: Vec<_> = wrong.keys().copied().collect();
    ids.sort_unstable();
    for ids in ids.chunks(500) {
        let log = people.still.books.log();
        let mut entries = people.hand.ledger.entries(ids, log).await?;
        entries.sort_by(|one, other| one.external_id.cmp(&other.external_id));
        for entry in entries {
            let Some(Wrong { lacks, has }) = wrong.get(&IdHash::of(&entry.external_id)) else {
                continue;
            };
            let print = MembershipPrint::of(lacks.iter().chain(has));
            let before = entry.memberships.as_ref();
            let repaired = before.and_then(|before| before.repaired);
            // By the last verification, and told again since.
            let survived = repaired.is_some_and(|(of, at)| of == print && since <= Some(at));
            let names = |groups: &[GroupId]| groups.iter().map(ToString::to_string).collect();
            progress.now.findings.name_groups(GroupDifference {
                external_id: entry.external_id.to_string(),
                lacks: names(lacks),
                has: names(has),
                survived,
            });
            if people.may.repair && !survived {
                let doubtful = doubted(&entry, has, (print, people.hand.now()));
                let ledger = people.hand.ledger;
                ledger.tidy_memberships(&entry, Some(&doubtful)).await?;
            }
        }
    }
    Ok(())
}

/// The same in doubt, so that the next full run tells all of it again, and takes them out of groups
/// that they must not be in.
fn doubted(
    entry: &Entry,
    has: &[GroupId],
    repaired: (MembershipPrint, jiff::Timestamp),
) -> Memberships {
    let before = entry.memberships.clone().unwrap_or(Memberships {
        session: entry.session,
        ..Memberships::default()
    });
    let also = before.also.iter().chain(has).cloned().collect();
    Memberships {
        also,
        doubtful: true,
        repaired: Some(repaired),
        ..before
    }
}
