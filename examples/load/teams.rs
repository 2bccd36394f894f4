//! Who is in which groups: everybody is in eight of two thousand, always the same ones.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use dynamodb_identity_source::mapping::DEFAULT_MAPPING;
use serde_json::{Value, json};

use crate::{Trouble, invented};

/// The attribute with the names of a person's groups.
pub const ATTRIBUTE: &str = "teams";
/// The number of groups.
const TEAMS: u64 = 2_000;
/// The number of groups per person, one out of each range.
const EACH: u64 = 8;
const TO_CHOOSE_FROM: u64 = TEAMS / EACH;
/// One in so many memberships changes in the reorganisation.
const MOVES: usize = 10;

/// A person's groups, before or after the reorganisation.
pub fn of(n: usize, moved: bool) -> BTreeSet<String> {
    let one = |nth: u64| {
        let seed = n as u64 * EACH + nth;
        let before = mixed(seed) % TO_CHOOSE_FROM;
        let further = match moved && n.is_multiple_of(MOVES) {
            true => 1 + mixed(!seed) % (TO_CHOOSE_FROM - 1),
            false => 0,
        };
        let team = nth * TO_CHOOSE_FROM + (before + further) % TO_CHOOSE_FROM;
        format!("team-{team:04}")
    };
    (0..EACH).map(one).collect()
}

/// The attribute's value in a person's record.
pub fn attribute(n: usize, moved: bool) -> AttributeValue {
    AttributeValue::L(of(n, moved).into_iter().map(AttributeValue::S).collect())
}

/// The members of each group.
pub fn members(users: u32, moved: bool) -> Result<BTreeMap<String, BTreeSet<String>>, Trouble> {
    let mut members: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for n in 0..users as usize {
        let person = invented::person(n);
        let id = person.get("id").and_then(|id| id.as_s().ok());
        let id = id.ok_or("an invented person has no id")?;
        for team in of(n, moved) {
            members.entry(team).or_default().insert(id.clone());
        }
    }
    Ok(members)
}

/// The mapping with these groups.
pub fn mapping() -> Result<String, Trouble> {
    let mut mapping: Value = serde_json::from_str(DEFAULT_MAPPING)?;
    mapping["groups"] = json!([{
        "each": ATTRIBUTE,
        "externalId": "{{ item }}",
        "displayName": "Team {{ item }}",
        "description": "Everybody in {{ item }}",
    }]);
    Ok(mapping.to_string())
}

/// A pseudo-random number (SplitMix64).
fn mixed(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
