//! What may keep a verification from its answer.

use crate::{
    ledger::LedgerError,
    okta::{self, Refusal},
    sync::RunError,
    users::ReadError,
};

/// Why a verification has no answer.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The credentials may not list the app's users.
    #[error(
        "{0}: to verify, a service app needs the scope okta.apps.read and a role that may view the \
         app; an API token's admin needs such a role. Runs need neither"
    )]
    MayNotList(Refusal),
    /// Something that a run needs, too.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<LedgerError> for VerifyError {
    fn from(error: LedgerError) -> Self {
        Self::Run(error.into())
    }
}

impl From<ReadError> for VerifyError {
    fn from(error: ReadError) -> Self {
        Self::Run(error.into())
    }
}

impl From<okta::Error> for VerifyError {
    fn from(error: okta::Error) -> Self {
        match error {
            okta::Error::Forbidden(refusal) => Self::MayNotList(refusal),
            other => Self::Run(other.into()),
        }
    }
}
