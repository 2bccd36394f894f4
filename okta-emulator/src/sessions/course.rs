//! How the work of a call, or the import that it starts, differs from the
//! usual. Faults say so; here is what there is to say.

use std::{fmt, time::Duration};

use axum::http::StatusCode;
use serde::Deserialize;

use super::{poison::Poison, status::SessionStatus};
use crate::{
    directory::{Attributes, Refused},
    load::Entity,
    refusal::Refusal,
};

/// What becomes different in the work of a call. Handlers find it among the
/// request's extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Course {
    pub(crate) session_ends: Option<SessionStatus>,
    pub(crate) cooldown: Option<Duration>,
    /// How long the session goes on saying CREATED once it is loaded.
    pub(crate) status_lags: Option<Duration>,
    pub(crate) refused_loads: Vec<RefusedLoad>,
    /// Whether a single user is taken with half of the attributes.
    pub(crate) half_applied: bool,
    /// Whether it is done once the client has given the call up.
    pub(crate) is_late: bool,
    pub(crate) import: ImportCourse,
}

/// What becomes different in the import that a call starts.
#[derive(Clone, Debug, Default)]
pub(crate) struct ImportCourse {
    pub(crate) takes: Option<Duration>,
    /// How long it sleeps while later ones pass it.
    pub(crate) wakes: Option<Duration>,
    /// How long after its end it is done once more.
    pub(crate) repeats: Option<Duration>,
    /// The first that fits.
    pub(crate) endings: Vec<Ending>,
    pub(crate) refuses: Vec<(Poison, Refused)>,
}

/// A load that is refused for the sake of some users in it.
#[derive(Clone, Debug)]
pub(crate) struct RefusedLoad {
    pub(crate) status: StatusCode,
    pub(crate) poison: Poison,
    pub(crate) named: bool,
}

/// An end that an import comes to.
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    pub(crate) status: SessionStatus,
    pub(crate) applied: Applied,
    /// Only where one of these is in it.
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
    /// Every second one, beginning with the first.
    Half,
    /// So many.
    First(usize),
    /// All but these.
    Except(Poison),
    /// All of them.
    All,
}

impl Applied {
    /// Whether this user is applied, who stands at this place.
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

    /// Whether this load is to be refused for the sake of somebody in it.
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
