//! What is unknown about Okta, as switches: a client has to cope with either.

use std::str::FromStr;

/// What happens to an empty profile or load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// It is taken as it is: an empty profile makes an empty user.
    Taken,
    /// It is accepted but counts for nothing: the session stays CREATED.
    Ignored,
    /// 400 E0000001.
    Refused,
}

/// What `DELETE /users/{externalId}` of the identity source does. It is answered
/// with success, unless the variant says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SingleDelete {
    /// Deactivates the user, as a session's `bulk-delete` does.
    Deactivates,
    /// Nothing.
    DoesNothing,
    /// Cuts the tie between user and source. The user stays active, without
    /// the app, and no `bulk-delete` finds them any more.
    CutsTheTie,
    /// Deactivates the user, and answers 404 the next time.
    UnknownNextTime,
    /// Deactivates the user and cuts the tie. A `bulk-delete` with nobody else
    /// leaves its session CREATED.
    DeactivatesAndCutsTheTie,
    /// Deactivates the user, but does nothing while a session is being
    /// imported.
    NothingDuringImports,
}

impl FromStr for Empty {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "taken" => Ok(Self::Taken),
            "ignored" => Ok(Self::Ignored),
            "refused" => Ok(Self::Refused),
            _ => Err("expected taken, ignored or refused".to_owned()),
        }
    }
}

impl FromStr for SingleDelete {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "deactivates" => Ok(Self::Deactivates),
            "does-nothing" => Ok(Self::DoesNothing),
            "cuts-the-tie" => Ok(Self::CutsTheTie),
            "unknown-next-time" => Ok(Self::UnknownNextTime),
            "deactivates-and-cuts-the-tie" => Ok(Self::DeactivatesAndCutsTheTie),
            "nothing-during-imports" => Ok(Self::NothingDuringImports),
            _ => Err(
                "expected deactivates, does-nothing, cuts-the-tie, unknown-next-time, \
                 deactivates-and-cuts-the-tie or nothing-during-imports"
                    .to_owned(),
            ),
        }
    }
}
