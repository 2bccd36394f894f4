//! An emulator and a client that talks to it plainly.

use okta_emulator::{Emulator, Options};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

pub(crate) struct Okta {
    pub(crate) emulator: Emulator,
    client: Client,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    /// Holds that the call was refused so.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.body);
        assert_eq!(self.body["errorCode"], code);
        assert_eq!(self.body["errorLink"], code);
        assert!(
            self.body["errorId"]
                .as_str()
                .is_some_and(|id| id.starts_with("oae"))
        );
        assert!(self.body["errorSummary"].is_string());
        assert!(self.body["errorCauses"].is_array());
    }

    /// The path and query that a `Link` header leads to.
    pub(crate) fn link(&self, relation: &str) -> Option<String> {
        let links = self.headers.get_all("link").iter();
        let end = format!("; rel=\"{relation}\"");
        let mut found = links.filter_map(|link| link.to_str().ok()?.strip_suffix(&end));
        let url = found.next()?.trim_start_matches('<').trim_end_matches('>');
        url.find("/api/").map(|start| url[start..].to_owned())
    }

    pub(crate) fn cause(&self) -> &str {
        self.body["errorCauses"][0]["errorSummary"]
            .as_str()
            .unwrap_or_default()
    }
}

impl Okta {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        Self {
            emulator: Emulator::start(options).await.unwrap(),
            client: Client::new(),
        }
    }

    /// A request of any path, without a token.
    pub(crate) fn raw(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.emulator.url()))
    }

    /// A request below the identity source, without a token.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let source = &self.emulator.options().identity_source;
        self.raw(method, &format!("/api/v1/identity-sources/{source}{path}"))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        answer(request.send().await.unwrap()).await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let token = format!("SSWS {}", self.emulator.options().token);
        let mut request = self.request(method, path).header("authorization", token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Option<Value>) -> Answer {
        self.call(Method::POST, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// A GET of any path, with the token.
    pub(crate) async fn api(&self, path: &str) -> Answer {
        let token = format!("SSWS {}", self.emulator.options().token);
        let request = self.raw(Method::GET, path).header("authorization", token);
        self.send(request).await
    }

    /// Opens a session and returns its id.
    pub(crate) async fn open(&self) -> String {
        let answer = self.post("/sessions", None).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn load(&self, session: &str, kind: &str, profiles: Value) -> Answer {
        let body = json!({ "entityType": "USERS", "profiles": profiles });
        self.post(&format!("/sessions/{session}/bulk-{kind}"), Some(body))
            .await
    }

    pub(crate) async fn start_import(&self, session: &str) -> Answer {
        self.post(&format!("/sessions/{session}/start-import"), None)
            .await
    }

    /// Imports these users in one session of their own and waits for it.
    pub(crate) async fn import(&self, upserts: &[Value], deletes: &[&str]) -> String {
        self.emulator.end_cooldown();
        let session = self.open().await;
        if !deletes.is_empty() {
            let deletes = deletes.iter().map(|id| json!({ "externalId": id }));
            let answer = self.load(&session, "delete", deletes.collect()).await;
            assert_eq!(answer.status, 202, "{}", answer.body);
        }
        if !upserts.is_empty() {
            let answer = self.load(&session, "upsert", json!(upserts)).await;
            assert_eq!(answer.status, 202, "{}", answer.body);
        }
        assert_eq!(self.start_import(&session).await.status, 200);
        tokio::time::sleep(self.emulator.options().import_time).await;
        session
    }

    pub(crate) async fn status(&self, session: &str) -> String {
        let answer = self.get(&format!("/sessions/{session}")).await;
        answer.body["status"].as_str().unwrap().to_owned()
    }
}

async fn answer(response: Response) -> Answer {
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.text().await.unwrap();
    Answer {
        status,
        headers,
        body: serde_json::from_str(&body).unwrap_or(Value::String(body)),
    }
}

pub(crate) fn user(id: &str) -> Value {
    json!({
        "externalId": id,
        "profile": {
            "userName": format!("{id}@example.com"),
            "email": format!("{id}@example.com"),
            "firstName": "Ada",
            "lastName": id,
        },
    })
}

pub(crate) fn user_with(id: &str, attribute: &str, value: Value) -> Value {
    let mut user = user(id);
    user["profile"][attribute] = value;
    user
}
