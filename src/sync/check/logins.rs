//! Who has which login and who wants which, among the people asked for.

use std::collections::BTreeMap;

use crate::{
    mapping::{ExternalId, Profile},
    okta::{Holder, UserProfile},
};

/// Logins in the form in which they are compared.
#[derive(Debug, Default)]
pub(super) struct Logins {
    holders: BTreeMap<String, String>,
    wanted: BTreeMap<String, String>,
}

impl Logins {
    /// Notes the login that somebody has, and the one that they must have.
    pub(super) fn note(
        &mut self,
        id: &ExternalId,
        had: Option<&UserProfile>,
        profile: Option<&Profile>,
    ) {
        let login = had.and_then(|had| had.get("userName").cloned().flatten());
        if let Some(login) = login {
            self.holders.insert(login.to_lowercase(), id.to_string());
        }
        if let Some(login) = profile.and_then(Profile::login) {
            self.wanted.insert(id.to_string(), login);
        }
    }

    /// Takes another's.
    pub(super) fn extend(&mut self, other: Self) {
        self.holders.extend(other.holders);
        self.wanted.extend(other.wanted);
    }

    /// Who has a login that somebody else wants, if they were asked for.
    pub(super) fn holder(&self, login: &str, wanted_by: &ExternalId) -> Option<Holder> {
        let id = self.holders.get(&login.to_lowercase())?;
        (id != wanted_by.as_str()).then(|| Holder {
            external_id: Some(id.clone()),
            status: String::new(),
        })
    }

    /// People who want one another's logins, starting with this one: from each to the holder of
    /// what they want. None if somebody is not in their way.
    pub(super) fn ring(&self, id: &ExternalId) -> Vec<String> {
        let mut ring = vec![id.to_string()];
        loop {
            let last = ring.last().map_or("", String::as_str);
            let next = self
                .wanted
                .get(last)
                .and_then(|login| self.holders.get(login));
            match next {
                Some(first) if first == id.as_str() && ring.len() > 1 => return ring,
                Some(next) if !ring.contains(next) => ring.push(next.clone()),
                _ => return Vec::new(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logins(people: &[(&str, &str, &str)]) -> Logins {
        let mut logins = Logins::default();
        for (id, has, wants) in people {
            logins.holders.insert((*has).to_owned(), (*id).to_owned());
            logins.wanted.insert((*id).to_owned(), (*wants).to_owned());
        }
        logins
    }

    #[test]
    fn a_ring_is_told_from_a_chain() {
        let id = |id: &str| ExternalId::parse(id).unwrap();
        let swap = logins(&[("ann", "a", "b"), ("bob", "b", "a"), ("cem", "c", "a")]);
        let chain = logins(&[("ann", "a", "b"), ("bob", "b", "c"), ("cem", "c", "c")]);

        assert_eq!(swap.ring(&id("ann")), ["ann", "bob"]);
        assert_eq!(swap.ring(&id("bob")), ["bob", "ann"]);
        assert!(
            swap.ring(&id("cem")).is_empty(),
            "nobody wants what they have"
        );
        for one in ["ann", "bob", "cem"] {
            assert!(chain.ring(&id(one)).is_empty());
        }
        let holder = chain.holder("b", &id("ann")).unwrap();
        assert_eq!(holder.external_id.as_deref(), Some("bob"));
        assert_eq!(chain.holder("c", &id("cem")), None);
    }
}
