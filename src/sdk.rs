//! What is built from AWS's SDK: clients with timeouts, and the credentials that a secret holds.

use std::time::Duration;

use aws_sdk_dynamodb::{Client, config::timeout::TimeoutConfig};
use secrecy::ExposeSecret as _;

use crate::{
    config::CredentialsSource,
    item_answers::ReadHere,
    okta::{Credentials, CredentialsError, CredentialsFrom, Secret},
};

/// Where the AWS SDK's configuration comes from.
#[derive(Debug, Clone)]
pub enum Sdk {
    /// The environment, as AWS documents it, read when a client is first needed.
    Environment,
    /// This configuration.
    Given(Box<aws_config::SdkConfig>),
}

/// How long a connection, one attempt of a call, and a call with all its attempts may take. A page
/// of a scan takes some 100 ms. An answer that has not come after ten seconds does not come.
const CONNECT: Duration = Duration::from_secs(3);
const ATTEMPT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(45);

/// The SDK's configuration from the environment, as AWS documents it. Retries are the SDK's own,
/// with more patience than its default: a table that has just been scanned at full speed throttles
/// for a while.
async fn sdk_config() -> aws_config::SdkConfig {
    use aws_config::{BehaviorVersion, retry::RetryConfig};

    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(8))
        .load()
        .await
}

impl Sdk {
    async fn config(&self) -> aws_config::SdkConfig {
        let config = match self {
            Self::Environment => sdk_config().await,
            Self::Given(config) => (**config).clone(),
        };
        let limits = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(CALL)
            .build();
        config.into_builder().timeout_config(limits).build()
    }

    /// A client for DynamoDB.
    pub(crate) async fn dynamodb(&self) -> Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config().await);
        Client::from_conf(config.interceptor(ReadHere).build())
    }

    /// The credentials for Okta. A secret is only read when they are needed.
    pub(crate) async fn credentials(
        &self,
        source: &CredentialsSource,
    ) -> Result<CredentialsFrom, CredentialsError> {
        Ok(match source {
            CredentialsSource::Inline(json) => {
                CredentialsFrom::Given(Credentials::parse(json.expose_secret())?)
            }
            CredentialsSource::Secret(arn) => {
                CredentialsFrom::Secret(Box::new(Secret::new(arn.clone(), self.config().await)))
            }
        })
    }
}
