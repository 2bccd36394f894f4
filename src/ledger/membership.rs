//! What Okta was told about a user's groups, and what the whole ledger remembers of it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    charge::Charge,
    log::{Number, SessionLog, Telling},
};
use crate::{dynamodb::Item, mapping::GroupId};

/// What Okta was told about a user's groups: a telling of its own next to that of their profile.
///
/// Whatever became of the session, they are in no groups except those of `told`, of `left` and of
/// `also`. All of these together give what to take away when nobody knows what arrived.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Memberships {
    /// The groups that they were told to be in.
    pub told: BTreeSet<GroupId>,
    /// The groups that they were told to leave. They may still be in them, unless the session
    /// landed.
    pub left: BTreeSet<GroupId>,
    /// Other groups that they may be in, whatever becomes of the session: nobody knew whether they
    /// were, and they could not be told to leave.
    pub also: BTreeSet<GroupId>,
    /// The number of the session that carried it.
    pub session: Number,
    /// Whether nobody knows that it is true, whatever became of the session: what Okta does with
    /// the memberships of somebody who is deactivated or let in again is not published.
    pub doubtful: bool,
    /// What the removals have cost the budget.
    pub charge: Option<Charge>,
    /// The different groups at Okta for which they were last told again, and when they were found.
    /// If the next verification finds exactly these, telling it once more does not help.
    pub repaired: Option<(MembershipPrint, Timestamp)>,
}

/// The attributes of an entry that a look at the whole ledger needs.
pub(super) const PRINT: &str = "gp";
pub(super) const NUMBER: &str = "gn";
pub(super) const DOUBTFUL: &str = "gd";
/// The others.
const TOLD: &str = "gm";
const LEFT: &str = "gx";
const ALSO: &str = "ga";
const CHARGE: &str = "gc";
const REPAIRED: &str = "gv";

impl Memberships {
    /// All groups that they may be in.
    pub fn may_be_in(&self) -> impl Iterator<Item = &GroupId> {
        self.told.iter().chain(&self.left).chain(&self.also)
    }

    /// The entry's attributes.
    pub(super) fn to_attributes(&self) -> impl Iterator<Item = (&'static str, AttributeValue)> {
        let list = |groups: &BTreeSet<GroupId>| {
            let texts = groups.iter().map(|group| group.to_string());
            AttributeValue::L(texts.map(AttributeValue::S).collect())
        };
        let print = MembershipPrint::of(self.told.iter());
        // One byte more says that there is more to know about them.
        let more = (!self.also.is_empty()).then_some(1);
        let print: Vec<u8> = print.0.into_iter().chain(more).collect();
        let required = [
            (TOLD, list(&self.told)),
            (PRINT, AttributeValue::B(Blob::new(print))),
            (NUMBER, AttributeValue::N(self.session.to_string())),
        ];
        let optional = [
            (LEFT, (!self.left.is_empty()).then(|| list(&self.left))),
            (
                REPAIRED,
                self.repaired.map(|(print, at)| {
                    let print = u64::from_be_bytes(print.0);
                    AttributeValue::S(format!("{print:016x} {at}"))
                }),
            ),
            (ALSO, (!self.also.is_empty()).then(|| list(&self.also))),
            (
                DOUBTFUL,
                self.doubtful.then_some(AttributeValue::Bool(true)),
            ),
            (
                CHARGE,
                self.charge.map(|it| AttributeValue::S(it.to_string())),
            ),
        ];
        let optional = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        required.into_iter().chain(optional)
    }

    /// The names of all attributes that an entry may have of it.
    pub(super) const ATTRIBUTES: [&'static str; 8] =
        [TOLD, LEFT, ALSO, PRINT, NUMBER, DOUBTFUL, CHARGE, REPAIRED];

    pub(super) fn from_item(item: &Item) -> Option<Self> {
        let list = |name: &str| {
            let list = item.get(name).and_then(|list| list.as_l().ok());
            let texts = list.into_iter().flatten();
            let texts = texts.filter_map(|text| GroupId::parse(text.as_s().ok()?).ok());
            texts.collect::<BTreeSet<_>>()
        };
        Some(Self {
            session: item.get(NUMBER)?.as_n().ok()?.parse().ok()?,
            told: list(TOLD),
            left: list(LEFT),
            also: list(ALSO),
            doubtful: item.contains_key(DOUBTFUL),
            charge: Charge::in_item(item, CHARGE),
            repaired: item
                .get(REPAIRED)
                .and_then(|repaired| repaired.as_s().ok()?.split_once(' '))
                .and_then(|(print, at)| {
                    let print = u64::from_str_radix(print, 16).ok()?.to_be_bytes();
                    Some((MembershipPrint(print), at.parse().ok()?))
                }),
        })
    }
}

/// A set of groups in eight bytes: how many they are (255 also stands for more), and 56 bits of a
/// SHA-256 over their ids.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MembershipPrint(pub(super) [u8; 8]);

impl MembershipPrint {
    /// The print of these groups, given in the order of their ids.
    #[must_use]
    pub fn of<'g>(groups: impl Iterator<Item = &'g GroupId>) -> Self {
        let mut hash = Sha256::new_with_prefix("groups 1\n");
        let mut count: usize = 0;
        for group in groups {
            let id = group.as_str();
            hash.update((id.len() as u64).to_be_bytes());
            hash.update(id);
            count += 1;
        }
        if count == 0 {
            return Self::default();
        }
        let hash = hash.finalize();
        let mut print = [0; 8];
        print[0] = u8::try_from(count).unwrap_or(u8::MAX);
        print[1..].copy_from_slice(&hash[..7]);
        Self(print)
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }

