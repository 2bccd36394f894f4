//! The emulator over HTTP, rule by rule.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod apps;
mod browser;
mod dpop;
mod faults;
mod faulty_sessions;
mod gate;
mod groups;
mod hand;
mod imports;
mod loads;
mod logs;
mod mappings;
mod oauth;
mod odd_imports;
mod page;
mod page_in_chromium;
mod program;
mod rates;
mod schema;
mod service_app;
mod sessions;
mod support;
mod unknowns;
mod users;
