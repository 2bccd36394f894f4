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

mod doctor;
mod doctor_okta;
mod doctor_tables;
mod full_run;
mod okta_ambiguous;
mod okta_client;
mod okta_faults;
mod okta_hushed;
mod okta_keys;
mod okta_oauth;
mod okta_org;
mod okta_pacing;
mod okta_script;
mod plan;
mod okta_secret;
mod okta_tokens;
mod push;
mod steps;
mod streams;
