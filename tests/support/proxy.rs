//! A proxy before one of the services that the function talks to: it passes everything on, and
//! plays the tricks that networks and busy services play, on the calls it is told to.

use std::{
    ops::{Bound, RangeBounds},
    sync::{Arc, Mutex},
    time::Duration,
};

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::crash::Crash;

/// What the proxy does to a call.
#[derive(Clone)]
pub enum Fault {
    /// Answers this, and the service never sees the call.
    Answer(u16, Value),
    /// Closes the connection, and the service never sees the call.
    CloseBefore,
    /// Passes the call on, and closes the connection instead of answering.
    CloseAfter,
    /// Passes the call on after this long.
    Delay(Duration),
    /// Changes the call before it is passed on.
    Ask(Arc<Change>),
    /// Changes the answer, knowing the call.
    Edit(Arc<ChangeAnswer>),
}

type Change = dyn Fn(&mut Value) + Send + Sync;
type ChangeAnswer = dyn Fn(&Value, &mut Value) + Send + Sync;

impl Fault {
    /// [`Fault::Ask`] with this closure.
    pub fn ask(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self::Ask(Arc::new(change))
    }

    /// [`Fault::Edit`] with this closure.
    pub fn edit(change: impl Fn(&Value, &mut Value) + Send + Sync + 'static) -> Self {
        Self::Edit(Arc::new(change))
    }

    /// DynamoDB's refusal with this code.
    pub fn dynamodb(status: u16, code: &str) -> Self {
        let body = serde_json::json!({
            "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"),
            "message": "injected",
        });
        Self::Answer(status, body)
    }
}

/// A call as it passed.
#[derive(Clone, Debug)]
pub struct Call {
    /// `Scan people` (operation and table), or `POST sessions/{id}/bulk-upsert`.
    pub what: String,
    /// The body, if it was JSON.
    pub body: Value,
}

struct Rule {
    what: String,
    from: usize,
    to: usize,
    met: usize,
    fault: Fault,
}

/// A proxy that listens. It stops when it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
    url: String,
    server: tokio::task::JoinHandle<()>,
}

struct Shared {
    upstream: String,
    http: reqwest::Client,
    rules: Mutex<Vec<Rule>>,
    calls: Mutex<Vec<Call>>,
    crash: Mutex<Option<Crash>>,
}

impl Proxy {
    /// Starts before the service at `upstream`.
    pub async fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([])
            // Its timer would make a paused clock jump.
            .pool_idle_timeout(None)
            .build()
            .unwrap();
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            http,
            rules: Mutex::default(),
            calls: Mutex::default(),
            crash: Mutex::default(),
        });
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Self {
            shared,
            url,
            server,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Plays `fault` on those of the calls named `what` that `which` counts, from 1 on.
    pub fn on(&self, what: &str, which: impl RangeBounds<usize>, fault: Fault) {
        let from = match which.start_bound() {
            Bound::Included(from) => *from,
            Bound::Excluded(before) => before + 1,
            Bound::Unbounded => 1,
        };
        let to = match which.end_bound() {
            Bound::Included(to) => *to,
            Bound::Excluded(after) => after - 1,
            Bound::Unbounded => usize::MAX,
        };
        self.shared.rules.lock().unwrap().push(Rule {
            what: what.to_owned(),
            from,
            to,
            met: 0,
            fault,
        });
    }

    /// Plays no more tricks.
    pub fn heal(&self) {
        self.shared.rules.lock().unwrap().clear();
        *self.shared.crash.lock().unwrap() = None;
    }

    /// Lets every call count towards a crash.
    pub fn watch_for(&self, crash: &Crash) {
        *self.shared.crash.lock().unwrap() = Some(crash.clone());
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// How many calls of this name there were.
    pub fn count(&self, what: &str) -> usize {
        let calls = self.shared.calls.lock().unwrap();
        calls.iter().filter(|call| call.what == what).count()
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        self.shared.calls.lock().unwrap().clear();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stream, Arc::clone(&shared)));
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| pass(Arc::clone(&shared), request));
    // An error that the service gives closes the connection without an answer.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

type Closed = Box<dyn std::error::Error + Send + Sync>;

async fn pass(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Closed> {
    let (mut parts, body) = request.into_parts();
    let mut bytes = body.collect().await?.to_bytes();
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let what = name(&parts, &body);
    let crash = shared.crash.lock().unwrap().clone();
    if let Some(crash) = &crash {
        crash.before(&what).await;
    }
    shared.calls.lock().unwrap().push(Call {
        what: what.clone(),
        body: body.clone(),
    });

    let fault = shared.fault_for(&what);
    match &fault {
        Some(Fault::CloseBefore) => return Err("closed before".into()),
        Some(Fault::Answer(status, answer)) => {
            return Ok(Response::builder()
                .status(*status)
                .header("content-type", "application/x-amz-json-1.0")
                .body(Full::from(answer.to_string()))?);
        }
        Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
        Some(Fault::Ask(change)) => {
            let mut body = body.clone();
            change(&mut body);
            bytes = body.to_string().into();
        }
        Some(Fault::Edit(_) | Fault::CloseAfter) | None => {}
    }

    for hop in ["host", "content-length", "connection", "transfer-encoding"] {
        parts.headers.remove(hop);
    }
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let answer = shared
        .http
        .request(parts.method.clone(), format!("{}{path}", shared.upstream))
        .headers(parts.headers)
        .body(bytes)
        .send()
        .await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    let mut bytes = answer.bytes().await?;
    match &fault {
        Some(Fault::CloseAfter) => return Err("closed after".into()),
        Some(Fault::Edit(change)) => {
            let mut answer = serde_json::from_slice(&bytes)?;
            change(&body, &mut answer);
            bytes = answer.to_string().into();
            headers.remove("x-amz-crc32");
        }
        _ => {}
    }
    if let Some(crash) = &crash {
        crash.after(&what).await;
    }
    for hop in ["content-length", "connection", "transfer-encoding"] {
        headers.remove(hop);
    }
    let mut response = Response::builder().status(status);
    if let Some(all) = response.headers_mut() {
        *all = headers;
    }
    Ok(response.body(Full::from(bytes))?)
}

impl Shared {
    /// The fault of the first rule that this call falls under. Every rule of its name counts it.
    fn fault_for(&self, what: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let mut fault = None;
        for rule in rules.iter_mut().filter(|rule| rule.what == what) {
            rule.met += 1;
            if (rule.from..=rule.to).contains(&rule.met) && fault.is_none() {
                fault = Some(rule.fault.clone());
            }
        }
        fault
    }
}

/// What a call is called.
fn name(parts: &hyper::http::request::Parts, body: &Value) -> String {
    let target = parts.headers.get("x-amz-target");
    if let Some(target) = target.and_then(|target| target.to_str().ok()) {
        let operation = target.rsplit('.').next().unwrap_or_default();
        let table = body["TableName"].as_str().or_else(|| {
            let tables = body["RequestItems"].as_object()?;
            tables.keys().next().map(String::as_str)
        });
        return format!("{operation} {}", table.unwrap_or_default());
    }
    // /api/v1/identity-sources/{source}/…
    let mut path: Vec<_> = parts.uri.path().split('/').skip(5).collect();
    if let Some(id) = path.get_mut(1) {
        *id = "{id}";
    }
    format!("{} {}", parts.method, path.join("/"))
}
