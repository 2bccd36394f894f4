//! How the work of a call, or the import that it starts, differs from the
//! usual. Faults decide that. Here are the possibilities.

use std::{fmt, time::Duration};

use axum::http::StatusCode;
use serde::Deserialize;

use super::{poison::Poison, status::SessionStatus};
use crate::{
    directory::{Attributes, Refused},
    load::Entity,
    refusal::Refusal,
};

/// How the work of a call differs. Handlers find it among the request's
/// extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Course {
    pub(crate) session_ends: Option<SessionStatus>,
    pub(crate) cooldown: Option<Duration>,
    /// How long the session still says CREATED after it was loaded.
    pub(crate) status_lags: Option<Duration>,
    pub(crate) refused_loads: Vec<RefusedLoad>,
    /// Whether only half of a single user's attributes are taken.
    pub(crate) half_applied: bool,
    /// Whether the work is done after the client has given up the call.
    pub(crate) is_late: bool,
    pub(crate) import: ImportCourse,
}

/// How the import that a call starts differs.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportCourse {
    pub(crate) takes: Option<Duration>,
    /// How long it sleeps while later ones overtake it.
    pub(crate) wakes: Option<Duration>,
    /// How long after its end it is repeated.
    pub(crate) repeats: Option<Duration>,
    /// The first that applies.
    pub(crate) endings: Vec<Ending>,
    pub(crate) refuses: Vec<(Poison, Refused)>,
}

/// A load that is refused because of some users in it.
#[derive(Clone, Debug)]
pub(crate) struct RefusedLoad {
    pub(crate) status: StatusCode,
    pub(crate) poison: Poison,
    pub(crate) named: bool,
}

/// How an import ends.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) status: SessionStatus,
    pub(crate) applied: Applied,
    /// Only if one of these is in it.
    pub(crate) with: Option<Poison>,
}

/// How many of an import's users are applied, in the order of their
/// externalIds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Applied {
    /// None of them.
    #[default]
    Nobody,
    /// Every second one, starting with the first.
    Half,
    /// So many.
    First(usize),
    /// All but these.
    Except(Poison),
    /// All of them.
    All,
}

impl Applied {
    /// Whether the user at this place is applied.
    pub(super) fn takes(&self, place: usize, external_id: &str, profile: &Attributes) -> bool {
        match self {
            Self::Nobody => false,
            Self::Half => place.is_multiple_of(2),
            Self::First(number) => place < *number,
            Self::Except(poison) => !poison.is(external_id, profile),
            Self::All => true,
        }
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody applied"),
            Self::Half => f.write_str("half of its users applied"),
            Self::First(number) => write!(f, "its first {number} users applied"),
            Self::Except(poison) => write!(f, "all applied except {poison}"),
            Self::All => f.write_str("all its users applied"),
        }
    }
}

impl Course {
    /// What is taken of a single user.
    pub(crate) fn taken(&self, sent: Attributes) -> Attributes {
        let step = if self.half_applied { 2 } else { 1 };
        sent.into_iter().step_by(step).collect()
    }

    /// Whether this load is refused because of somebody in it.
    pub(super) fn refuses(&self, entities: &[Entity]) -> Option<Refusal> {
        self.refused_loads.iter().find_map(|refused| {
            let bad: Vec<String> = entities
                .iter()
                .enumerate()
                .filter(|(_, entity)| refused.poison.is(&entity.external_id, &entity.profile))
                .map(|(place, entity)| {
                    format!(
                        "profiles[{place}]: not accepted (externalId {})",
                        entity.external_id
                    )
                })
                .collect();
            let causes = if refused.named {
                bad.clone()
            } else {
                Vec::new()
            };
            (!bad.is_empty()).then(|| Refusal {
                status: refused.status,
                ..Refusal::validation("profiles", causes)
            })
        })
    }
}
