//! Filters of ours that a tree goes through. No template can name them.

/// Operands of `~` become text.
pub(super) const TEXT: &str = "(text)";
/// What is sliced: a slice of nothing is nothing, not an empty list.
pub(super) const SLICED: &str = "(sliced)";
/// What is compared: nothing is one value.
pub(super) const SAME: &str = "(same)";
/// The operator `in`.
pub(super) const IN: &str = "(in)";
