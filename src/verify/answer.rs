//! What a verification answers, and what is kept of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::judge::{May, Verdict};

/// How many of each kind are named.
const NAMED: usize = 20;

/// What a verification has found so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// How many of each kind.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first 20 of each kind.
    pub examples: Examples,
    /// Who would get another id, if the mapping's `externalId` template is another than the
    /// ledger's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_ids: Option<NewIds>,
    /// Whether it has not finished. Invoke it again. The counts are those so far.
    pub more: bool,
    /// When it is worth going on. Null if it has finished.
    pub resume_at: Option<Timestamp>,
    /// Why it did not finish. Null if it did.
    pub reason: Option<String>,
}

/// How Okta has users, compared with how they must be. Users with a rejected record or with several
/// records are in `listed` alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Counts {
    /// Users that the app has at Okta.
    pub listed: u64,
    /// Users that Okta has as they must be.
    pub same: u64,
    /// Users who must be active, and are not listed, or listed as deactivated.
    pub missing: u64,
    /// Active users who differ in an attribute that the mapping sends. Null, absent and empty are
    /// the same, and spaces at the ends do not count. Upper and lower case do.
    pub different: u64,
    /// Active users who must be inactive.
    pub should_have_left: u64,
    /// Active users unknown to table and ledger. They are only reported.
    pub unknown: u64,
    /// People whose ledger entry was written (`adopt`).
    pub adopted: u64,
    /// Groups, if the mapping gives any.
    #[serde(skip_serializing_if = "GroupCounts::is_none")]
    pub groups: GroupCounts,
}

/// How Okta has the groups that this function made, compared with how they must be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GroupCounts {
    /// Groups whose members were listed.
    pub listed: u64,
    /// Groups with exactly the members that they must have.
    pub same: u64,
    /// Groups with other members.
    pub different: u64,
    /// Groups that Okta does not have.
    pub missing: u64,
    /// Memberships that Okta lacks.
    pub lacking: u64,
    /// Memberships that Okta has and must not have.
    pub too_many: u64,
    /// Members unknown to the ledger. They stay as they are.
    pub unknown: u64,
}

impl GroupCounts {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.listed += other.listed;
        self.same += other.same;
        self.different += other.different;
        self.missing += other.missing;
        self.lacking += other.lacking;
        self.too_many += other.too_many;
        self.unknown += other.unknown;
    }
}

/// Somebody who is in the wrong groups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupDifference {
    /// The person's external id.
    pub external_id: String,
    /// Groups that the person must be in, and is not.
    pub lacks: Vec<String>,
    /// Groups that the person is in, and must not be.
    pub has: Vec<String>,
    /// Whether the person was told again for exactly this difference, and Okta still has it.
    pub survived: bool,
}

/// Users that Okta has active, by the ids that the mapping gives now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewIds {
    /// Users listed with an id that the mapping gives somebody.
    pub same: u64,
    /// Users listed with an id that it gives nobody, and with the login of somebody with another id
    /// by the mapping. They would be new people.
    pub others: u64,
    /// Users listed with an id that it gives nobody, and with a login that no active person in the
    /// table has.
    pub nobody: u64,
    /// The first 20 of `others`.
    pub examples: Vec<NewId>,
}

/// Somebody who would be a new person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewId {
    /// The external id that Okta has.
    pub external_id: String,
    /// The external id of the person in the table who has this login.
    pub would_be: String,
}

/// The first 20 of each kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Examples {
    /// External ids.
    pub missing: Vec<String>,
    /// External ids, and the attributes that differ.
    pub different: Vec<Difference>,
    /// External ids.
    pub should_have_left: Vec<String>,
    /// External ids, or Okta's user ids if there is none.
    pub unknown: Vec<String>,
    /// External ids, and the groups that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupDifference>,
}

/// Somebody that Okta has with other values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The person's external id.
    pub external_id: String,
    /// The attributes that differ.
    pub attributes: Vec<String>,
    /// Whether the person was told again for exactly this difference, and Okta still has it.
    pub survived: bool,
}

/// What the last verification that finished found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastVerified {
    /// When it finished.
    pub at: Timestamp,
    /// When it began.
    pub began: Timestamp,
    /// How many of each kind.
    #[serde(flatten)]
    pub counts: Counts,
    /// People that Okta has otherwise than it was told, and that no run would notice. Joiners of
    /// the last hour, for example, are not among them.
    pub drifted: u64,
    /// What it was allowed to write.
    #[serde(flatten)]
    pub(crate) may: May,
}

/// What was found so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Findings {
    pub(super) counts: Counts,
    pub(super) examples: Examples,
    pub(super) drifted: u64,
    pub(super) new_ids: NewIds,
}

impl NewIds {
    /// Whether another one can be named.
    pub(super) fn has_room(&self) -> bool {
        self.examples.len() < NAMED
    }

    fn add(&mut self, other: Self) {
        let Self {
            same,
            others,
            nobody,
            examples,
        } = other;
        self.same += same;
        self.others += others;
        self.nobody += nobody;
        name(&mut self.examples, examples);
    }
}

impl Findings {
    /// Adds what was found elsewhere.
    pub(super) fn add(&mut self, other: Self) {
        let Self {
            counts,
            examples,
            drifted,
            new_ids,
        } = other;
        self.new_ids.add(new_ids);
        let Counts {
            listed,
            same,
            missing,
            different,
            should_have_left,
            unknown,
            adopted,
            groups,
        } = counts;
        self.counts.groups.add(groups);
        self.drifted += drifted;
        self.counts.listed += listed;
        self.counts.same += same;
        self.counts.missing += missing;
        self.counts.different += different;
        self.counts.should_have_left += should_have_left;
        self.counts.unknown += unknown;
        self.counts.adopted += adopted;
        let Examples {
            missing,
            different,
            should_have_left,
            unknown,
            groups,
        } = examples;
        name(&mut self.examples.groups, groups);
        name(&mut self.examples.missing, missing);
        name(&mut self.examples.different, different);
        name(&mut self.examples.should_have_left, should_have_left);
        name(&mut self.examples.unknown, unknown);
    }

    /// Names somebody whose groups differ, if they are among the first.
    pub(super) fn name_groups(&mut self, difference: GroupDifference) {
        self.drifted += u64::from(!difference.survived);
        name(&mut self.examples.groups, vec![difference]);
    }

    /// Counts somebody, and names them if they are among the first.
    pub(super) fn take(&mut self, name: &str, verdict: Verdict, drifted: bool, survived: bool) {
        self.drifted += u64::from(drifted);
        let (count, names) = match verdict {
            Verdict::Same => {
                self.counts.same += 1;
                return;
            }
            Verdict::Unclear => return,
            Verdict::Different(attributes) => {
                self.counts.different += 1;
                if self.examples.different.len() < NAMED {
                    self.examples.different.push(Difference {
                        external_id: name.to_owned(),
                        attributes,
                        survived,
                    });
                }
                return;
            }
            Verdict::Missing => (&mut self.counts.missing, &mut self.examples.missing),
            Verdict::ShouldHaveLeft => (
                &mut self.counts.should_have_left,
                &mut self.examples.should_have_left,
            ),
            Verdict::Unknown => (&mut self.counts.unknown, &mut self.examples.unknown),
        };
        *count += 1;
        if names.len() < NAMED {
            names.push(name.to_owned());
        }
    }
}

fn name<T>(names: &mut Vec<T>, more: Vec<T>) {
    let room = NAMED.saturating_sub(names.len());
    names.extend(more.into_iter().take(room));
}
