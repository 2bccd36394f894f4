//! A history as plain data: it can be printed, shrunk and played again.

use okta_emulator::Effect;

use super::{dates::Period, limit::Limit, teams::Teams};
use crate::support::crash::Moment;

/// All that happens in one simulated world.
#[derive(Debug, Clone)]
pub struct History {
    /// What all chance is drawn from: latencies, jitter, claims.
    pub seed: u64,
    pub layout: Layout,
    pub people: u8,
    /// `MAX_DEACTIVATIONS`.
    pub deactivations: Limit,
    /// `MAX_UPDATES`.
    pub updates: Limit,
    /// `WATCH_SECONDS`.
    pub watch: u64,
    /// Seconds after an import before Okta opens another session.
    pub cooldown: u64,
    /// Seconds that an import takes.
    pub import: u64,
    /// Seconds for which a loaded session still says CREATED.
    pub lag: u64,
    /// Seconds by which the list of the app's users lags behind.
    pub listing_lag: u64,
    /// Seconds by which clocks are early or late.
    pub skew: u64,
    /// Whether Okta never shows a single user.
    pub blind: bool,
    /// Users in a bulk request.
    pub entities: usize,
    /// Bulk requests in a session.
    pub requests: usize,
    /// Groups that records give, where they do.
    pub teams: Option<Teams>,
    pub steps: Vec<Step>,
}

impl History {
    /// Whether nothing ever goes wrong in it.
    pub fn is_calm(&self) -> bool {
        let is_calm = |step: &Step| match &step.act {
            Act::Invoke(invocation) => invocation.death.is_none() && invocation.timeout > 100,
            Act::Put { .. } | Act::Delete { .. } | Act::Move { .. } => true,
            Act::Rebind | Act::Prove => true,
            Act::Database(_) | Act::Okta(_) | Act::Rotate { .. } => false,
            Act::ForeignSession | Act::ForgetSession | Act::Admin { .. } => false,
            Act::LoseState | Act::Occupy { .. } | Act::Vacate { .. } => false,
        };
        self.skew == 0 && self.lag == 0 && self.steps.iter().all(is_calm)
    }

    /// Whether each run in the end comes after a verification that repairs: where admins were at work,
    /// where an import was called COMPLETED too early, and where somebody may have been refused inside an import while something else went wrong, so
    /// that it may have gone unnoticed.
    pub fn verifies(&self) -> bool {
        let refuses = |act: &Act| match act {
            Act::Okta(fault) => matches!(fault.effect, Effect::ImportRefuses { .. }),
            Act::Occupy { .. } => true,
            _ => false,
        };
        let disturbs = |act: &Act| match act {
            Act::Okta(_) => !refuses(act),
            Act::Invoke(invocation) => invocation.death.is_some() || invocation.timeout <= 100,
            Act::Database(_) | Act::Rotate { .. } | Act::ForgetSession | Act::ForeignSession => {
                true
            }
            _ => false,
        };
        let any = |is: &dyn Fn(&Act) -> bool| self.steps.iter().any(|step| is(&step.act));
        let is_early = |act: &Act| match act {
            Act::Okta(fault) => matches!(fault.effect, Effect::ImportRepeats { .. }),
            _ => false,
        };
        self.has_admins() || any(&is_early) || any(&refuses) && any(&disturbs)
    }

    /// Whether people were changed at Okta.
    pub fn has_admins(&self) -> bool {
        let mut acts = self.steps.iter().map(|step| &step.act);
        acts.any(|act| matches!(act, Act::Admin { .. }))
    }
}

/// Where the users table has the external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// It is the key.
    Key,
    /// It is another attribute: people may move to another key, or have two records.
    Attribute,
    /// It is the key in lower case, so that two keys may be one person's.
    Folded,
}

/// Something that happens, so many milliseconds after the step before it began.
#[derive(Debug, Clone)]
pub struct Step {
    pub after: u64,
    pub act: Act,
}

