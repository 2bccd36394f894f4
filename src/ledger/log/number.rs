//! What sessions are known by.

/// The number of an import session, in the order in which they were opened. 0 stands for the
/// sessions of releases that did not number them.
pub type Number = u64;
