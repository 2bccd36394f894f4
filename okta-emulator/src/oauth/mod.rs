//! The org's authorization server, as far as a service app needs it:
//! `private_key_jwt` client credentials, DPoP, and the issued tokens.

mod app;
mod assertion;
mod jwt;
mod nonces;
mod proof;
mod server;
mod tokens;

pub use app::{Dpop, ServiceApp};
pub(crate) use proof::Call;
pub(crate) use server::{AuthorizationServer, Denial, TokenRequest};
pub(crate) use tokens::{Scheme, TokenFlaw};
