//! Reads the bodies of bulk requests, and of single users and groups, as
//! strictly as Okta does.

mod flaw;
mod groups;
mod users;

pub(crate) use flaw::{Flaw, external_id, object};
pub(crate) use groups::{GroupLoadKind, group, group_profile, member, read_groups};
pub use users::LoadKind;
pub(crate) use users::{Entity, Load, attributes, read};
