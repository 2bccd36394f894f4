//! Deliberate bugs, and a small world: what only tests can switch on.
//!
//! A proof that catches nothing proves nothing, so the simulation is shown to catch each of these.
//! Without the feature `mutations`, which only tests have, every hook is a constant.

/// A deliberate bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// The entries of a session hold before its import is started.
    RecordBeforeTrigger,
    /// A record that cannot be mapped counts as one that is not there.
    RejectedIsMissing,
    /// A person whose first day is still ahead counts as inactive.
    UpcomingIsInactive,
    /// A stream record's image counts as what the table holds.
    TrustStaleImage,
    /// A session that ended as ERROR counts as imported.
    IgnoreErrorSession,
    /// A run works without the lease.
    WorkWithoutLease,
    /// The safeguard looks at a plan once it has been loaded.
    SafeguardAfterLoading,
    /// A load is repeated without taking a request out of the session's budget.
    RetryWithoutBudget,
    /// Records without an external id do not keep anybody from counting as gone.
    UnidentifiedIsNobody,
    /// A load whose answer was lost counts as accepted.
    LostAnswerIsDone,
    /// What was planned before a long wait for a session is loaded after it.
    LoadOldPlan,
    /// Somebody who is nowhere in one read of the table is gone, wherever their record may have
    /// moved.
    OneReadIsEnough,
    /// An upsert does not wait for the sessions that may carry the same person.
    UpsertsDoNotWait,
    /// An entry does not say which session it is behind.
    ForgetsWhatItIsBehind,
    /// A session that the log was never told of counts as landed.
    UnknownIsTrusted,
    /// The guard forgets what it has charged.
    ChargeIsForgotten,
    /// The guard counts tellings instead of people.
    TellingsAreCounted,
    /// What a session is given back still counts as paid.
    GivenBackStillPaid,
    /// The guard gives back what an import that ended in ERROR has charged.
    GivenBackAfterError,
    /// A share is of the people who are told active now, and not of the most within a day.
    BaseShrinks,
    /// An approval lets everybody of its kind through.
    ApprovalLetsOthersThrough,
    /// A read of the whole table says who left, however long ago it ended.
    OldReadCounts,
    /// An empty table counts as one whose people all left.
    EmptyTableIsAllowed,
    /// Runs do not ask the switch.
    PauseIsIgnored,
    /// The lease is kept while Okta opens no session.
    LeaseIsKept,
    /// A status CREATED counts as landed at once.
    CreatedIsLanded,
    /// The ledger counts whatever it is about.
    BindingIsIgnored,
    /// A late write of a run that died replaces a newer entry.
    LateWriteReplaces,
    /// A stream batch for which there was no time or no session counts as done.
    UndoneBatchIsDone,
    /// A push that is not all done counts as done.
    PushIsForgotten,
    /// An older push overwrites a newer one.
    OldPushWins,
    /// A push that says nothing new is not remembered.
    NothingNewIsForgotten,
    /// An error of one segment of a read of the whole table is ignored.
    SegmentErrorIsIgnored,
    /// A key that folds counts as one that identifies the person.
    FoldingIdentifies,
    /// An import that was given up is forgotten, so nobody notices when it is done after all.
    OldSessionIsForgotten,
    /// People that Okta has otherwise are adopted as if it had them as they must be.
    AdoptionHidesDifferences,
    /// An adoption replaces an entry that was written since it looked.
    AdoptionReplaces,
    /// A person that Okta refused inside an import counts as told.
    RefusedIsForgotten,
    /// A person that Okta does not list counts as being there.
    UnlistedIsFine,
    /// A single-user call counts as the commit: no session tells it again.
    CallIsTheCommit,
    /// The entry of a single-user call is written after it.
    EntryAfterCall,
    /// Calls are made about people that an import may still carry, as if there were none.
    CallIgnoresImports,
    /// The guard is not asked before somebody is deactivated by a call.
    CallsAreNotCharged,
    /// Somebody is put into a group before they have landed.
    MembershipBeforeUser,
    /// A group that we did not make counts as ours.
    ForeignGroupIsOurs,
    /// A rejected record counts as one of somebody in no group.
    RejectedLeavesGroups,
    /// The guard is not asked before somebody is taken out of a group.
    RemovalsAreUnguarded,
    /// Somebody who returns keeps the groups that they had.
    OldGroupsComeBack,
}

/// Okta's limits for a small world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Small {
    /// Users in a bulk request.
    pub entities: usize,
    /// Bulk requests in a session.
    pub requests: usize,
    /// Segments of a read of a whole table.
    pub segments: i32,
}

#[cfg(feature = "mutations")]
mod switch {
    use std::{
        cell::{Cell, RefCell},
        collections::HashMap,
    };

    use aws_sdk_dynamodb::types::AttributeValue;

    use super::{Mutation, Small};

    type Item = HashMap<String, AttributeValue>;

    thread_local! {
        static MUTATION: Cell<Option<Mutation>> = const { Cell::new(None) };
        static SMALL: Cell<Option<Small>> = const { Cell::new(None) };
        static IMAGES: RefCell<HashMap<String, Item>> = RefCell::default();
    }

    /// Plays with this bug on this thread, or with none.
    pub fn set(mutation: Option<Mutation>) {
        MUTATION.set(mutation);
        IMAGES.take();
    }

    /// Plays in a small world on this thread, or in a full one.
    pub fn play_in_small(small: Option<Small>) {
        SMALL.set(small);
    }

    pub(crate) fn on(mutation: Mutation) -> bool {
        MUTATION.get() == Some(mutation)
    }

    pub(crate) fn in_small() -> Option<Small> {
        SMALL.get()
    }

    /// Keeps the image that a stream record has of a change, under the text of its key.
    pub(crate) fn keep_image(key: impl FnOnce() -> String, change: &serde_json::Value) {
        if !on(Mutation::TrustStaleImage) {
            return;
        }
        let image: Option<serde_dynamo::Item> = change
            .pointer("/dynamodb/NewImage")
            .and_then(|image| serde_json::from_value(image.clone()).ok());
        IMAGES.with_borrow_mut(|images| match image {
            Some(image) => images.insert(key(), image.into()),
            None => images.remove(&key()),
        });
    }

    /// The images kept under these keys.
    pub(crate) fn believed<K: Clone, R: From<Item>>(
        keys: &[K],
        text: impl Fn(&K) -> String,
    ) -> Option<Vec<(K, R)>> {
        on(Mutation::TrustStaleImage).then(|| {
            IMAGES.with_borrow(|images| {
                keys.iter()
                    .filter_map(|key| Some((key.clone(), images.get(&text(key))?.clone().into())))
                    .collect()
            })
        })
    }
}

#[cfg(not(feature = "mutations"))]
mod switch {
    use super::{Mutation, Small};

    pub(crate) const fn on(_: Mutation) -> bool {
        false
    }

    pub(crate) const fn in_small() -> Option<Small> {
        None
    }

    pub(crate) fn keep_image(_: impl FnOnce() -> String, _: &serde_json::Value) {}

    pub(crate) fn believed<K, R>(_: &[K], _: impl Fn(&K) -> String) -> Option<Vec<(K, R)>> {
        None
    }
}

pub(crate) use switch::{believed, in_small, keep_image, on};
#[cfg(feature = "mutations")]
pub use switch::{play_in_small, set};
