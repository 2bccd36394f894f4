//! A peer that answers as a test's script says, for what the emulator of a
//! well-behaved Okta does not do: broken connections, strange bodies, silence.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What becomes of one request.
#[derive(Clone)]
pub enum Step {
    /// This status with these headers, a line each, and this body.
    Answer(u16, &'static str, String),
    /// The connection is closed without an answer.
    HangUp,
    /// The connection is closed in the middle of the answer.
    BreakOff(u16),
    /// So much time passes before the next step.
    Wait(Duration),
}

impl Step {
    pub fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, "", body.to_owned())
    }

    pub fn session(status: &str) -> Self {
        Self::json(
            200,
            &format!(r#"{{"id":"aps1","status":"{status}","created":"2026-05-13T05:52:24.000Z"}}"#),
        )
    }

    pub fn refused(status: u16, cause: &str) -> Self {
        Self::json(
            status,
            &format!(
                r#"{{"errorCode":"E0000001","errorSummary":"Api validation failed","errorCauses":[{{"errorSummary":"{cause}"}}]}}"#
            ),
        )
    }
}

/// A peer with a script, and the heads of the requests that it got.
pub struct Script {
    pub url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Script {
    pub async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let steps = Arc::new(Mutex::new(steps.into_iter().collect::<VecDeque<_>>()));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&steps), Arc::clone(&seen)));
            }
        });
        Self { url, heads }
    }

    /// The requests so far, `POST /path`, without what all paths begin with.
    pub fn requests(&self) -> Vec<String> {
        let lines = self.heads();
        let lines = lines.iter().filter_map(|head| head.lines().next());
        lines
            .map(|line| {
                line.trim_end_matches(" HTTP/1.1")
                    .replace("/api/v1/identity-sources/0oa1", "")
            })
            .collect()
    }

    /// The requests so far: first line and headers.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    steps: Arc<Mutex<VecDeque<Step>>>,
    seen: Arc<Mutex<Vec<String>>>,
) {
    let Some(head) = request(&mut stream).await else {
        return;
    };
    seen.lock().unwrap().push(head);
    loop {
        let step = steps.lock().unwrap().pop_front();
        match step {
            None | Some(Step::HangUp) => return,
            Some(Step::Wait(time)) => tokio::time::sleep(time).await,
            Some(Step::BreakOff(status)) => {
                let head = format!("HTTP/1.1 {status} X\r\ncontent-length: 100\r\n\r\n{{\"id\":");
                let _ = stream.write_all(head.as_bytes()).await;
                return;
            }
            Some(Step::Answer(status, headers, body)) => {
                let headers = headers
                    .lines()
                    .map(|line| format!("{}\r\n", line.trim()))
                    .collect::<String>();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nconnection: close\r\nx-okta-request-id: req1\r\n\
                     content-length: {}\r\n{headers}\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                return;
            }
        }
    }
}

/// Reads one request to its end; its head.
async fn request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length: usize = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.parse().unwrap());
        if body.len() >= length {
            return Some(format!("{head}\r\n"));
        }
    }
}
