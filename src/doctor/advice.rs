//! What to do when a service says no.

use crate::{
    aws::{Trouble, chain},
    okta::Error,
};

/// What to do when AWS did not do `action` on the table that `variable` names.
pub(super) fn on_table(trouble: &Trouble, action: &str, variable: &str, table: &str) -> String {
    let code = trouble.code.as_deref().unwrap_or_default();
    let key = trouble.why.contains("KMS") || trouble.why.contains("kms:");
    match code {
        "" => "let the function's network reach DynamoDB (in a VPC it needs a gateway endpoint or \
               a NAT gateway) and check that AWS credentials and a region are there"
            .to_owned(),
        _ if is_denied(trouble) && key => {
            format!("allow the function's role kms:Decrypt on the key that encrypts {table}")
        }
        _ if is_denied(trouble) => format!("allow the function's role {action} on {table}"),
        "ResourceNotFoundException" => format!(
            "create {table}, or put the right name into {variable}; check that region and account \
             are the right ones"
        ),
        "UnrecognizedClientException" | "ExpiredTokenException" | "InvalidSignatureException" => {
            "renew the AWS credentials that the function runs with".to_owned()
        }
        _ => format!("run the doctor again; if it stays, look up {code} in AWS's documentation"),
    }
}

/// Whether a permission is missing.
pub(super) fn is_denied(trouble: &Trouble) -> bool {
    let code = trouble.code.as_deref().unwrap_or_default();
    code.starts_with("AccessDenied") || code.starts_with("KMSAccessDenied")
}

/// What Okta said, without the advice that the error gives in runs.
pub(super) fn said(error: &Error) -> String {
    match error {
        Error::Unauthorized(refusal)
        | Error::Forbidden(refusal)
        | Error::NotFound(refusal)
        | Error::Refused(refusal)
        | Error::Unavailable(refusal) => refusal.to_string(),
        Error::Unreachable {
            source: Some(source),
            ..
        } => format!("{error} ({})", chain(source)),
        other => other.to_string(),
    }
}

/// What to do about Okta's answer.
pub(super) fn on_okta(error: &Error) -> &'static str {
    match error {
        Error::OutOfTime { .. } => {
            "run the doctor again later, with more time: it had to wait for Okta's rate limit or \
             for a retry"
        }
        Error::Unauthorized(_) => {
            "check that the API token, or the service app's key, is active and belongs to the org \
             in OKTA_ORG_URL; then put it into the credentials"
        }
        Error::Forbidden(_) => {
            "give the token's admin, or the service app, a role that may manage the identity \
             source's app; grant a service app the scopes okta.identitySources.manage and \
             okta.identitySources.read (the second alone where READ_ONLY is on)"
        }
        Error::NotFound(_) => {
            "put the id of the Custom Identity Source app, 0oa…, into OKTA_IDENTITY_SOURCE_ID and \
             the address of its org into OKTA_ORG_URL"
        }
        Error::Refused(_) => {
            "check that OKTA_IDENTITY_SOURCE_ID is the id of a Custom Identity Source app with API \
             integration enabled"
        }
        Error::Unavailable(_) => "run the doctor again later; status.okta.com says how Okta is",
        Error::Unreachable { .. } => {
            "check that OKTA_ORG_URL is right and that the function's network reaches it (in a VPC \
             it needs a NAT gateway)"
        }
        Error::Unreadable { .. } => {
            "check that OKTA_ORG_URL leads to the org itself, not to a proxy or a sign-in page"
        }
        Error::Credentials(_) => "write the credentials as docs/start/okta-setup.md shows",
        Error::Client(_) => "check that the system's root certificates can be read",
    }
}
