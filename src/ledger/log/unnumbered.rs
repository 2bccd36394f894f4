//! The log of a release without session numbers.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Carries, Listed, SessionLog, State};
use crate::okta::SessionId;

/// The attribute that held the number of active users; no session has such an id.
const KNOWN_ACTIVE: &str = "knownActive";

/// What that release's item says: the log, in which its sessions have numbers, and how many users
/// were active. A session that it does not have had landed.
#[must_use]
pub fn from_unnumbered(item: &HashMap<String, AttributeValue>) -> (SessionLog, u64) {
    let active = item
        .get(KNOWN_ACTIVE)
        .and_then(|count| count.as_n().ok()?.parse().ok())
        .unwrap_or(0);
    let mut sessions: Vec<_> = item
        .iter()
        .filter_map(|(id, attribute)| session(id, attribute))
        .collect();
    sessions.sort_by(|(_, one), (_, other)| (one.opened, &one.id).cmp(&(other.opened, &other.id)));
    let mut log = SessionLog::default();
    for (verdict, session) in sessions {
        log.last_triggered = log.last_triggered.max(session.triggered);
        if verdict == "LANDED" {
            continue;
        }
        log.last += 1;
        log.unnumbered.insert(session.id.clone(), log.last);
        if verdict == "VOID" {
            log.void.insert(log.last);
        } else {
            log.listed.insert(log.last, session);
        }
    }
    (log, active)
}

fn session<'a>(id: &str, attribute: &'a AttributeValue) -> Option<(&'a str, Listed)> {
    let map = attribute.as_m().ok()?;
    let text = |name: &str| map.get(name)?.as_s().ok().map(String::as_str);
    let verdict = text("verdict")?;
    let triggered = text("triggered").and_then(|time| time.parse().ok());
    // That release did not say that it was about to start an import.
    let state = if verdict == "TRIGGERED" {
        State::Triggered
    } else {
        State::Starting
    };
    Some((
        verdict,
        Listed {
            id: SessionId::from(id.to_owned()),
            state,
            opened: text("opened")?.parse().ok()?,
            triggered,
            run: text("run")?.to_owned(),
            alone_since: None,
            carries: Carries::default(),
        },
    ))
}
