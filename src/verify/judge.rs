//! What a verification makes of one person, and what it would write: functions of values.

use super::compare::{differences, print};
use crate::{
    ledger::Due,
    mapping::Fingerprint,
    mutation::{self, Mutation},
    okta::{AppUser, Assigned},
    sync::hand::{Wanted, Wants},
};

/// How Okta has somebody, compared with how they must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As they must be.
    Same,
    /// They must be active, and are not.
    Missing,
    /// They are active, and differ in these attributes.
    Different(Vec<String>),
    /// They must be inactive, and are not.
    ShouldHaveLeft,
    /// Unknown to table and ledger.
    Unknown,
    /// Nobody can say how they must be.
    Unclear,
}

/// What is written about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing.
    Nothing,
    /// They are told again, for this difference if there is one.
    Doubt(Option<Fingerprint>),
    /// The difference that they were told again for is over.
    Settle,
    /// The ledger counts them as told exactly as they are.
    Adopt,
    /// The ledger counts them as told active, doubtfully, so that a run tells them to leave.
    Expel,
}

/// What a verification may write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct May {
    /// Whether it wrote ledger entries of people without one.
    pub(crate) adopt: bool,
    /// Whether it made people that Okta has otherwise doubtful.
    pub(crate) repair: bool,
}

impl May {
    /// Whether it writes anything.
    pub(crate) fn write(self) -> bool {
        self.adopt || self.repair
    }
}

/// What was found about somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) act: Act,
    /// Whether Okta has them otherwise than it was told, and no run would notice.
    pub(super) drifted: bool,
}

/// Judges somebody. `listed` is what Okta has of them, nothing if it does not list them.
pub(super) fn judge(wanted: &Wanted, listed: Option<&AppUser>, may: May) -> Judged {
    let is_there = |user: &&AppUser| user.assigned != Assigned::Deactivated;
    let there = listed.filter(is_there);
    let verdict = match (&wanted.wants, there) {
        // What a push said of them is no longer known.
        (Wants::Unclear, _) | (Wants::Pushed, Some(_)) => Verdict::Unclear,
        (Wants::Unknown, Some(_)) => Verdict::Unknown,
        (Wants::Active(..), None) if mutation::on(Mutation::UnlistedIsFine) => Verdict::Same,
        (Wants::Active(..) | Wants::Pushed, None) => Verdict::Missing,
        (Wants::Active(_, _, profile), Some(user)) => match differences(profile, &user.profile) {
            none if none.is_empty() => Verdict::Same,
            some => Verdict::Different(some),
        },
        (Wants::Inactive(..) | Wants::Gone, Some(_)) => Verdict::ShouldHaveLeft,
        (Wants::Inactive(..) | Wants::Gone | Wants::Unknown, None) => Verdict::Same,
    };
    let is_wrong = matches!(
        verdict,
        Verdict::Missing | Verdict::Different(_) | Verdict::ShouldHaveLeft
    );
    let act = match verdict {
        Verdict::Different(_)
            if !wanted.is_known()
                && may.adopt
                && mutation::on(Mutation::AdoptionHidesDifferences) =>
        {
            Act::Adopt
        }
        Verdict::Same if !wanted.is_known() && may.adopt => adopt(wanted, there),
        Verdict::Same if was_repaired(wanted) => Act::Settle,
        _ if !is_wrong || !may.repair => Act::Nothing,
        // Nobody else would tell Okta to deactivate a stranger.
        Verdict::ShouldHaveLeft if !wanted.is_known() => Act::Expel,
        _ => doubt(wanted, there),
    };
    Judged {
        drifted: is_wrong && wanted.is_known() && wanted.due == Due::Nothing,
        verdict,
        act,
    }
}

fn was_repaired(wanted: &Wanted) -> bool {
    let entry = wanted.entry.as_ref();
    entry.is_some_and(|entry| entry.repaired.is_some())
}

fn adopt(wanted: &Wanted, there: Option<&AppUser>) -> Act {
    match (&wanted.wants, there.map(|user| user.assigned)) {
        (Wants::Active(..), Some(Assigned::Active)) | (Wants::Inactive(..), None) => Act::Adopt,
        // People who are not certainly active are told, and nobody writes entries of people without
        // a record.
        _ => Act::Nothing,
    }
}

/// People that a run tells anyway need no doubt, and a difference that survived one telling does
/// not go away by another.
fn doubt(wanted: &Wanted, there: Option<&AppUser>) -> Act {
    let Some(entry) = wanted.entry.as_ref().filter(|_| wanted.due == Due::Nothing) else {
        return Act::Nothing;
    };
    match (&wanted.wants, there) {
        (Wants::Active(_, _, profile), Some(user)) => {
            let print = print(profile, &user.profile);
            match entry.repaired == Some(print) {
                true => Act::Nothing,
                false => Act::Doubt(Some(print)),
            }
        }
        _ => Act::Doubt(None),
    }
}