    /// The print in an item, and whether it says everything.
    fn from_item(item: &Item) -> Option<(Self, bool)> {
        let bytes = item.get(PRINT)?.as_b().ok()?.as_ref();
        let print = bytes.get(..8)?.try_into().ok()?;
        Some((Self(print), bytes.len() == 8))
    }
}

/// What Okta was told about a user's groups, and how far that can be relied on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InGroups {
    /// Okta was told of none.
    #[default]
    Never,
    /// Okta has them in exactly the groups of this print.
    Just(MembershipPrint),
    /// They were told to be in this many groups, and are. They may also be in others.
    Partly(u8),
    /// They were told to be in this many groups, and nobody knows what arrived.
    Doubtful(u8),
    /// A session that carries this many memberships of theirs may still be imported.
    UnderWay(u8),
}

impl InGroups {
    /// How many groups they were told to be in. 255 also stands for more.
    #[must_use]
    pub fn count(self) -> u8 {
        match self {
            Self::Never => 0,
            Self::Just(print) => print.0[0],
            Self::Partly(count) | Self::Doubtful(count) | Self::UnderWay(count) => count,
        }
    }

    /// The value for somebody about whose groups Okta was told this.
    #[must_use]
    pub fn of(memberships: Option<&Memberships>, log: &SessionLog) -> Self {
        memberships.map_or(Self::Never, |memberships| {
            let print = MembershipPrint::of(memberships.told.iter());
            let is_all = memberships.also.is_empty();
            Self::read(
                (print, is_all),
                memberships.session,
                memberships.doubtful,
                log,
            )
        })
    }

    /// The same for an item of which only a look's attributes were read, and the session that it
    /// names.
    pub(super) fn from_item(item: &Item, log: &SessionLog) -> (Self, Option<Number>) {
        let number = item.get(NUMBER).and_then(|number| number.as_n().ok());
        let Some(session) = number.and_then(|number| number.parse().ok()) else {
            return (Self::Never, None);
        };
        let print = MembershipPrint::from_item(item);
        let doubtful = item.contains_key(DOUBTFUL) || print.is_none();
        let is = Self::read(print.unwrap_or_default(), session, doubtful, log);
        (is, Some(session))
    }

    fn read(
        (print, is_all): (MembershipPrint, bool),
        session: Number,
        doubtful: bool,
        log: &SessionLog,
    ) -> Self {
        let count = print.0[0];
        let telling = Telling {
            told: super::Told::Active([0; 16].into()),
            session,
            behind: None,
            doubtful,
        };
        match log.standing(telling) {
            Some(standing) if standing.live => Self::UnderWay(count),
            Some(standing) if standing.holds && is_all => Self::Just(print),
            Some(standing) if standing.holds => Self::Partly(count),
            _ => Self::Doubtful(count),
        }
    }

    /// What a row of the whole ledger holds: eight bytes.
    pub(super) fn to_bytes(self) -> [u8; 8] {
        const REST: usize = 7;
        let of = |count: u8, tag: u8| {
            let mut bytes = [tag; 8];
            bytes[0] = count;
            bytes
        };
        match self {
            Self::Never => of(0, 1),
            Self::Just(print) if print.0[1..] == [DOUBT; REST] => of(print.0[0], DOUBT),
            Self::Just(print) => print.0,
            Self::Doubtful(count) => of(count, DOUBT),
            Self::UnderWay(count) => of(count, UNDER_WAY),
            Self::Partly(count) => of(count, PARTLY),
        }
    }

    pub(super) fn from_bytes(bytes: [u8; 8]) -> Self {
        let is = |tag: u8| bytes[1..].iter().all(|byte| *byte == tag);
        match bytes[0] {
            0 if is(1) => Self::Never,
            count if is(DOUBT) => Self::Doubtful(count),
            count if is(UNDER_WAY) => Self::UnderWay(count),
            count if is(PARTLY) => Self::Partly(count),
            _ => Self::Just(MembershipPrint(bytes)),
        }
    }
}

const DOUBT: u8 = 0xff;
const UNDER_WAY: u8 = 0xfe;
const PARTLY: u8 = 0xfd;

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(ids: &[&str]) -> BTreeSet<GroupId> {
        ids.iter().map(|id| GroupId::parse(id).unwrap()).collect()
    }

    #[test]
    fn memberships_survive_the_state_table() {
        for (left, doubtful) in [(groups(&[]), true), (groups(&["a"]), false)] {
            let memberships = Memberships {
                told: groups(&["b", "c"]),
                left: left.clone(),
                also: left,
                session: 7,
                doubtful,
                charge: Charge::parse("5:7"),
                repaired: Some((
                    MembershipPrint([3; 8]),
                    "2026-01-02T03:04:05Z".parse().unwrap(),
                )),
            };
            let attributes = memberships.to_attributes();
            let item: Item = attributes
                .map(|(name, value)| (name.to_owned(), value))
                .collect();

            assert_eq!(Memberships::from_item(&item), Some(memberships));
        }
    }

    #[test]
    fn a_row_gives_back_how_somebody_stands() {
        let print = MembershipPrint::of(groups(&["a", "b"]).iter());
        for is in [
            InGroups::Never,
            InGroups::Just(print),
            InGroups::Just(MembershipPrint::default()),
            InGroups::Doubtful(3),
            InGroups::Doubtful(0),
            InGroups::UnderWay(255),
            InGroups::Partly(2),
        ] {
            assert_eq!(InGroups::from_bytes(is.to_bytes()), is);
        }
    }

    #[test]
    fn other_groups_have_another_print() {
        let print = |ids: &[&str]| MembershipPrint::of(groups(ids).iter());

        assert_ne!(print(&["ab", "c"]), print(&["a", "bc"]));
        assert_ne!(print(&["a"]), print(&[]));
        assert_eq!(print(&[]), MembershipPrint::default());
    }
}
