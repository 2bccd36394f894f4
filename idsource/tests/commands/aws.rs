//! AWS's APIs, as far as the program calls them, in front of the real function.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    http::{Request, Response},
};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use tokio::{net::TcpListener, runtime::Handle};

use crate::support::World;

const ACCOUNT: &str = "123456789012";
const FUNCTION: &str = "people-SyncFunction";
const READER: &str = "people-ReaderFunction";
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/people-FailureQueue";

/// The stubs.
pub(crate) struct Aws {
    url: String,
    stubs: Arc<Stubs>,
}

struct Stubs {
    world: Arc<World>,
    /// What waits in the failure queue, by receipt.
    queue: Mutex<HashMap<String, Value>>,
    /// What executions have come to, by ARN: their reports.
    executions: Mutex<HashMap<String, Vec<Value>>>,
    /// Executions that are at work already when the next ones are started.
    others: Mutex<Vec<String>>,
    /// The release that the stack says to be.
    version: Mutex<String>,
}

impl Aws {
    pub(crate) async fn start(world: Arc<World>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stubs = Arc::new(Stubs {
            world,
            queue: Mutex::default(),
            executions: Mutex::default(),
            others: Mutex::default(),
            version: Mutex::new(env!("CARGO_PKG_VERSION").to_owned()),
        });
        let of = Arc::clone(&stubs);
        let router =
            Router::new().fallback(move |request: Request<Body>| answer(Arc::clone(&of), request));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, stubs }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn give_up(&self, message: Value) {
        let receipt = format!("receipt-{}", fastrand::u32(..));
        self.stubs.queue.lock().unwrap().insert(receipt, message);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.stubs.queue.lock().unwrap().len()
    }

    pub(crate) fn is_at_work(&self, execution: &str) {
        self.stubs.others.lock().unwrap().push(execution.to_owned());
    }

    pub(crate) fn is_release(&self, version: &str) {
        version.clone_into(&mut self.stubs.version.lock().unwrap());
    }
}

/// What the stubs answer to.
async fn answer(stubs: Arc<Stubs>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8_lossy(&body).into_owned();
    if let Some(function) = parts.uri.path().strip_prefix("/2015-03-31/functions/") {
        let function = function.strip_suffix("/invocations").unwrap();
        return stubs.invoke(function, &text).await;
    }
    let target = parts.headers.get("x-amz-target");
    match target.and_then(|target| target.to_str().ok()) {
        Some(target) => {
            let asked: Value = serde_json::from_str(&text).unwrap();
            let operation = target.rsplit('.').next().unwrap();
            let answer = stubs.json(operation, &asked).await;
            let response = Response::builder().header("content-type", "application/x-amz-json-1.0");
            response.body(Body::from(answer.to_string())).unwrap()
        }
        None => {
            let response = Response::builder().header("content-type", "text/xml");
            response.body(Body::from(stubs.xml(&text))).unwrap()
        }
    }
}

