//! A state table that does not exist yet: reads find nothing, and writes fail. So a plan can be
//! made before anything is deployed.

use aws_config::{BehaviorVersion, SdkConfig, retry::RetryConfig};
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpClient, SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;

/// The name of the missing table.
pub(crate) const TABLE: &str = "no-state-table";

/// The environment's AWS configuration, in which that table is empty.
pub(crate) async fn config() -> SdkConfig {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .retry_config(RetryConfig::standard().with_max_attempts(8))
        .load()
        .await;
    let crypto = tls::rustls_provider::CryptoMode::AwsLc;
    let inner = aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(crypto))
        .build_https();
    config.into_builder().http_client(Beside { inner }).build()
}

/// Answers for the missing table. Everything else goes to AWS.
#[derive(Debug)]
struct Beside<T> {
    inner: T,
}

impl HttpClient for Beside<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Beside {
            inner: self.inner.http_connector(settings, components),
        })
    }
}

impl HttpConnector for Beside<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_of_it = request
            .body()
            .bytes()
            .is_some_and(|body| contains(body, TABLE.as_bytes()));
        if !is_of_it {
            return self.inner.call(request);
        }
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        HttpConnectorFuture::ready(answer(operation))
    }
}

fn contains(body: &[u8], name: &[u8]) -> bool {
    body.windows(name.len()).any(|window| window == name)
}

fn answer(operation: &str) -> Result<HttpResponse, ConnectorError> {
    let (status, body) = match operation {
        "GetItem" => (200, "{}"),
        "Scan" | "Query" => (200, r#"{"Items":[],"Count":0,"ScannedCount":0}"#),
        "BatchGetItem" => (200, r#"{"Responses":{},"UnprocessedKeys":{}}"#),
        _ => (
            400,
            r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"there is no state table: set STATE_TABLE"}"#,
        ),
    };
    let status =
        StatusCode::try_from(status).map_err(|why| ConnectorError::other(why.into(), None))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    Ok(response)
}
