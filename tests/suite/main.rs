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

mod full_run;
mod plan;
mod push;
mod steps;
mod streams;