impl Stubs {
    async fn invoke(&self, function: &str, payload: &str) -> Response<Body> {
        let event = serde_json::from_str(payload).unwrap();
        let changes: &'static [_] = match function {
            READER => &[("START", "paused"), ("READ_ONLY", "on")],
            FUNCTION => &[("START", "paused")],
            other => panic!("{other} was invoked"),
        };
        match self.run(changes, &event).await {
            Ok(answer) => Response::new(Body::from(answer.to_string())),
            Err(error) => {
                let response = Response::builder().header("x-amz-function-error", "Unhandled");
                response.body(Body::from(error.to_string())).unwrap()
            }
        }
    }

    /// Asks the function. What it does stays on one thread.
    async fn run(&self, changes: &'static [(&str, &str)], event: &Value) -> Result<Value, Value> {
        let (world, event) = (Arc::clone(&self.world), event.clone());
        let asked = move || async move {
            let function = world.function(changes);
            let id = format!("run-{:08x}", fastrand::u32(..));
            let deadline = Timestamp::now() + 15.minutes();
            match Box::pin(function.invoke(&event, &id, deadline)).await {
                Ok(answer) => Ok(serde_json::to_value(answer).unwrap()),
                Err(error) => {
                    Err(json!({"errorType": error.name(), "errorMessage": error.to_string()}))
                }
            }
        };
        let here = Handle::current();
        let answered = tokio::task::spawn_blocking(move || here.block_on(asked()));
        answered.await.unwrap()
    }

    fn xml(&self, text: &str) -> String {
        if text.contains("Action=GetCallerIdentity") {
            return format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                 <Arn>arn:aws:sts::{ACCOUNT}:assumed-role/ops/ada</Arn><UserId>AROA:ada</UserId><Account>{ACCOUNT}</Account>\
                 </GetCallerIdentityResult></GetCallerIdentityResponse>"
            );
        }
        assert!(text.contains("Action=DescribeStacks"), "{text}");
        let outputs = [
            ("FunctionName", FUNCTION),
            ("ReaderFunctionName", READER),
            (
                "StateMachineArn",
                "arn:aws:states:eu-west-1:123456789012:stateMachine:people",
            ),
            ("HistoryTableName", crate::support::STATE),
            ("FailureQueueUrl", QUEUE),
            ("Version", &*self.version.lock().unwrap().clone()),
        ]
        .map(|(key, value)| {
            format!(
                "<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
            )
        });
        format!(
            "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStacksResult><Stacks>\
             <member><StackName>people</StackName><CreationTime>2026-01-01T00:00:00Z</CreationTime>\
             <StackStatus>UPDATE_COMPLETE</StackStatus><Parameters><member><ParameterKey>OktaOrgUrl</ParameterKey>\
             <ParameterValue>{}</ParameterValue></member></Parameters><Outputs>{}</Outputs></member></Stacks>\
             </DescribeStacksResult></DescribeStacksResponse>",
            self.world.okta_url,
            outputs.concat()
        )
    }

    async fn json(&self, operation: &str, asked: &Value) -> Value {
        match operation {
            "StartExecution" => {
                if let Some(other) = self.other() {
                    return self.left_to(other);
                }
                let arn = format!(
                    "arn:aws:states:eu-west-1:{ACCOUNT}:execution:people:{}",
                    fastrand::u32(..)
                );
                let reports = self.to_the_end(asked["input"].as_str().unwrap()).await;
                self.executions.lock().unwrap().insert(arn.clone(), reports);
                json!({"executionArn": arn, "startDate": 1_767_225_600.0})
            }
            "DescribeExecution" => {
                let executions = self.executions.lock().unwrap();
                let reports = &executions[asked["executionArn"].as_str().unwrap()];
                json!({
                    "executionArn": asked["executionArn"], "status": "SUCCEEDED", "startDate": 1_767_225_600.0,
                    "stateMachineArn": "arn:aws:states:eu-west-1:123456789012:stateMachine:people",
                    "output": reports.last().unwrap().to_string(),
                })
            }
            "GetExecutionHistory" => {
                assert_eq!(asked["reverseOrder"], true);
                let executions = self.executions.lock().unwrap();
                let reports = &executions[asked["executionArn"].as_str().unwrap()];
                let events = (1..).zip(reports).map(|(id, report)| {
                    let output = json!({"event": {}, "last": {"report": report}}).to_string();
                    json!({
                        "id": id, "type": "TaskStateExited", "timestamp": 1_767_225_600.0,
                        "stateExitedEventDetails": {"name": "Run", "output": output},
                    })
                });
                let mut events: Vec<_> = events.collect();
                events.reverse();
                json!({"events": events})
            }
            "ReceiveMessage" => {
                // Whatever was taken is out of sight.
                let queue = self.queue.lock().unwrap();
                let messages = queue
                    .iter()
                    .filter(|(_, message)| message["taken"].is_null());
                let messages: Vec<_> = messages
                    .take(usize::try_from(asked["MaxNumberOfMessages"].as_u64().unwrap()).unwrap())
                    .map(|(receipt, message)| {
                        json!({"MessageId": receipt, "ReceiptHandle": receipt, "Body": message.to_string()})
                    })
                    .collect();
                drop(queue);
                self.see(&messages, true);
                if messages.is_empty() {
                    json!({})
                } else {
                    json!({"Messages": messages})
                }
            }
            "GetQueueAttributes" => {
                let queue = self.queue.lock().unwrap();
                let hidden = queue
                    .values()
                    .filter(|message| message["taken"] == true)
                    .count();
                json!({"Attributes": {
                    "ApproximateNumberOfMessages": (queue.len() - hidden).to_string(),
                    "ApproximateNumberOfMessagesNotVisible": hidden.to_string(),
                }})
            }
            "DeleteMessage" => {
                let receipt = asked["ReceiptHandle"].as_str().unwrap();
                assert!(self.queue.lock().unwrap().remove(receipt).is_some());
                json!({})
            }
            "ChangeMessageVisibility" => {
                self.see(std::slice::from_ref(asked), false);
                json!({})
            }
            other => panic!("{other} was called"),
        }
    }

    fn other(&self) -> Option<String> {
        self.others.lock().unwrap().pop()
    }

    /// An execution that leaves its work to one that is at work already.
    fn left_to(&self, other: String) -> Value {
        let arn = format!("{other}-left");
        let skipped = json!({"skipped": format!("{other} is running already")});
        let mut executions = self.executions.lock().unwrap();
        executions.insert(arn.clone(), vec![skipped]);
        executions.insert(other, vec![json!({"runId": "of the other", "more": false})]);
        json!({"executionArn": arn, "startDate": 1_767_225_600.0})
    }

    fn see(&self, messages: &[Value], taken: bool) {
        let mut queue = self.queue.lock().unwrap();
        for message in messages {
            let message = queue.get_mut(message["ReceiptHandle"].as_str().unwrap());
            message.unwrap()["taken"] = if taken { json!(true) } else { Value::Null };
        }
    }

    /// As the state machine does it.
    async fn to_the_end(&self, input: &str) -> Vec<Value> {
        let mut event: Value = serde_json::from_str(input).unwrap();
        if event["command"].is_null() {
            event = json!({"command": "sync", "since": Timestamp::now().to_string()});
        }
        let mut reports = Vec::new();
        loop {
            let report = self.run(&[("START", "paused")], &event).await.unwrap();
            let resumes = report["resumeAt"].as_str().and_then(|at| at.parse().ok());
            reports.push(report);
            let Some(at): Option<Timestamp> = resumes else {
                return reports;
            };
            let left = at.duration_since(Timestamp::now());
            tokio::time::sleep(left.try_into().unwrap_or_default()).await;
        }
    }
}
