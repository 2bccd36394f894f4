//! What is to be told of one person now: the protocol's rules, as functions of values.

use super::{Number, SessionLog, State};
use crate::{
    ledger::Told,
    mapping::Fingerprint,
    mutation::{self, Mutation},
};

/// What Okta was told of a person, as their entry has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Telling {
    /// What.
    pub told: Told,
    /// The session that carried it.
    pub session: Number,
    /// The session, unended at the time, that it may be overtaken by.
    pub behind: Option<Number>,
    /// Whether nobody knows that it arrived, whatever became of its session.
    pub doubtful: bool,
}

/// What the records say a person is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Want {
    /// Active, with the profile of this fingerprint.
    Active(Fingerprint),
    /// Inactive.
    Inactive,
}

/// How a person stands, of whom Okta was told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// What Okta was last told.
    pub told: Told,
    /// Whether that can be relied on, so that it need not be told again.
    pub holds: bool,
    /// Whether a session that carries them may still be imported.
    pub live: bool,
}

/// What is to be done about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Due {
    /// Nothing: Okta was told.
    Nothing,
    /// Tell it.
    Tell,
    /// Tell it once the sessions that may carry them have ended.
    Wait,
}

/// What is to be told now of somebody; `None` stands for a person of whom Okta was told nothing.
#[must_use]
pub fn due(want: Want, standing: Option<Standing>) -> Due {
    let Some(Standing { told, holds, live }) = standing else {
        return match want {
            Want::Active(_) => Due::Tell,
            Want::Inactive => Due::Nothing,
        };
    };
    match (want, told) {
        // An upsert may be overtaken by what is still to be imported; a deactivation is told
        // again afterwards.
        (Want::Active(print), Told::Active(known)) if live && print == known => Due::Nothing,
        (Want::Active(_), _) if live && !mutation::on(Mutation::UpsertsDoNotWait) => Due::Wait,
        (Want::Active(print), Told::Active(known)) if holds && print == known => Due::Nothing,
        (Want::Active(_), _) => Due::Tell,
        (Want::Inactive, Told::Inactive) if holds => Due::Nothing,
        (Want::Inactive, _) => Due::Tell,
    }
}

impl SessionLog {
    /// How somebody stands of whom Okta was told this. `None` where nothing that was told to
    /// this identity source is known of them.
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
        // An entry can name but one session that it is behind: beside two that may be imported,
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

    /// Whether the entries of this session hold, which is not listed.
    fn landed(&self, session: Number) -> bool {
        let is_known = session <= self.last() || mutation::on(Mutation::UnknownIsTrusted);
        is_known && !self.is_void(session)
    }
}
