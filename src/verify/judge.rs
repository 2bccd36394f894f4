//! What a verification makes of one person, and what it would write: functions of values.

use super::compare::{differences, print};
use crate::{
    ledger::Due,
    mapping::Fingerprint,
    mutation::{self, Mutation},
    okta::{AppUser, Assigned},
    sync::hand::{Wanted, Wants},
};

/// How somebody is at Okta, beside how they are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// As they are to be.
    Same,
    /// They are to be active, and are not.
    Missing,
    /// They are active, and otherwise in these attributes.
    Different(Vec<String>),
    /// They are to be inactive, and are not.
    ShouldHaveLeft,
    /// Neither table nor ledger knows them.
    Unknown,
    /// Nobody can say how they are to be.
    Unclear,
}

/// What is to be written about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing.
    Nothing,
    /// They are told again; for this difference, if it is one.
    Doubt(Option<Fingerprint>),
    /// What they were told again for is over.
    Settle,
    /// The ledger takes them for told as they are.
    Adopt,
    /// The ledger takes them for told active, doubtfully, so that a run tells them to leave.
    Expel,
}

/// What a verification may write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct May {
    /// Entries of people of whom nothing is known.
    pub(crate) adopt: bool,
    /// Doubt about people whom Okta has otherwise than it was told.
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

/// Judges somebody; `listed` is what Okta has of them, nothing if it does not list them.
pub(super) fn judge(wanted: &Wanted, listed: Option<&AppUser>, may: May) -> Judged {
    let is_there = |user: &&AppUser| user.assigned != Assigned::Deactivated;
    let there = listed.filter(is_there);
    let verdict = match (&wanted.wants, there) {
        // What a push has said of them is not known any more.
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
        // Nobody else would tell a stranger to leave whom Okta has.
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
        // Who is not surely active is told, and nobody writes entries of people without a record.
        _ => Act::Nothing,
    }
}

/// Whom a run tells anyway needs no doubt, and a difference that survived being told once is
/// nothing that telling it again would mend.
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
