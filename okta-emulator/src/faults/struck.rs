//! A call's faults, sorted by when they happen in the call.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::{Effect, wire::Cut};
use crate::{
    refusal::Refusal,
    sessions::{Course, Ending, RefusedLoad, SessionStatus},
};

/// What a proxy says when it cannot reach the org.
const PAGE: &str = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>";

/// What happens to one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Struck {
    pub(crate) delay: Duration,
    pub(crate) delay_answer: Duration,
    pub(crate) instead: Option<Instead>,
    /// How the work differs.
    pub(crate) course: Course,
    pub(crate) answer: Vec<Answer>,
    /// All of it, in words.
    pub(crate) names: Vec<String>,
}

/// What happens instead of the work.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    Refuse(Box<Refusal>),
    Close,
    /// Closes the connection, too, but the work is done later.
    Later(Duration),
}

/// What happens to the answer.
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
                let status = status_code(status);
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
            Effect::DoneLater { after } => {
                self.instead = Some(Instead::Later(after));
                self.course.is_late = true;
            }
            Effect::HalfApplied => self.course.half_applied = true,
            Effect::CloseAfter => self.answer.push(Answer::Close),
            Effect::Truncate => self.answer.push(Answer::Truncate),
            Effect::NotJson => self.answer.push(Answer::NotJson),
            Effect::AnswerStatus { status } => self.answer.push(Answer::Status(status)),
            Effect::RefuseEntities { poison, named } => {
                self.course.refused_loads.push(RefusedLoad {
                    status: StatusCode::BAD_REQUEST,
                    poison,
                    named,
                })
            }
            Effect::RefuseEntitiesWith {
                status,
                poison,
                named,
            } => self.course.refused_loads.push(RefusedLoad {
                status: status_code(status),
                poison,
                named,
            }),
            Effect::SessionEnds { how } => self.course.session_ends = Some(how.into()),
            Effect::Cooldown { time } => self.course.cooldown = Some(time),
            Effect::StatusLags { time } => self.course.status_lags = Some(time),
            Effect::ImportTakes { time } => self.course.import.takes = Some(time),
            Effect::ImportWakes { after } => self.course.import.wakes = Some(after),
            Effect::ImportRepeats { after } => self.course.import.repeats = Some(after),
            Effect::ImportEnds { how, applied } => self.course.import.endings.push(Ending {
                status: how.into(),
                applied,
                with: None,
            }),
            Effect::ImportFails { poison, applied } => self.course.import.endings.push(Ending {
                status: SessionStatus::Error,
                applied,
                with: Some(poison),
            }),
            Effect::ImportRefuses { poison, reason } => {
                self.course.import.refuses.push((poison, reason));
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.instead
            .get_or_insert_with(|| Instead::Refuse(Box::new(refusal)));
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST)
}

/// Replaces the whole body of an answer.
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
