//! The source of truth: the users table, its records and their keys.
//!
//! All that reads the users table is here, and nothing that knows Okta or the ledger. A record is
//! whatever the table holds. What it means is the mapping's business.

mod attributes;
mod binary;
mod key;
mod look;
mod number;
mod pace;
mod packed_key;
mod record;
mod reread;
mod scan;
mod stream;
mod table;
mod value;

pub(crate) use number::canonical as canonical_number;

pub use attributes::Attributes;
pub use binary::Binary;
pub use key::{KeyKind, KeySchema, RecordKey};
pub use record::Record;
pub use reread::Reread;
pub use scan::Pages;
pub use stream::StreamBatch;
pub use table::{ReadError, UsersTable};
