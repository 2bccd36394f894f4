//! Memberships in the fewest requests.
//!
//! A request has an item for each group that it is about, with the members in it: at most a certain
//! number of items and of bytes. A group's members may be spread over requests, each of which names
//! the group again.

use std::{collections::BTreeMap, sync::Arc};

use super::{GroupBatch, GroupKind, Item, MAX_BODY_BYTES, TAIL, head, json, max_entities};

/// Members by group.
pub type Pairs = BTreeMap<Arc<str>, Vec<Box<str>>>;

/// What a request holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) items: usize,
    /// For items, with a comma before each.
    pub(super) bytes: usize,
}

/// The contents of one request, and the room that is left in it.
type Bin<'p> = (Room, Vec<(&'p Arc<str>, Vec<Box<str>>)>);

/// A group's members on their way.
#[derive(Debug)]
struct Piece<'p> {
    group: &'p Arc<str>,
    members: &'p [Box<str>],
    bytes: usize,
}

/// What a group's item takes without members, with a comma before it.
pub(crate) fn group_bytes(group: &Arc<str>) -> usize {
    let name = json(group).len();
    r#",{"groupExternalId":,"memberExternalIds":[]}"#.len() + name
}

/// What a member takes, with a comma before it. The first has none.
pub(crate) fn member_bytes(member: &str) -> usize {
    json(&member).len() + 1
}

fn bytes_of(group: &Arc<str>, members: &[Box<str>]) -> usize {
    let members: usize = members.iter().map(|member| member_bytes(member)).sum();
    group_bytes(group) + members.saturating_sub(1)
}

/// Memberships to add or take away, packed into requests.
#[must_use]
pub fn pack_memberships(kind: GroupKind, pairs: &Pairs) -> Vec<GroupBatch> {
    let room = Room {
        items: max_entities(),
        bytes: MAX_BODY_BYTES - (head(kind).len() + TAIL.len()) + 1,
    };
    let requests = pack(pairs, room).into_iter();
    requests.map(|items| GroupBatch { kind, items }).collect()
}

/// The least number of requests that is possible, and as many more as it takes to find a way.
pub(super) fn pack(pairs: &Pairs, room: Room) -> Vec<Vec<Item>> {
    let pieces = pairs.iter().filter(|(_, members)| !members.is_empty());
    let mut pieces: Vec<_> = pieces
        .map(|(group, members)| Piece {
            group,
            members,
            bytes: bytes_of(group, members),
        })
        .collect();
    if pieces.is_empty() {
        return Vec::new();
    }
    // Small ones first: they are spread over all requests, because they mostly take room for items.
    // Large ones then fill the bytes that are left, and are divided where a request is full.
    pieces.sort_by(|one, other| (one.bytes, one.group).cmp(&(other.bytes, other.group)));
    let bytes: usize = pieces.iter().map(|piece| piece.bytes).sum();
    let least = pieces
        .len()
        .div_ceil(room.items)
        .max(bytes.div_ceil(room.bytes));
    let most = pieces
        .iter()
        .map(|piece| piece.members.len())
        .sum::<usize>();
    (least..=most.max(least))
        .find_map(|requests| {
            place(&pieces, requests, room, true).or_else(|| place(&pieces, requests, room, false))
        })
        .unwrap_or_default()
}

/// Places everything in this many requests, if it finds a way: whole pieces go into the fullest
/// request that holds them (`snug`) or the emptiest. What fits into none is divided.
fn place(pieces: &[Piece<'_>], requests: usize, room: Room, snug: bool) -> Option<Vec<Vec<Item>>> {
    let mut bins: Vec<Bin<'_>> = (0..requests).map(|_| (room, Vec::new())).collect();
    let ordered: Box<dyn Iterator<Item = &Piece<'_>>> = if snug {
        Box::new(pieces.iter().rev())
    } else {
        Box::new(pieces.iter())
    };
    let mut divided = Vec::new();
    for piece in ordered {
        let fits = bins
            .iter_mut()
            .filter(|(left, _)| left.items > 0 && left.bytes >= piece.bytes);
        let bin = if snug {
            fits.min_by_key(|(left, _)| left.bytes)
        } else {
            fits.max_by_key(|(left, _)| (left.items, left.bytes))
        };
        match bin {
            Some((left, items)) => {
                left.items -= 1;
                left.bytes -= piece.bytes;
                items.push((piece.group, piece.members.to_vec()));
            }
            None => divided.push(piece),
        }
    }
    for piece in divided {
        let mut members = piece.members;
        // The emptiest first, so that a group is named as seldom as possible.
        let mut order: Vec<_> = (0..bins.len()).collect();
        order.sort_by_key(|bin| std::cmp::Reverse(bins[*bin].0.bytes));
        for bin in order {
            let (left, items) = &mut bins[bin];
            let empty = group_bytes(piece.group);
            if left.items == 0 {
                continue;
            }
            let mut taken = 0;
            // The first member has no comma before it.
            let mut bytes = empty - 1;
            while let Some(member) = members.get(taken)
                && bytes + member_bytes(member) <= left.bytes
            {
                bytes += member_bytes(member);
                taken += 1;
            }
            if taken == 0 {
                continue;
            }
            left.items -= 1;
            left.bytes -= bytes;
            items.push((piece.group, members[..taken].to_vec()));
            members = &members[taken..];
            if members.is_empty() {
                break;
            }
        }
        if !members.is_empty() {
            return None;
        }
    }
    let items = |(_, items): Bin<'_>| {
        let items = items.into_iter();
        items
            .map(|(group, members)| Item::members(group, members))
            .collect::<Vec<_>>()
    };
    Some(
        bins.into_iter()
            .map(items)
            .filter(|it| !it.is_empty())
            .collect(),
    )
}
