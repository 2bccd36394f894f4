//! Credentials that are kept in AWS Secrets Manager.

use std::fmt;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use jiff::Timestamp;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::okta::credentials_error::CredentialsError;
use crate::okta::patience::within;

/// A secret with the credentials' JSON. Nothing is built or read before it is
/// needed.
pub struct Secret {
    arn: String,
    sdk: SdkConfig,
    client: OnceCell<Client>,
}

impl Secret {
    /// The secret with this ARN or name, read with this configuration.
    #[must_use]
    pub fn new(arn: String, sdk: SdkConfig) -> Self {
        Self {
            arn,
            sdk,
            client: OnceCell::new(),
        }
    }

    /// Its current version. `None` if the deadline comes first.
    pub(super) async fn read(
        &self,
        clock: Clock,
        deadline: Timestamp,
    ) -> Result<Option<SecretString>, CredentialsError> {
        let client = async || Client::new(&self.sdk);
        let client = self.client.get_or_init(client).await;
        let answer = client.get_secret_value().secret_id(&self.arn).send();
        let Some(answer) = within(clock, clock.until(deadline), Box::pin(answer)).await else {
            return Ok(None);
        };
        let secret = answer.map_err(|error| {
            let mut why = crate::aws::explain(&error);
            match error.as_service_error() {
                Some(GetSecretValueError::ResourceNotFoundException(_)) => {
                    why.push_str("; check OKTA_CREDENTIALS_SECRET_ARN, and its region");
                }
                Some(GetSecretValueError::DecryptionFailure(_)) => {
                    why.push_str("; the function's role needs kms:Decrypt on the secret's key");
                }
                _ if why.contains("AccessDenied") => why.push_str(
                    "; the function's role needs secretsmanager:GetSecretValue on it, and \
                     kms:Decrypt on its key if that is your own",
                ),
                _ => {}
            }
            self.error(why)
        })?;
        match secret.secret_string {
            Some(text) => Ok(Some(text.into())),
            None => Err(self.error("it is binary; store the JSON as text".to_owned())),
        }
    }

    fn error(&self, why: String) -> CredentialsError {
        CredentialsError::Secret {
            arn: self.arn.clone(),
            why,
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.arn)
    }
}
