//! What templates and expressions may say: MiniJinja's language, made safe for people's records.
//!
//! A template is parsed by the engine, checked ([`names`]), examined for what it can reach in a
//! record ([`reach`]), and compiled from a tree in which everything that would turn values into
//! text goes through a filter of ours ([`guarded`]). So nothing stays nothing, and what is not text
//! never becomes text, anywhere in an expression.

mod ask;
mod clean;
mod environment;
mod guard;
mod guarded;
mod lookup;
mod names;
mod nearest;
mod nothing;
mod operators;
mod program;
mod purpose;
mod reach;
#[cfg(test)]
mod tests;
mod through;

pub(super) use lookup::Tables;
pub(super) use names::Complaint;
pub(crate) use nearest::nearest;
pub(super) use nothing::EMPTY;
pub(super) use program::{Language, Program};
pub(super) use purpose::Use;

/// The names of the filters.
#[cfg(test)]
pub(super) fn filters() -> impl Iterator<Item = &'static str> {
    names::FILTERS.into_iter()
}
