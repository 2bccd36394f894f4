//! Programmable faults: what goes wrong with which call.
//!
//! A fault waits for calls of a method and path, lets some of them pass, and
//! then strikes as often as it should. Several faults can strike the same
//! call.

mod effect;
mod fault;
mod struck;
mod wire;

pub use effect::{Effect, SessionEnd};
pub(crate) use fault::Faults;
pub use fault::{Fault, FaultAt, FaultView};
pub(crate) use struck::{Answer, Instead, Struck, spoil};
pub(crate) use wire::HangUp;
