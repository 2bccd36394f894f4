//! Packing memberships, compared with the least number of requests found by trying everything.

use std::sync::Arc;

use proptest::prelude::*;

use super::{
    GroupKind, GroupProfile, Item, MAX_BODY_BYTES, Pairs,
    pack::{Room, pack, pack_memberships},
    pack_groups,
};

fn group(nth: usize) -> Arc<str> {
    format!("g{nth:02}").into()
}

/// Groups of so many members, whose ids are all as long.
fn pairs(sizes: &[usize]) -> Pairs {
    let groups = sizes.iter().enumerate();
    groups
        .map(|(nth, size)| {
            let members = (0..*size).map(|member| format!("m{member:02}").into());
            (group(nth), members.collect())
        })
        .collect()
}

/// What an item takes beside its members, and what a member takes, in bytes: the first member has no
/// comma before it.
const EMPTY: usize = 49;
const MEMBER: usize = 6;

#[test]
fn what_an_item_takes_is_as_it_says() {
    for size in 1..4 {
        let (group, members) = pairs(&[size]).into_iter().next().unwrap();
        let item = Item::members(&group, members);

        assert_eq!(item.json.len() + 1, EMPTY + size * MEMBER - 1);
    }
}

/// The least number of requests: request after request, whatever one of them can hold is tried, until
/// nobody is left.
fn least(sizes: &[usize], room: Room) -> usize {
    let mut left = std::collections::BTreeSet::from([sizes.to_vec()]);
    let mut requests = 0;
    while !left.iter().any(|left| left.iter().all(|size| *size == 0)) {
        requests += 1;
        let next = left.iter().flat_map(|left| {
            let held = parts(left).into_iter().filter(|held| fits(held, room));
            held.map(|held| {
                left.iter()
                    .zip(held)
                    .map(|(left, held)| left - held)
                    .collect()
            })
        });
        left = next.collect();
    }
    requests
}

fn fits(held: &[usize], room: Room) -> bool {
    let held: Vec<_> = held.iter().filter(|size| **size > 0).collect();
    let bytes: usize = held.iter().map(|size| EMPTY + **size * MEMBER - 1).sum();
    held.len() <= room.items && bytes <= room.bytes
}

/// Every way to take some of each.
fn parts(sizes: &[usize]) -> Vec<Vec<usize>> {
    let Some((first, rest)) = sizes.split_first() else {
        return vec![Vec::new()];
    };
    let rest = parts(rest);
    (0..=*first)
        .flat_map(|here| rest.iter().map(move |rest| [&[here], &rest[..]].concat()))
        .collect()
}

fn bytes(items: &[Item]) -> usize {
    items.iter().map(|item| item.json.len() + 1).sum()
}

#[test]
fn small_cases_take_the_fewest_requests_that_there_can_be() {
    let mut cases = 0;
    for items in [1, 2, 3] {
        for members in [1, 2, 4, 6] {
            let bytes = EMPTY + members * MEMBER - 1;
            for bytes in [bytes, 2 * bytes, 2 * bytes + MEMBER] {
                let room = Room { items, bytes };
                for sizes in combinations(4, 3) {
                    let packed = pack(&pairs(&sizes), room);

                    assert_eq!(packed.len(), least(&sizes, room), "{sizes:?} in {room:?}");
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 1_000, "{cases}");
}

/// Up to so many groups of up to so many members, the larger ones first.
fn combinations(groups: usize, most: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    let mut last = all.clone();
    for _ in 0..groups {
        last = last
            .iter()
            .flat_map(|sizes: &Vec<usize>| {
                let largest = sizes.last().copied().unwrap_or(most);
                (1..=largest).map(|size| [&sizes[..], &[size]].concat())
            })
            .collect();
        all.extend(last.clone());
    }
    all
}

proptest! {
    #[test]
    fn whatever_is_packed_arrives_once_and_within_the_limits(
        sizes in proptest::collection::vec(0..40usize, 0..12),
        items in 1..5usize,
        members in 1..30usize,
    ) {
        let room = Room { items, bytes: EMPTY + members * MEMBER };
        let pairs = pairs(&sizes);

        let packed = pack(&pairs, room);

        let mut arrived = Pairs::new();
        for request in &packed {
            prop_assert!(!request.is_empty() && request.len() <= room.items);
            prop_assert!(bytes(request) <= room.bytes);
            for item in request {
                let to = arrived.entry(item.group.clone()).or_default();
                to.extend(item.members.iter().cloned());
            }
        }
        arrived.values_mut().for_each(|members| members.sort());
        let mut wanted = pairs;
        wanted.retain(|_, members| !members.is_empty());
        wanted.values_mut().for_each(|members| members.sort());
        prop_assert_eq!(arrived, wanted);
    }
}

#[test]
fn a_request_is_as_large_as_it_may_be_and_no_larger() {
    let members = (0..40_000).map(|nth| format!("person-{nth:08}").into());
    let pairs = Pairs::from([(group(0), members.collect())]);

    let batches = pack_memberships(GroupKind::Join, &pairs);

    let sizes: Vec<_> = batches.iter().map(|batch| batch.body().len()).collect();
    assert_eq!(sizes.len(), 4, "{sizes:?}");
    assert!(
        sizes.iter().all(|size| *size <= MAX_BODY_BYTES),
        "{sizes:?}"
    );
    assert!(sizes[0] > MAX_BODY_BYTES - 20, "{sizes:?}");
}

#[test]
fn groups_come_two_hundred_to_a_request() {
    let groups: Vec<_> = (0..401).map(group).collect();
    let sales = GroupProfile {
        display_name: "Sales",
        description: None,
    };

    let batches = pack_groups(groups.iter().map(|group| (group, sales)));

    let sizes: Vec<_> = batches.iter().map(super::GroupBatch::len).collect();
    assert_eq!(sizes, [200, 200, 1]);
    let body = String::from_utf8(batches[2].body()).unwrap();
    assert_eq!(
        body,
        r#"{"profiles":[{"externalId":"g400","profile":{"displayName":"Sales","description":null}}]}"#
    );
}

#[test]
fn what_is_refused_is_halved_down_to_a_single_member() {
    let mut batch = pack_memberships(GroupKind::Leave, &pairs(&[3])).remove(0);
    let mut seen = Vec::new();
    while let Ok((first, second)) = batch.halve() {
        seen.push((first.len(), second.len()));
        batch = second;
    }
    assert_eq!(seen, [(1, 2), (1, 1)]);
}
