//! Why a command failed.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::show::Exit;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Wrong usage.
    #[error("{0}")]
    Usage(String),
    /// The function answered with an error.
    #[error("{kind}: {message}")]
    Function {
        /// Lambda's `errorType`.
        kind: String,
        /// What is wrong, and what to do.
        message: String,
    },
    /// The caller lacks a permission.
    #[error("{0}")]
    Denied(String),
    /// Something else went wrong.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::Usage(what.into())
    }

    pub(crate) fn failed(what: impl Into<String>) -> Self {
        Self::Failed(what.into())
    }

    /// An error from AWS, with what was being done.
    pub(crate) fn aws<E, R>(doing: &str, error: &SdkError<E, R>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
        R: std::fmt::Debug,
    {
        let said = format!("{doing}: {}", causes(error));
        let code = error
            .as_service_error()
            .and_then(ProvideErrorMetadata::code);
        // Asking again does not help.
        let lasts = [
            "AccessDenied",
            "ExpiredToken",
            "UnrecognizedClient",
            "DoesNotExist",
        ];
        match code {
            Some(code) if lasts.iter().any(|it| code.contains(it)) => Self::Denied(said),
            _ => Self::Failed(said),
        }
    }

    /// Its exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Function { .. } | Self::Denied(_) | Self::Failed(_) => Exit::Failed,
        }
    }
}

/// An error with all its causes, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}
