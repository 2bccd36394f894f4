//! `/api/v1/logs`: the System Log.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{AppendHeaders, IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::Value;

use super::paging;
use crate::{
    authorize::Caller,
    log::{Actor, Filter, Logged},
    org::Org,
    refusal::Refusal,
};

/// How far back a query goes by default.
const A_WEEK: Duration = Duration::from_hours(7 * 24);

/// Which events to answer with.
struct Wanted<'a> {
    since: SystemTime,
    until: Option<SystemTime>,
    filter: Option<Filter>,
    text: Option<&'a str>,
    /// The place to go on after.
    after: Option<usize>,
    descending: bool,
    limit: usize,
}

pub(crate) async fn list(
    State(org): State<Arc<Org>>,
    Query(query): Query<HashMap<String, String>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let caller = Caller {
        method: &method,
        uri: &uri,
        headers: &headers,
    };
    let (state, now) = org.settled();
    let wanted = read(&query, now)?;
    let actor = Actor {
        app: &org.options.identity_source,
    };
    let mut found: Vec<(usize, Value)> = Vec::new();
    let mut events = state.log.readable(now);
    while found.len() <= wanted.limit {
        let next = if wanted.descending {
            events.next_back()
        } else {
            events.next()
        };
        let Some((place, logged)) = next else { break };
        if wanted.covers(place, logged) {
            let event = logged.object(&actor);
            if wanted.takes(&event) {
                found.push((place, event));
            }
        }
    }
    let more = found.len() > wanted.limit;
    found.truncate(wanted.limit);

    // A poll without an end always gets a link to come back with, which also
    // finds late events. A bounded query ends.
    let polls = wanted.until.is_none() && !wanted.descending;
    let last = found.last().map(|(place, _)| *place).or(wanted.after);
    let url = caller.url();
    let asked = |name| query.get(name).map(String::as_str);
    let link = |after: Option<&str>, relation| {
        let kept = ["since", "until", "filter", "q", "limit", "sortOrder"];
        let mut fields = vec![("after", after)];
        fields.extend(kept.map(|name| (name, asked(name))));
        paging::link(&paging::with_query(&url, &fields), relation)
    };
    let next = (more || polls).then(|| {
        let place = last.map_or_else(|| "start".to_owned(), |place| place.to_string());
        link(Some(&paging::cursor(&place)), "next")
    });
    let links = [link(asked("after"), "self"), next.flatten()];
    let events: Vec<Value> = found.into_iter().map(|(_, event)| event).collect();
    let links = AppendHeaders(links.into_iter().flatten());
    Ok((links, Json(events)).into_response())
}

fn read<'query>(
    query: &'query HashMap<String, String>,
    now: SystemTime,
) -> Result<Wanted<'query>, Refusal> {
    let asked = |name: &str| query.get(name).map(String::as_str);
    let filter = asked("filter").map(|text| {
        Filter::parse(text).ok_or_else(|| {
            let summary = format!("Invalid filter '{text}': The filter cannot be parsed");
            Refusal::plain(StatusCode::BAD_REQUEST, "E0000053", &summary)
        })
    });
    let after = match paging::place(asked("after"))?.as_deref() {
        None | Some("start") => None,
        Some(place) => Some(place.parse().map_err(|_| paging::unknown_cursor())?),
    };
    Ok(Wanted {
        since: time(asked("since"), "since")?.unwrap_or(now - A_WEEK),
        until: time(asked("until"), "until")?,
        filter: filter.transpose()?,
        text: asked("q"),
        after,
        descending: asked("sortOrder").is_some_and(|order| order == "DESCENDING"),
        limit: paging::limit(asked("limit"), 100, 1_000)?,
    })
}

fn time(text: Option<&str>, name: &str) -> Result<Option<SystemTime>, Refusal> {
    let time = text.map(str::parse::<Timestamp>).transpose();
    time.map(|time| time.map(system_time)).map_err(|_| {
        Refusal::validation(
            name,
            [format!(
                "{name}: must be a time such as 2026-05-13T05:52:24Z"
            )],
        )
    })
}

/// No event is older than the epoch.
fn system_time(time: Timestamp) -> SystemTime {
    let elapsed = Duration::try_from(time.as_duration()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + elapsed
}

impl Wanted<'_> {
    fn covers(&self, place: usize, logged: &Logged) -> bool {
        let further = match (self.after, self.descending) {
            (None, _) => true,
            (Some(after), false) => place > after,
            (Some(after), true) => place < after,
        };
        further
            && logged.published >= self.since
            && self.until.is_none_or(|until| logged.published < until)
    }

    fn takes(&self, event: &Value) -> bool {
        let fits = self
            .filter
            .as_ref()
            .is_none_or(|filter| filter.takes(event));
        fits && self.text.is_none_or(|text| {
            event
                .to_string()
                .to_lowercase()
                .contains(&text.to_lowercase())
        })
    }
}
