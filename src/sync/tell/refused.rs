//! A load that Okta refused for its content.

use crate::sync::{Refusals, Reject, hand::Ready};

/// Who was in it, and why.
#[derive(Debug)]
pub(super) struct Refused {
    /// Who was in it: one user if it is certain, or several of which it may be any.
    pub(super) people: Vec<Ready>,
    /// What Okta said, without the profiles' values.
    pub(super) reason: String,
}

impl Refusals {
    /// Notes a load that Okta refused, with its users as they are reported.
    pub(super) fn refused(&mut self, load: &Refused) -> Vec<Reject> {
        let people = load.people.iter();
        self.turned_away(
            people.map(|ready| (&ready.external_id, &ready.key, ready.told)),
            &load.reason,
        )
    }
}
