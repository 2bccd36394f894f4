//! The emulator over HTTP, rule by rule.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod gate;
mod imports;
mod loads;
mod sessions;
mod support;
mod users;
