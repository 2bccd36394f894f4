//! Why a run failed.

use crate::{
    ledger::{LeaseLost, LedgerError},
    okta,
    users::ReadError,
};

/// Why a run failed. Running again is always safe.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The users table could not be read completely.
    #[error(transparent)]
    Users(#[from] ReadError),
    /// The state table could not be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Okta did not do as asked.
    #[error(transparent)]
    Okta(#[from] okta::Error),
    /// Another run may be at work.
    #[error(transparent)]
    LeaseLost(#[from] LeaseLost),
    /// Import sessions fail one after another.
    #[error(
        "Okta has ended one session after another without importing it, the last one ({id}) as \
         {status}: see Reports > Import Monitoring in the admin console for why"
    )]
    SessionsFail {
        /// The last session.
        id: okta::SessionId,
        /// Its status.
        status: String,
    },
    /// The ledger is about something else.
    #[error("{0}")]
    OtherBinding(String),
    /// The switch is set to paused.
    #[error(
        "paused: nothing is told to Okta, and what was pushed is not kept. Push again after \
         {{\"command\":\"resume\"}}"
    )]
    Paused,
    /// Some people must be told now, and the switch is set to paused.
    #[error(
        "paused: nothing is told to Okta. Resume with {{\"command\":\"resume\"}}, or see what \
         would be told with {{\"command\":\"explain\"}}"
    )]
    PausedForSome,
    /// There is no proof that the operator can confirm.
    #[error(
        "there is nothing to confirm: only a proof that could not see whether the made-up people \
         were deactivated leaves that to you. Prove with {{\"command\":\"prove\"}}, and confirm \
         what its answer asks you to look at"
    )]
    NothingToConfirm,
    /// What was given as a record's key is not one.
    #[error(
        "\"record\" is not the key of a record: the users table's is {0}, as JSON with these \
         attributes and no others"
    )]
    NoKey(String),
    /// Nobody has these external ids.
    #[error(
        "nobody was told, because neither a record nor the ledger knows {}: check how they are \
         written, upper and lower case included",
        places(.0)
    )]
    Nobody(Vec<usize>),
    /// Not everything in a push is done.
    #[error(
        "{left} of the {all} changes that these records come to are not done ({withheld} are \
         withheld, {refused} refused by Okta, {waits} wait for an import to end): push them again, \
         with the same \"at\""
    )]
    PushUnfinished {
        /// All changes.
        all: u64,
        /// Of these, how many are not done.
        left: u64,
        /// Of those, how many the guard withholds.
        withheld: u64,
        /// How many Okta refused.
        refused: u64,
        /// How many wait for the end of an import.
        waits: u64,
    },
}

/// External ids stay out of errors, which are logged.
fn places(places: &[usize]) -> String {
    const NAMED: usize = 10;
    let named = places.iter().take(NAMED);
    let named: Vec<_> = named.map(|place| format!("only[{place}]")).collect();
    let more = match places.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    named.join(", ") + &more
}
