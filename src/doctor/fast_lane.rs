//! Whether people are told by single-user calls. No run needs them.

use jiff::Timestamp;

use super::report::Notes;
use crate::{
    config::Settings,
    ledger::{Binding, Proof, ProvenCalls, Works},
};

pub(super) fn check(settings: &Settings, proof: Option<&Proof>, now: Timestamp) -> Notes {
    let Some(proof) = proof else {
        return Notes::skipped("state table");
    };
    let mut notes = Notes::default();
    if settings.fast_lane == Some(0) {
        notes.found("FAST_LANE is 0: sessions tell everybody");
        return notes;
    }
    let binding = Binding {
        org: settings
            .org_url
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        identity_source: settings
            .identity_source
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        ..Binding::default()
    };
    let Some(at) = proof.at.filter(|_| proof.is_of(&binding)) else {
        notes.found("single-user calls were never proven with this org: sessions tell everybody");
        return notes;
    };
    let ProvenCalls {
        create,
        update,
        deactivate,
    } = proof.calls;
    let words = [
        ("create", create),
        ("update", update),
        ("deactivate", deactivate),
    ];
    let words = words.map(|(call, works)| format!("{call} {}", word(works)));
    notes.found(format!("proven on {at:.0}: {}", words.join(", ")));
    if let Some(withdrawn) = &proof.withdrawn {
        notes.warn(
            format!(
                "since {:.0} that does not count: {}",
                withdrawn.at, withdrawn.why
            ),
            "find out in the System Log what became of these users, and prove again with \
             {\"command\":\"prove\"}",
        );
    }
    if let Some(off) = proof.off.as_ref().filter(|off| off.until > now) {
        notes.warn(
            format!("off until {:.0}: {}", off.until, off.why),
            "give the credentials permission to manage the identity source's users, or set \
             FAST_LANE to 0",
        );
    }
    notes
}

fn word(works: Works) -> &'static str {
    match works {
        Works::Works => "works",
        Works::Fails => "fails",
        Works::Unknown => "unknown",
    }
}
