//! What to tell about one person now: the protocol's rules, as functions of values.

use super::{Number, SessionLog, State};
use crate::{
    ledger::Told,
    mapping::Fingerprint,
    mutation::{self, Mutation},
};

/// What Okta was told about a person, as their entry has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Telling {
    /// What it was told.
    pub told: Told,
    /// The session that carried it.
    pub session: Number,
    /// The session, unended at the time, that may overtake it.
    pub behind: Option<Number>,
    /// Whether nobody knows that it arrived, whatever became of its session.
    pub doubtful: bool,
}

/// How the records say that a person must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Want {
    /// Active, with the profile of this fingerprint.
    Active(Fingerprint),
    /// Inactive.
    Inactive,
}

/// What Okta was told about a person, and how far that can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// What Okta was last told.
    pub told: Told,
    /// Whether that can be relied on, so that telling it again is not needed.
    pub holds: bool,
    /// Whether a session that carries them may still be imported.
    pub live: bool,
}

/// What to do about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Due {
    /// Nothing: Okta was told.
    Nothing,
    /// Tell it.
    Tell,
    /// Tell it once the sessions that may carry them have ended.
    Wait,
}

/// What to tell about somebody now. `None` stands for a person that Okta was told nothing about.
#[must_use]
pub fn due(want: Want, standing: Option<Standing>) -> Due {
    let Some(Standing { told, holds, live }) = standing else {
        return match want {
            Want::Active(_) => Due::Tell,
            Want::Inactive => Due::Nothing,
        };
    };
    match (want, told) {
        // What is still to be imported may overtake an upsert. A deactivation is told again
        // afterwards.
        (Want::Active(print), Told::Active(known)) if live && print == known => Due::Nothing,
        (Want::Active(_), _) if live && !mutation::on(Mutation::UpsertsDoNotWait) => Due::Wait,
        (Want::Active(print), Told::Active(known)) if holds && print == known => Due::Nothing,
        (Want::Active(_), _) => Due::Tell,
        (Want::Inactive, Told::Inactive) if holds => Due::Nothing,
        (Want::Inactive, _) => Due::Tell,
    }
}

impl SessionLog {
    /// How far Okta's knowledge of somebody can be relied on after this telling. `None` if this
    /// identity source was told nothing about them.
    #[must_use]
    pub fn standing(&self, telling: Telling) -> Option<Standing> {
        let Telling {
            told,
            session,
            behind,
            doubtful,
        } = telling;
        if told == Told::Inactive && self.is_of_another_binding(session) {
            return None;
        }
        let is_behind_live = behind.is_some_and(|behind| self.is_live(behind));
        let live = self.is_live(session) || is_behind_live;
        // What comes before it may still overtake it, and will then have ended.
        let is_last = behind.is_none() || is_behind_live;
        let state = self.get(session).map(|listed| listed.state);
        let lands = match (told, state) {
            // What is being imported will land, or its end will say otherwise.
            (Told::Inactive, Some(State::Triggered)) => true,
            (_, Some(_)) => false,
            (_, None) => self.landed(session),
        };
        // An entry can name only one session that it is behind. With two that may be imported,
        // nobody is told to leave once more until one of them has ended.
        let may_be_imported = matches!(state, Some(State::Starting | State::Triggered));
        let is_behind_two = told == Told::Inactive && may_be_imported && is_behind_live;
        let holds = is_behind_two || (!doubtful && is_last && lands);
        Some(Standing { told, holds, live })
    }

    /// The unended session that a new telling is behind.
    #[must_use]
    pub fn behind(&self, telling: Telling) -> Option<Number> {
        if mutation::on(Mutation::ForgetsWhatItIsBehind) {
            return None;
        }
        telling
            .behind
            .into_iter()
            .chain([telling.session])
            .find(|session| self.is_live(*session))
    }

    fn is_live(&self, session: Number) -> bool {
        let listed = self.get(session);
        self.is_under_way(session) || listed.is_some_and(|it| it.state != State::GivenUp)
    }

    /// Whether the entries of this session, which is not listed, hold.
    fn landed(&self, session: Number) -> bool {
        let is_known = session <= self.last() || mutation::on(Mutation::UnknownIsTrusted);
        is_known && !self.is_void(session)
    }
}
