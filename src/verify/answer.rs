//! What a verification answers, and what is kept of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::judge::{May, Verdict};

/// How many of each kind are named.
const NAMED: usize = 20;

/// What a verification found so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// How many of each kind.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first of each kind.
    pub examples: Examples,
    /// Who would be whom, where the ledger knows people by the ids of another externalId template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_ids: Option<NewIds>,
    /// Whether it is to go on.
    pub more: bool,
    /// When that is worth while.
    pub resume_at: Option<Timestamp>,
    /// Why it did not come to its end.
    pub reason: Option<String>,
}

/// Users, by how Okta has them beside how they are to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Counts {
    /// Users whom Okta lists.
    pub listed: u64,
    /// As they are to be.
    pub same: u64,
    /// To be active, and not listed, or listed as deactivated.
    pub missing: u64,
    /// Active, and otherwise in an attribute that the mapping sends.
    pub different: u64,
    /// To be inactive, and active.
    pub should_have_left: u64,
    /// Known to neither table nor ledger, and active.
    pub unknown: u64,
    /// Whose entry was written.
    pub adopted: u64,
    /// Groups, where the mapping gives any.
    #[serde(skip_serializing_if = "GroupCounts::is_none")]
    pub groups: GroupCounts,
}

/// Groups that we made, by how Okta has them beside how they are to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct GroupCounts {
    /// Groups whose members were listed.
    pub listed: u64,
    /// With just the members that they are to have.
    pub same: u64,
    /// With others.
    pub different: u64,
    /// That Okta does not have.
    pub missing: u64,
    /// Memberships that Okta lacks.
    pub lacking: u64,
    /// Memberships that Okta has too many.
    pub too_many: u64,
    /// Members whom the ledger does not know: they are left as they are.
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

/// Somebody who is in other groups than they are to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupDifference {
    /// Who.
    pub external_id: String,
    /// Groups that they are to be in, and are not.
    pub lacks: Vec<String>,
    /// Groups that they are in, and are not to be.
    pub has: Vec<String>,
    /// Whether they were told again for just that, and Okta has them so still.
    pub survived: bool,
}

/// Those whom Okta has active, beside the ids that the mapping gives them now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NewIds {
    /// Listed with an id that the mapping gives somebody.
    pub same: u64,
    /// Listed with an id that it gives nobody, and with the login of somebody who has another: they
    /// would be another person.
    pub others: u64,
    /// Listed with an id that it gives nobody, and a login that nobody in the table has.
    pub nobody: u64,
    /// The first of the others.
    pub examples: Vec<NewId>,
}

/// Somebody who would be another person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewId {
    /// Whom Okta has.
    pub external_id: String,
    /// Who has their login in the table.
    pub would_be: String,
}

/// Some of those who are not as they are to be.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Examples {
    /// External ids.
    pub missing: Vec<String>,
    /// External ids, and in what they are different.
    pub different: Vec<Difference>,
    /// External ids.
    pub should_have_left: Vec<String>,
    /// External ids, or Okta's where there is none.
    pub unknown: Vec<String>,
    /// External ids, and in which groups they are wrongly, or are not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupDifference>,
}

/// Somebody whom Okta has otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Who.
    pub external_id: String,
    /// The attributes that are different.
    pub attributes: Vec<String>,
    /// Whether they were told again for just that, and Okta has them so still.
    pub survived: bool,
}

/// What the last verification that came to its end has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastVerified {
    /// When it ended.
    pub at: Timestamp,
    /// When it began.
    pub began: Timestamp,
    /// How many of each kind.
    #[serde(flatten)]
    pub counts: Counts,
    /// How many Okta had otherwise than it was told.
    pub drifted: u64,
    /// What it wrote.
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
    /// Whether another one is to be named.
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
    /// Adds what was found besides.
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
