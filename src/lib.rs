//! DynamoDB as an Okta identity source: a Lambda function that brings Okta's directory to what a
//! users table says.
//!
//! ```text
//! users table ──┐                        ┌─ told: ledger entry, then trigger
//!               ├─ look ─► suspects ─► in hand ─► guard ─► tell ─► check
//! ledger ───────┘   (keys)    (records and entries, read now)
//! ```
//!
//! # The story
//!
//! An invocation arrives at [`handler::Function`], which reads it as an [`event::Event`]: the
//! schedule, a batch of the table's stream, or a command. Most of them are a [`sync::Job`] for a
//! [`sync::Run`], and [`sync::Run::work`] tells what happens then:
//!
//! 1. **Look.** The whole users table is compared with the whole ledger, or some keys with their
//!    entries. The result is [`sync::look::Found`]: suspects, the keys of people on which the two
//!    disagree. Looking writes nothing. What more than one session must carry is kept for the runs
//!    that follow.
//! 2. **In hand.** With a session open at Okta, the next few suspects are read again, records and
//!    entries. One table of cases in [`sync::hand`] decides what becomes of each, so what is told
//!    is true now, however old the look is.
//! 3. **Guard.** Each person who would be deactivated, changed or taken out of a group is charged
//!    to a budget over 24 hours that all runs share ([`guard`]). What does not fit waits, and
//!    somebody may approve exactly these people.
//! 4. **Tell.** Leavers first, then the others: loaded into the session, written to the [`ledger`],
//!    and then the import is started. Starting it is the commit: an entry holds only if its session
//!    landed.
//! 5. **Check.** What Okta made of the import, and of each user in it, as far as Okta says so.
//!
//! Every step may die anywhere. The next run finishes the job.
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | [`handler`], [`event`], [`config`] | an event in, an answer out; every setting |
//! | [`users`] | the users table, its records and their keys; nothing of Okta |
//! | [`mapping`] | a record becomes a user, or says why not; no I/O |
//! | [`ledger`] | what Okta was told, and by which session; its rules are in [`ledger::log`] |
//! | [`guard`] | budgets, latches, lists and approvals |
//! | [`okta`] | the Identity Sources API: credentials, pacing, sessions as types |
//! | [`sync`] | one run: look, hand, tell, check |
//! | [`verify`] | what Okta has, compared with how it must be |
//! | [`candidate`] | what another mapping would change |
//! | [`doctor`], [`status`] | whether all that a run needs is there; what ran and what waits |
//! | [`metrics`], [`logging`] | what operators see |
//! | [`capacity`], [`clock`], [`version`] | what DynamoDB is asked to count, the time, which build this is |
//!
//! `ARCHITECTURE.md` has the decisions and their reasons, `CONTRIBUTING.md` which files change for
//! what.
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
mod read_only;
mod ready;
mod sdk;
pub mod status;
pub mod sync;
pub mod users;
pub mod verify;
pub mod version;
