//! Looks at everything that a run needs, and changes nothing.
//!
//! Each check says what was found and what to do about it. It names a missing IAM action or Okta
//! scope. Of records it tells counts and the names of attributes, never a value. A configuration or
//! a mapping that cannot be used is a finding like others, and the checks use what is right in it.
#![allow(
    clippy::large_futures,
    reason = "it runs once in an invocation, and the handler boxes it as a whole"
)]

mod advice;
mod answers;
mod configuration;
mod credentials;
mod fast_lane;
mod groups;
mod identity_source;
mod mapping;
mod report;
mod round;
mod schema;
mod scopes;
mod state;
mod users;
mod verification;

pub use report::{Check, Diagnosis, Status};

use crate::{
    config::Settings,
    mapping::{Mapping, MappingError},
    sdk::Sdk,
    sync::Time,
};
use round::Round;

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) mapping: Result<&'a Mapping, &'a MappingError>,
    pub(crate) sdk: &'a Sdk,
}

/// Looks at everything that a run needs, in the order in which a run meets it.
pub(crate) async fn examine(subject: Subject<'_>, time: &Time) -> Diagnosis {
    let Subject {
        settings,
        mapping,
        sdk,
    } = subject;
    let mut round = Round::new(time, sdk);
    let dynamodb = sdk.dynamodb().await;
    let tables = configuration::tables(settings, &dynamodb, time.clock());

    round.note("configuration", configuration::check(settings));

    let sample = Box::pin(mapping::sample(tables.users.as_ref(), &round)).await;
    round.note(
        "mapping",
        mapping::check(mapping, sample.as_ref(), time.now()),
    );

    let profiles = mapping::profiles(mapping, sample.as_ref(), time.now());

    let users = Box::pin(users::check(tables.users.as_ref(), sample, &round)).await;
    round.note("users table", users.notes);

    let reads_only = settings.reads_only();
    let state = state::check(&tables, users.arn.as_deref(), reads_only, &round);
    let state = Box::pin(state).await;
    round.note("state table", state.notes);

    let okta = credentials::check(settings, time.clock(), &round).await;
    round.note("credentials", okta.notes);

    let source = identity_source::check(okta.sessions.as_ref(), state.log.as_ref());
    let reachable = source.is_usable();
    round.note("identity source", source);

    let client = if reachable {
        okta.schemas.as_ref()
    } else {
        None
    };
    let schema = schema::check(client, mapping, &profiles, &round).await;
    round.note("profile schema", schema);

    let beyond = okta.beyond.as_ref().filter(|_| reachable);
    round.note("verification", verification::check(beyond, &round).await);
    let scopes = scopes::check(beyond, reads_only, &round).await;
    round.note("further scopes", scopes);

    if let Some(groups) = groups::check(beyond, mapping.ok(), &round).await {
        round.note("groups", groups);
    }

    // Only a function that writes tells anybody.
    if !reads_only {
        let lane = fast_lane::check(settings, state.proof.as_ref(), time.now());
        round.note("fast lane", lane);
    }

    let heard = okta.client.as_ref().and_then(|okta| okta.last_heard());
    round.note("clock", answers::clock(heard));
    round.note(
        "answer times",
        answers::times(&[
            ("the users table", users.took, answers::DYNAMODB),
            ("the state table", state.took, answers::DYNAMODB),
            ("Okta", heard.map(|heard| heard.took), answers::OKTA),
        ]),
    );

    let what = if reads_only { "a look" } else { "a run" };
    let diagnosis = Diagnosis::of(round.checks, what);
    log(&diagnosis);
    diagnosis
}

/// The diagnosis as one structured line.
fn log(diagnosis: &Diagnosis) {
    let json = serde_json::to_string(diagnosis).unwrap_or_default();
    if diagnosis.ok {
        tracing::info!(diagnosis = json, "examined");
    } else {
        tracing::warn!(diagnosis = json, "examined");
    }
}
