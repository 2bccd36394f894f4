//! Whom a record is about, and what it says of them.

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

/// Whom a record is about, or would be if it were of this identity source.
pub(crate) fn whom(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::OutOfScope { whom, .. } => whom.as_ref(),
        other => subject(other),
    }
}

/// Whom a record is about, if it says so.
pub(in crate::sync) fn subject(mapped: &Mapped) -> Option<&ExternalId> {
    match mapped {
        Mapped::Active(id, _)
        | Mapped::Inactive(id)
        | Mapped::Upcoming(id)
        | Mapped::Rejected(id, _) => Some(id),
        Mapped::OutOfScope { .. } | Mapped::Unidentified(_) | Mapped::Impossible(_) => None,
    }
}

/// What somebody is to be told who is to be active with this profile, and whether that only clears
/// what used to be left out when empty. Nobody is told again in whom only a rule of ours changed.
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

/// The print of what somebody is to be told who is to be active with this profile.
pub(crate) fn told_of(profile: &Profile, standing: Option<Standing>) -> Fingerprint {
    to_be_told(profile, standing).0
}

/// What Okta is sent so that it has somebody active, or why it would refuse that. Of whom it
/// knows it keeps what is left out.
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
