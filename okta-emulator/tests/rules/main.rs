//! The emulator over HTTP, rule by rule.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod dpop;
mod faults;
mod faulty_sessions;
mod gate;
mod imports;
mod loads;
mod oauth;
mod schema;
mod service_app;
mod sessions;
mod support;
mod users;
