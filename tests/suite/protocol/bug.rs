//! Deliberate bugs: each breaks a rule that the promises need.

use dynamodb_identity_source::mutation::Mutation;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// An entry is written after the trigger.
    EntryAfterTrigger,
    /// A late write of a run that died replaces a newer entry.
    LateWriteReplaces,
    /// An upsert does not wait for the sessions that may carry the same person.
    UpsertsDoNotWait,
    /// An entry does not say which session it is behind.
    ForgetsWhatItIsBehind,
    /// A call about one person counts as the commit.
    CallIsTheCommit,
    /// The entry of a call is written after it.
    EntryAfterCall,
    /// A call does not look at the imports that may still carry the person.
    CallIgnoresImports,
    /// The guard is not asked before a call.
    CallIsNotCharged,
    /// A session that was given up is never looked at again.
    GivenUpIsForgotten,
    /// A session is struck off the log when it is given up.
    OldSessionIsForgotten,
    /// A session is taken for imported before its import is started.
    HoldsBeforeTrigger,
    /// An import that ended in ERROR counts as done.
    ErrorCountsAsLanded,
    /// A status CREATED counts as landed at once.
    CreatedIsLanded,
    /// A session that the log was never told of counts as landed.
    UnknownIsTrusted,
    /// The guard forgets what it has charged.
    ChargeIsForgotten,
    /// What an import that ended in ERROR has charged is given back.
    GivenBackAfterError,
    /// Whatever its people were charged by any session is given back with a session.
    GivenBackByAny,
    /// What was given back still counts as paid.
    GivenBackStillPaid,
    /// The guard counts tellings instead of people.
    TellingsAreCounted,
}

impl Bug {
    /// The program's own switch for it, where what decides is a function of values; the others
    /// are played by the model.
    pub fn switch(self) -> Option<Mutation> {
        match self {
            Self::UpsertsDoNotWait => Some(Mutation::UpsertsDoNotWait),
            Self::ForgetsWhatItIsBehind => Some(Mutation::ForgetsWhatItIsBehind),
            Self::OldSessionIsForgotten => Some(Mutation::OldSessionIsForgotten),
            Self::ErrorCountsAsLanded => Some(Mutation::IgnoreErrorSession),
            Self::UnknownIsTrusted => Some(Mutation::UnknownIsTrusted),
            Self::ChargeIsForgotten => Some(Mutation::ChargeIsForgotten),
            Self::GivenBackStillPaid => Some(Mutation::GivenBackStillPaid),
            Self::CallIsTheCommit => Some(Mutation::CallIsTheCommit),
            Self::TellingsAreCounted => Some(Mutation::TellingsAreCounted),
            _ => None,
        }
    }
}
