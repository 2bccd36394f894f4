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

mod adopt;
mod candidate;
mod capacity;
mod changes;
mod crashes;
mod doctor;
mod doctor_okta;
mod doctor_service_app;
mod doctor_tables;
mod events;
mod explain;
mod fast_lane;
mod fast_lane_fails;
mod fresh_stack;
mod full_run;
mod fuzz;
mod groups;
mod groups_guard;
mod groups_in_time;
mod history;
mod lambda;
mod lease;
mod limits;
mod logins;
mod metrics;
mod metrics_alarms;
mod metrics_format;
mod metrics_template;
mod moves;
mod okta_ambiguous;
mod okta_client;
mod okta_denied;
mod okta_faults;
mod okta_oauth;
mod okta_org;
mod okta_pacing;
mod okta_redacted;
mod okta_script;
mod okta_secret;
mod okta_singles;
mod okta_tokens;
mod other_ids;
mod outstanding;
mod over_time;
mod passed_on;
mod plan;
mod plan_asking;
mod plan_detail;
mod populate;
mod profile_checks;
mod proof_ends;
mod protocol;
mod prove;
mod push;
mod read_only;
mod read_rate;
mod recorder;
mod records;
mod refused_inside;
mod refused_many;
mod refused_singly;
mod rejects;
mod safeguards;
mod second_look;
mod sessions;
mod sim;
mod stands_still;
mod status;
mod steps;
mod strangers;
mod streams;
mod streams_of_records;
mod sync_only;
mod template;
mod upgrade;
mod verify;
mod verify_pages;
mod verify_repair;
mod version;
