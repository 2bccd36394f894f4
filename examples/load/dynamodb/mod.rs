//! A stand-in for DynamoDB that is fast rather than complete. It knows the function's tables and
//! requests, and tables of other clients that do the same job. Its answers are prepared, and served
//! from memory.

mod entry;
mod state;
mod tally;
mod update;
mod users;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

use futures::stream;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Frame, Incoming},
    header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};

pub use self::entry::ENTRY_BYTES;
pub use self::tally::{Phase, Tally};
pub use self::users::Known;
use self::{
    state::{StateTable, a_write_of_history},
    users::UsersTable,
};
use crate::Trouble;

/// The users table's name.
pub const USERS: &str = "users";
/// The state table's name.
pub const STATE: &str = "identity-source-state";
/// The history table's name.
pub const HISTORY: &str = "identity-source-history";

/// The most that one page of a scan holds, in stored bytes (Amazon DynamoDB's API reference).
const PAGE_BYTES: usize = 1 << 20;

/// All tables.
#[derive(Debug)]
pub struct DynamoDb {
    users: RwLock<UsersTable>,
    state: Mutex<StateTable>,
    /// The tables of clients other than the function.
    others: BTreeMap<String, Mutex<StateTable>>,
    tally: Mutex<Tally>,
}

/// An answer: its text in pieces, so that prepared text is not copied, and the capacity it
/// consumed.
struct Answer {
    pieces: Vec<Bytes>,
    read_units: f64,
    write_units: f64,
}

impl Answer {
    fn of(value: &Value, read_units: f64, write_units: f64) -> Self {
        Self {
            pieces: vec![Bytes::from(value.to_string())],
            read_units,
            write_units,
        }
    }

    /// One page of a scan; `next` names the page that follows in its segment.
    fn page(items: Bytes, table: &str, key: &str, next: Option<usize>, stored: usize) -> Self {
        let units = read_units(stored);
        let mut rest = json!({"ConsumedCapacity": {"TableName": table, "CapacityUnits": units}});
        if let Some(next) = next {
            rest["LastEvaluatedKey"] = json!({ key: {"S": next.to_string()} });
        }
        let rest = rest.to_string();
        Self {
            pieces: vec![
                Bytes::from_static(b"{\"Items\":["),
                items,
                Bytes::from(format!("],{}", &rest[1..])),
            ],
            read_units: units,
            write_units: 0.0,
        }
    }
}

/// The capacity that one scan of so many items of this size consumes.
pub fn scan_units(items: u64, bytes: u64) -> f64 {
    let a_page = (PAGE_BYTES as u64 / bytes).max(1);
    let (full, rest) = (items / a_page, items % a_page);
    full as f64 * read_units((a_page * bytes) as usize) + read_units((rest * bytes) as usize)
}

/// The capacity that one consistent read of so many bytes consumes: a unit per 4 KB.
pub fn read_units(stored: usize) -> f64 {
    stored.div_ceil(4096) as f64
}

/// Which page a scan asks for: the first of its segment, or the one named by its start key.
fn page_of(scan: &Value, key: &str) -> (usize, usize) {
    let number = |name: &str| scan[name].as_u64().unwrap_or(0) as usize;
    let started = scan["ExclusiveStartKey"][key]["S"].as_str();
    let page = started.and_then(|page| page.parse().ok());
    (
        page.unwrap_or(number("Segment")),
        number("TotalSegments").max(1),
    )
}

impl DynamoDb {
    /// Tables of so many users, and a ledger with what Okta was told.
    pub fn of(users: u32, known: Known, record_bytes: u32) -> Result<Self, Trouble> {
        Ok(Self {
            state: Mutex::new(StateTable::of(users, known)?),
            users: RwLock::new(UsersTable::of(users, known, record_bytes as usize)),
            others: BTreeMap::new(),
            tally: Mutex::default(),
        })
    }

    /// Adds an empty table for another client, with the key `pk`.
    #[allow(dead_code, reason = "most have no client except the function")]
    pub fn and_table(mut self, name: &str) -> Self {
        let table = Mutex::new(StateTable::plain(name));
        self.others.insert(name.to_owned(), table);
        self
    }

    /// The requests so far.
    pub fn tally(&self) -> Tally {
        lock(&self.tally).clone()
    }

    /// Forgets the requests so far.
    pub fn count_anew(&self) {
        *lock(&self.tally) = Tally::default();
    }

    /// Replaces the users and the ledger.
    pub fn replace_users(&self, users: u32, known: Known, record_bytes: u32) {
        let table = UsersTable::of(users, known, record_bytes as usize);
        *self.users.write().unwrap_or_else(PoisonError::into_inner) = table;
    }

    /// The capacity that one scan of the ledger consumes now.
    pub fn ledger_scan(&self) -> f64 {
        lock(&self.state).scan_units()
    }

    fn answer(&self, operation: &str, request: &Value) -> Option<Answer> {
        let name = match request["TableName"].as_str() {
            Some(name) => name,
            None => request["RequestItems"].as_object()?.keys().next()?,
        };
        let users = self.users.read().unwrap_or_else(PoisonError::into_inner);
        let answer = match (operation, name) {
            ("DescribeTable", USERS) => users.describe(),
            ("Scan", USERS) => users.scan(request),
            ("BatchGetItem", USERS) => users.read(request)?,
            (_, STATE) => lock(&self.state).answer(operation, request)?,
            ("PutItem" | "UpdateItem", HISTORY) => a_write_of_history(request),
            (_, other) => lock(self.others.get(other)?).answer(operation, request)?,
        };
        lock(&self.tally).add(name, operation, answer.read_units, answer.write_units);
        Some(answer)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves the tables to every client that connects.
pub async fn serve(listener: TcpListener, database: Arc<DynamoDb>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, Arc::clone(&database)));
    }
}

async fn connection(stream: TcpStream, database: Arc<DynamoDb>) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(|request: Request<Incoming>| {
        let database = Arc::clone(&database);
        async move {
            let target = request.headers().get("x-amz-target").cloned();
            let operation = target.as_ref().and_then(|it| it.to_str().ok());
            let operation = operation.and_then(|it| it.rsplit('.').next().map(str::to_owned));
            let body = match request.into_body().collect().await {
                Ok(body) => body.to_bytes(),
                Err(_) => Bytes::new(),
            };
            let request: Value = serde_json::from_slice(&body).unwrap_or_default();
            let operation = operation.unwrap_or_default();
            let (status, pieces) = match database.answer(&operation, &request) {
                Some(answer) => (StatusCode::OK, answer.pieces),
                None => (StatusCode::BAD_REQUEST, vec![not_known(&operation)]),
            };
            let length: usize = pieces.iter().map(Bytes::len).sum();
            let pieces = pieces
                .into_iter()
                .map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
            let mut response = Response::new(StreamBody::new(stream::iter(pieces)));
            *response.status_mut() = status;
            let headers = response.headers_mut();
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
            headers.insert(
                CONTENT_TYPE,
                HeaderValue::from_static("application/x-amz-json-1.0"),
            );
            Ok::<_, Infallible>(response)
        }
    });
    // A connection that breaks is the client's business.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

fn not_known(operation: &str) -> Bytes {
    let error = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ValidationException",
        "message": format!("the load example's stand-in has no answer to this {operation}"),
    });
    Bytes::from(error.to_string())
}
