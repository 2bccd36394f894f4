//! Why an invocation has no answer, and the names by which callers tell these errors apart.

use lambda_runtime::Diagnostic;

use crate::{
    event::UnknownEvent, guard::ApproveError, ledger::LedgerError, mapping::MappingError,
    okta::CredentialsError, ready::StartError, sync::RunError, verify::VerifyError,
};

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The function cannot be used as it is configured.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The event is unknown.
    #[error(transparent)]
    Event(#[from] UnknownEvent),
    /// A push is dated in the future.
    #[error(
        "\"at\" is {0}, more than five minutes ahead: is the sender's clock right? An older push \
         never overwrites a newer one, so one from the future would keep others out"
    )]
    FromTheFuture(String),
    /// A plan was asked for values, and the configuration does not allow it.
    #[error(
        "this function does not give attributes' values: leave \"values\" out, which gives their \
         names, or set PLAN_VALUES to allow (the template's parameter PlanValues) if everybody who \
         may invoke it may see them"
    )]
    ValuesForbidden,
    /// The function only reads, and this would change something.
    #[error(
        "this function only reads (READ_ONLY), and {0} may change something: it serves plan, \
         explain, verify without \"adopt\" and \"repair\", status and doctor. Invoke the function \
         that brings Okta to what the users table says, which the stack's output FunctionName \
         names, if you may"
    )]
    ReadOnly(&'static str),
    /// A candidate for the mapping cannot be used.
    #[error("the event's \"mapping\" cannot be used: {}", .0.what())]
    Candidate(MappingError),
    /// Pushes are switched off.
    #[error(
        "this function takes no pushes, because anybody who may push may change anybody. Set PUSH \
         to on (the template's parameter Push) if everybody who may invoke it may do that"
    )]
    PushForbidden,
    /// The credentials are not usable.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// An approval was not written down.
    #[error(transparent)]
    Approve(#[from] ApproveError),
    /// The state table could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The run failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The verification failed.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl InvocationError {
    /// The name that Lambda gives as `errorType`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start(_) | Self::Credentials(_) => "InvalidConfiguration",
            Self::Event(_)
            | Self::FromTheFuture(_)
            | Self::ValuesForbidden
            | Self::ReadOnly(_)
            | Self::Candidate(_) => "InvalidEvent",
            Self::PushForbidden => "PushForbidden",
            Self::Approve(ApproveError::Unknown(_)) => "UnknownDigest",
            Self::Approve(ApproveError::Ledger(_)) | Self::Ledger(_) => "StateTable",
            Self::Run(error) | Self::Verify(VerifyError::Run(error)) => error.name(),
            Self::Verify(VerifyError::MayNotList(_)) => "Okta",
        }
    }
}

impl RunError {
    /// The name that Lambda gives as `errorType`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Users(_) => "UsersTable",
            Self::Ledger(_) => "StateTable",
            Self::Okta(_) => "Okta",
            Self::LeaseLost(_) => "LeaseLost",
            Self::SessionsFail { .. } => "SessionsFail",
            Self::OtherBinding(_) => "OtherBinding",
            Self::Paused | Self::PausedForSome => "Paused",
            Self::Nobody(_) | Self::NoKey(_) | Self::NothingToConfirm => "InvalidEvent",
            Self::PushUnfinished { .. } => "PushUnfinished",
        }
    }
}

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        Self {
            error_type: error.name().to_owned(),
            error_message: error.to_string(),
        }
    }
}
