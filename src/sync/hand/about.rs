//! The person that a record is about, and what it says about them.

use super::AtHand;
use crate::{
    ledger::{Standing, Told},
    mapping::{ExternalId, Fingerprint, Mapped, Profile, Since},
    okta::{Entity, ProfileSchema},
    users::RecordKey,
};

pub(super) fn about(mapped: &Mapped) -> AtHand {
    match mapped {
        Mapped::Active(..) => AtHand::Active,
        Mapped::Inactive(_) => AtHand::Inactive,
        Mapped::OutOfScope { keep: false, .. } => AtHand::OutOfScope,
        Mapped::OutOfScope { keep: true, .. } => AtHand::Kept,
        Mapped::Upcoming(_) => AtHand::Upcoming,
        Mapped::Rejected(..) => AtHand::Rejected,
        Mapped::Unidentified(_) | Mapped::Impossible(_) => AtHand::Unclear,
    }
}

pub(super) fn unclear(at_hand: &[&(RecordKey, Mapped)]) -> bool {
    at_hand
        .iter()
        .any(|(_, mapped)| matches!(mapped, Mapped::Unidentified(_)))
}

/// The person that a record is about, or would be about if it were in scope.
pub(crate) fn who(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::OutOfScope { who, .. } => who.as_ref(),
        other => subject(other),
    }
}

/// The person that a record is about, if it says so.
pub(in crate::sync) fn subject(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::Active(id, _)
        | Mapped::Inactive(id)
        | Mapped::Upcoming(id)
        | Mapped::Rejected(id, _) => Some(id),
        Mapped::OutOfScope { .. } | Mapped::Unidentified(_) | Mapped::Impossible(_) => None,
    }
}

/// What to tell about somebody who must be active with this profile, and whether that only clears
/// what used to be left out when empty. If only a rule of ours changed, the person is not told
/// again.
pub(in crate::sync) fn to_be_told(
    profile: &Profile,
    standing: Option<Standing>,
) -> (Fingerprint, bool) {
    let Some(Standing {
        told: Told::Active(before),
        ..
    }) = standing
    else {
        return (profile.fingerprint(), false);
    };
    match profile.since(before) {
        Since::Same(print) => (print, false),
        Since::OnlyClears => (profile.fingerprint(), true),
        Since::Different => (profile.fingerprint(), false),
    }
}

/// The print of what to tell about somebody who must be active with this profile.
pub(crate) fn told_of(profile: &Profile, standing: Option<Standing>) -> Fingerprint {
    to_be_told(profile, standing).0
}

/// What Okta is sent to have somebody active, or why it would refuse that. For people that it
/// knows, it keeps what is left out.
pub(in crate::sync) fn to_be_sent(
    external_id: &ExternalId,
    profile: &Profile,
    standing: Option<Standing>,
    app: Option<&ProfileSchema>,
) -> Result<Entity, Vec<String>> {
    let entity = Entity::upsert(external_id.as_str(), profile);
    let entity = entity.map_err(|why| vec![why.to_string()])?;
    let is_new = standing.is_none();
    match app.map(|app| app.objections(profile.iter(), is_new)) {
        Some(objections) if !objections.is_empty() => Err(objections),
        _ => Ok(entity),
    }
}
