//! The scopes that a service app can be granted, and what each is for.

/// A scope of Okta's management API.
#[derive(Debug)]
pub struct Scope {
    /// As Okta calls it.
    pub name: &'static str,
    /// Whether runs need it.
    pub needed: bool,
    /// What works with it.
    pub with_it: &'static str,
}

/// Import sessions, and single users: to write.
pub(crate) const MANAGE: &str = "okta.identitySources.manage";
/// Import sessions, single users and groups: to read.
pub(crate) const READ: &str = "okta.identitySources.read";
/// The System Log.
pub(crate) const LOGS: &str = "okta.logs.read";
/// The org's users.
pub(crate) const USERS: &str = "okta.users.read";
/// The app's users.
pub(crate) const APPS: &str = "okta.apps.read";
/// The app's profile schema.
pub(crate) const SCHEMAS: &str = "okta.schemas.read";

/// All that the function asks for.
pub const SCOPES: [Scope; 6] = [
    Scope {
        name: MANAGE,
        needed: true,
        with_it: "Runs open, load and start import sessions. The reader function never asks for it.",
    },
    Scope {
        name: READ,
        needed: true,
        with_it: "Runs and plans read the identity source's sessions, users and groups.",
    },
    Scope {
        name: APPS,
        needed: false,
        with_it: "`verify` lists the app's users. If a login is taken, its holder is named, provided that the \
                  holder is a user of this identity source.",
    },
    Scope {
        name: LOGS,
        needed: false,
        with_it: "People who are left out of imports of more than 25 people are found by the next full run, with \
                  Okta's reason.",
    },
    Scope {
        name: USERS,
        needed: false,
        with_it: "A leaver is looked up by the status of their Okta user, also after a single-user call. `prove` \
                  sees what a call did, and `explain` shows the status.",
    },
    Scope {
        name: SCHEMAS,
        needed: false,
        with_it: "The doctor compares the app's attributes with the mapping. `PROFILE_CHECKS` checks profiles \
                  before they are sent.",
    },
];
