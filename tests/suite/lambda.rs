//! Lambda's Runtime API, as far as a function needs it, and the real binary under it.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use crate::support::World;

/// What the function made of an event.
#[derive(Debug)]
pub enum Outcome {
    /// Its answer.
    Answer(Value),
    /// `errorType` and `errorMessage`, as Lambda gives them to the caller.
    Error(Value),
}

/// The `bootstrap` binary, running under a Runtime API of ours.
pub struct Lambda {
    api: Arc<Api>,
    server: JoinHandle<()>,
    process: Child,
    output: Option<std::thread::JoinHandle<Vec<String>>>,
}

#[derive(Default)]
struct Api {
    events: Mutex<VecDeque<Invocation>>,
    event_came: Notify,
    outcome: Mutex<Option<(String, Outcome)>>,
    outcome_came: Notify,
}

struct Invocation {
    id: String,
    event: Value,
    /// As the header has it.
    deadline: u128,
}

impl Lambda {
    /// Starts the binary against the world's services. `changes` go over its environment.
    pub async fn start(world: &World, changes: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let api = Arc::new(Api::default());
        let server = tokio::spawn(serve(listener, Arc::clone(&api)));
        let mut process = Command::new(env!("CARGO_BIN_EXE_bootstrap"))
            .env_clear()
            .envs(world.environment())
            .env("AWS_ENDPOINT_URL_DYNAMODB", &world.endpoint)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", "sync")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "sync")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "sync")
            .envs(changes.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let output = std::thread::spawn(move || output.lines().map_while(Result::ok).collect());
        Self {
            api,
            server,
            process,
            output: Some(output),
        }
    }

    /// Gives it an event and waits for what it makes of it.
    pub async fn invoke(&mut self, event: Value) -> Outcome {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let deadline = now + Duration::from_secs(60);
        self.invoke_with_deadline(event, deadline.as_millis()).await
    }

    /// The same, with a deadline header of one's own.
    pub async fn invoke_with_deadline(&mut self, event: Value, deadline: u128) -> Outcome {
        let id = format!("8476a536-e9f4-11e8-9739-{:012x}", fastrand::u32(..));
        self.api.events.lock().unwrap().push_back(Invocation {
            id: id.clone(),
            event,
            deadline,
        });
        self.api.event_came.notify_one();
        let wait = async {
            loop {
                self.api.outcome_came.notified().await;
                if let Some((of, outcome)) = self.api.outcome.lock().unwrap().take() {
                    assert_eq!(of, id);
                    return outcome;
                }
            }
        };
        match tokio::time::timeout(Duration::from_secs(60), wait).await {
            Ok(outcome) => outcome,
            Err(_) => panic!("no answer; the process: {:?}", self.process.try_wait()),
        }
    }
}

impl Lambda {
    /// Ends it: what it has written to standard output, where Lambda takes the log from.
    pub fn end(mut self) -> Vec<String> {
        let _ = self.process.kill();
        self.output.take().unwrap().join().unwrap()
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, api: Arc<Api>) {
    while let Ok((stream, _)) = listener.accept().await {
        let api = Arc::clone(&api);
        let service = service_fn(move |request| answer(Arc::clone(&api), request));
        tokio::spawn(async move {
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    api: Arc<Api>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let path = request.uri().path().to_owned();
    if path == "/2018-06-01/runtime/invocation/next" {
        let Invocation {
            id,
            event,
            deadline,
        } = loop {
            if let Some(next) = api.events.lock().unwrap().pop_front() {
                break next;
            }
            api.event_came.notified().await;
        };
        return Ok(Response::builder()
            .header("lambda-runtime-aws-request-id", id)
            .header("lambda-runtime-deadline-ms", deadline.to_string())
            .header(
                "lambda-runtime-invoked-function-arn",
                "arn:aws:lambda:eu-west-1:123456789012:function:sync",
            )
            .header(
                "lambda-runtime-trace-id",
                "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
            )
            .header("content-type", "application/json")
            .body(Full::from(event.to_string()))?);
    }
    let body = request.into_body().collect().await?.to_bytes();
    let body: Value = serde_json::from_slice(&body)?;
    let mut parts = path.rsplit('/');
    let (kind, id) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let outcome = match kind {
        "response" => Outcome::Answer(body),
        _ => Outcome::Error(body),
    };
    *api.outcome.lock().unwrap() = Some((id.to_owned(), outcome));
    api.outcome_came.notify_one();
    Ok(Response::builder().status(202).body(Full::default())?)
}
