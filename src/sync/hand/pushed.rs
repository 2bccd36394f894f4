//! One person in hand that a push is about: what part of it is done, and what to remember.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{AtHand, Decision, Noted, Stays, about::about, person::Person, who};
use crate::{
    ledger::{Due, Entry, Origin, Told, Want, due},
    mapping::Mapped,
    mutation::{self, Mutation},
    sync::suspect::Pushed,
    users::RecordKey,
};

impl Person<'_> {
    /// A push that says nothing new is not done before the import that said it has ended. Nor is
    /// one that a later push has overtaken before that one is done.
    pub(super) fn or_under_way(&self, decision: Decision) -> Decision {
        let (Some(pushed), Some(entry)) = (&self.suspect.pushed, self.entry) else {
            return decision;
        };
        let standing = self.circumstances.reading.of(entry).standing;
        let is_live = standing.is_some_and(|standing| standing.live);
        let has_left = due(Want::Inactive, standing) == Due::Nothing;
        let says_so = entry.to_leave && about(&pushed.mapped) == AtHand::Inactive;
        let is_to_leave = says_so && !has_left;
        match decision {
            Decision::Nothing(stays @ (Stays::Active | Stays::Inactive)) if is_live => {
                Decision::UnderWay(stays)
            }
            Decision::Nothing(stays @ Stays::AsTheyAre)
                if self.is_overtaken() && (is_live || is_to_leave) =>
            {
                Decision::UnderWay(stays)
            }
            decision => decision,
        }
    }

    /// A push that says nothing new is remembered all the same: an older one that comes later must
    /// not overwrite it, and one that wanted them to leave must not be carried out.
    pub(super) fn noted(
        &self,
        records: &BTreeMap<String, (RecordKey, Mapped)>,
        decision: &Decision,
    ) -> Option<Box<Noted>> {
        let pushed = self.suspect.pushed.as_ref()?;
        let counts = self.at_hand(records).0 == AtHand::Absent && !self.is_overtaken();
        if self.entry.is_none() && counts && !matches!(decision, Decision::Tell(_)) {
            return stranger(pushed, self.hand.now());
        }
        let entry = self.entry?;
        let settled = !matches!(decision, Decision::Nothing(Stays::AsTheyAre));
        let says_nothing_new =
            matches!(decision, Decision::Nothing(_) | Decision::Stranger) && settled;
        let stays = matches!(decision, Decision::Nothing(Stays::Active));
        let is_remembered = entry.pushed == Some(pushed.at) && !(stays && entry.to_leave);
        let is_remembered = is_remembered || mutation::on(Mutation::NothingNewIsForgotten);
        (counts && says_nothing_new && !is_remembered).then(|| {
            Box::new(Noted {
                entry: entry.clone(),
                at: pushed.at,
                stays,
                is_new: false,
            })
        })
    }

    /// Whether a later push has told Okta something about them.
    pub(super) fn is_overtaken(&self) -> bool {
        let told = self.entry.and_then(|entry| entry.pushed);
        let pushed = self.suspect.pushed.as_ref();
        pushed
            .zip(told)
            .is_some_and(|(pushed, told)| told > pushed.at)
            && !mutation::on(Mutation::OldPushWins)
    }
}

/// What to remember of a push that wants an unknown person to leave, by what it says or by leaving
/// the scope: Okta is told nothing, and an older push that comes later must not let them in. One
/// that leaves them as they are is not remembered: what came before it counts.
pub(in crate::sync) fn stranger(pushed: &Pushed, now: Timestamp) -> Option<Box<Noted>> {
    if !matches!(about(&pushed.mapped), AtHand::Inactive | AtHand::OutOfScope) {
        return None;
    }
    let external_id = who(&pushed.mapped)?.clone();
    let entry = Entry {
        external_id,
        key: pushed.key.clone(),
        told: Told::Inactive,
        session: 0,
        session_id: None,
        behind: None,
        doubtful: false,
        origin: Origin::Push,
        at: now,
        deactivation: None,
        update: None,
        pushed: Some(pushed.at),
        to_leave: false,
        repaired: None,
        called: None,
        login: None,
        stranger: true,
        memberships: None,
    };
    Some(Box::new(Noted {
        entry,
        at: pushed.at,
        stays: false,
        is_new: true,
    }))
}
