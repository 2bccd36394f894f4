//! Whom single-user calls may be made about.

use crate::{
    guard::Kind,
    ledger::{Again, MayCall, Told},
    mutation::{self, Mutation},
    okta::Calls,
    sync::hand::Ready,
};

/// Whom calls may be made about, and who is left to a session.
pub(super) struct ByCall {
    pub(super) may: MayCall,
    pub(super) left: Vec<Ready>,
}

impl ByCall {
    /// Whether somebody in hand may be called about. Not whom a session may still carry, since their
    /// import might overtake the call; nor who is known by push alone, whom no full run could tell
    /// again.
    pub(super) fn takes(&self, ready: &Ready) -> bool {
        let is_permitted = match ready.why {
            Some(_) => self.may.deactivations,
            None => self.may.upserts,
        };
        let may_be_in_an_import =
            ready.behind.is_some() && !mutation::on(Mutation::CallIgnoresImports);
        // No proof shows that these calls bring anybody back.
        let before = ready.before.as_ref().map(|before| before.told);
        let comes_back = ready.why.is_none() && before == Some(Told::Inactive);
        is_permitted
            && !may_be_in_an_import
            && !comes_back
            && ready.is_of_the_table()
            && ready.suspect.again == Again::AsEver
            && Calls::can_ask_for(ready.external_id.as_str())
    }

    /// Whether the guard is not asked, which is a deliberate bug.
    pub(super) fn forgets_the_guard(kind: Kind) -> bool {
        kind == Kind::Deactivations && mutation::on(Mutation::CallsAreNotCharged)
    }
}
