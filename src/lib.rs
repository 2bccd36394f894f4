//! DynamoDB as an Okta identity source.
//!
//! ```text
//! users table ──┐                        ┌─ told: ledger entry, then trigger
//!               ├─ look ─► suspects ─► in hand ─► guard ─► tell ─► check
//! ledger ───────┘   (keys)    (records and entries, read now)
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod answer;
mod aws;
mod bulk;
pub mod candidate;
pub mod capacity;
pub mod clock;
pub mod config;
pub mod doctor;
mod dynamodb;
pub mod event;
pub mod guard;
pub mod handler;
mod history;
mod invocation;
mod item_answers;
pub mod ledger;
pub mod logging;
pub mod mapping;
pub mod metrics;
#[doc(hidden)]
pub mod mutation;
pub mod okta;
mod outcome;
mod ready;
mod sdk;
pub mod status;
pub mod sync;
pub mod users;
pub mod verify;
pub mod version;
