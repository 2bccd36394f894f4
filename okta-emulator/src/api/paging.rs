//! Pages, and the links from one to the next.

use axum::http::{HeaderName, HeaderValue, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{refusal::Refusal, url::encoded};

/// How many to answer with: the requested number, if it is between 1 and the
/// maximum.
pub(super) fn limit(asked: Option<&str>, default: usize, most: usize) -> Result<usize, Refusal> {
    match asked.map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(number)) if (1..=most).contains(&number) => Ok(number),
        Some(_) => Err(Refusal::validation(
            "limit",
            [format!("limit: must be a number from 1 to {most}")],
        )),
    }
}

/// A place in a list, in a form that only the emulator can read.
pub(super) fn cursor(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

/// The place in a cursor.
pub(super) fn place(cursor: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let read = URL_SAFE_NO_PAD.decode(cursor).ok();
    let place = read.and_then(|bytes| String::from_utf8(bytes).ok());
    place.map(Some).ok_or_else(unknown_cursor)
}

pub(super) fn unknown_cursor() -> Refusal {
    Refusal::validation(
        "after",
        ["after: The cursor is invalid or has expired".to_owned()],
    )
}

/// A `Link` header.
pub(super) fn link(url: &str, relation: &str) -> Option<(HeaderName, HeaderValue)> {
    let link = format!("<{url}>; rel=\"{relation}\"");
    Some((header::LINK, HeaderValue::from_str(&link).ok()?))
}

/// A URL with these parameters, without those that have no value.
pub(super) fn with_query(url: &str, fields: &[(&str, Option<&str>)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", encoded((*value)?))))
        .collect();
    match fields.is_empty() {
        true => url.to_owned(),
        false => format!("{url}?{}", fields.join("&")),
    }
}
