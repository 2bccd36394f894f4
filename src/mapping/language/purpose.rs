//! What a text of the mapping is for.

/// What becomes of what a template or an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Use {
    /// It says who somebody is: nothing of it may be made of nothing.
    Identity,
    /// It is a value: nothing is empty, and so is any member of nothing.
    Value,
    /// It decides: a member of nothing is a doubt.
    Condition,
}
