//! The events that invocations are fired by.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use dynamodb_identity_source::{ledger::IdHash, mapping::ExternalId};
use serde_json::{Value, json};

use super::{
    history::What,
    model::PEOPLE,
    records::id,
    seen::{Approved, Push},
    world::World,
};
use crate::support::STATE;

/// An event, and what comes back if it is not done.
pub struct Event {
    pub payload: Value,
    pub delivered: Vec<Value>,
    pub push: Option<Push>,
}

/// The event of an invocation that is about to begin. Nobody else is given the stream records in
/// it meanwhile. `None` where there is nothing to invoke for.
pub fn event(world: &World, what: &What) -> Option<Event> {
    let mut seen = world.seen.borrow_mut();
    let payload = match what {
        What::Schedule => {
            json!({"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}})
        }
        What::Sync { rebind } => {
            if *rebind && seen.rebound.is_some() {
                seen.bound_again.get_or_insert(world.now());
            }
            json!({"command": "sync", "rebind": rebind})
        }
        // Whom Okta refused by mistake is refused until somebody says that it was one.
        What::LastSync => {
            seen.bound_again.get_or_insert(world.now());
            json!({"command": "sync", "retryRefused": true, "rebind": seen.rebound.is_some()})
        }
        What::Plan => json!({"command": "plan"}),
        What::Push { rows, seconds_ago } => {
            let at = world
                .now()
                .saturating_sub(Duration::from_secs(*seconds_ago));
            let rows = rows.clone();
            return Some(push(world, Push { rows, at }));
        }
        What::PushAgain { nth } => {
            if seen.pushes.is_empty() {
                return None;
            }
            let nth = nth % seen.pushes.len();
            let again = seen.pushes.remove(nth);
            return Some(push(world, again));
        }
        What::Approve { nth } => {
            let count = seen.digests.len();
            let digest = seen.digests.iter().rev().nth(nth % count.max(1))?.clone();
            let at = world.now();
            let people = listed(world, &digest);
            seen.approvals.push(Approved { at, people });
            json!({"command": "approve", "digest": digest, "by": "somebody"})
        }
        What::Verify { adopt, repair } => {
            json!({"command": "verify", "adopt": adopt, "repair": repair})
        }
        What::Pause => json!({"command": "pause"}),
        What::Resume => {
            let now = world.now();
            seen.last_resume = Some(now);
            for (_, until) in &mut seen.paused {
                until.get_or_insert(now);
            }
            json!({"command": "resume"})
        }
        What::Stream {
            from,
            count,
            backwards,
            again,
        } => return Some(batch(world, (*from, *count), *backwards, *again)),
    };
    Some(Event {
        payload,
        delivered: Vec::new(),
        push: None,
    })
}

fn push(world: &World, push: Push) -> Event {
    let mut model = world.model.borrow_mut();
    for (_, row) in &push.rows {
        model.push(push.at, *row);
    }
    model.remember(world.now());
    let rows = push.rows.iter();
    let records: Vec<_> = rows.map(|(slot, row)| model.record(*slot, row)).collect();
    let ago = world.now().saturating_sub(push.at);
    let at = (world.clock.now() - ago).to_string();
    Event {
        payload: json!({"command": "push", "records": records, "at": at}),
        delivered: Vec::new(),
        push: Some(push),
    }
}

fn batch(world: &World, (from, count): (usize, usize), backwards: bool, again: bool) -> Event {
    let mut stream = world.stream.borrow_mut();
    let from = from.min(stream.len().saturating_sub(1));
    let to = from.saturating_add(count).min(stream.len());
    let mut records: Vec<_> = stream.range(from..to).cloned().collect();
    if !again {
        stream.drain(from..to);
    }
    if backwards {
        records.reverse();
    }
    Event {
        payload: json!({"Records": records}),
        delivered: if again { Vec::new() } else { records },
        push: None,
    }
}

/// Who is on a list, and what they may be told.
fn listed(world: &World, digest: &str) -> std::collections::BTreeSet<(u8, Option<String>)> {
    const BYTES: usize = 33;
    let key = json!({"pk": {"S": format!("list#{digest}#0")}});
    let item = world
        .tables
        .now("GetItem", &json!({"TableName": STATE, "Key": key}));
    let bytes = item["Item"]["bytes"]["B"].as_str().unwrap_or_default();
    let bytes = BASE64_STANDARD.decode(bytes).unwrap();
    let everybody: Vec<_> = (0..PEOPLE)
        .map(|person| (person, IdHash::of(&ExternalId::parse(id(person)).unwrap())))
        .collect();
    let person = |hash: &[u8]| {
        let mut all = everybody.iter();
        all.find(|(_, id)| id.as_bytes() == hash)
            .map(|(person, _)| *person)
    };
    bytes
        .chunks(BYTES)
        .filter_map(|one| {
            let print = &one[16..32];
            let is_deactivation = print.iter().all(|byte| *byte == 0);
            let print = (!is_deactivation).then(|| BASE64_STANDARD.encode(print));
            Some((person(&one[..16])?, print))
        })
        .collect()
}
