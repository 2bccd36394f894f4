//! The commands as people type them: the real program, in a process of its own, on a pipe and on a
//! terminal, beside an embedded DynamoDB and Okta's emulator (`--local`) or AWS's APIs as stubs in
//! front of the same function (`--stack`). What it prints is compared with the files in `snapshots`;
//! `SNAPSHOTS=overwrite cargo test -p idsource` writes them anew.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(unix)]

mod aws;
mod mappings;
mod matrix;
mod program;
mod prompts;
mod refusals;
#[path = "../../../tests/support/mod.rs"]
mod support;
