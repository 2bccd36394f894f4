//! What tells Okta, and with what.

use crate::{
    ledger::MayCall,
    sync::{
        Books, Job, Refusals, Report, Run, Time, groups::GroupWork, hand::Hand,
        outstanding::GoingOn,
    },
};

/// A run that tells Okta what its look has found.
pub(in crate::sync) struct Teller<'a> {
    pub(in crate::sync) run: &'a Run,
    pub(in crate::sync) job: &'a Job,
    pub(in crate::sync) time: &'a Time,
    pub(in crate::sync) hand: &'a Hand<'a>,
    pub(in crate::sync) report: &'a mut Report,
    pub(in crate::sync) books: &'a mut Books,
    pub(in crate::sync) refusals: &'a mut Refusals,
    /// What there is to tell about groups.
    pub(in crate::sync) groups: &'a mut GroupWork,
    /// The list that it works through, if there is one.
    pub(in crate::sync) outstanding: Option<&'a mut GoingOn>,
    /// The people that single-user calls may tell.
    pub(in crate::sync) may_call: MayCall,
}