#[derive(Debug, Clone)]
pub enum Act {
    Put {
        slot: u8,
        row: Row,
    },
    Delete {
        slot: u8,
    },
    /// The record gets another key, in one transaction.
    Move {
        from: u8,
        to: u8,
    },
    Invoke(Invocation),
    Database(DatabaseFault),
    Okta(OktaFault),
    /// A new API token at Okta, in the secret, or both.
    Rotate {
        okta: bool,
        secret: bool,
    },
    /// Something else opens a session.
    ForeignSession,
    /// Okta knows the last session no more.
    ForgetSession,
    /// Single-user calls are proven to work.
    Prove,
    /// The function is deployed with another name of the org.
    Rebind,
    /// Somebody is changed at Okta, behind the source's back.
    Admin {
        person: u8,
        deed: Deed,
    },
    /// The state table is lost, while nobody is at work.
    LoseState,
    /// Somebody whom no source is about gets the login that this one is to have.
    Occupy {
        person: u8,
    },
    /// And gives it back.
    Vacate {
        person: u8,
    },
}

/// What an admin does to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Another first name, which nobody else gives.
    Edit(u8),
    Deactivate,
    Reactivate,
    Delete,
    /// They keep what they have, but for the app: they are not the source's any more, until they are
    /// told again.
    Unassign,
    /// Into a team, or out of it.
    Regroup(u8, bool),
}

/// A record of the users table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub person: u8,
    pub active: bool,
    pub in_scope: bool,
    pub version: u8,
    pub flaw: Flaw,
    pub period: Period,
    /// The teams that it puts somebody into, as bits.
    pub teams: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    None,
    /// No user name: cannot be sent.
    Content,
    /// Does not say whom it is about; only where the key does not.
    Nobody,
}

#[derive(Debug, Clone)]
pub struct Invocation {
    pub what: What,
    /// Seconds until Lambda ends it.
    pub timeout: u64,
    pub death: Option<Death>,
}

#[derive(Debug, Clone)]
pub enum What {
    Schedule,
    Sync {
        rebind: bool,
    },
    /// The one that puts all right, whatever refusals there were.
    LastSync,
    Plan,
    /// Stream records from the `from`-th undelivered one on.
    Stream {
        from: usize,
        count: usize,
        backwards: bool,
        again: bool,
    },
    /// These records, which were so a while ago.
    Push {
        rows: Vec<(u8, Row)>,
        seconds_ago: u64,
    },
    /// One of the pushes that are not done, once more.
    PushAgain {
        nth: usize,
    },
    /// One of the digests that runs have told, the newest first.
    Approve {
        nth: usize,
    },
    Verify {
        adopt: bool,
        repair: bool,
    },
    Pause,
    Resume,
}

/// How an invocation dies before its time.
#[derive(Debug, Clone, Copy)]
pub enum Death {
    /// At its n-th call of DynamoDB.
    Database { call: usize, moment: Moment },
    /// When Okta has answered its n-th call, before it hears of it.
    Okta { call: usize },
    /// After so many milliseconds.
    After(u64),
}

/// From the `skip`-th call on, `times` calls of this operation.
#[derive(Debug, Clone)]
pub struct DatabaseFault {
    /// How the call begins: the operation, the table, and the item's key.
    pub call: &'static str,
    pub skip: usize,
    pub times: usize,
    pub effect: DatabaseEffect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseEffect {
    Throttled,
    InternalError,
    /// The connection breaks, and nothing was done.
    CloseBefore,
    /// It is done, and the connection breaks.
    CloseAfter,
    /// Of a batch, only the first is done.
    Unprocessed,
    /// A page ends after one item.
    ShortPage,
    /// So many milliseconds pass before it is done.
    Slow(u64),
    /// The connection breaks, and it is done so many milliseconds later.
    Late(u64),
}

#[derive(Debug, Clone)]
pub struct OktaFault {
    pub method: &'static str,
    pub path: &'static str,
    pub nth: u64,
    pub times: u64,
    pub effect: Effect,
}
