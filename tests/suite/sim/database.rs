//! The embedded DynamoDB, reached without a network: what the SDK sends takes a while, may go
//! wrong, and is done exactly when the seed says so.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
};
use dynamodb_identity_source::clock::Clock;
use dynoxide::Database;
use serde_json::{Value, json};
use tokio::{sync::oneshot, time::Instant};

use super::{
    calls::Caller,
    dynamodb::{keep_first, perform},
    history::{DatabaseEffect, DatabaseFault},
    watcher::Watcher,
};
use crate::support::{STATE, USERS, crash::Moment};

/// The database, and everything between it and those who call it.
#[derive(Clone)]
pub struct Tables(Arc<Inner>);

struct Inner {
    database: Database,
    began: Instant,
    clock: Clock,
    secret: Mutex<String>,
    chance: Mutex<fastrand::Rng>,
    faults: Mutex<Vec<DatabaseFault>>,
    pub watcher: Mutex<Watcher>,
}

impl Tables {
    pub fn new(seed: u64, began: Instant, clock: Clock, secret: String) -> Self {
        let tables = Self(Arc::new(Inner {
            database: Database::memory().unwrap(),
            began,
            clock,
            secret: Mutex::new(secret),
            chance: Mutex::new(fastrand::Rng::with_seed(seed)),
            faults: Mutex::default(),
            watcher: Mutex::default(),
        }));
        for (table, key) in [(USERS, "id"), (STATE, "pk")] {
            tables.now(
                "CreateTable",
                &json!({
                    "TableName": table, "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
                }),
            );
        }
        tables
    }

    /// Does this at once, past every fault.
    pub fn now(&self, operation: &str, body: &Value) -> Value {
        let (status, answer) = perform(&self.0.database, operation, body);
        assert_eq!(status, 200, "{operation}: {answer}");
        answer
    }

    pub fn keep_secret(&self, token: &str) {
        *self.0.secret.lock().unwrap() = token.to_owned();
    }

    pub fn inject(&self, fault: DatabaseFault) {
        self.0.faults.lock().unwrap().push(fault);
    }

    pub fn heal(&self) {
        self.0.faults.lock().unwrap().clear();
    }

