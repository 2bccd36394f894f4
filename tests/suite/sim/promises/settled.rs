//! What holds once all is done: Okta, the table and the ledger say the same.

use std::{collections::BTreeSet, time::Duration};

use dynamodb_identity_source::{
    ledger::{IdHash, Ledger, Origin, Told},
    mapping::ExternalId,
};
use okta_emulator::{Happened, UserStatus};

use serde_json::json;

use super::{Broken, EQUAL, LEDGER, SMALL_ITEMS};
use crate::{
    sim::{
        history::History,
        model::{PEOPLE, Wanted},
        records::{id, person},
        world::World,
    },
    support::STATE,
};

/// Whom Okta refused in an import that it called COMPLETED: only what it has would tell.
pub fn refused(world: &World) -> BTreeSet<u8> {
    let mut refused = BTreeSet::new();
    for session in world.okta.sessions() {
        for user in world.okta.session_users(&session.id) {
            let person = person(&user.external_id);
            match user.outcome.map(|outcome| outcome.happened) {
                Some(Happened::Failed) => drop(refused.insert(person)),
                Some(_) => drop(refused.remove(&person)),
                None => {}
            }
        }
    }
    refused
}

pub fn directory(world: &World) -> Result<(), Broken> {
    let model = world.model.borrow();
    for person in 0..PEOPLE {
        let user = world.okta.user(&id(person));
        // Whom an admin has taken the app from, the source does not have.
        let active = user
            .as_ref()
            .filter(|user| user.status == UserStatus::Active && user.assigned);
        let wanted = model.wanted(person);
        let agrees = match &wanted {
            Wanted::Anything => true,
            Wanted::NotActive => active.is_none(),
            Wanted::Active(profile) => active.is_some_and(|user| user.profile == *profile),
        };
        if !agrees {
            let how = format!("{}: wanted {wanted:?}, Okta has {user:?}", id(person));
            return Err(Broken::of(EQUAL, how));
        }
    }
    Ok(())
}

/// No item of the state table grows, whatever there was.
pub fn small(world: &World) -> Result<(), Broken> {
    const SMALL: usize = 40_000;
    let items = world.tables.now("Scan", &json!({"TableName": STATE}));
    for item in items["Items"].as_array().into_iter().flatten() {
        let size = item.to_string().len();
        if size > SMALL {
            let how = format!("{}: {size} bytes", item["pk"]["S"]);
            return Err(Broken::of(SMALL_ITEMS, how));
        }
    }
    Ok(())
}

/// A session that has not ended by then is given up.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(24 * 3_600);

/// Whether an import ended that had been given up.
fn has_woken(world: &World) -> bool {
    let sessions = world.okta.sessions();
    sessions.into_iter().any(|session| {
        let ran = session.triggered.zip(session.ended);
        ran.is_some_and(|(from, until)| {
            until
                .duration_since(from)
                .is_ok_and(|ran| ran > GIVEN_UP_AFTER)
        })
    })
}

/// Where verifications repair, the ledger need not know what Okta has of somebody of whom nobody wants
/// anything. Where Okta's list lags, a verification doubts whom a push has told a moment ago, and so does
/// an import that wakes after it was given up; nobody but another push can tell them again.
pub async fn ledger(world: &World, history: &History) -> Result<(), Broken> {
    let ledger = Ledger::new(world.client(), STATE.to_owned(), world.clock);
    let people: Vec<_> = (0..PEOPLE)
        .map(|person| ExternalId::parse(id(person)).unwrap())
        .collect();
    let hashes: Vec<_> = people.iter().map(IdHash::of).collect();
    let log = ledger.read_log().await.unwrap().value;
    let entries = ledger.entries(&hashes, &log).await.unwrap();
    for (person, external_id) in (0..PEOPLE).zip(&people) {
        // One that only remembers a push says nothing of what Okta was told.
        let mut known = entries.iter().filter(|entry| !entry.stranger);
        let entry = known.find(|entry| entry.external_id == *external_id);
        let user = world.okta.user(external_id.as_str());
        let active = user.is_some_and(|user| user.status == UserStatus::Active && user.assigned);
        let standing = entry.and_then(|entry| log.standing(entry.telling()));
        let in_doubt = standing.is_some_and(|standing| !standing.holds);
        let says_active = standing.is_some_and(|standing| matches!(standing.told, Told::Active(_)));
        let anything = world.model.borrow().wanted(person) == Wanted::Anything;
        let by_push = entry.is_some_and(|entry| entry.origin == Origin::Push);
        let excused = anything && (in_doubt || history.verifies() || standing.is_none())
            || by_push
                && in_doubt
                && says_active == active
                && (history.listing_lag > 0 || has_woken(world));
        if (says_active != active || in_doubt) && !excused {
            return Err(Broken::of(
                LEDGER,
                format!("{external_id}: active is {active}, the ledger says {entry:?}"),
            ));
        }
    }
    Ok(())
}
