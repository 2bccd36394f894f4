//! What a text of the mapping is for.

/// What the result of a template or an expression becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Use {
    /// It identifies somebody: no part of it may come from nothing.
    Identity,
    /// It is a value: nothing is empty, and so is any member of nothing.
    Value,
    /// It decides: a member of nothing is a doubt.
    Condition,
}
