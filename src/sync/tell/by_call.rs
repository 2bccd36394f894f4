//! The people that single-user calls may tell.

use crate::{
    guard::Kind,
    ledger::{Again, MayCall, Told},
    mutation::{self, Mutation},
    okta::Calls,
    sync::hand::Ready,
};

/// The people that calls may tell, and those left to a session.
pub(super) struct ByCall {
    pub(super) may: MayCall,
    pub(super) left: Vec<Ready>,
}

impl ByCall {
    /// Whether a call may tell somebody in hand. Not if a session may still carry them, because
    /// their import might overtake the call. Nor if they are known by push alone, because no full
    /// run could tell them again.
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
