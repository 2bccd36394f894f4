//! What a call is let in with.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::header::HeaderValue;

use super::proof::Prover;
use super::token::Grant;

/// What calls show, as long as it is valid.
#[derive(Debug)]
pub(super) struct Authorization {
    pub(super) authorization: HeaderValue,
    /// The key that it is bound to, and its hash.
    pub(super) proof: Option<(Arc<Prover>, String)>,
    pub(super) good_until: Option<Timestamp>,
    pub(super) grant: Grant,
}