    pub fn watcher(&self) -> MutexGuard<'_, Watcher> {
        self.0.watcher.lock().unwrap()
    }

    /// An HTTP client that leads here, for one caller.
    pub fn client(&self, caller: &Caller) -> aws_sdk_dynamodb::config::SharedHttpClient {
        let link = SharedHttpConnector::new(Link {
            tables: self.clone(),
            caller: caller.clone(),
        });
        http_client_fn(move |_, _| link.clone())
    }

    fn elapsed(&self) -> Duration {
        self.0.began.elapsed()
    }

    /// The effect of the first fault that this call falls under. Every fault counts it.
    fn strike(&self, call: &str) -> Option<DatabaseEffect> {
        let mut struck = None;
        let mut faults = self.0.faults.lock().unwrap();
        for fault in faults
            .iter_mut()
            .filter(|fault| call.starts_with(fault.call))
        {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if fault.times > 0 && struck.is_none() {
                fault.times -= 1;
                struck = Some(fault.effect);
            }
        }
        struck
    }

    fn latency(&self) -> Duration {
        Duration::from_millis(self.0.chance.lock().unwrap().u64(1..12))
    }

    async fn answer(
        self,
        caller: Caller,
        request: HttpRequest,
    ) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        if target.starts_with("secretsmanager.") {
            let token = json!({"apiToken": *self.0.secret.lock().unwrap()});
            let secret = json!({"ARN": "arn", "Name": "okta", "SecretString": token.to_string()});
            return Ok(response(200, &secret));
        }
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let body: Value =
            serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        let key = body.pointer("/Item/pk/S").or(body.pointer("/Key/pk/S"));
        let segment = body["Segment"].as_u64().map(|segment| segment.to_string());
        let key = key.and_then(Value::as_str).map(str::to_owned);
        let of = key.or(segment).unwrap_or_default();
        let call = format!("{operation} {} {of}", table_of(&body));
        caller.count(Moment::Before).await;
        let is_first = request
            .headers()
            .get("amz-sdk-request")
            .is_none_or(|text| text.starts_with("attempt=1"));
        if is_first
            && let Some(run) = caller.run()
            && Watcher::is_about(&call)
        {
            let lease = self.now(
                "GetItem",
                &json!({"TableName": STATE, "Key": {"pk": {"S": "lease"}}}),
            );
            let now = self.0.clock.now().as_millisecond();
            self.watcher().sent(&run, &call, &lease["Item"], now);
        }
        let effect = self.strike(&call);
        self.watcher().trace(
            self.elapsed(),
            &caller.name(),
            &format!("{call} {effect:?}"),
        );

        let (there, back) = (self.latency(), self.latency());
        let refusal = |status, code: &str| {
            let kind = format!("com.amazonaws.dynamodb.v20120810#{code}");
            Ok(response(
                status,
                &json!({"__type": kind, "message": "injected"}),
            ))
        };
        match effect {
            Some(DatabaseEffect::CloseBefore) => return Err(closed()),
            Some(DatabaseEffect::Throttled) => {
                return refusal(400, "ProvisionedThroughputExceededException");
            }
            Some(DatabaseEffect::InternalError) => return refusal(500, "InternalServerError"),
            _ => {}
        }
        let slow = match effect {
            Some(DatabaseEffect::Slow(milliseconds) | DatabaseEffect::Late(milliseconds)) => {
                Duration::from_millis(milliseconds)
            }
            _ => Duration::ZERO,
        };
        // What was sent arrives, whatever becomes of who sent it.
        let (done, answer) = oneshot::channel();
        let tables = self.clone();
        let caller_name = caller.name();
        tokio::spawn(async move {
            tokio::time::sleep(there + slow).await;
            let answer = tables.perform(&operation, body.clone(), effect);
            if answer.0 == 200 {
                let at = tables.elapsed();
                tables.watcher().done(at, &caller_name, &operation, &body);
            }
            let _ = done.send(answer);
        });
        if matches!(effect, Some(DatabaseEffect::Late(_))) {
            return Err(closed());
        }
        let (status, answer) = answer.await.map_err(|_| closed())?;
        tokio::time::sleep(back).await;
        caller.count(Moment::After).await;
        if effect == Some(DatabaseEffect::CloseAfter) {
            return Err(closed());
        }
        Ok(response(status, &answer))
    }

    fn perform(
        &self,
        operation: &str,
        mut body: Value,
        effect: Option<DatabaseEffect>,
    ) -> (u16, Value) {
        let database = &self.0.database;
        match (operation, effect) {
            ("Scan", Some(DatabaseEffect::ShortPage)) => {
                body["Limit"] = json!(1);
                perform(database, operation, &body)
            }
            ("BatchGetItem", Some(DatabaseEffect::Unprocessed)) => {
                let mut rest = body["RequestItems"].clone();
                keep_first(
                    &mut body["RequestItems"],
                    &mut rest,
                    |asked| &mut asked["Keys"],
                );
                let (status, mut answer) = perform(database, operation, &body);
                answer["UnprocessedKeys"] = rest;
                (status, answer)
            }
            ("BatchWriteItem", Some(DatabaseEffect::Unprocessed)) => {
                let mut rest = body["RequestItems"].clone();
                keep_first(&mut body["RequestItems"], &mut rest, |asked| asked);
                let (status, mut answer) = perform(database, operation, &body);
                answer["UnprocessedItems"] = rest;
                (status, answer)
            }
            _ => perform(database, operation, &body),
        }
    }
}

fn table_of(body: &Value) -> String {
    let batch = || Some(body["RequestItems"].as_object()?.keys().next()?.as_str());
    body["TableName"]
        .as_str()
        .or_else(batch)
        .unwrap_or_default()
        .to_owned()
}

fn response(status: u16, body: &Value) -> HttpResponse {
    let status = status.try_into().unwrap();
    let mut response = HttpResponse::new(status, body.to_string().into());
    response
        .headers_mut()
        .insert("content-type", "application/x-amz-json-1.0");
    response
}

fn closed() -> ConnectorError {
    ConnectorError::io("the connection broke".into())
}

/// One caller's way here.
struct Link {
    tables: Tables,
    caller: Caller,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Link")
    }
}

impl HttpConnector for Link {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let answer = self.tables.clone().answer(self.caller.clone(), request);
        HttpConnectorFuture::new(answer)
    }
}
