//! What identifies sessions.

/// The number of an import session, in the order in which they were opened. 0 stands for the
/// sessions of releases without numbers.
pub type Number = u64;
