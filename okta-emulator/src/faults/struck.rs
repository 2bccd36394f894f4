//! A call's faults, sorted by when in the call they happen.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{Effect, Poison, wire::Cut};
use crate::{load::Entity, refusal::Refusal, sessions::SessionStatus};

/// What a proxy says when the org is not there.
const PAGE: &str = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>";

/// What happens to one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Struck {
    pub(crate) delay: Duration,
    pub(crate) delay_answer: Duration,
    pub(crate) instead: Option<Instead>,
    pub(crate) work: Work,
    pub(crate) answer: Vec<Answer>,
    /// All of it in words.
    pub(crate) names: Vec<String>,
}

/// What comes in place of the work.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    Refuse(Box<Refusal>),
    Close,
}

/// What becomes different in the work. Handlers find it among the request's
/// extensions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Work {
    pub(crate) session_ends: Option<SessionStatus>,
    pub(crate) import_takes: Option<Duration>,
    pub(crate) cooldown: Option<Duration>,
    poison: Vec<(Poison, bool)>,
}

/// What becomes of the answer.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Close,
    Truncate,
    NotJson,
    Status(String),
}

impl Struck {
    pub(crate) fn by(effects: Vec<Effect>) -> Self {
        let mut struck = Self::default();
        for effect in effects {
            struck.names.push(effect.to_string());
            struck.add(effect);
        }
        struck
    }

    fn add(&mut self, effect: Effect) {
        match effect {
            Effect::Status {
                status,
                code,
                causes,
            } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                let summary = match code.as_str() {
                    "E0000009" => "Internal Server Error",
                    _ => status.canonical_reason().unwrap_or("Refused"),
                };
                self.refuse(Refusal {
                    causes,
                    ..Refusal::plain(status, &code, summary)
                });
            }
            Effect::RateLimited { headers } => {
                let mut refusal = Refusal::too_many_calls();
                for (name, value) in headers {
                    if let Ok(name) = HeaderName::try_from(name) {
                        refusal = refusal.with_header(name, value);
                    }
                }
                self.refuse(refusal);
            }
            Effect::Delay { time } => self.delay += time,
            Effect::DelayAnswer { time } => self.delay_answer += time,
            Effect::CloseBefore => self.instead = Some(Instead::Close),
            Effect::CloseAfter => self.answer.push(Answer::Close),
            Effect::Truncate => self.answer.push(Answer::Truncate),
            Effect::NotJson => self.answer.push(Answer::NotJson),
            Effect::AnswerStatus { status } => self.answer.push(Answer::Status(status)),
            Effect::SessionEnds { how } => self.work.session_ends = Some(how.into()),
            Effect::ImportTakes { time } => self.work.import_takes = Some(time),
            Effect::Cooldown { time } => self.work.cooldown = Some(time),
            Effect::RefuseEntities { poison, named } => self.work.poison.push((poison, named)),
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.instead
            .get_or_insert_with(|| Instead::Refuse(Box::new(refusal)));
    }
}

impl Work {
    /// Whether this load is to be refused for the sake of somebody in it.
    pub(crate) fn refuses(&self, entities: &[Entity]) -> Option<Refusal> {
        self.poison.iter().find_map(|(poison, named)| {
            let bad: Vec<String> = entities
                .iter()
                .enumerate()
                .filter(|(_, entity)| poison.is(&entity.external_id, &entity.profile))
                .map(|(place, entity)| {
                    format!(
                        "profiles[{place}]: not accepted (externalId {})",
                        entity.external_id
                    )
                })
                .collect();
            let causes = if *named { bad.clone() } else { Vec::new() };
            (!bad.is_empty()).then(|| Refusal::validation("profiles", causes))
        })
    }
}

/// The whole body of an answer, replaced.
pub(crate) fn spoil(answer: &Answer, response: Response, body: &Bytes) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = match answer {
        Answer::Close => Body::empty(),
        Answer::Truncate => Body::new(Cut::of(body)),
        Answer::NotJson => {
            parts
                .headers
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
            Body::from(PAGE)
        }
        Answer::Status(status) => match serde_json::from_slice::<Value>(body) {
            Ok(mut value) => {
                replace_status(&mut value, status);
                Body::from(value.to_string())
            }
            Err(_) => Body::from(body.clone()),
        },
    };
    (parts, body).into_response()
}

fn replace_status(value: &mut Value, status: &str) {
    match value {
        Value::Array(all) => all
            .iter_mut()
            .for_each(|value| replace_status(value, status)),
        Value::Object(fields) if fields.contains_key("status") => {
            fields.insert("status".to_owned(), status.into());
        }
        _ => {}
    }
}
