//! The emulator over HTTP, rule by rule.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod browser;
mod dpop;
mod faults;
mod faulty_sessions;
mod gate;
mod hand;
mod imports;
mod loads;
mod oauth;
mod odd_imports;
mod page;
mod page_in_chromium;
mod program;
mod schema;
mod service_app;
mod sessions;
mod support;
mod users;
