//! Which build this is.

/// The version and the commit, such as `0.2.0+3f2a9c0b1d4e`; `0.2.0+unknown` where the source
/// came without its repository.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("COMMIT"));

/// How the function names itself to Okta, whose System Log shows it.
pub const USER_AGENT: &str = concat!(
    env!("CARGO_PKG_NAME"),
    "/",
    env!("CARGO_PKG_VERSION"),
    " (+",
    env!("COMMIT"),
    ")"
);
