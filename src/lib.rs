//! DynamoDB as an Okta identity source.
pub mod clock;
pub mod okta;
