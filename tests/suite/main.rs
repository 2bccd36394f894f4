//! Behaviour, a sentence each.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::large_futures,
    missing_docs,
    unreachable_pub
)]

#[path = "../support/mod.rs"]
mod support;

mod changes;
mod crashes;
mod doctor;
mod doctor_okta;
mod doctor_tables;
mod events;
mod full_run;
mod lambda;
mod lease;
mod limits;
mod okta_ambiguous;
mod okta_client;
mod okta_faults;
mod okta_hushed;
mod okta_keys;
mod okta_oauth;
mod okta_org;
mod okta_pacing;
mod okta_script;
mod okta_secret;
mod okta_tokens;
mod plan;
mod push;
mod quarantine;
mod rejects;
mod safeguards;
mod second_look;
mod sessions;
mod status;
mod steps;
mod streams;
